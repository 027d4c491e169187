package outbound

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func TestSessionKeepsOneConnection(t *testing.T) {
	b := newBox(t)
	var heads []http.Header
	b.serve("oak.social", "95.216.1.1", func(w http.ResponseWriter, r *http.Request) {
		heads = append(heads, r.Header)
		if r.Proto != "HTTP/1.1" || r.Host != "oak.social" || r.TLS.ServerName != "oak.social" {
			t.Errorf("%s to %s (SNI %s)", r.Proto, r.Host, r.TLS.ServerName)
		}
		w.Header().Set("X-Path", r.URL.Path)
		w.WriteHeader(map[string]int{"/a": 200, "/b": 404, "/c": 503, "/d": 304}[r.URL.Path])
	})
	c := b.client()
	s := c.Session()
	for _, row := range []struct {
		path   string
		status int
	}{{"/a", 200}, {"/b", 404}, {"/c", 503}, {"/d", 304}} {
		resp, err := s.Get(t.Context(), Request{
			Purpose: PurposeAPIV1, URL: "https://OAK.social:443" + row.path + "?x=1#y",
			Header: http.Header{"if-none-match": {`"v1"`}, "User-Agent": {"liar"}, "Accept-Encoding": {"br"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if resp.Status != row.status || resp.Header.Get("X-Path") != row.path {
			t.Errorf("%s: %d, %v", row.path, resp.Status, resp.Header)
		}
		if resp.URL.String() != "https://oak.social"+row.path+"?x=1" || resp.TLS == nil || resp.Addr.String() != "95.216.1.1" {
			t.Errorf("%s: %s by %s, TLS %v", row.path, resp.URL, resp.Addr, resp.TLS != nil)
		}
	}
	want := map[string]string{
		"User-Agent":    "MNM-Exporter/1.2.3 (+https://mnm.social; ops@mnm.social)",
		"If-None-Match": `"v1"`, "Accept-Encoding": "gzip",
	}
	for key, value := range want {
		if got := heads[3].Get(key); got != value {
			t.Errorf("%s: %q", key, got)
		}
	}
	if got := b.dials(); len(got) != 1 {
		t.Errorf("dialled %v", got)
	}
	if n := b.questions("oak.social. A"); n != 1 {
		t.Errorf("asked for the name %d times", n)
	}
	addrs, err := c.Lookup(t.Context(), "oak.social")
	if err != nil || !reflect.DeepEqual(addrs.V4, []netip.Addr{netip.MustParseAddr("95.216.1.1")}) || addrs.V6 != nil {
		t.Errorf("addresses %v, %v", addrs, err)
	}
	if n := b.questions("oak.social. A"); n != 1 {
		t.Error("the look-up of a host just visited asked again")
	}
	if !reflect.DeepEqual(b.sent, map[Purpose]int{PurposeAPIV1: 4}) || len(b.refused) != 0 {
		t.Errorf("counted sent %v, refused %v", b.sent, b.refused)
	}
	if len(c.places.at) != 1 {
		t.Error("a kept connection has no place")
	}
	s.Close()
	s.Close()
	if len(c.places.at) != 0 {
		t.Errorf("places left: %v", c.places.at)
	}
}

// A server that closes a kept connection just when it is asked again is asked once more; that counts.
func TestSessionAsksAgainAfterStaleConnection(t *testing.T) {
	b := newBox(t)
	var asked atomic.Int32
	b.serve("oak.social", "95.216.1.1", func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 2 {
			panic(http.ErrAbortHandler)
		}
		ok(w, r)
	})
	c := b.client()
	s := c.Session()
	defer s.Close()
	for range 2 {
		if _, err := s.Get(t.Context(), Request{Purpose: PurposeAPIV1, URL: "https://oak.social/"}); err != nil {
			t.Fatal(err)
		}
	}
	if asked.Load() != 3 || b.sent[PurposeAPIV1] != 3 || len(b.dials()) != 2 {
		t.Errorf("asked %d, counted %d, dialled %d", asked.Load(), b.sent[PurposeAPIV1], len(b.dials()))
	}
	wantSends(t, c, "oak.social", 3)
}

// wantSends holds how much of the budget of a host is used.
func wantSends(t *testing.T, c *Client, host string, want int) {
	t.Helper()
	n := 0
	if s := c.budget.find(host); s != nil {
		n = s.n
	}
	if n != want {
		t.Errorf("%s was counted %d times, want %d", host, n, want)
	}
}

func TestHTTPPurposeShowsTheRedirect(t *testing.T) {
	b := newBox(t)
	plain := make(chan string, 1)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		plain <- r.Host
		http.Redirect(w, r, "https://oak.social/", http.StatusMovedPermanently)
	})}
	var running sync.WaitGroup
	running.Go(func() { _ = srv.Serve(ln) })
	t.Cleanup(func() { srv.Close(); running.Wait() })
	b.name("oak.social", "95.216.1.1")
	b.route("95.216.1.1:80", ln.Addr().String())
	c := b.client()
	resp, err := c.Get(t.Context(), Request{Purpose: PurposeHTTP, URL: "http://oak.social/"})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Status != 301 || resp.Header.Get("Location") != "https://oak.social/" || resp.TLS != nil || <-plain != "oak.social" {
		t.Errorf("%+v", resp)
	}
	wantSends(t, c, "oak.social", 1)
}

