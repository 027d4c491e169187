package outbound

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"
)

// All tests run with a proxy in the environment, which nobody may heed: at its port nobody listens.
func TestMain(m *testing.M) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"} {
		if err := os.Setenv(name, "http://proxy.oak.social:9"); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

// box is a little internet on loopback: a DNS server, servers behind public-looking addresses, a CA, a clock.
type box struct {
	t     testing.TB
	roots *x509.CertPool
	ca    *x509.Certificate
	key   *ecdsa.PrivateKey
	dns   netip.AddrPort

	mu      sync.Mutex
	now     time.Time
	zone    map[string][]string                           // "name. A" to records in zone file format
	answers map[string]func(dns.ResponseWriter, *dns.Msg) // the same keys; wins over zone
	asked   map[string]int                                // questions by key
	routes  map[netip.AddrPort]string                     // public-looking to loopback
	fail    map[netip.AddrPort]error                      // what dialling fails with
	dialled []netip.AddrPort                              // in order
	sent    map[Purpose]int
	refused map[Reason]int
}

func newBox(t testing.TB) *box {
	b := &box{
		t: t, now: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC),
		zone: map[string][]string{}, answers: map[string]func(dns.ResponseWriter, *dns.Msg){}, asked: map[string]int{},
		routes: map[netip.AddrPort]string{}, fail: map[netip.AddrPort]error{},
		sent: map[Purpose]int{}, refused: map[Reason]int{},
	}
	b.ca, b.key = selfSigned(t)
	b.roots = x509.NewCertPool()
	b.roots.AddCert(b.ca)
	b.dns = serveDNS(t, dns.HandlerFunc(b.answer))
	return b
}

// client is a Client whose network is the box, with short limits.
func (b *box) client(edit ...func(*Options)) *Client {
	o := Options{
		Net: Net{Resolvers: []netip.AddrPort{b.dns}, Dial: b.dial, Roots: b.roots},
		Now: b.clock, UserAgent: UserAgent("1.2.3", "https://mnm.social", "ops@mnm.social"),
		Sent:    func(p Purpose) { b.mu.Lock(); b.sent[p]++; b.mu.Unlock() },
		Refused: func(r Reason) { b.mu.Lock(); b.refused[r]++; b.mu.Unlock() },
	}
	for _, f := range edit {
		f(&o)
	}
	c := New(o)
	b.t.Cleanup(c.Close)
	return c
}

func (b *box) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *box) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

func (b *box) dial(ctx context.Context, a netip.AddrPort) (net.Conn, error) {
	b.mu.Lock()
	b.dialled = append(b.dialled, a)
	route, err := b.routes[a], b.fail[a]
	b.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if route == "" {
		return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", route)
}

func (b *box) dials() []netip.AddrPort {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.dialled)
}

// name gives a name addresses.
func (b *box) name(host string, addrs ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range addrs {
		key := host + ". A"
		if netip.MustParseAddr(a).Is6() {
			key += "AAA"
		}
		b.zone[key] = append(b.zone[key], host+". 300 IN "+strings.Fields(key)[1]+" "+a)
	}
}

func (b *box) route(addr, to string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.routes[netip.MustParseAddrPort(addr)] = to
}

// serve makes host an https server at addr, with a certificate of the box's CA.
func (b *box) serve(host, addr string, h http.HandlerFunc) *httptest.Server {
	return b.serveWith(host, addr, h, b.issue(func(c *x509.Certificate) { c.DNSNames = []string{host} }))
}

func (b *box) serveWith(
	host, addr string, h http.HandlerFunc, cert tls.Certificate, edit ...func(*tls.Config),
) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	for _, f := range edit {
		f(s.TLS)
	}
	s.StartTLS()
	b.t.Cleanup(s.Close)
	b.name(host, addr)
	b.route(netip.AddrPortFrom(netip.MustParseAddr(addr), 443).String(), s.Listener.Addr().String())
	return s
}

// raw makes host a server at addr that says over TLS whatever talk says; it has read one request's head before.
func (b *box) raw(host, addr string, talk func(c net.Conn)) {
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{
		b.issue(func(c *x509.Certificate) { c.DNSNames = []string{host} }),
	}})
	if err != nil {
		b.t.Fatal(err)
	}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			open.Go(func() {
				defer c.Close()
				if readHead(c) {
					talk(c)
				}
			})
		}
	})
	b.t.Cleanup(func() { ln.Close(); open.Wait() })
	b.name(host, addr)
	b.route(netip.AddrPortFrom(netip.MustParseAddr(addr), 443).String(), ln.Addr().String())
}

// plain makes host a server at addr, on port 443, that says the same to everybody, without TLS.
func (b *box) plain(host, addr, words string) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer c.Close()
				_, _ = io.WriteString(c, words)
				_, _ = io.Copy(io.Discard, c)
			})
		}
	})
	b.t.Cleanup(func() { ln.Close(); running.Wait() })
	b.name(host, addr)
	b.route(netip.AddrPortFrom(netip.MustParseAddr(addr), 443).String(), ln.Addr().String())
}

func readHead(c net.Conn) bool {
	var head []byte
	for buf := make([]byte, 1024); !strings.Contains(string(head), "\r\n\r\n"); {
		n, err := c.Read(buf)
		if err != nil {
			return false
		}
		head = append(head, buf[:n]...)
	}
	return true
}

// issue makes a certificate of the box's CA.
func (b *box) issue(edit func(*x509.Certificate)) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "server"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	edit(c)
	der, err := x509.CreateCertificate(rand.Reader, c, b.ca, &key.PublicKey, b.key)
	if err != nil {
		b.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func selfSigned(t testing.TB, names ...string) (*x509.Certificate, *ecdsa.PrivateKey) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "box CA"}, DNSNames: names,
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(48 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return c, key
}

func wantReason(t *testing.T, err error, want Reason) {
	t.Helper()
	if got := ReasonOf(err); got != want {
		t.Errorf("reason %q (%v), want %q", got, err, want)
	}
	var e *Error
	if err != nil && !errors.As(err, &e) {
		t.Errorf("%T is no *Error", err)
	}
}

func ok(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "path "+r.URL.Path) }

func certFor(names ...string) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.DNSNames = names }
}

func addrOf(s string) netip.Addr { return netip.MustParseAddr(s) }
