package toots

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/mnm-social/mnm/exporter/domain"
)

// histogram is what WriteHistogram writes, as Prometheus reads it: one per source, "" where there is no such label.
func histogram(tb testing.TB, t *Tally, which Histogram, name string) map[string]*dto.Histogram {
	tb.Helper()
	var text bytes.Buffer
	fmt.Fprintf(&text, "# TYPE %s histogram\n", name)
	t.WriteHistogram(which, &text)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(&text)
	if err != nil {
		tb.Fatal(err)
	}
	if len(families) > 1 || len(families) == 1 && families[name] == nil {
		tb.Fatalf("families %v", slices.Collect(maps.Keys(families)))
	}
	of := map[string]*dto.Histogram{}
	for _, m := range families[name].GetMetric() {
		source := ""
		for _, label := range m.GetLabel() {
			source += label.GetName() + "=" + label.GetValue()
		}
		of[source] = m.GetHistogram()
	}
	return of
}

// into gives the lowest bound that a histogram's only observation is under.
func into(h *dto.Histogram) float64 {
	for _, bucket := range h.GetBucket() {
		if bucket.GetCumulativeCount() > 0 {
			return bucket.GetUpperBound()
		}
	}
	return math.Inf(1)
}

func TestDelay(t *testing.T) {
	const status = `{"id":"1","uri":"https://c.net/%d","created_at":%q,"account":{"acct":%q}}`
	rows := []struct {
		name, created, acct string
		live                bool
		count               uint64
		bound               float64
	}{
		{"remote and live", "2026-08-02T11:59:15Z", "alice@c.net", true, 1, 60},
		{"at the bound", "2026-08-02T11:59:00Z", "alice@c.net", true, 1, 60},
		{"a fraction", "2026-08-02T11:59:59.5Z", "alice@c.net", true, 1, 1},
		{"from the future", "2026-08-02T12:00:10Z", "alice@c.net", true, 1, 1},
		{"a day and more", "2026-08-01T11:59:59Z", "alice@c.net", true, 1, math.Inf(1)},
		{"very old", "0001-01-01T00:00:01Z", "alice@c.net", true, 1, math.Inf(1)},
		{"by a page", "2026-08-02T11:59:15Z", "alice@c.net", false, 0, math.Inf(1)},
		{"local", "2026-08-02T11:59:15Z", "alice", true, 0, math.Inf(1)},
	}
	for i, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			tally := newTally(nowhere)
			origin := tally.at(t, "a.net")
			tally.Take(origin, toot(t, fmt.Sprintf(status, i, row.created, row.acct)), row.live)
			tally.Take(origin, toot(t, fmt.Sprintf(status, i, row.created, row.acct)), true) // seen before
			h := histogram(t, tally, Delay, testNames.Delay)["source=a.net/federated"]
			if h.GetSampleCount() != row.count || into(h) != row.bound {
				t.Errorf("%d observations, under %v; want %d under %v", h.GetSampleCount(), into(h), row.count, row.bound)
			}
		})
	}
}

func TestDrop(t *testing.T) {
	tally := newTally(nowhere)
	origin := tally.at(t, "a.net")
	other := tally.at(t, "b.net")
	if again := tally.at(t, "a.net"); again != origin {
		t.Error("a second Origin of the same source")
	}
	sources := func() []string {
		return slices.Sorted(maps.Keys(histogram(t, tally, Delay, testNames.Delay)))
	}
	status := toot(t, `{"id":"1","uri":"https://c.net/1","created_at":"2026-08-02T11:59:00Z","account":{"acct":"alice@c.net"}}`)
	tally.Take(origin, status, true)
	if got := sources(); !slices.Equal(got, []string{"source=a.net/federated"}) {
		t.Errorf("series of %q, of which one had a delay", got)
	}
	status.URI = "https://c.net/other"
	tally.Take(other, status, true)
	tally.Drop("a.net/federated")
	tally.Drop("a.net/federated")
	tally.Drop("never.net/local")
	status.URI = "https://c.net/2"
	if !tally.Take(origin, status, true) {
		t.Error("a dropped Origin doesn't count")
	}
	if got := sources(); !slices.Equal(got, []string{"source=b.net/federated"}) {
		t.Errorf("series of %q, of which one was dropped", got)
	}
	if _, remote := tally.Toots(); remote != 3 {
		t.Errorf("%d toots", remote)
	}
	status.URI = "https://c.net/3"
	tally.Take(tally.at(t, "a.net"), status, true)
	if h := histogram(t, tally, Delay, testNames.Delay)["source=a.net/federated"]; h.GetSampleCount() != 1 {
		t.Errorf("a source that is followed anew begins with %d", h.GetSampleCount())
	}
}

func TestHistogramsText(t *testing.T) {
	tally := newTally(nowhere)
	name, err := domain.Parse("a.net")
	if err != nil {
		t.Fatal(err)
	}
	tally.Take(tally.Origin(name, `odd "\`+"\n"+`source`),
		toot(t, `{"id":"1","uri":"https://c.net/1","created_at":"2026-08-02T11:59:00Z","account":{"acct":"alice@c.net"}}`), true)
	for which, want := range map[Histogram]struct {
		name, source string
		bounds       []float64
	}{
		Length:           {testNames.Length, "", []float64{0, 10, 25, 50, 75, 100, 150, 200, 250, 300, 400, 500, 750, 1000, 2000, 5000, 10000, math.Inf(1)}},
		Hashtags:         {testNames.Hashtags, "", []float64{0, 1, 2, 3, 4, 5, 10, 20, 50, math.Inf(1)}},
		Mentions:         {testNames.Mentions, "", []float64{0, 1, 2, 3, 4, 5, 10, 20, 50, math.Inf(1)}},
		Links:            {testNames.Links, "", []float64{0, 1, 2, 3, 4, 5, 10, 20, 50, math.Inf(1)}},
		MediaAttachments: {testNames.Media, "", []float64{0, 1, 2, 3, 4, 5, 10, 20, 50, math.Inf(1)}},
		Delay: {testNames.Delay, `source=odd "\` + "\n" + `source`,
			[]float64{1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400, math.Inf(1)}},
	} {
		h, ok := histogram(t, tally, which, want.name)[want.source]
		if !ok {
			t.Errorf("%s: no series of %q", want.name, want.source)
		}
		var bounds []float64
		for _, bucket := range h.GetBucket() {
			bounds = append(bounds, bucket.GetUpperBound())
		}
		if !slices.Equal(bounds, want.bounds) {
			t.Errorf("%s: bounds %v, want %v", want.name, bounds, want.bounds)
		}
	}
}
