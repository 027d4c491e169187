package releases

import (
	"slices"
	"strings"
	"testing"
)

// published is the advisories of the table that were published by a day, in its order.
func published(tb testing.TB, until string) []Advisory {
	tb.Helper()
	var all []Advisory
	for _, row := range rows(tb, "mastodon-advisories.tsv") {
		if day(tb, row[1]).After(day(tb, until)) {
			continue
		}
		if n := len(all); n == 0 || all[n-1].ID != row[0] {
			all = append(all, Advisory{ID: row[0], Severity: row[2], Published: day(tb, row[1])})
		}
		a := &all[len(all)-1]
		a.Affected = append(a.Affected, Affected{Range: row[3], Patched: row[4]})
	}
	return all
}

// TestJudgeReal judges with the releases and advisories of a day.
func TestJudgeReal(t *testing.T) {
	for _, row := range []struct {
		version, on string
		want        Update
	}{
		// 2026-02-05: 4.3.19, 4.4.13 and 4.5.6 came out on the 3rd, the advisory has ranges without a beginning
		{"4.5.6", "2026-02-05", Current},
		{"4.4.13", "2026-02-05", Current}, // lies in "< 4.5.6"
		{"4.3.19", "2026-02-05", Current}, // lies in two
		{"4.3.19+glitch", "2026-02-05", Current},
		{"4.5.5", "2026-02-05", SecurityMissing},
		{"4.4.12", "2026-02-05", SecurityMissing},
		{"4.3.18", "2026-02-05", SecurityMissing},
		{"4.3.18+glitch", "2026-02-05", SecurityMissing},
		{"4.5.5", "2026-02-03", Behind}, // before the advisory
		{"4.5.0-rc.3", "2026-02-05", SecurityMissing},
		{"4.2.29", "2026-02-05", Unsupported}, // is graver
		{"4.6.0-alpha.1", "2026-02-05", Current},
		// a release without a fix came after
		{"4.4.15", "2026-04-14", Current},
		{"4.4.14", "2026-04-14", SecurityMissing},
		{"4.3.19", "2026-04-14", Behind}, // GHSA-q4g8 is not about 4.3
		{"4.3.18", "2026-04-14", SecurityMissing},
		// quotes: only one pre-release of 4.5 is named
		{"4.5.0-beta.1", "2025-10-22", SecurityMissing},
		{"4.5.0-beta.2", "2025-10-22", Current},
		{"4.5.0-alpha.2", "2025-10-22", Behind},
		{"4.4.7", "2025-10-22", SecurityMissing},
		{"4.4.0-beta.1", "2025-10-22", SecurityMissing},
		{"4.3.14", "2025-10-22", Current},
		// only a pre-release had it
		{"4.2.0-rc1", "2023-09-20", SecurityMissing},
		{"4.2.0-beta3", "2023-09-20", SecurityMissing},
		{"4.2.0-rc2", "2023-09-20", Current},
		{"4.1.7", "2023-09-20", Behind},
		// a range over many branches ends in 4.1
		{"4.1.17", "2024-07-06", SecurityMissing},
		{"4.1.18", "2024-07-06", Current},
		{"4.2.9", "2024-07-06", SecurityMissing},
		// "< 4.4.19" is about the only branch left below 4.5
		{"4.4.18", "2026-08-20", SecurityMissing},
		{"4.4.19", "2026-08-20", Behind},
		{"4.5.11", "2026-08-20", SecurityMissing},
		{"4.6.0", "2026-08-20", Behind},
		{"4.7.0", "2026-08-20", Current},
		{"nonsense", "2026-08-20", UnknownUpdate},
	} {
		k := history(t, row.on).WithAdvisories(published(t, row.on))
		if got := k.Judge(row.version, day(t, row.on)); got != row.want {
			t.Errorf("%s on %s is %s, want %s", row.version, row.on, got, row.want)
		}
		if k.Ignored() != 0 {
			t.Errorf("on %s %d are not understood", row.on, k.Ignored())
		}
	}
}

// network has a few releases, all supported on 2026-03-01.
func network(tb testing.TB) Known {
	tb.Helper()
	var list []Release
	for _, tagAndDay := range [][2]string{
		{"v4.6.0-beta.1", "2026-02-20"}, {"v4.5.2", "2026-02-10"}, {"v4.5.1", "2026-01-10"}, {"v4.5.0", "2025-11-01"},
		{"v4.4.2", "2026-02-11"}, {"v4.4.1", "2026-01-10"}, {"v4.4.0", "2025-07-01"}, {"v4.3.1", "2026-01-10"}, {"v4.3.0", "2024-10-01"},
	} {
		v, _ := parseTag(tagAndDay[0])
		list = append(list, Release{Tag: tagAndDay[0], Version: v, Channel: v.Channel(), Published: day(tb, tagAndDay[1])})
	}
	return New(list)
}

