package demo

import (
	"slices"
	"sync"
	"time"
)

// journal is what the servers saw: of each instance the latest documents that it served, what came of its latest visits,
// and the times of the latest requests. It is bounded: nothing in it grows with time.
type journal struct {
	mu        sync.Mutex
	instances []history
	changes   [changeCount]uint64
	kinds     [kindCount]uint64
	lookups   uint64
	dials     uint64
	handshake uint64

	untried  int       // instances of it that were not tried yet
	roundEnd time.Time // when they all had been; zero before
	listed   int       // names in the latest directory answer
	directed bool      // there was one
	releases time.Time // latest answer about releases that leaves a reader knowing them all; zero: none
}

// history is the journal of one instance.
type history struct {
	named    time.Time // first time a directory named it; zero: never
	baseline bool      // by the first answer
	late     bool      // after the first round
	tried    time.Time // first sign of a visitor
	bound    string    // the country to which its top-level domain is bound, or ""
	v4, v6   spot      // where the DNS last said that it is
	header   string    // delivery network by the headers of the latest answer

	known   knowledge
	open    visit
	kinds   [kindCount]uint64
	total   uint64
	hourMax int
	ring    [ringSize]time.Time
	at      int
}

// ringSize is how many request times of an instance are kept: more than fit into an hour of a polite visitor.
const ringSize = 32

// visitGap parts visits: what comes later than this after the latest sign of a visitor is another visit. A confirmation comes
// after five minutes.
const visitGap = 150 * time.Second

// visit gathers the signs of one visit.
type visit struct {
	begin, last  time.Time
	requests     int // for robots.txt, nodeinfo and the API
	good         bool
	refused      bool // robots.txt leaves nothing, or 451
	gone         bool
	blocked      bool
	answered     bool // robots.txt was given, and allows something
	failed       bool // no name, no connection, no TLS, 5xx, nonsense, not found
	nodeinfo, v1 *document
	v2           *document
}

// spot is what an address tells: whose it is, or that there is none.
type spot struct {
	there        bool
	country, cdn string
}

func newHistories(w *World) []history {
	all := make([]history, w.Len())
	for i := range all {
		all[i].bound = boundTLD(w.Name(i).TLD())
	}
	return all
}

// touch opens a new visit of instance i if the latest one is over. The caller holds mu.
func (j *journal) touch(i int, now time.Time) *history {
	h := &j.instances[i]
	if !h.open.last.IsZero() && now.Sub(h.open.last) > visitGap {
		h.known.settle(&h.open, h, &j.changes)
		h.open = visit{}
	}
	if h.open.last.IsZero() {
		h.open.begin = now
	}
	h.open.last = now
	if h.tried.IsZero() {
		h.tried = now
		if h.baseline {
			if j.untried--; j.untried == 0 {
				j.roundEnd = now
			}
		}
	}
	return h
}

// lookup notes an answer of the DNS about instance i: where it is, or that there is nothing of use.
func (j *journal) lookup(i int, now time.Time, six bool, at spot, fail bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lookups++
	h := j.touch(i, now)
	if six {
		h.v6 = at
	} else {
		h.v4 = at
	}
	h.open.failed = h.open.failed || fail
}

// failure notes that instance i could not be reached.
func (j *journal) failure(i int, now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.touch(i, now).open.failed = true
}

// served notes a request to instance i and what came of it. doc is what was said, nil where it was nothing readable.
func (j *journal) served(i int, now time.Time, k Kind, r result, doc *document, cdn string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	h := j.touch(i, now)
	j.kinds[k]++
	h.count(k, now)
	if k == KindHTTP || k == KindOther {
		return
	}
	h.header = cdn
	v := &h.open
	switch k {
	case KindRobots:
		v.requests++
		v.answered = v.answered || r == fine
	case KindNodeInfo:
		v.requests++
		if doc != nil {
			v.nodeinfo = doc
		}
	case KindV1:
		v.requests++
		if doc != nil {
			v.v1 = doc
		}
	case KindV2:
		if doc != nil {
			v.v2 = doc
		}
		return
	default:
		return // they decide nothing about the visit
	}
	v.good = v.good || doc != nil
	v.refused = v.refused || r == refused
	v.gone = v.gone || r == gone
	v.blocked = v.blocked || r == blocked
	v.failed = v.failed || r == failed
}

// result is what an answer means to the visitor.
type result uint8

const (
	fine result = iota
	failed
	blocked
	refused
	gone
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

// directory notes an answer of the directory that listed these instances, and how many names there were in it.
func (j *journal) directory(now time.Time, instances []int, names int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.kinds[KindDirectory]++
	baseline := !j.directed
	j.directed, j.listed = true, names
	for _, i := range instances {
		h := &j.instances[i]
		if !h.named.IsZero() {
			continue
		}
		h.named, h.baseline = now, baseline
		h.late = !j.roundEnd.IsZero() && now.After(j.roundEnd)
		if baseline && h.tried.IsZero() {
			j.untried++
		}
	}
	if baseline && j.untried == 0 {
		j.roundEnd = now
	}
}

// service notes any other answer of the directory or of GitHub; complete means that a reader knows all releases by it.
func (j *journal) service(k Kind, now time.Time, complete bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.kinds[k]++
	if complete {
		j.releases = now
	}
}

// Requests is what the servers counted.
type Requests struct {
	Total      uint64            // to instances; the directory's and GitHub's are apart
	ByKind     map[string]uint64 // kinds as the label "purpose" has them, and "other"
	Instances  int               // that got any
	Most       uint64            // that one instance got
	Median     uint64            // of the instances that got any
	MostInHour int               // that one instance got in any 60 minutes of the World
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

func (j *journal) dialled() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.dials++
}

// shaken notes a handshake with instance i, and whether it is bound to fail.
func (j *journal) shaken(i int, now time.Time, fail bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.handshake++
	h := j.touch(i, now)
	h.open.failed = h.open.failed || fail
}
