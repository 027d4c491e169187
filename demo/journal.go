package demo

import (
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

	directories [directories]list
	walk        []listed  // through instances.social, as far as it came; nil: there is none
	untried     int       // instances of their first answers that were not tried yet
	roundEnd    time.Time // when they all had been; zero before

	releases, advisories reading

	toots sightings
}

// history is the journal of one instance.
type history struct {
	named       time.Time         // first time a directory named it; zero: never
	lists       [directories]bool // whose latest answer names it
	baseline    bool              // by the first answer of one
	late        bool              // after the first round
	tried       time.Time         // first sign of a visitor
	registrable string            // the registrable domain of its name
	bound       string            // the country to which its top-level domain is bound, or ""
	binding     string            // by which rule
	v4, v6      spot              // where the DNS last said that it is
	header      string            // delivery network by the headers of the latest answer

	known   knowledge
	open    visit
	kinds   [kindCount]uint64
	total   uint64
	hourMax int
	ring    [ringSize]time.Time
	at      int

	followed time.Time   // when a page or a stream of its timelines was asked for, or a stream ended
	streams  int         // that are open
	pages    []time.Time // when pages were asked for, of the last pagesIn
	pagesMax int
	window   time.Time // of the rate limit, and how many pages it has had
	spent    int
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
	page         bool // it showed its page at /
	tagged       bool // and declines there by X-Robots-Tag
	gone         bool
	blocked      bool
	answered     bool // robots.txt was given, and allows something
	failed       bool // no name, no connection, no TLS, 5xx, nonsense, not found
	nodeinfo, v1 *document
	v2           *document
	expiry       time.Time // of the certificate that it showed; zero: it showed none that holds
	https
}

// spot is what an address tells: whose it is, or that there is none.
type spot struct {
	there        bool
	country, cdn string
}

func newHistories(w *World) []history {
	all := make([]history, w.Len())
	for i := range all {
		all[i].bound, all[i].binding = bound(w.Name(i).TLD())
		all[i].registrable = w.Name(i).Registrable()
	}
	return all
}

// current is the history of instance i, with the latest visit settled if it is over, and begun anew if it has been forgotten.
// The caller holds mu.
func (j *journal) current(i int, now time.Time) *history {
	h := &j.instances[i]
	fruitless := h.open.requests == 0 && !h.open.page && now.Sub(h.open.begin) > visitGap // one that got nothing doesn't go on for ever
	if !h.open.last.IsZero() && (now.Sub(h.open.last) > visitGap || fruitless) {
		h.known.settle(&h.open, h, &j.changes)
		h.open = visit{}
	}
	if h.forgotten(&h.known, now) {
		h.named, h.tried, h.known = time.Time{}, time.Time{}, knowledge{}
		h.baseline, h.late = false, true
	}
	return h
}

// forgotten reports whether nobody names the instance any more and it has been silent for so long that a visitor forgets it. One
// that no directory ever named is on the visitor's own list.
func (h *history) forgotten(k *knowledge, at time.Time) bool {
	return !h.named.IsZero() && h.lists == [directories]bool{} && k.silence(at) >= silentFor
}

// touch opens a new visit of instance i if the latest one is over. The caller holds mu.
func (j *journal) touch(i int, now time.Time) *history {
	h := j.current(i, now)
	if h.open.last.IsZero() {
		h.open.begin = now
	}
	h.open.last = now
	if h.tried.IsZero() {
		h.tried = now
		if h.named.IsZero() {
			h.known.alive = now
		}
		if h.baseline {
			if j.untried--; j.untried == 0 {
				j.roundEnd = now
			}
		}
	}
	return h
}

// sign is what is to take note of a sign of a visitor of instance i that is no request. While a timeline of the instance is followed
// it may be for that, so it is nothing; else it is a visit's. The caller holds mu.
func (j *journal) sign(i int, now time.Time) (*history, *visit) {
	if h := j.current(i, now); h.streams > 0 || !h.followed.IsZero() && now.Sub(h.followed) < pagesIn {
		return h, &visit{}
	}
	h := j.touch(i, now)
	return h, &h.open
}

// lookup notes an answer of the DNS about instance i: where it is, or that there is nothing of use.
func (j *journal) lookup(i int, now time.Time, six bool, at spot, fail bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lookups++
	h, v := j.sign(i, now)
	if six {
		h.v6 = at
	} else {
		h.v4 = at
	}
	v.failed = v.failed || fail
}

// failure notes that instance i could not be reached.
func (j *journal) failure(i int, now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	_, v := j.sign(i, now)
	v.failed = true
}

// served notes a request to instance i and what came of it. doc is what was said, nil where it was nothing readable.
func (j *journal) served(i int, now time.Time, k Kind, r result, doc *document, cdn string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.kinds[k]++
	if k.following() {
		j.instances[i].follow(k, now)
		return
	}
	h := j.touch(i, now)
	h.count(k, now)
	if k == KindHTTP || k == KindOther {
		return
	}
	h.header = cdn
	h.open.answer(k, r, doc)
}

// answer takes in an answer.
func (v *visit) answer(k Kind, r result, doc *document) {
	switch k {
	case KindRobots:
		v.answered = v.answered || r == fine
	case KindNodeInfo:
		v.nodeinfo = either(doc, v.nodeinfo)
	case KindV1:
		v.v1 = either(doc, v.v1)
	case KindV2:
		v.v2 = either(doc, v.v2)
		return
	case KindHome:
		if r == fine || r == declined {
			v.page, v.tagged = true, r == declined
		}
		return
	default:
		return // they decide nothing about the visit
	}
	v.requests++
	v.good = v.good || doc != nil
	v.refused = v.refused || r == refused
	v.gone = v.gone || r == gone
	v.blocked = v.blocked || r == blocked
	v.failed = v.failed || r == failed
}

// either is the new document if there is one, else the old.
func either(doc, old *document) *document {
	if doc != nil {
		return doc
	}
	return old
}

// result is what an answer means to the visitor.
type result uint8

const (
	fine result = iota
	failed
	blocked
	refused
	gone
	declined // a page, with an X-Robots-Tag that declines
)

func (j *journal) dialled() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.dials++
}

// shaken notes a handshake with instance i, when the certificate expires, and what the handshake shows of it: if that is not "ok",
// it is bound to fail.
func (j *journal) shaken(i int, now, expiry time.Time, verdict string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.handshake++
	_, v := j.sign(i, now)
	if verdict == "ok" {
		v.expiry = expiry
	} else {
		v.failed = true
	}
	if verdict != "" {
		v.verdict = verdict
	}
}
