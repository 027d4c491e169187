package toots

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// rig is hashtags under a clock that stands until it is set.
type rig struct {
	*hashtags
	time time.Time
}

func newRig(rules HashtagRules) *rig {
	r := &rig{time: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)}
	r.hashtags = newHashtags(rules, func() time.Time { return r.time })
	return r
}

// crowdUses has n authors use a tag, one after the other, on three servers in turn.
func (r *rig) crowdUses(tag string, n int) {
	for i := range n {
		r.use([]string{tag}, 1000+uint64(i), uint64(i%3))
	}
}

func wantUses(t *testing.T, what string, got []Use, want ...Use) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v; want %v", what, got, want)
	}
}

var defaults = HashtagRules{Top: 100, MinAuthors: 20, MinServers: 3}

func TestHashtagsWhoIsShown(t *testing.T) {
	for name, row := range map[string]struct {
		uses, authors, servers int
		shown                  bool
	}{
		"one author a thousand times":        {1000, 1, 1, false},
		"19 authors, each on its own server": {19, 19, 19, false},
		"one author short":                   {1000, 19, 3, false},
		"one server short":                   {1000, 500, 2, false},
		"just enough":                        {20, 20, 3, true},
		"20 authors again and again":         {1000, 20, 3, true},
		"three servers that one person runs": {20, 20, 3, true}, // the limit of the promise
		"more than the rules ask for by far": {1000, 900, 300, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(defaults)
			for i := range row.uses {
				author := uint64(i % row.authors)
				r.use([]string{"Tag"}, author, author%uint64(row.servers))
			}
			var want []Use
			if row.shown {
				want = []Use{{"tag", uint64(row.uses)}}
			}
			wantUses(t, "hour", r.lastHour(), want...)
			wantUses(t, "day", r.lastDay(), want...)
		})
	}
}

func TestHashtagsCountOncePerToot(t *testing.T) {
	r := newRig(defaults)
	for i := range 20 {
		r.use([]string{"#Blåhaj", "blahaj", "BLÅHAJ", "", "2024", "😺"}, uint64(i), uint64(i))
	}
	wantUses(t, "hour", r.lastHour(), Use{"blahaj", 20})
}

func TestHashtagsOrder(t *testing.T) {
	r := newRig(HashtagRules{Top: 4, MinAuthors: 1, MinServers: 1})
	for tag, n := range map[string]int{"ba": 2, "b": 2, "a": 2, "ä": 1, "z": 4, "aa": 2, "あ": 1} {
		r.crowdUses(tag, n)
	}
	want := []Use{{"z", 4}, {"a", 3}, {"aa", 2}, {"b", 2}} // ä is an a
	wantUses(t, "hour", r.lastHour(), want...)
	wantUses(t, "day", r.lastDay(), want...)
	r.setRules(HashtagRules{Top: 1, MinAuthors: 1, MinServers: 1})
	wantUses(t, "one", r.lastHour(), want[0])
	r.setRules(HashtagRules{Top: 100, MinAuthors: 1, MinServers: 1})
	wantUses(t, "all", r.lastHour(), append(want, Use{"ba", 2}, Use{"あ", 1})...)
}

