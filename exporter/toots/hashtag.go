package toots

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"time"
)

// HashtagRules say which hashtags are shown: the Top most used of those that at least MinAuthors different authors on at
// least MinServers different servers used in the window. Deny are hashtags in any spelling that are neither shown nor
// counted. The minimums are promises to authors, and only as good as servers are honest: who runs MinServers servers
// with MinAuthors accounts can have any hashtag shown.
type HashtagRules struct {
	Top, MinAuthors, MinServers int
	Deny                        []string
}

// Use is how many distinct toots with a hashtag, folded as Mastodon folds it, there were in a window.
type Use struct {
	Hashtag string
	Toots   uint64
}

// The two windows: "the last hour" are the running minute and the 59 before it, "the last day" the running quarter of
// an hour and the 95 before it, of Unix time. kept is how many tags are kept of each part of a window that is over.
const (
	hourParts, hourUnit, hourKept = 60, 1, 4096
	dayParts, dayUnit, dayKept    = 96, 15, 8192
)

// maxHeld is how much may be remembered of who used which tags, in bytes. That is 100,000 tags which one author used once,
// or 16,000 which are shown by the usual rules, with names as long as may be. perTag is what a tag costs beside its stamps
// and perName what a name costs beside its letters: their places in maps, which may be half empty.
const maxHeld, perTag, perName = 10 << 20, 88, 144

// hashtags counts the uses of hashtags in the last hour and the last day, in at most 32 MiB however many there are. Its
// methods are safe for concurrent use.
//
// A tag is a keyed hash, whose key is never stored. Its name is remembered only while enough authors on enough servers use
// it, and is taken from the very toot with which they become enough.
//
// Counts are never too high. They are too low by at most N/4096 in the hour and N/8192 in the day, N being all uses of
// all tags in that window: see window. They are exact while no minute has more than 4096 different tags, and no quarter of
// an hour more than 8192.
//
// Who used a tag (crowd) is exact as far as the rules ask, while it fits into maxHeld. When it doesn't, the quarter of
// the tags is forgotten that the fewest servers, and then authors, used, and of equals the longest unused. So a tag is
// forgotten only when three times as many are known that as many used, and the tags that one author or one server makes,
// however many, get a quarter of the places and beyond that push out only each other. What is forgotten is not shown
// until enough authors use it anew.
type hashtags struct {
	now  func() time.Time
	seed maphash.Seed

	mu     sync.Mutex
	rules  HashtagRules // without Deny
	denied map[uint64]bool
	minute int64 // of Unix time, as far as it has come
	hour   window
	day    window
	crowds map[uint64]crowd
	names  map[uint64]string // of the tags that pass in the day, as all do that pass in the hour
	held   int               // bytes in crowds and names,
	room   int               // of which there may be so many
}

// tag is a hashtag of a toot.
type tag struct {
	hash uint64
	name string // folded
}

func newHashtags(rules HashtagRules, now func() time.Time) *hashtags {
	h := &hashtags{now: now, seed: maphash.MakeSeed(), room: maxHeld}
	h.forgetAll()
	h.setRules(rules)
	return h
}

func (h *hashtags) forgetAll() {
	h.hour = newWindow(hourParts, hourUnit, hourKept)
	h.day = newWindow(dayParts, dayUnit, dayKept)
	h.crowds, h.names, h.held, h.minute = map[uint64]crowd{}, map[uint64]string{}, 0, 0
}

// use counts a toot: each of its hashtags once, whose names are as they were served. author and server are keyed hashes.
func (h *hashtags) use(names []string, author, server uint64) {
	var some [8]tag // of a usual toot, without an allocation
	tags := h.distinct(some[:0], names)
	if len(tags) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.advance()
	for _, t := range tags {
		if !h.denied[t.hash] {
			h.count(t, author, server)
		}
	}
}

// distinct appends to tags, which are none, the folded names, without what is no hashtag and what is there already.
func (h *hashtags) distinct(tags []tag, names []string) []tag {
	for _, name := range names {
		if name = fold(name); name != "" {
			tags = append(tags, tag{maphash.String(h.seed, name), name})
		}
	}
	slices.SortFunc(tags, func(a, b tag) int { return cmp.Compare(a.hash, b.hash) })
	return slices.CompactFunc(tags, func(a, b tag) bool { return a.hash == b.hash })
}

