package network

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/country"
	"github.com/mnm-social/mnm/exporter/instance"
)

// Unknown and Other are the label values of what is not known and of what is past a bound.
const (
	Unknown = "unknown"
	Other   = "other"
)

// sums add up what fresh instances say. Instances are many and what they have in common is little, so each is added to a few
// groups only; the groups of a View are made out of these.
type sums struct {
	users, statuses, activeUsers Sum

	known    map[Kind]*Kind // by what was read, until close makes closed labels of it
	kinds    groups[*Kind]
	places   groups[country.Answer]
	policies groups[instance.Policy]
	ipv6     groups[bool]
	grades   groups[string]
}

func newSums() *sums {
	return &sums{
		known: map[Kind]*Kind{}, kinds: groups[*Kind]{},
		places: groups[country.Answer]{}, policies: groups[instance.Policy]{}, ipv6: groups[bool]{}, grades: groups[string]{},
	}
}

// add takes an instance in. Its Kind has no closed labels before close.
func (s *sums) add(e *census.Entry) *Kind {
	f := &e.Figures
	s.users.add(f.Users)
	s.statuses.add(f.Statuses)
	s.activeUsers.add(f.ActiveUsers)
	read := Kind{Software: or(f.Software), Version: or(e.Version), Mastodon: f.Mastodon}
	kind := s.known[read]
	if kind == nil {
		kind = new(Kind)
		*kind = read
		s.known[read] = kind
	}
	s.kinds.add(kind, f)
	s.places.add(e.Country, f)
	s.policies.add(f.Registrations, f)
	s.ipv6.add(e.IPv6, f)
	s.grades.add(e.HTTPS.Observatory.Grade, f)
	return kind
}

// close makes closed labels of every Kind, judges it, and gives the View its sums.
func (s *sums) close(v *View) {
	software := closed(s.kinds.by(func(k *Kind) string { return k.Software }), softwareLimit)
	versions := closed(s.kinds.by(func(k *Kind) string { return where(k.Mastodon, k.Version) }), versionLimit)
	others := closed(s.kinds.by(func(k *Kind) string { return where(!k.Mastodon, k.Version) }), versionLimit)
	for k := range s.kinds {
		k.Software = software(k.Software)
		if k.Mastodon {
			k.Update, k.Version = v.Releases.Judge(k.Version, v.At), versions(k.Version)
		} else {
			k.Version = others(k.Version)
		}
	}
	v.Users, v.Statuses, v.ActiveUsers = s.users, s.statuses, s.activeUsers
	v.Countries = s.places.by(func(a country.Answer) string { return or(a.Country) })
	v.Sources = s.places.by(func(a country.Answer) string { return or(string(a.Source)) })
	v.UnknownCountries = s.places.by(func(a country.Answer) string { return where(a.Country == "", or(string(a.Reason))) })
	v.Software = s.kinds.by(func(k *Kind) string { return k.Software })
	v.Versions = s.kinds.by(func(k *Kind) string { return where(k.Mastodon, k.Version) })
	v.Updates = s.kinds.by(func(k *Kind) string { return string(k.Update) })
	v.Policies = s.policies.by(instance.Policy.String)
	v.IPv6 = s.ipv6.by(strconv.FormatBool)
	v.Grades = s.grades.by(or)
}

// closed keeps the limit labels of most instances; equal ones go by name, so that the choice is stable. The rest is "other".
func closed(all []Group, limit int) func(label string) string {
	slices.SortStableFunc(all, func(a, b Group) int { return cmp.Compare(b.Instances, a.Instances) })
	kept := map[string]bool{}
	for _, g := range all[:min(limit, len(all))] {
		kept[g.Label] = true
	}
	return func(label string) string {
		if kept[label] {
			return label
		}
		return Other
	}
}

func or(label string) string {
	if label == "" {
		return Unknown
	}
	return label
}

// where is the label of what is counted, and none for what is not.
func where(counted bool, label string) string {
	if counted {
		return label
	}
	return ""
}

// groups collects instances by what they have in common.
type groups[K comparable] map[K]*Group

func (g groups[K]) add(key K, f *instance.Figures) {
	it, ok := g[key]
	if !ok {
		it = &Group{}
		g[key] = it
	}
	it.Instances++
	it.Users.add(f.Users)
	it.ActiveUsers.add(f.ActiveUsers)
}

// by joins those that get the same label, sorted by it, and leaves out those that get none.
func (g groups[K]) by(label func(K) string) []Group {
	joined := map[string]*Group{}
	for key, part := range g {
		name := label(key)
		if name == "" {
			continue
		}
		it, ok := joined[name]
		if !ok {
			it = &Group{Label: name}
			joined[name] = it
		}
		it.Instances += part.Instances
		it.Users.join(part.Users)
		it.ActiveUsers.join(part.ActiveUsers)
	}
	all := make([]Group, 0, len(joined))
	for _, it := range joined {
		all = append(all, *it)
	}
	slices.SortFunc(all, func(a, b Group) int { return cmp.Compare(a.Label, b.Label) })
	return all
}