func TestBodies(t *testing.T) {
	zip := func(b []byte) []byte {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		_, _ = z.Write(b)
		z.Close()
		return out.Bytes()
	}
	head := func(lines ...string) string { return strings.Join(append(lines, "", ""), "\r\n") }
	endless := func(c net.Conn, piece string) {
		for {
			if _, err := io.WriteString(c, piece); err != nil {
				return
			}
		}
	}
	say := func(s string) func(net.Conn) { return func(c net.Conn) { _, _ = io.WriteString(c, s) } }
	body := func(b []byte, headers ...string) func(net.Conn) {
		return say(head(append([]string{"HTTP/1.1 200 OK", fmt.Sprintf("Content-Length: %d", len(b))}, headers...)...) + string(b))
	}
	noise := make([]byte, 9<<20) // does not shrink
	for i, x := 0, uint32(1); i < len(noise); i++ {
		x = x*1664525 + 1013904223
		noise[i] = byte(x >> 24)
	}
	hang := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	rows := []struct {
		name    string
		purpose Purpose
		max     int64
		talk    func(net.Conn)
		want    Reason
		length  int
	}{
		{"as big as allowed", PurposeAPIV1, 0, body(make([]byte, 1<<20)), "", 1 << 20},
		{"a byte more", PurposeAPIV1, 0, body(make([]byte, 1<<20+1)), ReasonTooBig, 0},
		{"a bound of its own", PurposeAPIV1, 10, body(make([]byte, 11)), ReasonTooBig, 0},
		{"says a gigabyte", PurposeAPIV1, 0, say(head("HTTP/1.1 200 OK", "Content-Length: 1000000000")), ReasonTooBig, 0},
		{"endless in chunks", PurposeAPIV1, 0, func(c net.Conn) {
			say(head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked"))(c)
			endless(c, "1000\r\n"+strings.Repeat("x", 4096)+"\r\n")
		}, ReasonTooBig, 0},
		{"endless till it closes", PurposeAPIV1, 0, func(c net.Conn) {
			say(head("HTTP/1.1 200 OK"))(c)
			endless(c, strings.Repeat("x", 4096))
		}, ReasonTooBig, 0},
		{"endless robots.txt is cut", PurposeRobots, 0, func(c net.Conn) {
			say(head("HTTP/1.1 200 OK"))(c)
			endless(c, strings.Repeat("x", 4096))
		}, "", 500 << 10},
		{"gzip", PurposeAPIV1, 0, body(zip([]byte("hello")), "Content-Encoding: gzip"), "", 5},
		{"gzip bomb", PurposeAPIV1, 0, body(zip(make([]byte, 64<<20)), "Content-Encoding: gzip"), ReasonTooBig, 0},
		{"broken gzip", PurposeAPIV1, 0, body([]byte("no gzip at all"), "Content-Encoding: gzip"), ReasonProtocol, 0},
		{"br", PurposeAPIV1, 0, body([]byte("x"), "Content-Encoding: br"), ReasonProtocol, 0},
		{"wire", PurposeDirectory, 64 << 20, body(noise), ReasonTooBig, 0},
		{"half", PurposeAPIV1, 0, say(head("HTTP/1.1 200 OK", "Content-Length: 10") + "12345"), ReasonConnection, 0},
		{"nothing", PurposeAPIV1, 0, say(""), ReasonConnection, 0},
		{"empty", PurposeAPIV1, 0, body(nil), "", 0},
		{"SSH", PurposeAPIV1, 0, say("SSH-2.0-OpenSSH_9.2\r\n"), ReasonProtocol, 0},
		{"a long line", PurposeAPIV1, 0, say(strings.Repeat("x\x00\x1b[31m", 5000) + "\r\n"), ReasonProtocol, 0},
		{"many headers", PurposeAPIV1, 0, func(c net.Conn) {
			say("HTTP/1.1 200 OK\r\n")(c)
			endless(c, "X-Flood: "+strings.Repeat("y", 1000)+"\r\n")
		}, ReasonTooBig, 0},
		{"one long header", PurposeAPIV1, 0, say(head("HTTP/1.1 200 OK", "X: "+strings.Repeat("y", 70<<10))), ReasonTooBig, 0},
		{"many informational answers", PurposeAPIV1, 0, func(c net.Conn) {
			endless(c, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
		}, ReasonTooBig, 0},
		{"switches protocols", PurposeAPIV1, 0, func(c net.Conn) {
			say(head("HTTP/1.1 101 Switching Protocols", "Upgrade: x", "Connection: Upgrade"))(c)
			hang(c)
		}, ReasonProtocol, 0},
		{"says nothing, for ever", PurposeAPIV1, 0, hang, ReasonTimeout, 0},
		{"headers that don't end", PurposeAPIV1, 0, func(c net.Conn) { say("HTTP/1.1 200 OK\r\nX: ")(c); hang(c) }, ReasonTimeout, 0},
		{"a body that doesn't end", PurposeAPIV1, 0, func(c net.Conn) {
			say(head("HTTP/1.1 200 OK", "Content-Length: 10") + "1")(c)
			hang(c)
		}, ReasonTimeout, 0},
		{"a dripping body", PurposeAPIV1, 0, func(c net.Conn) {
			say(head("HTTP/1.1 200 OK", "Content-Length: 100000"))(c)
			for tick := time.NewTicker(10 * time.Millisecond); ; <-tick.C {
				if _, err := io.WriteString(c, "x"); err != nil {
					return
				}
			}
		}, ReasonTimeout, 0},
	}
	b := newBox(t)
	for i, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			host := fmt.Sprintf("a%d.oak.social", i)
			b.raw(host, fmt.Sprintf("95.216.2.%d", i), row.talk)
			c := b.client()
			c.limits.heads, c.limits.request = 20*time.Second, 20*time.Second
			switch {
			case row.want == ReasonTimeout && strings.Contains(row.name, "body"):
				c.limits.request = 200 * time.Millisecond
			case row.want == ReasonTimeout:
				c.limits.heads = 200 * time.Millisecond
			}
			begin := time.Now()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			resp, err := c.Get(t.Context(), Request{Purpose: row.purpose, URL: "https://" + host + "/", MaxBody: row.max})
			wantReason(t, err, row.want)
			if err == nil && len(resp.Body) != row.length {
				t.Errorf("%d bytes", len(resp.Body))
			}
			if err != nil && (len(err.Error()) > 300 || strings.ContainsAny(err.Error(), "\x00\x1b\r\n")) {
				t.Errorf("error of %d bytes: %q", len(err.Error()), err)
			}
			if len(c.places.at) != 0 {
				t.Error("a place was kept")
			}
			if took := time.Since(begin); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
			if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 80<<20 {
				t.Errorf("took %d MiB", (after.TotalAlloc-before.TotalAlloc)>>20)
			}
		})
	}
}

