package outbound

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// serveDNS runs a DNS server over UDP and TCP on one port of loopback.
func serveDNS(t testing.TB, h dns.Handler) netip.AddrPort {
	for range 20 {
		udp, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		tcp, err := net.Listen("tcp", udp.LocalAddr().String())
		if err != nil { // somebody else has that port for TCP
			udp.Close()
			continue
		}
		for _, s := range []*dns.Server{{PacketConn: udp, Handler: h}, {Listener: tcp, Handler: h}} {
			started := make(chan struct{})
			s.NotifyStartedFunc = func() { close(started) }
			done := make(chan error, 1)
			go func() { done <- s.ActivateAndServe() }()
			<-started
			t.Cleanup(func() {
				if err := errors.Join(s.Shutdown(), <-done); err != nil {
					t.Error(err)
				}
			})
		}
		return netip.MustParseAddrPort(udp.LocalAddr().String())
	}
	t.Fatal("no port is free for UDP and TCP")
	return netip.AddrPort{}
}

// answer is a recursive resolver that knows the zone: what is not in it does not exist.
func (b *box) answer(w dns.ResponseWriter, q *dns.Msg) {
	name := strings.ToLower(q.Question[0].Name)
	key := name + " " + dns.TypeToString[q.Question[0].Qtype]
	b.mu.Lock()
	b.asked[key]++
	special, lines := b.answers[key], b.zone[key]
	exists := lines != nil || b.zone[name+" A"] != nil || b.zone[name+" AAAA"] != nil
	b.mu.Unlock()
	if special != nil {
		special(w, q)
		return
	}
	m := reply(q, lines...)
	if !exists {
		m.Rcode = dns.RcodeNameError
	}
	_ = w.WriteMsg(m)
}

func reply(q *dns.Msg, lines ...string) *dns.Msg {
	m := new(dns.Msg).SetReply(q)
	m.RecursionAvailable = true
	for _, line := range lines {
		rr, err := dns.NewRR(line)
		if err != nil {
			panic(err)
		}
		m.Answer = append(m.Answer, rr)
	}
	return m
}

func (b *box) special(key string, f func(dns.ResponseWriter, *dns.Msg)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answers[key] = f
}

func (b *box) questions(key string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked[key]
}
