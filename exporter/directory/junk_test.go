package directory

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mnm-social/mnm/exporter/domain"
)

func named(t testing.TB, s string) domain.Name {
	t.Helper()
	n, err := domain.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestFilter(t *testing.T) {
	f := NewFilter([]domain.Name{named(t, "Oak.social"), named(t, "one.masto.host"), named(t, "tröt.de")})
	for name, row := range map[string]struct {
		name       string
		keep, ours bool
	}{
		"an instance":         {"elm.social", true, false},
		"junk itself":         {"gab.best", false, false},
		"below junk":          {"a.b.gab.best", false, false},
		"ends like junk":      {"notgab.best", true, false},
		"has junk in it":      {"gab.best.social", true, false},
		"junk's neighbour":    {"ngrok.com", true, false},
		"shares a label":      {"best.gab.social", true, false},
		"excluded":            {"oak.social", false, true},
		"below excluded":      {"www.oak.social", false, true},
		"ends like excluded":  {"hoak.social", true, false},
		"above excluded":      {"masto.host", true, false},
		"excluded customer":   {"one.masto.host", false, true},
		"another customer":    {"two.masto.host", true, false},
		"excluded by U-label": {"xn--trt-tna.de", false, true},
	} {
		t.Run(name, func(t *testing.T) {
			n := named(t, row.name)
			if f.Keep(n) != row.keep || f.Excludes(n) != row.ours {
				t.Errorf("keep %v, excludes %v; want %v, %v", f.Keep(n), f.Excludes(n), row.keep, row.ours)
			}
		})
	}
	if (Filter{}).Excludes(named(t, "gab.best")) || (Filter{}).Keep(named(t, "x.gab.best")) || !(Filter{}).Keep(named(t, "oak.social")) {
		t.Error("the zero Filter leaves out something else than the junk")
	}
}

// TestJunkIsWritten sees that each entry of the list can match: it is in the form of a Name.
func TestJunkIsWritten(t *testing.T) {
	if len(junk) != 26 {
		t.Errorf("%d domains, want the 26 of the lists", len(junk))
	}
	for s := range junk {
		if named(t, s).String() != s {
			t.Errorf("%s is not in its normal form", s)
		}
	}
	for s := range shared {
		if n := named(t, s); n.String() != s || n.Registrable() != s {
			t.Errorf("%s is not a registrable domain", s)
		}
	}
}

// below makes n names under a suffix.
func below(t testing.TB, n int, suffix string) []domain.Name {
	var all []domain.Name
	for i := range n {
		all = append(all, named(t, fmt.Sprintf("i%d.%s", i, suffix)))
	}
	return all
}

func TestFlood(t *testing.T) {
	for name, row := range map[string]struct {
		listed, known []domain.Name
		kept, flood   int
	}{
		"as many as may be":         {below(t, 100, "oak.social"), nil, 100, 0},
		"one more":                  {below(t, 101, "oak.social"), nil, 100, 1},
		"deep below":                {slices.Concat(below(t, 60, "a.oak.social"), below(t, 60, "b.c.oak.social")), nil, 100, 20},
		"a registry's suffix":       {below(t, 3000, "social"), nil, 3000, 0},
		"one of two labels":         {below(t, 3000, "co.uk"), nil, 3000, 0},
		"a shared host":             {below(t, 2001, "masto.host"), nil, 2000, 1},
		"a public suffix":           {below(t, 2001, "ynh.fr"), nil, 2000, 1},
		"one customer of it":        {below(t, 101, "oak.ynh.fr"), nil, 100, 1},
		"the suffix itself":         {append(below(t, 200, "ynh.fr"), named(t, "ynh.fr")), nil, 201, 0},
		"known ones stay":           {below(t, 150, "oak.social"), below(t, 150, "oak.social"), 150, 0},
		"known ones count":          {below(t, 150, "oak.social"), below(t, 150, "oak.social")[100:], 100, 50},
		"known but not listed":      {below(t, 100, "b.oak.social"), below(t, 90, "a.oak.social"), 10, 90},
		"no room left":              {below(t, 100, "b.oak.social"), below(t, 120, "a.oak.social"), 0, 100},
		"suffix filled by known":    {below(t, 10, "ynh.fr"), below(t, 1995, "k.ynh.fr"), 5, 5},
		"others are not crowded":    {slices.Concat(below(t, 5000, "oak.social"), below(t, 3000, "social"), below(t, 50, "elm.org")), nil, 3150, 4900},
		"an unknown top-level name": {below(t, 3000, "notlisted"), nil, 3000, 0},
	} {
		t.Run(name, func(t *testing.T) {
			kept, left := Filter{}.Apply(Listing{Names: row.listed, Refused: 7}, row.known)
			if len(kept.Names) != row.kept || left != (Left{Flood: row.flood}) || kept.Refused != 7 {
				t.Errorf("%d kept, %+v left out; want %d, %d of a flood", len(kept.Names), left, row.kept, row.flood)
			}
			if slices.ContainsFunc(kept.Names, func(n domain.Name) bool { return !slices.Contains(row.listed, n) }) {
				t.Error("a name was kept that was not listed")
			}
		})
	}
}

// TestDecember2022 is what mastodon#21977 reports, under a domain that nobody has on a list yet: 120,000 names of one
// domain, a new lot of them in each answer, and 300 real instances after them.
func TestDecember2022(t *testing.T) {
	f := NewFilter([]domain.Name{named(t, "i7.social")})
	var known []domain.Name
	for fetch := range 4 {
		listed := slices.Concat(below(t, 30_000, fmt.Sprintf("f%d.troll.cf", fetch)), below(t, 100, "activitypub-troll.cf"), below(t, 300, "social"))
		kept, left := f.Apply(Listing{Names: listed}, known)
		room := 0
		if fetch == 0 {
			room = 100
		}
		if want := (Left{Excluded: 1, Junk: 100, Flood: 30_000 - room}); left != want || len(kept.Names) != 299+room {
			t.Errorf("fetch %d: %d kept, %+v; want %d, %+v", fetch, len(kept.Names), left, 299+room, want)
		}
		if fetch == 0 {
			known = kept.Names
		}
	}
}

func FuzzFilter(f *testing.F) {
	f.Add("a.gab.best", "gab.best")
	f.Add("ynh.fr", "fr.ynh.fr")
	f.Fuzz(func(t *testing.T, name, exclude string) {
		n, err := domain.Parse(name)
		if err != nil {
			return
		}
		e, err := domain.Parse(exclude)
		if err != nil {
			return
		}
		want := n == e || strings.HasSuffix(n.String(), "."+e.String())
		filter := NewFilter([]domain.Name{e})
		if filter.Excludes(n) != want || filter.Keep(n) && want {
			t.Fatalf("%s excludes %s: %v, want %v", e, n, filter.Excludes(n), want)
		}
		kept, left := filter.Apply(Listing{Names: []domain.Name{n}}, nil)
		if len(kept.Names)+left.Excluded+left.Junk != 1 || (len(kept.Names) == 1) != filter.Keep(n) {
			t.Fatalf("%s: %+v", n, left)
		}
	})
}

func BenchmarkApply(b *testing.B) {
	names := below(b, MaxNames, "social")
	for b.Loop() {
		Filter{}.Apply(Listing{Names: names}, names)
	}
}