func TestHashtagsSlide(t *testing.T) {
	r := newRig(defaults)
	at := func(clock string) {
		when, err := time.Parse("02 15:04:05", clock)
		if err != nil {
			t.Fatal(err)
		}
		r.time = time.Date(2026, 11, when.Day(), when.Hour(), when.Minute(), when.Second(), 0, time.UTC)
	}
	at("24 10:14:59")
	r.crowdUses("tag", 19)
	at("24 10:15:00")
	wantUses(t, "19 authors", r.lastDay())
	r.use([]string{"tag"}, 1, 1)
	r.use([]string{"tag"}, 2, 2)
	wantUses(t, "hour", r.lastHour(), Use{"tag", 21})
	at("24 11:13:59")
	wantUses(t, "hour, its last minute", r.lastHour(), Use{"tag", 21})
	at("24 11:14:00")
	wantUses(t, "hour, the first minute is out of it", r.lastHour())
	wantUses(t, "day", r.lastDay(), Use{"tag", 21})
	at("25 09:59:59")
	wantUses(t, "day, its last second", r.lastDay(), Use{"tag", 21})
	at("25 10:00:00")
	wantUses(t, "day, the first quarter is out of it", r.lastDay())
	if len(r.names) != 0 {
		t.Errorf("names are kept of %v", r.names)
	}
	r.crowdUses("tag", 18)
	wantUses(t, "day, two of the quarter before and 18 others", r.lastDay(), Use{"tag", 20})
	wantUses(t, "hour, 18 authors", r.lastHour())
	at("25 10:15:00")
	wantUses(t, "day, 18 authors", r.lastDay())
	at("29 00:00:00")
	r.lastHour()
	if len(r.names)+len(r.crowds)+r.held+len(r.hour.sums)+len(r.day.sums) != 0 {
		t.Errorf("after four days %d names and %d crowds are kept, %d bytes, and %d and %d sums",
			len(r.names), len(r.crowds), r.held, len(r.hour.sums), len(r.day.sums))
	}
}

func TestHashtagsClockGoesBack(t *testing.T) {
	r := newRig(defaults)
	r.crowdUses("tag", 20)
	r.time = r.time.Add(-time.Hour)
	r.crowdUses("tag", 20)
	wantUses(t, "an hour back", r.lastHour(), Use{"tag", 40})
	r.time = r.time.Add(-time.Minute)
	wantUses(t, "more than an hour back, nothing is known", r.lastDay())
	r.crowdUses("tag", 20)
	wantUses(t, "and it begins anew", r.lastDay(), Use{"tag", 20})
	for _, odd := range []time.Time{{}, time.Unix(0, 0), time.Date(2096, 1, 1, 0, 0, 0, 0, time.UTC)} {
		r.time = odd
		r.crowdUses("odd", 20)
		wantUses(t, odd.String(), r.lastHour(), Use{"odd", r.lastDay()[0].Toots})
	}
}

func TestHashtagsDeny(t *testing.T) {
	r := newRig(HashtagRules{Top: 100, MinAuthors: 20, MinServers: 3, Deny: []string{"#Bädtag", "", "2024"}})
	uses := func() {
		for _, tag := range []string{"badtag", "good"} {
			r.crowdUses(tag, 20)
		}
	}
	uses()
	wantUses(t, "denied in another spelling", r.lastHour(), Use{"good", 20})
	r.setRules(HashtagRules{Top: 100, MinAuthors: 20, MinServers: 3, Deny: []string{"ＧＯＯＤ"}})
	wantUses(t, "denied while shown", r.lastHour())
	if len(r.names) != 0 {
		t.Error("its name is kept")
	}
	uses()
	wantUses(t, "denied no more", r.lastHour(), Use{"badtag", 20})
	r.setRules(defaults)
	r.crowdUses("good", 19)
	wantUses(t, "the authors before it was denied are forgotten", r.lastHour(), Use{"badtag", 20})
}

func TestHashtagsRulesChange(t *testing.T) {
	r := newRig(defaults)
	r.crowdUses("some", 15)
	r.crowdUses("many", 25)
	wantUses(t, "20", r.lastHour(), Use{"many", 25})
	r.setRules(HashtagRules{Top: 100, MinAuthors: 10, MinServers: 3})
	wantUses(t, "10: the name of the other is not known", r.lastHour(), Use{"many", 25})
	r.crowdUses("some", 1)
	wantUses(t, "10, used once more", r.lastHour(), Use{"many", 25}, Use{"some", 16})
	r.setRules(HashtagRules{Top: 100, MinAuthors: 16, MinServers: 3})
	wantUses(t, "16", r.lastHour(), Use{"many", 25})
	r.setRules(HashtagRules{Top: 100, MinAuthors: 30, MinServers: 3})
	wantUses(t, "30", r.lastHour())
	if len(r.names) != 0 {
		t.Error("names are kept")
	}
	r.crowdUses("many", 30)
	wantUses(t, "30, used by so many from then on", r.lastHour(), Use{"many", 55})
	r.setRules(HashtagRules{Top: 100, MinAuthors: 30, MinServers: 4})
	wantUses(t, "4 servers", r.lastHour())
}

