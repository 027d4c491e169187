package releases

import (
	"slices"
	"strings"
	"testing"
)

func TestParseRange(t *testing.T) {
	for _, row := range []struct {
		text    string
		in, out string // versions that lie in it, and that don't; both empty: it is not understood
	}{
		{">= 4.3.0, < 4.3.15", "4.3.0 4.3.14 4.3.0-beta.1 4.3.0-nightly.2024-09-01 4.3.0-alpha.0", "4.2.99 4.3.15 4.4.0"},
		{">= 4.4.0-beta.1, < 4.4.6", "4.4.0-beta.1 4.4.0-rc.1 4.4.5", "4.4.0-alpha.5 4.4.6"},
		{"> 4.3.0, <= 4.3.15", "4.3.1 4.3.15", "4.3.0 4.3.0-rc.1 4.3.16"},
		{"<= 4.2.27", "1.0.0 4.2.27 4.2.0-rc.1", "4.2.28 4.3.0-alpha.0"},
		{"< 4.5.0", "4.4.9 4.5.0-rc.3", "4.5.0"},
		{"= 4.5.0", "4.5.0", "4.5.0-rc.1 4.5.1"},
		{"= 4.5.0-beta.1", "4.5.0-beta.1", "4.5.0-beta.2 4.5.0"},
		{"== 4.5.1", "4.5.1", "4.5.2"},
		{"4.5.1", "4.5.1", "4.5.0 4.5.2"},
		{"v4.5.1", "4.5.1", "4.5.0"},
		{">=v4.3.0,<v4.3.15", "4.3.1", "4.3.15"},
		{">=4.3.0<4.3.15", "4.3.1", "4.3.15 4.2.0"},
		{">= 4.3.0 < 4.3.15", "4.3.1", "4.3.15 4.2.0"},
		{">= 4.3.0 and < 4.3.15", "4.3.1", "4.3.15 4.2.0"},
		{"\t< 4.3.15 , >= 4.3.0; ", "4.3.1", "4.3.15 4.2.0"},
		{"< 4.2.0rc2", "4.2.0-rc.1", "4.2.0-rc.2"},
		{">= 4.3, < 4.4", "4.3.0 4.3.99 4.3.0-rc.1", "4.4.0 4.2.9"},
		{">= 0, < 4.3.15", "1.0.0 4.3.14", "4.3.15"},
		{">= 0.0.0, < 4", "3.5.1", "4.0.0"},
		{">= 0", "1.0.0 99.0.0", ""},
		{">= 4.3.0", "4.3.0 9.0.0", "4.2.9"},
		// what contradicts begins another span
		{">= 3.5.0, < 3.5.9, >= 4.0.0, < 4.0.5", "3.5.0 4.0.4", "3.5.9 3.9.0 4.0.5"},
		{"< 3.5.17, >= 4.0.0, < 4.0.13", "3.0.0 4.0.12", "3.5.17 4.0.13"},
		{"< 4.3.15, >= 4.3.0, < 4.4.9, >= 4.4.0", "4.3.1 4.4.1", "4.2.0 4.3.15 4.4.9"},
		{">= 4.4.0, < 4.4.8 || = 4.5.0-beta.1", "4.4.7 4.5.0-beta.1", "4.4.8 4.5.0"},
		{"< 4.3.19, < 4.4.13", "4.3.19 4.4.12", "4.4.13"},
		{"4.4.1 or 4.4.3", "4.4.1 4.4.3", "4.4.2"},
		{"> 4.4.1, < 4.4.1", "4.4.0 4.4.2", "4.4.1"},

		{"", "", ""},
		{" ", "", ""},
		{",", "", ""},
		{"*", "", ""},
		{"all", "", ""},
		{"4.2.x", "", ""},
		{"< 4.2.x", "", ""},
		{"<= 4.3", "", ""},
		{"> 4.3", "", ""},
		{"4.3", "", ""},
		{"< 0", "", ""},
		{"= 0.0.0", "", ""},
		{"~> 4.3.0", "", ""},
		{"^4.3.0", "", ""},
		{"!= 4.3.0", "", ""},
		{"=> 4.3.0", "", ""},
		{"4.3.0 - 4.3.14", "", ""},
		{"4.3.0-4.3.14", "", ""},
		{"< 4.3.15, unless patched", "", ""},
		{"< 4.3.15 (all)", "", ""},
		{"≤ 4.3.15", "", ""},
		{"< ٤.٣.١٥", "", ""},
		{"< 99999.0.0", "", ""},
		{"< 4.3.15.1", "", ""},
		{"< 4.3.15+glitch", "", ""},
		{"<", "", ""},
		{strings.Repeat("< 4.3.15,", 40), "", ""},
	} {
		spans, ok := parseRange(row.text)
		if want := row.in != ""; ok != want {
			t.Errorf("parseRange(%q): %v", row.in, ok)
			continue
		}
		for _, s := range strings.Fields(row.in) {
			if v, ok := ParseVersion(s); !ok || !inAny(spans, v) {
				t.Errorf("%s is not in %q", s, row.text)
			}
		}
		for _, s := range strings.Fields(row.out) {
			if v, ok := ParseVersion(s); !ok || inAny(spans, v) {
				t.Errorf("%s is in %q", s, row.text)
			}
		}
	}
}

func inAny(spans []span, v Version) bool {
	return slices.ContainsFunc(spans, func(s span) bool { return s.has(v) })
}

func TestParsePatched(t *testing.T) {
	for in, want := range map[string]string{
		"4.3.15":                            "4.3.15",
		"4.3.15, 4.4.9":                     "4.3.15 4.4.9",
		"v4.3.15 and v4.4.9.":               "4.3.15 4.4.9",
		">= 4.3.15":                         "4.3.15",
		"4.3.15+":                           "4.3.15",
		"4.3.15/4.4.9; 4.5.0-beta.2":        "4.3.15 4.4.9 4.5.0-beta.2",
		"4.2.0rc2":                          "4.2.0-rc.2",
		"(4.3.15)":                          "4.3.15",
		"4.3.15 – 4.4.9":                    "4.3.15 4.4.9",
		"main, nightly-2024-02-16-security": "",
		"none":                              "",
		"None yet, see 4.3":                 "",
		"":                                  "",
		"4.3.x":                             "",
		"https://example.social/v4.3.15":    "4.3.15",
		"4.3.15-4.3.16":                     "",
	} {
		var got []string
		for _, v := range parsePatched(in) {
			got = append(got, v.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("parsePatched(%q) = %v, want %s", in, got, want)
		}
	}
}

func FuzzParseRange(f *testing.F) {
	for _, row := range rows(f, "mastodon-advisories.tsv") {
		f.Add(row[3])
	}
	f.Add(">= 3.5.0, < 3.5.9, >= 4.0.0 || = 4.5.0-beta.1 or <4.6")
	f.Add("> 4.4.1, < 4.4.1")
	f.Fuzz(func(t *testing.T, s string) {
		spans, ok := parseRange(s)
		if !ok {
			return
		}
		if len(spans) == 0 || len(spans) > maxText {
			t.Fatalf("%q: %d spans", s, len(spans))
		}
		for _, s := range spans {
			// No span is empty: with a bound that belongs to it, it has that.
			if !s.low.IsZero() && !s.lowOpen && !s.has(s.low) || !s.high.IsZero() && !s.highOpen && !s.has(s.high) {
				t.Fatalf("%+v lacks its own bound", s)
			}
			if s.lowOpen && s.has(s.low) || s.highOpen && s.has(s.high) {
				t.Fatalf("%+v has a bound that is open", s)
			}
		}
		parsePatched(s)
	})
}
