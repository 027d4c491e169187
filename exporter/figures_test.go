//go:build figures

package exporter_test

import (
	"testing"
	"time"

	"github.com/mnm-social/mnm/demo"
)

// TestFigureRequests prints the requests of the first round and of a day, as the demo's servers counted them.
func TestFigureRequests(t *testing.T) {
	w := demo.NewWorld(demo.Config{Seed: 1, Start: start})
	b := newBox(t, w)
	b.Step(t, start)
	say := func(when string) {
		r := b.Requests()
		t.Logf("%s: %d requests to %d instances, %.2f each, median %d, most %d; most to one in any hour %d; by purpose %v",
			when, r.Total, r.Instances, float64(r.Total)/float64(r.Instances), r.Median, r.Most, r.MostInHour, r.ByKind)
	}
	say("first round")
	for minute := 1; minute <= 24*60; minute++ {
		b.Advance(start.Add(time.Duration(minute) * time.Minute))
	}
	say("24 hours")
	b.manners(t, w)
}
