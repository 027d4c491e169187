package exporter_test

import (
	"fmt"
	"maps"
	"math"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mnm-social/mnm/demo"
	"github.com/mnm-social/mnm/exporter"
	"github.com/mnm-social/mnm/internal/worldtest"
)

// start is when the Worlds of these tests begin.
var start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// box is an Exporter on a World, and what tests of the Exporter hold it to.
type box struct{ *worldtest.Box }

func newBox(t *testing.T, w *demo.World, change ...func(*worldtest.Box, *exporter.Config)) *box {
	t.Helper()
	return &box{worldtest.New(t, w, start, change...)}
}

// restart is Restart.
func (b *box) restart(t *testing.T, change ...func(*worldtest.Box, *exporter.Config)) *box {
	t.Helper()
	return &box{b.Restart(t, change...)}
}

// newDemoBox is a box that is marked as the demo, with the Truth beside its totals.
func newDemoBox(t *testing.T, w *demo.World) *box {
	t.Helper()
	return newBox(t, w, func(b *worldtest.Box, c *exporter.Config) {
		c.Demo, c.Truth = true, func(at time.Time) map[string]float64 { return b.Truth(at).Series() }
	})
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
	got := b.Store.Series(t, fmt.Sprintf(`{__name__=~"%s"}`, strings.Join(names, "|")), at)
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
