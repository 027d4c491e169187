package toots

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"
)

// streams are tags, used one after the other, against which a summary of few places has a hard time.
func streams(random *rand.Rand) map[string][]uint64 {
	all := map[string][]uint64{}
	for range 3000 {
		all["even"] = append(all["even"], random.Uint64N(100))
		all["steep"] = append(all["steep"], uint64(1/(random.Float64()+1e-3)))
	}
	for tag := range uint64(64) { // full of tags that were used ten times; then two that push out each other
		for range 10 {
			all["two take turns"] = append(all["two take turns"], tag)
		}
	}
	for i := range uint64(2000) {
		all["two take turns"] = append(all["two take turns"], 100+i%2)
		all["flood"] = append(all["flood"], 1000+i, i%20/19) // tag 0 often, tag 1 now and then
		all["runs"] = append(all["runs"], i/7)
		all["ever longer runs"] = append(all["ever longer runs"], 1000/(i+1), i*i/5000)
		all["first many, then floods"] = append(all["first many, then floods"], i%5)
	}
	for i := range uint64(4000) {
		all["first many, then floods"] = append(all["first many, then floods"], 1000+i%3000)
	}
	return all
}

func TestSummaryBound(t *testing.T) {
	for seed := range uint64(5) {
		for name, stream := range streams(rand.New(rand.NewPCG(seed, 6))) {
			for _, kept := range []int{1, 2, 7, 32} {
				t.Run(fmt.Sprint(name, " ", kept, " ", seed), func(t *testing.T) { checkSummary(t, stream, kept) })
			}
		}
	}
}

func checkSummary(t *testing.T, stream []uint64, kept int) {
	s := summary{kept: kept, counts: map[uint64]count{}}
	exact := map[uint64]uint32{}
	check := func(n int, when string, count func(tag uint64) uint32) {
		for tag, used := range exact {
			if got := count(tag); got > used || used-got > uint32(n/kept) || used != got && len(exact) <= kept {
				t.Fatalf("%s: tag %d was counted %d times, and used %d times of %d, %d tags", when, tag, got, used, n, len(exact))
			}
		}
	}
	for i, tag := range stream {
		s.add(tag)
		exact[tag]++
		if len(s.counts) > 2*kept {
			t.Fatalf("%d places are taken", len(s.counts))
		}
		if i%17 == 0 {
			check(i+1, "running", func(tag uint64) uint32 { return s.counts[tag].seen })
			if used := exact[tag]; used-s.counts[tag].seen > s.floor || int(s.floor) > (i+1)/(kept+1) {
				t.Fatalf("tag %d: counted %d of %d, the floor is %d after %d", tag, s.counts[tag].seen, used, s.floor, i+1)
			}
		}
	}
	over := s.end()
	if len(over.tags) > kept {
		t.Errorf("%d tags are kept; want at most %d", len(over.tags), kept)
	}
	check(len(stream), "over", over.count)
	s.add(5)
	if s.floor != 0 || len(s.counts) != 1 || s.counts[5] != (count{seen: 1}) {
		t.Errorf("it began anew with %+v", s)
	}
}

func TestShed(t *testing.T) {
	for name, row := range map[string]struct {
		ranks         []int
		n, top, above int // above the top all stay
	}{
		"one":             {[]int{5}, 1, 5, 0},
		"lowest":          {[]int{3, 1, 2}, 1, 1, 2},
		"two":             {[]int{3, 1, 2}, 2, 2, 1},
		"some equals":     {[]int{1, 2, 2, 2, 3}, 2, 2, 1},
		"all equal":       {[]int{7, 7, 7, 7}, 3, 7, 0},
		"all":             {[]int{1, 2, 3}, 3, 3, 0},
		"all but a third": {[]int{1, 1, 9}, 2, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			m := map[uint64]int{}
			for i, rank := range row.ranks {
				m[uint64(i)] = rank
			}
			left, top := shed(m, row.n, func(rank int) int { return rank })
			above := 0
			for _, rank := range left {
				if rank > row.top {
					above++
				} else if rank < row.top {
					t.Errorf("%d is left", rank)
				}
			}
			if top != row.top || above != row.above || len(left) != len(row.ranks)-row.n {
				t.Errorf("highest %d, %d above it, %d left; want %d, %d, %d", top, above, len(left), row.top, row.above, len(row.ranks)-row.n)
			}
		})
	}
}

