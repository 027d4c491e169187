// Package network has the View: all that is known of the network at one time, and the sums that everybody shows.
package network

import (
	"time"

	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/instance"
	"github.com/mnm-social/mnm/exporter/releases"
)

// View is what is known at one time. It does not change; a newer one replaces it.
type View struct {
	At          time.Time
	Instances   []Instance // those that may be named, by name
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
}

// Instance is one instance in a View.
type Instance struct {
	*census.Entry
	Fresh    bool   // the figures are recent enough to be shown
	Watched  bool   // on our operator's watch list
	Detailed bool   // watched or among the largest: shown in detail
	Software string // as a closed label: past the limit it is "other"
	Version  string // likewise
	Country  string // ISO 3166 alpha-2, or "unknown"
	Update   releases.Update
}

// Private reports whether the instance is so small that it is a person: it is counted in the sums, but what it
// does is not shown by name, unless its operator watches it.
func (i *Instance) Private() bool {
	n, ok := i.Figures.Users.Get()
	return ok && n < 5 && !i.Watched
}

// IsUp reports whether the instance answered its latest confirmed visit.
func (i *Instance) IsUp() bool { return i.Up == census.Yes && !i.Gone }

// Mastodon reports whether the instance runs Mastodon or a fork of it.
func (i *Instance) Mastodon() bool { return i.Figures.Mastodon }

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
	for _, e := range b.Entries {
		state := e.State(at, s.ForgetAfter)
		v.States[state]++
		watched := s.Watched[e.Name]
		// Who declines is not named, and who is new or gone is not either, unless its own operator watches.
		if state == census.StateUp || state == census.StateDown || watched && state != census.Refused {
			v.Instances = append(v.Instances, Instance{Entry: e, Fresh: e.Fresh(at, s.StaleAfter), Watched: watched, Detailed: watched})
		}
	}
	v.label()
	v.sum()
	v.detail(s.Detailed)
	return v
}

// Find returns the instance of that name, nil if it is not known or may not be named.
func (v *View) Find(name domain.Name) *Instance {
	lo, hi := 0, len(v.Instances)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if domain.Compare(v.Instances[mid].Name, name) < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(v.Instances) && v.Instances[lo].Name == name {
		return &v.Instances[lo]
	}
	return nil
}
