package demo

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A hashtag is shown that so many authors on so many servers used in a window; of those, so many are shown.
const (
	leastAuthors = 20
	leastServers = 3
	mostHashtags = 100
)

// Windows, in minutes: the running minute and the 59 before it, the running quarter of an hour and the 95 before it.
const (
	inHour  = 60
	quarter = 15
	inDay   = 96
)

// usages are how hashtags were used in the last day.
type usages struct {
	tags   map[string]*usage
	pruned int64 // quarter of an hour
}

// usage is who used a hashtag when. Times are minutes of Unix time, by the clock of those who count.
type usage struct {
	minutes  map[int64]int // toots in a minute, of the last hour
	quarters map[int64]int
	authors  map[string]int64 // when each used it last
	servers  map[string]int64
}

// use notes that a toot has a hashtag.
func (u *usages) use(tag, author, server string, now time.Time) {
	m := now.Unix() / 60
	if u.tags == nil {
		u.tags = map[string]*usage{}
	}
	if u.pruned != m/quarter {
		u.prune(m)
	}
	one := u.tags[tag]
	if one == nil {
		one = &usage{map[int64]int{}, map[int64]int{}, map[string]int64{}, map[string]int64{}}
		u.tags[tag] = one
	}
	one.minutes[m]++
	one.quarters[m/quarter]++
	one.authors[author], one.servers[server] = m, m
}

// prune forgets what lies in no window any more.
func (u *usages) prune(now int64) {
	u.pruned = now / quarter
	old := func(m int64) bool { return m/quarter <= u.pruned-inDay }
	for tag, one := range u.tags {
		deleteOld(one.authors, old)
		deleteOld(one.servers, old)
		for m := range one.minutes {
			if m <= now-inHour {
				delete(one.minutes, m)
			}
		}
		for q := range one.quarters {
			if q <= u.pruned-inDay {
				delete(one.quarters, q)
			}
		}
		if len(one.authors) == 0 {
			delete(u.tags, tag)
		}
	}
}

func deleteOld(last map[string]int64, old func(int64) bool) {
	for who, m := range last {
		if old(m) {
			delete(last, who)
		}
	}
}

// write writes the hashtags of both windows.
func (u *usages) write(s series, now time.Time) {
	m := now.Unix() / 60
	u.window(s, "mastodon_hashtag_toots_last_hour", func(t int64) bool { return t > m-inHour },
		func(one *usage) map[int64]int { return one.minutes }, func(t int64) int64 { return t })
	u.window(s, "mastodon_hashtag_toots_last_day", func(t int64) bool { return t > m/quarter-inDay },
		func(one *usage) map[int64]int { return one.quarters }, func(t int64) int64 { return t / quarter })
}

// window writes the most used hashtags of a window: in reports whether a step of time lies in it, toots are a hashtag's by step,
// and step is that of a minute.
func (u *usages) window(s series, family string, in func(int64) bool, toots func(*usage) map[int64]int, step func(int64) int64) {
	type used struct {
		tag string
		n   int
	}
	var all []used
	for tag, one := range u.tags {
		lately := func(last map[string]int64) (n int) {
			for _, m := range last {
				if in(step(m)) {
					n++
				}
			}
			return n
		}
		if lately(one.authors) < leastAuthors || lately(one.servers) < leastServers {
			continue
		}
		n := 0
		for t, k := range toots(one) {
			if in(t) {
				n += k
			}
		}
		all = append(all, used{tag, n})
	}
	slices.SortFunc(all, func(a, b used) int { return cmp.Or(cmp.Compare(b.n, a.n), strings.Compare(a.tag, b.tag)) })
	for _, one := range all[:min(len(all), mostHashtags)] {
		s.add(float64(one.n), family, "hashtag", one.tag)
	}
}
