// Package network has the View: all that is known of the network at one time, and the sums that everybody shows.
package network

import (
	"math"
	"slices"
	"time"

	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/instance"
	"github.com/mnm-social/mnm/exporter/releases"
)

// View is what is known at one time. It does not change; a newer one replaces it.
type View struct {
	At          time.Time
	Instances   []Instance  // those that may be named, by name
	Detailed    []*Instance // of these, by name: the watched and the largest, which are shown in detail
	Recent      []Change    // of these, by name and kind: latest changes of each kind in ChangesKept
	LeftOut     int         // older changes in ChangesKept that are not in Recent, since they were too many
	States      [census.StateCount]int
	Changes     [census.ChangeCount]uint64 // changes seen since the program started
	Directories []Directory
	Releases    releases.Known

	// Sums over every instance with fresh figures, up or not.
	Users, Statuses, ActiveUsers Sum
	Countries                    []Group // by country of the server, users and active users with it
	Sources                      []Group // by the rule that told the country
	UnknownCountries             []Group // by the reason why the country is not known
	Software                     []Group // the largest, and "other"
	Versions                     []Group // of Mastodon and its forks: the most used, and "other"
	Updates                      []Group // of Mastodon and its forks
	Policies                     []Group // by registration policy
	IPv6                         []Group // "true", "false"
	Grades                       []Group // by grade of HTTPS, "unknown" where it was not judged
}

// Instance is one instance in a View, with the figures that may be shown: they are unknown unless they are fresh. What every
// series by name is made of is kept side by side, since entries lie scattered in memory.
type Instance struct {
	*Kind   // nil unless the figures are fresh
	Entry   *census.Entry
	Domain  string
	Country string    // ISO 3166 alpha-2, or "unknown"
	Up      census.Up // Yes if it answered its latest confirmed visit and is not gone
	Watched bool      // on our operator's watch list

	Registrations                             instance.Policy
	Users, Connections, Statuses, ActiveUsers instance.Count // the latter two also unknown where it is Private
}

// Kind is what an instance runs, as closed labels: past a limit they are "other".
type Kind struct {
	Software, Version string
	Mastodon          bool            // or a fork of it
	Update            releases.Update // of Mastodon and its forks
}

// Fresh reports whether the figures are recent enough to be shown.
func (i *Instance) Fresh() bool { return i.Kind != nil }

// Private reports whether the instance is so small that it is a person: it is counted in the sums, but what it
// does is not shown by name, unless its operator watches it.
func (i *Instance) Private() bool {
	n, ok := i.Users.Get()
	return ok && n < 5 && !i.Watched
}

// Change is the latest change of a kind of one instance.
type Change struct {
	Domain string
	Kind   census.Change
	At     int64 // Unix time, in seconds
}

// Sum adds figures up and remembers whether there was any: no figure is not 0.
type Sum struct {
	N     int64
	Known bool
}

func (s *Sum) add(c instance.Count) {
	if n, ok := c.Get(); ok {
		s.N, s.Known = s.N+n, true
	}
}

func (s *Sum) join(other Sum) { s.N, s.Known = s.N+other.N, s.Known || other.Known }

// Group is the instances that share one value of a label.
type Group struct {
	Label              string
	Instances          int
	Users, ActiveUsers Sum
}

// Directory is what is known of a list of instances.
type Directory struct {
	Name        string
	Instances   int       // names listed by its last good answer
	LastSuccess time.Time // zero before the first
}

// Settings are the bounds of a View.
type Settings struct {
	StaleAfter  time.Duration // figures older than this are left out
	ForgetAfter time.Duration // who has been silent for this long is gone
	Watched     map[domain.Name]bool
	Detailed    int // so many of the largest are shown in detail
}

// ChangesKept is how long a change is shown by name.
const ChangesKept = 7 * 24 * time.Hour

// Bounds of what is shown by name, which hold the page below 15.5 MiB with 30,000 instances: each has up to seven series,
// whose place its changes may not take. Few instances leave room for many changes.
const (
	seriesLimit  = 7*30_000 + 700
	seriesEach   = 7
	changesLeast = 700
)

// Bounds of label sets: values past them are "other".
const (
	softwareLimit = 50
	versionLimit  = 200
)

