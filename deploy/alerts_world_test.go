package deploy_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/mnm-social/mnm/demo"
	"github.com/mnm-social/mnm/exporter"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/internal/promtest"
	"github.com/mnm-social/mnm/internal/worldtest"
)

// Alerts are proved on the World: what happens there goes through the exporter, its page and Prometheus into the rules, and
// nothing fires but what is expected.

// expectation is an alert that fires for a while. Times are since the World's beginning.
type expectation struct {
	alert string        // with the labels that tell it from others, as firing writes it
	from  time.Duration // not before: the trouble begins then
	by    time.Duration // it fires at the latest then,
	over  time.Duration // at least until then,
	end   time.Duration // and no more then; 0: it does not end
}

// act is something that happens at a time outside the World, to the exporter or to its network.
type act struct {
	at time.Duration
	do func(s *stage, t *testing.T)
}

// play is a World, what happens beside it, and what must fire.
type play struct {
	name   string
	start  time.Time
	specs  []demo.Spec
	world  func(*demo.World)
	change func(*testing.T, *stage, *exporter.Config)
	acts   []act
	last   time.Duration
	step   func(time.Duration) time.Duration // from a time to the next
	want   []expectation
}

// stage is where a play is given. Acts may change what is asked of it in each step.
type stage struct {
	*worldtest.Box
	world   *demo.World
	config  exporter.Config
	change  func(*worldtest.Box, *exporter.Config)
	closed  atomic.Pointer[func(netip.Addr) bool] // what of the network is; nil: nothing
	advance func(t *testing.T, at time.Time)      // the Exporter does what is due
	scrape  func(t *testing.T)                    // Prometheus scrapes
}

// firing writes an alert without the labels that its rule or its target gives it.
func firing(l labels.Labels) string {
	return l.Get(model.AlertNameLabel) + promtest.Key(labels.NewBuilder(l).Del(model.AlertNameLabel, "severity", "component").Labels())
}

// open makes the stage.
func (p *play) open(t *testing.T) *stage {
	t.Helper()
	s := &stage{}
	s.change = func(b *worldtest.Box, c *exporter.Config) {
		b.Logger = slog.New(slog.DiscardHandler)
		c.Workers = 8
		for _, spec := range p.specs {
			if !strings.HasPrefix(spec.Name, "other-") {
				c.Watch = append(c.Watch, named(t, spec.Name))
			}
		}
		dial := c.Net.Dial
		c.Net.Dial = func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			if closed := s.closed.Load(); closed != nil && (*closed)(to.Addr()) {
				return nil, syscall.EHOSTUNREACH
			}
			return dial(ctx, to)
		}
		if p.change != nil {
			p.change(t, s, c)
		}
		s.config = *c
	}
	w := demo.WorldOf(p.specs, p.start)
	s.world = w
	if p.world != nil {
		p.world(w)
	}
	s.Box = worldtest.New(t, w, p.start, s.change)
	s.advance = func(_ *testing.T, at time.Time) { s.Advance(at) }
	s.scrape = func(t *testing.T) { s.Scrape(t) }
	return s
}

// give lets a play happen, and returns what fired at each time.
func (p *play) give(t *testing.T) (times []time.Duration, fired []map[string]bool) {
	t.Helper()
	s := p.open(t)
	rules := s.Store.LoadRules(t, matches(t, "../provisioning/prometheus/rules/*.yml")...)
	acts := p.acts
	for at := time.Duration(0); at <= p.last; at += p.step(at) {
		for ; len(acts) > 0 && acts[0].at <= at; acts = acts[1:] {
			acts[0].do(s, t)
		}
		s.advance(t, p.start.Add(at))
		s.scrape(t)
		rules.Eval(t, s.Now())
		now := map[string]bool{}
		for _, a := range rules.Firing() {
			now[firing(a.Labels)] = true
		}
		times, fired = append(times, at), append(fired, now)
	}
	return times, fired
}

// hold holds what fired against what was expected.
func (p *play) hold(t *testing.T) {
	times, fired := p.give(t)
	may := make([]map[string]bool, len(times)) // fire
	for i := range times {
		may[i] = map[string]bool{}
	}
	for _, w := range p.want {
		looked := false
		for i, at := range times {
			is := fired[i][w.alert]
			if at >= w.by && at <= w.over {
				looked = true
				if !is {
					t.Errorf("%s does not fire at %s, in trouble since %s", w.alert, at, w.from)
					break
				}
			}
			if at >= w.from && (w.end == 0 || at < w.end) {
				may[i][w.alert] = true
			}
		}
		if !looked {
			t.Errorf("nobody looks whether %s fires", w.alert)
		}
	}
	said := map[string]bool{}
	for i, at := range times {
		for _, alert := range slices.Sorted(maps.Keys(fired[i])) {
			if !may[i][alert] && !said[alert] {
				said[alert] = true
				t.Errorf("%s fires at %s", alert, at)
			}
		}
	}
}

// every is a play whose steps are all alike.
func every(step time.Duration) func(time.Duration) time.Duration {
	return func(time.Duration) time.Duration { return step }
}

func named(t *testing.T, s string) domain.Name {
	t.Helper()
	n, err := domain.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func flag(b bool) *bool { return &b }

// others are healthy servers that nobody watches.
func others(n int) (specs []demo.Spec) {
	for i := range n {
		specs = append(specs, demo.Spec{Name: fmt.Sprintf("other-%d.social", i), Users: number(10)})
	}
	return specs
}

// script is what becomes of a server: each of the later states begins at its time.
func script(first demo.Spec, later ...any) demo.Spec {
	specs := []demo.Spec{first}
	for i := 0; i < len(later); i += 2 {
		specs[len(specs)-1].Turns = later[i].(time.Duration)
		specs = append(specs, later[i+1].(demo.Spec))
	}
	for i := len(specs) - 1; i > 0; i-- {
		specs[i-1].Then = &specs[i]
	}
	return specs[0]
}
