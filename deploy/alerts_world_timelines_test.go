package deploy_test

import (
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mnm-social/mnm/demo"
	"github.com/mnm-social/mnm/exporter"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/timeline"
)

// timelines are one with more toots than may be read, which falls silent, beside a local one, which may, and one whose server fails.
func timelines() *play {
	writes := func(rate int) demo.Spec { return demo.Spec{Live: demo.Live{Rate: rate}} }
	loud := writes(400)
	loud.Name = "other-loud.social"
	return &play{
		name: "timelines", start: noon, last: 6*hour + 30*minute, step: every(2 * minute),
		specs: []demo.Spec{
			script(loud, 3*hour, writes(0), 6*hour, writes(10)),
			script(demo.Spec{Name: "other-sick.social"}, hour, demo.Spec{Behaviour: demo.BadGateway}, 2*hour+30*minute, demo.Spec{}),
		},
		change: func(t *testing.T, _ *stage, c *exporter.Config) {
			c.Timelines.Servers = []exporter.TimelineServer{
				{Host: named(t, "other-loud.social"), Scope: timeline.Federated}, {Host: named(t, "other-sick.social"), Scope: timeline.Local},
			}
		},
		want: []expectation{
			{`MastodonTimelineGapGrowing{source="other-loud.social/federated"}`, 2 * hour, 2*hour + 40*minute, 3 * hour, 4*hour + 50*minute},
			{`MastodonTimelineStalled{source="other-sick.social/local"}`, hour + 30*minute, hour + 36*minute, 2*hour + 30*minute, 2*hour + 50*minute},
			{`MastodonTimelineStalled{source="other-loud.social/federated"}`, 4*hour + 30*minute, 5*hour + 10*minute, 6 * hour, 6*hour + 15*minute},
		},
	}
}

// releases are the days after one of Mastodon's releases, at midnight, as they were.
func releases(name string, begin time.Time, want ...expectation) *play {
	return &play{
		name: name, start: begin.Add(-2 * hour), last: want[0].end + hour, specs: others(1), want: want,
		step: func(at time.Duration) time.Duration {
			if at >= 3*hour && at < want[0].over-hour {
				return want[0].over - hour - at
			}
			return 4 * minute
		},
	}
}

// quiet is a healthy watch list, and what is nobody's trouble: a failed visit, a missed scrape, a restart, an instance that is taken off
// the list. In an outage of our own nothing is said but that.
func quiet(t *testing.T) *play {
	folder := t.TempDir()
	var failed atomic.Int64
	specs := others(22)
	for i := range 5 {
		specs = append(specs, demo.Spec{
			Name: fmt.Sprintf("mine-%d.social", i), Users: number(1000), Connections: number(8000), Open: flag(true), Live: demo.Live{Rate: 3},
		})
	}
	events := []time.Duration{2 * hour, 4 * hour, 5 * hour, 7 * hour, 9 * hour}
	return &play{
		name: "quiet", start: noon, specs: specs, last: 13 * hour,
		step: func(at time.Duration) time.Duration {
			for _, event := range events {
				if at >= event-8*minute && at < event+30*minute {
					return minute
				}
			}
			return 4 * minute
		},
		change: func(t *testing.T, s *stage, c *exporter.Config) {
			kept(t, folder, c)
			c.Timelines.Servers = []exporter.TimelineServer{{Host: named(t, "mine-0.social"), Scope: timeline.Federated}}
		},
		acts: []act{
			{events[0], func(s *stage, _ *testing.T) {
				at := s.addressOf("mine-1.social")
				once := func(a netip.Addr) bool { return a == at && failed.Add(1) == 1 }
				s.closed.Store(&once)
			}},
			{events[0] + 70*minute, func(s *stage, t *testing.T) {
				if n := s.Store.Value(t, `mnm_exporter_visit_failures_total{reason="connection"}`, s.Now()); n != 1 {
					t.Errorf("%v visits have failed, want one", n)
				}
			}},
			{events[1], (*stage).unplug}, {events[1] + minute, (*stage).plug},
			{events[2], (*stage).unplug}, {events[2] + minute, (*stage).restart}, {events[2] + minute, (*stage).plug},
			{events[3], func(s *stage, _ *testing.T) { s.Cut.Store(true) }}, {events[3] + 40*minute, func(s *stage, _ *testing.T) { s.Cut.Store(false) }},
			{events[4], func(s *stage, t *testing.T) {
				s.config.Watch = append([]domain.Name{}, s.config.Watch[1:]...)
				s.configure(t)
			}},
		},
		want: []expectation{{`MNMExporterOffline`, events[3] + 5*minute, events[3] + 30*minute, events[3] + 39*minute, events[3] + 55*minute}},
	}
}
