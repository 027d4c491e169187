package demo

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// everything is a toot that has all that a toot can have.
func everything(t *Toot) {
	*t = Toot{
		TootID: t.TootID, At: 5 * time.Second, Author: Author{Name: "ann", DisplayName: "Ann & Co", Bot: true, Hidden: true, NoIndex: true}, Language: "de",
		Text: []Part{
			{Kind: Mention, Text: "bob"}, {Text: " "}, {Kind: Mention, Text: "eve", Host: "far.social"}, {Text: ` says "1 < 2" & more` + "\nline\n\nparagraph "},
			{Kind: Link, Text: "https://www.page.example/a?b=1&c=2"}, {Text: " "}, {Kind: Link, Text: "http://page.example/0123456789012345678901"}, {Text: "\n\n"},
			{Kind: Hashtag, Text: "Café", Fold: "cafe"}, {Text: " "}, {Kind: Hashtag, Text: "CAFE", Fold: "cafe"}, {Text: " "}, {Kind: Hashtag, Text: "moss"},
		},
		Warning: "of moss", Sensitive: true, Reply: true, Quote: true, Poll: true, Card: true, Application: "Tusky",
		Media: []Media{{Kind: "image", Description: "a stone"}, {Kind: "video"}, {Kind: "audio", URL: "https://files.example/original/1.mp3"}},
	}
}

// ownHTML is what everything is on its own server, farHTML elsewhere; written by hand after recorded toots.
const (
	ownHTML = `<p><span class="h-card" translate="no"><a href="https://one.social/@bob" class="u-url mention">@<span>bob</span></a></span> ` +
		`<span class="h-card" translate="no"><a href="https://far.social/@eve" class="u-url mention">@<span>eve</span></a></span>` +
		` says &#34;1 &lt; 2&#34; &amp; more<br />line</p><p>paragraph ` +
		`<a href="https://www.page.example/a?b=1&amp;c=2" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">https://www.</span><span class="">page.example/a?b=1&amp;c=2</span><span class="invisible"></span></a> ` +
		`<a href="http://page.example/0123456789012345678901" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">http://</span><span class="ellipsis">page.example/01234567890123456</span><span class="invisible">78901</span></a></p><p>` +
		`<a href="https://one.social/tags/cafe" class="mention hashtag" rel="tag">#<span>Café</span></a> ` +
		`<a href="https://one.social/tags/cafe" class="mention hashtag" rel="tag">#<span>CAFE</span></a> ` +
		`<a href="https://one.social/tags/moss" class="mention hashtag" rel="tag">#<span>moss</span></a></p>`
)

