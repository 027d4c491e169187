package exporter

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/directory"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/state"
	"github.com/mnm-social/mnm/exporter/timeline"
)

// saveEvery is how often what is known is saved; a crash loses no more than the visits since.
const saveEvery = time.Minute

// The sections of a snapshot. Names are part of its form: one may be added, none changed.
const (
	sectionBook     = "book"
	sectionReleases = "releases"
	sectionRequests = "requests"
	sectionExporter = "exporter"
	sectionFollowed = "timelines"
)

// kept is what the exporter itself must know after a restart.
type kept struct {
	Ended          bool            `json:"ended"` // in order: nothing has happened since
	FirstRoundDone bool            `json:"first_round_done"`
	Directories    map[string]list `json:"directories"`
}

// keptTimelines is what is kept of the timelines: which were chosen, where each source had come to, and when each host was asked
// for pages, so that its budget holds over a restart.
type keptTimelines struct {
	Chosen    []domain.Name                  `json:"chosen"`
	Closed    []domain.Name                  `json:"closed"` // were chosen once
	Positions map[string]timeline.Position   `json:"positions"`
	Pages     map[domain.Name]timeline.Spent `json:"pages"`
}

// list is what is kept of a directory.
type list struct {
	Asked   time.Time     `json:"asked"`
	Success time.Time     `json:"success"`
	Names   []domain.Name `json:"names"`
}

// saveNow saves what is known, and returns when to do it again. A failure is counted and leaves the snapshots before as
// they were.
func (e *Exporter) saveNow(context.Context) time.Time {
	e.saving.Lock()
	defer e.saving.Unlock()
	now := e.now()
	s := e.setup.Load()
	if s.config.State == nil {
		return now.Add(saveEvery)
	}
	sections, err := e.sections(s)
	if err == nil {
		err = s.config.State.Save(sections, now)
	}
	if err != nil {
		e.self.saveFailures.Inc()
		e.log.Error("The state could not be saved; the one before is left as it was", "err", err)
		return now.Add(saveEvery)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.saved = now
	return now.Add(saveEvery)
}

func (e *Exporter) sections(s *setup) (state.Sections, error) {
	book, err := json.Marshal(e.book)
	if err != nil {
		return nil, fmt.Errorf("writing the book: %w", err)
	}
	requests, err := s.client.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("writing the requests: %w", err)
	}
	timelines, err := json.Marshal(e.following.keep())
	if err != nil {
		return nil, fmt.Errorf("writing the timelines: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	own := kept{Ended: e.ending, FirstRoundDone: e.firstRoundDone, Directories: map[string]list{}}
	for _, it := range s.sources {
		own.Directories[it.name] = list{it.asked, it.success, slices.SortedFunc(maps.Keys(it.names), domain.Compare)}
	}
	rest, err := json.Marshal(own)
	if err != nil {
		return nil, fmt.Errorf("writing the directories: %w", err)
	}
	sections := state.Sections{sectionBook: book, sectionRequests: requests, sectionExporter: rest, sectionFollowed: timelines}
	if s.looked != nil {
		sections[sectionReleases] = s.looked
	}
	return sections, nil
}

// restore takes over what was kept. What cannot be read is left out, and gathered anew.
func (e *Exporter) restore(dir *state.Dir) {
	sections, report := dir.Load()
	e.tell(report)
	now, s := e.now(), e.setup.Load()
	var own kept
	for _, part := range []struct {
		name string
		take func([]byte) error
	}{
		{sectionBook, func(b []byte) error { return e.restoreBook(b, now) }},
		{sectionRequests, s.client.UnmarshalBinary},
		{sectionReleases, func(b []byte) error {
			err := s.releases.UnmarshalBinary(b)
			if err == nil {
				s.looked = b
			}
			return err
		}},
		{sectionExporter, func(b []byte) error { return json.Unmarshal(b, &own) }},
		{sectionFollowed, e.following.recall},
	} {
		if text, ok := sections[part.name]; ok {
			if err := part.take(text); err != nil {
				e.log.Warn("A part of the state cannot be used; it is gathered anew", "part", part.name, "err", err)
			}
		}
	}
	e.firstRoundDone = own.FirstRoundDone
	e.recall(own, s, now)
	e.known = s.releases.Known()
	e.saved = report.Saved
	if entries, _ := e.book.Entries(); len(entries) > 0 {
		e.log.Info("Took over what was known", "instances", len(entries), "saved", report.Saved)
		if !own.Ended {
			e.hold(s, report.Saved)
		}
	}
}

func (e *Exporter) restoreBook(text []byte, now time.Time) error {
	bad, err := e.book.Restore(text, now)
	if bad > 0 {
		e.log.Warn("Entries of the book that was kept make no sense and are left out", "entries", bad)
	}
	return err
}

// hold is for a state that a crash has left: who was due until the next save that never came may have been visited, so an
// hour passes before they are.
func (e *Exporter) hold(s *setup, saved time.Time) {
	lost := saved.Add(saveEvery + hostLimit)
	e.book.Hold(func(entry *census.Entry) time.Time { return due(entry, s.config.Instances, s.watched[entry.Name]) }, lost, lost.Add(s.config.Instances.Every))
	e.log.Warn("The program did not end in order; who may have been visited since the last save is left alone for an hour", "saved", saved)
}

// hostLimit is how long a visit takes at most, waits for places included.
const hostLimit = time.Minute

// recall tells the directories what they listed, so that a list which has shrunk over a restart is not believed at once.
func (e *Exporter) recall(own kept, s *setup, now time.Time) {
	for _, it := range s.sources {
		was, ok := own.Directories[it.name]
		if !ok || was.Asked.After(now) || was.Success.IsZero() {
			continue
		}
		it.asked, it.success, it.listed = was.Asked, was.Success, len(was.Names)
		it.names = make(map[domain.Name]bool, len(was.Names))
		for _, n := range was.Names {
			it.names[n] = true
		}
		it.belief.Take(directory.Listing{Names: was.Names}, was.Success)
	}
}

// tell says in the log what was found in the state directory.
func (e *Exporter) tell(r state.Report) {
	for _, d := range r.Damaged {
		e.log.Warn("A damaged state file was set aside", "file", d.File, "kept_as", d.Kept, "err", d.Err)
	}
	if r.ReadOnly != nil {
		e.log.Warn("The state directory cannot be written; what is known will be lost with the program", "err", r.ReadOnly)
	}
	if len(r.Newer) > 0 {
		e.log.Warn("A newer version of this program has left its state here; it is left alone, and not read", "files", r.Newer)
	}
}
