package demo

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/miekg/dns"

	"github.com/mnm-social/mnm/exporter/outbound"
)

// Network serves a World on loopback: a DNS server, one TLS listener for all its servers, told apart by SNI, and one plain
// listener for port 80. Everything it serves goes into a journal, from which Truth is told.
type Network struct {
	// Dates is how the World's times are written in what it serves; nil: as they are. Where the World lives faster than the
	// visitor, its dates would lie in the visitor's future. Set it before anybody visits.
	Dates func(time.Time) time.Time

	world   *World
	now     func() time.Time
	journal journal
	github  github
	streams streams

	authorities
	resolver   netip.AddrPort
	dns        []*dns.Server
	secure     *http.Server
	plain      *http.Server
	secureAddr string
	plainAddr  string
	done       chan struct{} // closed when the Network is
	wait       sync.WaitGroup
	closeOnce  sync.Once
}

// Serve serves a World. now is the World's time; it may stand still, be stepped, or run faster than the clock on the wall,
// but not backwards. Close it when done.
func Serve(w *World, now func() time.Time) (*Network, error) {
	n := &Network{world: w, now: now, journal: journal{instances: newHistories(w)}, done: make(chan struct{})}
	var err error
	if n.authorities, err = newAuthorities(); err != nil {
		return nil, err
	}
	if err := n.serveDNS(); err != nil {
		return nil, err
	}
	if err := n.serveHTTP(); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// date is a time of the World as documents have it.
func (n *Network) date(t time.Time) time.Time {
	if n.Dates == nil {
		return t
	}
	return n.Dates(t)
}

func (n *Network) serveHTTP() error {
	for _, s := range []struct {
		server **http.Server
		addr   *string
		tls    *tls.Config
	}{
		{&n.secure, &n.secureAddr, &tls.Config{GetConfigForClient: n.handshake}},
		{&n.plain, &n.plainAddr, nil},
	} {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("listening: %w", err)
		}
		*s.addr = l.Addr().String()
		server := &http.Server{
			Handler: n, ReadHeaderTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
			ErrorLog: log.New(io.Discard, "", 0), // a visitor that refuses a bad certificate is no news
		}
		*s.server = server
		if s.tls != nil {
			l = tls.NewListener(l, s.tls)
		}
		n.wait.Go(func() { _ = server.Serve(l) })
	}
	return nil
}

// Net is the plug of the Network: what an outbound.Client needs to be in the World. Its Dial takes the World's addresses, at
// ports 443 and 80, to the listeners on loopback.
func (n *Network) Net() outbound.Net {
	return outbound.Net{Resolvers: []netip.AddrPort{n.resolver}, Dial: n.dial, Roots: n.trusted.roots}
}

// Close ends everything that the Network began. Its Truth and Requests can still be asked.
func (n *Network) Close() error {
	var err error
	n.closeOnce.Do(func() {
		close(n.done)
		for _, s := range n.dns {
			err = errors.Join(err, s.Shutdown())
		}
		for _, s := range []*http.Server{n.secure, n.plain} {
			if s != nil {
				err = errors.Join(err, s.Close())
			}
		}
		n.wait.Wait()
	})
	return err
}

// dial connects to an address of the World as it is now.
func (n *Network) dial(ctx context.Context, addr netip.AddrPort) (net.Conn, error) {
	to := n.secureAddr
	switch addr.Port() {
	case 443:
	case 80:
		to = n.plainAddr
	default:
		return nil, refusal(addr)
	}
	if s, ok := serviceAt(addr.Addr()); ok {
		if b, _ := n.world.service(s.name); b == Refusing {
			return nil, refusal(addr)
		}
	} else {
		i, ok := n.world.byAddr[addr.Addr()]
		if !ok {
			return nil, refusal(addr)
		}
		now := n.now()
		n.journal.dialled()
		st, refused := n.world.State(i, now), false
		switch st.Behaviour {
		case Refusing, NoName:
			if addr.Port() == 443 {
				n.journal.failure(i, now)
			}
			refused = true
		}
		if addr.Port() == 80 && (refused || siteOf(st.Site).way() == closed) {
			n.journal.plain(i, now, closed)
			refused = true
		}
		if refused {
			return nil, refusal(addr)
		}
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", to)
}

func refusal(addr netip.AddrPort) error {
	return &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(addr), Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}

// stall is how long a server that hangs keeps a connection that its visitor has left.
const stall = 30 * time.Second

// handshake picks the certificate by the name that the visitor asks for.
func (n *Network) handshake(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	name := hello.ServerName
	until := validTo
	b, ok := n.world.service(name)
	if i := n.world.Find(name); i >= 0 {
		now := n.now()
		st := n.world.State(i, now)
		b, ok, until = st.Behaviour, true, st.Expiry
		n.journal.shaken(i, now, until, b.certificate())
	} else if i := n.world.streamer(name, n.now()); i >= 0 {
		b, ok = n.world.State(i, n.now()).Behaviour, true
	}
	switch {
	case !ok:
		return nil, fmt.Errorf("no server %q in this world", name)
	case b == HangHandshake:
		n.hang(hello.Context(), stall)
		return nil, errors.New("hanging")
	case b == CertName:
		name = "parked-domains.net"
	case b == CertExpired:
		until = expiredAt
	}
	leaf, err := n.of(b).leaf(name, until)
	if err != nil {
		return nil, err
	}
	c := &tls.Config{Certificates: []tls.Certificate{*leaf}, NextProtos: []string{"http/1.1"}}
	if b == OldTLS {
		c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	}
	return c, nil
}

// hang waits until the visitor leaves, the Network closes or the time is up, in time on the wall.
func (n *Network) hang(ctx context.Context, most time.Duration) {
	t := time.NewTimer(most)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-n.done:
	case <-t.C:
	}
}
