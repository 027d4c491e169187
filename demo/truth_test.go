package demo

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// list fetches the directory.
func (b *box) list() {
	b.t.Helper()
	if code, _, _, err := b.get("https://api.joinmastodon.org/servers"); err != nil || code != 200 {
		b.t.Fatalf("directory: %d, %v", code, err)
	}
}

// visit asks what a first visit asks, and stops when nobody answers.
func (b *box) visit(names ...string) {
	b.t.Helper()
	for _, name := range names {
		code, _, robots, err := b.get("https://" + name + "/robots.txt")
		if err != nil || code >= 400 && code != 404 || strings.Contains(string(robots), "*\nDisallow: /\n") {
			continue
		}
		_, _, body, err := b.get("https://" + name + "/.well-known/nodeinfo")
		if err != nil {
			continue
		}
		node := ""
		var doc struct{ Links []struct{ Href string } }
		if json.Unmarshal(body, &doc) == nil && len(doc.Links) > 0 {
			node = doc.Links[0].Href
		}
		if node != "" && !strings.Contains(string(robots), "Disallow: /nodeinfo/") {
			_, _, _, _ = b.get(node)
		}
		if !strings.Contains(string(robots), "Disallow: /api/\n") {
			_, _, _, _ = b.get("https://" + name + "/api/v1/instance")
		}
	}
}

// ask is one request, such as a confirmation.
func (b *box) ask(name, path string) {
	b.t.Helper()
	_, _, _, _ = b.get("https://" + name + path)
}

// want compares all series that begin with one of the prefixes.
func (b *box) want(got map[string]float64, want map[string]float64, prefixes ...string) {
	b.t.Helper()
	for k := range got {
		if !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(k, p) }) {
			delete(got, k)
		}
	}
	keys := maps.Clone(got)
	maps.Copy(keys, want)
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		g, there := got[k]
		w, wanted := want[k]
		if there != wanted || g != w {
			b.t.Errorf("%s is %v (%v), want %v (%v)", k, g, there, w, wanted)
		}
	}
}

func (b *box) wantStates(want map[string]float64) {
	b.t.Helper()
	full := map[string]float64{}
	for state, n := range want {
		full[`mastodon_network_instances{state="`+state+`"}`] = n
	}
	b.want(b.Truth(b.time()).Series(), full, "mastodon_network_instances")
}

func (b *box) wantChanges(want map[string]float64) {
	b.t.Helper()
	full := map[string]float64{}
	for change, n := range want {
		full[`mastodon_network_changes_total{change="`+change+`"}`] = n
	}
	b.want(b.Truth(b.time()).Series(), full, "mastodon_network_changes_total")
}

// small is a World of which the figures are easily added up.
func small() []Spec {
	n := func(v int64) *int64 { return &v }
	return []Spec{
		{Name: "big.social", Version: "4.7.0", Users: n(1000), Statuses: n(50000), Connections: n(900), ActiveMonth: n(300), Open: new(true), Country: "DE", IPv6: true},
		{Name: "old.fr", Version: "4.3.0-rc.1", Software: "glitch", Users: n(200), Statuses: n(3000), Connections: n(80), ActiveMonth: n(20), Open: new(true), Approval: true, Country: "DE"},
		{Name: "person.io", Version: "4.6.5", Users: n(4), Statuses: n(70), Connections: n(60), ActiveMonth: n(2), Open: new(false), Country: "FI"},
		{Name: "mute.social", Version: "4.7.0", CDN: "cloudflare"},
		{Name: "notes.jp", Software: "misskey", Version: "2026.9.1", Users: n(30), Statuses: n(400), Connections: n(5), ActiveMonth: n(9), Open: new(true), Country: "US"},
		{Name: "posts.club", Software: "akkoma", Version: "3.15.2", Users: n(50), Statuses: n(600), Connections: n(7000), ActiveMonth: n(11), Open: new(false), Country: "US", Behaviour: RobotsNoNodeInfo},
		{Name: "shut.social", Behaviour: Blocked, Users: n(9999)},
		{Name: "away.social", Behaviour: RobotsNo, Users: n(9999)},
		{Name: "dead.social", Behaviour: Gone, Users: n(9999)},
		{Name: "lost.social", Behaviour: NoName, Users: n(9999)},
		{Name: "later.social", Users: n(9999)},
		{Name: "two words.social"}, {Name: "BIG.social."}, {Name: "127.0.0.1"},
	}
}

