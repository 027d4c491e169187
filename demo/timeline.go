package demo

import (
	"cmp"
	"slices"
	"time"
)

// spark is a toot before it is written out: which it is, and when.
type spark struct {
	TootID
	chance uint64
	at     int64 // Unix time in milliseconds
	change int64 // milliseconds after, when its author edits or deletes it; 0: never
	gone   bool  // the change is its end
}

// What becomes of a toot is over after these times, in milliseconds.
const (
	latest     = 15 * 60_000 // its arrival elsewhere
	lastChange = 15 * 60_000
)

// minuteOf is the minute of the World in which a Unix time in milliseconds lies.
func (w *World) minuteOf(ms int64) int64 {
	ms -= w.start.UnixMilli()
	if ms < 0 {
		return (ms+1)/60_000 - 1
	}
	return ms / 60_000
}

// sparks appends what an instance writes in a minute.
func (w *World) sparks(i int, m int64, to []spark) []spark {
	fate := w.instances[i].fate
	rate := fate.tootRate(m * minute)
	if rate == 0 {
		return to
	}
	luck := mix(w.instances[i].chance, uint64(m))
	if _, exact := fate.(*script); !exact {
		rate = rate * (70 + int64(luck%61)) / 100
	}
	n := rate / 1e6
	if int64(luck>>8%1e6) < rate%1e6 {
		n++
	}
	for k := range n {
		to = append(to, w.spark(TootID{i, m, int(k)}))
	}
	return to
}

// spark is what is drawn first of a toot.
func (w *World) spark(id TootID) spark {
	c := mix(mix(w.instances[id.Instance].chance, uint64(id.Minute)), uint64(id.Number))
	s := spark{TootID: id, chance: c}
	offset := int64(c % 60_000)
	switch luck := c >> 17 % 1000; {
	case luck < 15:
		s.change = 60_000 + int64(c>>30%(lastChange-60_000))
	case luck < 25:
		s.change, s.gone = 60_000+int64(c>>30%(lastChange-60_000)), true
	}
	if w.instances[id.Instance].fate.lives(id.Minute*minute).Compose != nil {
		t := w.toot(s)
		offset, s.change = t.At.Milliseconds(), cmp.Or(t.Deleted, t.Edited).Milliseconds()
		s.gone = t.Deleted > 0
	}
	s.at = w.start.UnixMilli() + id.Minute*60_000 + offset
	return s
}

// delay is how long a toot takes to arrive at a server, in milliseconds: some seconds mostly, and some minutes at times.
func (w *World) delay(server int, s *spark) int64 {
	if server == s.Instance {
		return 0
	}
	if d := w.instances[s.Instance].fate.lives(s.Minute * minute).Delay; d > 0 {
		return min(d.Milliseconds(), latest)
	}
	c := mix(s.chance, w.instances[server].chance)
	lo, hi := int64(180_000), int64(720_000)
	switch luck := c % 1000; {
	case luck < 850:
		lo, hi = 1_000, 15_000
	case luck < 970:
		lo, hi = 15_000, 60_000
	case luck < 994:
		lo, hi = 60_000, 180_000
	}
	return lo + int64(c>>10%uint64(hi-lo))
}

// heard are the instances whose toots a server gets.
func (w *World) heard(server int) []int32 {
	if p := w.hears[server].Load(); p != nil {
		return *p
	}
	m := w.instances[server]
	all := []int32{}
	for j := range w.instances {
		if j != server && int64(mix(m.chance, w.instances[j].chance)%100) < m.fate.lives(0).hears {
			all = append(all, int32(j))
		}
	}
	w.hears[server].Store(&all)
	return all
}

// scope is whose toots a timeline shows.
type scope uint8

const (
	local scope = 1 << iota
	remote
	federated = local | remote
)

// written appends what those whom a timeline shows write in a minute.
func (w *World) written(server int, of scope, m int64, to []spark) []spark {
	if of&local != 0 {
		to = w.sparks(server, m, to)
	}
	if of&remote != 0 {
		for _, j := range w.heard(server) {
			to = w.sparks(int(j), m, to)
		}
	}
	return to
}

