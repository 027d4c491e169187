package toots

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

func seedStatuses(f *testing.F) {
	for _, s := range recordedStatuses(f) {
		f.Add(s)
	}
	for _, s := range []string{
		`{}`, `[]`, `null`, `{"id":1,"created_at":"2026-08-02T05:25:16Z"}`, `{"id":"1","created_at":"2026-08-02T05:25:16Z","tags":[{"name":"a"},7]}`,
		`{"id":"1","created_at":"2026-08-02T05:25:16Z","account":{"acct":"a@b","url":"https://c/"},"quote":{},"id":"2"}`,
	} {
		f.Add([]byte(s))
	}
}

// FuzzDecode holds Decode against encoding/json, which takes the same documents apart in its own way.
func FuzzDecode(f *testing.F) {
	seedStatuses(f)
	tally := New(Options{Names: testNames, Now: time.Now, Country: func(string) string { return "" }, Hashtags: HashtagRules{Top: 1, MinAuthors: 1, MinServers: 1}})
	origin := tally.at(f, "a.net")
	f.Fuzz(func(t *testing.T, body []byte) {
		var toot Toot
		err := toot.Decode(body)
		if errors.Is(err, ErrSyntax) == json.Valid(body) {
			t.Fatalf("error %v, and encoding/json has it the other way", err)
		}
		var fields struct{ id, at string }
		var want map[string]json.RawMessage
		if json.Unmarshal(body, &want) == nil {
			_, _ = json.Unmarshal(want["id"], &fields.id), json.Unmarshal(want["created_at"], &fields.at)
		}
		var at time.Time
		good := usual(fields.id) && at.UnmarshalText([]byte(fields.at)) == nil && !at.IsZero()
		if escapes := bytes.ContainsRune(body, '\\'); good && !escapes && err != nil {
			t.Errorf("refused id %q of %v: %v", fields.id, at, err)
		}
		if err != nil {
			if toot.ID != "" || len(toot.content) > 0 || len(toot.tags) > 0 {
				t.Error("something is left after an error")
			}
			return
		}
		if good && (toot.ID != fields.id || !toot.CreatedAt.Equal(at)) {
			t.Errorf("id %q of %v, want %q of %v", toot.ID, toot.CreatedAt, fields.id, at)
		}
		if !usual(toot.ID) || toot.CreatedAt.IsZero() || len(toot.tags) > maxTags || len(toot.tags) > toot.hashtags || !utf8.ValidString(toot.URI) {
			t.Errorf("id %q, time %v, %d of %d hashtags, URI %q", toot.ID, toot.CreatedAt, len(toot.tags), toot.hashtags, toot.URI)
		}
		tally.Take(origin, &toot, true)
	})
}

func usual(id string) bool {
	return id != "" && len(id) <= 64 && strings.Trim(id, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_") == ""
}

// FuzzDecodePage: whatever comes, the statuses that are handed on are usable, and a page of one is read as Decode reads it.
func FuzzDecodePage(f *testing.F) {
	for _, s := range recordedStatuses(f) {
		f.Add([]byte("[" + string(s) + "]"))
	}
	f.Add([]byte(`[{"id":"1","created_at":"2026-08-02T05:25:16Z"},{},null,{"id":"2","created_at":"2026-08-02T05:25:16Z"}]`))
	f.Add([]byte(`[[[[`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var toot Toot
		handed := 0
		bad, err := DecodePage(body, &toot, func(toot *Toot) {
			handed++
			if !usual(toot.ID) || toot.CreatedAt.IsZero() {
				t.Errorf("handed on id %q, time %v", toot.ID, toot.CreatedAt)
			}
		})
		if toot.ID != "" || len(toot.content) > 0 {
			t.Error("something is left")
		}
		var list []json.RawMessage
		if wantErr := json.Unmarshal(body, &list); (wantErr == nil && list != nil) != (err == nil) {
			t.Fatalf("error %v, by encoding/json %v", err, wantErr)
		}
		if err == nil && handed+bad != len(list) {
			t.Errorf("%d handed on and %d bad of %d", handed, bad, len(list))
		}
		if err != nil {
			return
		}
		good := 0
		for _, status := range list {
			if toot.Decode(status) == nil {
				good++
			}
		}
		if good != handed {
			t.Errorf("%d handed on, but %d by themselves", handed, good)
		}
	})
}

// FuzzLength: whatever comes is counted, as the same each time, and within bounds.
func FuzzLength(f *testing.F) {
	for _, s := range recordedStatuses(f) {
		var toot Toot
		if err := toot.Decode(s); err != nil {
			f.Fatal(err)
		}
		f.Add(string(toot.spoiler), string(toot.content))
	}
	f.Add("", "<a href=x>@a@b.c<a class=mention>@@</a>")
	f.Add("e\u0301", "<pre>\n a </pre><ul><li>\u0301")
	f.Add("", "<span class=quote-inline><span></span>a</span>b")
	f.Add("", "(@a@b.c https://a.example/b).")
	f.Fuzz(func(t *testing.T, spoiler, content string) {
		toot := Toot{spoiler: []byte(spoiler), content: []byte(content)}
		n, links := toot.measure()
		if again, _ := toot.measure(); n != again {
			t.Errorf("%d characters, then %d", n, again)
		}
		if string(toot.content) != content || string(toot.spoiler) != spoiler {
			t.Error("the toot was changed")
		}
		// A link is 23 characters and some bytes, and so is a paragraph's end.
		if most := utf8.RuneCountInString(spoiler) + 23*len(content); n < 0 || n > most {
			t.Errorf("%d characters, at most %d", n, most)
		}
		if links < 0 || links > strings.Count(strings.ToLower(content), "<a") {
			t.Errorf("%d links", links)
		}
	})
}

// FuzzTyped makes HTML of a text as Mastodon's TextFormatter does, and wants back the length of what was typed.
func FuzzTyped(f *testing.F) {
	gaps := regexp.MustCompile(`\n\n+`)
	f.Add("Hello\n\nworld & <you>")
	f.Add("a  b \n c\n\n\n\n d\n")
	f.Add("👩‍👩‍👧 e\u0301 日本語\n#tag")
	f.Fuzz(func(t *testing.T, typed string) {
		// Status strips white space; more than two line feeds are a paragraph's end; controls, and what HTML forbids, aren't typed.
		typed = strings.Trim(gaps.ReplaceAllString(typed, "\n\n"), " \n")
		if strings.ContainsAny(typed, "@:") || !utf8.ValidString(typed) || strings.ContainsFunc(typed, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f }) {
			return // Mastodon would make a link of it, or not take it
		}
		escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;").Replace(typed)
		content := "<p>" + strings.NewReplacer("\n\n", "</p><p>", "\n", "<br />").Replace(escaped) + "</p>"
		want := 0
		for clusters := graphemes.FromString(typed); clusters.Next(); {
			want++
		}
		toot := Toot{content: []byte(content)}
		if n, links := toot.measure(); n != want || links != 0 {
			t.Errorf("%q: %d characters and %d links, want %d; text %q", content, n, links, want, toot.scratch)
		}
	})
}
