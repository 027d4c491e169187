package releases

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mnm-social/mnm/exporter/outbound"
)

const firstAdvisories = "https://api.github.com/repos/mastodon/mastodon/security-advisories?per_page=100&state=published&sort=updated&direction=desc"

// whole is an advisory with all that GitHub sends, in the shape that its reference shows.
const whole = `{
	"ghsa_id": "GHSA-ccpr-m53r-mfwr", "cve_id": "CVE-2026-25540",
	"url": "https://api.github.com/repos/mastodon/mastodon/security-advisories/GHSA-ccpr-m53r-mfwr",
	"html_url": "https://github.com/mastodon/mastodon/security/advisories/GHSA-ccpr-m53r-mfwr",
	"summary": "Web cache poisoning", "description": "### Impact\r\n<b>x</b>", "severity": "medium",
	"author": null, "publisher": {"login": "x", "id": 1, "type": "User", "site_admin": false},
	"identifiers": [{"value": "GHSA-ccpr-m53r-mfwr", "type": "GHSA"}, {"value": "CVE-2026-25540", "type": "CVE"}],
	"state": "published", "created_at": null, "updated_at": "2026-02-04T10:00:00Z", "published_at": "2026-02-03T16:00:00Z",
	"closed_at": null, "withdrawn_at": null, "submission": null,
	"vulnerabilities": [
		{"package": {"ecosystem": "", "name": "mastodon"}, "vulnerable_version_range": "< 4.3.19", "patched_versions": "4.3.19", "vulnerable_functions": []},
		{"package": {"ecosystem": "other", "name": null}, "vulnerable_version_range": "< 4.4.13", "patched_versions": "4.4.13", "vulnerable_functions": null},
		{"package": null, "vulnerable_version_range": "< 4.5.6", "patched_versions": null, "vulnerable_functions": []}
	],
	"cvss_severities": {"cvss_v3": {"vector_string": null, "score": null}, "cvss_v4": {"vector_string": null, "score": null}},
	"cwes": [], "cwe_ids": ["CWE-524"], "credits": [], "credits_detailed": [], "collaborating_users": null, "collaborating_teams": null, "private_fork": null
}`

// advise is an advisory of one line that came out on 2026-02-12.
func advise(id, in, patched string) string {
	return fmt.Sprintf(`{"ghsa_id":%q,"published_at":"2026-02-12T12:00:00Z","vulnerabilities":[{"vulnerable_version_range":%q,"patched_versions":%q}]}`, id, in, patched)
}

func list(entries ...string) string { return "[" + strings.Join(entries, ",") + "]" }

func ids(k Known) []string {
	var out []string
	for _, a := range k.Advisories() {
		out = append(out, a.ID)
	}
	return out
}

