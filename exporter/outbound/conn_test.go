package outbound

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"
)

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
	b.plain("odd.oak.social", "95.216.3.10", // a ServerHello that takes TLS 1.1
		"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02"+strings.Repeat("r", 32)+"\x00\xc0\x2f\x00")
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
	const second4, second6 = "95.216.4.2:443", "[2a01:4f8::2]:443"
	three := []string{"95.216.4.1", "95.216.4.2", "95.216.4.3", "2a01:4f8::1", "2a01:4f8::2", "2a01:4f8::3"}
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
		{"the second IPv4", three, map[string]error{v4: refusedBy}, "", "95.216.4.2", []string{v4, second4}},
		{"the second IPv6", three, map[string]error{v4: refusedBy, second4: refusedBy, v6: refusedBy}, "", "2a01:4f8::2",
			[]string{v4, second4, v6, second6}},
		{"two of each", three, map[string]error{v4: refusedBy, second4: refusedBy, v6: refusedBy, second6: refusedBy},
			ReasonConnection, "", []string{v4, second4, v6, second6}},
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
			for _, a := range row.addrs {
				b.route(netip.AddrPortFrom(addrOf(a), 443).String(), s.Listener.Addr().String())
			}
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
