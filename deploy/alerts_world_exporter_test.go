package deploy_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/mnm-social/mnm/demo"
	"github.com/mnm-social/mnm/exporter"
	"github.com/mnm-social/mnm/exporter/state"
	"github.com/mnm-social/mnm/exporter/timeline"
	"github.com/mnm-social/mnm/internal/worldtest"
)

// noon is when most Worlds begin.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// exporters are a day in which everything around an exporter fails once.
func exporters() *play {
	well := []demo.Spec{{Name: "well.social"}, {Name: "fine.social"}}
	return &play{
		name: "exporter", start: noon, specs: append(well, others(22)...), last: 26 * hour, step: every(5 * minute),
		acts: []act{
			{1 * hour, (*stage).unplug}, {1*hour + 20*minute, (*stage).plug},
			{3 * hour, (*stage).replace}, {3*hour + 20*minute, (*stage).plug},
			{5 * hour, func(s *stage, _ *testing.T) { s.Cut.Store(true) }}, {5*hour + 40*minute, func(s *stage, _ *testing.T) { s.Cut.Store(false) }},
			{7 * hour, (*stage).misconfigure}, {8 * hour, (*stage).configure},
			{10 * hour, func(s *stage, t *testing.T) { s.ExhaustGitHub(t) }},
			{12 * hour, func(s *stage, _ *testing.T) { s.block("140.82.112.6") }}, {16 * hour, (*stage).unblock},
			{17 * hour, func(s *stage, _ *testing.T) { s.block("5.161.48.10") }}, {25 * hour, (*stage).unblock},
		},
		want: []expectation{
			{`MNMExporterDown`, 1*hour + 5*minute, 1*hour + 5*minute, 1*hour + 15*minute, 1*hour + 20*minute},
			{`MNMExporterAbsent`, 1*hour + 10*minute, 1*hour + 10*minute, 1*hour + 15*minute, 1*hour + 20*minute},
			{`MNMExporterAbsent`, 3*hour + 10*minute, 3*hour + 10*minute, 3*hour + 15*minute, 3*hour + 20*minute},
			{`MNMExporterOffline`, 5 * hour, 5*hour + 20*minute, 5*hour + 35*minute, 5*hour + 55*minute},
			{`MNMConfigReloadFailed`, 7 * hour, 7*hour + 5*minute, 7*hour + 55*minute, 8*hour + 10*minute},
			{`MNMGitHubLimitNear`, 10 * hour, 10*hour + 15*minute, 10*hour + 20*minute, 11*hour + 10*minute},
			{`MNMReleasesNotRead`, 13 * hour, 13*hour + 30*minute, 16 * hour, 17*hour + 15*minute},
			{`MastodonDirectorySilent{directory="joinmastodon"}`, 22 * hour, 23*hour + 20*minute, 24*hour + 55*minute, 25*hour + 15*minute},
		},
	}
}

// unplug lets scrapes fail.
func (s *stage) unplug(*testing.T) {
	s.scrape = func(t *testing.T) { s.Store.ScrapeFailed(t, s.Now()) }
}

// plug lets the exporter's own page be scraped.
func (s *stage) plug(*testing.T) { s.scrape = func(t *testing.T) { s.Scrape(t) } }

// replace puts another program in the exporter's place.
func (s *stage) replace(*testing.T) {
	s.scrape = func(t *testing.T) {
		w := httptest.NewRecorder()
		promhttp.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
		s.Store.Scrape(t, s.Now(), w.Body.Bytes(), w.Header().Get("Content-Type"))
	}
}

// addressOf is the address of a server of the World.
func (s *stage) addressOf(name string) netip.Addr {
	return s.world.State(s.world.Find(name), s.Now()).V4
}

// block makes an address unreachable.
func (s *stage) block(address string) {
	blocked := func(a netip.Addr) bool { return a == netip.MustParseAddr(address) }
	s.closed.Store(&blocked)
}

func (s *stage) unblock(*testing.T) { s.closed.Store(nil) }

