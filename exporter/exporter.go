// Package exporter is the program: it visits the instances and keeps a book of them, looks up releases, and shows what is
// known. It says who does what and when; what things mean is said by the packages below.
package exporter

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/common/version"
	"golang.org/x/sync/errgroup"

	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/country"
	"github.com/mnm-social/mnm/exporter/families"
	"github.com/mnm-social/mnm/exporter/metric"
	"github.com/mnm-social/mnm/exporter/network"
	"github.com/mnm-social/mnm/exporter/outbound"
	"github.com/mnm-social/mnm/exporter/releases"
)

// projectURL is where an admin who finds us in a log can read what we do.
const projectURL = "https://github.com/mnm-social/mnm"

// workers is how many instances are visited at a time.
const workers = 512

// Exporter is a running census of the network.
type Exporter struct {
	config   Config
	log      *slog.Logger
	now      func() time.Time
	client   *outbound.Client
	visitor  *visitor
	book     *census.Book
	online   *online
	self     *self
	releases *releases.Source
	page     *metric.Page
	view     atomic.Pointer[network.View]

	busy     sync.Map // domain.Name: visits under way
	places   chan struct{}
	nextList time.Time // when a directory is due
	nextLook time.Time // when the releases are due

	mu             sync.Mutex // of what follows
	sources        []*source
	known          releases.Known
	rate           releases.Rate
	firstRoundDone bool
	began          time.Time
	offline        bool // as the log said last
	overdue        time.Duration
	truth          map[string]float64 // of the demo, when the View was drawn
}

// New makes an Exporter. It does nothing until Run or Step.
func New(c Config, log *slog.Logger) (*Exporter, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	data, err := country.Embedded()
	if err != nil {
		return nil, fmt.Errorf("opening the data of countries: %w", err)
	}
	e := &Exporter{
		config: c, log: log, now: c.Now, self: newSelf(), places: make(chan struct{}, workers),
		book:     census.NewBook(census.Rules{ConfirmAfter: c.Instances.ConfirmAfter, StaleAfter: c.Instances.StaleAfter}),
		online:   newOnline(c.Instances.Every),
		releases: releases.NewSource(c.Releases.Repository, nil),
		began:    c.Now(),
	}
	e.releases.Now = c.Now
	e.client = outbound.New(outbound.Options{
		Net: c.Net, Now: c.Now, Hour: c.Hour,
		UserAgent: outbound.UserAgent(agentVersion(), projectURL, c.Contact),
		Sent:      func(p outbound.Purpose) { e.self.requests.WithLabelValues(string(p)).Inc() },
		Refused:   func(r outbound.Reason) { e.self.refused.WithLabelValues(string(r)).Inc() },
	})
	e.visitor = &visitor{client: e.client, now: c.Now, where: &country.Locator{Data: data}, config: c.Instances}
	e.sources = e.sourcesOf(c)
	e.self.countryData.WithLabelValues("embedded").Set(float64(data.Date().Unix()))
	e.gauges()
	e.page = &metric.Page{
		Parts: []*metric.Part{
			metric.NewPart(string(families.PartInstances), families.Instances(), e.View),
			metric.NewPart(string(families.PartNetwork), families.Network(), e.View),
			metric.NewLivePart(string(families.PartExporter), e.self.write),
		},
		Failed: func(part string, err error) { log.Error("A part of /metrics is not whole", "part", part, "err", err) },
	}
	e.publish()
	return e, nil
}

// agentVersion is the version that admins see in their logs.
func agentVersion() string {
	if version.Version != "" {
		return version.Version
	}
	if info, ok := debug.ReadBuildInfo(); ok && strings.HasPrefix(info.Main.Version, "v") {
		return strings.TrimPrefix(info.Main.Version, "v")
	}
	return "dev"
}

// View is what is known now; never nil.
func (e *Exporter) View() *network.View { return e.view.Load() }

// Metrics serves /metrics.
func (e *Exporter) Metrics() http.Handler { return e.page }

// Close lets go of every connection. Run does it by itself.
func (e *Exporter) Close() { e.client.Close() }

// Run does everything when it is due, until ctx is done.
func (e *Exporter) Run(ctx context.Context) error {
	defer e.Close()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return e.loop(ctx, e.refreshDirectories) })
	g.Go(func() error { return e.loop(ctx, e.refreshReleases) })
	g.Go(func() error { return e.loop(ctx, e.visitDue) })
	g.Go(func() error {
		return e.loop(ctx, func(context.Context) time.Time {
			e.publish()
			return e.now().Add(e.config.Publish)
		})
	})
	err := g.Wait()
	e.rest()
	return err
}

