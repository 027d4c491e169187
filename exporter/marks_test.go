package exporter_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/mnm-social/mnm/exporter/outbound"
)

// The marks are served by a process of its own, since what it says would lie in the memory of the one that is looked through.
// Every mark begins with the same letters, which nobody but that process knows until it is asked.

// marksRole makes the test's program be that process.
const marksRole = "MNM_TEST_SERVES_MARKS"

// marksServer is the other process, as seen from here.
type marksServer struct {
	net    outbound.Net
	asks   io.Writer
	says   *bufio.Reader
	stream string // the hosts
	poll   string
}

func startMarks(t *testing.T, toots int) *marksServer {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), marksRole+"="+strconv.Itoa(toots))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	m := &marksServer{asks: in, says: bufio.NewReader(out), stream: "marks-stream.social", poll: "marks-poll.social"}
	web, resolver, roots := m.hear(t), m.hear(t), x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(strings.ReplaceAll(m.hear(t), "|", "\n"))) {
		t.Fatal("the server of marks has no certificate")
	}
	m.net = outbound.Net{
		Resolvers: []netip.AddrPort{netip.MustParseAddrPort(resolver)}, Roots: roots,
		Dial: func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", web)
		},
	}
	return m
}

// hear reads a line that the server says.
func (m *marksServer) hear(t *testing.T) string {
	t.Helper()
	line, err := m.says.ReadString('\n')
	if err != nil {
		t.Fatalf("the server of marks has ended: %v", err)
	}
	return strings.TrimSuffix(line, "\n")
}

// ask asks it something: half begins a toot on the stream that it does not end; stem is how all marks begin.
func (m *marksServer) ask(t *testing.T, what string) string {
	t.Helper()
	if _, err := io.WriteString(m.asks, what+"\n"); err != nil {
		t.Fatal(err)
	}
	return m.hear(t)
}

// marks is the server itself.
type marks struct {
	stem  string
	toots int
	half  chan chan struct{}
}

// serveMarks is the whole of the other process.
func serveMarks(in io.Reader, out io.Writer) {
	toots, _ := strconv.Atoi(os.Getenv(marksRole))
	m := &marks{toots: toots, half: make(chan chan struct{})}
	for range 24 {
		n, _ := rand.Int(rand.Reader, big.NewInt(26))
		m.stem += string(rune('a' + n.Int64()))
	}
	config, root := certify()
	l, err := tls.Listen("tcp4", "127.0.0.1:0", config)
	if err != nil {
		panic(err)
	}
	go func() {
		_ = (&http.Server{Handler: m, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}).Serve(l)
	}()
	_, _ = fmt.Fprintf(out, "%s\n%s\n%s\n", l.Addr(), nameMarks(), strings.ReplaceAll(string(root), "\n", "|"))
	for lines := bufio.NewScanner(in); lines.Scan(); {
		switch lines.Text() {
		case "half":
			done := make(chan struct{})
			m.half <- done
			<-done
			_, _ = fmt.Fprintln(out, "done")
		case "stem":
			_, _ = fmt.Fprintln(out, m.stem)
		}
	}
}

// nameMarks serves the DNS, in which every name is a public address.
func nameMarks() string {
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := &dns.Server{PacketConn: pc, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		answer := new(dns.Msg)
		answer.SetReply(r)
		if q := r.Question[0]; q.Qtype == dns.TypeA {
			answer.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: q.Name, Rrtype: q.Qtype, Class: q.Qclass, Ttl: 60}, A: net.IPv4(49, 12, 16, 9)}}
		}
		_ = w.WriteMsg(answer)
	})}
	go func() { _ = server.ActivateAndServe() }()
	return pc.LocalAddr().String()
}

func certify() (*tls.Config, []byte) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "marks"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, DNSNames: []string{"marks-stream.social", "marks-poll.social"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func (m *marks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/api/v2/instance":
		public := `{"local":"public","remote":"public"}`
		_, _ = fmt.Fprintf(w, `{"version":"4.5.0","usage":{"users":{"active_month":1}},"configuration":{"urls":{"streaming":"wss://%s"},"timelines_access":{"live_feeds":%s}}}`, r.Host, public)
	case "/api/v1/timelines/public":
		m.page(w, r)
	case "/api/v1/streaming/public":
		m.follow(w, r)
	default:
		http.NotFound(w, r)
	}
}

// page is a page of toots after min_id, the newest first; without it, one toot.
func (m *marks) page(w http.ResponseWriter, r *http.Request) {
	if r.Host == "marks-stream.social" {
		http.Error(w, `{"error":"This method requires an authenticated user"}`, http.StatusUnauthorized)
		return
	}
	after, err := strconv.Atoi(r.URL.Query().Get("min_id"))
	until := after + 40
	if err != nil {
		after, until = 1_000_000, 1_000_001
	}
	var all []string
	for i := min(until, 1_000_000+m.toots/10+1); i > after; i-- {
		all = append(all, m.toot(i))
	}
	_, _ = io.WriteString(w, "["+strings.Join(all, ",")+"]")
}

// follow is the stream: nine of ten toots, and then heartbeats until half a toot is asked for.
func (m *marks) follow(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	out := bufio.NewWriterSize(w, 64<<10)
	flush := func() {
		_ = out.Flush()
		w.(http.Flusher).Flush()
	}
	_, _ = io.WriteString(out, ":)\n")
	for i := range m.toots - m.toots/10 {
		_, _ = fmt.Fprintf(out, "event: update\ndata: %s\n\n", m.toot(i))
	}
	flush()
	done := <-m.half
	toot := m.toot(9_000_000)
	_, _ = fmt.Fprintf(out, "event: update\ndata: %s", toot[:len(toot)-10])
	flush()
	close(done)
	<-r.Context().Done()
}

// toot is a status that has a mark wherever somebody could write something.
func (m *marks) toot(i int) string {
	mark := func(field string) string { return m.stem + field + strconv.Itoa(i) }
	at := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	host := fmt.Sprintf("server-%d.social", i%5)
	return fmt.Sprintf(`{"id":"%d","created_at":"%s","in_reply_to_id":null,"sensitive":false,"spoiler_text":"%s","visibility":"public","language":"en",`+
		`"uri":"https://%s/users/%s/statuses/%d","url":"https://%s/@%s/%d","content":"<p>%s <a href=\"https://%s/tags/%s\" class=\"mention hashtag\">#<span>%s</span></a> <a href=\"https://%s/%s\">%s</a></p>",`+
		`"reblog":null,"application":{"name":"%s","website":null},"account":{"id":"%d","username":"%s","acct":"%s@%s","display_name":"%s","bot":false,"url":"https://%s/@%s","uri":"https://%s/users/%s","note":"%s"},`+
		`"media_attachments":[{"type":"image","url":"https://%s/%s.png","description":"%s"}],"mentions":[{"acct":"%s@%s"}],"tags":[{"name":"%s","url":"https://%s/tags/%s"},{"name":"Everybody","url":"https://%s/tags/everybody"}],"card":null,"poll":null}`,
		i, at, mark("warning"),
		host, mark("author"), i, host, mark("author"), i, mark("text"), host, mark("tag"), mark("tag"), host, mark("link"), mark("link"),
		mark("app"), i, mark("author"), mark("author"), host, mark("name"), host, mark("author"), host, mark("author"), mark("note"),
		host, mark("media"), mark("described"), mark("mentioned"), host, mark("tag"), host, mark("tag"), host)
}
