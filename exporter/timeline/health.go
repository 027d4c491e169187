package timeline

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/mnm-social/mnm/exporter/outbound"
	"github.com/mnm-social/mnm/exporter/toots"
)

// Mode is how a timeline is followed.
type Mode string

// The modes.
const (
	Unknown   Mode = "unknown" // nobody has tried yet, or what the server allows can't be had
	Streaming Mode = "stream"
	Polling   Mode = "poll"
	Closed    Mode = "closed" // neither; it is tried again
)

// Event is what a timeline shows.
type Event uint8

// The events.
const (
	Update Event = iota // a toot, seen before or not
	Edit
	Delete
	Boost
	Other
)

// String is the event as a label.
func (e Event) String() string { return [...]string{"update", "edit", "delete", "boost", "other"}[e] }

// counts only grow.
type counts struct {
	events     [Other + 1]uint64
	duplicates uint64
	gap        time.Duration
	failures   map[string]uint64
}

// Health is how it goes with a timeline.
type Health struct {
	Source     Source
	Mode       Mode
	Up         bool              // the last pass had no trouble, and the stream is open if that is the mode
	LastEvent  time.Time         // when it last showed something; zero: never
	Events     [Other + 1]uint64 // by Event. Toots of the page from which it began are none
	Duplicates uint64            // updates with a toot that the Tally had seen before; the others are distinct toots
	Reconnects uint64            // times that the stream was opened again
	Gap        time.Duration     // time of the timeline of which toots may be missed
	Failures   map[string]uint64 // troubles by reason, of those there were; see Reasons
}

// Health is how it goes now.
func (f *Follower) Health() Health {
	f.mu.Lock()
	defer f.mu.Unlock()
	fine := f.passed && f.trouble == nil
	if f.listening {
		fine = !f.open.IsZero() && (fine || !f.mayRead())
	}
	return Health{
		Source: f.o.Source, Mode: f.mode(), Up: fine, LastEvent: f.shown,
		Events: f.events, Duplicates: f.duplicates, Reconnects: max(f.opens, 1) - 1, Gap: f.gap, Failures: maps.Clone(f.failures),
	}
}

// mode is how the timeline is followed. f.mu is held.
func (f *Follower) mode() Mode {
	switch {
	case f.asked.IsZero():
		return Unknown
	case f.listening:
		return Streaming
	case f.mayRead():
		return Polling
	}
	return Closed
}

// take hands a toot over to the Tally; live: a stream told it.
func (f *Follower) take(t *toots.Toot, live bool) {
	event, first := Boost, true
	if !t.Boost {
		event, first = Update, f.o.Tally.Take(f.origin, t, live)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tell(event, first, live)
	if live && less(f.heard, t.ID) {
		f.heard = t.ID
	}
}

// tell counts an event. f.mu is held.
func (f *Follower) tell(e Event, first, live bool) {
	if f.events[e]++; !first {
		f.duplicates++
	}
	if live {
		f.shown = f.o.Now()
	}
}

// fail counts a trouble, unless ctx has ended or we are closed, which may be why.
func (f *Follower) fail(ctx context.Context, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended(ctx) == nil && !errors.Is(err, errResting) {
		f.failed(err, 1)
	}
}

// ended is why what ctx is for has come to an end, if it has.
func (f *Follower) ended(ctx context.Context) error {
	if err := f.ctx.Err(); err != nil {
		return err
	}
	return ctx.Err()
}

// failed counts n troubles, but those of our own making. f.mu is held.
func (f *Follower) failed(err error, n int) {
	if reason := ReasonOf(err); n > 0 && reason != string(outbound.ReasonCanceled) {
		if f.failures == nil {
			f.failures = map[string]uint64{}
		}
		f.failures[reason] += uint64(n)
	}
}
