package toots

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"
)

// fillWindows takes each place that the windows have: each part has more tags than are kept, and the running parts are at the brim.
func (r *rig) fillWindows(random *rand.Rand) {
	fill := func(s *summary, n int) {
		for range n {
			s.add(random.Uint64())
		}
	}
	for i := range dayParts*dayUnit - 1 {
		r.advance()
		if i%dayUnit == 0 {
			fill(&r.day.running, dayKept+1)
		}
		if i >= (dayParts-5)*dayUnit {
			fill(&r.hour.running, hourKept+1)
		}
		r.time = r.time.Add(time.Minute)
	}
	r.advance()
	fill(&r.day.running, 2*dayKept)
	fill(&r.hour.running, 2*hourKept)
}

// fillRoom has so many authors use each of so many tags, one tag after the other, whose names are as long as may be, and
// goes on until no more than one byte in a hundred is free.
func (r *rig) fillRoom(people, tags int) {
	for tag := 0; tag < tags || r.held < maxHeld/100*99; tag++ {
		name := fmt.Sprintf("x%03d_%0123d", people, tag)
		t := r.distinct(nil, []string{name})[0]
		for i := range people {
			r.count(t, uint64(tag+i), uint64(tag+i))
		}
	}
}

// 32 MiB are never exceeded, whatever fills them, and with what is needed for a moment to make room.
func TestHashtagsMemory(t *testing.T) {
	const most, mib = 32 << 20, float64(1 << 20)
	for name, row := range map[string]struct {
		rules   HashtagRules
		people  int
		tags    int
		passing bool
	}{
		"tags that one author used once": {defaults, 1, 0, false},
		"tags that are shown":            {defaults, 20, 20_000, true},
		"tags that 200 authors used":     {HashtagRules{Top: 100, MinAuthors: 200, MinServers: 200}, 200, 3000, true},
	} {
		t.Run(name, func(t *testing.T) {
			before := heap()
			r := newRig(row.rules)
			r.fillWindows(rand.New(rand.NewPCG(1, 1)))
			r.fillRoom(1, 0) // so that the maps have been as large as they become
			r.fillRoom(row.people, row.tags)
			held, tags, names := r.held, len(r.crowds), len(r.names)
			grown := heap() - before
			var m, shrunk runtime.MemStats
			runtime.ReadMemStats(&m)
			r.shrink()
			runtime.ReadMemStats(&shrunk)
			moment := int(shrunk.TotalAlloc - m.TotalAlloc)
			t.Logf("%d tags, %d of them with names: %.1f MiB, and %.1f MiB for a moment; %.1f MiB of crowds and names by our own account",
				tags, names, float64(grown)/mib, float64(moment)/mib, float64(held)/mib)
			if grown+moment > most {
				t.Errorf("%d bytes, and %d for a moment; want at most %d", grown, moment, most)
			}
			if row.passing != (names > tags/2) {
				t.Errorf("%d of %d tags have names", names, tags)
			}
		})
	}
}

// heap is what is live.
func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
