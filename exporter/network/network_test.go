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
	for i := range 300 { // 300 versions of Mastodon, the first hundred of them on two instances
		add("mastodon", fmt.Sprintf("4.5.%03d", i), true, 1+max(0, 1-i/100))
	}
	for i := range 80 { // 80 other softwares
		add(fmt.Sprintf("soft-%02d", i), "1.0", false, 1)
	}
	v := draw(entries, 0)
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

// TestDetailed holds that the largest are shown in detail, those of unknown size last.
func TestDetailed(t *testing.T) {
	v := draw([]*census.Entry{
		up(t, "small.social", instance.Figures{Users: instance.Known(1)}),
		up(t, "large.social", instance.Figures{Users: instance.Known(100)}),
		up(t, "unsaid.social", instance.Figures{}),
		up(t, "zero.social", instance.Figures{Users: instance.Known(0)}),
	}, 3)
	for name, want := range map[string]bool{"small.social": true, "large.social": true, "unsaid.social": false, "zero.social": true} {
		n, err := domain.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := v.Find(n); got == nil || got.Detailed != want {
			t.Errorf("%s: %+v, want detailed %t", name, got, want)
		}
	}
	if n, _ := domain.Parse("nobody.social"); v.Find(n) != nil {
		t.Error("found somebody who is not there")
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
