package releases

import (
	"cmp"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"
)

func TestParseVersion(t *testing.T) {
	for _, row := range []struct{ in, want, branch string }{
		{"v4.1.0rc1", "4.1.0-rc.1", "4.1"},
		{"v4.2.0-beta1", "4.2.0-beta.1", "4.2"},
		{"v4.3.0-rc.1", "4.3.0-rc.1", "4.3"},
		{"v4.8.0-alpha.1", "4.8.0-alpha.1", "4.8"},
		{"4.7.0", "4.7.0", "4.7"},
		{" 4.7.0\n", "4.7.0", "4.7"},
		{"4.6.0-nightly.2026-04-09", "4.6.0-nightly.2026-04-09", "4.6"},
		{"4.3.0-nightly.2024-02-17-security+glitch", "4.3.0-nightly.2024-02-17-security", "4.3"},
		{"4.3.0-nightly", "4.3.0-nightly", "4.3"},
		{"4.3.0-nightly.2024-02-31", "4.3.0-nightly", "4.3"},
		{"4.5.1+glitch", "4.5.1", "4.5"},
		{"4.3.0-rc2+glitch", "4.3.0-rc.2", "4.3"},
		{"1.0.7+3.5.5", "3.5.5", "3.5"},
		{"1.0.7+3.5.5+more", "3.5.5", "3.5"},
		{"1.0.7+4.1.0rc1", "4.1.0-rc.1", "4.1"},
		{"3.4.6+1.0.5", "3.4.6", "3.4"},
		{"3.4.6+4.0.5", "3.4.6", "3.4"},
		{"1.6.1+iaqd", "1.6.1", "1.6"},
		{"3.4.6ht", "3.4.6", "3.4"},
		{"3.5.3~ Female Friendly Instance", "3.5.3", "3.5"},
		{"4.0.5 (with modifications)", "4.0.5", "4.0"},
		{"4.2.3_ef67daisuki_club", "4.2.3", "4.2"},
		{"4.2.3-alphatown", "4.2.3", "4.2"},
		{"4.2.3-Rchitect", "4.2.3", "4.2"},
		{"4.2.0-RC1", "4.2.0-rc.1", "4.2"},
		{"4.2.0-rc", "4.2.0-rc", "4.2"},
		{"4.2.0.rc1", "4.2.0-rc.1", "4.2"},
		{"4.2.0~rc1", "4.2.0-rc.1", "4.2"},
		{"4.2.0-rc01", "4.2.0-rc", "4.2"},
		{"4.3.0-alpha.0.13+glitch+COTS", "4.3.0-alpha.0", "4.3"},
		{"4.2.0-İRC1", "4.2.0", "4.2"},
		{"4.2.0\x00\xff", "4.2.0", "4.2"},

		{"", "", ""},
		{"v", "", ""},
		{"4.2", "", ""},
		{"0.1", "", ""},
		{"0.0.0", "", ""},
		{"0.0.0-testrig", "", ""},
		{"4.2.x", "", ""},
		{"04.2.0", "", ""},
		{"-4.2.0", "", ""},
		{"4.-2.0", "", ""},
		{"4. 2.0", "", ""},
		{"99999.0.0", "", ""},
		{"4.2.18446744073709551617", "", ""},
		{"٤.٢.٠", "", ""},
		{"master-8e7ebec1", "", ""},
		{"20240523", "", ""},
		{"2.7.2 (compatible; Akkoma 3.3.1-0-gaf90a4e51)", "", ""},
		{"4.2.1 (compatible; Iceshrimp 2023.12.1)", "", ""},
		{"4.2.0+" + strings.Repeat("x", maxText), "", ""},
	} {
		v, ok := ParseVersion(row.in)
		if ok != (row.want != "") {
			t.Errorf("ParseVersion(%q) = %v, %v", row.in, v, ok)
			continue
		}
		if !ok && !v.IsZero() {
			t.Errorf("ParseVersion(%q) is not understood and yet %v", row.in, v)
		}
		if ok && (v.String() != row.want || v.Branch() != row.branch) {
			t.Errorf("ParseVersion(%q) = %s of %s, want %s of %s", row.in, v, v.Branch(), row.want, row.branch)
		}
	}
}

func TestChannel(t *testing.T) {
	for in, want := range map[string]Channel{
		"4.7.0": Stable, "4.7.0+glitch": Stable, "4.7.0-rc.1": RC, "4.7.0-rc": RC, "4.7.0-beta.1": Beta,
		"4.8.0-alpha.1": Alpha, "4.8.0-nightly.2026-11-20": Alpha,
	} {
		if v, _ := ParseVersion(in); v.Channel() != want {
			t.Errorf("%s is of channel %s, want %s", in, v.Channel(), want)
		}
	}
}

