package demo

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Truth is what must be known at a time by a visitor of the World, whatever its schedule was: it is told from what the servers
// served it and when, not from what it made of that.
//
// How it is derived. The journal parts what an instance saw into visits; a pause of 150 s ends one. Each visit that is over is
// settled by the rules of the figures (see knowledge): documents count as the World had them when they were served, so a figure
// is as old as the visitor's latest good visit. A look-up that failed, a connection refused and a handshake bound to fail are signs
// of a visit too. Names are known from the moment at which a directory first listed them, or at which the visitor came by
// itself, until no directory's latest answer has them and they have been silent for 30 days. Junk in a directory counts nowhere,
// and of names below one registrable domain only the first hundred do. Releases and advisories are known as of the first page of the
// latest list that GitHub gave to the last one (or as of a 304); the country is that of the addresses in the DNS's latest answers.
// The World's clock is the only one. While an instance's timeline is followed (a page or a stream of it was asked for in the last quarter of
// an hour), look-ups, connections and handshakes may be for that, so only requests are signs of a visit.
//
// What must be counted of toots is another matter: Toots tells it, by the rules at sightings. How each instance is secured tells HTTPS.
//
// What it leaves out: families about time stamps of the visitor's own clock (directory_last_success_timestamp_seconds,
// change_timestamp_seconds), failures of directories, names and continents of countries (country_info), families that only
// large or watched instances have, what the visitor's operator excludes, and that a list which has lost half of its names is not
// believed at once. Label values that count nothing are left out; whether they are shown as 0 is taste.
type Truth struct {
	at          time.Time
	instances   []witness
	changes     [changeCount]uint64
	directories [directories]list
	releases    []Release  // the newest first
	advisories  []advisory // the newest first
	known       bool       // releases are
	dates       func(time.Time) time.Time
	network     *Network // for Toots
}

// witness is an instance that the visitor knows.
type witness struct {
	name string
	knowledge
}

// Total is a figure for the page.
type Total struct {
	Name  string // of the family
	Value float64
}

// Truth is what must be known at a time of the World, not before the latest request: the journal keeps no past.
func (n *Network) Truth(at time.Time) Truth {
	j := &n.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	t := Truth{at: at, changes: j.changes, directories: j.directories, known: !j.releases.known.IsZero(), dates: n.date, network: n}
	if t.known {
		t.releases = n.world.Releases(j.releases.known)
	}
	if known := j.advisories.known; !known.IsZero() {
		t.advisories = n.world.advisories(known)
	}
	for i := range j.instances {
		h := &j.instances[i]
		if !h.isKnown() {
			continue
		}
		k := h.known
		k.settle(&h.open, h, &t.changes)
		if h.forgotten(&k, at) {
			continue
		}
		t.instances = append(t.instances, witness{n.world.Name(i).String(), k})
	}
	slices.SortFunc(t.instances, func(a, b witness) int { return strings.Compare(a.name, b.name) })
	return t
}

