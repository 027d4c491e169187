package exporter

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/families"
	"github.com/mnm-social/mnm/exporter/outbound"
	"github.com/mnm-social/mnm/exporter/timeline"
	"github.com/mnm-social/mnm/exporter/toots"
)

// passes is how many timelines are read at a time.
const passes = 64

// following is the timelines that are followed, and what they have shown. It outlives a configuration.
type following struct {
	tally  *toots.Tally
	places chan struct{}

	mu     sync.Mutex // of what follows
	all    map[string]*followed
	pages  map[domain.Name]*timeline.Pages
	chosen []domain.Name                  // for Timelines.Auto, once per installation
	closed map[domain.Name]bool           // chosen once, and then nobody was let in
	kept   map[string]timeline.Position   // where those had come to that are to be begun again
	spent  map[domain.Name]timeline.Spent // by hosts before a restart
	ended  bool
}

// wish is a timeline that is to be followed.
type wish struct {
	timeline.Source
	token  string // the file that it is in
	chosen bool   // by us, not by the operator
}

// followed is a timeline that is followed.
type followed struct {
	wish
	*timeline.Follower
	busy    bool
	trouble bool // as the log said last
}

func newFollowing(c Config, countryOf func(host string) string) *following {
	return &following{
		tally:  toots.New(toots.Options{Names: families.TootNames(), Now: c.Now, Country: countryOf, Hashtags: c.Hashtags}),
		places: make(chan struct{}, passes), all: map[string]*followed{}, pages: map[domain.Name]*timeline.Pages{},
		closed: map[domain.Name]bool{}, kept: map[string]timeline.Position{}, spent: map[domain.Name]timeline.Spent{},
	}
}

// follow begins a pass through each timeline that is due, and returns when to look again.
func (e *Exporter) follow(ctx context.Context) time.Time {
	s, f, now := e.setup.Load(), e.following, e.now()
	e.renew(s)
	for _, one := range f.due(now) {
		f.places <- struct{}{}
		go func() {
			defer func() { <-f.places }()
			e.passed(ctx, one, one.Poll(ctx))
		}()
	}
	return now.Add(max(s.config.Timelines.Every/60, 50*time.Millisecond))
}

// due are those whose next pass is due; each is busy from now on.
func (f *following) due(now time.Time) []*followed {
	f.mu.Lock()
	defer f.mu.Unlock()
	var due []*followed
	for _, one := range f.all {
		if !one.busy && !one.Due().After(now) {
			one.busy = true
			due = append(due, one)
		}
	}
	return due
}

// passed takes note of how a pass has ended.
func (e *Exporter) passed(ctx context.Context, one *followed, err error) {
	f, mode := e.following, one.Health().Mode
	f.mu.Lock()
	defer f.mu.Unlock()
	one.busy = false
	switch {
	case ctx.Err() != nil || timeline.ReasonOf(err) == string(outbound.ReasonCanceled): // it is followed no more
	case one.chosen && mode == timeline.Closed:
		f.closed[one.Host] = true // another is chosen in its place
	case err != nil && !one.trouble:
		one.trouble = true
		e.log.Warn("A timeline is in trouble; it is tried again", "timeline", one.String(), "mode", mode, "err", err)
	case err == nil && one.trouble:
		one.trouble = false
		e.log.Info("A timeline is followed again", "timeline", one.String(), "mode", mode)
	}
}

// renew makes what is followed be what the configuration wants.
func (e *Exporter) renew(s *setup) {
	f := e.following
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended {
		return
	}
	e.choose(s)
	wishes := f.wishes(s.config.Timelines)
	for key, one := range f.all {
		w, wanted := wishes[key]
		if wanted && w.token == one.token {
			continue
		}
		one.Close()
		delete(f.all, key)
		if wanted {
			f.kept[key] = one.Position()
		} else {
			f.tally.Drop(key)
		}
	}
	for key, w := range wishes {
		if f.all[key] == nil {
			f.all[key] = e.begin(s, w)
		}
	}
	clear(f.kept)
	clear(f.spent)
}

// wishes are the timelines that a configuration wants, by source. f.mu is held.
func (f *following) wishes(c Timelines) map[string]wish {
	all := map[string]wish{}
	for _, server := range c.Servers {
		w := wish{Source: server.Source(), token: server.TokenFile}
		all[w.String()] = w
	}
	for _, host := range f.chosen[:min(len(f.chosen), c.Auto)] {
		w := wish{Source: timeline.Source{Host: host, Scope: timeline.Federated}, chosen: true}
		if _, named := all[w.String()]; !named {
			all[w.String()] = w
		}
	}
	return all
}

// begin begins to follow a timeline, from where it had come to. f.mu is held.
func (e *Exporter) begin(s *setup, w wish) *followed {
	f := e.following
	if f.pages[w.Host] == nil {
		f.pages[w.Host] = timeline.NewPages(s.config.Timelines.Every, e.now)
		f.pages[w.Host].Restore(f.spent[w.Host])
		delete(f.spent, w.Host)
	}
	return &followed{wish: w, Follower: timeline.New(timeline.Options{
		Source: w.Source, Client: e.client, Facts: func(ctx context.Context) (timeline.Facts, error) { return e.facts(ctx, w.Source) },
		Tally: f.tally, Now: e.now, Every: s.config.Timelines.Every, Position: f.kept[w.String()], Pages: f.pages[w.Host],
		Failed: func(err error) { e.log.Debug("A stream broke", "timeline", w.String(), "err", err) },
	})}
}

// rest waits until no pass is under way.
func (f *following) rest() {
	for range cap(f.places) {
		f.places <- struct{}{}
	}
	for range cap(f.places) {
		<-f.places
	}
}

// finish reads the pages of each stream once more, so that what it has dropped since the last pass is not lost over a restart,
// and ends everything that is followed.
func (f *following) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lastPass)
	defer cancel()
	f.mu.Lock()
	all := slices.Collect(maps.Values(f.all))
	f.mu.Unlock()
	var passes errgroup.Group
	passes.SetLimit(cap(f.places))
	for _, one := range all {
		if one.Health().Mode == timeline.Streaming {
			passes.Go(func() error { return one.Poll(ctx) })
		}
	}
	_ = passes.Wait() // who does not answer now is where it was
	f.close()
}

// lastPass is how long the program's end may wait for pages.
const lastPass = 3 * time.Second

// close ends everything that is followed, for good.
func (f *following) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = true
	for _, one := range f.all {
		one.Close()
	}
}

// live is what has been shown until now.
func (f *following) live() families.Live {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := families.Live{Tally: f.tally}
	for _, source := range slices.Sorted(maps.Keys(f.all)) {
		l.Sources = append(l.Sources, f.all[source].Health())
	}
	return l
}

// keep is what is to be kept over a restart.
func (f *following) keep() keptTimelines {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := keptTimelines{Chosen: slices.Clone(f.chosen), Closed: slices.SortedFunc(maps.Keys(f.closed), domain.Compare), Positions: maps.Clone(f.kept)}
	for key, one := range f.all {
		k.Positions[key] = one.Position()
	}
	k.Pages = maps.Clone(f.spent)
	for host, pages := range f.pages {
		k.Pages[host] = pages.Spent()
	}
	return k
}

// recall takes over what was kept.
func (f *following) recall(text []byte) error {
	var k keptTimelines
	if err := json.Unmarshal(text, &k); err != nil {
		return fmt.Errorf("reading the timelines: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.chosen = k.Chosen
	for _, n := range k.Closed {
		f.closed[n] = true
	}
	maps.Copy(f.kept, k.Positions)
	maps.Copy(f.spent, k.Pages)
	return nil
}
