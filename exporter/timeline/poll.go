package timeline

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// again is after how many times Every it is asked anew what a server allows.
const again = 60

// Poll is one pass: it finds out how the timeline may be followed, unless that is known, opens the stream, unless it is
// open, and reads pages until the end of the timeline or of its budget. It returns why the timeline could not be read, if
// it could not, in words that are fit for a log; ReasonOf tells the reason, which is "canceled" if ctx ended or the Follower was
// closed meanwhile: then no trouble is counted. Due says when to call it again; it may be called earlier, as before an end in
// order (see Position).
func (f *Follower) Poll(ctx context.Context) error {
	f.passing.Lock()
	defer f.passing.Unlock()
	if err := f.ctx.Err(); err != nil {
		return fmt.Errorf("following %s: %w", f.o.Source, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(f.ctx, cancel)()
	began := f.o.Now()
	err := f.pass(ctx)

	f.mu.Lock()
	defer f.mu.Unlock()
	f.due = began.Add(f.o.Every)
	if ended := f.ended(ctx); ended != nil { // whose trouble it was, if any, nobody knows
		return fmt.Errorf("following %s: %w", f.o.Source, ended)
	}
	resting := errors.Is(err, errResting)
	if resting && f.trouble != nil { // it has not passed
		err = f.trouble
	}
	f.passed, f.trouble = true, err
	f.miss()
	if err == nil {
		f.troubles = 0
		return nil
	}
	if !resting || f.troubles == 0 {
		f.troubles++
	}
	f.due = began.Add(f.o.Every << min(f.troubles-1, 3))
	if next := f.asked.Add(again * f.o.Every); f.mode() == Closed && next.After(f.due) {
		f.due = next
	}
	return err
}

func (f *Follower) pass(ctx context.Context) error {
	if err := f.learn(ctx); err != nil {
		f.fail(ctx, err)
		return fmt.Errorf("asking how to follow %s: %w", f.o.Source, err)
	}
	if f.o.Source.Token != nil {
		f.listen(ctx)
	}
	err := error(nil)
	if f.mayRead() {
		if err = f.catchUp(ctx); err != nil {
			f.fail(ctx, err)
			err = fmt.Errorf("reading %s: %w", f.o.Source, err)
		}
		if refused(err) {
			f.mu.Lock()
			f.noPages = true
			f.mu.Unlock()
		}
	}
	if f.mayRead() {
		return err
	}
	if f.o.Source.Token == nil && f.facts.Access <= AccessPublic {
		f.listen(ctx)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.listening:
		return f.broken
	case err != nil:
		return err
	}
	if f.ended(ctx) == nil {
		f.failed(errClosed, 1)
	}
	return fmt.Errorf("following %s: %w", f.o.Source, errClosed)
}

// mayRead reports whether pages may be asked for.
func (f *Follower) mayRead() bool {
	return f.facts.Timeline && !f.noPages && (f.facts.Access <= AccessPublic || f.o.Source.Token != nil)
}

// learn gets the facts anew, if they are old, and forgets what was refused. Facts that can't be got for a day are no longer
// believed: there may be a robots.txt by now that asks to stay away.
func (f *Follower) learn(ctx context.Context) error {
	now := f.o.Now()
	age := now.Sub(f.asked)
	if !f.asked.IsZero() && age < again*f.o.Every {
		return nil
	}
	facts, err := f.o.Facts(ctx)
	if err != nil {
		if facts = (Facts{}); age < 24*again*f.o.Every {
			return err
		}
	}
	if !facts.Stream {
		f.stop()
		f.streams.Wait()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.facts, f.noPages, f.noStream, f.ignores = facts, false, false, false
	f.withToken = facts.Access > AccessPublic
	if f.asked = now; err != nil {
		f.asked = time.Time{}
	}
	return err
}

// miss adds the time without a stream to the gap, where no page can fill it. f.mu is held.
func (f *Follower) miss() {
	now := f.o.Now()
	if !f.lost.IsZero() && !f.asked.IsZero() && !f.mayRead() {
		f.gap += max(0, now.Sub(f.lost))
		f.lost = now
	}
}

// errClosed is for a timeline that neither pages nor a stream show.
var errClosed = errors.New("nobody may read it that has no user's token, or robots.txt forbids it")
