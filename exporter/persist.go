package exporter

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/mnm-social/mnm/exporter/state"
)

// saveEvery is how often what is known is saved; a crash loses no more than the visits since.
const saveEvery = 5 * time.Minute

// The sections of a snapshot. Names are part of its form: one may be added, none changed.
const (
	sectionBook     = "book"
	sectionReleases = "releases"
	sectionExporter = "exporter"
)

// kept is what the exporter itself must know after a restart.
type kept struct {
	FirstRoundDone bool               `json:"first_round_done"`
	Directories    map[string]listing `json:"directories"`
}

// listing is what is kept of a directory: when it was asked, and how many it listed.
type listing struct {
	Asked   time.Time `json:"asked"`
	Success time.Time `json:"success"`
	Listed  int       `json:"listed"`
}

// saveNow saves what is known, and returns when to do it again. A failure is counted and leaves the snapshots before as
// they were.
func (e *Exporter) saveNow(context.Context) time.Time {
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
	e.mu.Lock()
	defer e.mu.Unlock()
	own := kept{FirstRoundDone: e.firstRoundDone, Directories: map[string]listing{}}
	for _, it := range s.sources {
		own.Directories[it.name] = listing{it.asked, it.success, it.listed}
	}
	rest, err := json.Marshal(own)
	if err != nil {
		return nil, fmt.Errorf("writing the directories: %w", err)
	}
	return state.Sections{sectionBook: book, sectionReleases: s.looked, sectionExporter: rest}, nil
}

// restore takes over what was kept. What cannot be read is left out, and asked anew.
func (e *Exporter) restore(dir *state.Dir) {
	sections, report := dir.Load()
	e.tell(report)
	now, s := e.now(), e.setup.Load()
	for name, take := range map[string]func([]byte) error{
		sectionBook:     func(b []byte) error { return e.book.Restore(b, now) },
		sectionReleases: func(b []byte) error { s.looked = b; return s.releases.UnmarshalBinary(b) },
		sectionExporter: func(b []byte) error { return e.recall(b, s, now) },
	} {
		text, ok := sections[name]
		if !ok {
			continue
		}
		if err := take(text); err != nil {
			e.log.Warn("A part of the state cannot be used; it is gathered anew", "part", name, "err", err)
		}
	}
	e.known = s.releases.Known()
	e.saved = report.Saved
	if entries, _ := e.book.Entries(); len(entries) > 0 {
		e.log.Info("Took over what was known", "instances", len(entries), "saved", report.Saved)
	}
}

func (e *Exporter) recall(text []byte, s *setup, now time.Time) error {
	var own kept
	if err := json.Unmarshal(text, &own); err != nil {
		return fmt.Errorf("reading the directories: %w", err)
	}
	e.firstRoundDone = own.FirstRoundDone
	for _, it := range s.sources {
		if was, ok := own.Directories[it.name]; ok && !was.Asked.After(now) {
			it.asked, it.success, it.listed = was.Asked, was.Success, was.Listed
		}
	}
	return nil
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
