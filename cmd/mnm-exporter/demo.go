package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/mnm-social/mnm/demo"
	"github.com/mnm-social/mnm/exporter"
	"github.com/mnm-social/mnm/exporter/timeline"
)

// demoSpeed is how much faster the demo's World lives: an hour of it is a minute of ours.
const demoSpeed = 60

// startDemo brings up a fediverse in a box and the configuration that visits it.
func startDemo(hostile bool, log *slog.Logger) (exporter.Config, func(), error) {
	began := time.Now()
	inWorld := func(t time.Time) time.Time { return began.Add(demoSpeed * t.Sub(began)) }
	world := demo.NewWorld(demo.Config{Seed: rand.Uint64(), Start: began, Hostile: hostile})
	box, err := demo.Serve(world, func() time.Time { return inWorld(time.Now()) })
	if err != nil {
		return exporter.Config{}, nil, fmt.Errorf("starting the demo: %w", err)
	}
	box.Dates = func(world time.Time) time.Time {
		if since := world.Sub(began); since > 0 {
			return began.Add(since / demoSpeed)
		}
		return world // what was before the World began keeps its date
	}
	log.Warn("This is the demo: an invented network, an hour of it in a minute", "instances", world.Len())
	c := exporter.DemoConfig(box.Net(), demoSpeed)
	c.Timelines.Servers = streamed(world, began)
	for _, s := range c.Timelines.Servers { // somebody cares for them, so that what is shown of watched ones can be seen
		if !slices.Contains(c.Watch, s.Host) {
			c.Watch = append(c.Watch, s.Host)
		}
	}
	c.Truth = func(at time.Time) map[string]float64 { return box.Truth(inWorld(at)).Series() }
	return c, func() { _ = box.Close() }, nil
}

// demoStreams is how many servers of the demo are followed with a user's token.
const demoStreams = 3

// streamed are timelines of the busiest servers that let their users read them: of each what its own people write, and of the
// first all that it hears of too.
func streamed(world *demo.World, now time.Time) []exporter.TimelineServer {
	type server struct {
		i      int
		active demo.Figure
	}
	var open []server
	for i := range world.Len() {
		if st := world.State(i, now); st.Mastodon && st.Exists && st.Behaviour == demo.Well && world.Live(i, now).Access != demo.AccessNobody {
			open = append(open, server{i, st.ActiveMonth})
		}
	}
	slices.SortFunc(open, func(a, b server) int { return cmp.Or(cmp.Compare(b.active, a.active), cmp.Compare(a.i, b.i)) })
	token := func() (string, error) { return demo.UserToken, nil }
	var all []exporter.TimelineServer
	for _, s := range open[:min(len(open), demoStreams)] {
		all = append(all, exporter.TimelineServer{Host: world.Name(s.i), Scope: timeline.Local, Token: token})
	}
	if len(all) > 0 {
		first := all[0]
		first.Scope = timeline.Federated
		all = append(all, first)
	}
	return all
}