func TestJudgeAdvisory(t *testing.T) {
	const now = "2026-03-01"
	for name, row := range map[string]struct {
		lines string // range => patched, one a line
		want  string // version: update
	}{
		"the branch's own": {
			"< 4.4.2 => 4.4.2\n>= 4.5.0, < 4.5.2 => 4.5.2",
			"4.5.2: current, 4.5.1: security_missing, 4.5.0: security_missing, 4.5.0-rc.1: security_missing, 4.4.2: current, 4.4.1: security_missing",
		},
		"all in one line": {
			">= 4.4.0, < 4.4.2, >= 4.5.0, < 4.5.2 => 4.4.2, 4.5.2",
			"4.5.2: current, 4.5.1: security_missing, 4.4.2: current, 4.4.1: security_missing, 4.3.1: current, 4.3.0: behind",
		},
		"the branch must be left": {
			"< 4.4.2 => 4.4.2",
			"4.3.1: security_missing, 4.3.0: security_missing, 4.4.1: security_missing, 4.4.2: current, 4.5.0: behind",
		},
		"only a beta has it": {"< 4.6.0-beta.1 => 4.6.0-beta.1", "4.5.2: current, 4.5.1: behind, 4.6.0-alpha.2: security_missing, 4.5.0-rc.1: security_missing"},
		"patched on an older branch only": { // there is nothing to update to, and a newer branch has it as far as is known
			">= 4.4.0 => 4.4.2",
			"4.5.2: current, 4.5.1: behind, 4.4.1: security_missing, 4.6.0-beta.1: current",
		},
		"no patched version":      {"< 99.0.0 => ", "4.5.2: current, 4.5.1: behind, 4.3.1: current"},
		"patched in words":        {"< 99.0.0 => none yet", "4.5.2: current, 4.5.1: behind"},
		"patched to come":         {">= 4.5.0, < 4.5.3 => 4.5.3", "4.5.2: current, 4.5.1: behind"},
		"a slip of the pen":       {">= 4.5.0, < 4.55.2 => 4.55.2", "4.5.2: current, 4.5.1: behind"},
		"everything":              {">= 0 => 4.5.2", "4.5.2: current, 4.5.1: security_missing, 4.4.2: security_missing, 4.6.0-beta.1: current, 4.7.0: current"},
		"nothing":                 {"> 4.4.1, < 4.4.1 => 4.4.1", "4.4.1: behind, 4.4.0: security_missing"},
		"twice on one branch":     {"< 4.5.2 => 4.5.1, 4.5.2", "4.5.2: current, 4.5.1: behind, 4.5.0: security_missing"},
		"another branch":          {">= 4.4.0, < 4.4.2 => 4.4.2", "4.5.1: behind, 4.3.1: current, 4.4.0-rc.1: security_missing"},
		"not understood":          {"< 4.5.2 => 4.5.2\n4.4.x => 4.4.2", "4.5.1: behind, 4.4.1: behind"},
		"unsupported and unknown": {">= 0 => 4.5.2", "4.2.9: unsupported, 4.5: unknown, : unknown"},
		// Main was 4.5.0 until November, and was mended when 4.4.2 or 4.5.2 were, whichever came first.
		"nightly builds": {
			">= 4.5.0, < 4.5.2 => 4.5.2\n>= 4.4.0, < 4.4.2 => 4.4.2",
			"4.5.0-nightly.2025-10-01: security_missing, 4.5.0-nightly.2026-02-10: security_missing, 4.5.0-nightly.2026-02-10-security: behind, " +
				"4.5.0-nightly.2026-02-11: behind, 4.5.0-nightly: security_missing, 4.5.0-nightly.2026-02-31: security_missing",
		},
		"nightly builds of main": {
			"< 4.6.0-beta.1 => 4.6.0-beta.1\n< 4.5.2 => 4.5.2",
			"4.6.0-alpha.2: security_missing, 4.6.0-beta.1: current, 4.6.0-nightly.2026-02-01: current",
		},
	} {
		a := Advisory{ID: "GHSA-test", Published: day(t, "2026-02-12")}
		for line := range strings.SplitSeq(row.lines, "\n") {
			in, patched, _ := strings.Cut(line, " => ")
			a.Affected = append(a.Affected, Affected{Range: in, Patched: patched})
		}
		// The advisory on 3.5 says nothing of these; that it comes first or last changes nothing.
		k := network(t).WithAdvisories([]Advisory{{ID: "GHSA-old", Affected: []Affected{{Range: "< 3.5.9", Patched: "3.5.9"}}}, a})
		for pair := range strings.SplitSeq(row.want, ", ") {
			version, want, _ := strings.Cut(pair, ": ")
			if got := k.Judge(version, day(t, now)); string(got) != want {
				t.Errorf("%s: %q is %s, want %s", name, version, got, want)
			}
		}
	}
	if got := (Known{}).WithAdvisories(published(t, now)).Judge("4.5.0", day(t, now)); got != UnknownUpdate {
		t.Errorf("with advisories and no release known 4.5.0 is %s", got)
	}
}

