package worldtest

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/mnm-social/mnm/exporter/outbound"
)

// Settle waits until the World's streams have said all there is to say and the Exporter has read it.
func (b *Box) Settle(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := b.StreamsCaughtUp(ctx); err != nil {
		t.Fatal(err)
	}
	want := 0.0
	for series, n := range b.Truth(b.Now()).Toots() {
		if strings.HasPrefix(series, "mastodon_timeline_events_total{") {
			want += n
		}
	}
	Await(t, "all events were read", func() bool { return b.events(t) >= want })
}

// events is how many the Exporter says that it has read from all timelines.
func (b *Box) events(t testing.TB) (n float64) {
	_, page := b.Get(t, "/metrics?collect[]=timelines")
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range families["mastodon_timeline_events_total"].GetMetric() {
		n += m.GetCounter().GetValue()
	}
	return n
}

// Await waits until something holds that other goroutines bring about.
func Await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	for tick := time.NewTicker(10 * time.Millisecond); !holds(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// ExhaustGitHub asks GitHub until it has had enough of this address.
func (b *Box) ExhaustGitHub(t testing.TB) {
	t.Helper()
	c := outbound.New(outbound.Options{Net: b.Net(), Now: b.Now})
	defer c.Close()
	for range 100 {
		resp, err := c.Get(context.Background(), outbound.Request{
			Purpose: outbound.PurposeReleases, URL: "https://api.github.com/repos/mastodon/mastodon/releases",
		})
		if err != nil {
			t.Fatal(err)
		}
		if resp.Status == http.StatusForbidden {
			return
		}
	}
	t.Fatal("GitHub never had enough")
}