func (h *hashtags) count(t tag, author, server uint64) {
	h.hour.running.add(t.hash)
	h.day.running.add(t.hash)

	c, known := h.crowds[t.hash]
	if !known {
		c = make(crowd, 0, 2)
		h.held += perTag + 8*cap(c)
	}
	before := cap(c)
	c = c.see(authors, author, h.minute, h.rules.MinAuthors)
	c = c.see(servers, server, h.minute, h.rules.MinServers)
	h.crowds[t.hash] = c
	h.held += 8 * (cap(c) - before)

	if _, named := h.names[t.hash]; !named && c.pass(h.rules, h.day.start()) {
		// A copy, for the name may be a part of a toot, all of which would stay with it.
		h.names[t.hash] = strings.Clone(t.name)
		h.held += perName + len(t.name)
		h.hour.follow(t.hash)
		h.day.follow(t.hash)
	}
	for h.held > h.room {
		h.shrink()
	}
}

// advance moves the windows to the present.
func (h *hashtags) advance() {
	minute := max(h.now().Unix()/60, 0)
	if minute+60 < h.minute { // The clock was far ahead, and the windows would stand still until it is there again.
		h.forgetAll()
	}
	if minute <= h.minute {
		return
	}
	h.minute = minute
	h.hour.move(minute)
	if h.day.move(minute) {
		h.sweep()
	}
}

// shrink forgets the quarter of the tags that the fewest used.
func (h *hashtags) shrink() {
	since := h.day.start()
	h.crowds, _ = shed(h.crowds, len(h.crowds)/4+1, func(c crowd) uint64 { return c.rank(since) })
	h.forgetNames()
}

// sweep forgets the tags that nobody used in the last day.
func (h *hashtags) sweep() {
	since := h.day.start()
	crowds := make(map[uint64]crowd, len(h.crowds)) // new, for one from which is deleted again and again grows in time
	for t, c := range h.crowds {
		if !h.denied[t] && c.newest() >= since {
			crowds[t] = c
		}
	}
	h.crowds = crowds
	h.forgetNames()
}

// forgetNames forgets those of the tags that pass no more, and sees how much is held then.
func (h *hashtags) forgetNames() {
	since := h.day.start()
	h.held = 0
	for _, c := range h.crowds {
		h.held += perTag + 8*cap(c)
	}
	for t, name := range h.names {
		if h.crowds[t].pass(h.rules, since) {
			h.held += perName + len(name)
			continue
		}
		delete(h.names, t)
		h.hour.leave(t)
		h.day.leave(t)
	}
}

// setRules holds from now on, and for what is known already. A tag that passes by gentler rules is shown when it is
// used next, for till then its name is not known; one that more authors must have used now, when so many have from now on.
func (h *hashtags) setRules(rules HashtagRules) {
	denied := make(map[uint64]bool, len(rules.Deny))
	for _, t := range h.distinct(nil, rules.Deny) {
		denied[t.hash] = true
	}
	rules.Deny = nil
	rules.MinAuthors, rules.MinServers = max(rules.MinAuthors, 1), max(rules.MinServers, 1)

	h.mu.Lock()
	defer h.mu.Unlock()
	h.rules, h.denied = rules, denied
	h.advance()
	h.sweep()
}

// lastHour are the most used hashtags of the last hour, the most used first, those used as often by name.
func (h *hashtags) lastHour() []Use { return h.top(&h.hour) }

// lastDay are those of the last day.
func (h *hashtags) lastDay() []Use { return h.top(&h.day) }

func (h *hashtags) top(w *window) []Use {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.advance()
	since := w.start()
	uses := make([]Use, 0, len(h.names))
	for t, name := range h.names {
		if h.crowds[t].pass(h.rules, since) {
			// So many authors used it, even where a flood has taken the count.
			uses = append(uses, Use{name, max(w.count(t), uint64(h.rules.MinAuthors))})
		}
	}
	slices.SortFunc(uses, func(a, b Use) int {
		return cmp.Or(cmp.Compare(b.Toots, a.Toots), cmp.Compare(a.Hashtag, b.Hashtag))
	})
	return slices.Clone(uses[:min(len(uses), max(h.rules.Top, 0))])
}