// What was cut off can't be read on: the next request needs another connection, and is no second try.
func TestSessionGoesOnAfterACutBody(t *testing.T) {
	b := newBox(t)
	b.serve("oak.social", "95.216.1.1", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			_, _ = w.Write(make([]byte, 1<<20))
		}
	})
	c := b.client()
	s := c.Session()
	defer s.Close()
	for range 2 {
		for path, purpose := range map[string]Purpose{"/robots.txt": PurposeRobots, "/": PurposeHTTPS} {
			_, err := s.Get(t.Context(), Request{Purpose: purpose, URL: "https://oak.social" + path})
			wantReason(t, err, "")
		}
	}
	wantSends(t, c, "oak.social", 4)
}

func TestCertificatesAreToldApart(t *testing.T) {
	b := newBox(t)
	self, selfKey := selfSigned(t, "self.oak.social")
	name := func(n string) func(*x509.Certificate) { return func(c *x509.Certificate) { c.DNSNames = []string{n} } }
	expired := b.issue(func(c *x509.Certificate) { name("expired.oak.social")(c); c.NotAfter = time.Now().Add(-time.Minute) })
	early := b.issue(func(c *x509.Certificate) { name("early.oak.social")(c); c.NotBefore = time.Now().Add(time.Minute) })
	client := b.issue(func(c *x509.Certificate) {
		name("client.oak.social")(c)
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	})
	many := b.issue(func(c *x509.Certificate) {
		for i := range 500 {
			c.DNSNames = append(c.DNSNames, fmt.Sprintf("n%d.elm.social", i))
		}
	})
	selfCert := expired
	selfCert.Certificate, selfCert.PrivateKey = [][]byte{self.Raw}, selfKey
	b.serveWith("expired.oak.social", "95.216.3.1", ok, expired)
	b.serveWith("early.oak.social", "95.216.3.2", ok, early)
	b.serveWith("name.oak.social", "95.216.3.3", ok, b.issue(name("elm.social")))
	b.serveWith("many.oak.social", "95.216.3.4", ok, many)
	b.serveWith("self.oak.social", "95.216.3.5", ok, selfCert)
	b.serveWith("client.oak.social", "95.216.3.6", ok, client)
	b.serveWith("old.oak.social", "95.216.3.7", ok, b.issue(name("old.oak.social")), func(c *tls.Config) {
		c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	})
	b.plain("mail.oak.social", "95.216.3.8", "220 mail.oak.social ESMTP\r\n")
	b.plain("odd.oak.social", "95.216.3.10", "\x16\x03\x03\x00\x05\x02\x00\x00\x01\x00") // half a ServerHello
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mute.Close() })
	b.name("mute.oak.social", "95.216.3.9")
	b.route("95.216.3.9:443", mute.Addr().String())

	c := b.client()
	c.limits.tls = 300 * time.Millisecond
	for host, want := range map[string]Reason{
		"expired": ReasonCertExpired, "early": ReasonCertExpired, "name": ReasonCertName, "many": ReasonCertName,
		"self": ReasonCertUntrusted, "client": ReasonCertUntrusted, "old": ReasonTLS, "mail": ReasonTLS, "odd": ReasonTLS,
		"mute": ReasonTimeout,
	} {
		t.Run(host, func(t *testing.T) {
			_, err := c.Get(t.Context(), Request{Purpose: PurposeHTTPS, URL: "https://" + host + ".oak.social/"})
			wantReason(t, err, want)
			if len(err.Error()) > 250 || strings.Contains(err.Error(), "elm") {
				t.Errorf("a stranger's bytes: %v", err)
			}
		})
	}
	if len(b.sent) != 0 {
		t.Errorf("sent %v over connections without trust", b.sent)
	}
	_, err = b.client(func(o *Options) { o.Net.Roots = x509.NewCertPool() }).Get(t.Context(),
		Request{Purpose: PurposeHTTPS, URL: "https://name.oak.social/"})
	wantReason(t, err, ReasonCertName)
}

