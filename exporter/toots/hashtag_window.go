package toots

import (
	"cmp"
	"maps"
	"slices"
)

// window counts the uses of tags in a span of time that slides in steps: the running part of it and the parts before.
//
// Each part is a summary with room for kept tags, and a count is short by at most n/kept, n being all uses in that part.
// The parts of a window add up: a count in the window is short by at most N/kept, N being all uses in it.
type window struct {
	unit    int64 // minutes of a part
	at      int64 // the running part: minutes of Unix time / unit
	running summary
	over    []part            // the part number i is at i modulo their number
	sums    map[uint64]uint64 // over the parts that are over, for the tags that are followed
}

func newWindow(parts int, unit int64, kept int) window {
	return window{unit: unit, running: summary{kept: kept, counts: map[uint64]count{}}, over: make([]part, parts-1), sums: map[uint64]uint64{}}
}

// start is the first minute of the window.
func (w *window) start() int64 { return max(w.at-int64(len(w.over)), 0) * w.unit }

// move makes the part to which the minute belongs the running one, and reports whether it was another before.
func (w *window) move(minute int64) bool {
	to := minute / w.unit
	if to == w.at {
		return false
	}
	// After a long pause every part has left the window when it was overwritten once.
	for w.at = max(w.at, to-int64(len(w.over))-1); w.at < to; w.at++ {
		place := &w.over[w.at%int64(len(w.over))]
		last := w.running.end()
		for tag := range w.sums {
			w.sums[tag] += uint64(last.count(tag))
			w.sums[tag] -= uint64(place.count(tag))
		}
		*place = last
	}
	return true
}

// count is how often a tag that is followed was used in the window.
func (w *window) count(tag uint64) uint64 {
	return w.sums[tag] + uint64(w.running.counts[tag].seen)
}

// follow makes count know the tag, and leave ends that.
func (w *window) follow(tag uint64) {
	sum := uint64(0)
	for _, p := range w.over {
		sum += uint64(p.count(tag))
	}
	w.sums[tag] = sum
}

func (w *window) leave(tag uint64) { delete(w.sums, tag) }

// summary counts the uses of at most 2·kept tags, and leaves kept of them at the end. It is the algorithm of Misra and
// Gries, but with what a tag was seen to be used kept apart from what it may have been used before it had a place, as
// Space-Saving does, so that the tags that are used most are counted exactly.
//
// When there is no room, the tags are dropped that have the lowest rank (what was seen and what may have been), until
// kept are left, and floor is the highest rank that was dropped. A tag that gets a place may have been used floor times
// before. So by induction no tag's true count exceeds its rank, or floor if it has no place, and what was seen is short
// by at most floor. And floor is at most n/kept after n uses: the sum over all tags of what their rank exceeds floor by
// grows by one with each use, it falls by at least (kept+1)·d when floor rises by d, since so many tags have at least
// the new floor as their rank just before, and it is never negative.
type summary struct {
	kept   int
	counts map[uint64]count
	floor  uint32
}

// count is that of a tag: its uses since it has a place, and floor when it got it.
type count struct{ seen, before uint32 }

func (s *summary) add(tag uint64) {
	c, has := s.counts[tag]
	if !has {
		if len(s.counts) == 2*s.kept {
			s.drop()
		}
		c.before = s.floor
	}
	c.seen++
	s.counts[tag] = c
}

func (s *summary) drop() {
	if n := len(s.counts) - s.kept; n > 0 {
		s.counts, s.floor = shed(s.counts, n, func(c count) uint32 { return c.seen + c.before })
	}
}

// end is what is left of the summary, which begins anew.
func (s *summary) end() part {
	s.drop()
	tags := slices.AppendSeq(make([]uint64, 0, len(s.counts)), maps.Keys(s.counts))
	slices.Sort(tags)
	p := part{tags, make([]uint32, len(tags))}
	for i, tag := range tags {
		p.counts[i] = s.counts[tag].seen
	}
	s.counts, s.floor = map[uint64]count{}, 0
	return p
}

// part is a summary that is over: tags in order, and how often each was used.
type part struct {
	tags   []uint64
	counts []uint32
}

func (p *part) count(tag uint64) uint32 {
	if i, has := slices.BinarySearch(p.tags, tag); has {
		return p.counts[i]
	}
	return 0
}

// shed gives a map without the n values of the lowest rank, and the highest rank among those; chance decides between
// equals. n is at least 1 and at most the size of the map. The map is a new one, since one from which is deleted again and
// again grows in time.
func shed[V any, R cmp.Ordered](m map[uint64]V, n int, rank func(V) R) (map[uint64]V, R) {
	ranks := make([]R, 0, len(m))
	for _, v := range m {
		ranks = append(ranks, rank(v))
	}
	slices.Sort(ranks)
	highest := ranks[n-1]
	below, _ := slices.BinarySearch(ranks, highest)
	equals := n - below // of that rank go
	left := make(map[uint64]V, len(m))
	for key, v := range m {
		switch r := rank(v); {
		case r == highest && equals > 0:
			equals--
		case r >= highest:
			left[key] = v
		}
	}
	return left, highest
}
