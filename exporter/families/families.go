// Package families is the public interface: the name, help, type and labels of every metric family there is, and
// how it is read from what is known. docs/metrics.md is generated from it.
package families

import (
	"math"
	"time"

	"github.com/mnm-social/mnm/exporter/instance"
	"github.com/mnm-social/mnm/exporter/metric"
	"github.com/mnm-social/mnm/exporter/network"
)

// Part is a portion of /metrics that collect[] can ask for by name.
type Part string

// The parts of the page.
const (
	PartInstances Part = "instances" // one series per instance and family
	PartNetwork   Part = "network"   // sums
	PartExporter  Part = "exporter"  // the program itself
)

type (
	view   = *network.View
	writer = *metric.Writer
	family = metric.Family[view]
	table  = metric.Table[view]
)

// Help texts say where a figure is from and how old it may be.
const (
	hourly = " Asked once an hour, shown for 24 hours after the last good visit."
	daily  = " Asked once a day, shown for 24 hours after the last good visit."
)

// gauge is a family of gauges.
func gauge(name, help string, labels []string, read func(view, writer)) family {
	return family{Name: name, Help: help, Type: metric.Gauge, Labels: labels, Read: read}
}

// truth is 1 or 0.
func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// figure is a figure that an instance may keep to itself: then it is NaN, and not written.
func figure(c instance.Count) float64 {
	if n, ok := c.Get(); ok {
		return float64(n)
	}
	return math.NaN()
}

// where is the value of what is known, else NaN, which is not written.
func where(known bool, value float64) float64 {
	if known {
		return value
	}
	return math.NaN()
}

// seconds is Unix time, in whole seconds: the zero time is not known.
func seconds(t time.Time) float64 { return where(!t.IsZero(), float64(t.Unix())) }
