package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"
)

// forbidden are addresses that nobody may send us to: IANA's special-purpose registries, and what hides an IPv4
// address in IPv6.
var forbidden = []string{
	"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255",
	"127.0.0.1", "127.255.255.254", "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1",
	"192.0.0.192", "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.0.1", "192.168.255.255",
	"192.175.48.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250",
	"240.0.0.1", "255.255.255.255", "168.63.129.16",
	"::", "::1", "::127.0.0.1", "::169.254.169.254", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
	"::ffff:8.8.8.8", "::ffff:0:7f00:1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::808:808",
	"64:ff9b:1::7f00:1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:2::1", "2001:10::1", "2001:20::1",
	"2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "2620:4f:8000::1", "3fff::1", "5f00::1", "fc00::1",
	"fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "ff0e::1",
}

var allowed = []string{
	"1.1.1.1", "8.8.8.8", "95.216.1.1", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "168.63.129.17",
	"223.255.255.255", "2001:470::1", "2a01:4f8::1", "2606:4700::1", "2001:41d0::1",
}

func TestPolicyOnEveryPath(t *testing.T) {
	if len(forbidden) < 44 {
		t.Fatalf("only %d addresses", len(forbidden))
	}
	b := newBox(t)
	c := b.client()
	for i, s := range forbidden {
		t.Run(s, func(t *testing.T) {
			a := netip.MustParseAddr(s)
			at := netip.AddrPortFrom(a, 443)
			if err := c.policy.check(at); !errors.Is(err, errPolicy) {
				t.Errorf("judged: %v", err)
			}
			network := "tcp4"
			if a.Is6() {
				network = "tcp6"
			}
			if err := c.policy.control(network, at.String(), nil); !errors.Is(err, errPolicy) {
				t.Errorf("at the socket: %v", err)
			}
			// The system dials a mapped address as IPv4, which is then what Control judges; none of ours may be public.
			if c.policy.checkAddr(a.Unmap()) != nil {
				if _, err := c.policy.dial(t.Context(), at); !errors.Is(err, errPolicy) {
					t.Errorf("by the real dialer: %v", err)
				}
			}
			if _, err := c.dialOne(t.Context(), c.places, at, time.Second, &watch{limit: time.Second, begin: time.Now()}); !errors.Is(err, errPolicy) {
				t.Errorf("by the injected dialer: %v", err)
			}
			alone, mixed := fmt.Sprintf("a%d.oak.social", i), fmt.Sprintf("b%d.oak.social", i)
			b.name(alone, s)
			b.name(mixed, "95.216.1.1", "2a01:4f8::1", s)
			for _, host := range []string{alone, mixed} {
				_, err := c.Lookup(t.Context(), host)
				wantReason(t, err, ReasonAddress)
				_, err = c.Get(t.Context(), Request{Purpose: PurposeRobots, URL: "https://" + host + "/robots.txt"})
				wantReason(t, err, ReasonAddress)
			}
		})
	}
	if got := b.dials(); len(got) != 0 {
		t.Errorf("dialled %v", got)
	}
	if b.refused[ReasonAddress] != 2*len(forbidden) || len(b.sent) != 0 {
		t.Errorf("counted as refused %v, sent %v", b.refused, b.sent)
	}
}

func TestPolicyAllows(t *testing.T) {
	p := newPolicy()
	for _, s := range allowed {
		for _, port := range []uint16{443, 80} {
			if err := p.check(netip.AddrPortFrom(netip.MustParseAddr(s), port)); err != nil {
				t.Error(err)
			}
		}
	}
	for _, port := range []uint16{0, 22, 53, 81, 6379, 8080, 8443, 65535} {
		if err := p.check(netip.AddrPortFrom(netip.MustParseAddr("1.1.1.1"), port)); !errors.Is(err, errPolicy) {
			t.Errorf("port %d: %v", port, err)
		}
	}
	for _, network := range []string{"udp4", "unix", "tcp"} {
		if err := p.control(network, "1.1.1.1:443", nil); !errors.Is(err, errPolicy) {
			t.Errorf("network %s: %v", network, err)
		}
	}
}

func TestPolicyKnowsItsOwnAddresses(t *testing.T) {
	p := newPolicy()
	own := []net.Addr{
		&net.IPNet{IP: net.ParseIP("95.216.7.7").To4(), Mask: net.CIDRMask(24, 32)},
		&net.IPNet{IP: net.ParseIP("2a01:4f8::7"), Mask: net.CIDRMask(64, 128)},
	}
	p.interfaces = func() ([]net.Addr, error) { return own, nil }
	check := func(s string, want bool) {
		t.Helper()
		if got := p.checkAddr(netip.MustParseAddr(s)) != nil; got != want {
			t.Errorf("%s refused: %v, want %v", s, got, want)
		}
	}
	check("95.216.7.7", true)
	check("2a01:4f8::7", true)
	check("95.216.7.8", false) // a neighbour is a stranger like any other
	own = own[:1]
	check("2a01:4f8::7", true) // still believed
	p.at = p.at.Add(-2 * time.Minute)
	check("2a01:4f8::7", false)
	p.interfaces = func() ([]net.Addr, error) { return nil, errors.New("no") }
	p.at = p.at.Add(-2 * time.Minute)
	check("95.216.7.7", true) // the last ones hold
}