// Book is what a View is made from.
type Book struct {
	Entries     []*census.Entry // by name
	Changes     [census.ChangeCount]uint64
	Directories []Directory
	Releases    releases.Known
}

// New draws the View of a book at a time.
func New(b Book, at time.Time, s Settings) *View {
	v := &View{At: at, Changes: b.Changes, Directories: b.Directories, Releases: b.Releases}
	v.Instances = make([]Instance, 0, len(b.Entries))
	sums := newSums()
	for _, e := range b.Entries {
		state := e.State(at, s.ForgetAfter)
		v.States[state]++
		watched := s.Watched[e.Name]
		// Who declines is not named, and who is new or gone is not either, unless its own operator watches; but that it went is told.
		if state != census.StateUp && state != census.StateDown && (!watched || state == census.Refused) {
			if state == census.Gone {
				v.recall(e, census.ChangeGone)
			}
			continue
		}
		i := Instance{Entry: e, Domain: e.Name.String(), Up: e.Up, Watched: watched}
		if e.Gone && e.Up == census.Yes {
			i.Up = census.No
		}
		if e.Fresh(at, s.StaleAfter) {
			i.show(e, sums.add(e))
		}
		v.Instances = append(v.Instances, i)
		v.recall(e)
	}
	sums.close(v)
	v.detail(s.Detailed)
	v.forget(max(changesLeast, seriesLimit-seriesEach*len(v.Instances)))
	return v
}

// show takes over what an instance of a kind says.
func (i *Instance) show(e *census.Entry, kind *Kind) {
	f := &e.Figures
	i.Kind, i.Country, i.Registrations = kind, or(e.Country.Country), f.Registrations
	i.Users, i.Connections = f.Users, f.Connections
	if !i.Private() {
		i.Statuses, i.ActiveUsers = f.Statuses, f.ActiveUsers
	}
}

// recall adds the recent changes of an instance: all, or those of one kind.
func (v *View) recall(e *census.Entry, only ...census.Change) {
	since := v.At.Add(-ChangesKept)
	for kind, at := range e.Changed {
		if at.After(since) && (only == nil || slices.Contains(only, census.Change(kind))) {
			v.Recent = append(v.Recent, Change{e.Name.String(), census.Change(kind), at.Unix()})
		}
	}
}

// forget keeps the limit latest changes.
func (v *View) forget(limit int) {
	times := make([]int64, len(v.Recent))
	for i := range times {
		times[i] = v.Recent[i].At
	}
	latest := newQuota(times, limit)
	v.Recent = slices.DeleteFunc(v.Recent, func(c Change) bool { return !latest.admits(c.At) })
	v.LeftOut = len(times) - len(v.Recent)
}

// detail lists the watched and the limit largest by users.
func (v *View) detail(limit int) {
	sizes := make([]int64, 0, len(v.Instances))
	for i := range v.Instances {
		if e := &v.Instances[i]; e.Fresh() {
			sizes = append(sizes, e.size())
		}
	}
	largest := newQuota(sizes, limit)
	for i := range v.Instances {
		e := &v.Instances[i]
		if large := e.Fresh() && largest.admits(e.size()); large || e.Watched {
			v.Detailed = append(v.Detailed, e)
		}
	}
}

// size is the instance's accounts, -1 where they are not known.
func (i *Instance) size() int64 {
	if n, ok := i.Users.Get(); ok {
		return n
	}
	return -1
}

// quota admits the largest of some numbers, and of equal ones those that ask first.
type quota struct {
	bar  int64 // the largest number that is not admitted, or not each time
	ties int   // how often the bar is
}

// newQuota admits limit of the numbers, and brings them into another order.
func newQuota(numbers []int64, limit int) quota {
	if limit >= len(numbers) {
		return quota{bar: math.MinInt64}
	}
	slices.Sort(numbers)
	largest := numbers[len(numbers)-limit:]
	bar := numbers[len(numbers)-limit-1]
	equal, _ := slices.BinarySearch(largest, bar+1)
	return quota{bar, equal}
}

func (q *quota) admits(number int64) bool {
	if number == q.bar && q.ties > 0 {
		q.ties--
		return true
	}
	return number > q.bar
}
