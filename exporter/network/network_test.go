package network

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/instance"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func up(t *testing.T, name string, f instance.Figures) *census.Entry {
	t.Helper()
	n, err := domain.Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	return &census.Entry{Name: n, Up: census.Yes, Visits: 1, LastGood: noon, Figures: f, Version: f.Version}
}

func draw(entries []*census.Entry, detailed int) *View {
	slices.SortFunc(entries, func(a, b *census.Entry) int { return domain.Compare(a.Name, b.Name) })
	return New(Book{Entries: entries}, noon, Settings{StaleAfter: 24 * time.Hour, Detailed: detailed})
}

// TestClosedLabels holds that labels made of what strangers say have bounds, that what is past them is "other", and that
// nobody is lost by it.
func TestClosedLabels(t *testing.T) {
	var entries []*census.Entry
	add := func(software, version string, mastodon bool, times int) {
		for range times {
			entries = append(entries, up(t, fmt.Sprintf("oak-%d.social", len(entries)), instance.Figures{
				Software: software, Version: version, Mastodon: mastodon, Users: instance.Known(10),
			}))
		}
	}
	for i := range 300 { // 300 versions of Mastodon, the last hundred of them on two instances
		add("mastodon", fmt.Sprintf("4.5.%03d", i), true, 1+i/200)
	}
	for i := range 80 { // 80 other softwares, whose versions are not counted with Mastodon's
		add(fmt.Sprintf("soft-%02d", i), fmt.Sprintf("9.%d", i), false, 1)
	}
	v := draw(entries, 0)
	for _, e := range v.Instances {
		if !e.Mastodon && e.Version == Other {
			t.Errorf("%s has version %s", e.Domain, e.Version)
		}
	}
	sum := func(groups []Group) (instances int, users int64) {
		for _, g := range groups {
			instances, users = instances+g.Instances, users+g.Users.N
		}
		return instances, users
	}
	find := func(groups []Group, label string) Group {
		for _, g := range groups {
			if g.Label == label {
				return g
			}
		}
		return Group{}
	}
	for name, row := range map[string]struct {
		groups                   []Group
		labels, instances, other int
	}{
		"software": {v.Software, 51, 480, 31},   // mastodon and 49 others are kept
		"versions": {v.Versions, 201, 400, 100}, // all hundred with two instances, and a hundred of the rest
	} {
		t.Run(name, func(t *testing.T) {
			instances, users := sum(row.groups)
			if len(row.groups) != row.labels || instances != row.instances || users != 10*int64(row.instances) {
				t.Errorf("%d labels, %d instances, %d users; want %d, %d, %d", len(row.groups), instances, users, row.labels, row.instances, 10*row.instances)
			}
			if got := find(row.groups, Other).Instances; got != row.other {
				t.Errorf("%d are other, want %d", got, row.other)
			}
		})
	}
	if v.Users.N != 4800 || !v.Users.Known {
		t.Errorf("users %+v", v.Users)
	}
}

// TestDetailed holds that the largest are shown in detail, of equal ones the first by name, those of unknown size last,
// and whoever is watched beside them; by name.
func TestDetailed(t *testing.T) {
	entries := []*census.Entry{
		up(t, "a-small.social", instance.Figures{Users: instance.Known(1)}),
		up(t, "b-unsaid.social", instance.Figures{}),
		up(t, "c-large.social", instance.Figures{Users: instance.Known(100)}),
		up(t, "d-small.social", instance.Figures{Users: instance.Known(1)}),
		up(t, "e-stale.social", instance.Figures{Users: instance.Known(1000)}),
		up(t, "f-zero.social", instance.Figures{Users: instance.Known(0)}),
	}
	entries[4].LastGood = noon.Add(-25 * time.Hour)
	for name, row := range map[string]struct {
		limit   int
		watched []int
		want    string
	}{
		"none":            {0, nil, ""},
		"largest":         {1, nil, "c"},
		"of equal ones":   {2, nil, "ac"},
		"both":            {3, nil, "acd"},
		"unsaid is last":  {4, nil, "acdf"},
		"all":             {5, nil, "abcdf"},
		"more than all":   {99, nil, "abcdf"},
		"watched":         {0, []int{1, 4}, "be"},
		"watched, in two": {2, []int{0, 4}, "ace"},
	} {
		t.Run(name, func(t *testing.T) {
			watched := map[domain.Name]bool{}
			for _, i := range row.watched {
				watched[entries[i].Name] = true
			}
			v := New(Book{Entries: entries}, noon, Settings{StaleAfter: 24 * time.Hour, Detailed: row.limit, Watched: watched})
			got := ""
			for _, e := range v.Detailed {
				got += e.Domain[:1]
			}
			if got != row.want {
				t.Errorf("%q, want %q", got, row.want)
			}
		})
	}
}