// misconfigure loads a configuration that is not good.
func (s *stage) misconfigure(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mnm.yml")
	if err := os.WriteFile(file, []byte("watch: nobody\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Reload(func() (exporter.Config, error) { return exporter.LoadFile(file) }); err == nil {
		t.Fatal("a bad configuration was taken")
	}
}

// configure loads the configuration again.
func (s *stage) configure(t *testing.T) {
	if err := s.Reload(func() (exporter.Config, error) { return s.config, nil }); err != nil {
		t.Fatal(err)
	}
}

// restart ends the exporter and starts it again, on the same network and for the same Prometheus.
func (s *stage) restart(t *testing.T) {
	store := s.Store
	s.Stop(t)
	s.Box = s.Restart(t, s.change)
	s.Store = store
}

// kept gives an exporter a state directory below a folder.
func kept(t *testing.T, folder string, c *exporter.Config) {
	t.Helper()
	dir, err := state.Open(filepath.Join(folder, "state"))
	if err != nil {
		t.Fatal(err)
	}
	c.State = dir
}

// states are an exporter whose state directory is lost while it runs.
func states(t *testing.T) *play {
	folder := t.TempDir()
	return &play{
		name: "state", start: noon, specs: []demo.Spec{{Name: "well.social"}}, last: 3 * hour, step: every(minute),
		change: func(t *testing.T, _ *stage, c *exporter.Config) { kept(t, folder, c) },
		acts: []act{
			{hour, func(_ *stage, t *testing.T) {
				if err := os.RemoveAll(filepath.Join(folder, "state")); err != nil {
					t.Fatal(err)
				}
			}},
			{2 * hour, (*stage).restart},
		},
		want: []expectation{{`MNMStateNotSaved`, hour, hour + 22*minute, 2*hour - minute, 2*hour + 16*minute}},
	}
}

// silent is a day in which neither the directory nor GitHub ever answers, and nobody writes a toot.
func silent() *play {
	return &play{
		name: "silent", start: noon, specs: append(others(3), demo.Spec{Name: "mine.social"}), last: 5 * hour, step: every(5 * minute),
		world: func(w *demo.World) { w.Directory, w.GitHub = demo.BadGateway, demo.BadGateway },
		change: func(t *testing.T, _ *stage, c *exporter.Config) {
			c.Timelines.Servers = []exporter.TimelineServer{
				{Host: named(t, "mine.social"), Scope: timeline.Federated}, {Host: named(t, "mine.social"), Scope: timeline.Local},
			}
		},
		want: []expectation{
			{`MastodonDirectorySilent{directory="joinmastodon"}`, 3 * hour, 3*hour + 25*minute, 5 * hour, 0},
			{`MNMReleasesNotRead`, hour, hour + 25*minute, 5 * hour, 0},
			{`MastodonTimelineStalled{source="mine.social/federated"}`, hour + 30*minute, hour + 35*minute, 5 * hour, 0},
		},
	}
}

// waiting is how many servers wait behind the one that keeps the worker.
const waiting = 30

// lateVisits are those of an exporter with one worker, which servers that do not answer keep. From the third hour on it runs as the
// program does, on the World's clock; only the servers' silence takes its time on the wall.
func lateVisits() *play {
	specs := []demo.Spec{{Name: "a.social"}}
	for i := range waiting { // a server that hangs keeps the worker for five seconds: enough of them for a slow machine
		specs = append(specs, demo.Spec{Name: fmt.Sprintf("other-%d.social", i)})
	}
	for i, s := range specs {
		specs[i] = script(s, 2*hour, demo.Spec{Behaviour: demo.Hang}, 3*hour+40*minute, demo.Spec{})
	}
	return &play{
		name: "late", start: noon, last: 4*hour + 12*minute,
		step: func(at time.Duration) time.Duration {
			if at == 2*hour {
				return hour // everybody has been visited twice, and is due
			}
			return 4 * minute
		},
		specs: specs,
		change: func(_ *testing.T, _ *stage, c *exporter.Config) {
			c.Workers, c.Publish = 1, time.Millisecond
		},
		acts: []act{{3 * hour, (*stage).run}, {3*hour + 52*minute, (*stage).awaitVisits}},
		want: []expectation{{`MNMVisitsLate`, 3*hour + 30*minute, 3*hour + 36*minute, 3*hour + 48*minute, 4*hour + 4*minute}},
	}
}

// run lets the exporter run by itself, once a server that is due keeps its only worker.
func (s *stage) run(t *testing.T) {
	asked := len(s.Times("a.social"))
	s.Set(noon.Add(3 * hour))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	worldtest.Await(t, "the server that hangs is visited", func() bool { return len(s.Times("a.social")) > asked })
	s.advance = func(t *testing.T, at time.Time) {
		s.Set(at)
		worldtest.Await(t, "what is shown is of that time", func() bool { return !s.View().At.Before(at) })
	}
}

// awaitVisits waits until the others have been visited again.
func (s *stage) awaitVisits(t *testing.T) {
	for i := range waiting {
		worldtest.Await(t, "the visits have been made up for", func() bool {
			times := s.Times(fmt.Sprintf("other-%d.social", i))
			return !times[len(times)-1].Before(noon.Add(3*hour + 40*minute))
		})
	}
}
