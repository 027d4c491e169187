// Package exporter is the program: it visits the instances and keeps a book of them, looks up releases, and shows what is
// known. It says who does what and when; what things mean is said by the packages below.
package exporter

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

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

// workers is how many instances are visited at a time, unless Config.Workers says otherwise.
const workers = 512

// Exporter is a running census of the network.
type Exporter struct {
	log       *slog.Logger
	now       func() time.Time
	countries *country.Data
	book      *census.Book
	online    *online
	following *following
	self      *self
	page      *metric.Page
	setup     atomic.Pointer[setup]
	view      atomic.Pointer[network.View]

	busy   sync.Map // domain.Name: visits under way
	places chan struct{}

	wakeList, wakeLook chan struct{} // there is a new configuration

	probing    sync.Mutex
	saving     sync.Mutex
	reloading  sync.Mutex
	reloadGood atomic.Bool

	mu             sync.Mutex // of what follows
	known          releases.Known
	rate           releases.Rate
	nextSave       time.Time // when Step saves
	nextList       time.Time // when Step looks at the directories
	nextLook       time.Time // when Step looks up the releases
	firstRoundDone bool
	began          time.Time
	reloaded       time.Time
	saved          time.Time
	offline        bool  // as the log said last
	ending         bool  // in order
	hasNew         bool  // names that were not saved yet
	badCountries   error // why the latest database of countries is not in use
	overdue        time.Duration
	truth          map[string]float64 // of the demo, when the View was drawn
	wrong          map[string]int     // totals of the demo that are not what they must be, and for how many Views
}

// New makes an Exporter, with what Config.State has kept. It asks nobody until Run or Step.
func New(c Config, log *slog.Logger) (*Exporter, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	data, err := country.Embedded()
	if err != nil {
		return nil, fmt.Errorf("opening the data of countries: %w", err)
	}
	if c.Workers == 0 {
		c.Workers = workers
	}
	e := &Exporter{
		log: log, now: c.Now, countries: data, self: newSelf(), places: make(chan struct{}, c.Workers), wakeList: make(chan struct{}, 1), wakeLook: make(chan struct{}, 1),
		book: census.NewBook(census.Rules{}), online: newOnline(c.Instances), began: c.Now(), wrong: map[string]int{},
	}
	e.gauges()
	e.following = newFollowing(c, e.countryOf)
	e.page = &metric.Page{
		Parts: []*metric.Part{
			metric.NewPart(string(families.PartInstances), families.Instances(), e.View),
			metric.NewPart(string(families.PartNetwork), families.Network(), e.View),
			metric.NewLivePart(string(families.PartTimelines), func(w io.Writer) error { return families.Timelines().Write(w, e.following.live()) }),
			metric.NewLivePart(string(families.PartExporter), e.self.write),
		},
		Failed: func(part string, err error) { log.Error("A part of /metrics is not whole", "part", part, "err", err) },
	}
	e.setup.Store(e.build(c, nil))
	if c.State != nil {
		e.restore(c.State)
	}
	e.apply(c)
	e.publish()
	return e, nil
}

// View is what is known now; never nil.
func (e *Exporter) View() *network.View { return e.view.Load() }

// Metrics serves /metrics.
func (e *Exporter) Metrics() http.Handler { return e.page }

// Close lets go of every connection. Run does it by itself.
func (e *Exporter) Close() {
	e.following.close()
	e.client().Close()
}

// client is the one way out that is in force.
func (e *Exporter) client() *outbound.Client { return e.setup.Load().client }

// Run does everything when it is due, until ctx is done; then it saves what is known.
func (e *Exporter) Run(ctx context.Context) error {
	defer e.Close()
	g, work := errgroup.WithContext(ctx)
	g.Go(func() error { return e.loop(work, e.wakeList, e.refreshDirectories) })
	g.Go(func() error { return e.loop(work, e.wakeLook, e.refreshReleases) })
	g.Go(func() error { return e.loop(work, nil, e.visitDue) })
	g.Go(func() error { return e.loop(work, nil, e.follow) })
	g.Go(func() error { return e.loop(work, nil, e.refreshCountries) })
	g.Go(func() error {
		return e.loop(work, nil, func(context.Context) time.Time {
			e.publish()
			return e.now().Add(e.setup.Load().config.Publish)
		})
	})
	g.Go(func() error { return e.loop(work, nil, e.saveNow) })
	err := g.Wait()
	e.rest()
	e.following.rest()
	e.following.finish(context.WithoutCancel(ctx))
	e.mu.Lock()
	e.ending = true
	e.mu.Unlock()
	e.saveNow(context.WithoutCancel(ctx))
	return err
}