// TestRecent holds that the latest changes of a week are kept and the others counted.
func TestRecent(t *testing.T) {
	old, young := up(t, "a.social", instance.Figures{}), up(t, "b.social", instance.Figures{})
	ago := func(d time.Duration) time.Time { return noon.Add(-d) }
	old.Changed[census.ChangeVersion] = ago(ChangesKept)
	old.Changed[census.ChangeCountry] = ago(ChangesKept - time.Second)
	old.Changed[census.ChangeUp] = ago(time.Hour)
	young.Changed[census.ChangeVersion] = ago(time.Hour)
	young.Changed[census.ChangeGone] = ago(time.Minute)
	all := []Change{
		{"a.social", census.ChangeCountry, ago(ChangesKept - time.Second).Unix()},
		{"a.social", census.ChangeUp, ago(time.Hour).Unix()},
		{"b.social", census.ChangeVersion, ago(time.Hour).Unix()},
		{"b.social", census.ChangeGone, ago(time.Minute).Unix()},
	}
	for limit, want := range [][]Change{{}, {all[3]}, {all[1], all[3]}, all[1:], all, all} {
		v := draw([]*census.Entry{old, young}, 0)
		if v.LeftOut != 0 {
			t.Fatalf("%d of four changes are left out", v.LeftOut)
		}
		v.forget(limit)
		if !slices.Equal(v.Recent, want) || v.LeftOut != len(all)-len(want) {
			t.Errorf("of at most %d: %v, and %d left out; want %v", limit, v.Recent, v.LeftOut, want)
		}
	}
}

// TestGone holds that of who is gone it is told that, for a week, and of who declines nothing.
func TestGone(t *testing.T) {
	ago := func(d time.Duration) time.Time { return noon.Add(-d) }
	var entries []*census.Entry
	for _, name := range []string{"left.social", "long.social", "declines.social"} {
		e := up(t, name, instance.Figures{})
		e.Changed[census.ChangeVersion], e.Changed[census.ChangeGone] = ago(2*time.Hour), ago(time.Hour)
		entries = append(entries, e)
	}
	entries[0].Gone = true
	entries[1].Gone, entries[1].Changed[census.ChangeGone] = true, ago(ChangesKept)
	entries[2].Refused = true
	v := draw(entries, 0)
	if want := []Change{{"left.social", census.ChangeGone, ago(time.Hour).Unix()}}; !slices.Equal(v.Recent, want) || len(v.Instances) != 0 {
		t.Errorf("%v and %d instances, want %v alone", v.Recent, len(v.Instances), want)
	}
}

// TestNothingKnown holds that a sum of no figures is unknown, not 0.
func TestNothingKnown(t *testing.T) {
	v := draw([]*census.Entry{up(t, "oak.social", instance.Figures{})}, 0)
	if v.Users.Known || v.Statuses.Known || v.ActiveUsers.Known {
		t.Errorf("%+v", v.Users)
	}
	if v.Countries[0].Label != Unknown || v.Software[0].Label != Unknown {
		t.Errorf("%+v %+v", v.Countries, v.Software)
	}
}