func TestSecurityFix(t *testing.T) {
	k := history(t, "2026-08-20").WithAdvisories(published(t, "2026-08-20"))
	for branch, want := range map[string]string{
		"4.7": "", "4.6": "v4.6.4", "4.5": "v4.5.14", "4.4": "v4.4.21", "4.3": "v4.3.23", "4.2": "v4.2.29", "9.9": "", "": "",
	} {
		if r, ok := k.SecurityFix(branch); r.Tag != want || ok != (want != "") {
			t.Errorf("%s: %q, want %q", branch, r.Tag, want)
		}
	}
	// Nobody's notes name this one, an advisory does.
	security := func(k Known, tag string) bool {
		return slices.ContainsFunc(k.All(), func(r Release) bool { return r.Tag == tag && r.Security })
	}
	if without := history(t, "2026-08-20"); security(without, "v4.5.0-beta.2") || !security(k, "v4.5.0-beta.2") {
		t.Error("v4.5.0-beta.2 is no security release by GHSA-8h43-rcqj-wpc6 alone")
	}
	if r, _ := history(t, "2025-10-22").WithAdvisories(published(t, "2025-10-22")).SecurityFix("4.5"); r.Tag != "v4.5.0-beta.2" {
		t.Errorf("4.5 before its release: %q", r.Tag)
	}
	// Withdrawn, it is none again; and the Known that had it still has it.
	if security(k.WithAdvisories(nil), "v4.5.0-beta.2") || !security(k.WithAdvisories(nil), "v4.5.14") || !security(k, "v4.5.0-beta.2") {
		t.Error("without advisories")
	}
}

// TestAdvisories: Known does not change with what it was given and what it gave.
func TestAdvisories(t *testing.T) {
	const now = "2026-02-05"
	given := published(t, now)
	k := history(t, now).WithAdvisories(given)
	n := len(given)
	given[n-1].ID, given[n-1].Affected[0].Range = "changed", "< 1.0.0"
	taken := k.Advisories()
	taken[0].ID, taken[0].Affected[0].Patched = "changed", "changed"
	all := k.Advisories()
	if len(all) != n || all[0].ID != "GHSA-9928-3cp5-93fm" || all[0].Affected[0].Patched != "3.5.9" || all[n-1].ID != "GHSA-ccpr-m53r-mfwr" || all[n-1].Affected[0].Range != "< 4.3.19" {
		t.Errorf("%+v", all)
	}
	if k.Judge("4.3.18", day(t, now)) != SecurityMissing {
		t.Error("4.3.18 is safe now")
	}
	if (Known{}).Advisories() != nil {
		t.Error("the zero Known has advisories")
	}
}

// TestAdvisoryBounds: what is none that GitHub could have published is left out whole.
func TestAdvisoryBounds(t *testing.T) {
	line := Affected{Range: ">= 4.5.0, < 4.5.2", Patched: "4.5.2"}
	with := func(change func(*Advisory)) Advisory {
		a := Advisory{ID: "GHSA-test", Severity: "high", Published: noon, Affected: []Affected{line}}
		change(&a)
		return a
	}
	for name, a := range map[string]Advisory{
		"many lines":   with(func(a *Advisory) { a.Affected = slices.Repeat(a.Affected, maxAffected+1) }),
		"long id":      with(func(a *Advisory) { a.ID = strings.Repeat("x", maxID+1) }),
		"line in id":   with(func(a *Advisory) { a.ID = "GHSA\n" }),
		"severity":     with(func(a *Advisory) { a.Severity = "sévère" }),
		"long patched": with(func(a *Advisory) { a.Affected[0].Patched = strings.Repeat("4.5.2 ", 50) }),
		"patched":      with(func(a *Advisory) { a.Affected[0].Patched = "4.5.2\x00" }),
		"range":        with(func(a *Advisory) { a.Affected[0].Range = "< 4.5.2\u2028" }),
		"second range": with(func(a *Advisory) { a.Affected = append([]Affected{line}, Affected{Patched: "4.5.2"}) }),
	} {
		k := network(t).WithAdvisories([]Advisory{a})
		if k.Ignored() != 1 || len(k.Advisories()) != 0 || k.Judge("4.5.1", day(t, "2026-03-01")) != Behind {
			t.Errorf("%s: %d ignored, known %v", name, k.Ignored(), k.Advisories())
		}
	}
	ok := with(func(a *Advisory) { a.Affected = slices.Repeat(a.Affected, maxAffected) })
	if k := network(t).WithAdvisories([]Advisory{ok}); k.Ignored() != 0 || k.Judge("4.5.1", day(t, "2026-03-01")) != SecurityMissing {
		t.Error("what is within the bounds is left out")
	}
}

// BenchmarkJudgeVulnerable judges those for which most advisories must be read.
func BenchmarkJudgeVulnerable(b *testing.B) {
	advisories := published(b, "2026-08-20")
	k, now := history(b, "2026-08-20").WithAdvisories(slices.Repeat(advisories, 5)), day(b, "2026-08-20")
	for _, version := range []string{"4.7.0", "4.5.13", "4.5.0-rc.1"} {
		b.Run(version, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				k.Judge(version, now)
			}
		})
	}
}
