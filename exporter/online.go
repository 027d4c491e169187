package exporter

import (
	"sync"
	"time"
)

// online judges whether our own network works, so that an outage of ours takes nobody else down.
//
// It is down when 80 % of the 20 latest visits to hosts that were up got no answer at all. With fewer such visits within
// the window, it is down only if the latest of them, and every look-up elsewhere (directories, GitHub), got none either.
type online struct {
	window time.Duration // what is older says nothing any more

	mu     sync.Mutex
	visits [outageSample]sighting // of hosts that were up: a ring
	next   int
	heard  time.Time       // the latest answer of any host
	others map[string]bool // whether the latest look-up of each service was answered
}

type sighting struct {
	at       time.Time
	answered bool
}

const (
	outageSample = 20
	outageSilent = 16
)

func newOnline(window time.Duration) *online {
	return &online{window: window, others: map[string]bool{}}
}

// visit notes whether a host gave any answer. The silence of a host that was not up says nothing.
func (o *online) visit(at time.Time, wasUp, answered bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if answered {
		o.heard = at
	}
	if wasUp {
		o.visits[o.next%outageSample] = sighting{at, answered}
		o.next++
	}
}

// service notes whether a directory or GitHub gave any answer.
func (o *online) service(name string, answered bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.others[name] = answered
}

// works is the judgement at a time. While nothing has been tried yet, it does.
func (o *online) works(now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	recent := func(at time.Time) bool { return !at.IsZero() && now.Sub(at) <= o.window }
	seen, silent := 0, 0
	for _, v := range o.visits {
		if recent(v.at) {
			seen++
			if !v.answered {
				silent++
			}
		}
	}
	if seen == outageSample {
		return silent < outageSilent
	}
	for _, answered := range o.others {
		if answered {
			return true
		}
	}
	if seen > 0 {
		return o.visits[(o.next-1)%outageSample].answered
	}
	return len(o.others) == 0 || recent(o.heard)
}