func TestStatusOfAToot(t *testing.T) {
	b := serve(t, WorldOf([]Spec{
		{Name: "one.social", Live: Live{Rate: 1, Compose: everything, Delay: time.Second}},
		{Name: "far.social"}, {Name: "old.social", Version: "4.1.4"}, {Name: "older.social", Version: "3.5.3"},
	}, defaultStart))
	b.step(10 * time.Second)
	read := func(name string) map[string]any {
		t.Helper()
		_, _, body, _ := b.get("https://" + name + "/api/v1/timelines/public")
		var page []map[string]any
		if err := json.Unmarshal(body, &page); err != nil || len(page) != 1 {
			t.Fatalf("%s: %v, %s", name, err, body)
		}
		return page[0]
	}
	own, far, old, older := read("one.social"), read("far.social"), read("old.social"), read("older.social")
	if got := own["content"]; got != ownHTML {
		t.Errorf("it is\n%s\nwant\n%s", got, ownHTML)
	}
	html := far["content"].(string)
	if strings.Contains(html, "<br />") || strings.Count(html, `rel="nofollow noopener" target="_blank"`) != 7 || strings.Contains(html, "@eve@") {
		t.Errorf("elsewhere it is\n%s", html)
	}
	for _, row := range []struct {
		what string
		got  any
		want string
	}{
		{"uri", own["uri"], `"https://one.social/users/ann/statuses/117668472750080000"`},
		{"uri elsewhere", far["uri"], `"https://one.social/users/ann/statuses/117668472750080000"`},
		{"created_at", far["created_at"], `"2026-11-24T00:00:05.000Z"`},
		{"acct", own["account"].(map[string]any)["acct"], `"ann"`},
		{"acct elsewhere", far["account"].(map[string]any)["acct"], `"ann@one.social"`},
		{"bot", far["account"].(map[string]any)["bot"], `true`},
		{"indexable", far["account"].(map[string]any)["indexable"], `false`},
		{"indexable on old ones", old["account"].(map[string]any)["indexable"], `null`},
		{"noindex", own["account"].(map[string]any)["noindex"], `true`},
		{"noindex elsewhere", far["account"].(map[string]any)["noindex"], `null`},
		{"application", own["application"], `{"name":"Tusky","website":null}`},
		{"application elsewhere", far["application"], `null`},
		{"language", far["language"], `"de"`},
		{"spoiler_text", far["spoiler_text"], `"of moss"`},
		{"sensitive", far["sensitive"], `true`},
		{"quote on old ones", old["quote"], `null`},
		{"quote state", own["quote"].(map[string]any)["state"], `"accepted"`},
		{"quoted", own["quote"].(map[string]any)["quoted_status"].(map[string]any)["content"], `"<p>An older one.</p>"`},
		{"card", far["card"].(map[string]any)["url"], `"https://www.page.example/a?b=1&c=2"`},
		{"reply to whom", far["in_reply_to_account_id"], mustJSON(far["account"].(map[string]any)["id"])},
		{"mentions", []any{own["mentions"].([]any)[0].(map[string]any)["acct"], own["mentions"].([]any)[1].(map[string]any)["acct"]}, `["bob","eve@far.social"]`},
		{"mentions elsewhere", []any{far["mentions"].([]any)[0].(map[string]any)["acct"], far["mentions"].([]any)[1].(map[string]any)["acct"]}, `["bob@one.social","eve"]`},
		{"tags", far["tags"], `[{"name":"Café","url":"https://far.social/tags/cafe"},{"name":"moss","url":"https://far.social/tags/moss"}]`},
		{"description", far["media_attachments"].([]any)[0].(map[string]any)["description"], `"a stone"`},
		{"no description", far["media_attachments"].([]any)[1].(map[string]any)["description"], `null`},
		{"media's url", far["media_attachments"].([]any)[2].(map[string]any)["url"], `"https://files.example/original/1.mp3"`},
	} {
		if got := mustJSON(row.got); got != row.want {
			t.Errorf("%s is %s, want %s", row.what, got, row.want)
		}
	}
	for _, row := range []struct {
		status map[string]any
		has    [3]bool // application, quote, poll
	}{{own, [3]bool{true, true, true}}, {far, [3]bool{false, true, true}}, {older, [3]bool{false, false, true}}} {
		for i, key := range []string{"application", "quote", "poll"} {
			if _, has := row.status[key]; has != row.has[i] {
				t.Errorf("%s says %s: %v", row.status["uri"], key, has)
			}
		}
	}
	if own["id"] == far["id"] || own["id"].(string)[:10] != far["id"].(string)[:10] {
		t.Errorf("ids are %s and %s", own["id"], far["id"])
	}
	toot := Toot{}
	everything(&toot)
	// "of moss" 7; "@bob @eve" 9; ` says "1 < 2" & more` 20; line break, "line", paragraph, "paragraph " 1+4+2+10; links 23+1+23;
	// paragraph 2; "#Café #CAFE #moss" 17.
	if n := toot.Length(); n != 119 {
		t.Errorf("it counts %d characters", n)
	}
}

func mustJSON(v any) string {
	b, err := encode(v)
	if err != nil {
		panic(err)
	}
	return strings.TrimSpace(string(b))
}
