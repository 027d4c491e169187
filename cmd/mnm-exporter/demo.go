package main

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/mnm-social/mnm/demo"
	"github.com/mnm-social/mnm/exporter"
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
	c.Truth = func(at time.Time) map[string]float64 { return box.Truth(inWorld(at)).Series() }
	return c, func() { _ = box.Close() }, nil
}
