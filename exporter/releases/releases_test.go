package releases

import (
	"slices"
	"testing"
	"time"
)

func day(tb testing.TB, s string) time.Time {
	tb.Helper()
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// history is every release since 3.5 that came out by a day.
func history(tb testing.TB, until string) Known {
	tb.Helper()
	var list []Release
	for _, row := range rows(tb, "mastodon-releases.tsv")[1:] {
		v, _ := ParseVersion(row[0])
		if published := day(tb, row[1]); !published.After(day(tb, until)) {
			list = append(list, Release{Tag: row[0], Version: v, Channel: v.Channel(), Published: published, Security: row[3] == "yes"})
		}
	}
	return New(list)
}

// TestSupport holds the rule against the last days of support that Mastodon's SECURITY.md names. What follows from a release
// is known once it is out, so each is judged with all releases.
func TestSupport(t *testing.T) {
	k := history(t, "2026-08-20")
	for branch, end := range map[string]string{
		"4.1": "2025-04-08", "4.2": "2026-01-08", "4.3": "2026-05-06", "4.4": "2026-12-17", "4.5": "2027-02-20",
	} {
		end := day(t, end)
		if before := end.Add(-time.Second); !slices.Contains(k.Supported(before), branch) {
			t.Errorf("%s is not supported at %s", branch, before)
		}
		if slices.Contains(k.Supported(end), branch) {
			t.Errorf("%s is still supported at %s", branch, end)
		}
	}
	for now, want := range map[string][]string{
		"2025-11-14": {"4.5", "4.4", "4.3", "4.2"},
		"2026-11-24": {"4.7", "4.6", "4.5", "4.4"},
		"2036-01-01": {"4.7", "4.6"},
	} {
		if got := history(t, now).Supported(day(t, now)); !slices.Equal(got, want) {
			t.Errorf("on %s %v are supported, want %v", now, got, want)
		}
	}
}

func TestJudge(t *testing.T) {
	for _, row := range []struct {
		version, on string
		want        Update
	}{
		{"4.7.0", "2026-11-24", Current},
		{"4.7.0+glitch", "2026-11-24", Current},
		{"4.7.1", "2026-11-24", Current}, // newer than all we know
		{"5.0.0", "2026-11-24", Current},
		{"4.8.0-alpha.1", "2026-11-24", Current},
		{"4.8.0-nightly.2026-11-20", "2026-11-24", Current},
		{"4.7.0-beta.1", "2026-11-24", Behind}, // a pre-release is older than its release
		{"4.7.0-nightly.2026-08-01", "2026-11-24", Behind},
		{"4.6.6", "2026-11-24", Current}, // the newest of its own branch
		{"4.6.5", "2026-11-24", Behind},
		{"4.6.0-rc.2", "2026-11-24", Behind},
		{"4.5.16", "2026-11-24", Current},
		{"4.4.23", "2026-12-16", Current},
		{"4.4.23", "2026-12-17", Unsupported},
		{"4.4.1", "2026-12-17", Unsupported}, // no matter how old within it
		{"4.4.1", "2026-12-16", Behind},
		{"4.3.0-rc2+glitch", "2026-11-24", Unsupported},
		{"3.6.0", "2026-11-24", Unsupported}, // a branch that never was
		{"2.4.3", "2026-11-24", Unsupported}, // older than all we know
		{"1.0.7+3.5.5", "2026-11-24", Unsupported},
		{"1.0.7+3.5.5", "2022-11-14", Current}, // Hometown of the day
		{"3.5.3", "2022-11-14", Behind},
		{"4.0.0rc4", "2022-11-14", Behind},
		{"4.1.0rc2", "2023-01-25", Current}, // the newest of a branch without a release
		{"4.1.0rc1", "2023-01-25", Behind},
		{"0.1", "2026-11-24", UnknownUpdate},
		{"", "2026-11-24", UnknownUpdate},
		{"2.7.2 (compatible; Akkoma 3.3.1)", "2026-11-24", UnknownUpdate},
	} {
		if got := history(t, row.on).Judge(row.version, day(t, row.on)); got != row.want {
			t.Errorf("%s on %s is %s, want %s", row.version, row.on, got, row.want)
		}
	}
	if got := (Known{}).Judge("4.7.0", day(t, "2026-11-24")); got != UnknownUpdate {
		t.Errorf("with no release known 4.7.0 is %s", got)
	}
}

// TestMonths: six months are calendar months, so a branch whose successor came out on the last of August is mended into March.
func TestMonths(t *testing.T) {
	release := func(s, on string) Release {
		v, _ := ParseVersion(s)
		return Release{Version: v, Channel: v.Channel(), Published: day(t, on)}
	}
	k := New([]Release{release("4.0.0", "2025-01-01"), release("4.1.0", "2025-03-01"), release("4.2.0", "2025-08-31")})
	if got := k.Judge("4.0.0", day(t, "2026-03-02")); got != Current {
		t.Errorf("before the end: %s", got)
	}
	if got := k.Judge("4.0.0", day(t, "2026-03-03")); got != Unsupported {
		t.Errorf("at the end: %s", got)
	}
}

func TestNewest(t *testing.T) {
	k := history(t, "2026-08-20")
	for channel, want := range map[Channel]string{Stable: "v4.7.0", RC: "v4.6.0-rc.2", Beta: "v4.7.0-beta.1", Alpha: ""} {
		if r, ok := k.Latest(channel); r.Tag != want || ok != (want != "") {
			t.Errorf("latest %s: %q, want %q", channel, r.Tag, want)
		}
	}
	for branch, want := range map[string]string{"4.4": "v4.4.23", "4.5": "v4.5.16", "4.6": "v4.6.6", "4.7": "v4.7.0", "9.9": ""} {
		if r, ok := k.LatestOf(branch); r.Tag != want || ok != (want != "") {
			t.Errorf("latest of %s: %q, want %q", branch, r.Tag, want)
		}
	}
	var tags []string
	for _, r := range k.Newest(day(t, "2026-11-24")) {
		tags = append(tags, r.Tag)
	}
	if want := []string{"v4.7.0", "v4.7.0-beta.1", "v4.6.6", "v4.6.0-rc.2", "v4.5.16", "v4.4.23"}; !slices.Equal(tags, want) {
		t.Errorf("newest: %v, want %v", tags, want)
	}
}

// TestKnown: what was handed in and what was given out may change without Known changing.
func TestKnown(t *testing.T) {
	v, _ := ParseVersion("4.5.0")
	list := []Release{
		{Tag: "later", Version: v, Channel: Stable, Published: day(t, "2025-11-07")},
		{Tag: "v4.5.0", Version: v, Channel: Stable, Published: day(t, "2025-11-06")},
	}
	k := New(list)
	list[0].Tag, list[1].Tag = "changed", "changed"
	k.All()[0].Tag = "changed"
	if all := k.All(); len(all) != 1 || all[0].Tag != "v4.5.0" {
		t.Errorf("%v", all)
	}
	if k.IsZero() || !New(nil).IsZero() || !(Known{}).IsZero() {
		t.Error("IsZero")
	}
	if len((Known{}).Newest(time.Now())) != 0 {
		t.Error("the zero Known has a newest release")
	}
}

func BenchmarkJudge(b *testing.B) {
	k, now := history(b, "2026-08-20"), day(b, "2026-11-24")
	b.ReportAllocs()
	for b.Loop() {
		k.Judge("4.5.1+glitch", now)
	}
}

// TestPreReleaseOfAPatch holds that a candidate of the next patch makes nobody late who runs the last stable one, and does not
// take its place as the newest of its branch.
func TestPreReleaseOfAPatch(t *testing.T) {
	var list []Release
	for _, s := range []string{"4.7.0", "4.7.1-rc.1", "4.8.0-beta.1", "4.8.0-beta.2"} {
		v, ok := ParseVersion(s)
		if !ok {
			t.Fatal(s)
		}
		list = append(list, Release{Tag: "v" + s, Version: v, Channel: v.Channel(), Published: time.Date(2026, 8, 20, 0, 0, 0, 0, time.UTC)})
	}
	k, now := New(list), time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	for version, want := range map[string]Update{
		"4.7.0": Current, "4.7.1-rc.1": Current, "4.7.0-rc.1": Behind, "4.8.0-beta.1": Behind, "4.8.0-beta.2": Current,
	} {
		if got := k.Judge(version, now); got != want {
			t.Errorf("%s is %s, want %s", version, got, want)
		}
	}
	for branch, want := range map[string]string{"4.7": "4.7.0", "4.8": "4.8.0-beta.2"} {
		if r, ok := k.LatestOf(branch); !ok || r.Version.String() != want {
			t.Errorf("the newest of %s is %s, want %s", branch, r.Version, want)
		}
	}
}
