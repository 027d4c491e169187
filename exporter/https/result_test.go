package https

import (
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestDocumented holds docs/https-score.md against the table: every result, in order of its test, with what it costs.
func TestDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/https-score.md")
	if err != nil {
		t.Fatal(err)
	}
	seen, test := map[string]bool{}, ""
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) < 6 {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		var r Result
		if r.UnmarshalText([]byte(cells[2])) != nil {
			continue
		}
		if cells[1] != "" {
			test = cells[1]
		}
		pass := map[bool]string{true: "yes", false: "no"}[r.Pass()]
		if test != r.Test() || cells[3] != pass || cells[4] != strconv.Itoa(r.Modifier()) || seen[cells[2]] {
			t.Errorf("docs say %q of %s, which is of %s, %s, %d", cells[1:5], r, r.Test(), pass, r.Modifier())
		}
		seen[cells[2]] = true
	}
	for i := range table {
		if r := Result(i); i > 0 && !seen[r.String()] {
			t.Errorf("docs don't say %s", r)
		}
	}
}

// TestResultsAsText survive being written and read, whatever their numbers become.
func TestResultsAsText(t *testing.T) {
	all := make([]Result, 0, len(table))
	names := map[string]bool{}
	for i := range table {
		if r := Result(i); i > 0 {
			all = append(all, r)
			if names[r.String()] || r.String() == "" || r.Test() == "" {
				t.Errorf("%d is %q of %q", i, r, r.Test())
			}
			names[r.String()] = true
		}
	}
	data, err := json.Marshal(all)
	var back []Result
	if err != nil || json.Unmarshal(data, &back) != nil || !slices.Equal(all, back) {
		t.Errorf("%v: %v", err, back)
	}
	r := cspSafe
	if err := r.UnmarshalText([]byte("csp-of-another-year")); err == nil || r != 0 {
		t.Errorf("%v, %d", err, r)
	}
	if r := Result(255); r.String() != "" || r.Modifier() != 0 || r.Pass() || r.Test() != "" {
		t.Errorf("a number that no result has is %q", r)
	}
}

// TestMark adds results up as MDN does; the figures are worked out by hand.
func TestMark(t *testing.T) {
	for _, row := range []struct {
		name    string
		results []Result
		score   int
		grade   string
	}{
		{"nothing", nil, 100, "A+"},
		{"extra credit", []Result{cspDefaultNone, cookiesSameSite, referrerPrivate, sriAll, frameCSP, corpSameSite}, 140, "A+"},
		{"90 and extra credit", []Result{hstsShort, cspDefaultNone}, 100, "A+"},
		{"90", []Result{hstsShort}, 90, "A"},
		{"85 has no extra credit", []Result{hstsShort, typeMissing, cspDefaultNone, corpSameSite}, 85, "A-"},
		{"never below 0", []Result{cspMissing, cookiesSessionInsecure, corsUniversal}, 0, "F"},
		{"20", []Result{cookiesSessionInsecure, sriInsecure, frameMissing}, 20, "F"},
		{"25", []Result{cspMissing, corsUniversal}, 25, "D-"},
	} {
		if got := mark(row.results); got.Score != row.score || got.Grade != row.grade || !got.Judged() {
			t.Errorf("%s: %d %s, want %d %s", row.name, got.Score, got.Grade, row.score, row.grade)
		}
	}
}

func BenchmarkScore(b *testing.B) {
	all := load(b, "observatory.json")
	i := slices.IndexFunc(all.Cases, func(c recorded) bool { return c.Name == "mastodon" })
	v := all.Cases[i].visit(b, all.Origin)
	big := v
	big.Answer = &Answer{URL: v.Answer.URL, Status: v.Answer.Status, Header: v.Answer.Header}
	big.Answer.Body = []byte(strings.Repeat(string(v.Answer.Body), 100<<10/len(v.Answer.Body)))
	for _, row := range []struct {
		name string
		v    Visit
	}{{"Mastodon", v}, {"100 KiB of page", big}} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Score(row.v)
			}
		})
	}
}