func TestTruthOfASmallWorld(t *testing.T) {
	b := serve(t, WorldOf(small(), defaultStart))
	b.want(b.Truth(b.time()).Series(), nil, "mastodon_")
	b.list()
	b.visit("big.social", "old.fr", "person.io", "mute.social", "notes.jp", "posts.club", "shut.social", "away.social", "dead.social", "lost.social")
	b.pages(releasesURL)
	b.step(6 * time.Minute)
	b.ask("lost.social", "/robots.txt")
	got := b.Truth(b.time()).Series()
	b.want(got, map[string]float64{
		`mastodon_network_instances{state="refused"}`: 1, `mastodon_network_instances{state="gone"}`: 1,
		`mastodon_network_instances{state="new"}`: 2, // blocked, and not visited
		`mastodon_network_instances{state="up"}`:  6, `mastodon_network_instances{state="down"}`: 1,
		`mastodon_network_claimed_users`: 1284, `mastodon_network_claimed_statuses`: 54070,
		`mastodon_network_claimed_active_users`:    333, // 300 20 2 11; Misskey doesn't count them
		`mastodon_country_instances{country="DE"}`: 1, `mastodon_country_instances{country="FR"}`: 1, `mastodon_country_instances{country="FI"}`: 1,
		`mastodon_country_instances{country="JP"}`: 1, `mastodon_country_instances{country="US"}`: 1, `mastodon_country_instances{country="unknown"}`: 1,
		`mastodon_country_users{country="DE"}`: 1000, `mastodon_country_users{country="FR"}`: 200, `mastodon_country_users{country="FI"}`: 4,
		`mastodon_country_users{country="JP"}`: 30, `mastodon_country_users{country="US"}`: 50,
		`mastodon_country_active_users{country="DE"}`: 300, `mastodon_country_active_users{country="FR"}`: 20,
		`mastodon_country_active_users{country="FI"}`: 2, `mastodon_country_active_users{country="US"}`: 11,
		`mastodon_country_source_instances{source="tld"}`: 2, `mastodon_country_source_instances{source="address"}`: 3,
		`mastodon_country_source_instances{source="unknown"}`: 1, `mastodon_country_unknown_instances{reason="cdn"}`: 1,
		`mastodon_software_instances{software="mastodon"}`: 4, `mastodon_software_instances{software="misskey"}`: 1,
		`mastodon_software_instances{software="akkoma"}`: 1,
		`mastodon_software_users{software="mastodon"}`:   1204, `mastodon_software_users{software="misskey"}`: 30,
		`mastodon_software_users{software="akkoma"}`:  50,
		`mastodon_version_instances{version="4.7.0"}`: 2, `mastodon_version_instances{version="4.3.0-rc.1"}`: 1,
		`mastodon_version_instances{version="4.6.5"}`: 1,
		`mastodon_version_users{version="4.7.0"}`:     1000, `mastodon_version_users{version="4.3.0-rc.1"}`: 200, `mastodon_version_users{version="4.6.5"}`: 4,
		`mastodon_update_instances{update="current"}`: 2, `mastodon_update_instances{update="unsupported"}`: 1,
		`mastodon_update_instances{update="behind"}`:     1,
		`mastodon_registration_instances{policy="open"}`: 2, `mastodon_registration_instances{policy="approval"}`: 1,
		`mastodon_registration_instances{policy="closed"}`: 2, `mastodon_registration_instances{policy="unknown"}`: 1,
		`mastodon_ipv6_instances{ipv6="true"}`: 1, `mastodon_ipv6_instances{ipv6="false"}`: 5,
		`mastodon_directory_instances{directory="joinmastodon"}`: 11,
	}, "mastodon_network", "mastodon_country", "mastodon_software", "mastodon_version", "mastodon_update", "mastodon_registration", "mastodon_ipv6", "mastodon_directory")
	b.want(b.Truth(b.time()).Instances(), map[string]float64{
		`mastodon_instance_up{domain="big.social"}`: 1, `mastodon_instance_up{domain="person.io"}`: 1, `mastodon_instance_up{domain="lost.social"}`: 0,
		`mastodon_instance_up{domain="old.fr"}`: 1, `mastodon_instance_up{domain="mute.social"}`: 1, `mastodon_instance_up{domain="notes.jp"}`: 1,
		`mastodon_instance_up{domain="posts.club"}`:    1,
		`mastodon_instance_users{domain="big.social"}`: 1000, `mastodon_instance_users{domain="person.io"}`: 4, `mastodon_instance_users{domain="old.fr"}`: 200,
		`mastodon_instance_users{domain="notes.jp"}`: 30, `mastodon_instance_users{domain="posts.club"}`: 50,
		`mastodon_instance_statuses{domain="big.social"}`: 50000, `mastodon_instance_statuses{domain="old.fr"}`: 3000,
		`mastodon_instance_statuses{domain="notes.jp"}`: 400, `mastodon_instance_statuses{domain="posts.club"}`: 600,
		`mastodon_instance_info{country="FR",domain="old.fr",software="mastodon",version="4.3.0-rc.1"}`:      1,
		`mastodon_instance_info{country="DE",domain="big.social",software="mastodon",version="4.7.0"}`:       1,
		`mastodon_instance_info{country="FI",domain="person.io",software="mastodon",version="4.6.5"}`:        1,
		`mastodon_instance_info{country="unknown",domain="mute.social",software="mastodon",version="4.7.0"}`: 1,
		`mastodon_instance_info{country="JP",domain="notes.jp",software="misskey",version="2026.9.1"}`:       1,
		`mastodon_instance_info{country="US",domain="posts.club",software="akkoma",version="3.15.2"}`:        1,
		`mastodon_instance_registrations_open{domain="old.fr"}`:                                              1,
		`mastodon_instance_registrations_open{domain="big.social"}`:                                          1,
		`mastodon_instance_registrations_open{domain="notes.jp"}`:                                            1,
		`mastodon_instance_registrations_open{domain="person.io"}`:                                           0,
		`mastodon_instance_registrations_open{domain="posts.club"}`:                                          0,
		`mastodon_instance_connections{domain="big.social"}`:                                                 900,
		`mastodon_instance_connections{domain="old.fr"}`:                                                     80,
		`mastodon_instance_connections{domain="person.io"}`:                                                  60,
		`mastodon_instance_connections{domain="posts.club"}`:                                                 7000,
		`mastodon_instance_active_users{domain="big.social"}`:                                                300,
		`mastodon_instance_active_users{domain="old.fr"}`:                                                    20,
		`mastodon_instance_active_users{domain="posts.club"}`:                                                11,
	}, "mastodon_instance")
	b.want(b.Truth(b.time()).Series(), map[string]float64{
		`mastodon_latest_release_info{channel="stable",version="4.7.0"}`: 1, `mastodon_latest_release_info{channel="4.7",version="4.7.0"}`: 1,
		`mastodon_latest_release_info{channel="4.6",version="4.6.6"}`:  1,
		`mastodon_latest_release_info{channel="4.5",version="4.5.16"}`: 1, `mastodon_latest_release_info{channel="4.4",version="4.4.23"}`: 1,
		`mastodon_latest_release_info{channel="rc",version="4.6.0-rc.2"}`: 1, `mastodon_latest_release_info{channel="beta",version="4.7.0-beta.1"}`: 1,
	}, "mastodon_latest")
	s := b.Truth(b.time()).Series()
	for k, want := range map[string]float64{
		`mastodon_release_info{channel="rc",security="false",version="4.1.0-rc.1"}`: 1, `mastodon_release_info{channel="stable",security="true",version="4.6.4"}`: 1,
		`mastodon_release_published_timestamp_seconds{version="4.7.0"}`: 1787184000, // 2026-08-20
	} {
		if s[k] != want {
			t.Errorf("%s is %v", k, s[k])
		}
	}
	if rows := b.Truth(b.time()).Totals(); rows[0] != (Total{"mastodon_network_instances", 11}) || len(rows) != 9 {
		t.Errorf("totals are %v", rows)
	}
}

