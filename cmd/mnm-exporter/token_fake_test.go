package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"

	"github.com/mnm-social/mnm/exporter/outbound"
)

// fakeHost is the name for which httptest has a certificate.
const fakeHost = "example.com"

// What must be in no output and no error.
const (
	fakeSecret = "SECRET-of-the-app"
	fakeToken  = "TOKEN-of-the-user"
	fakeCode   = "CODE-of-the-grant"
	fakeWords  = "WORDS-of-a-stranger"
)

// fake is a server with as much of Mastodon as getting a token needs, behind a public-looking address.
type fake struct {
	outbound.Net
	instead map[string]http.HandlerFunc // by path: what is answered in the place of Mastodon
	lists   map[string]int              // how long the lists of the user are, by path

	mu     sync.Mutex
	asked  []string
	wrong  []string // requests that Mastodon would not take
	issued bool     // a code can be used
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{instead: map[string]http.HandlerFunc{}, lists: map[string]int{}}
	server := httptest.NewTLSServer(f)
	t.Cleanup(server.Close)
	f.Roots = x509.NewCertPool()
	f.Roots.AddCert(server.Certificate())
	f.Resolvers = []netip.AddrPort{resolver(t)}
	f.Dial = func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", server.Listener.Addr().String())
	}
	t.Cleanup(func() {
		for _, w := range f.wrong {
			t.Error(w)
		}
	})
	return f
}

// resolver is a DNS server for the one name.
func resolver(t *testing.T) netip.AddrPort {
	t.Helper()
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan struct{})
	server := &dns.Server{PacketConn: udp, NotifyStartedFunc: func() { close(started) }, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		m.RecursionAvailable = true
		switch name := q.Question[0].Name; {
		case name != fakeHost+".":
			m.Rcode = dns.RcodeNameError
		case q.Question[0].Qtype == dns.TypeA:
			m.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}, A: net.IPv4(23, 192, 228, 80)}}
		}
		_ = w.WriteMsg(m)
	})}
	done := make(chan error, 1)
	go func() { done <- server.ActivateAndServe() }()
	<-started
	t.Cleanup(func() {
		if err := errors.Join(server.Shutdown(), <-done); err != nil {
			t.Error(err)
		}
	})
	return netip.MustParseAddrPort(udp.LocalAddr().String())
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, r.URL.Path)
	if !strings.HasPrefix(r.UserAgent(), "MNM-Exporter/") {
		f.wrong = append(f.wrong, r.URL.Path+" by "+r.UserAgent())
	}
	if h := f.instead[r.URL.Path]; h != nil {
		h(w, r)
		return
	}
	switch r.URL.Path {
	case "/api/v1/apps":
		f.expect(r, url.Values{
			"client_name": {"MNM-Exporter"}, "redirect_uris": {"urn:ietf:wg:oauth:2.0:oob"}, "scopes": {"read:accounts read:blocks read:mutes read:statuses"},
			"website": {"https://github.com/mnm-social/mnm"},
		})
		fmt.Fprintf(w, `{"id": "7", "name": "MNM-Exporter", "client_id": "an&id", "client_secret": %q}`, fakeSecret)
	case "/oauth/token":
		code := r.PostFormValue("code")
		f.expect(r, url.Values{
			"client_id": {"an&id"}, "client_secret": {fakeSecret}, "grant_type": {"authorization_code"}, "redirect_uri": {"urn:ietf:wg:oauth:2.0:oob"},
			"code": {code},
		})
		if !f.issued || code != fakeCode {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"error": "invalid_grant", "error_description": %q}`, fakeWords)
			return
		}
		f.issued = false
		fmt.Fprintf(w, `{"access_token": %q, "token_type": "Bearer", "scope": "read:accounts", "created_at": 1}`, fakeToken)
	case "/api/v1/accounts/verify_credentials":
		f.authorized(r)
		fmt.Fprintf(w, `{"id": "1", "username": "alice", "acct": "alice", "note": %q}`, fakeWords)
	case "/api/v1/blocks", "/api/v1/mutes", "/api/v1/domain_blocks":
		f.authorized(r)
		fmt.Fprintf(w, "[%s]", strings.Join(slices.Repeat([]string{`"` + fakeWords + `"`}, f.lists[r.URL.Path]), ","))
	default:
		f.wrong = append(f.wrong, "asked for "+r.URL.Path)
		http.NotFound(w, r)
	}
}

// expect holds what is posted.
func (f *fake) expect(r *http.Request, want url.Values) {
	if err := r.ParseForm(); err != nil || r.Method != http.MethodPost || r.PostForm.Encode() != want.Encode() {
		f.wrong = append(f.wrong, fmt.Sprintf("%s %s with %v, want %v", r.Method, r.URL.Path, r.PostForm, want))
	}
}

func (f *fake) authorized(r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+fakeToken {
		f.wrong = append(f.wrong, r.URL.Path+" without the token")
	}
}

// browse is the user who opens an address and allows what it asks for.
func (f *fake) browse(t *testing.T, address string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"client_id": {"an&id"}, "redirect_uri": {"urn:ietf:wg:oauth:2.0:oob"}, "response_type": {"code"},
		"scope": {"read:accounts read:blocks read:mutes read:statuses"},
	}
	if u.Scheme != "https" || u.Host != fakeHost || u.Path != "/oauth/authorize" || u.Query().Encode() != want.Encode() {
		t.Errorf("the address is %s", address)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.issued = true
}
