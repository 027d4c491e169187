package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
)

const (
	confEvery = 5 * time.Second // how often a change of the system's configuration is looked for
	rounds    = 2               // through all resolvers
	maxCNAME  = 8               // links of a chain
	udpSize   = 1232            // DNS flag day 2020: never fragmented
)

// dnsClient asks the configured resolvers, which do the recursion.
type dnsClient struct {
	fixed  []netip.AddrPort
	limits *limits
	conf   string        // path of the system's configuration
	other  *net.Resolver // where there is none
	good   atomic.Uint32 // index of the resolver that answered last: it is asked first

	mu     sync.Mutex
	system []netip.AddrPort
	mod    time.Time
	looked time.Time
}

func newDNS(fixed []netip.AddrPort, l *limits) *dnsClient {
	return &dnsClient{fixed: fixed, limits: l, conf: "/etc/resolv.conf", other: &net.Resolver{PreferGo: true}}
}

// ask follows the aliases of a name to its addresses.
func (d *dnsClient) ask(ctx context.Context, name string, v6 bool) records {
	servers := d.servers()
	if len(servers) == 0 {
		return d.askGo(ctx, name, v6)
	}
	qtype := dns.TypeA
	if v6 {
		qtype = dns.TypeAAAA
	}
	chain := chain{at: dns.Fqdn(name), ttl: maxTTL}
	for chain.links <= maxCNAME {
		before := chain.at
		msg, err := d.exchange(ctx, servers, chain.at, qtype)
		if err != nil {
			return records{err: err}
		}
		addrs, err := chain.read(msg, qtype)
		switch {
		case err != nil:
			return records{err: err}
		case msg.Rcode == dns.RcodeNameError, len(addrs) == 0 && chain.at == before:
			return records{err: errNone, ttl: min(chain.ttl, negativeTTL(msg))}
		case len(addrs) > 0:
			return records{addrs: addrs, ttl: chain.ttl}
		}
		// The resolver left the rest of the chain to us.
	}
	return records{err: fmt.Errorf("%w: more than %d aliases", errAnswer, maxCNAME)}
}

// chain is how far the aliases of a name were followed.
type chain struct {
	at    string
	links int
	ttl   time.Duration
}

// read follows msg's aliases and returns the addresses at their end. Records of any other name are ignored.
func (c *chain) read(msg *dns.Msg, qtype uint16) ([]netip.Addr, error) {
	for {
		var addrs []netip.Addr
		var alias *dns.CNAME
		for _, rr := range msg.Answer {
			h := rr.Header()
			if !strings.EqualFold(h.Name, c.at) || h.Class != dns.ClassINET {
				continue
			}
			if cname, ok := rr.(*dns.CNAME); ok {
				alias = cname
			}
			if addr, ok := address(rr, qtype); ok {
				addrs = append(addrs, addr)
				c.ttl = min(c.ttl, seconds(h.Ttl))
			}
		}
		if len(addrs) > 0 || alias == nil {
			return addrs, nil
		}
		if c.links++; c.links > maxCNAME {
			return nil, fmt.Errorf("%w: more than %d aliases", errAnswer, maxCNAME)
		}
		c.at, c.ttl = alias.Target, min(c.ttl, seconds(alias.Hdr.Ttl))
	}
}

// address takes an A or AAAA record as it is: an IPv4-mapped address in an AAAA record stays one.
func address(rr dns.RR, qtype uint16) (netip.Addr, bool) {
	switch rr := rr.(type) {
	case *dns.A:
		if v4 := rr.A.To4(); v4 != nil && qtype == dns.TypeA {
			return netip.AddrFrom4([4]byte(v4)), true
		}
	case *dns.AAAA:
		if v6 := rr.AAAA.To16(); v6 != nil && qtype == dns.TypeAAAA {
			return netip.AddrFrom16([16]byte(v6)), true
		}
	}
	return netip.Addr{}, false
}

// negativeTTL is for how long the lack of a record may be believed (RFC 2308, 5).
func negativeTTL(msg *dns.Msg) time.Duration {
	for _, rr := range msg.Ns {
		if soa, ok := rr.(*dns.SOA); ok {
			return seconds(min(soa.Hdr.Ttl, soa.Minttl))
		}
	}
	return 0
}

