package timeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mnm-social/mnm/exporter/outbound"
	"github.com/mnm-social/mnm/exporter/toots"
)

const (
	perPage = 40 // the most that Mastodon gives
	perPass = 4
	// lastPage is of how many toots a page may not be the last one, if none before it in the pass had more: some servers give 20 at
	// most.
	lastPage = perPage / 2
	patience = 15 // passes
)

// reach is how far pages have been read.
type reach struct {
	counted Position
	created time.Time // of the toot at the position, by the server's clock; zero: unknown
	news    time.Time // when the position moved last
	readAt  time.Time // when the position was read last
	marks   []mark    // positions of late, the last one is the present one
	seen    int       // toots up to it
	behind  int       // passes that had to end before the end, since one came to it
	resume  string    // where the last of them ended
	useless int       // passes with an answer that says nothing, likewise
	ignores bool      // the server does not know min_id
}

// mark is a position of then.
type mark struct {
	id   string
	at   time.Time
	seen int
}

// less orders ids by age: shorter ones first, then bytewise. So it holds for numbers, ULIDs and flake ids alike.
func less(a, b string) bool { return len(a) < len(b) || len(a) == len(b) && a < b }

// catchUp reads from the position to the end of the timeline, or as far as the pass may.
func (f *Follower) catchUp(ctx context.Context) error {
	f.left = perPass
	if f.counted.ID == "" || f.mustJump() {
		return f.newest(ctx, f.counted, f.counted.At.Truncate(time.Second)) // some servers tell no less
	}
	var page sheet // the last one
	after, before, most := f.back(), "", 0
	for {
		began := f.o.Now()
		next, err := f.read(ctx, after, func(t *toots.Toot) bool { return less(after, t.ID) })
		if (errors.Is(err, errEnough) || errors.Is(err, errResting)) && page.n > 0 {
			f.behind++
			if f.resume = after; page.n < perPage && page.fresh > 0 { // it may be the end, so that some come late below it
				f.resume = before
			}
		}
		if err != nil {
			return f.cut(err)
		}
		f.move(next, after, began)
		if most = max(most, next.n); next.n < max(lastPage, most) || f.ignores {
			return f.arrive(ctx, began)
		}
		page, before, after = next, after, next.last
	}
}

// cut ends a pass. That no more pages may be asked for is no trouble. An answer that is of no use may be so for as long as the
// same is asked.
func (f *Follower) cut(err error) error {
	if errors.Is(err, errEnough) {
		return nil
	}
	switch ReasonOf(err) {
	case reasonMalformed, string(outbound.ReasonTooBig), reasonHTTP(400), reasonHTTP(404), reasonHTTP(422):
		f.useless++
	}
	return err
}

// mustJump reports whether to give up on what lies between the position and the newest page: it does not get shorter.
func (f *Follower) mustJump() bool { return f.behind >= patience || f.useless >= patience }

// back is the id from which a pass begins: where the last one had to end, or a little before the position, by two pages at most,
// or they would be all that a pass may read.
func (f *Follower) back() string {
	if f.behind > 0 {
		return f.resume
	}
	then := f.readAt.Add(-f.overlap())
	after := f.counted.ID
	for i := len(f.marks) - 1; i >= 0; i-- {
		m := f.marks[i]
		if f.seen-m.seen > 2*perPage {
			break
		}
		if after = m.id; !m.at.After(then) {
			break
		}
	}
	return after
}

// overlap is how far a pass goes back before the last one.
func (f *Follower) overlap() time.Duration {
	if f.o.Source.Scope == Federated {
		return 2 * f.o.Every
	}
	return f.o.Every / 2
}

// sheet is what a page has shown.
type sheet struct {
	n               int // toots, bad ones too
	fresh           int // after the position
	counted         int
	first, last     string // by id; empty if there is none
	firstAt, lastAt time.Time
}

// read reads the page after an id, or the newest if it is empty, and hands over what counts.
func (f *Follower) read(ctx context.Context, after string, counts func(*toots.Toot) bool) (sheet, error) {
	body, err := f.ask(ctx, after)
	if err != nil {
		return sheet{}, err
	}
	var s sheet
	var toot toots.Toot
	bad, err := toots.DecodePage(body, &toot, func(t *toots.Toot) {
		s.see(t)
		fresh := less(f.counted.ID, t.ID)
		if fresh {
			s.fresh++
		}
		if counts(t) && (fresh || !t.Boost) { // nobody knows boosts again
			s.counted++
			f.take(t, false)
		}
	})
	if s.n += bad; err == nil && bad == s.n && bad >= lastPage { // it would pass for the last one
		err = errMalformed
	}
	if err != nil {
		return s, fmt.Errorf("%w: %d toots, of which %d are none", errMalformed, s.n, bad)
	}
	f.mu.Lock()
	f.failed(errMalformed, bad)
	f.mu.Unlock()
	return s, nil
}

