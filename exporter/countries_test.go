package exporter_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mnm-social/mnm/demo"
	"github.com/mnm-social/mnm/exporter"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/internal/worldtest"
)

// TestCountrySources holds the order of the rules: the operator's word, the country's and the place's top-level domain, the
// operator's database, our own data; and that behind a delivery network the country is unknown, and why.
func TestCountrySources(t *testing.T) {
	w := demo.WorldOf([]demo.Spec{
		{Name: "word.fr"}, {Name: "bound.fr"}, {Name: "place.berlin", Country: "US"}, {Name: "database.social"},
		{Name: "ours.social", Country: "JP"}, {Name: "hidden.social", CDN: "fastly"}, {Name: "both.social", IPv6: true},
	}, start)
	file := filepath.Join(t.TempDir(), "countries.mmdb")
	replace := func(with string) {
		t.Helper()
		if err := os.WriteFile(file+".new", []byte(with), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	database, err := os.ReadFile("testdata/config/countries.mmdb") // it has the first servers of the World in Austria
	if err != nil {
		t.Fatal(err)
	}
	replace(string(database))
	b := newBox(t, w, func(_ *worldtest.Box, c *exporter.Config) {
		c.Country.MMDB, c.Country.Overrides = file, map[domain.Name]string{name(t, "word.fr"): "BE"}
	})
	b.Step(t, start)
	for server, want := range map[string]string{
		"word.fr": "BE", "bound.fr": "FR", "place.berlin": "DE", "database.social": "AT", "ours.social": "JP", "hidden.social": "unknown", "both.social": "AT",
	} {
		if b.Store.Value(t, fmt.Sprintf("count(mastodon_instance_info{domain=%q,country=%q}) or vector(0)", server, want), start) != 1 {
			t.Errorf("%s is not in %s: %v", server, want, b.Store.Series(t, fmt.Sprintf("mastodon_instance_info{domain=%q}", server), start))
		}
	}
	for source, want := range map[string]float64{"override": 1, "tld": 1, "region_tld": 1, "address": 3, "unknown": 1} {
		if got := b.Store.Value(t, fmt.Sprintf("mastodon_country_source_instances{source=%q}", source), start); got != want {
			t.Errorf("%v instances by %s, want %v", got, source, want)
		}
	}
	if got := b.Store.Value(t, `mastodon_country_unknown_instances{reason="cdn"}`, start); got != 1 {
		t.Errorf("%v instances are unknown behind a delivery network", got)
	}

	replace("no database") // the one before stays, and that is counted once
	failures := func(at time.Time) float64 {
		return b.Store.Value(t, `mnm_exporter_country_lookup_failures_total{provider="mmdb"}`, at)
	}
	for minute := 60; minute <= 180; minute += 60 {
		b.Step(t, start.Add(time.Duration(minute)*time.Minute))
	}
	if got := failures(b.Now()); got != 1 {
		t.Errorf("%v failures, want 1", got)
	}
	if got := b.Store.Value(t, `mastodon_country_instances{country="AT"}`, b.Now()); got != 2 {
		t.Errorf("%v instances are in Austria, want 2", got)
	}
	if got := b.Store.Value(t, `mnm_exporter_country_data_timestamp_seconds{provider="mmdb"}`, b.Now()); got != 1790000000 {
		t.Errorf("the database is of %v", got)
	}
	if status, body := b.Get(t, "/metrics"); status != http.StatusOK || strings.Contains(string(body), "49.12.") {
		t.Errorf("/metrics answers %d, or tells an address", status)
	}
}