// seconds reads a TTL; one with the highest bit set is 0 (RFC 2181, 8).
func seconds(ttl uint32) time.Duration {
	if ttl > 1<<31-1 {
		return 0
	}
	return time.Duration(ttl) * time.Second
}

// exchange asks one resolver after the other until one gives an answer.
func (d *dnsClient) exchange(ctx context.Context, servers []netip.AddrPort, name string, qtype uint16) (*dns.Msg, error) {
	question := new(dns.Msg).SetQuestion(name, qtype).SetEdns0(udpSize, false)
	last := error(nil)
	first := int(d.good.Load())
	for i := range rounds * len(servers) {
		at := (first + i) % len(servers)
		question.Id = dns.Id()
		msg, err := d.one(ctx, "udp", servers[at], question)
		if err == nil && msg.Truncated {
			msg, err = d.one(ctx, "tcp", servers[at], question)
		}
		if err == nil {
			d.good.Store(uint32(at))
			return msg, nil
		}
		if last = err; ctx.Err() != nil {
			break
		}
	}
	return nil, last
}

// one asks one resolver once.
func (d *dnsClient) one(ctx context.Context, network string, server netip.AddrPort, q *dns.Msg) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, d.limits.attempt)
	defer cancel()
	client := dns.Client{Net: network, Timeout: d.limits.attempt}
	conn, err := client.DialContext(ctx, server.String())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errAnswer, err)
	}
	defer func() { _ = conn.Close() }()
	// The library heeds ctx's deadline but not its end.
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	msg, _, err := client.ExchangeWithConnContext(ctx, q, conn)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errAnswer, err)
	case !msg.Response || len(msg.Question) != 1 || msg.Question[0].Qtype != q.Question[0].Qtype ||
		!strings.EqualFold(msg.Question[0].Name, q.Question[0].Name):
		return nil, fmt.Errorf("%w: to another question", errAnswer)
	case msg.Rcode != dns.RcodeSuccess && msg.Rcode != dns.RcodeNameError:
		return nil, fmt.Errorf("%w: %s", errAnswer, dns.RcodeToString[msg.Rcode])
	}
	return msg, nil
}

// servers are the resolvers to ask; none: Go's. The system's may change while we run, as a laptop changes networks.
func (d *dnsClient) servers() []netip.AddrPort {
	if len(d.fixed) > 0 {
		return d.fixed
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Since(d.looked) < confEvery {
		return d.system
	}
	d.looked = time.Now()
	info, err := os.Stat(d.conf)
	if err != nil {
		d.system = nil
		return nil
	}
	if info.ModTime().Equal(d.mod) {
		return d.system
	}
	d.mod = info.ModTime()
	if conf, err := dns.ClientConfigFromFile(d.conf); err == nil {
		d.system = nameservers(conf.Servers)
	}
	return d.system
}

func nameservers(list []string) []netip.AddrPort {
	var servers []netip.AddrPort
	for _, s := range list {
		if addr, err := netip.ParseAddr(s); err == nil {
			servers = append(servers, netip.AddrPortFrom(addr, 53))
		}
	}
	return servers
}

// askGo asks Go's own resolver, which knows where other systems keep their configuration. It tells no TTL.
func (d *dnsClient) askGo(ctx context.Context, name string, v6 bool) records {
	network := "ip4"
	if v6 {
		network = "ip6"
	}
	addrs, err := d.other.LookupNetIP(ctx, network, dns.Fqdn(name))
	var failed *net.DNSError
	switch {
	case errors.As(err, &failed) && failed.IsNotFound:
		return records{err: errNone}
	case err != nil:
		return records{err: fmt.Errorf("%w: %w", errAnswer, err)}
	}
	if !v6 { // an IPv4 address may come back in IPv6 clothes
		for i := range addrs {
			addrs[i] = addrs[i].Unmap()
		}
	}
	return records{addrs: addrs, ttl: maxNegative}
}