// seq chains what an instance is from the beginning and from later times on.
func seq(first Spec, rest ...any) Spec {
	for i := len(rest) - 2; i >= 0; i -= 2 {
		next := rest[i+1].(Spec)
		if i+2 < len(rest) {
			next.Turns, next.Then = rest[i+2].(time.Duration), new(rest[i+3].(Spec))
		}
		rest[i+1] = next
	}
	if len(rest) > 0 {
		first.Turns, first.Then = rest[0].(time.Duration), new(rest[1].(Spec))
	}
	return first
}

func TestAFailureIsConfirmed(t *testing.T) {
	n, more := int64(100), int64(150)
	fine, better := Spec{Name: "one.social", Users: &n}, Spec{Users: &more}
	sick := Spec{Behaviour: Refusing}
	b := serve(t, WorldOf([]Spec{
		seq(fine, 50*time.Minute, sick, 61*time.Minute, better, 110*time.Minute, sick, 150*time.Minute, better),
		{Name: "two.social", Users: &n},
	}, defaultStart))
	users := func(want float64) {
		t.Helper()
		b.want(b.Truth(b.time()).Series(), map[string]float64{"mastodon_network_claimed_users": want}, "mastodon_network_claimed_users")
	}
	b.list()
	b.visit("one.social", "two.social")
	b.wantStates(map[string]float64{"up": 2})
	b.step(time.Hour) // one fails
	b.visit("one.social", "two.social")
	b.wantStates(map[string]float64{"up": 2})
	b.step(5 * time.Minute) // and is back at the confirmation
	b.ask("one.social", "/nodeinfo/2.0")
	b.wantStates(map[string]float64{"up": 2})
	b.wantChanges(nil)
	users(200)               // a confirmation is no visit: what it says doesn't count
	b.step(40 * time.Minute) // an hour and three quarters
	b.visit("one.social")
	users(250)
	b.step(15 * time.Minute) // fails again
	b.visit("one.social")
	b.step(3 * time.Minute) // a second try so soon confirms nothing
	b.ask("one.social", "/nodeinfo/2.0")
	b.wantStates(map[string]float64{"up": 2})
	b.step(3 * time.Minute)
	b.ask("one.social", "/nodeinfo/2.0")
	b.wantStates(map[string]float64{"up": 1, "down": 1})
	b.wantChanges(map[string]float64{"down": 1})
	users(250)
	b.step(54 * time.Minute)
	b.visit("one.social")
	b.wantStates(map[string]float64{"up": 2})
	b.wantChanges(map[string]float64{"down": 1, "up": 1})
	b.step(21*time.Hour + 59*time.Minute) // 23:59 after two's last good visit
	users(250)
	b.step(time.Minute)
	users(150)
	b.step(2 * time.Hour)
	b.want(b.Truth(b.time()).Series(), nil, "mastodon_network_claimed", "mastodon_country", "mastodon_software", "mastodon_registration", "mastodon_ipv6")
	b.wantStates(map[string]float64{"up": 2})
	b.want(b.Truth(b.time()).Instances(), map[string]float64{
		`mastodon_instance_up{domain="one.social"}`: 1, `mastodon_instance_up{domain="two.social"}`: 1,
	}, "mastodon_")
}