// reference remembers every use and counts them one by one. Its names are folded already.
type reference struct{ uses []used }

type used struct {
	at             time.Time
	tag            string
	author, server uint64
}

// top is what the rules say of the window of so many parts of so many minutes; counts is of all tags.
func (r *reference) top(now time.Time, parts, unit int64, rules HashtagRules) (top []Use, counts map[string]uint64, all int) {
	running := now.Unix() / 60 / unit
	counts = map[string]uint64{}
	authors, servers := map[string]map[uint64]bool{}, map[string]map[uint64]bool{}
	for _, u := range r.uses {
		if part := u.at.Unix() / 60 / unit; part <= running-parts || part > running {
			continue
		}
		if authors[u.tag] == nil {
			authors[u.tag], servers[u.tag] = map[uint64]bool{}, map[uint64]bool{}
		}
		counts[u.tag]++
		authors[u.tag][u.author] = true
		servers[u.tag][u.server] = true
		all++
	}
	for tag, n := range counts {
		if len(authors[tag]) >= rules.MinAuthors && len(servers[tag]) >= rules.MinServers {
			top = append(top, Use{tag, n})
		}
	}
	slices.SortFunc(top, func(a, b Use) int {
		if a.Toots != b.Toots {
			return cmp.Compare(b.Toots, a.Toots)
		}
		return strings.Compare(a.Hashtag, b.Hashtag)
	})
	return top[:min(len(top), rules.Top)], counts, all
}

// Random streams minute by minute over two days and more, with pauses, against every use counted one by one.
func TestHashtagsAgainstEveryUse(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 5))
			rules := HashtagRules{Top: 1 + random.IntN(40), MinAuthors: 1 + random.IntN(8), MinServers: 1 + random.IntN(4)}
			people, servers, tags := 1+random.IntN(40), 1+random.IntN(8), 1+random.IntN(60)
			r, ref, shown := newRig(rules), &reference{}, 0
			for range 250 {
				for range random.IntN(30) {
					author := uint64(random.IntN(people))
					u := used{r.time, fmt.Sprintf("tag%d", random.IntN(1+random.IntN(tags))), author, author % uint64(servers)}
					if random.IntN(2) == 0 {
						u.server = random.Uint64N(uint64(servers)) // a name that different servers write alike
					}
					ref.uses = append(ref.uses, u)
					r.use([]string{u.tag}, u.author, u.server)
				}
				hour, _, _ := ref.top(r.time, 60, 1, rules)
				day, _, _ := ref.top(r.time, 96, 15, rules)
				wantUses(t, r.time.String()+" hour", r.lastHour(), hour...)
				wantUses(t, r.time.String()+" day", r.lastDay(), day...)
				shown += len(hour) + len(day)
				step := time.Duration(random.IntN(180)) * time.Second
				switch random.IntN(100) {
				case 0:
					step = time.Duration(random.IntN(26)) * time.Hour
				case 1, 2, 3:
					step = time.Duration(random.IntN(90)) * time.Minute
				}
				r.time = r.time.Add(step)
			}
			if shown == 0 && people >= rules.MinAuthors && servers >= rules.MinServers {
				t.Error("nothing was shown all the time")
			}
		})
	}
}

func TestHashtagsConcurrently(t *testing.T) {
	r := newRig(defaults)
	var users sync.WaitGroup
	for g := range 4 {
		users.Go(func() {
			for i := range 2000 {
				r.use([]string{"Everybody", fmt.Sprintf("tag%d_%d", g, i%100)}, uint64(g*2000+i), uint64(i%5))
			}
		})
	}
	users.Go(func() {
		for range 50 {
			r.lastHour()
			r.lastDay()
			r.setRules(defaults)
		}
	})
	users.Wait()
	if got := r.lastHour()[0]; got != (Use{"everybody", 8000}) {
		t.Errorf("first is %v; want everybody, 8000", got)
	}
}
