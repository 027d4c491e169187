package releases

import (
	"context"
	"encoding"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mnm-social/mnm/exporter/outbound"
)

var (
	_ encoding.BinaryMarshaler   = (*Source)(nil)
	_ encoding.BinaryUnmarshaler = (*Source)(nil)
)

// looked is a Source that has looked up once, at noon.
func looked(tb testing.TB, now *time.Time) *Source {
	tb.Helper()
	s := source(now)
	g := &github{
		script: []any{answer(200, `[
			{"tag_name":"v4.5.2","published_at":"2026-02-12T12:00:00Z","body":"## Security"},
			{"tag_name":"v4.5.1","published_at":"2026-01-12T12:00:00Z"},
			{"tag_name":"v4.5.0","published_at":"2025-11-06T12:00:00Z","prerelease":true},
			{"tag_name":"release-4","published_at":"2025-11-06T12:00:00Z"}]`, "ETag", `W/"r"`)},
		advised: &github{script: []any{answer(200, list(whole, advise("GHSA-1", ">= 4.5.0, < 4.5.1", "4.5.1"), "7", "8"), "ETag", `"a"`)}},
	}
	if _, _, err := s.LookUp(tb.Context(), g.get); err != nil {
		tb.Fatal(err)
	}
	return s
}

func save(tb testing.TB, s *Source) []byte {
	tb.Helper()
	b, err := s.MarshalBinary()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// TestRestart: a Source that was restored is as the one before it, asks conditionally, and no sooner.
func TestRestart(t *testing.T) {
	now := noon
	before := looked(t, &now)
	data := save(t, before)
	now = now.Add(time.Minute)
	s := source(&now)
	if err := s.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	for name, k := range map[string]Known{"before": before.Known(), "after": s.Known()} {
		r, _ := k.LatestOf("4.5")
		if !slices.Equal(tags(k), []string{"v4.5.2", "v4.5.1", "v4.5.0"}) || k.Ignored() != 3 || r.Version.String() != "4.5.2" || !r.Security || !r.Published.Equal(noon.AddDate(0, -9, -12)) {
			t.Errorf("%s: %v, %d ignored, %+v", name, tags(k), k.Ignored(), r)
		}
		if all := k.All(); all[2].Channel != RC || all[2].Security || !all[1].Security {
			t.Errorf("%s: %+v", name, all)
		}
		if !slices.Equal(ids(k), []string{"GHSA-ccpr-m53r-mfwr", "GHSA-1"}) || k.Judge("4.5.0", now) != SecurityMissing || k.Judge("4.5.1", now) != Behind {
			t.Errorf("%s: advisories %v, 4.5.0 is %s", name, ids(k), k.Judge("4.5.0", now))
		}
	}
	if again := save(t, s); string(again) != string(data) {
		t.Errorf("saved %s, then %s", data, again)
	}
	g := &github{script: []any{answer(304, ""), answer(304, "")}, advised: &github{script: []any{answer(304, "")}}}
	if k, _, err := s.LookUp(t.Context(), g.get); err != nil || len(tags(k)) != 3 || len(g.advised.asked) != 0 || g.asked[0].Header.Get("If-None-Match") != `W/"r"` {
		t.Errorf("%v, asked %+v and %+v", err, g.asked, g.advised.asked)
	}
	now = noon.Add(time.Hour)
	if k, _, err := s.LookUp(t.Context(), g.get); err != nil || len(ids(k)) != 2 || len(g.advised.asked) != 1 || g.advised.asked[0].Header.Get("If-None-Match") != `"a"` {
		t.Errorf("an hour later: %v, asked %+v", err, g.advised.asked)
	}
}

// TestRestartLimited: a restart is no way around a limit, unless the clock was put right meanwhile.
func TestRestartLimited(t *testing.T) {
	for name, row := range map[string]struct {
		after time.Duration
		asked int
	}{"during": {time.Minute, 0}, "after": {21 * time.Minute, 1}, "the clock was a year ahead": {-365 * 24 * time.Hour, 1}} {
		now := noon
		s := source(&now)
		reset := fmt.Sprint(noon.Add(20 * time.Minute).Unix())
		g := &github{script: []any{answer(403, "", "X-RateLimit-Limit", "60", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset)}}
		if _, _, err := s.LookUp(t.Context(), g.get); ReasonOf(err) != "rate_limit" {
			t.Fatal(err)
		}
		data := save(t, s)
		now = now.Add(row.after)
		s = source(&now)
		if err := s.UnmarshalBinary(data); err != nil || !s.Known().IsZero() {
			t.Fatal(err)
		}
		g = &github{script: []any{answer(200, entries("v4.5.0", "2025-11-06"))}}
		_, rate, err := s.LookUp(t.Context(), g.get)
		if len(g.asked) != row.asked || (err == nil) != (row.asked == 1) || rate.Limit != 60 {
			t.Errorf("%s: asked %d times, %+v, %v", name, len(g.asked), rate, err)
		}
	}
}

// TestRestartFuture: what was published after now is not known yet, and is asked for unconditionally.
func TestRestartFuture(t *testing.T) {
	now := noon
	data := save(t, looked(t, &now))
	now = time.Date(2026, 1, 20, 0, 0, 0, 0, time.UTC)
	s := source(&now)
	if err := s.UnmarshalBinary(data); err != nil || !slices.Equal(tags(s.Known()), []string{"v4.5.1", "v4.5.0"}) || len(ids(s.Known())) != 0 {
		t.Fatalf("%v and %v, %v", tags(s.Known()), ids(s.Known()), err)
	}
	g := &github{script: []any{answer(200, entries("v4.5.1", "2026-01-12"))}, advised: &github{script: []any{answer(200, "[]")}}}
	if _, _, err := s.LookUp(t.Context(), g.get); err != nil || g.asked[0].Header.Get("If-None-Match") != "" || g.advised.asked[0].Header.Get("If-None-Match") != "" {
		t.Errorf("%v, asked %+v and %+v", err, g.asked, g.advised.asked)
	}
}

// TestRestoreRefused: what this program did not write is refused, and nothing changes.
func TestRestoreRefused(t *testing.T) {
	now := noon
	good := string(save(t, looked(t, &now)))
	change := func(old, fresh string) string {
		if strings.Count(good, old) == 0 {
			t.Fatalf("no %s in %s", old, good)
		}
		return strings.Replace(good, old, fresh, 1)
	}
	many := func(entry string) string { return strings.TrimSuffix(strings.Repeat(entry+",", maxListed+1), ",") }
	release := `{"tag":"v4.5.2","channel":"stable","published":"2026-02-12T12:00:00Z","security":true}`
	for name, row := range map[string]struct{ data, says string }{
		"nothing":           {"", "JSON"},
		"text":              {"MNMSTATE", "invalid"},
		"half":              {good[:len(good)/2], "JSON"},
		"more behind":       {good + "{}", "invalid"},
		"a list":            {"[]", "cannot"},
		"null":              {"null", "format 0"},
		"no format":         {`{"repository":"mastodon/mastodon"}`, "format 0"},
		"a later format":    {`{"format":2,"releases":{"4.5":["v4.5.2"]},"etag":7}`, "format 2, this program reads 1"},
		"other repository":  {change("mastodon/mastodon", "glitch-soc/mastodon"), "glitch-soc"},
		"no repository":     {`{"format":1}`, `those of ""`},
		"other shape":       {change(`"releases":[`, `"releases":7,"x":[`), "cannot"},
		"no tag":            {change("v4.5.2", "release-4"), "release 0"},
		"other channel":     {change(`"channel":"stable"`, `"channel":"beta"`), "release 0"},
		"no channel":        {change(`"channel":"stable"`, `"channel":""`), "release 0"},
		"no date":           {change("2026-02-12T12:00:00Z", "0001-01-01T00:00:00Z"), "release 0"},
		"a wild date":       {change("2026-02-12T12:00:00Z", "0000-01-01T00:00:00+05:00"), "release 0"},
		"a range of words":  {change("< 4.3.19", "all"), "advisory 0"},
		"no id":             {change("GHSA-1", ""), "advisory 1"},
		"negative":          {change(`"ignored":[1,`, `"ignored":[-1,`), "number"},
		"too many ignored":  {change(`"ignored":[1,`, `"ignored":[3001,`), "number"},
		"a rate below zero": {change(`"Remaining":0`, `"Remaining":-1`), "number"},
		"a long ETag":       {change(`W/\"r\"`, strings.Repeat("r", maxETag+1)), "ETag"},
		"too many releases": {change(release, many(release)), "at most 3000 are read"},
		"more than is read": {good + strings.Repeat(" ", maxState), "bytes"},
	} {
		s := looked(t, &now)
		err := s.UnmarshalBinary([]byte(row.data))
		if err == nil || !strings.Contains(err.Error(), row.says) || len(err.Error()) > 400 {
			t.Errorf("%s: %v", name, err)
		}
		if after := save(t, s); string(after) != good {
			t.Errorf("%s: now it is %s", name, after)
		}
	}
}

// TestSaveDuring saves while a look-up is under way: it gets what was known before, and does not wait.
func TestSaveDuring(t *testing.T) {
	now := noon
	s := looked(t, &now)
	before := save(t, s)
	var during []byte
	g := &github{script: []any{answer(200, entries("v4.5.3", "2026-11-24"))}}
	_, _, err := s.LookUp(t.Context(), func(ctx context.Context, r outbound.Request) (*outbound.Response, error) {
		during = save(t, s)
		return g.get(ctx, r)
	})
	if err != nil || string(during) != string(before) || string(save(t, s)) == string(before) {
		t.Errorf("%v: %s", err, during)
	}
}

// FuzzRestore: whatever is taken in is saved again, and is the same then.
func FuzzRestore(f *testing.F) {
	now := noon
	f.Add(save(f, looked(f, &now)))
	f.Add(save(f, source(&now)))
	f.Add([]byte(`{"format":1,"repository":"mastodon/mastodon","releases":[{"tag":"v9.0.0","channel":"rc","published":"2099-01-01T00:00:00Z"}],"etag":["a","b","c"],"limited":"9999-12-31T23:59:59-14:00"}`))
	f.Add([]byte(`{"format":2}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := source(&now)
		if s.UnmarshalBinary(data) != nil {
			if !s.Known().IsZero() {
				t.Fatal("refused, and yet known")
			}
			return
		}
		k := s.Known()
		for _, r := range k.All() {
			if r.Version.IsZero() || r.Published.After(noon.Add(maxAhead)) || len(r.Tag) > maxText {
				t.Fatalf("%+v", r)
			}
		}
		k.Judge("4.5.1", noon)
		saved := save(t, s)
		if !json.Valid(saved) {
			t.Fatalf("%s", saved)
		}
		again := source(&now)
		if err := again.UnmarshalBinary(saved); err != nil || string(save(t, again)) != string(saved) {
			t.Fatalf("%v: %s", err, saved)
		}
		g := &github{script: []any{answer(304, ""), answer(304, "")}}
		_, _, _ = again.LookUp(t.Context(), g.get)
	})
}
