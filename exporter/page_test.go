package exporter_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.uber.org/goleak"

	"github.com/mnm-social/mnm/demo"
	"github.com/mnm-social/mnm/exporter"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/families"
	"github.com/mnm-social/mnm/internal/promtest"
	"github.com/mnm-social/mnm/internal/worldtest"
)

func TestMain(m *testing.M) {
	if os.Getenv(marksRole) != "" {
		serveMarks(os.Stdin, os.Stdout)
		return
	}
	goleak.VerifyTestMain(m)
}

// parser reads what Prometheus reads.
func parser() *expfmt.TextParser {
	p := expfmt.NewTextParser(model.UTF8Validation)
	return &p
}

// TestCatalogue holds families.All, and so docs/metrics.md, against a live scrape: every family with its type, help and
// labels, and no family beside them.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	w := demo.NewWorld(demo.Config{Seed: 4, Start: start, Instances: 400})
	b := newBox(t, w, func(_ *worldtest.Box, c *exporter.Config) { // one that is up is watched, and one that is not
		c.Watch = []domain.Name{w.Name(0), name(t, "nobody.social")}
		c.Timelines.Servers = allWays(w, start.Add(3*time.Hour))
	})
	for minute := 0; minute <= 420; minute += 10 { // long enough for the daily questions
		b.Step(t, start.Add(time.Duration(minute)*time.Minute))
	}
	_, body := b.Get(t, "/metrics")
	promtest.Lint(t, body)
	live, err := parser().TextToMetricFamilies(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range families.All() {
		f, ok := live[d.Name]
		if !ok {
			t.Errorf("%s is documented and not on the page", d.Name)
			continue
		}
		delete(live, d.Name)
		if f.GetHelp() != d.Help && d.Name != families.BuildInfo {
			t.Errorf("%s has the help %q, documented is %q", d.Name, f.GetHelp(), d.Help)
		}
		if got := strings.ToLower(f.GetType().String()); got != string(d.Type) {
			t.Errorf("%s is a %s, documented as %s", d.Name, got, d.Type)
		}
		labels := map[string]bool{}
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels[l.GetName()] = true
		}
		for _, l := range d.Labels {
			if !labels[l] {
				t.Errorf("%s has no label %s", d.Name, l)
			}
		}
		if len(labels) != len(d.Labels) {
			t.Errorf("%s has labels %v, documented are %v", d.Name, labels, d.Labels)
		}
	}
	for name := range live {
		if !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") {
			t.Errorf("%s is on the page and not documented", name)
		}
	}
}

// TestRealScraper lets Prometheus' own scrape manager take the page in, gzipped as it asks for it.
func TestRealScraper(t *testing.T) {
	b := newBox(t, demo.NewWorld(demo.Config{Seed: 5, Start: start, Instances: 100}))
	b.Step(t, start)
	store := promtest.RunScrapeManager(t, b.Server.URL+"/metrics")
	store.Await(t, "sum(mastodon_network_instances)", b.Store.Value(t, "sum(mastodon_network_instances)", start))
	store.Await(t, "mastodon_network_claimed_users", b.Truth(start).Series()["mastodon_network_claimed_users"])
	store.Await(t, "mnm_exporter_first_round_ratio", 1)
}

// TestParts holds that collect[] picks parts, and that a gzipped page is the same as a plain one.
func TestParts(t *testing.T) {
	b := newBox(t, demo.NewWorld(demo.Config{Seed: 6, Start: start, Instances: 50}))
	b.Step(t, start)
	for query, want := range map[string][2]string{
		"?collect[]=instances": {"mastodon_instance_up", "mastodon_network_instances"},
		"?collect[]=network":   {"mastodon_network_instances", "mastodon_instance_up"},
		"?collect[]=exporter":  {"mnm_exporter_online", "mastodon_network_instances"},
	} {
		if _, body := b.Get(t, "/metrics"+query); !strings.Contains(string(body), want[0]) || strings.Contains(string(body), want[1]) {
			t.Errorf("%s has not %s, or has %s", query, want[0], want[1])
		}
	}
	if status, _ := b.Get(t, "/metrics?collect[]=toots"); status != http.StatusBadRequest {
		t.Errorf("an unknown part is answered with %d", status)
	}
	const parts = "/metrics?collect[]=instances&collect[]=network" // the rest changes with each scrape
	_, plain := b.Get(t, parts)
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, b.Server.URL+parts, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := b.Server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	z, err := gzip.NewReader(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	unzipped, err := io.ReadAll(z)
	if err != nil || !bytes.Equal(unzipped, plain) {
		t.Fatalf("%d bytes gzipped and %d plain differ; %v", len(unzipped), len(plain), err)
	}
}

// TestPageBesideTheTruth looks at the page as a person in the demo does.
func TestPageBesideTheTruth(t *testing.T) {
	b := newDemoBox(t, demo.NewWorld(demo.Config{Seed: 7, Start: start, Instances: 100}))
	if _, body := b.Get(t, "/"); !strings.Contains(string(body), "No directory has answered yet") {
		t.Errorf("before the first round:\n%s", body)
	}
	b.Step(t, start)
	b.Step(t, start.Add(6*time.Minute))
	_, body := b.Get(t, "/")
	if got := strings.Count(string(body), "✓"); got != 5 || strings.Contains(string(body), "✗") {
		t.Errorf("%d totals are right, want 5:\n%s", got, body)
	}
	if !strings.Contains(string(body), "This is the demo") {
		t.Error("the page does not say that it is the demo")
	}
	if got := b.Store.Value(t, "mnm_exporter_demo", b.Now()); got != 1 {
		t.Errorf("mnm_exporter_demo is %v", got)
	}
	if status, _ := b.Get(t, "/-/ready"); status != http.StatusOK {
		t.Errorf("/-/ready answers %d", status)
	}
}