func TestDialOrder(t *testing.T) {
	const v4, v6 = "95.216.4.1:443", "[2a01:4f8::1]:443"
	refusedBy := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	noRoute := &net.OpError{Op: "dial", Err: syscall.ENETUNREACH}
	rows := []struct {
		name  string
		addrs []string
		fail  map[string]error
		want  Reason
		by    string
		dials []string
	}{
		{"IPv4 first", []string{"2a01:4f8::1", "95.216.4.1"}, nil, "", "95.216.4.1", []string{v4}},
		{"then IPv6", []string{"2a01:4f8::1", "95.216.4.1"}, map[string]error{v4: refusedBy}, "", "2a01:4f8::1", []string{v4, v6}},
		{"one of each", []string{"95.216.4.1", "95.216.4.2", "2a01:4f8::1", "2a01:4f8::2"},
			map[string]error{v4: refusedBy, v6: refusedBy}, ReasonConnection, "", []string{v4, v6}},
		{"IPv6 only, and none here", []string{"2a01:4f8::1"}, map[string]error{v6: noRoute}, ReasonNoIPv6Route, "", []string{v6}},
		{"IPv4 refused, no IPv6 here", []string{"95.216.4.1", "2a01:4f8::1"},
			map[string]error{v4: refusedBy, v6: noRoute}, ReasonConnection, "", []string{v4, v6}},
		{"no route for IPv4", []string{"95.216.4.1"}, map[string]error{v4: noRoute}, ReasonConnection, "", []string{v4}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			b := newBox(t)
			s := b.serve("oak.social", "95.216.9.9", ok)
			delete(b.zone, "oak.social. A")
			b.name("oak.social", row.addrs...)
			b.route(v4, s.Listener.Addr().String())
			b.route(v6, s.Listener.Addr().String())
			for a, err := range row.fail {
				b.fail[netip.MustParseAddrPort(a)] = err
			}
			c := b.client()
			resp, err := c.Get(t.Context(), Request{Purpose: PurposeRobots, URL: "https://oak.social/robots.txt"})
			wantReason(t, err, row.want)
			if err == nil && resp.Addr.String() != row.by {
				t.Errorf("served by %v", resp.Addr)
			}
			if got := fmt.Sprint(b.dials()); got != fmt.Sprint(row.dials) {
				t.Errorf("dialled %v", got)
			}
			if len(c.places.at) != 0 {
				t.Errorf("places left: %v", c.places.at)
			}
		})
	}
}

func TestEndings(t *testing.T) {
	b := newBox(t)
	reached := make(chan struct{}, 8)
	b.raw("hang.oak.social", "95.216.5.1", func(c net.Conn) {
		reached <- struct{}{}
		_, _ = io.Copy(io.Discard, c)
	})
	c := b.client()
	get := func(ctx context.Context) error {
		_, err := c.Get(ctx, Request{Purpose: PurposeDirectory, URL: "https://hang.oak.social/"})
		return err
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-reached; cancel() }()
	wantReason(t, get(ctx), ReasonCanceled)
	wantReason(t, get(ctx), ReasonCanceled)
	ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	wantReason(t, get(ctx), ReasonTimeout)
	<-reached
	go func() { <-reached; c.Close() }()
	wantReason(t, get(t.Context()), ReasonCanceled)
	wantReason(t, get(t.Context()), ReasonCanceled)
	_, err := c.Lookup(t.Context(), "elm.social")
	wantReason(t, err, ReasonCanceled)
}