// loop does a thing again and again, each time at the time that it names.
func (e *Exporter) loop(ctx context.Context, do func(context.Context) time.Time) error {
	for {
		timer := time.NewTimer(do(ctx).Sub(e.now()))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// Step does what is due at this moment, waits until it is done, and publishes. It is Run for a clock that stands still.
func (e *Exporter) Step(ctx context.Context) {
	now := e.now()
	if !e.nextList.After(now) {
		e.nextList = e.refreshDirectories(ctx)
	}
	if !e.nextLook.After(now) {
		e.nextLook = e.refreshReleases(ctx)
	}
	e.visitDue(ctx)
	e.rest()
	e.publish()
}

// visitDue begins every visit that is due, and returns when to look again.
func (e *Exporter) visitDue(ctx context.Context) time.Time {
	now := e.now()
	when := func(entry *census.Entry) time.Time { return due(entry, e.config.Instances) }
	e.book.Due(now, when, func(entry *census.Entry) {
		if _, busy := e.busy.LoadOrStore(entry.Name, true); busy {
			return
		}
		select {
		case e.places <- struct{}{}:
			go func() {
				defer func() { <-e.places }()
				defer e.busy.Delete(entry.Name)
				e.visit(ctx, entry)
			}()
		case <-ctx.Done():
			e.busy.Delete(entry.Name)
		}
	})
	return now.Add(e.config.Instances.ConfirmAfter / 300)
}

// rest waits until no visit is under way.
func (e *Exporter) rest() {
	for range cap(e.places) {
		e.places <- struct{}{}
	}
	for range cap(e.places) {
		<-e.places
	}
}

// visit visits one instance and enters what it saw.
func (e *Exporter) visit(ctx context.Context, entry *census.Entry) {
	now := e.now()
	seen := e.visitor.visit(ctx, entry, now)
	if ctx.Err() != nil {
		return
	}
	e.online.visit(now, entry.Up == census.Yes, !seen.Silent)
	if seen.Outcome == census.Failed && seen.Silent && !e.online.works(now) {
		seen.Outcome, seen.Reason = census.Unjudged, reasonOffline
	}
	if seen.Outcome == census.Unjudged && seen.NotBefore.IsZero() {
		seen.NotBefore = now.Add(e.config.Instances.ConfirmAfter)
	}
	e.self.visits.Inc()
	if seen.Reason != "" {
		e.self.visitFailures.WithLabelValues(seen.Reason).Inc()
	}
	e.self.figuresRefused.Add(float64(seen.Answers.Figures().Refused))
	e.book.Apply(entry.Name, seen)
}

// publish draws a View of the book and shows it.
func (e *Exporter) publish() {
	now := e.now()
	entries, changes := e.book.Entries()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.config.Truth != nil {
		e.truth = e.config.Truth(now)
	}
	e.notice(now, entries)
	e.view.Store(network.New(network.Book{
		Entries: entries, Changes: changes, Directories: e.directories(), Releases: e.known,
	}, now, network.Settings{StaleAfter: e.config.Instances.StaleAfter, Detailed: e.config.Instances.Detailed}))
}

// notice keeps an eye on the round and on our own network. e.mu is held.
func (e *Exporter) notice(now time.Time, entries []*census.Entry) {
	tried := 0
	e.overdue = 0
	for _, entry := range entries {
		if entry.Tried() {
			tried++
			e.overdue = max(e.overdue, now.Sub(due(entry, e.config.Instances)))
		}
	}
	works := e.works(now)
	if !e.firstRoundDone && works && len(entries) > 0 && tried == len(entries) {
		e.firstRoundDone = true
		e.log.Info("The first round is done", "instances", tried, "took", now.Sub(e.began).Round(time.Millisecond))
	}
}

// works judges our own network, and says so when it changes. e.mu is held.
func (e *Exporter) works(now time.Time) bool {
	works := e.online.works(now)
	if works == e.offline {
		if works {
			e.log.Info("The network is back")
		} else {
			e.log.Warn(offlineHint)
		}
	}
	e.offline = !works
	return works
}

// offlineHint is for log and page.
const offlineHint = "Nobody can be reached, neither the directories nor GitHub: this machine seems to have no internet. " +
	"Check its network and DNS, or see an invented network with --demo. Nobody is reported down; it goes on trying"

// gauges are the figures about ourselves that are read when somebody looks.
func (e *Exporter) gauges() {
	locked := func(read func() float64) func() float64 {
		return func() float64 {
			e.mu.Lock()
			defer e.mu.Unlock()
			return read()
		}
	}
	truth := func(b bool) float64 {
		if b {
			return 1
		}
		return 0
	}
	e.self.gauge(families.Demo, func() float64 { return truth(e.config.Demo) })
	e.self.gauge(families.Online, locked(func() float64 { return truth(e.works(e.now())) }))
	e.self.gauge(families.FirstRound, func() float64 {
		s := e.Status()
		return s.Ratio()
	})
	e.self.gauge(families.VisitOverdue, locked(func() float64 { return e.overdue.Seconds() }))
	e.self.gauge(families.GitHubLimit, locked(func() float64 { return float64(e.rate.Limit) }))
	e.self.gauge(families.GitHubRemaining, locked(func() float64 { return float64(e.rate.Remaining) }))
	e.self.gauge(families.GitHubReset, locked(func() float64 {
		if !e.rate.Known {
			return 0
		}
		return float64(e.rate.Reset.Unix())
	}))
}
