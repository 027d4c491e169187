//go:build figures

package exporter_test

import (
	"testing"
	"time"

	"github.com/mnm-social/mnm/demo"
	"github.com/mnm-social/mnm/exporter"
	"github.com/mnm-social/mnm/exporter/timeline"
	"github.com/mnm-social/mnm/internal/worldtest"
)

// TestFigureMissed prints which share of the toots of a federated timeline polling misses, since they arrive more than two minutes
// after they were written: a stream beside it shows them all.
func TestFigureMissed(t *testing.T) {
	w := demo.NewWorld(demo.Config{Seed: 1, Start: start})
	until := start.Add(2 * time.Hour)
	count := func(i int, token func() (string, error)) float64 {
		b := newBox(t, w, func(_ *worldtest.Box, c *exporter.Config) {
			c.Timelines.Servers = []exporter.TimelineServer{{Host: w.Name(i), Scope: timeline.Federated, Token: token}}
			c.Directories.JoinMastodon = false
		})
		before := 0.0
		for at := start; !at.After(until); at = at.Add(time.Minute) {
			b.Advance(at)
			b.Settle(t)
			if at.Sub(start) == 20*time.Minute { // by then what was written before the beginning has arrived
				before = b.counted(t)
			}
		}
		return b.counted(t) - before
	}
	t.Log("timeline | by stream | by polling | missed")
	all, some := 0.0, 0.0
	for _, i := range readers(w, demo.AccessOpen, until)[:5] {
		stream, poll := count(i, token), count(i, nil)
		t.Logf("%s | %v | %v | %.2f %%", w.Name(i), stream, poll, 100*(1-poll/stream))
		all, some = all+stream, some+poll
	}
	t.Logf("together | %v | %v | %.2f %%", all, some, 100*(1-some/all))
}
