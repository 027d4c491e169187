package exporter_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/mnm-social/mnm/demo"
	"github.com/mnm-social/mnm/exporter"
	"github.com/mnm-social/mnm/exporter/outbound"
	"github.com/mnm-social/mnm/exporter/state"
	"github.com/mnm-social/mnm/exporter/web"
	"github.com/mnm-social/mnm/internal/promtest"
)

// start is when the Worlds of these tests begin.
var start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// box is an Exporter on a World, with a clock that stands still until a step, and a real Prometheus that scrapes it.
type box struct {
	*demo.Network
	*exporter.Exporter
	clock  atomic.Int64
	shared *box // whose clock the World goes by; nil: this one's
	state  *state.Dir
	cut    atomic.Bool  // our own network is down
	logger *slog.Logger // nil: the test's own log
	server *httptest.Server
	store  *promtest.Storage
}

func newBox(t *testing.T, w *demo.World, change ...func(*box, *exporter.Config)) *box {
	t.Helper()
	b := &box{}
	b.clock.Store(start.UnixNano())
	network, err := demo.Serve(w, b.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = network.Close() })
	b.Network = network
	b.start(t, change...)
	return b
}

// start starts an Exporter on the box's network.
func (b *box) start(t *testing.T, change ...func(*box, *exporter.Config)) {
	t.Helper()
	b.store = promtest.New(t)
	c := exporter.DefaultConfig()
	c.Now, c.Workers = b.now, 32
	c.Timelines.Auto = 0 // whom chance picks may be in trouble, and tests of visits count every sign of one
	if b.Network != nil {
		c.Net = b.Net()
	}
	for _, f := range change {
		f(b, &c)
	}
	dial := c.Net.Dial
	c.Net.Dial = func(ctx context.Context, addr netip.AddrPort) (net.Conn, error) {
		if b.cut.Load() {
			return nil, syscall.ENETUNREACH
		}
		return dial(ctx, addr)
	}
	if b.logger == nil {
		b.logger = slog.New(slog.NewTextHandler(logs{t}, nil))
	}
	e, err := exporter.New(c, b.logger)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	b.Exporter, b.state = e, c.State
	b.server = httptest.NewServer(web.Handler(web.Pages{Metrics: b.Metrics(), Status: b.Status, Contact: b.Contact, Instance: b.Instance}))
	t.Cleanup(b.server.Close)
}

// stop ends the Exporter as the program does: what is known is saved.
func (b *box) stop(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := b.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if b.state != nil {
		if err := b.state.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// restart starts another Exporter on the same network, at the same time.
func (b *box) restart(t *testing.T, change ...func(*box, *exporter.Config)) *box {
	t.Helper()
	again := &box{Network: b.Network}
	again.clock.Store(b.clock.Load())
	again.shared = cmp.Or(b.shared, b) // the World's clock is the first box's
	again.start(t, change...)
	return again
}

// newDemoBox is a box that is marked as the demo, with the Truth beside its totals.
func newDemoBox(t *testing.T, w *demo.World) *box {
	t.Helper()
	return newBox(t, w, func(b *box, c *exporter.Config) {
		c.Demo, c.Truth = true, func(at time.Time) map[string]float64 { return b.Truth(at).Series() }
	})
}

// await waits until something holds that other goroutines bring about.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	for tick := time.NewTicker(10 * time.Millisecond); !holds(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// logs are shown with the test that fails.
type logs struct{ t *testing.T }

func (l logs) Write(b []byte) (int, error) { l.t.Logf("%s", b); return len(b), nil }

func (b *box) now() time.Time { return time.Unix(0, b.clock.Load()).UTC() }

// step sets the clock, lets the Exporter do all that is due, and scrapes it.
func (b *box) step(t *testing.T, at time.Time) {
	t.Helper()
	b.advance(at)
	b.scrape(t)
}

// advance sets the clock and lets the Exporter do all that is due.
func (b *box) advance(at time.Time) {
	b.clock.Store(at.UnixNano())
	if b.shared != nil {
		b.shared.clock.Store(at.UnixNano())
	}
	b.Step(context.Background())
}

func (b *box) scrape(t *testing.T) {
	t.Helper()
	status, body := b.get(t, "/metrics")
	if status != http.StatusOK {
		t.Fatalf("/metrics answers %d: %s", status, body)
	}
	b.store.Scrape(t, b.now(), body, "text/plain; version=0.0.4; charset=utf-8")
}

func (b *box) get(t *testing.T, path string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, b.server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := b.server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body
}

// exhaustGitHub asks GitHub until it has had enough of this address.
func (b *box) exhaustGitHub(t *testing.T) {
	t.Helper()
	c := outbound.New(outbound.Options{Net: b.Net(), Now: b.now})
	defer c.Close()
	for range 100 {
		resp, err := c.Get(context.Background(), outbound.Request{
			Purpose: outbound.PurposeReleases, URL: "https://api.github.com/repos/mastodon/mastodon/releases",
		})
		if err != nil {
			t.Fatal(err)
		}
		if resp.Status == http.StatusForbidden {
			return
		}
	}
	t.Fatal("GitHub never had enough")
}

// unreachable is a resolver that is not there.
func unreachable(t *testing.T) []netip.AddrPort {
	t.Helper()
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	return []netip.AddrPort{c.LocalAddr().(*net.UDPAddr).AddrPort()}
}

// compare asks Prometheus for every family that the Truth knows: the series must be the same, no more and no fewer.
func (b *box) compare(t *testing.T, truth map[string]float64, at time.Time) {
	t.Helper()
	families := map[string]bool{}
	for series := range truth {
		name, _, _ := strings.Cut(series, "{")
		families[name] = true
	}
	names := slices.Sorted(maps.Keys(families))
	got := b.store.Series(t, fmt.Sprintf(`{__name__=~"%s"}`, strings.Join(names, "|")), at)
	var wrong []string
	for series, want := range truth {
		if is, ok := got[series]; !ok || math.Abs(is-want) > 1e-9*math.Abs(want) { // sums of seconds depend on their order
			wrong = append(wrong, fmt.Sprintf("%s is %v (there: %t), want %v", series, is, ok, want))
		}
	}
	for series, is := range got {
		if _, ok := truth[series]; !ok && is != 0 { // that nothing is in a closed set may be said by 0
			wrong = append(wrong, fmt.Sprintf("%s is %v, want none", series, is))
		}
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		t.Fatalf("%s after the start, %d series differ:\n%s", at.Sub(start), len(wrong), strings.Join(wrong[:min(len(wrong), 30)], "\n"))
	}
}

// manners holds that no host was ever asked more than four times in any 60 minutes, as the hosts counted it. Where a user's
// token leads to a stream, one question more tells where that is.
func (b *box) manners(t *testing.T, w *demo.World, streamed ...string) {
	t.Helper()
	asked := 0
	for i := range w.Len() {
		name, most := w.Name(i).String(), 4
		if slices.Contains(streamed, name) {
			most++
		}
		times := b.Times(name)
		asked += len(times)
		for j := most; j < len(times); j++ {
			if times[j].Sub(times[j-most]) < time.Hour {
				t.Errorf("%s was asked %d times from %s to %s", name, most+1, times[j-most], times[j])
			}
		}
	}
	if asked == 0 {
		t.Error("the hosts counted no request")
	}
	if most := b.Requests().MostInHour; most > 4 && len(streamed) == 0 || most > 5 { // of all there were; above are the latest
		t.Errorf("a host was asked %d times in an hour", most)
	}
}