func (s *sheet) see(t *toots.Toot) {
	s.n++
	if s.last == "" || less(s.last, t.ID) {
		s.last, s.lastAt = t.ID, t.CreatedAt
	}
	if s.first == "" || less(t.ID, s.first) {
		s.first, s.firstAt = t.ID, t.CreatedAt
	}
}

// move moves the position to the end of a page that was to begin after an id.
func (f *Follower) move(s sheet, after string, began time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch hole := less(f.counted.ID, s.first); {
	case s.first != "" && !less(after, s.first):
		f.ignores = true
	case f.ignores && hole && s.n >= lastPage:
		f.skip(f.counted, s.firstAt)
	}
	if less(f.counted.ID, s.last) {
		f.moveTo(s, began)
	}
	if s.last == f.counted.ID {
		f.readAt = began
	}
}

// moveTo makes the newest toot of a page the position. f.mu is held.
func (f *Follower) moveTo(s sheet, began time.Time) {
	f.counted.ID, f.created, f.news, f.shown = s.last, s.lastAt, began, began
	f.seen += s.fresh
	for then := began.Add(-f.overlap()); len(f.marks) > 1 && !f.marks[1].at.After(then); {
		f.marks = f.marks[1:]
	}
	f.marks = append(f.marks, mark{s.last, began, f.seen})
}

// arrive ends a pass that came to the end, by a page that was asked for then. Where nothing new has come for long, it looks
// at the newest page: ids may have begun anew, below the position, as when a server changes its software.
func (f *Follower) arrive(ctx context.Context, began time.Time) error {
	f.mu.Lock()
	f.whole(began)
	quiet := f.news
	old := began.Sub(quiet) >= again*f.o.Every
	if old {
		f.news = began
	}
	f.mu.Unlock()
	if !old {
		return nil
	}
	return f.newest(ctx, Position{At: quiet}, quiet.Add(5*f.o.Every)) // clocks differ
}

// newest reads the newest page and goes on from there. What counts is what comes after the position; if from has no id, also
// what was written since then, by our clock, unless the page shows that ids go on; and nothing where there was no pass before.
func (f *Follower) newest(ctx context.Context, from Position, since time.Time) error {
	began, id := f.o.Now(), f.counted.ID
	goOn := from.ID != "" || from.At.IsZero()
	isNew := func(t string, at time.Time) bool {
		goOn = goOn || id != "" && !less(t, id) // the newest comes first
		return id != "" && less(id, t) || !goOn && !at.Before(since.Add(f.ahead))
	}
	s, err := f.read(ctx, "", func(t *toots.Toot) bool { return isNew(t.ID, t.CreatedAt) })
	if err != nil {
		return f.cut(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.n >= lastPage && s.first != "" && isNew(s.first, s.firstAt) {
		f.skip(from, s.firstAt)
	}
	if less(id, s.last) || from.ID == "" && s.counted > 0 {
		f.marks = nil
		f.moveTo(s, began)
	}
	f.whole(began)
	return nil
}

// whole takes note that all that was there at that time has been counted, or skipped. As long as there is no id, what counts is
// what was written since the first pass, by the server's clock, so that time stays. f.mu is held.
func (f *Follower) whole(at time.Time) {
	f.readAt, f.behind, f.useless = at, 0, 0
	if f.counted.ID != "" || f.counted.At.IsZero() {
		f.counted.At = at
	}
	if !f.lost.IsZero() {
		f.lost = at
	}
}

// skip adds to the gap what lies between a position and a toot of that time, or the opening of a stream that is still open: all
// since then the stream has told.
// Both times are the server's, so that its clock does not matter. f.mu is held.
func (f *Follower) skip(from Position, to time.Time) {
	until := f.o.Now()
	if !f.open.IsZero() {
		until = f.open
	}
	all := max(0, until.Sub(from.At))
	gap := to.Sub(f.created)
	if from.ID == "" || f.created.IsZero() || gap < 0 {
		gap = all
	}
	f.gap += min(gap, all)
}