func TestEveryTroubleTakesDown(t *testing.T) {
	var specs []Spec
	behaviours := append(troubles(), RobotsError, Half)
	for i, b := range behaviours {
		specs = append(specs, Spec{Name: string(rune('a'+i)) + ".social", Behaviour: b})
	}
	b := serve(t, WorldOf(specs, defaultStart))
	b.list()
	for range 2 {
		for i := range specs {
			b.visit(specs[i].Name)
		}
		b.step(time.Hour)
	}
	// A server that sends halves answers for robots.txt: a confirmation finds it alive, two visits find it down.
	b.wantStates(map[string]float64{"down": float64(len(specs))})
	b.wantChanges(nil) // they never were up
}

func TestChangesBetweenGoodVisits(t *testing.T) {
	small := int64(10)
	first := Spec{Name: "one.social", Software: "hometown", Version: "4.5.1", Users: &small, Open: new(true), Country: "DE"}
	second := Spec{Software: "mastodon", Version: "4.7.0", Users: &small, Open: new(true), Approval: true, Country: "FR"}
	third := Spec{Software: "mastodon", Version: "4.7.0", Users: &small, Country: "DE", CDN: "fastly"} // says no policy, country unknown
	fourth := second
	fourth.Country = "JP"
	b := serve(t, WorldOf([]Spec{
		seq(first, 30*time.Minute, second, 90*time.Minute, third, 150*time.Minute, fourth, 4*time.Hour, Spec{Behaviour: Gone}),
		seq(Spec{Name: "late.social", Unlisted: true}, 90*time.Minute, Spec{Users: &small}),
		{Name: "other.social"},
	}, defaultStart))
	b.list()
	b.visit("one.social", "other.social")
	b.wantChanges(nil)
	b.step(time.Hour)
	b.visit("one.social")
	b.wantChanges(map[string]float64{"software": 1, "version": 1, "country": 1, "registrations": 1})
	b.step(time.Hour)
	b.list()
	b.wantStates(map[string]float64{"up": 2, "new": 1})
	b.visit("one.social", "late.social") // from known to unknown is no change
	b.wantChanges(map[string]float64{"software": 1, "version": 1, "country": 1, "registrations": 1, "new": 1})
	b.step(time.Hour)
	b.visit("one.social", "late.social") // nor is the way back
	b.wantChanges(map[string]float64{"software": 1, "version": 1, "country": 1, "registrations": 1, "new": 1})
	b.step(2 * time.Hour)
	b.visit("one.social")
	b.visit("one.social")
	b.wantStates(map[string]float64{"up": 2, "gone": 1})
	b.wantChanges(map[string]float64{"software": 1, "version": 1, "country": 1, "registrations": 1, "new": 1, "gone": 1})
	b.want(b.Truth(b.time()).Series(), map[string]float64{"mastodon_network_claimed_users": 10}, "mastodon_network_claimed_users")
}

