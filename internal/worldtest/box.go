// Package worldtest puts an Exporter, a World and a real Prometheus into one box for tests: the World is served on loopback,
// the Exporter visits it by the clock of the test, and Prometheus scrapes the Exporter's page at times of the World.
package worldtest

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/mnm-social/mnm/demo"
	"github.com/mnm-social/mnm/exporter"
	"github.com/mnm-social/mnm/exporter/state"
	"github.com/mnm-social/mnm/exporter/web"
	"github.com/mnm-social/mnm/internal/promtest"
)

// Box is an Exporter on a World, with a clock that stands still until a step, and a Prometheus that scrapes it.
type Box struct {
	*demo.Network
	*exporter.Exporter
	Store  *promtest.Storage
	Server *httptest.Server
	Logger *slog.Logger // nil: the test's own log
	Dir    *state.Dir   // what the Exporter is kept in, if anywhere
	Cut    atomic.Bool  // our own network is down

	clock  atomic.Int64
	shared *Box // whose clock the World goes by; nil: this one's
}

// New is a box whose clock stands at the time given. The Exporter follows no timelines but those that a change names: whom
// chance picks may be in trouble.
func New(t testing.TB, w *demo.World, at time.Time, change ...func(*Box, *exporter.Config)) *Box {
	t.Helper()
	b := &Box{}
	b.Set(at)
	network, err := demo.Serve(w, b.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = network.Close() })
	b.Network = network
	b.Start(t, change...)
	return b
}

// Start starts an Exporter in a box: on its network, or on the one that a change names.
func (b *Box) Start(t testing.TB, change ...func(*Box, *exporter.Config)) {
	t.Helper()
	b.Store = promtest.New(t)
	c := exporter.DefaultConfig()
	c.Now, c.Workers = b.Now, 32
	c.Timelines.Auto = 0
	if b.Network != nil {
		c.Net = b.Net()
	}
	for _, f := range change {
		f(b, &c)
	}
	dial := c.Net.Dial
	c.Net.Dial = func(ctx context.Context, addr netip.AddrPort) (net.Conn, error) {
		if b.Cut.Load() {
			return nil, syscall.ENETUNREACH
		}
		return dial(ctx, addr)
	}
	if b.Logger == nil {
		b.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	e, err := exporter.New(c, b.Logger)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	b.Exporter, b.Dir = e, c.State
	b.Server = httptest.NewServer(web.Handler(web.Pages{Metrics: b.Metrics(), Status: b.Status, Contact: b.Contact, Instance: b.Instance}))
	t.Cleanup(b.Server.Close)
}

// Stop ends the Exporter as the program does: what is known is saved.
func (b *Box) Stop(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := b.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if b.Dir != nil {
		if err := b.Dir.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Restart starts another Exporter on the same network, at the same time, with a Prometheus of its own.
func (b *Box) Restart(t testing.TB, change ...func(*Box, *exporter.Config)) *Box {
	t.Helper()
	again := &Box{Network: b.Network}
	again.clock.Store(b.clock.Load())
	again.shared = cmp.Or(b.shared, b) // the World's clock is the first box's
	again.Start(t, change...)
	return again
}

// Now is the box's time.
func (b *Box) Now() time.Time { return time.Unix(0, b.clock.Load()).UTC() }

// Set sets the clock.
func (b *Box) Set(at time.Time) {
	b.clock.Store(at.UnixNano())
	if b.shared != nil {
		b.shared.clock.Store(at.UnixNano())
	}
}

// Advance sets the clock and lets the Exporter do all that is due.
func (b *Box) Advance(at time.Time) {
	b.Set(at)
	b.Exporter.Step(context.Background())
}

// Step sets the clock, lets the Exporter do all that is due, and scrapes it.
func (b *Box) Step(t testing.TB, at time.Time) {
	t.Helper()
	b.Advance(at)
	b.Scrape(t)
}

// Scrape lets Prometheus scrape the Exporter's page, whole, at the box's time.
func (b *Box) Scrape(t testing.TB) {
	t.Helper()
	status, body := b.Get(t, "/metrics")
	if status != http.StatusOK {
		t.Fatalf("/metrics answers %d: %s", status, body)
	}
	b.Store.Scrape(t, b.Now(), body, "text/plain; version=0.0.4; charset=utf-8")
}

// Get asks the Exporter for a page.
func (b *Box) Get(t testing.TB, path string) (status int, body []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, b.Server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := b.Server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if body, err = io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body
}
