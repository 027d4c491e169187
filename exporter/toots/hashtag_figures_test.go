//go:build figures

package toots

import (
	"cmp"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"testing"
	"time"
)

// The figures of hashtags in the documentation: go test -tags figures -run '^TestFigureHashtag' -v ./exporter/toots/

// zipf gives numbers below n, i with a probability in proportion to 1/(i+1)^s. That of math/rand/v2 can't do s = 1.
func zipf(random *rand.Rand, s float64, n int) func() int {
	sums := make([]float64, n)
	sum := 0.0
	for i := range sums {
		sum += math.Pow(float64(i+1), -s)
		sums[i] = sum
	}
	return func() int { return sort.SearchFloat64s(sums, random.Float64()*sum) }
}

// TestFigureHashtagError prints how far the 100 most used hashtags are from exact counting, after 10 million uses of up to
// a million hashtags by 200,000 authors on 2000 servers: in a day, and all of them in an hour.
func TestFigureHashtagError(t *testing.T) {
	const uses, distinct, people = 10_000_000, 1_000_000, 200_000
	names, number := make([]string, distinct), make(map[string]int, distinct)
	for i := range names {
		names[i] = "tag" + strconv.Itoa(i)
		number[names[i]] = i
	}
	for _, s := range []float64{1.0, 1.07} {
		for _, minutes := range []int{24 * 60, 60} {
			random := rand.New(rand.NewPCG(uint64(s*100), uint64(minutes)))
			next := zipf(random, s, distinct)
			exact := make([]uint64, distinct)
			before := heap()
			r := newRig(defaults)
			var one [1]string
			began, drawing := time.Now(), time.Duration(0)
			for minute := range minutes {
				if minute > 0 {
					r.time = r.time.Add(time.Minute)
				}
				drawn := time.Now()
				tags := make([]int, uses*(minute+1)/minutes-uses*minute/minutes)
				for i := range tags {
					tags[i] = next()
				}
				drawing += time.Since(drawn)
				for _, tag := range tags {
					exact[tag]++
					one[0] = names[tag]
					author := random.Uint64N(people)
					r.use(one[:], author, author%2000)
				}
			}
			took := time.Since(began) - drawing
			t.Logf("s = %.2f, %d million uses in %d minutes: %d ns a use, %.1f MiB, %d tags known, %d shown if there were room",
				s, uses/1_000_000, minutes, int(took)/uses, float64(heap()-before)/(1<<20), len(r.crowds), len(r.names))
			if minutes == 60 {
				topError(t, "last hour", r.lastHour(), exact, number, uses/hourKept)
			}
			topError(t, "last day", r.lastDay(), exact, number, uses/dayKept)
			runtime.KeepAlive(r)
		}
	}
}

// topError compares what is shown with the exact counts of tags by their number.
func topError(t *testing.T, what string, shown []Use, exact []uint64, number map[string]int, bound int) {
	order := make([]int, len(exact))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(exact[b], exact[a]) })
	counted := map[int]uint64{}
	for _, u := range shown {
		counted[number[u.Hashtag]] = u.Toots
	}
	in, most, sum, far := 0, 0.0, 0.0, 0
	for _, tag := range order[:100] {
		got, has := counted[tag]
		if has {
			in++
		}
		short := int(exact[tag] - got)
		relative := float64(short) / float64(exact[tag])
		most, sum, far = max(most, relative), sum+relative, max(far, short)
		if short < 0 || short > bound {
			t.Errorf("%s: the tag number %d was used %d times, and counted %d times", what, tag, exact[tag], got)
		}
	}
	t.Logf("  %s: %d of the true top 100 are shown, the last of them used %d times; off by at most %d (%.4f %%), on average %.4f %%; the bound is %d",
		what, in, exact[order[99]], far, 100*most, sum, bound)
	if in < 99 {
		t.Errorf("%s: only %d of the true top 100", what, in)
	}
}

// TestFigureHashtagFlood prints by how much the counts of 50 hashtags, each used 1200 times, fall short when one author
// makes five million others meanwhile.
func TestFigureHashtagFlood(t *testing.T) {
	for _, pause := range []time.Duration{0, time.Minute} {
		hour, day := flood(t, 5_000_000, pause)
		t.Logf("5 million tags of one author, a 60th of them every %v: all 50 popular ones are shown, short by at most %d in the hour, %d in the day",
			pause, hour, day)
	}
}