func TestBlockedKeepsItsState(t *testing.T) {
	small := int64(10)
	b := serve(t, WorldOf([]Spec{
		seq(Spec{Name: "one.social", Users: &small}, 30*time.Minute, Spec{Behaviour: Blocked}, 90*time.Minute, Spec{Behaviour: BadGateway}, 150*time.Minute, Spec{Behaviour: Challenge}),
		{Name: "two.social", Behaviour: RateLimited},
	}, defaultStart))
	b.list()
	b.visit("one.social", "two.social")
	b.step(time.Hour)
	b.visit("one.social", "two.social")
	b.wantStates(map[string]float64{"up": 1, "new": 1})
	b.step(time.Hour)
	b.visit("one.social")
	b.step(5 * time.Minute)
	b.ask("one.social", "/nodeinfo/2.0")
	b.wantStates(map[string]float64{"down": 1, "new": 1})
	b.step(55 * time.Minute)
	b.visit("one.social")
	b.wantStates(map[string]float64{"down": 1, "new": 1})
}

func TestFiguresAreThoseOfTheTimeTheyWereServed(t *testing.T) {
	w := NewWorld(Config{Seed: 2, Instances: 200})
	b := serve(t, w)
	b.list()
	var names []string
	var users, statuses float64
	count := 0
	for d := range 20 { // each at a time of its own
		i := d * 7
		st := w.State(i, b.time())
		if st.Behaviour == Well && st.Exists && st.Mastodon && st.Users >= 5 {
			names = append(names, w.Name(i).String())
			users, statuses, count = users+float64(st.Users), statuses+float64(st.Statuses), count+1
			b.visit(w.Name(i).String())
		}
		b.step(11 * time.Minute)
	}
	b.step(3 * time.Hour)
	if count < 5 {
		t.Fatalf("only %d were visited", count)
	}
	b.want(b.Truth(b.time()).Series(), map[string]float64{"mastodon_network_claimed_users": users, "mastodon_network_claimed_statuses": statuses},
		"mastodon_network_claimed_users", "mastodon_network_claimed_statuses")
	one := w.Find(names[0])
	if w.State(one, b.time()).Statuses == w.State(one, w.Start()).Statuses {
		t.Errorf("%s has not grown, so this shows nothing", names[0])
	}
}