// TestOrder holds Compare against a list that is in order by Mastodon's own dates, but for nightlies, whose place is semver's.
func TestOrder(t *testing.T) {
	list := []string{
		"1.6.1", "3.5.0rc3", "3.5.0", "3.5.5", "3.5.19", "4.0.0rc1", "4.2.0-beta1", "4.2.0-beta3", "4.2.0-rc1", "4.2.0", "4.2.27",
		"4.3.0-alpha.0", "4.3.0-alpha.5", "4.3.0-beta.1", "4.3.0-nightly", "4.3.0-nightly.2023-12-31", "4.3.0-nightly.2024-01-01",
		"4.3.0-nightly.2024-01-01-security", "4.3.0-nightly.2024-01-02", "4.3.0-rc", "4.3.0-rc.2", "4.3.0-rc.10", "4.3.0", "4.10.0", "5.0.0",
	}
	for i, a := range list {
		for j, b := range list {
			va, _ := ParseVersion(a)
			vb, _ := ParseVersion(b)
			if got := Compare(va, vb); got != cmp.Compare(i, j) {
				t.Errorf("Compare(%s, %s) = %d", a, b, got)
			}
			if (va == vb) != (i == j) {
				t.Errorf("%s == %s: %v", a, b, va == vb)
			}
		}
	}
}

// rows reads a table of tab-separated columns, without its comments.
func rows(tb testing.TB, name string) [][]string {
	tb.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	var out [][]string
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" && line[0] != '#' {
			out = append(out, strings.Split(line, "\t"))
		}
	}
	return out
}

// TestServers reads what 323 servers of Mastodon and its forks said on one day: all are understood but Fedibird's "0.1".
func TestServers(t *testing.T) {
	understood, table := 0, rows(t, "server-versions.tsv")
	for _, row := range table {
		software, in, want := row[0], row[1], row[2]
		v, ok := ParseVersion(in)
		switch {
		case ok && v.String() == want:
			understood++
		case ok || want != "-":
			t.Errorf("%s %q is %s (%v), want %s", software, in, v, ok, want)
		}
	}
	if len(table) != 323 || understood != 322 {
		t.Errorf("%d of %d understood, want 322 of 323", understood, len(table))
	}
}

// TestTags reads every tag since 3.5: nothing may be left over, and what GitHub marks as a pre-release is one.
func TestTags(t *testing.T) {
	table := rows(t, "mastodon-releases.tsv")[1:]
	if len(table) != 195 {
		t.Fatalf("%d tags", len(table))
	}
	seen := map[Version]string{}
	for _, row := range table {
		v, ok := parseTag(row[0])
		if !ok || (v.Channel() != Stable) != (row[2] == "yes") {
			t.Errorf("%s is %s (%v) of channel %s, pre-release: %s", row[0], v, ok, v.Channel(), row[2])
		}
		if other := seen[v]; other != "" {
			t.Errorf("%s and %s are one version", row[0], other)
		}
		seen[v] = row[0]
	}
	for _, tag := range []string{"v4.2.0-foo", "v4.2.0+glitch", " v4.2.0", "v4.2.0-rc1x", "release-4", "v4.2.0\n", "v1.0.7+3.5.5"} {
		if v, ok := parseTag(tag); ok {
			t.Errorf("the tag %q is read as %s", tag, v)
		}
	}
}

func FuzzParseVersion(f *testing.F) {
	for _, row := range rows(f, "server-versions.tsv") {
		f.Add(row[1])
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, ok := ParseVersion(s)
		if !ok {
			if !v.IsZero() {
				t.Fatalf("%q: not understood, yet %v", s, v)
			}
			return
		}
		text := v.String()
		if again, ok := ParseVersion(text); !ok || again != v {
			t.Fatalf("%q is %s, which reads as %s", s, text, again)
		}
		if _, err := semver.StrictNewVersion(text); err != nil {
			t.Fatalf("%q is %s: %v", s, text, err)
		}
		if len(text) > 64 || strings.Trim(text, "0123456789abcdefghijklmnopqrstuvwxyz.-") != "" {
			t.Fatalf("%q is %q", s, text)
		}
		if !slices.Contains(Channels(), v.Channel()) || Compare(v, v) != 0 {
			t.Fatalf("%q: channel %q", s, v.Channel())
		}
	})
}
