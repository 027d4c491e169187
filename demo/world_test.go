package demo

import (
	"fmt"
	"hash/fnv"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/mnm-social/mnm/exporter/domain"
)

// fingerprint is a hash of all that a World is at some times.
func fingerprint(w *World, times ...time.Duration) string {
	h := fnv.New64a()
	for _, d := range times {
		for i := range w.Len() {
			fmt.Fprintln(h, w.Name(i), w.State(i, w.Start().Add(d)))
		}
		for _, r := range w.Releases(w.Start().Add(d)) {
			fmt.Fprintln(h, r.Tag, r.Published)
		}
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

func TestWorldIsPure(t *testing.T) {
	c := Config{Seed: 7, Instances: 300}
	one, other := NewWorld(c), NewWorld(c)
	late := fingerprint(other, 90*time.Hour) // asked out of order first
	times := []time.Duration{0, 61 * time.Minute, 26 * time.Hour}
	if a, b := fingerprint(one, times...), fingerprint(other, times...); a != b {
		t.Errorf("the same seed makes %s and %s", a, b)
	}
	if a := fingerprint(one, 90*time.Hour); a != late {
		t.Errorf("90 hours on it is %s, asked before it was %s", a, late)
	}
	if a, b := fingerprint(one, 0), fingerprint(NewWorld(Config{Seed: 8, Instances: 300}), 0); a == b {
		t.Error("another seed makes the same world")
	}
	// The figure is this World's on any machine: arithmetic is in integers.
	if got, want := fingerprint(one, times...), "5e1291eb75a2fbc1"; got != want {
		t.Errorf("seed 7 is %s, was %s", got, want)
	}
}

func TestWorldMix(t *testing.T) {
	w := NewWorld(Config{Seed: 1})
	software, tlds, names := map[string]int{}, map[string]int{}, map[domain.Name]bool{}
	down, v6, mastodon, cdn := 0, 0, 0, 0
	var users Figure
	for i := range w.Len() {
		st := w.State(i, w.Start())
		name := w.Name(i)
		names[name] = true
		if r := name.Registrable(); r != name.String() {
			t.Errorf("%s is below %s", name, r)
		}
		software[st.Software]++
		tlds[name.TLD()]++
		if st.Mastodon {
			mastodon++
		}
		if st.Exists && st.Behaviour.Failing() {
			down++
		}
		if st.V6.IsValid() {
			v6++
		}
		if st.CDN != "" {
			cdn++
		}
		users += max(st.Users, 0)
	}
	for what, row := range map[string]struct{ got, least, most int }{
		"names":              {len(names), w.Len(), w.Len()},
		"Mastodon and forks": {mastodon, 2000, 2000},
		"other software":     {w.Len() - mastodon, 300, 500},
		"kinds of software":  {len(software), 15, 30},
		"hometown":           {software["hometown"], 40, 200},
		".social":            {tlds["social"], 330, 450},
		".de":                {tlds["de"], 70, 120},
		".jp":                {tlds["jp"], 40, 90},
		"IDN TLDs":           {tlds["xn--p1ai"] + tlds["xn--y9a3aq"], 2, 5},
		"TLDs":               {len(tlds), 200, 300},
		"down at first":      {down, 150, 350},
		"with IPv6":          {v6, 300, 1500},
		"behind a CDN":       {cdn, 50, 250},
		"users":              {int(users), 4_500_000, 9_000_000},
	} {
		if row.got < row.least || row.got > row.most {
			t.Errorf("%s: %d, want %d to %d", what, row.got, row.least, row.most)
		}
	}
}

// happenings counts what happens to every n-th instance of a World within a time, looking every minute.
func happenings(w *World, nth int, long time.Duration) map[string]int {
	const step = time.Minute
	n := map[string]int{}
	for i := 0; i < w.Len(); i += nth {
		last := w.State(i, w.Start())
		failing := 0
		for d := step; d <= long; d += step {
			st := w.State(i, w.Start().Add(d))
			note := func(what string, happened bool) {
				if happened {
					n[what]++
				}
			}
			note("appears", st.Exists && !last.Exists)
			note("is listed", st.Listed && !last.Listed)
			if st.Exists && last.Exists {
				note("fails: "+string(st.Behaviour), st.Behaviour != last.Behaviour && st.Behaviour.Failing())
				note("recovers", !st.Behaviour.Failing() && last.Behaviour.Failing())
				note("blips", !st.Behaviour.Failing() && failing > 0 && time.Duration(failing)*step < 5*time.Minute)
				note("upgrades", st.Software == last.Software && st.Version != last.Version)
				note("changes software", st.Software != last.Software)
				note("moves", st.Country != last.Country)
				note("opens", st.Open && !last.Open)
				note("closes", !st.Open && last.Open)
				note("grows", st.Users > last.Users)
				note("purges", last.Users >= 20 && 100*st.Users < 80*last.Users)
				note("renews its certificate", !st.Expiry.Equal(last.Expiry))
				note("changes its X-Robots-Tag", st.RobotsTag != last.RobotsTag)
			}
			failing++
			if !st.Behaviour.Failing() {
				failing = 0
			}
			last = st
		}
		if l := w.instances[i].fate.(*life); l.until > 0 && w.Start().Add(seconds(l.until)).Before(w.Start().Add(long)) {
			n["dies: "+map[bool]string{true: "410", false: "silence"}[l.end == Gone]]++
		}
	}
	n["releases"] = len(w.Releases(w.Start().Add(long))) - len(w.Releases(w.Start()))
	return n
}

func TestEverythingHappens(t *testing.T) {
	kinds := []string{
		"appears", "is listed", "recovers", "blips", "upgrades", "changes software", "moves", "opens", "closes", "grows",
		"purges", "renews its certificate",
		"dies: 410", "dies: silence", "fails: gone", "releases",
	}
	for _, b := range troubles() {
		kinds = append(kinds, "fails: "+string(b))
	}
	for name, row := range map[string]struct {
		instances int
		nth       int
		long      time.Duration
	}{
		"sample of 300, 3 hours": {300, 1, 3 * time.Hour},
		"sample of 50, 26 hours": {50, 1, 26 * time.Hour},
		"whole, 3 hours":         {0, 5, 3 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(2) {
				if seed > 0 && row.instances == 0 {
					break // it takes a while
				}
				n := happenings(NewWorld(Config{Seed: seed, Instances: row.instances}), row.nth, row.long)
				n["purges"] += 2 // one is enough
				for _, k := range kinds {
					if n[k] < 3 {
						t.Errorf("seed %d: %q happens %d times", seed, k, n[k])
					}
				}
				if t.Failed() || testing.Verbose() {
					for k, v := range maps.All(n) {
						t.Logf("seed %d: %6d %s", seed, v, k)
					}
				}
			}
		})
	}
}

// TestFortyDays holds that a small World goes on: that some instances come and go all the time, and that no figure runs away.
func TestFortyDays(t *testing.T) {
	const day = 24 * time.Hour
	w := NewWorld(Config{Seed: 1, Instances: 100})
	n := map[string]int{}
	last := make([]State, w.Len())
	for i := range last {
		last[i] = w.State(i, w.Start())
	}
	for d := 6 * time.Hour; d <= 40*day; d += 6 * time.Hour {
		at := w.Start().Add(d)
		there, up, listed, ours, users := 0, 0, 0, 0, Figure(0)
		for i := range last {
			st := w.State(i, at)
			l := w.instances[i].fate.(*life)
			for what, happened := range map[string]bool{
				"appears": st.Exists && !last[i].Exists, "is listed": st.Listed && !last[i].Listed, "is dropped": !st.Listed && last[i].Listed,
				"is dropped late": !st.Social && last[i].Social, "dies": l.until > 0 && w.Start().Add(seconds(l.until)).After(at.Add(-6*time.Hour)) && !w.Start().Add(seconds(l.until)).After(at),
				"changes its X-Robots-Tag": st.RobotsTag != last[i].RobotsTag, "upgrades": st.Version != last[i].Version,
				"renews its certificate": st.Expiry.After(last[i].Expiry), "is back from a 410": last[i].Behaviour == Gone && st.Behaviour != Gone,
			} {
				if happened && d > 5*day {
					n[what]++
				}
			}
			for what, is := range map[*int]bool{&there: st.Exists, &up: st.Exists && !st.Behaviour.Failing(), &listed: st.Listed || st.Social, &ours: declines(st.RobotsTag)} {
				if is {
					*what++
				}
			}
			if l.users.Known() && (st.Users > 2*max(l.users, 1) || st.Users < l.users/2 || st.ActiveMonth > st.Users+1) {
				t.Fatalf("after %v %s is %+v", d, w.Name(i), st)
			}
			if d > 15*day && l.trait.Failing() && (st.Listed || st.Social) {
				t.Fatalf("after %v %s is still listed, which never answered", d, w.Name(i))
			}
			users += max(st.Users, 0)
			last[i] = st
		}
		if there < 80 || up < 50 || listed < 55 || ours > 6 || users < 1000 {
			t.Fatalf("after %v %d exist, %d answer, %d are listed, %d decline, they have %d users", d, there, up, listed, ours, users)
		}
	}
	for what, least := range map[string]int{
		"appears": 2, "is listed": 2, "is dropped": 10, "is dropped late": 2, "dies": 1, "changes its X-Robots-Tag": 10, "upgrades": 500, "renews its certificate": 1000,
	} {
		if n[what] < least {
			t.Errorf("after five days %q happens %d times", what, n[what])
		}
	}
	if n["is back from a 410"] > 0 {
		t.Error("some came back from a 410")
	}
	if a := w.advisories(w.Start().Add(40 * day)); len(a) < 80 {
		t.Errorf("%d advisories", len(a))
	}
}

func TestBehavioursOfASample(t *testing.T) {
	for _, row := range []struct{ instances, least int }{{50, 1}, {300, 3}} {
		w := NewWorld(Config{Seed: 3, Instances: row.instances})
		n := map[Behaviour]int{}
		for i := range w.Len() {
			n[w.instances[i].fate.(*life).trait]++
		}
		if got := n[Blocked] + n[RateLimited] + n[Challenge]; got < 3*row.least {
			t.Errorf("of %d, %d block visitors", row.instances, got)
		}
		for _, b := range []Behaviour{RobotsDeny, Legal, RobotsNo} {
			if n[b] < row.least {
				t.Errorf("of %d, %d are %s", row.instances, n[b], b)
			}
		}
		if n[Well] < row.instances/2 {
			t.Errorf("of %d, %d are well", row.instances, n[Well])
		}
	}
	w := NewWorld(Config{Seed: 3, Hostile: true})
	n := map[Behaviour]int{}
	for i := range w.Len() {
		n[w.State(i, w.Start()).Behaviour]++
	}
	for _, b := range Hostiles() {
		if n[b] < 5 {
			t.Errorf("a hostile world has %d that %s", n[b], b)
		}
	}
}

func TestInventedReleases(t *testing.T) {
	w := NewWorld(Config{Seed: 1})
	if got := w.Releases(w.Start())[0].Tag; got != "v4.7.0" {
		t.Errorf("at first the newest release is %s", got)
	}
	for d := 3 * time.Hour; d < 100*24*time.Hour; d += 3 * time.Hour {
		now, before := w.Releases(w.Start().Add(d)), w.Releases(w.Start().Add(d-3*time.Hour))
		if now[0] == before[0] {
			t.Fatalf("none came out in the three hours before %v", d)
		}
		if len(now) > listedReleases {
			t.Fatalf("%d releases are listed", len(now))
		}
	}
	seen := map[string]bool{}
	minors := 0
	for _, r := range w.calendar.until(w.Start().Add(100 * 24 * time.Hour)) {
		if seen[r.Version] {
			t.Errorf("%s comes out twice", r.Version)
		}
		seen[r.Version] = true
		if strings.HasSuffix(r.Version, ".0") {
			minors++
		}
	}
	if minors < 15 {
		t.Errorf("%d branches", minors)
	}
}

func TestDraw(t *testing.T) {
	// A thousand draws of ten: each comes up about a hundred times.
	var n [10]int
	for i := range uint64(1000) {
		n[in(10, 1, i)]++
	}
	for v, c := range n {
		if c < 60 || c > 140 {
			t.Errorf("%d comes up %d times", v, c)
		}
	}
	for s, want := range map[int64]int64{0: 0, hour: 2232, day: day, 3 * day: 3 * day, -5: -5} {
		if got := busy(s); got != want {
			t.Errorf("busy(%d) = %d, want %d", s, got, want)
		}
	}
}

func TestVersions(t *testing.T) {
	for in, want := range map[string]string{
		"v4.1.0rc1": "4.1.0-rc.1", "v4.2.0-beta1": "4.2.0-beta.1", "v4.3.0-rc.1": "4.3.0-rc.1", "4.7.0": "4.7.0",
		"4.6.0-nightly.2026-04-09": "4.6.0-nightly.2026-04-09", "4.8.0-alpha.1": "4.8.0-alpha.1", "1.0": "", "4.2.0-foo": "", "x": "",
	} {
		v, ok := parseVersion(in)
		if ok != (want != "") || ok && v.String() != want {
			t.Errorf("%s is %s, %v", in, v, ok)
		}
	}
	order := []string{"3.5.19", "4.0.0rc4", "4.0.0", "4.2.0-beta9", "4.2.0-beta10", "4.2.0-nightly.2023-01-01", "4.2.0-rc1", "4.2.0", "4.10.0"}
	for i := 1; i < len(order); i++ {
		a, _ := parseVersion(order[i-1])
		b, _ := parseVersion(order[i])
		if compare(a, b) >= 0 || compare(b, a) <= 0 {
			t.Errorf("%s is not before %s", order[i-1], order[i])
		}
	}
}