func TestReadAdvisories(t *testing.T) {
	p, err := readAdvisories([]byte(list(whole)), noon)
	if err != nil || len(p.entries) != 1 || p.ignored != 0 {
		t.Fatalf("%+v, %v", p, err)
	}
	a := p.entries[0]
	want := []Affected{{Range: "< 4.3.19", Patched: "4.3.19"}, {Range: "< 4.4.13", Patched: "4.4.13"}, {Range: "< 4.5.6"}}
	if a.ID != "GHSA-ccpr-m53r-mfwr" || a.Severity != "medium" || a.Published.Format(time.RFC3339) != "2026-02-03T16:00:00Z" || !slices.Equal(a.Affected, want) {
		t.Errorf("%+v", a)
	}
	change := func(old, fresh string) string {
		if !strings.Contains(whole, old) {
			t.Fatalf("no %s in it", old)
		}
		return strings.Replace(whole, old, fresh, 1)
	}
	for name, row := range map[string]struct {
		entry                 string
		kept, ignored, future int
	}{
		"withdrawn":            {change(`"withdrawn_at": null`, `"withdrawn_at": "2026-02-05T00:00:00Z"`), 0, 0, 0},
		"draft":                {change(`"state": "published"`, `"state": "draft"`), 0, 0, 0},
		"closed":               {change(`"state": "published"`, `"state": "closed"`), 0, 0, 0},
		"not published":        {change(`"2026-02-03T16:00:00Z"`, `null`), 0, 1, 0},
		"yesterday's date":     {change(`"2026-02-03T16:00:00Z"`, `"03/02/2026"`), 0, 1, 0},
		"long ago":             {change(`"2026-02-03T16:00:00Z"`, `"0000-01-01T00:00:00+05:00"`), 0, 1, 0},
		"ahead":                {change(`"2026-02-03T16:00:00Z"`, `"2026-11-26T00:00:00Z"`), 0, 1, 1},
		"a little ahead":       {change(`"2026-02-03T16:00:00Z"`, `"2026-11-25T00:00:00Z"`), 1, 0, 0},
		"no id":                {change(`"ghsa_id": "GHSA-ccpr-m53r-mfwr"`, `"ghsa_id": null`), 0, 1, 0},
		"no severity":          {change(`"severity": "medium"`, `"severity": null`), 1, 0, 0},
		"a range of words":     {change(`"< 4.4.13"`, `"4.4.x"`), 0, 1, 0},
		"no range":             {change(`"< 4.4.13"`, `null`), 0, 1, 0},
		"a number for a range": {change(`"< 4.4.13"`, `4.4`), 0, 1, 0},
		"no vulnerabilities":   {`{"ghsa_id":"GHSA-1","published_at":"2026-02-03T16:00:00Z","vulnerabilities":null}`, 1, 0, 0},
		"number":               {`7`, 0, 1, 0},
		"null":                 {`null`, 0, 1, 0},
		"list":                 {`[]`, 0, 1, 0},
		"object":               {`{}`, 0, 1, 0},
	} {
		p, err := readAdvisories([]byte(list(row.entry, advise("GHSA-2", "< 4.5.2", "4.5.2"))), noon)
		if err != nil || len(p.entries) != row.kept+1 || p.ignored != row.ignored || p.future != row.future {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	// What names another package does not count Mastodon's versions.
	other := `{"ghsa_id":"GHSA-1","severity":"awful","published_at":"2026-02-03T16:00:00Z","vulnerabilities":[
		{"package":{"name":"rack"},"vulnerable_version_range":"2.x","patched_versions":"3.1.0"},
		{"package":{"name":"ghcr.io/Mastodon/streaming"},"vulnerable_version_range":"< 4.5.2","patched_versions":"4.5.2"}]}`
	p, err = readAdvisories([]byte(list(other)), noon)
	if err != nil || len(p.entries) != 1 || p.entries[0].Severity != "" || !slices.Equal(p.entries[0].Affected, []Affected{{Range: "< 4.5.2", Patched: "4.5.2"}}) {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestAdvisoriesHourly looks up every five minutes for three hours.
func TestAdvisoriesHourly(t *testing.T) {
	now := noon
	s := NewSource("mastodon/mastodon", func() string { return "secret" })
	s.Now = func() time.Time { return now }
	page := list(advise("GHSA-1", "< 4.5.2", "4.5.2"))
	g := &github{advised: &github{script: []any{answer(200, page, "ETag", `"a"`), answer(304, ""), answer(200, "[]", "ETag", `"b"`), answer(304, "")}}}
	var asked []int // look-ups that asked for advisories
	for i := range 37 {
		g.script = append(g.script, answer(200, entries("v4.5.2", "2026-02-12", "v4.5.1", "2026-01-12")))
		before := len(g.advised.asked)
		k, _, err := s.LookUp(t.Context(), g.get)
		if err != nil {
			t.Fatal(err)
		}
		if len(g.advised.asked) > before {
			asked = append(asked, i)
		}
		want := SecurityMissing
		if i >= 24 {
			want = Behind
		}
		if got := k.Judge("4.5.1", now); got != want {
			t.Errorf("look-up %d: %s, want %s", i, got, want)
		}
		if r, ok := k.SecurityFix("4.5"); ok != (i < 24) || ok && r.Tag != "v4.5.2" {
			t.Errorf("look-up %d: the fix is %q", i, r.Tag)
		}
		now = now.Add(5 * time.Minute)
	}
	if want := []int{0, 12, 24, 36}; !slices.Equal(asked, want) {
		t.Errorf("asked in %v, want %v", asked, want)
	}
	for i, etag := range []string{"", `"a"`, `"a"`, `"b"`} {
		r := g.advised.asked[i]
		if r.URL != firstAdvisories || r.Purpose != outbound.PurposeReleases || r.MaxBody < 4<<20 || !r.SameHost ||
			r.Header.Get("Accept") != "application/vnd.github+json" || r.Header.Get("X-GitHub-Api-Version") != "2022-11-28" ||
			r.Header.Get("Authorization") != "Bearer secret" || r.Header.Get("If-None-Match") != etag {
			t.Errorf("question %d is %+v", i, r)
		}
	}
}

func TestAdvisoriesPages(t *testing.T) {
	second := "https://api.github.com/repositories/71995937/security-advisories?per_page=100&after=abc"
	for name, row := range map[string]struct {
		link  string
		asked []string
		ids   []string
	}{
		"two":        {second, []string{firstAdvisories, second}, []string{"GHSA-1", "GHSA-2"}},
		"other host": {"https://evil.social/security-advisories?after=abc", []string{firstAdvisories}, []string{"GHSA-1"}},
	} {
		now := noon
		s := source(&now)
		s.etag[ofAdvisories] = `"old"`
		g := &github{
			script: []any{answer(200, entries("v4.5.2", "2026-02-12"))},
			advised: &github{script: []any{
				answer(200, list(advise("GHSA-1", "< 4.5.2", "4.5.2")), "Link", fmt.Sprintf(`<%s>; rel="next"`, row.link)),
				answer(200, list(advise("GHSA-2", "< 4.5.2", "4.5.2"))),
			}},
		}
		k, _, err := s.LookUp(t.Context(), g.get)
		var asked []string
		for _, r := range g.advised.asked {
			asked = append(asked, r.URL)
		}
		if err != nil || !slices.Equal(asked, row.asked) || !slices.Equal(ids(k), row.ids) {
			t.Errorf("%s: asked %v, known %v, %v", name, asked, ids(k), err)
		}
		for _, r := range g.advised.asked[1:] {
			if r.Header.Get("If-None-Match") != "" {
				t.Errorf("%s: the second page is asked for conditionally", name)
			}
		}
	}
	// Without an end they are three at most.
	now := noon
	page := answer(200, list(advise("GHSA-1", "< 4.5.2", "4.5.2")), "Link", fmt.Sprintf(`<%s>; rel="next"`, second))
	g := &github{script: []any{answer(200, entries("v4.5.2", "2026-02-12"))}, advised: &github{script: []any{page, page, page, page}}}
	if _, _, err := source(&now).LookUp(t.Context(), g.get); err != nil || len(g.advised.asked) != maxPages {
		t.Errorf("%d pages, %v", len(g.advised.asked), err)
	}
}

// TestAdvisoriesFail: neither list's failure loses the other, and advisories are asked for again after ten minutes.
func TestAdvisoriesFail(t *testing.T) {
	for name, row := range map[string]struct {
		answer any
		reason string
	}{
		"way":         {&outbound.Error{Reason: outbound.ReasonTimeout}, "timeout"},
		"server":      {answer(502, ""), "status"},
		"gone":        {answer(404, `{"message":"Not Found"}`), "status"},
		"bad token":   {answer(401, ""), "status"},
		"html":        {answer(200, "<html>"), "html"},
		"half":        {answer(200, `[{"ghsa_id":"GHSA-1"`), "not_json"},
		"object":      {answer(200, `{}`), "shape"},
		"null":        {answer(200, `null`), "shape"},
		"endless":     {answer(200, "["+strings.Repeat("{},", maxEntries)+"{}]"), "shape"},
		"deep":        {answer(200, strings.Repeat("[", 100_000)), "not_json"},
		"half of two": {answer(200, list(advise("GHSA-9", "< 4.5.2", "4.5.2")), "Link", `<https://api.github.com/2/security-advisories?after=x>; rel="next"`), "protocol"},
	} {
		now := noon
		s := source(&now)
		g := &github{
			script:  []any{answer(200, entries("v4.5.2", "2026-02-12", "v4.5.1", "2026-01-12")), answer(200, entries("v4.5.3", "2026-11-24", "v4.5.2", "2026-02-12"))},
			advised: &github{script: []any{answer(200, list(advise("GHSA-1", "< 4.5.2", "4.5.2")), "ETag", `"a"`), row.answer}},
		}
		if _, _, err := s.LookUp(t.Context(), g.get); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Hour)
		k, _, err := s.LookUp(t.Context(), g.get)
		if ReasonOf(err) != row.reason || !strings.Contains(fmt.Sprint(err), "security advisories of mastodon/mastodon") {
			t.Errorf("%s: %q (%v)", name, ReasonOf(err), err)
		}
		if r, _ := k.Latest(Stable); r.Tag != "v4.5.3" || !slices.Equal(ids(k), []string{"GHSA-1"}) || k.Judge("4.5.1", now) != SecurityMissing {
			t.Errorf("%s: known %v and %v", name, tags(k), ids(k))
		}
		asked := len(g.advised.asked)
		g.script = append(g.script, answer(200, entries("v4.5.3", "2026-11-24")), &outbound.Error{Reason: outbound.ReasonTimeout})
		g.advised.script = []any{answer(200, list(advise("GHSA-2", "< 4.5.3", "4.5.3")))}
		now = now.Add(5 * time.Minute)
		if _, _, err := s.LookUp(t.Context(), g.get); err != nil || len(g.advised.asked) != asked {
			t.Errorf("%s: asked again after five minutes, %v", name, err)
		}
		now = now.Add(5 * time.Minute)
		k, _, err = s.LookUp(t.Context(), g.get)
		if ReasonOf(err) != "timeout" || len(g.advised.asked) != asked+1 || !slices.Equal(ids(k), []string{"GHSA-2"}) || !slices.Equal(tags(k), []string{"v4.5.3"}) {
			t.Errorf("%s, when the releases fail: %v, known %v and %v", name, err, tags(k), ids(k))
		}
		if r := g.advised.asked[asked]; r.Header.Get("If-None-Match") != `"a"` {
			t.Errorf("%s: asked with %v", name, r.Header)
		}
	}
	// Both at once: both are said, and the reason is that of the releases.
	now := noon
	g := &github{script: []any{answer(500, "")}, advised: &github{script: []any{answer(200, "<html>")}}}
	_, _, err := source(&now).LookUp(t.Context(), g.get)
	if ReasonOf(err) != "status" || !strings.Contains(err.Error(), "releases of") || !strings.Contains(err.Error(), "advisories of") {
		t.Errorf("%v", err)
	}
}

// TestAdvisoriesNone: a repository may have no list of them; that is no failure.
func TestAdvisoriesNone(t *testing.T) {
	for name, first := range map[string]any{"404": answer(404, ""), "empty": answer(200, "[]")} {
		now := noon
		s := source(&now)
		g := &github{script: []any{answer(200, entries("v4.5.2", "2026-02-12")), answer(200, entries("v4.5.2", "2026-02-12"))}}
		g.advised = &github{script: []any{first, answer(200, list(advise("GHSA-1", "< 4.5.2", "4.5.2")))}}
		if k, _, err := s.LookUp(t.Context(), g.get); err != nil || len(ids(k)) != 0 {
			t.Errorf("%s: %v", name, err)
		}
		now = now.Add(time.Hour)
		if k, _, err := s.LookUp(t.Context(), g.get); err != nil || len(ids(k)) != 1 {
			t.Errorf("%s, an hour later: %v", name, err)
		}
	}
}

// TestAdvisoriesLimit: a limit that one list meets keeps the other quiet, and an hour that is spent is left alone.
func TestAdvisoriesLimit(t *testing.T) {
	reset := noon.Add(20 * time.Minute)
	spent := func(status int, body string) any {
		return answer(status, body, "X-RateLimit-Limit", "60", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", fmt.Sprint(reset.Unix()))
	}
	good, page := entries("v4.5.2", "2026-02-12"), list(advise("GHSA-1", "< 4.5.2", "4.5.2"))
	for name, row := range map[string]struct {
		releases, advisories []any
		asked                [2]int // of releases and advisories, before the limit ends
		reason               string
		wait                 time.Duration
	}{
		"met by the releases":     {[]any{spent(403, ""), answer(200, good)}, []any{answer(200, page)}, [2]int{1, 0}, "rate_limit", 20 * time.Minute},
		"met by the advisories":   {[]any{answer(200, good), answer(200, good)}, []any{spent(429, ""), answer(200, page)}, [2]int{1, 1}, "rate_limit", 20 * time.Minute},
		"told to the releases":    {[]any{answer(403, "", "Retry-After", "1200"), answer(200, good)}, []any{answer(200, page)}, [2]int{1, 0}, "rate_limit", 20 * time.Minute},
		"spent by the releases":   {[]any{spent(200, good), spent(200, good), answer(200, good)}, []any{answer(200, page)}, [2]int{2, 0}, "", 0},
		"spent by the advisories": {[]any{answer(200, good), answer(200, good), answer(200, good)}, []any{spent(200, page), answer(304, "")}, [2]int{2, 1}, "", 0},
	} {
		now := noon
		s := source(&now)
		g := &github{script: row.releases, advised: &github{script: row.advisories}}
		_, rate, err := s.LookUp(t.Context(), g.get)
		if ReasonOf(err) != row.reason || WaitOf(err) != row.wait || rate.Known && (rate.Remaining != 0 || !rate.Reset.Equal(reset)) || rate.Known == strings.HasPrefix(name, "told") {
			t.Errorf("%s: %+v, %v", name, rate, err)
		}
		now = reset.Add(-time.Second)
		if _, _, err := s.LookUp(t.Context(), g.get); ReasonOf(err) != row.reason {
			t.Errorf("%s, too early: %v", name, err)
		}
		if got := [2]int{len(g.asked), len(g.advised.asked)}; got != row.asked {
			t.Errorf("%s: asked %v times, want %v", name, got, row.asked)
		}
		now = reset
		if k, _, err := s.LookUp(t.Context(), g.get); err != nil || len(ids(k)) != 1 || len(tags(k)) != 1 {
			t.Errorf("%s, in time: %v, known %v and %v", name, err, tags(k), ids(k))
		}
	}
}

// TestAdvisoriesFuture: a date ahead may be our clock's fault, so the list is asked for again unconditionally.
func TestAdvisoriesFuture(t *testing.T) {
	now := noon.AddDate(-1, 0, 0)
	s := source(&now)
	page := answer(200, list(advise("GHSA-1", "< 4.5.2", "4.5.2")), "ETag", `"a"`)
	g := &github{script: []any{answer(200, entries("v4.5.0", "2025-11-01")), answer(200, entries("v4.5.2", "2026-02-12"))}, advised: &github{script: []any{page, page}}}
	if k, _, err := s.LookUp(t.Context(), g.get); err != nil || len(ids(k)) != 0 || k.Ignored() != 1 {
		t.Errorf("%v, %v", ids(k), err)
	}
	now = noon
	if k, _, err := s.LookUp(t.Context(), g.get); err != nil || len(ids(k)) != 1 || k.Ignored() != 0 || g.advised.asked[1].Header.Get("If-None-Match") != "" {
		t.Errorf("%v, %d ignored, %v", ids(k), k.Ignored(), err)
	}
	// A clock that goes back does not keep the advisories waiting for a year.
	now = noon.AddDate(-1, 0, 0)
	g.script, g.advised.script = []any{answer(304, ""), answer(200, entries("v4.5.0", "2025-11-01"))}, []any{page}
	s.AdvisoriesEvery = 2 * time.Hour
	if _, _, err := s.LookUp(t.Context(), g.get); len(g.advised.asked) != 3 {
		t.Errorf("asked %d times, %v", len(g.advised.asked), err)
	}
}

func FuzzReadAdvisories(f *testing.F) {
	f.Add([]byte(list(whole, advise("GHSA-1", "< 4.5.2 || 4.6.0", "4.5.2, 4.6.1"), "7")))
	f.Add([]byte(`[{"ghsa_id":"x","published_at":"0000-01-01T00:00:00+05:00"},{"ghsa_id":"x","withdrawn_at":"y"}]`))
	f.Add([]byte(`{"message":"Not Found"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := readAdvisories(body, noon)
		if err != nil {
			if reason := ReasonOf(err); !slices.Contains([]string{"html", "not_json", "shape"}, reason) || len(p.entries) > 0 {
				t.Fatalf("reason %q", reason)
			}
			return
		}
		var raw []json.RawMessage
		if json.Unmarshal(body, &raw) != nil || len(p.entries)+p.ignored > len(raw) || p.future > p.ignored {
			t.Fatalf("%d advisories and %d ignored of %d", len(p.entries), p.ignored, len(raw))
		}
		k := network(t).WithAdvisories(p.entries)
		if k.unread != 0 || len(k.Advisories()) != len(p.entries) {
			t.Fatalf("%d of %d are not understood", k.unread, len(p.entries))
		}
		if k.Judge("4.5.1", day(t, "2026-03-01")) == SecurityMissing {
			if _, ok := k.SecurityFix("4.5"); !ok {
				if _, ok := k.SecurityFix("4.6"); !ok {
					t.Fatal("vulnerable with nothing to update to")
				}
			}
		}
	})
}
