package exporter

import (
	"sync"
	"time"
)

// online judges whether our own network works, so that an outage of ours takes nobody else down. Only an answer over HTTP
// counts as heard: a resolver that knows no name, or a portal that answers in everybody's place, is part of the outage.
//
// The network is down when 16 of the 20 latest visits to hosts that were up were not answered, and no service (a directory,
// GitHub) has been heard since that began: else it is a hoster's outage. With fewer such visits within the window, it is
// down only if the latest of them was not answered, and every service that was asked lately was not heard either.
type online struct {
	mu       sync.Mutex
	window   time.Duration          // older visits say nothing any more
	lately   time.Duration          // older look-ups of services say nothing any more
	visits   [outageSample]sighting // of hosts that were up: a ring
	next     int
	heard    time.Time // the latest answer of any host
	services map[string]sighting
}

type sighting struct {
	at    time.Time
	heard bool
}

const (
	outageSample = 20
	outageSilent = 16
)

func newOnline(c Instances) *online {
	o := &online{services: map[string]sighting{}}
	o.rules(c)
	return o
}

// rules are those of a configuration.
func (o *online) rules(c Instances) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.window, o.lately = c.Every, 3*c.ConfirmAfter
}

// visit notes whether a host was heard. The silence of a host that was not up says nothing.
func (o *online) visit(at time.Time, wasUp, heard bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if heard {
		o.heard = at
	}
	if wasUp {
		o.visits[o.next%outageSample] = sighting{at, heard}
		o.next++
	}
}

// service notes whether a directory or GitHub was heard.
func (o *online) service(name string, at time.Time, heard bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.services[name] = sighting{at, heard}
}

// works is the judgement at a time. sure is false where it rests on nothing newer than lately: then it is worth to ask.
func (o *online) works(now time.Time) (works, sure bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	seen, silent, since := o.recent(now)
	if seen == outageSample {
		if silent < outageSilent {
			return true, true
		}
		asked := false
		for _, s := range o.services {
			if s.heard && s.at.After(since) {
				return true, true
			}
			asked = asked || s.at.After(since)
		}
		return false, asked
	}
	asked := false
	for _, s := range o.services {
		if now.Sub(s.at) <= o.lately {
			if s.heard {
				return true, true
			}
			asked = true
		}
	}
	if !asked {
		return true, false
	}
	if seen > 0 {
		return o.visits[(o.next-1)%outageSample].heard, true
	}
	return !o.heard.IsZero() && now.Sub(o.heard) <= o.window, true
}

// heardSince reports whether any host or service was heard after a time.
func (o *online) heardSince(at time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range o.services {
		if s.heard && s.at.After(at) {
			return true
		}
	}
	return o.heard.After(at)
}

// recent counts the visits within the window, and says when the first of those was that were not answered. o.mu is held.
func (o *online) recent(now time.Time) (seen, silent int, since time.Time) {
	for _, v := range o.visits {
		if !v.at.IsZero() && now.Sub(v.at) <= o.window {
			seen++
			if !v.heard {
				silent++
				if since.IsZero() || v.at.Before(since) {
					since = v.at
				}
			}
		}
	}
	return seen, silent, since
}