// key writes a series: name{label="value",…}. Labels are given in the order of their names.
func key(name string, labels ...string) string {
	if len(labels) == 0 {
		return name
	}
	var b strings.Builder
	b.WriteString(name)
	for i := 0; i < len(labels); i += 2 {
		b.WriteByte("{,"[min(i, 1)])
		b.WriteString(labels[i])
		b.WriteString(`="`)
		b.WriteString(labels[i+1])
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}

// Instances are the series of each instance that every instance has: up, info, users, statuses, connections, active_users,
// registrations_open. What a server of fewer than five accounts does is nobody's business: it has no statuses and no active
// users by name.
func (t Truth) Instances() map[string]float64 {
	all := map[string]float64{}
	for i := range t.instances {
		w := &t.instances[i]
		if state := w.state(t.at); state != "up" && state != "down" {
			continue
		}
		one := func(family string, value float64) { all[key("mastodon_instance_"+family, "domain", w.name)] = value }
		one("up", boolean(w.up))
		if !w.fresh(t.at) {
			continue
		}
		s := &w.said
		all[key("mastodon_instance_info", "country", s.where.country, "domain", w.name, "software", orUnknown(s.software), "version", orUnknown(s.version))] = 1
		figure := func(family string, f Figure) {
			if f.Known() {
				one(family, float64(f))
			}
		}
		figure("users", s.users)
		figure("connections", s.connections)
		if !s.users.Known() || s.users >= 5 {
			figure("statuses", s.statuses)
			figure("active_users", s.active)
		}
		if s.policy != unknown {
			one("registrations_open", boolean(s.policy != "closed"))
		}
	}
	return all
}

// Series are the series about the network as a whole.
func (t Truth) Series() map[string]float64 {
	s := series{}
	for i := range t.instances {
		w := &t.instances[i]
		s.add(1, "mastodon_network_instances", "state", w.state(t.at))
		if w.fresh(t.at) {
			t.count(s, &w.said)
			s.add(1, "mastodon_https_grade_instances", "grade", orUnknown(w.marks.grade))
		}
	}
	for kind, n := range t.changes {
		if n > 0 {
			s.add(float64(n), "mastodon_network_changes_total", "change", changeNames[kind])
		}
	}
	for d, l := range t.directories {
		if l.answered {
			s.add(float64(l.names), "mastodon_directory_instances", "directory", directoryNames[d])
		}
	}
	t.releaseSeries(s)
	return s
}

// count counts one instance with fresh figures.
func (t Truth) count(s series, w *said) {
	s.figure(w.users, "mastodon_network_claimed_users")
	s.figure(w.statuses, "mastodon_network_claimed_statuses")
	s.figure(w.active, "mastodon_network_claimed_active_users")
	s.add(1, "mastodon_country_instances", "country", w.where.country)
	s.figure(w.users, "mastodon_country_users", "country", w.where.country)
	s.figure(w.active, "mastodon_country_active_users", "country", w.where.country)
	s.add(1, "mastodon_country_source_instances", "source", w.where.source)
	if w.where.reason != "" {
		s.add(1, "mastodon_country_unknown_instances", "reason", w.where.reason)
	}
	software, version := orUnknown(w.software), orUnknown(w.version)
	s.add(1, "mastodon_software_instances", "software", software)
	s.figure(w.users, "mastodon_software_users", "software", software)
	s.add(1, "mastodon_registration_instances", "policy", w.policy)
	s.add(1, "mastodon_ipv6_instances", "ipv6", strconv.FormatBool(w.ipv6))
	if w.mastodon {
		s.add(1, "mastodon_version_instances", "version", version)
		s.figure(w.users, "mastodon_version_users", "version", version)
		s.add(1, "mastodon_update_instances", "update", t.update(w.version))
	}
}

// Totals are a few figures to show beside those of the visitor.
func (t Truth) Totals() []Total {
	all := t.Series()
	var rows []Total
	states := 0.0
	for _, k := range slices.Sorted(maps.Keys(all)) {
		if strings.HasPrefix(k, "mastodon_network_instances{") {
			states += all[k]
			rows = append(rows, Total{k, all[k]})
		}
	}
	rows = append([]Total{{"mastodon_network_instances", states}}, rows...)
	for _, name := range []string{"mastodon_network_claimed_users", "mastodon_network_claimed_statuses", "mastodon_network_claimed_active_users"} {
		if v, ok := all[name]; ok {
			rows = append(rows, Total{name, v})
		}
	}
	return rows
}

// series adds up samples by their keys.
type series map[string]float64

func (s series) add(value float64, name string, labels ...string) { s[key(name, labels...)] += value }

func (s series) figure(f Figure, name string, labels ...string) {
	if f.Known() {
		s.add(float64(f), name, labels...)
	}
}

func boolean(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func orUnknown(s string) string {
	if s == "" {
		return unknown
	}
	return s
}
