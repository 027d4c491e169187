package toots

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

const head = `"id":"1","created_at":"2026-08-02T05:25:16.840Z"`

// decoded are the parts of a Toot that the tests below look at, as text.
func decoded(t *Toot) string {
	var b strings.Builder
	for trait, name := range [traits]string{"reply", "quote", "sensitive", "warning", "poll", "card", "bot"} {
		if t.has[trait] {
			b.WriteString(name + " ")
		}
	}
	fmt.Fprintf(&b, "language=%s application=%s", languages.labels[t.language], applications.labels[t.application])
	for kind, n := range t.media {
		if n > 0 {
			fmt.Fprintf(&b, " %s=%d/%d", kindLabels[kind], n, t.described[kind])
		}
	}
	if t.mentions+t.hashtags > 0 {
		fmt.Fprintf(&b, " mentions=%d hashtags=%d%q", t.mentions, t.hashtags, t.tags)
	}
	for name, said := range map[string]bool{" boost": t.Boost, " private": t.private} {
		if said {
			b.WriteString(name)
		}
	}
	return b.String()
}

func TestDecode(t *testing.T) {
	const plain = "language=unknown application=unknown"
	rows := []struct{ name, fields, want string }{
		{"nothing but the head", ``, plain},
		{"all fields null", `"uri":null,"in_reply_to_id":null,"sensitive":null,"spoiler_text":null,"language":null,"content":null,
			"reblog":null,"quote":null,"quote_id":null,"pleroma":null,"application":null,"account":null,"media_attachments":null,
			"mentions":null,"tags":null,"card":null,"poll":null`, plain},
		{"all fields strings", `"in_reply_to_id":"","sensitive":"true","reblog":"","quote":"","pleroma":"x","application":"Web",
			"account":"alice","media_attachments":"image","mentions":"alice","tags":"cat","card":"","poll":""`, plain},
		{"all fields numbers", `"uri":1,"in_reply_to_id":0,"sensitive":1,"spoiler_text":1,"language":1,"content":1,"reblog":0,"quote":0,
			"application":1,"account":1,"media_attachments":1,"mentions":1,"tags":1,"card":0,"poll":0`, plain},
		{"all fields lists, as PHP writes an empty object", `"uri":[],"in_reply_to_id":[],"sensitive":[],"spoiler_text":[],"language":[],
			"content":[],"reblog":[],"quote":[],"pleroma":[],"application":[],"account":[],"card":[],"poll":[]`, plain},
		{"all fields objects", `"uri":{},"sensitive":{},"spoiler_text":{},"language":{},"content":{},
			"application":{},"account":{},"media_attachments":{},"mentions":{},"tags":{}`, plain},
		{"inside of objects all wrong", `"application":{"name":{"a":1}},"account":{"acct":7,"bot":"yes","indexable":"no","noindex":1,"url":[]},
			"media_attachments":[{"type":1,"description":true}],"tags":[{"name":["cat"]}]`,
			plain + ` unknown=1/0 mentions=0 hashtags=1[]`},
		{"inside of lists all wrong", `"media_attachments":[null,1,"image",[{}],true],"mentions":[null,"alice"],"tags":["cat",7]`, plain},

		{"a boost", `"reblog":{"id":"2"}`, plain + " boost"},
		{"a reply", `"in_reply_to_id":"2"`, "reply " + plain},
		{"a reply to a number", `"in_reply_to_id":2`, "reply " + plain},
		{"Mastodon's quote", `"quote":{"state":"accepted","quoted_status":{"id":"2"}}`, "quote " + plain},
		{"a quote that was taken back", `"quote":{"state":"revoked","quoted_status":null}`, "quote " + plain},
		{"a quote as a truth value", `"quote":true`, "quote " + plain},
		{"none as a truth value", `"quote":false`, plain},
		{"Fedibird's quote", `"quote_id":"2","quote":null`, "quote " + plain},
		{"Pleroma's quote", `"pleroma":{"quote":{"id":"A2"}}`, "quote " + plain},
		{"Pleroma's quote that isn't there", `"pleroma":{"quote":null,"quote_url":"https://a.example/objects/2"}`, "quote " + plain},
		{"Pleroma without one", `"pleroma":{"quote":null,"quote_id":null,"quote_url":null,"local":true}`, plain},
		{"sensitive with a warning", `"sensitive":true,"spoiler_text":"eggs"`, "sensitive warning " + plain},
		{"a warning of white space", `"spoiler_text":" \n"`, plain},
		{"poll and card", `"poll":{"id":"1"},"card":{"url":"https://a.example"}`, "poll card " + plain},

		{"a bot", `"account":{"bot":true}`, "bot " + plain},
		{"not indexable", `"account":{"indexable":false}`, plain + " private"},
		{"indexable", `"account":{"indexable":true,"noindex":false}`, plain},
		{"indexable not said", `"account":{"indexable":null,"noindex":null}`, plain},
		{"noindex", `"account":{"noindex":true}`, plain + " private"},
		{"one of both is enough", `"account":{"noindex":true,"indexable":true}`, plain + " private"},

		{"attachments", `"media_attachments":[{"type":"image","description":"a cat"},{"type":"image","description":""},
			{"type":"image","description":null},{"type":"image"},{"description":"b","type":"gifv"},{"type":"video","description":" "},
			{"type":"audio","description":"c"},{"type":"hologram","description":"d"},{}]`,
			plain + " image=4/1 gifv=1/1 video=1/0 audio=1/1 unknown=2/1"},
		{"tags and mentions", `"tags":[{"name":"Cat","url":"https://a.example/tags/cat"},{"name":"日本"}],"mentions":[{"acct":"a"},{"acct":"b"},{"acct":"c"}]`,
			plain + ` mentions=3 hashtags=2["Cat" "日本"]`},
		{"escapes", `"tags":[{"name":"\u0063at\n\ud83d\ude00"}],"\u006canguage":"x","language":"\u0065n"`,
			`language=en application=unknown mentions=0 hashtags=1["cat\n😀"]`},
		{"what isn't UTF-8", `"tags":[{"name":"a` + "\xff" + `b"},{"name":"\ud800"}]`, plain + ` mentions=0 hashtags=2["a�b" "�"]`},
		{"repeated keys: the last one counts", `"language":"de","language":"en","application":{"name":"Web"},"application":{"name":"Tusky"},
			"tags":[{"name":"a"},{"name":"b"}],"tags":[{"name":"c"}],"media_attachments":[{"type":"image"}],"media_attachments":[],
			"mentions":[{},{}],"mentions":[{}],"reblog":{"id":"2"},"reblog":null,"sensitive":true,"sensitive":false`,
			`language=en application=Tusky mentions=1 hashtags=1["c"]`},
		{"deep, but in what isn't read", `"x":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `,"language":"en"`,
			"language=en application=unknown"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			for _, fields := range []string{head + "," + row.fields, row.fields + "," + head} { // the order doesn't matter
				var toot Toot
				if err := toot.Decode([]byte("{" + strings.Trim(fields, ",") + "}")); err != nil {
					t.Fatal(err)
				}
				if got := decoded(&toot); got != row.want {
					t.Errorf("got  %s\nwant %s", got, row.want)
				}
				if toot.ID != "1" || !toot.CreatedAt.Equal(time.UnixMilli(1785648316840)) {
					t.Errorf("id %q of %v", toot.ID, toot.CreatedAt)
				}
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	const at = `"created_at":"2026-08-02T05:25:16Z"`
	rows := []struct {
		name, status string
		want         error
	}{
		{"nothing", ``, ErrSyntax},
		{"a page for people", `<html></html>`, ErrSyntax},
		{"half of it", `{` + head + `,"content":"abc`, ErrSyntax},
		{"two", `{` + head + `}{` + head + `}`, ErrSyntax},
		{"something after it", `{` + head + `} x`, ErrSyntax},
		{"a comma too many", `{` + head + `,}`, ErrSyntax},
		{"a bare word", `{` + head + `,"x":nul}`, ErrSyntax},
		{"too deep", `{` + head + `,"x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, ErrSyntax},
		{"never closed", strings.Repeat(`{"account":`, 100000), ErrSyntax},
		{"null", `null`, ErrShape},
		{"a list", `[{` + head + `}]`, ErrShape},
		{"a string", `"` + strings.Repeat("a", 100) + `"`, ErrShape},
		{"an error", `{"error":"This method requires an authenticated user"}`, ErrShape},
		{"no id", `{` + at + `}`, ErrShape},
		{"id null", `{"id":null,` + at + `}`, ErrShape},
		{"id true", `{"id":true,` + at + `}`, ErrShape},
		{"id an object", `{"id":{},` + at + `}`, ErrShape},
		{"id empty", `{"id":"",` + at + `}`, ErrShape},
		{"id with a space", `{"id":"1 2",` + at + `}`, ErrShape},
		{"id with an escape", `{"id":"\u0031",` + at + `}`, ErrShape},
		{"id that is part of an address", `{"id":"1&limit=9999",` + at + `}`, ErrShape},
		{"id too long", `{"id":"` + strings.Repeat("1", 65) + `",` + at + `}`, ErrShape},
		{"id last unusable", `{"id":"1","id":{},` + at + `}`, ErrShape},
		{"no time", `{"id":"1"}`, ErrShape},
		{"time null", `{"id":"1","created_at":null}`, ErrShape},
		{"time a number", `{"id":"1","created_at":1785648316}`, ErrShape},
		{"time without a zone", `{"id":"1","created_at":"2026-08-02T05:25:16"}`, ErrShape},
		{"time that is none", `{"id":"1","created_at":"yesterday"}`, ErrShape},
		{"time last unusable", `{"id":"1",` + at + `,"created_at":7}`, ErrShape},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var toot Toot
			if err := toot.Decode([]byte(row.status)); !errors.Is(err, row.want) {
				t.Errorf("error %v, want %v", err, row.want)
			}
			if toot.ID != "" || toot.URI != "" || !toot.CreatedAt.IsZero() {
				t.Error("something is left of it")
			}
		})
	}
}

func TestIDs(t *testing.T) {
	for said, want := range map[string]string{
		`"117024248092393661"`:                   "117024248092393661",
		`117024248092393661`:                     "117024248092393661", // Mastodon before 2.0
		`"AHHue68kB59xtUv7MO"`:                   "AHHue68kB59xtUv7MO", // Pleroma
		`"01F8MH75CBF9JFX4ZAD54N0W0R"`:           "01F8MH75CBF9JFX4ZAD54N0W0R",
		`"017eeb0e-e5e7-98fe-6b2b-ad02349251fb"`: "017eeb0e-e5e7-98fe-6b2b-ad02349251fb", // Mitra
		`"null"`:                                 "null",
		`"` + strings.Repeat("1", 64) + `"`:      strings.Repeat("1", 64),
	} {
		var toot Toot
		if err := toot.Decode([]byte(`{"id":` + said + `,"created_at":"2026-08-02T05:25:16+09:00"}`)); err != nil || toot.ID != want {
			t.Errorf("%s: %q, %v", said, toot.ID, err)
		}
	}
}

func TestBounds(t *testing.T) {
	long := func(n int) string { return strings.Repeat("a", n) }
	var names []string
	for i := range 1000 {
		names = append(names, fmt.Sprintf(`{"name":"tag%d"}`, i))
	}
	status := `{` + head + `,"uri":"` + long(3000) + `","content":"` + long(3<<20) + `","account":{"acct":"` + long(600) + `"},` +
		`"tags":[{"name":"` + long(300) + `"},` + strings.Join(names, ",") + `]}`
	var toot Toot
	if err := toot.Decode([]byte(status)); err != nil {
		t.Fatal(err)
	}
	if toot.URI != "" || len(toot.acct) > 0 || toot.hashtags != 1001 || len(toot.tags) != 64 || toot.tags[0] != "tag0" {
		t.Errorf("URI of %d bytes, acct of %d, %d hashtags, the first of %d is %.20q", len(toot.URI), len(toot.acct), toot.hashtags, len(toot.tags), toot.tags[0])
	}
	if n, _ := toot.measure(); n != 1<<20 {
		t.Errorf("length %d, want 1 MiB", n)
	}
	if err := toot.Decode([]byte(`{` + head + `}`)); err != nil {
		t.Fatal(err)
	}
	if n := cap(toot.content) + cap(toot.scratch) + cap(toot.acct); n > 3*keep {
		t.Errorf("%d bytes are kept for the next status", n)
	}
}

func TestDecodePage(t *testing.T) {
	one, two := `{"id":"1","created_at":"2026-08-02T05:25:16Z"}`, `{"id":"2","created_at":"2026-08-02T05:25:15Z","language":"de"}`
	rows := []struct {
		name, body string
		ids        string
		bad        int
		err        error
	}{
		{"two", "[" + one + "," + two + "]", "1 2", 0, nil},
		{"none", " [ ]\n", "", 0, nil},
		{"bad ones are passed over", `[null,` + one + `,{"id":"3"},"x",[` + two + `],7,{},` + two + `,{"id":{},"created_at":[]}]`, "1 2", 7, nil},
		{"no list", `{"error":"no"}`, "", 0, ErrShape},
		{"null", `null`, "", 0, ErrShape},
		{"nothing", ``, "", 0, ErrSyntax},
		{"markup", `<html>`, "", 0, ErrSyntax},
		{"breaks off between", "[" + one + ",{}," + two, "1 2", 1, ErrSyntax},
		{"breaks off within", "[" + one + "," + two[:30], "1", 0, ErrSyntax},
		{"something after it", "[" + one + "]" + one, "1", 0, ErrSyntax},
		{"a comma too many", "[" + one + ",]", "1", 0, ErrSyntax},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var toot Toot
			var ids []string
			bad, err := DecodePage([]byte(row.body), &toot, func(toot *Toot) {
				ids = append(ids, toot.ID)
				if want := map[string]string{"1": "unknown", "2": "de"}[toot.ID]; languages.labels[toot.language] != want {
					t.Errorf("language of %s is %s", toot.ID, languages.labels[toot.language])
				}
			})
			if strings.Join(ids, " ") != row.ids || bad != row.bad || !errors.Is(err, row.err) {
				t.Errorf("%q, %d bad, error %v", ids, bad, err)
			}
		})
	}
}