// canary is a listener that nobody may reach.
func canary(t *testing.T, address string) (at netip.AddrPort, accepts *atomic.Int32) {
	ln, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	accepts = new(atomic.Int32)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			accepts.Add(1)
			c.Close()
		}
	}()
	t.Cleanup(func() { ln.Close(); <-done })
	return netip.MustParseAddrPort(ln.Addr().String()), accepts
}

func TestRealDialerRefusesCanaries(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		at, accepts := canary(t, address)
		b := newBox(t)
		b.name("canary.oak.social", at.Addr().String())
		b.name("public.oak.social", "192.0.2.1")
		c := b.client(func(o *Options) { o.Net.Dial = nil }) // the real one
		c.policy.ports = []uint16{443, 80, at.Port()}        // so that only the address can save us

		_, err := c.net.Dial(t.Context(), at)
		if ReasonOf(err) != ReasonAddress {
			t.Errorf("%v: %v", at, err)
		}
		mapped := netip.AddrPortFrom(netip.AddrFrom16(at.Addr().As16()), at.Port())
		if _, err := c.net.Dial(t.Context(), mapped); ReasonOf(err) != ReasonAddress {
			t.Errorf("%v: %v", mapped, err)
		}
		for _, host := range []string{"canary.oak.social", "public.oak.social"} {
			_, err := c.Get(t.Context(), Request{Purpose: PurposeHTTPS, URL: "https://" + host + "/"})
			wantReason(t, err, ReasonAddress)
			_, err = c.Get(t.Context(), Request{Purpose: PurposeHTTP, URL: "http://" + host + "/"})
			wantReason(t, err, ReasonAddress)
		}
		if n := accepts.Load(); n != 0 {
			t.Errorf("%v was reached %d times", at, n)
		}
		// The canary sings when it is reached.
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", at.String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Read(make([]byte, 1)) // ends when the canary has let go
		conn.Close()
		if accepts.Load() != 1 {
			t.Error("the canary is deaf")
		}
	}
}

func TestRebinding(t *testing.T) {
	b := newBox(t)
	b.serve("turn.oak.social", "95.216.1.1", ok)
	c := b.client()
	s := c.Session()
	defer s.Close()
	get := func() error {
		_, err := s.Get(t.Context(), Request{Purpose: PurposeNodeInfo, URL: "https://turn.oak.social/n"})
		return err
	}
	wantReason(t, get(), "")
	b.mu.Lock()
	b.zone["turn.oak.social. A"] = []string{"turn.oak.social. 0 IN A 127.0.0.1"}
	b.mu.Unlock()
	wantReason(t, get(), "") // over the connection that was judged
	s.Close()
	b.pass(301 * time.Second)
	wantReason(t, get(), ReasonAddress)
	for _, a := range b.dials() {
		if a.Addr().IsLoopback() {
			t.Errorf("dialled %v", a)
		}
	}
}

func TestNamesThatAreNone(t *testing.T) {
	c := newBox(t).client()
	for _, url := range []string{
		"https://127.0.0.1/", "https://[::1]/", "https://2130706433/", "https://0x7f.1/", "https://①②⑦.⓪.⓪.①/",
		"https://localhost/", "https://oak/", "https://oak.local/", "https://oak.internal/", "https://oak.onion/",
		"https://oak.social:8443/", "https://oak.social:80/", "https://oak.social:22/", "https:///x",
	} {
		_, err := c.Get(t.Context(), Request{Purpose: PurposeHTTPS, URL: url})
		if got := ReasonOf(err); got != ReasonAddress {
			t.Errorf("%s: %q", url, got)
		}
	}
	for url, purpose := range map[string]Purpose{
		"ftp://oak.social/": PurposeHTTPS, "//oak.social/": PurposeHTTPS, "https:oak.social": PurposeHTTPS,
		"https://me:pw@oak.social/": PurposeHTTPS, "%": PurposeHTTPS, "": PurposeHTTPS,
		"http://oak.social/": PurposeHTTPS, "https://oak.social/": PurposeHTTP,
	} {
		_, err := c.Get(t.Context(), Request{Purpose: purpose, URL: url})
		if got := ReasonOf(err); got != ReasonProtocol {
			t.Errorf("%s: %q", url, got)
		}
	}
	if _, err := c.Lookup(context.Background(), "127.0.0.1"); ReasonOf(err) != ReasonAddress {
		t.Error(err)
	}
}