func TestUpdates(t *testing.T) {
	w := WorldOf(nil, defaultStart)
	at := func(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }
	for _, row := range []struct {
		version string
		at      time.Time
		want    string
	}{
		{"4.7.0", at(2026, 11, 24), "current"},
		{"4.6.6", at(2026, 11, 24), "current"},
		{"4.6.5", at(2026, 11, 24), "behind"},
		{"4.6.4", at(2026, 11, 24), "behind"},
		{"4.6.3", at(2026, 11, 24), "security_missing"},
		{"4.6.3", at(2026, 7, 26), "current"}, // 4.6.4 came out a day later
		{"4.6.2", at(2026, 7, 26), "security_missing"},
		{"4.6.0-rc.2", at(2026, 11, 24), "security_missing"},
		{"4.7.0-beta.1", at(2026, 11, 24), "behind"},
		{"4.5.13", at(2026, 7, 20), "current"}, // what 4.6.3 mended was open in 4.6 alone
		{"4.4.20", at(2026, 11, 24), "security_missing"},
		{"4.4.20", at(2026, 12, 17), "unsupported"},
		{"4.3.20", at(2026, 3, 1), "current"}, // what was open in 4.4 and 4.5 on 2026-02-24 was not in 4.3
		{"4.3.21", at(2026, 5, 5), "security_missing"},
		{"4.8.0-alpha.1", at(2026, 11, 24), "current"},
		{"5.0.0", at(2026, 11, 24), "current"},
		{"4.4.23", at(2026, 12, 16), "current"}, // 4.6.0 came out on 2026-06-17
		{"4.4.23", at(2026, 12, 17), "unsupported"},
		{"4.3.22", at(2026, 5, 5), "current"}, // 4.5.0 came out on 2025-11-06
		{"4.3.22", at(2026, 5, 6), "unsupported"},
		{"2.4.0", at(2026, 11, 24), "unsupported"},
		{"nonsense", at(2026, 11, 24), "unknown"},
	} {
		truth := Truth{at: row.at, known: true, releases: w.Releases(row.at), advisories: w.advisories(row.at)}
		if got := truth.update(row.version); got != row.want {
			t.Errorf("%s on %s is %s, want %s", row.version, row.at.Format(time.DateOnly), got, row.want)
		}
	}
	mend := func(s string) version { v, _ := parseVersion(s); return v }
	half := Truth{at: defaultStart, known: true, releases: w.Releases(defaultStart), advisories: []advisory{{patched: []version{mend("4.6.6"), mend("4.7.1")}}}}
	if got := half.update("4.7.0"); got != "current" {
		t.Errorf("of an advisory whose patch is not out yet, 4.7.0 is %s", got)
	}
	if got := half.update("4.6.5"); got != "security_missing" {
		t.Errorf("and 4.6.5 is %s", got)
	}
	if got := (Truth{at: defaultStart}).update("4.7.0"); got != "unknown" {
		t.Errorf("before releases are known, 4.7.0 is %s", got)
	}
}

func TestRequestsAreCounted(t *testing.T) {
	b := serve(t, WorldOf([]Spec{{Name: "one.social"}, {Name: "two.social"}}, defaultStart))
	b.visit("one.social", "two.social")
	b.step(30 * time.Minute)
	b.ask("one.social", "/nodeinfo/2.0")
	if got := b.Requests().MostInHour; got != 5 {
		t.Errorf("at most %d in an hour", got)
	}
	b.step(30 * time.Minute) // the first four are an hour old: they don't count any more
	b.visit("one.social")
	r := b.Requests()
	if r.Total != 13 || r.Most != 9 || r.Median != 9 || r.Instances != 2 || r.MostInHour != 5 || r.ByKind["api_v1"] != 3 || r.ByKind["nodeinfo"] != 4 {
		t.Errorf("%+v", r)
	}
	times := b.Times("one.social")
	if len(times) != 9 || !times[0].Equal(defaultStart) || !times[4].Equal(defaultStart.Add(30*time.Minute)) {
		t.Errorf("%v", times)
	}
}
