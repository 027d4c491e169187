package demo

import (
	"time"

	"github.com/mnm-social/mnm/exporter/domain"
)

// The directories.
const (
	joinMastodon = iota
	instancesSocial
	directories
)

// directoryNames are the values of the label "directory".
var directoryNames = [directories]string{"joinmastodon", "instances_social"}

// list is what a directory has listed.
type list struct {
	answered bool
	names    int // that a visitor takes of the latest answer
}

// listed is a name that a directory lists.
type listed struct {
	name     domain.Name
	instance int // -1: it is none
}

// directory notes a whole answer of a directory: the names that it listed, in its order, each as often as it likes. A visitor leaves
// out junk, and what there is too much of below one registrable domain.
func (j *journal) directory(d int, now time.Time, all []listed) {
	j.mu.Lock()
	defer j.mu.Unlock()
	room := j.room(now)
	for i := range j.instances {
		j.instances[i].lists[d] = false
	}
	baseline := !j.directories[d].answered && j.roundEnd.IsZero()
	taken := make(map[domain.Name]bool, len(all))
	for _, l := range all {
		if taken[l.name] || isJunk(l.name) || !j.take(l, room) {
			continue
		}
		taken[l.name] = true
		if l.instance >= 0 {
			j.name(d, l.instance, now, baseline)
		}
	}
	j.directories[d] = list{true, len(taken)}
	if baseline && j.untried == 0 {
		j.roundEnd = now
	}
}

// social notes a page of instances.social. Its list is an answer when a reader has come from the first page to the last.
func (j *journal) social(now time.Time, page []listed, first, last bool) {
	j.mu.Lock()
	if first {
		j.walk = make([]listed, 0, len(page))
	}
	whole := j.walk != nil && last
	if j.walk != nil {
		j.walk = append(j.walk, page...)
	}
	all := j.walk
	if whole {
		j.walk = nil
	}
	j.mu.Unlock()
	if whole {
		j.directory(instancesSocial, now, all)
	}
}

// room is how many more names a visitor takes below each registrable domain of which it knows any.
func (j *journal) room(now time.Time) map[string]int {
	room := map[string]int{}
	for i := range j.instances {
		h := j.current(i, now)
		if !h.isKnown() {
			continue
		}
		if _, ok := room[h.registrable]; !ok {
			room[h.registrable] = maxOfDomain
		}
		room[h.registrable]--
	}
	return room
}

// isKnown reports whether the visitor knows the instance.
func (h *history) isKnown() bool { return !h.named.IsZero() || !h.tried.IsZero() }

// take reports whether the visitor takes a name; a new one takes room.
func (j *journal) take(l listed, room map[string]int) bool {
	if l.instance >= 0 && j.instances[l.instance].isKnown() {
		return true
	}
	r := l.name.Registrable()
	left, ok := room[r]
	if !ok {
		left = maxOfDomain
	}
	room[r] = left - 1
	return left > 0
}

// name notes that a directory names instance i.
func (j *journal) name(d, i int, now time.Time, baseline bool) {
	h := &j.instances[i]
	h.lists[d] = true
	if !h.named.IsZero() {
		return
	}
	h.named, h.baseline = now, baseline
	h.late = !j.roundEnd.IsZero() && now.After(j.roundEnd)
	if h.tried.IsZero() {
		h.known.alive = now
		if baseline {
			j.untried++
		}
	}
}

// reading is how far a reader of one of GitHub's lists has come, who asks for its pages one after the other.
type reading struct {
	known time.Time // as of when a reader knows the whole list; zero: never
	begun time.Time // when the first page was given, if the last one was not yet
}

// page notes that a page was given, or that the first one is the same still.
func (r *reading) page(now time.Time, first, last, same bool) {
	if first {
		r.begun = now
	}
	switch {
	case same && first:
		r.known, r.begun = now, time.Time{}
	case last && !r.begun.IsZero():
		r.known, r.begun = r.begun, time.Time{}
	}
}

// service notes any answer of a directory or of GitHub.
func (j *journal) service(k Kind) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.kinds[k]++
}

// read notes a page of one of GitHub's lists; which picks the list.
func (j *journal) read(which func(*journal) *reading, now time.Time, first, last, same bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	which(j).page(now, first, last, same)
}
