package releases

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mnm-social/mnm/exporter/outbound"
)

const first = "https://api.github.com/repos/mastodon/mastodon/releases?per_page=100"

// github answers in the order of its script and remembers what it was asked. The advisories have a script of their own; once
// it has ended there are none.
type github struct {
	script  []any // *outbound.Response or error
	asked   []outbound.Request
	advised *github
}

func (g *github) get(_ context.Context, r outbound.Request) (*outbound.Response, error) {
	switch {
	case !strings.Contains(r.URL, "/security-advisories?"):
		return g.next(r)
	case g.advised == nil:
		return answer(404, `{"message":"Not Found"}`), nil
	}
	return g.advised.next(r)
}

func (g *github) next(r outbound.Request) (*outbound.Response, error) {
	g.asked = append(g.asked, r)
	if len(g.script) == 0 {
		return nil, errors.New("nothing left to say")
	}
	next := g.script[0]
	g.script = g.script[1:]
	if err, ok := next.(error); ok {
		return nil, err
	}
	return next.(*outbound.Response), nil
}

// answer is an answer with headers given as name, value, name, value.
func answer(status int, body string, header ...string) *outbound.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &outbound.Response{Status: status, Header: h, Body: []byte(body)}
}

// entries is a page of releases, each published on a day.
func entries(tagsAndDays ...string) string {
	var out []string
	for i := 0; i < len(tagsAndDays); i += 2 {
		out = append(out, fmt.Sprintf(`{"tag_name":%q,"published_at":"%sT12:00:00Z"}`, tagsAndDays[i], tagsAndDays[i+1]))
	}
	return "[" + strings.Join(out, ",") + "]"
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func source(now *time.Time) *Source {
	s := NewSource("mastodon/mastodon", nil)
	s.Now = func() time.Time { return *now }
	return s
}

func tags(k Known) []string {
	var out []string
	for _, r := range k.All() {
		out = append(out, r.Tag)
	}
	return out
}

func recorded(tb testing.TB) []byte {
	tb.Helper()
	b, err := os.ReadFile("testdata/github-releases-mastodon-2025-11-14-built.json")
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestRecorded(t *testing.T) {
	now := noon
	g := &github{script: []any{answer(200, string(recorded(t)))}}
	k, _, err := source(&now).LookUp(t.Context(), g.get)
	if err != nil || len(k.All()) != 30 || k.Ignored() != 0 {
		t.Fatalf("%d releases, %d ignored, %v", len(k.All()), k.Ignored(), err)
	}
	if r, _ := k.Latest(Stable); r.Tag != "v4.5.1" || !r.Published.Equal(day(t, "2025-11-13")) {
		t.Errorf("newest stable: %+v", r)
	}
	pre := 0
	var security []string
	for _, r := range k.All() {
		if r.Channel != Stable {
			pre++
		}
		if r.Security {
			security = append(security, r.Tag)
		}
	}
	if pre != 7 {
		t.Errorf("%d pre-releases, want 7", pre)
	}
	if want := []string{
		"v4.4.8", "v4.4.6", "v4.4.5", "v4.4.4", "v4.4.3", "v4.4.2", "v4.3.14", "v4.3.13", "v4.3.12", "v4.3.11", "v4.3.10",
		"v4.2.27", "v4.2.26", "v4.2.25", "v4.2.24", "v4.2.23",
	}; !slices.Equal(security, want) {
		t.Errorf("security: %v", security)
	}
}

func TestRequest(t *testing.T) {
	now := noon
	s := NewSource("mastodon/mastodon", func() string { return "secret" })
	s.Now = func() time.Time { return now }
	g := &github{script: []any{answer(200, entries("v4.7.0", "2026-08-20"), "ETag", `W/"a"`), answer(304, ""), answer(200, entries("v4.7.1", "2026-11-20"))}}
	for i, want := range []struct{ match, newest string }{{"", "v4.7.0"}, {`W/"a"`, "v4.7.0"}, {`W/"a"`, "v4.7.1"}} {
		k, _, err := s.LookUp(t.Context(), g.get)
		if r, _ := k.Latest(Stable); err != nil || r.Tag != want.newest {
			t.Fatalf("look-up %d: %s, %v", i, r.Tag, err)
		}
		r := g.asked[i]
		if r.URL != first || r.Purpose != outbound.PurposeReleases || r.MaxBody < 4<<20 ||
			r.Header.Get("Accept") != "application/vnd.github+json" || r.Header.Get("X-GitHub-Api-Version") != "2022-11-28" ||
			r.Header.Get("Authorization") != "Bearer secret" || r.Header.Get("If-None-Match") != want.match {
			t.Errorf("look-up %d asked %+v", i, r)
		}
	}
	if len(g.asked) != 3 {
		t.Errorf("%d requests", len(g.asked))
	}
}

func TestPages(t *testing.T) {
	second := "https://api.github.com/repositories/71995937/releases?per_page=100&page=2"
	link := func(to string) string {
		return fmt.Sprintf(`<%s>; rel="next", <https://api.github.com/x?page=9>; rel="last"`, to)
	}
	page1, page2 := entries("v4.7.0", "2026-08-20"), entries("v4.6.0", "2026-06-17")
	now := noon
	for name, row := range map[string]struct {
		script []any
		asked  []string
		tags   []string
	}{
		"two":          {[]any{answer(200, page1, "Link", link(second)), answer(200, page2, "Link", `<https://api.github.com/x>; rel="prev"`)}, []string{first, second}, []string{"v4.7.0", "v4.6.0"}},
		"relative":     {[]any{answer(200, page1, "Link", link("/repositories/71995937/releases?per_page=100&page=2")), answer(200, page2)}, []string{first, second}, []string{"v4.7.0", "v4.6.0"}},
		"at most 3":    {[]any{answer(200, page1, "Link", link(second)), answer(200, page2, "Link", link(second)), answer(200, page2, "Link", link(second))}, []string{first, second, second}, []string{"v4.7.0", "v4.6.0"}},
		"other host":   {[]any{answer(200, page1, "Link", link("https://evil.social/2"))}, []string{first}, []string{"v4.7.0"}},
		"other port":   {[]any{answer(200, page1, "Link", link("https://api.github.com:8443/2"))}, []string{first}, []string{"v4.7.0"}},
		"not secured":  {[]any{answer(200, page1, "Link", link("http://api.github.com/2"))}, []string{first}, []string{"v4.7.0"}},
		"with a user":  {[]any{answer(200, page1, "Link", link("https://a:b@api.github.com/2"))}, []string{first}, []string{"v4.7.0"}},
		"half a link":  {[]any{answer(200, page1, "Link", `<https://api.github.com/2; rel="next"`)}, []string{first}, []string{"v4.7.0"}},
		"no address":   {[]any{answer(200, page1, "Link", link("https://%zz"))}, []string{first}, []string{"v4.7.0"}},
		"second fails": {[]any{answer(200, page1, "Link", link(second)), answer(502, "")}, []string{first, second}, nil},
	} {
		g := &github{script: row.script}
		k, _, err := source(&now).LookUp(t.Context(), g.get)
		var asked []string
		for _, r := range g.asked {
			asked = append(asked, r.URL)
		}
		if !slices.Equal(asked, row.asked) || !slices.Equal(tags(k), row.tags) || (err == nil) != (row.tags != nil) {
			t.Errorf("%s: asked %v, known %v, %v", name, asked, tags(k), err)
		}
	}
}

// TestFailures: every look-up that fails has its reason and leaves what was known; the next one is as if nothing had been.
func TestFailures(t *testing.T) {
	huge := "[" + strings.Repeat("{},", maxEntries) + "{}]"
	for name, row := range map[string]struct {
		answer any
		reason string
	}{
		"way":         {&outbound.Error{Reason: outbound.ReasonTimeout}, "timeout"},
		"too big":     {&outbound.Error{Reason: outbound.ReasonTooBig}, "too_big"},
		"server":      {answer(500, ""), "status"},
		"moved":       {answer(404, `{"message":"Not Found"}`), "status"},
		"bad token":   {answer(401, `{"message":"Bad credentials"}`), "status"},
		"forbidden":   {answer(403, `{"message":"Repository access blocked"}`), "status"},
		"html":        {answer(200, "\r\n <!DOCTYPE html><p>[]"), "html"},
		"text":        {answer(200, "ok"), "not_json"},
		"nothing":     {answer(200, ""), "not_json"},
		"half":        {answer(200, `[{"tag_name":"v4.7.0"`), "not_json"},
		"object":      {answer(200, `{"message":"hello"}`), "shape"},
		"null":        {answer(200, `null`), "shape"},
		"empty":       {answer(200, `[]`), "shape"},
		"drafts only": {answer(200, `[{"tag_name":"v9.0.0","draft":true,"published_at":null}]`), "shape"},
		"no versions": {answer(200, entries("release-4", "2026-01-01")), "shape"},
		"endless":     {answer(200, huge), "shape"},
		"deep":        {answer(200, strings.Repeat("[", 100_000)), "not_json"},
		"unchanged":   {answer(304, ""), ""}, // an unchanged list is no failure
	} {
		now := noon
		g := &github{script: []any{answer(200, entries("v4.7.0", "2026-08-20"), "ETag", `"a"`), row.answer, answer(304, "")}}
		s := source(&now)
		for i, want := range []string{"", row.reason, ""} {
			k, _, err := s.LookUp(t.Context(), g.get)
			if ReasonOf(err) != want || !slices.Equal(tags(k), []string{"v4.7.0"}) {
				t.Errorf("%s, look-up %d: %q (%v), known %v", name, i, ReasonOf(err), err, tags(k))
			}
			if err != nil && len(err.Error()) > 400 {
				t.Errorf("%s: %d bytes of error", name, len(err.Error()))
			}
		}
	}
	now := noon
	if k, _, err := source(&now).LookUp(t.Context(), (&github{script: []any{answer(304, "")}}).get); ReasonOf(err) != "status" || !k.IsZero() {
		t.Errorf("a 304 that was not asked for: %v", err)
	}
	for _, name := range []string{"", "mastodon", "mastodon/mastodon/x", "a/../b", "a b/c", "a/b?x", "-a/b"} {
		g := &github{}
		if _, _, err := NewSource(name, nil).LookUp(t.Context(), g.get); ReasonOf(err) != "setting" || len(g.asked) != 0 {
			t.Errorf("repository %q: %v", name, err)
		}
	}
}

// TestEntries: one bad entry costs itself only, and is counted.
func TestEntries(t *testing.T) {
	now := noon
	body := `[
		{"tag_name":"v4.7.0","published_at":"2026-08-20T10:00:00Z","prerelease":false,"body":"## Changelog\r\n\r\n### Security\r\n\r\n- x"},
		{"tag_name":"v4.6.9","published_at":"2026-11-25T11:00:00+00:00","body":"Insecurity\r\n### Securityish\r\nsee ### Security"},
		{"tag_name":"v4.6.0","published_at":"2026-06-17T10:00:00Z","prerelease":true,"body":null},
		{"tag_name":"v4.9.0","published_at":"2026-11-25T13:00:00Z"},
		{"tag_name":"v4.8.0","draft":true,"published_at":null},
		{"tag_name":"v4.5.0","published_at":null},
		{"tag_name":"v4.5.1","published_at":"yesterday"},
		{"tag_name":4,"published_at":"2026-06-17T10:00:00Z"},
		{"tag_name":"latest","published_at":"2026-06-17T10:00:00Z"},
		7, null, {}, []
	]`
	g := &github{script: []any{answer(200, body, "ETag", `"a"`), answer(200, body)}}
	s := source(&now)
	k, _, err := s.LookUp(t.Context(), g.get)
	if err != nil || !slices.Equal(tags(k), []string{"v4.7.0", "v4.6.9", "v4.6.0"}) || k.Ignored() != 9 {
		t.Fatalf("%v, %d ignored, %v", tags(k), k.Ignored(), err)
	}
	all := k.All()
	if !all[0].Security || all[1].Security || all[2].Security {
		t.Error("security is read wrong")
	}
	if all[0].Channel != Stable || all[2].Channel != RC {
		t.Error("a release marked as a pre-release counts as stable")
	}
	// A date ahead may be our clock's fault, so the next look-up is not conditional; two days later it is a release.
	now = now.Add(48 * time.Hour)
	k, _, err = s.LookUp(t.Context(), g.get)
	if r, _ := k.Latest(Stable); err != nil || r.Tag != "v4.9.0" || g.asked[1].Header.Get("If-None-Match") != "" {
		t.Errorf("%s, %v, asked %v", r.Tag, err, g.asked[1].Header)
	}
}

func TestRate(t *testing.T) {
	reset := noon.Add(20 * time.Minute)
	rate := func(remaining string, more ...string) []string {
		return append([]string{"X-RateLimit-Limit", "60", "X-RateLimit-Remaining", remaining, "X-RateLimit-Reset", fmt.Sprint(reset.Unix())}, more...)
	}
	for name, row := range map[string]struct {
		answer *outbound.Response
		wait   time.Duration // 0: no limit
		known  bool
		left   int
	}{
		"fine":            {answer(304, "", rate("41")...), 0, true, 41},
		"silent":          {answer(304, ""), 0, false, 0},
		"nonsense":        {answer(304, "", "X-RateLimit-Limit", "many", "X-RateLimit-Remaining", "-1", "X-RateLimit-Reset", "9e99"), 0, false, 0},
		"far":             {answer(304, "", "X-RateLimit-Limit", "60", "X-RateLimit-Remaining", "1", "X-RateLimit-Reset", "9223372036854775807"), 0, false, 0},
		"cached":          {answer(304, "", rate("0", "Age", "7")...), 0, false, 0},
		"spent":           {answer(403, `{"message":"API rate limit exceeded"}`, rate("0")...), 20 * time.Minute, true, 0},
		"spent, 429":      {answer(429, "", rate("0")...), 20 * time.Minute, true, 0},
		"told":            {answer(403, "", "Retry-After", "90"), 90 * time.Second, false, 0},
		"told and spent":  {answer(403, "", rate("0", "Retry-After", "90")...), 90 * time.Second, true, 0},
		"too fast":        {answer(403, `{"message":"You have exceeded a secondary Rate Limit."}`, rate("41")...), time.Minute, true, 41},
		"429, no word":    {answer(429, "", rate("41")...), time.Minute, true, 41},
		"spent, and over": {answer(403, "", "X-RateLimit-Limit", "60", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", fmt.Sprint(noon.Unix()-5)), time.Second, true, 0},
	} {
		now := noon
		g := &github{script: []any{answer(200, entries("v4.7.0", "2026-08-20"), "ETag", `"a"`), row.answer, answer(304, "")}}
		s := source(&now)
		if _, _, err := s.LookUp(t.Context(), g.get); err != nil {
			t.Fatal(err)
		}
		k, rate, err := s.LookUp(t.Context(), g.get)
		if rate.Known != row.known || rate.Remaining != row.left || (row.known && rate.Limit != 60) || WaitOf(err) != row.wait || (err != nil) != (row.wait > 0) || len(tags(k)) != 1 {
			t.Errorf("%s: %+v, wait %s, %v", name, rate, WaitOf(err), err)
		}
		if row.wait == 0 {
			continue
		}
		if ReasonOf(err) != "rate_limit" {
			t.Errorf("%s: %v", name, err)
		}
		// Until then nothing is sent, and the error says how long is left.
		now = now.Add(row.wait - time.Millisecond)
		if _, _, err := s.LookUp(t.Context(), g.get); ReasonOf(err) != "rate_limit" || WaitOf(err) != time.Millisecond || len(g.asked) != 2 {
			t.Errorf("%s, too early: %v, %d requests", name, err, len(g.asked))
		}
		now = now.Add(time.Millisecond)
		if k, _, err := s.LookUp(t.Context(), g.get); err != nil || len(tags(k)) != 1 || len(g.asked) != 3 {
			t.Errorf("%s, in time: %v", name, err)
		}
	}
}

func TestReasonOf(t *testing.T) {
	if ReasonOf(nil) != "" || WaitOf(nil) != 0 {
		t.Error("nil has a reason")
	}
	err := fmt.Errorf("x: %w", &outbound.Error{Reason: outbound.ReasonBudget, Wait: time.Hour})
	if ReasonOf(err) != "budget" || WaitOf(err) != time.Hour {
		t.Errorf("%s, %s", ReasonOf(err), WaitOf(err))
	}
}

func FuzzReadPage(f *testing.F) {
	f.Add([]byte(entries("v4.7.0", "2026-08-20", "v4.6.0-rc.1", "2026-06-17", "x", "2026-06-17")))
	f.Add([]byte(`[{"tag_name":"v4.7.0","draft":true},7,null,{"tag_name":[]}]`))
	f.Add([]byte(`{"message":"API rate limit exceeded"}`))
	f.Add([]byte(`<html>`))
	f.Add(recorded(f)[:4000])
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := readPage(body, noon)
		if err != nil {
			if reason := ReasonOf(err); !slices.Contains([]string{"html", "not_json", "shape"}, reason) {
				t.Fatalf("reason %q", reason)
			}
			return
		}
		var raw []json.RawMessage
		if json.Unmarshal(body, &raw) != nil || len(p.entries)+p.ignored > len(raw) || p.future > p.ignored {
			t.Fatalf("%d releases and %d ignored of %d", len(p.entries), p.ignored, len(raw))
		}
		for _, r := range p.entries {
			if r.Version.IsZero() || r.Published.IsZero() || r.Published.After(noon.Add(maxAhead)) || len(r.Tag) > maxText {
				t.Fatalf("%+v", r)
			}
		}
		k := New(p.entries)
		k.Newest(noon)
		k.Judge("4.5.1", noon)
	})
}
