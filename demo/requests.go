package demo

import (
	"slices"
	"time"
)

// count notes the time of a request.
func (h *history) count(k Kind, now time.Time) {
	h.kinds[k]++
	h.total++
	h.ring[h.at%ringSize] = now
	h.at++
	n := 0
	for _, t := range h.ring {
		if !t.IsZero() && now.Sub(t) < time.Hour {
			n++
		}
	}
	h.hourMax = max(h.hourMax, n)
}

// pagesIn is the time in which pages of timelines are counted.
const pagesIn = 15 * time.Minute

// follow notes a request for following a timeline.
func (h *history) follow(k Kind, now time.Time) {
	h.followed = now
	if k != KindTimeline {
		return
	}
	h.pages = append(slices.DeleteFunc(h.pages, func(t time.Time) bool { return now.Sub(t) >= pagesIn }), now)
	h.pagesMax = max(h.pagesMax, len(h.pages))
}

// spend takes a page from what instance i allows, and returns what is left: less than nothing where it allows none.
func (j *journal) spend(i int, now time.Time) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	h := &j.instances[i]
	if window := now.Truncate(rateWindow); !window.Equal(h.window) {
		h.window, h.spent = window, 0
	}
	h.spent++
	return rateLimit - h.spent
}

// streaming notes that a stream of instance i begins (1) or ends (-1).
func (j *journal) streaming(i int, now time.Time, n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.instances[i].followed = now
	j.instances[i].streams += n
}

// Requests is what the servers counted. What is asked for following timelines is in ByKind and MostPages only.
type Requests struct {
	Total      uint64            // to instances; the directory's and GitHub's are apart
	ByKind     map[string]uint64 // kinds as the label "purpose" has them, and "other"
	Instances  int               // that got any
	Most       uint64            // that one instance got
	Median     uint64            // of the instances that got any
	MostInHour int               // that one instance got in any 60 minutes of the World
	MostPages  int               // of timelines, that one instance was asked for in any 15 minutes of the World
	Lookups    uint64            // of names of instances
	Dials      uint64            // to addresses of instances
	Handshakes uint64            // of TLS with instances
}

// Requests is what the servers counted until now.
func (n *Network) Requests() Requests {
	j := &n.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	r := Requests{ByKind: map[string]uint64{}, Lookups: j.lookups, Dials: j.dials, Handshakes: j.handshake}
	for k, c := range j.kinds {
		r.ByKind[Kind(k).String()] = c
	}
	var totals []uint64
	for i := range j.instances {
		h := &j.instances[i]
		r.MostPages = max(r.MostPages, h.pagesMax)
		if h.total > 0 {
			totals = append(totals, h.total)
			r.Total += h.total
			r.MostInHour = max(r.MostInHour, h.hourMax)
		}
	}
	slices.Sort(totals)
	if r.Instances = len(totals); r.Instances > 0 {
		r.Most, r.Median = totals[len(totals)-1], totals[len(totals)/2]
	}
	return r
}

// Times are when an instance got its latest requests, the oldest first, no more than 32.
func (n *Network) Times(name string) []time.Time {
	i := n.world.Find(name)
	if i < 0 {
		return nil
	}
	n.journal.mu.Lock()
	defer n.journal.mu.Unlock()
	h := &n.journal.instances[i]
	var times []time.Time
	for k := range ringSize {
		if t := h.ring[(h.at+k)%ringSize]; !t.IsZero() {
			times = append(times, t)
		}
	}
	return times
}
