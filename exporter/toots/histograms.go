package toots

import (
	"io"
	"strings"

	"github.com/VictoriaMetrics/metrics"
)

// Names are the full names of the histograms' families, whose text VictoriaMetrics' library writes by itself.
type Names struct{ Length, Hashtags, Mentions, Links, Media, Delay string }

// Histogram is one of the families that WriteHistogram writes.
type Histogram int

// The histograms: of each toot, but for Delay, which is of remote toots seen live.
const (
	Length           Histogram = iota // characters, see Toot
	Hashtags                          // hashtags
	Mentions                          // mentioned accounts
	Links                             // links in the text that are neither mention nor hashtag nor a medium's
	MediaAttachments                  // attachments
	Delay                             // seconds from creation to first sighting, by source
)

// The upper bounds of the buckets, which the default limits of Mastodon (500 characters, 4 attachments) and of its forks
// (1,000 and more, 5,000; 16) are among.
var (
	lengthBounds = []float64{0, 10, 25, 50, 75, 100, 150, 200, 250, 300, 400, 500, 750, 1000, 2000, 5000, 10000}
	countBounds  = []float64{0, 1, 2, 3, 4, 5, 10, 20, 50}
	delayBounds  = []float64{1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600}
)

// histograms are a set per family, since a set is written as a whole.
type histograms struct {
	sets  [Delay + 1]*metrics.Set
	of    [Delay]*metrics.PrometheusHistogram // those that have no labels
	delay string
}

func newHistograms(names Names) histograms {
	h := histograms{delay: names.Delay}
	for i := range h.sets {
		h.sets[i] = metrics.NewSet()
	}
	for i, name := range [Delay]string{names.Length, names.Hashtags, names.Mentions, names.Links, names.Media} {
		bounds := countBounds
		if Histogram(i) == Length {
			bounds = lengthBounds
		}
		h.of[i] = h.sets[i].NewPrometheusHistogramExt(name, bounds)
	}
	return h
}

func (h *histograms) update(which Histogram, n int) { h.of[which].Update(float64(n)) }

// source makes the histogram of a source's delays.
func (h *histograms) source(source string) *metrics.PrometheusHistogram {
	return h.sets[Delay].GetOrCreatePrometheusHistogramExt(h.series(source), delayBounds)
}

func (h *histograms) drop(source string) { h.sets[Delay].UnregisterMetric(h.series(source)) }

func (h *histograms) series(source string) string {
	return h.delay + `{source="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(source) + `"}`
}

// WriteHistogram writes the samples of a family as Prometheus' text, without HELP and TYPE. Delay has those of each source that has
// an Origin and a toot whose delay was measured, in the order of their names.
func (t *Tally) WriteHistogram(which Histogram, w io.Writer) {
	t.histograms.sets[which].WritePrometheus(w)
}
