package directory

import "time"

// hold is how long a listing that shrank is held unless told otherwise: a directory that is asked once an hour has then
// said the same three times.
const hold = 90 * time.Minute

// Belief is what one directory is believed to list. A listing with less than half of the names that were last believed
// is more often a directory in trouble than half of the network gone: it is held until it has come three times in a row
// and over at least Hold. All others are believed at once, the first one too.
//
// A listing that is held and is followed by one with less than half of it begins anew, so that a directory that goes on
// to shrink is believed when it has come to rest. Failed fetches are not taken, and change nothing.
//
// It is for listings as other people publish them, before the Filter: who changes a file or a configuration of their own
// means it. The zero value is ready; after a restart, Take what was known first. It is for one goroutine.
type Belief struct {
	Hold time.Duration // 0: 90 minutes

	last  Listing
	some  bool      // last is one
	times int       // so many listings in a row were held
	size  int       // of the first of them
	since time.Time // when that came
}

// Take is given each listing as it comes, and returns the one to go by: this one if it is believed, else the last that was.
func (b *Belief) Take(l Listing, now time.Time) (Listing, bool) {
	if b.some && halved(len(b.last.Names), len(l.Names)) && !b.insists(len(l.Names), now) {
		return b.last, false
	}
	b.last, b.some, b.times = l, true, 0
	return l, true
}

// insists reports whether a listing that shrank has come often and long enough.
func (b *Belief) insists(size int, now time.Time) bool {
	if b.times == 0 || halved(b.size, size) {
		b.times, b.size, b.since = 0, size, now
	}
	b.times++
	wait := b.Hold
	if wait == 0 {
		wait = hold
	}
	return b.times >= 3 && now.Sub(b.since) >= wait
}

func halved(before, now int) bool { return 2*now < before }
