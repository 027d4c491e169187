package network

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/mnm-social/mnm/exporter/instance"
)

// Unknown and Other are the label values of what is not known and of what is past a bound.
const (
	Unknown = "unknown"
	Other   = "other"
)

// label gives each fresh instance its closed labels.
func (v *View) label() {
	software, mastodon, others := tally{}, tally{}, tally{}
	for i := range v.Instances {
		e := &v.Instances[i]
		if !e.Fresh {
			continue
		}
		software[or(e.Figures.Software)]++
		if e.Mastodon() {
			mastodon[or(e.Entry.Version)]++
		} else {
			others[or(e.Entry.Version)]++
		}
	}
	software, mastodon, others = software.top(softwareLimit), mastodon.top(versionLimit), others.top(versionLimit)
	for i := range v.Instances {
		e := &v.Instances[i]
		if !e.Fresh {
			continue
		}
		versions := others
		if e.Mastodon() {
			versions = mastodon
			e.Update = v.Releases.Judge(e.Entry.Version, v.At)
		}
		e.Software, e.Version = software.close(or(e.Figures.Software)), versions.close(or(e.Entry.Version))
		e.Country = or(e.Entry.Country.Country)
	}
}

// sum adds up what the fresh instances say.
func (v *View) sum() {
	countries, sources, unknown := groups{}, groups{}, groups{}
	software, versions, updates := groups{}, groups{}, groups{}
	policies, ipv6 := groups{}, groups{}
	for i := range v.Instances {
		e := &v.Instances[i]
		if !e.Fresh {
			continue
		}
		f := &e.Figures
		v.Users.add(f.Users)
		v.Statuses.add(f.Statuses)
		v.ActiveUsers.add(f.ActiveUsers)
		countries.add(e.Country, f)
		sources.add(or(string(e.Entry.Country.Source)), f)
		if e.Country == Unknown {
			unknown.add(or(string(e.Entry.Country.Reason)), f)
		}
		software.add(e.Software, f)
		policies.add(f.Registrations.String(), f)
		ipv6.add(strconv.FormatBool(e.IPv6), f)
		if e.Mastodon() {
			versions.add(e.Version, f)
			updates.add(string(e.Update), f)
		}
	}
	v.Countries, v.Sources, v.UnknownCountries = countries.list(), sources.list(), unknown.list()
	v.Software, v.Versions, v.Updates = software.list(), versions.list(), updates.list()
	v.Policies, v.IPv6 = policies.list(), ipv6.list()
}

// detail marks the n largest by users.
func (v *View) detail(n int) {
	large := make([]*Instance, 0, len(v.Instances))
	for i := range v.Instances {
		if v.Instances[i].Fresh {
			large = append(large, &v.Instances[i])
		}
	}
	slices.SortStableFunc(large, func(a, b *Instance) int {
		return cmp.Compare(size(b), size(a))
	})
	for _, e := range large[:min(n, len(large))] {
		e.Detailed = true
	}
}

// size is the instance's accounts, -1 where they are not known.
func size(e *Instance) int64 {
	if n, ok := e.Figures.Users.Get(); ok {
		return n
	}
	return -1
}

func or(label string) string {
	if label == "" {
		return Unknown
	}
	return label
}

// tally counts the values of a label.
type tally map[string]int

// top keeps the n values that occur most; equal ones go by name, so that the choice is stable.
func (t tally) top(n int) tally {
	if len(t) <= n {
		return t
	}
	values := make([]string, 0, len(t))
	for value := range t {
		values = append(values, value)
	}
	slices.SortFunc(values, func(a, b string) int {
		return cmp.Or(cmp.Compare(t[b], t[a]), cmp.Compare(a, b))
	})
	kept := make(tally, n)
	for _, value := range values[:n] {
		kept[value] = t[value]
	}
	return kept
}

// close is value if it was kept.
func (t tally) close(value string) string {
	if _, ok := t[value]; ok {
		return value
	}
	return Other
}

// groups collects instances by label.
type groups map[string]*Group

func (g groups) add(label string, f *instance.Figures) {
	it, ok := g[label]
	if !ok {
		it = &Group{Label: label}
		g[label] = it
	}
	it.Instances++
	it.Users.add(f.Users)
	it.ActiveUsers.add(f.ActiveUsers)
}

// list is the groups by label.
func (g groups) list() []Group {
	all := make([]Group, 0, len(g))
	for _, it := range g {
		all = append(all, *it)
	}
	slices.SortFunc(all, func(a, b Group) int { return cmp.Compare(a.Label, b.Label) })
	return all
}