// Hashtags with little room: what is shown passes by every use counted one by one, and its count is within the bound.
func TestHashtagsWithLittleRoom(t *testing.T) {
	for seed := range uint64(10) {
		random := rand.New(rand.NewPCG(seed, 7))
		rules := HashtagRules{Top: 1000, MinAuthors: 2 + random.IntN(6), MinServers: 1 + random.IntN(3)}
		r, ref := newRig(rules), &reference{}
		r.hour, r.day, r.room = newWindow(60, 1, 8), newWindow(96, 15, 16), 4000+random.IntN(8000)
		r.minute = 0 // that they are moved
		shown, all := 0, 0
		for i := range 200 {
			for range random.IntN(60) {
				author := random.Uint64N(40)
				u := used{r.time, "tag" + strconv.Itoa(int(1/(random.Float64()+1e-3))), author, author % 5}
				if random.IntN(3) == 0 { // a flood of others
					u = used{r.time, "flood" + strconv.Itoa(random.IntN(1e9)), 100, 100}
				}
				ref.uses = append(ref.uses, u)
				r.use([]string{u.tag}, u.author, u.server)
			}
			if r.held > r.room {
				t.Fatalf("%d bytes are held, with room for %d", r.held, r.room)
			}
			if i%5 == 0 {
				n, m := checkTop(t, r, ref, rules, 8, 16)
				shown, all = shown+n, all+m
			}
			r.time = r.time.Add(time.Duration(random.IntN(120)) * time.Second)
		}
		if shown < all/5 {
			t.Errorf("seed %d: only %d of %d were shown", seed, shown, all)
		}
	}
}

// checkTop holds what is shown against the reference, and gives how many were shown and how many passed.
func checkTop(t *testing.T, r *rig, ref *reference, rules HashtagRules, hourKept, dayKept int) (shown, passed int) {
	t.Helper()
	for _, w := range []struct {
		parts, unit int64
		kept        int
		uses        []Use
	}{{60, 1, hourKept, r.lastHour()}, {96, 15, dayKept, r.lastDay()}} {
		top, counts, n := ref.top(r.time, w.parts, w.unit, rules)
		passes := map[string]bool{}
		for _, u := range top {
			passes[u.Hashtag] = true
		}
		for _, u := range w.uses {
			if used := counts[u.Hashtag]; !passes[u.Hashtag] || u.Toots > used || used-u.Toots > uint64(n/w.kept) || int(u.Toots) < rules.MinAuthors {
				t.Fatalf("%v is shown; passes: %v, was used %d times of %d", u, passes[u.Hashtag], used, n)
			}
		}
		shown, passed = shown+len(w.uses), passed+len(top)
	}
	return shown, passed
}

// One author makes many tags, in a minute or in an hour. 50 tags that many use are shown all the while, with counts
// within the bound; and who used a tag before the flood still counts after it.
func TestHashtagsFlood(t *testing.T) {
	for name, pause := range map[string]time.Duration{"in a minute": 0, "in an hour": time.Minute} {
		t.Run(name, func(t *testing.T) { flood(t, 300_000, pause) })
	}
}

// flood gives by how much a count of the hour and of the day was short at most.
func flood(t *testing.T, tags int, pause time.Duration) (hour, day int) {
	const steps = 60
	r := newRig(defaults)
	r.crowdUses("almost", 19)
	uses := 19
	for i := range steps {
		for tag := range 50 {
			for author := range 20 {
				r.use([]string{"popular" + strconv.Itoa(tag)}, uint64(i*20+author), uint64(author%6))
			}
		}
		for j := range tags / steps {
			r.use([]string{"flood" + strconv.Itoa(i*tags+j)}, 99, 99)
		}
		uses += 50*20 + tags/steps
		for _, w := range []struct {
			uses  []Use
			kept  int
			short *int
		}{{r.lastHour(), hourKept, &hour}, {r.lastDay(), dayKept, &day}} {
			if len(w.uses) != 50 {
				t.Fatalf("step %d: %d are shown; want 50", i, len(w.uses))
			}
			for _, u := range w.uses {
				short := 20*(i+1) - int(u.Toots)
				*w.short = max(*w.short, short)
				if short < 0 || short > uses/w.kept {
					t.Fatalf("step %d: %v, used %d times of %d", i, u, 20*(i+1), uses)
				}
			}
		}
		if i+1 < steps {
			r.time = r.time.Add(pause)
		}
	}
	r.use([]string{"almost"}, 5000, 1)
	if last := r.lastDay(); len(last) != 51 || last[50].Hashtag != "almost" {
		t.Errorf("the 20th author of a tag whose first 19 used it before the flood: %d are shown, the last is %v", len(last), last[50:])
	}
	if r.held > maxHeld {
		t.Errorf("%d bytes are held", r.held)
	}
	return hour, day
}

// A flood of one author gets a quarter of the places at most, even where all are taken by tags that two used.
func TestHashtagsFloodGetsAQuarter(t *testing.T) {
	r := newRig(defaults)
	r.room = 100_000
	two := 0
	for ; r.held < r.room*99/100; two++ {
		r.use([]string{"two" + strconv.Itoa(two)}, 1, 1)
		r.use([]string{"two" + strconv.Itoa(two)}, 2, 2)
	}
	for i := range 100 * two {
		r.use([]string{"flood" + strconv.Itoa(i)}, 99, 99)
	}
	left := 0
	for _, c := range r.crowds {
		if _, nServers := c.since(0); nServers == 2 {
			left++
		}
	}
	if left < two*3/4-1 || len(r.crowds) == left {
		t.Errorf("%d of %d are left, with %d others", left, two, len(r.crowds)-left)
	}
}
