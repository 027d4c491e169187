package timeline

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"hash/fnv"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/outbound"
	"github.com/mnm-social/mnm/exporter/toots"
)

func TestMain(m *testing.M) {
	if os.Getenv(partVariable) != "" { // it is ended from outside
		os.Exit(m.Run())
	}
	goleak.VerifyTestMain(m)
}

// partVariable tells a process of this binary what part it plays for the test that started it.
const partVariable = "MNM_FIGURE_PART"

// box is a little internet on loopback, where every name is a public address of its own, and a clock.
type box struct {
	t      testing.TB
	net    outbound.Net
	client atomic.Pointer[outbound.Client]
	clock  atomic.Int64 // Unix nanoseconds; 0: the machine's clock
	tally  *toots.Tally

	mu    sync.Mutex
	hosts map[string]http.Handler
	asked []*http.Request
}

func newBox(t testing.TB) *box {
	b := &box{t: t, hosts: map[string]http.Handler{}}
	b.clock.Store(time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC).UnixNano())
	config, roots := certify(t)
	s := httptest.NewUnstartedServer(b)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = config
	s.StartTLS()
	t.Cleanup(s.Close)
	address := s.Listener.Addr().String()
	b.net = outbound.Net{Resolvers: []netip.AddrPort{serveDNS(t)}, Roots: roots, Dial: func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", address)
	}}
	b.renew()
	t.Cleanup(func() { b.client.Load().Close() })
	b.forget()
	return b
}

// forget makes a Tally that has seen nothing, as a restart does.
func (b *box) forget() {
	b.tally = toots.New(toots.Options{Now: b.now, Country: func(string) string { return "" }, Names: toots.Names{
		Length: "length", Hashtags: "hashtags", Mentions: "mentions", Links: "links", Media: "media", Delay: "delay",
	}})
}

// renew makes a new way out, as a reload does, and closes the old one.
func (b *box) renew() {
	if old := b.client.Swap(outbound.New(outbound.Options{Net: b.net, Now: b.now})); old != nil {
		old.Close()
	}
}

func (b *box) now() time.Time {
	if at := b.clock.Load(); at != 0 {
		return time.Unix(0, at).UTC()
	}
	return time.Now()
}

func (b *box) pass(d time.Duration) { b.clock.Add(int64(d)) }

func (b *box) serve(host string, h http.Handler) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hosts[host] = h
}

func (b *box) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	b.asked = append(b.asked, r)
	h := b.hosts[r.Host]
	b.mu.Unlock()
	if h == nil {
		h = http.NotFoundHandler()
	}
	h.ServeHTTP(w, r)
}

// requests are those that came since the last call.
func (b *box) requests() []*http.Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	asked := b.asked
	b.asked = nil
	return asked
}

// seen is how many distinct toots were taken.
func (b *box) seen() int {
	local, remote := b.tally.Toots()
	return int(local + remote)
}

// open is what a server allows that forbids nothing.
var open = Facts{Timeline: true, Stream: true, Access: AccessPublic}

// follow begins to follow a timeline: local, without a token, once a minute, from now on, unless edit says otherwise.
func (b *box) follow(host string, facts Facts, edit ...func(*Options)) *Follower {
	name, err := domain.Parse(host)
	if err != nil {
		b.t.Fatal(err)
	}
	o := Options{
		Source: Source{Host: name, Scope: Local}, Client: b.client.Load, Tally: b.tally, Now: b.now, Every: time.Minute,
		Facts:  func(context.Context) (Facts, error) { return facts, nil },
		Failed: func(err error) { b.t.Log(err) },
	}
	for _, f := range edit {
		f(&o)
	}
	if o.Pages == nil {
		o.Pages = NewPages(o.Every, o.Now)
	}
	f := New(o)
	f.limits.first, f.limits.longest = 5*time.Millisecond, 20*time.Millisecond
	b.t.Cleanup(f.Close)
	return f
}

func token(s string) func(*Options) {
	return func(o *Options) { o.Source.Token = func() (string, error) { return s, nil } }
}

func federated(o *Options) { o.Source.Scope = Federated }

func from(p Position) func(*Options) { return func(o *Options) { o.Position = p } }

func poll(t testing.TB, f *Follower) {
	t.Helper()
	if err := f.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// wantHealth holds what is said of a timeline, but for its gap and the times.
func wantHealth(t testing.TB, f *Follower, up bool, mode Mode) {
	t.Helper()
	if h := f.Health(); h.Up != up || h.Mode != mode {
		t.Errorf("up %v in mode %s, want %v, %s; failures %v", h.Up, h.Mode, up, mode, h.Failures)
	}
}

func wantSeen(t testing.TB, b *box, want int) {
	t.Helper()
	if got := b.seen(); got != want {
		t.Errorf("%d distinct toots were counted, want %d", got, want)
	}
}

func wantReason(t testing.TB, err error, want string) {
	t.Helper()
	if got := ReasonOf(err); got != want {
		t.Errorf("reason %q (%v), want %q", got, err, want)
	}
}

// await waits for what another goroutine does.
func await(t testing.TB, what string, done func() bool) {
	t.Helper()
	tick, late := time.NewTicker(time.Millisecond), time.After(20*time.Second)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func serveDNS(t testing.TB) netip.AddrPort {
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &dns.Server{PacketConn: pc, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		if name := q.Question[0].Name; q.Question[0].Qtype == dns.TypeA {
			h := fnv.New32a()
			_, _ = h.Write([]byte(name))
			m.Answer = []dns.RR{&dns.A{
				Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 3600}, A: net.IPv4(49, 12, byte(h.Sum32()>>8), byte(h.Sum32())),
			}}
		}
		_ = w.WriteMsg(m)
	})}
	started, done := make(chan struct{}), make(chan error, 1)
	server.NotifyStartedFunc = func() { close(started) }
	go func() { done <- server.ActivateAndServe() }()
	<-started
	t.Cleanup(func() {
		if err := errors.Join(server.Shutdown(), <-done); err != nil {
			t.Error(err)
		}
	})
	return netip.MustParseAddrPort(pc.LocalAddr().String())
}

// certify makes a certificate for all hosts of the tests.
func certify(t testing.TB) (*tls.Config, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "box"}, DNSNames: []string{"oak.social", "*.oak.social", "elm.social"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(c)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, roots
}
