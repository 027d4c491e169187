package promtest

import (
	"fmt"
	"log/slog"
	"net/url"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/scrape"
)

// patience is how long something that happens on the wall clock may take.
const patience = 30 * time.Second

// RunScrapeManager lets Prometheus' real scrape manager scrape a URL each second, until the test's end, and returns when the
// first scrape has succeeded: content negotiation, gzip, limits and staleness are Prometheus' own.
func RunScrapeManager(t testing.TB, address string) *Storage {
	t.Helper()
	s := New(t)
	target, err := url.Parse(address)
	if err != nil {
		t.Fatalf("reading the address of the target: %v", err)
	}
	settings, err := config.Load(scrapeConfig(target), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("reading the scrape configuration: %v", err)
	}
	settings.ScrapeConfigs[0].Params = target.Query()
	manager, err := scrape.NewManager(&scrape.Options{DiscoveryReloadOnStartup: true}, nil, nil, nil, s.db, prometheus.NewRegistry())
	if err != nil {
		t.Fatalf("making a scrape manager: %v", err)
	}
	if err := manager.ApplyConfig(settings); err != nil {
		t.Fatalf("configuring the scrape manager: %v", err)
	}
	groups := make(chan map[string][]*targetgroup.Group, 1)
	groups <- map[string][]*targetgroup.Group{Job: {{
		Targets: []model.LabelSet{{model.AddressLabel: model.LabelValue(target.Host), model.InstanceLabel: Instance}},
	}}}
	done := make(chan error, 1)
	go func() { done <- manager.Run(groups) }()
	t.Cleanup(func() {
		manager.Stop()
		if err := <-done; err != nil {
			t.Errorf("running the scrape manager: %v", err)
		}
	})
	err = s.await("up", 1)
	for _, one := range manager.TargetsActive()[Job] {
		if err != nil && one.LastError() != nil {
			err = fmt.Errorf("%w: %w", err, one.LastError())
		}
	}
	if err != nil {
		t.Fatalf("scraping %s: %v", address, err)
	}
	return s
}

// scrapeConfig is a configuration as people write it, so that all defaults are Prometheus' own.
func scrapeConfig(target *url.URL) string {
	return fmt.Sprintf(`
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
- job_name: %s
  scheme: %s
  metrics_path: %q
`, Job, target.Scheme, target.EscapedPath())
}

// Await polls until the expression has exactly one sample and that value, now; if that takes more than half a minute, the
// test fails.
func (s *Storage) Await(t testing.TB, expr string, want float64) {
	t.Helper()
	if err := s.await(expr, want); err != nil {
		t.Fatal(err)
	}
}

func (s *Storage) await(expr string, want float64) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		samples, err := s.Instant(expr, time.Now())
		if err != nil {
			return fmt.Errorf("querying %s: %w", expr, err)
		}
		if len(samples) == 1 && samples[0].F == want {
			return nil
		}
		select {
		case <-ticker.C:
		case <-deadline.C:
			return fmt.Errorf("waiting for %s to be %v: after %s it has %.500s", expr, want, patience, samples)
		}
	}
}
