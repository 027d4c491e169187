// Package promtest puts the real Prometheus into tests: pages are read by its own text parser, kept in its own storage and
// asked by its own query engine. Time is whatever the test says; only RunScrapeManager lives on the wall clock.
package promtest

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// Labels of the one target whose pages a Storage holds.
const (
	Job      = "mnm"
	Instance = "mnm:13121"
)

// blockRange is how much time stays in the head of the storage and so needs no compaction: samples may be up to half of it
// behind the newest one.
const blockRange = 400 * 24 * time.Hour

// Storage is a Prometheus of one target. One goroutine scrapes; queries may run beside it.
type Storage struct {
	db        *tsdb.DB
	engine    *promql.Engine
	queryable storage.Queryable // the db, or some of it

	symbols *labels.SymbolTable
	byText  map[string]*series            // by the series as a page spells it, so that its labels are parsed once
	byRef   map[storage.SeriesRef]*series // two spellings may be one series
	round   uint64                        // number of the scrape

	up, samples, duration series
}

// series is one that was on a page at some time.
type series struct {
	ref    storage.SeriesRef
	labels labels.Labels
	round  uint64 // of the last scrape that had it
}

// New opens an empty storage in a temporary directory of the test and closes it at the test's end. It takes samples in order
// of time, as Prometheus does by default.
func New(t testing.TB) *Storage {
	t.Helper()
	options := tsdb.DefaultOptions()
	options.MinBlockDuration = blockRange.Milliseconds()
	options.MaxBlockDuration = blockRange.Milliseconds()
	options.RetentionDuration = 0
	options.OutOfOrderTimeWindow = 0
	options.WALSegmentSize = -1 // nothing is to survive the test
	db, err := tsdb.Open(t.TempDir(), nil, nil, options, nil)
	if err != nil {
		t.Fatalf("opening the storage: %v", err)
	}
	db.DisableCompactions()
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples:           50_000_000,
		Timeout:              2 * time.Minute,
		LookbackDelta:        5 * time.Minute,
		EnableAtModifier:     true,
		EnableNegativeOffset: true,
		Parser:               parser.NewParser(parser.Options{}),
	})
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Errorf("closing the engine: %v", err)
		}
		if err := db.Close(); err != nil {
			t.Errorf("closing the storage: %v", err)
		}
	})
	return &Storage{
		db:        db,
		engine:    engine,
		queryable: db,
		symbols:   labels.NewSymbolTable(),
		byText:    make(map[string]*series),
		byRef:     make(map[storage.SeriesRef]*series),
		up:        own("up"),
		samples:   own("scrape_samples_scraped"),
		duration:  own("scrape_duration_seconds"),
	}
}

// own is a series that Prometheus makes of each scrape by itself.
func own(name string) series {
	return series{labels: labels.FromStrings(model.MetricNameLabel, name, "instance", Instance, "job", Job)}
}

// ScrapeFailed is a scrape that got no page: every series becomes stale at once, and up is 0.
func (s *Storage) ScrapeFailed(t testing.TB, at time.Time) {
	t.Helper()
	s.round++
	s.commit(t, at, time.Now(), 0, s.db.AppenderV2(context.Background()))
}

// commit ends a scrape that began at that moment: series that were not on the page become stale, and Prometheus' own say how
// it went.
func (s *Storage) commit(t testing.TB, at, began time.Time, up float64, appender storage.AppenderV2) {
	t.Helper()
	ms := timestamp.FromTime(at)
	there := 0.0
	for _, one := range s.byRef {
		if one.round == s.round {
			there++
		}
		if one.round != s.round-1 {
			continue // it is there, or was gone before
		}
		if err := one.append(appender, ms, math.Float64frombits(value.StaleNaN)); err != nil {
			t.Fatalf("marking %s as stale at %s: %v", one.labels, at, err)
		}
	}
	for one, v := range map[*series]float64{&s.up: up, &s.samples: there, &s.duration: time.Since(began).Seconds()} {
		if err := one.append(appender, ms, v); err != nil {
			t.Fatalf("appending %s at %s: %v", one.labels, at, err)
		}
	}
	if err := appender.Commit(); err != nil {
		t.Fatalf("committing the scrape at %s: %v", at, err)
	}
}

// append hands over one sample, and learns the series' reference.
func (s *series) append(appender storage.AppenderV2, ms int64, v float64) error {
	ref, err := appender.Append(s.ref, s.labels, 0, ms, v, nil, nil, storage.AppendV2Options{})
	if err == nil {
		s.ref = ref
	}
	return err
}
