package demo

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

// ttl is how long an answer of the World's DNS may be kept, in seconds; what is not there may be asked again at once.
const (
	ttl         = 2
	negativeTTL = 1
)

// Addresses of the services, in their owners' published ranges.
var (
	githubHost    = service{"api.github.com", netip.MustParseAddr("140.82.112.6")}
	directoryHost = service{"api.joinmastodon.org", netip.MustParseAddr("5.161.48.10")}
	socialHost    = service{"instances.social", netip.MustParseAddr("37.187.48.10")}
	services      = []service{githubHost, directoryHost, socialHost}
)

type service struct {
	name string
	addr netip.Addr
}

// serviceAt is the service that has an address.
func serviceAt(addr netip.Addr) (service, bool) {
	for _, s := range services {
		if s.addr == addr {
			return s, true
		}
	}
	return service{}, false
}

// serveDNS answers on UDP and TCP, on one port of loopback.
func (n *Network) serveDNS() error {
	handler := dns.HandlerFunc(n.answerDNS)
	var err error
	for range 20 { // the port that UDP got may be taken for TCP
		var packets net.PacketConn
		var streams net.Listener
		if packets, err = net.ListenPacket("udp4", "127.0.0.1:0"); err != nil {
			return fmt.Errorf("listening for DNS: %w", err)
		}
		if streams, err = net.Listen("tcp4", packets.LocalAddr().String()); err != nil {
			_ = packets.Close()
			continue
		}
		n.resolver = packets.LocalAddr().(*net.UDPAddr).AddrPort()
		n.dns = []*dns.Server{{PacketConn: packets, Handler: handler}, {Listener: streams, Handler: handler}}
		for _, s := range n.dns {
			started := make(chan struct{})
			s.NotifyStartedFunc = func() { close(started) }
			n.wait.Go(func() { _ = s.ActivateAndServe() })
			<-started
		}
		return nil
	}
	return fmt.Errorf("listening for DNS: %w", err)
}

// answerDNS answers A and AAAA from the World as it is now.
func (n *Network) answerDNS(w dns.ResponseWriter, q *dns.Msg) {
	m := new(dns.Msg)
	m.SetReply(q)
	m.Authoritative = true
	if len(q.Question) != 1 {
		m.Rcode = dns.RcodeFormatError
		_ = w.WriteMsg(m)
		return
	}
	question := q.Question[0]
	name := strings.ToLower(strings.TrimSuffix(question.Name, "."))
	addr, exists := n.resolve(name, question.Qtype)
	head := dns.RR_Header{Name: question.Name, Rrtype: question.Qtype, Class: dns.ClassINET, Ttl: ttl}
	switch {
	case !exists:
		m.Rcode = dns.RcodeNameError
	case addr.Is4():
		m.Answer = append(m.Answer, &dns.A{Hdr: head, A: addr.AsSlice()})
	case addr.IsValid():
		m.Answer = append(m.Answer, &dns.AAAA{Hdr: head, AAAA: addr.AsSlice()})
	}
	if len(m.Answer) == 0 {
		head.Rrtype, head.Ttl = dns.TypeSOA, negativeTTL
		head.Name = question.Name
		m.Ns = append(m.Ns, &dns.SOA{Hdr: head, Ns: "ns.demo.", Mbox: "nobody.demo.", Serial: 1, Refresh: 60, Retry: 60, Expire: 60, Minttl: negativeTTL})
	}
	if o := q.IsEdns0(); o != nil {
		m.SetEdns0(o.UDPSize(), false)
	}
	_ = w.WriteMsg(m)
}

// resolve is the address of the type that a name has now, if it has one, and whether the name is there at all.
func (n *Network) resolve(name string, qtype uint16) (netip.Addr, bool) {
	for _, s := range services {
		if s.name == name {
			if b, _ := n.world.service(name); b == NoName {
				return netip.Addr{}, false
			}
			if qtype == dns.TypeA {
				return s.addr, true
			}
			return netip.Addr{}, true
		}
	}
	now := n.now()
	i := n.world.Find(name)
	if i < 0 {
		return n.world.streamerAddr(name, qtype, now)
	}
	st := n.world.State(i, now)
	addr, six := st.V4, qtype == dns.TypeAAAA
	if six {
		addr = st.V6
	}
	if qtype != dns.TypeA && !six {
		return netip.Addr{}, st.Behaviour != NoName
	}
	switch st.Behaviour {
	case NoName:
		n.journal.lookup(i, now, six, spot{}, true)
		return netip.Addr{}, false
	case PrivateAddress:
		n.journal.lookup(i, now, six, spot{}, true)
		return private(i, six), true
	}
	n.journal.lookup(i, now, six, spot{addr.IsValid(), st.Country, st.CDN}, false)
	return addr, true
}

// private is an address inside the visitor's network, of many kinds.
func private(i int, six bool) netip.Addr {
	four := []string{"127.0.0.1", "10.1.2.3", "192.168.1.1", "169.254.169.254", "172.16.9.9", "100.64.0.1", "0.0.0.0"}
	if six {
		return netip.MustParseAddr([]string{"::1", "fd00::7", "fe80::1", "::ffff:127.0.0.1", "::127.0.0.1"}[i%5])
	}
	return netip.MustParseAddr(four[i%len(four)])
}
