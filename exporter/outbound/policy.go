package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// errPolicy marks an address or a port that nobody may be asked at.
var errPolicy = errors.New("not a public address")

// metadata are public-looking addresses that only the neighbouring machines of a cloud can reach: Azure's WireServer.
// The other clouds' (169.254.169.254, 100.100.100.200, 192.0.0.192, fd00:ec2::254) are in IANA's special ranges.
var metadata = netip.MustParsePrefix("168.63.129.16/32")

// ownEvery is how long this machine's own addresses are believed.
const ownEvery = time.Minute

// policy says which addresses may be connected to: those of the public internet by IANA's special-purpose registries,
// on ports 443 and 80, without this machine's own. IPv6 that carries an IPv4 address (mapped, compatible, 6to4,
// NAT64, Teredo) is refused as a whole: whatever it leads to has an address of its own.
type policy struct {
	guard      *ssrf.Guardian
	ports      []uint16
	interfaces func() ([]net.Addr, error)

	mu  sync.Mutex
	own map[netip.Addr]bool
	at  time.Time
}

func newPolicy() *policy {
	return &policy{
		guard: ssrf.New(ssrf.WithDeniedV4Prefixes(metadata)), ports: []uint16{443, 80}, interfaces: net.InterfaceAddrs,
	}
}

// checkAddr judges an address alone.
func (p *policy) checkAddr(a netip.Addr) error {
	if err := p.guard.SafeAddr(a); err != nil {
		return fmt.Errorf("%w: %v", errPolicy, a)
	}
	if p.isOwn(a) {
		return fmt.Errorf("%w: %v is this machine's own", errPolicy, a)
	}
	return nil
}

// check judges an address and a port.
func (p *policy) check(a netip.AddrPort) error {
	if !slices.Contains(p.ports, a.Port()) {
		return fmt.Errorf("%w: port %d", errPolicy, a.Port())
	}
	return p.checkAddr(a.Addr())
}

// control is for net.Dialer: it sees the very address that the system is about to connect to.
func (p *policy) control(network, address string, _ syscall.RawConn) error {
	if network != "tcp4" && network != "tcp6" {
		return fmt.Errorf("%w: network %s", errPolicy, network)
	}
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s", errPolicy, address)
	}
	return p.check(a)
}

// dial is the real dialer.
func (p *policy) dial(ctx context.Context, a netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{KeepAlive: -1, Control: p.control}
	return d.DialContext(ctx, "tcp", a.String())
}

// isOwn reports whether a is an address of this machine. They change (DHCP, IPv6 privacy addresses), so they are read
// again once a minute; if that fails, the last ones hold.
func (p *policy) isOwn(a netip.Addr) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); p.own == nil || now.Sub(p.at) > ownEvery {
		p.at = now
		if addrs, err := p.interfaces(); err == nil {
			p.own = make(map[netip.Addr]bool, len(addrs))
			for _, addr := range addrs {
				if prefix, err := netip.ParsePrefix(addr.String()); err == nil {
					p.own[prefix.Addr().WithZone("")] = true
				}
			}
		}
	}
	return p.own[a]
}