// shown is a toot as a server shows it.
type shown struct {
	spark
	id     uint64
	arrive int64 // Unix time in milliseconds
	edited bool
}

// show is a toot at a server, and whether it is to be seen there at a Unix time in milliseconds. Its id is made of the time at which it
// was written, wherever that was; the last 16 bits tell those of one millisecond apart.
func (w *World) show(server int, s spark, now int64) (shown, bool) {
	t := shown{spark: s, id: uint64(s.at)<<16 | uint64(s.Instance*997+s.Number+server*31)&0xffff, arrive: s.at}
	if t.arrive > now {
		return t, false
	}
	t.arrive += w.delay(server, &s)
	changed := s.change > 0 && now >= t.arrive+s.change
	t.edited = changed && !s.gone
	return t, t.arrive <= now && (!changed || !s.gone)
}

// query asks for a page of a timeline. Zero ids are none.
type query struct {
	server          int
	scope           scope
	now             time.Time
	min, max, since uint64 // exclusive
	limit           int
}

// oldest is how far back a timeline goes, in minutes.
const oldest = 7 * 24 * 60

// page is a page of a timeline, the newest first: the oldest after min if that is given, else the newest.
func (w *World) page(q query) []shown {
	now := q.now.UnixMilli()
	first, last := max(w.minuteOf(now)-oldest, -tootsBefore), w.minuteOf(now)
	if after := max(q.min, q.since); after > 0 {
		first = max(first, w.minuteOf(int64(after>>16)))
	}
	if q.max > 0 {
		last = min(last, w.minuteOf(int64(q.max>>16)))
	}
	var page []shown
	var buffer []spark
	for n := range last - first + 1 {
		m := last - n
		if q.min > 0 {
			m = first + n
		}
		buffer = w.written(q.server, q.scope, m, buffer[:0])
		begin := len(page)
		for _, s := range buffer {
			t, ok := w.show(q.server, s, now)
			if ok && t.id > q.min && t.id > q.since && (q.max == 0 || t.id < q.max) {
				page = append(page, t)
			}
		}
		slices.SortFunc(page[begin:], func(a, b shown) int {
			if q.min > 0 {
				a, b = b, a
			}
			return cmp.Compare(b.id, a.id)
		})
		if len(page) >= q.limit {
			page = page[:q.limit]
			break
		}
	}
	if q.min > 0 {
		slices.Reverse(page)
	}
	return page
}

// LocalToots is how many toots instance i writes from a time on until another.
func (w *World) LocalToots(i int, from, to time.Time) int {
	n := 0
	var all []spark
	for m := w.minuteOf(from.UnixMilli()); m <= w.minuteOf(to.UnixMilli()); m++ {
		all = w.sparks(i, m, all[:0])
		for _, s := range all {
			if at := time.UnixMilli(s.at); !at.Before(from) && at.Before(to) {
				n++
			}
		}
	}
	return n
}

// Missed is how many toots of others the federated timeline of instance i gets that were written from a time on until another, and
// how many of them never come into sight of a visitor who reads it once in every, each time from as long before the newest that it had
// shown the last time as overlap says.
func (w *World) Missed(i int, from, to time.Time, every, overlap time.Duration) (missed, all int) {
	var toots []shown
	var buffer []spark
	for m := w.minuteOf(from.UnixMilli()); m <= w.minuteOf(to.UnixMilli()); m++ {
		buffer = w.written(i, federated, m, buffer[:0])
		for _, s := range buffer {
			t, _ := w.show(i, s, s.at)
			toots = append(toots, t)
		}
	}
	slices.SortFunc(toots, func(a, b shown) int { return cmp.Compare(a.arrive, b.arrive) })
	newest, next := int64(0), from.UnixMilli() // as the last reading had them
	before := newest
	for _, t := range toots {
		for ; t.arrive > next; next += every.Milliseconds() {
			before = newest
		}
		newest = max(newest, t.at)
		if t.Instance == i || time.UnixMilli(t.at).Before(from) || !time.UnixMilli(t.at).Before(to) {
			continue
		}
		all++
		if t.at <= before-overlap.Milliseconds() {
			missed++
		}
	}
	return missed, all
}