// loop does a thing again and again, each time at the time that it names, or when it is woken.
func (e *Exporter) loop(ctx context.Context, wake <-chan struct{}, do func(context.Context) time.Time) error {
	for e.sleep(ctx, do(ctx), wake) {
	}
	return nil
}

// Step does what is due at this moment, waits until it is done, and publishes. It is Run for a clock that stands still.
func (e *Exporter) Step(ctx context.Context) {
	now := e.now()
	due := func(at *time.Time, do func(context.Context) time.Time) {
		e.mu.Lock()
		wait := at.After(now)
		e.mu.Unlock()
		if wait {
			return
		}
		next := do(ctx)
		e.mu.Lock()
		*at = next
		e.mu.Unlock()
	}
	due(&e.nextSave, e.saveNow)
	due(&e.nextList, e.refreshDirectories)
	due(&e.nextLook, e.refreshReleases)
	e.refreshCountries(ctx)
	e.visitDue(ctx)
	e.rest()
	e.publish()
	e.follow(ctx)
	e.following.rest()
}

// tick is how often it is looked who is due.
func tick(c Instances) time.Duration { return max(c.Every/3600, 50*time.Millisecond) }

// visitDue begins every visit that is due, and returns when to look again.
func (e *Exporter) visitDue(ctx context.Context) time.Time {
	now, s := e.now(), e.setup.Load()
	config := s.config.Instances
	entries, _ := e.book.Entries()
	for i, entry := range entries {
		entries[i] = nil // while a round goes on, the entries before it need not be kept
		if due(entry, config, s.watched[entry.Name]).After(now) {
			continue
		}
		if e.setup.Load().config.Instances != config {
			break // a new configuration: begin anew
		}
		if _, busy := e.busy.LoadOrStore(entry.Name, true); busy {
			continue
		}
		select {
		case e.places <- struct{}{}:
			go func() {
				defer func() { <-e.places }()
				defer e.busy.Delete(entry.Name)
				// While it waited for a place it may have been visited, or excluded.
				if latest := e.book.Entry(entry.Name); latest != nil && !due(latest, config, s.watched[entry.Name]).After(e.now()) {
					e.visit(ctx, latest)
				}
			}()
		case <-ctx.Done():
			e.busy.Delete(entry.Name)
			return now
		}
	}
	return now.Add(tick(config))
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
	now, s := e.now(), e.setup.Load()
	seen := s.visitor.visit(ctx, entry, now)
	if ctx.Err() != nil {
		return
	}
	if seen.Outcome != census.Unjudged {
		e.online.visit(now, entry.Up == census.Yes, !seen.Silent)
	}
	if seen.Outcome == census.Failed && seen.Silent && !e.worksNow(ctx, s, seen.Repetition, entry.Failing) {
		seen.Outcome, seen.Reason, seen.NotBefore = census.Unjudged, reasonOffline, now.Add(s.config.Instances.ConfirmAfter)
	}
	if seen.Outcome == census.Unjudged && seen.NotBefore.IsZero() {
		seen.NotBefore = now.Add(s.config.Instances.ConfirmAfter)
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
	e.mu.Lock()
	defer e.mu.Unlock()
	entries, changes := e.book.Entries()
	s := e.setup.Load()
	if s.config.Truth != nil {
		e.truth = s.config.Truth(now)
	}
	e.notice(s, now, entries)
	v := network.New(network.Book{
		Entries: entries, Changes: changes, Directories: directories(s), Releases: e.known,
	}, now, s.view())
	e.compare(v)
	e.view.Store(v)
}

// notice keeps an eye on the round and on our own network. e.mu is held.
func (e *Exporter) notice(s *setup, now time.Time, entries []*census.Entry) {
	tried := 0
	e.overdue = 0
	for _, entry := range entries {
		if entry.Tried() {
			tried++
			e.overdue = max(e.overdue, now.Sub(due(entry, s.config.Instances, s.watched[entry.Name])))
		}
	}
	works := e.works(now)
	unread := slices.ContainsFunc(s.sources, func(it *source) bool { return it.asked.IsZero() }) // who knows whom it lists
	if !e.firstRoundDone && works && !unread && len(entries) > 0 && tried == len(entries) {
		e.firstRoundDone = true
		e.log.Info("The first round is done", "instances", tried, "took", now.Sub(e.began).Round(time.Millisecond))
	}
}
