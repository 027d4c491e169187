package outbound

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	wireCap   = 8 << 20  // bytes read from the socket for one answer, TLS included
	headerCap = 64 << 10 // bytes
)

// watch measures a request's time without its look-ups and waits for a place, which are not the server's fault.
type watch struct {
	limit, looked, waited time.Duration
	begin                 time.Time
}

func startWatch(limit time.Duration) watch { return watch{limit: limit, begin: time.Now()} }

func (w *watch) spent() time.Duration { return time.Since(w.begin) - w.looked - w.waited }

func (w *watch) left() time.Duration { return w.limit - w.spent() }

// within bounds a step by its own limit and by what is left of the request.
func (w *watch) within(ctx context.Context, step time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, min(step, w.left()))
}

// conn is one connection, with its place at the address if it has one.
type conn struct {
	http   *http.ClientConn
	wire   *wire
	addr   netip.Addr
	scheme string
	host   string
}

func (c *conn) serves(t target) bool {
	return c.scheme == t.url.Scheme && c.host == t.url.Host && c.http.Available() > 0
}

func (c *conn) close() {
	_ = c.http.Close()
	_ = c.wire.Close()
}

// cause is why an exchange failed, which net/http does not always know.
func (c *conn) cause(ctx context.Context, err error) error {
	switch {
	case c.wire.over():
		return fmt.Errorf("%w: %d on the wire", errTooBig, wireCap)
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return err
}

// connect looks the target up, gets a place at one of its addresses, dials it and shakes hands.
func (c *Client) connect(ctx context.Context, p *places, t target, w *watch) (*conn, error) {
	begin := time.Now()
	addrs, err := c.resolver.lookup(ctx, t.name.String())
	w.looked += time.Since(begin)
	if err != nil {
		return nil, err
	}
	wire, addr, err := c.dial(ctx, p, addrs, t.port(), w)
	if err != nil {
		return nil, err
	}
	var nc net.Conn = wire
	if t.url.Scheme == "https" {
		if nc, err = c.handshake(ctx, wire, t.name.String(), w); err != nil {
			_ = wire.Close()
			return nil, err
		}
	}
	// A Transport for each connection: it can't dial, pool or retry, only speak HTTP/1.1 over what it is handed.
	hand := func(context.Context, string, string) (net.Conn, error) { return nc, nil }
	only := new(http.Protocols)
	only.SetHTTP1(true)
	transport := &http.Transport{
		DialContext: hand, DialTLSContext: hand, Protocols: only,
		ResponseHeaderTimeout: c.limits.heads, MaxResponseHeaderBytes: headerCap,
		ReadBufferSize: 4 << 10, WriteBufferSize: 1 << 10,
	}
	hc, err := transport.NewClientConn(ctx, t.url.Scheme, net.JoinHostPort(t.url.Host, fmt.Sprint(t.port())))
	if err != nil {
		_ = nc.Close()
		return nil, err
	}
	return &conn{http: hc, wire: wire, addr: addr, scheme: t.url.Scheme, host: t.url.Host}, nil
}

// handshake verifies the certificate against the name, always.
func (c *Client) handshake(ctx context.Context, wire net.Conn, name string, w *watch) (net.Conn, error) {
	ctx, cancel := w.within(ctx, c.limits.tls)
	defer cancel()
	tc := tls.Client(wire, &tls.Config{
		ServerName: name, RootCAs: c.net.Roots, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
	})
	if err := tc.HandshakeContext(ctx); err != nil {
		reason := ReasonOf(err)
		if reason == ReasonProtocol { // crypto/tls has no type for what it finds wrong
			reason = ReasonTLS
		}
		return nil, refuse(reason, err)
	}
	return tc, nil
}

// perFamily is how many addresses of a family are dialled.
const perFamily = 2

// dial tries up to two IPv4 and then up to two IPv6 addresses, each at its own place. They share the time for it: each
// gets an equal part of what those before it have left, so that one that swallows everything can't use it up.
func (c *Client) dial(ctx context.Context, p *places, addrs Addrs, port uint16, w *watch) (*wire, netip.Addr, error) {
	tries := slices.Concat(addrs.V4[:min(len(addrs.V4), perFamily)], addrs.V6[:min(len(addrs.V6), perFamily)])
	end := w.spent() + min(c.limits.dial, w.left())
	failed := error(nil)
	for i, addr := range tries {
		part := (end - w.spent()) / time.Duration(len(tries)-i)
		wire, err := c.dialOne(ctx, p, netip.AddrPortFrom(addr, port), part, w)
		if err == nil {
			return wire, addr, nil
		}
		failed = telling(failed, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, netip.Addr{}, failed
}

// telling is which failure to report: the first, unless a later one says that an address was not really tried.
func telling(first, later error) error {
	if reason := ReasonOf(later); first == nil || reason == ReasonCrowded || reason == ReasonCanceled {
		return later
	}
	return first
}

func (c *Client) dialOne(ctx context.Context, p *places, addr netip.AddrPort, limit time.Duration, w *watch) (*wire, error) {
	if err := c.policy.check(addr); err != nil {
		return nil, err
	}
	begin := time.Now()
	waiting, stop := context.WithTimeout(ctx, c.limits.place-w.waited)
	release, err := p.acquire(waiting, addr.Addr())
	stop()
	w.waited += time.Since(begin)
	if err != nil {
		return nil, crowded(err, c.crowded)
	}
	ctx, cancel := w.within(ctx, limit)
	defer cancel()
	nc, err := c.net.Dial(ctx, addr)
	if err != nil {
		release()
		if addr.Addr().Is6() && isNoRoute(err) {
			err = fmt.Errorf("%w: %w", errNoRoute, err)
		}
		return nil, err
	}
	made := &wire{Conn: nc, release: release}
	made.allow(wireCap) // for the handshake
	return made, nil
}

// crowded is for a wait of ours that took too long. Nobody may think a server down for it.
func crowded(err error, wait time.Duration) error {
	if ReasonOf(err) == ReasonTimeout {
		return &Error{Reason: ReasonCrowded, Err: fmt.Errorf("waiting for a place: %w", err), Wait: wait}
	}
	return err
}

// noRoutes are how systems say that there is no IPv6; the numbers are Windows' (WSAEAFNOSUPPORT, WSAEADDRNOTAVAIL,
// WSAENETUNREACH), which package syscall does not map.
var noRoutes = [...]syscall.Errno{
	syscall.ENETUNREACH, syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT, 10047, 10049, 10051,
}

// wire is a connection that counts what it reads and gives its place back when it is closed, by whomever.
type wire struct {
	net.Conn
	release func()
	left    atomic.Int64
}

func (w *wire) allow(bytes int64) { w.left.Store(bytes) }

func (w *wire) over() bool { return w.left.Load() <= 0 }

func (w *wire) Read(p []byte) (int, error) {
	left := w.left.Load()
	if left <= 0 {
		return 0, errTooBig
	}
	if int64(len(p)) > left {
		p = p[:left]
	}
	n, err := w.Conn.Read(p)
	w.left.Add(int64(-n))
	return n, err
}

func (w *wire) Close() error {
	defer w.release()
	return w.Conn.Close()
}
