package toots

import (
	"os"
	"testing"
)

func TestLength(t *testing.T) {
	link := `<a href="https://example.com/a/very/long/path/that/nobody/wants/to/read" target="_blank" rel="nofollow noopener" translate="no">` +
		`<span class="invisible">https://</span><span class="ellipsis">example.com/a/very/long/path/t</span>` +
		`<span class="invisible">hat/nobody/wants/to/read</span></a>`
	mention := `<span class="h-card" translate="no"><a href="https://example.com/@alice" class="u-url mention">@<span>alice</span></a></span>`
	hashtag := `<a href="https://example.com/tags/caturday" class="mention hashtag" rel="tag">#<span>caturday</span></a>`
	rows := []struct {
		name, warning, content string
		characters, links      int
	}{
		{"nothing", "", "", 0, 0},
		{"one paragraph", "", "<p>Hello</p>", 5, 0},
		{"line breaks count one", "", "<p>one<br />two<br>three</p>", 13, 0},
		{"a paragraph counts two", "", "<p>one</p><p>two</p>", 8, 0},
		{"a line feed between paragraphs is layout", "", "<p>one</p>\n<p>two</p>\n", 8, 0},
		{"no paragraphs, as in Pleroma", "", "one<br><br>two", 8, 0},
		{"a break at the end of a paragraph isn't drawn", "", "<p>one<br></p><p>two</p>", 8, 0},
		{"content warning and text are joined", "eggs", "<p>Hello</p>", 9, 0},
		{"a content warning is plain text", "<b>&amp;", "<p>Hello</p>", 13, 0},
		{"white space around a content warning", "  eggs \n", "<p>Hello</p>", 9, 0},
		{"only a content warning", "eggs", "", 4, 0},

		{"a link counts 23", "", "<p>see " + link + "</p>", 27, 1},
		{"a short link counts 23", "", `<p>see <a href="http://a.de">http://a.de</a></p>`, 27, 1},
		{"two links", "", "<p>" + link + " " + link + "</p>", 47, 2},
		{"a markdown link counts as its address", "", `<p>see <a href="https://example.com/">here</a>.</p>`, 28, 1},
		{"a link around nothing", "", `<p>see <a href="https://example.com/"></a></p>`, 27, 1},
		{"a link around a picture", "", `<p>see <a href="https://example.com/"><img src="x" alt="a cat"></a></p>`, 27, 1},
		{"an anchor without an address is no link", "", `<p>see <a name="x">here</a></p>`, 8, 0},
		{"a link that is never closed", "", `<p>see <a href="https://example.com/">here`, 27, 1},
		{"a link in a link", "", `<a href="https://a.example/">one<a href="https://b.example/">two</a>`, 46, 2},
		{"xmpp is linked and counts as it is", "", `<p><a href="xmpp:alice@example.com">xmpp:alice@example.com</a></p>`, 22, 1},
		{"magnet likewise", "", `<p><a href="magnet:?xt=urn:btih:c12">magnet:?xt=urn:btih:c12</a></p>`, 23, 1},
		{"gemini is a link like others", "", `<p><a href="gemini://example.com/">gemini://example.com/</a></p>`, 23, 1},
		{"an address that nobody linked", "", "<p>see https://example.com/a/very/long/path/that/nobody/wants/to/read</p>", 27, 0},
		{"and the full stop after it", "", "<p>(see https://example.com/path).</p>", 30, 0},
		{"an address in a query", "", "<p>https://example.com/?a=b&amp;c=d#e, or</p>", 27, 0},
		{"an address without a protocol is text", "", "<p>see example.com/path</p>", 20, 0},
		{"an address without a domain is text", "", "<p>see http://localhost/</p>", 21, 0},

		{"a mention counts without the server", "", "<p>" + mention + " hi</p>", 9, 0},
		{"with the server in the text, as in Misskey", "", `<p><a href="https://example.com/@alice" class="u-url mention">@alice@example.com</a> hi</p>`, 9, 0},
		{"a mention without class", "", `<a href="https://example.com/@alice">@alice@example.com</a> hi`, 9, 0},
		{"the sign before the link, as in Friendica", "", `@<a class="u-url mention" href="https://example.com/alice">alice</a> hi`, 9, 0},
		{"a mention of somebody who can't be found", "", "<p>@alice@example.com hi</p>", 9, 0},
		{"with punctuation around it", "", "<p>(@alice.b-c@xn--bcher-kva.example), hi</p>", 16, 0},
		{"a local mention is as it is", "", "<p>@alice hi</p>", 9, 0},
		{"a mail address is text", "", "<p>alice@example.com or bob@example.com</p>", 36, 0},
		{"an address with a mention in it", "", "<p>https://example.com/@alice@example.org/1</p>", 23, 0},

		{"a hashtag counts as it is", "", "<p>" + hashtag + " hi</p>", 12, 0},
		{"a hashtag without class, as of Misskey", "", `<a href="https://example.com/tags/caturday" rel="nofollow">#caturday</a> hi`, 12, 0},
		{"with only rel, as in Pleroma", "", `<a class="hashtag" data-tag="caturday" href="https://example.com/tag/caturday" rel="tag ugc">#caturday</a>`, 9, 0},
		{"with the full-width sign", "", `<a href="https://example.com/tags/x">＃猫</a>`, 2, 0},

		{"an attachment's link", "", `<p>cat <br><a href="https://example.com/media/1.jpg" class="attachment">1.jpg</a></p>`, 5, 0},
		{"a picture that became a link", "", `<p>cat<a href="https://example.com/1.jpg">[🖼  a cat]</a></p>`, 3, 0},
		{"a custom emoji", "", "<p>:blobcat: hi</p>", 12, 0},
		{"a custom emoji as a picture", "", `<p><img class="emoji" alt=":blobcat:" src="https://example.com/1.png"> hi</p>`, 12, 0},
		{"the link to a quoted toot", "", `<p class="quote-inline">RE: ` + link + `</p><p>Hello</p>`, 5, 0},
		{"the same in a span", "", `<p>Hello<span class="quote-inline"><br/>RE: <a href="https://example.com/1"><span class="invisible">https://</span>example.com/1</a></span></p>`, 5, 0},

		{"entities", "", "<p>a &amp; b &lt;c&gt; &quot;d&#39; &#x41; &nbsp;</p>", 17, 0},
		{"spaces are kept, as in Mastodon", "", "<p>a  b   c</p>", 8, 0},
		{"at both ends they aren't", "", "<p>  a b  </p>", 3, 0},
		{"before a line break they are", "", "<p>a  <br />b</p>", 5, 0},
		{"and at the end of a paragraph", "", "<p>a  </p><p>b</p>", 6, 0},
		{"and after the last break of one", "", "<p>a<br /> </p><p>b</p>", 6, 0},
		{"but not between paragraphs", "", "<p>a</p>  <p>b</p>", 4, 0},
		{"a break and layout", "", "<p>a<br />\n  b</p>", 3, 0},
		{"a line feed in the text is a space", "", "<p>a\n   b\r\nc</p>", 5, 0},
		{"an indented line", "", "<p>a<br />  b</p>", 5, 0},
		{"white space only", "", "<p> \n </p>", 0, 0},

		{"emphasis", "", "<p>a <strong>b</strong> <em>c</em> <del>d</del></p>", 7, 0},
		{"headings", "", "<h1>Title</h1><p>text</p>", 11, 0},
		{"a list", "", "<p>buy:</p><ul><li>milk</li><li>bread</li></ul><p>now</p>", 21, 0},
		{"a list with layout", "", "<p>buy:</p>\n<ul>\n  <li>milk</li>\n  <li>bread</li>\n</ul>\n<p>now</p>", 21, 0},
		{"a quotation", "", "<blockquote><p>to be</p></blockquote><p>or not</p>", 13, 0},
		{"divisions", "", "<div>one</div><div>two</div>", 7, 0},
		{"code keeps its lines", "", "<pre><code>if a {\n  b()\n}\n</code></pre>", 14, 0},
		{"code in the line", "", "<p>run <code>go test</code></p>", 11, 0},
		{"what isn't text", "", "<p>a<script>alert('<p>b</p>')</script><style>p{}</style><svg><text>c</text></svg><!-- d --></p>", 1, 0},

		{"Japanese", "", "<p>日本語のトゥート</p>", 8, 0},
		{"a family is one character", "", "<p>👨‍👩‍👧‍👦</p>", 1, 0},
		{"a flag is one", "", "<p>🇩🇪🏳️‍⚧️</p>", 2, 0},
		{"a colour of skin is none", "", "<p>👍🏽</p>", 1, 0},
		{"a keycap is one", "", "<p>1️⃣</p>", 1, 0},
		{"a combined letter is one", "", "<p>e\u0301</p>", 1, 0},
		{"across an element", "", "<p>e<b>\u0301</b></p>", 1, 0},
		{"Hangul of parts", "", "<p>\u1112\u1161\u11ab</p>", 1, 0},
		{"a byte that isn't UTF-8 is one", "", "<p>a\xffb</p>", 3, 0},
		{"a NUL", "", "<p>a\x00b</p>", 3, 0},

		{"unclosed and misnested", "", "<p>a<b>b<i>c</b>d</p></div></li>e", 7, 0},
		{"not HTML", "", "a < b > c << d", 14, 0},
		{"a tag that breaks off", "", "<p>abc</p><a href=\"http", 3, 0},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			toot := Toot{spoiler: []byte(row.warning), content: []byte(row.content)}
			for range 2 { // measuring leaves no trace
				if characters, links := toot.measure(); characters != row.characters || links != row.links {
					t.Errorf("%d characters and %d links, want %d and %d; text %q", characters, links, row.characters, row.links, toot.scratch)
				}
			}
		})
	}
}

// The lengths of recorded statuses, counted by hand on the text as it is read in a browser.
func TestRecordedLengths(t *testing.T) {
	type count struct{ characters, links int }
	want := map[string]map[string]count{
		"dev-api-v1-timelines-public.json": {
			"117020593134559451": {14, 0}, // Toot, finally!
			"117020592137523525": {32, 0}, // with an entity
			"117020588169351887": {37, 0}, // begins with a mention of 16
			"117020582721532745": {4, 0},
		},
		"fedibird-2022-statuses.json": {
			"107831528995252317": {18, 0}, // a content warning of 7 and 11
			"107673570082615319": {10, 0}, // a quote, whose link is the server's
		},
		"fedibird-3.4.1-timeline-quotes.json": {
			"109736661401994267": {4, 0},  // a quote and a reference
			"109736541992654675": {11, 0}, // a mention with a server on a second line
			"109736584090627360": {16, 0}, // 6, a line break, 9
		},
		"friendica-2022-status.json":                {"106": {39, 0}},
		"gotosocial-0.20-testrig-statuses.json":     {"01F8MH75CBF9JFX4ZAD54N0W0R": {62, 0}, "01HE7XJ1CG84TBKH5V9XKBVGF5": {61, 0}},
		"mastodon-2022-12-timelines-public.json":    {"109491892470165300": {23, 1}, "109491892041092968": {0, 0}, "109491892314600595": {65, 1}},
		"mastodon-2023-statuses.json":               {"112300188527054704": {44, 1}, "AQgIdalRCRfsNV6KzA": {52, 0}},
		"mastodon-4.6.3-dev-trends-statuses.json":   {"117025636270052647": {31, 0}, "117025634201088424": {27, 0}},
		"mastodon.social-4.6-2026-04-statuses.json": {"110446383900387196": {25, 0}, "110447098625216345": {70, 1}, "115044073088181107": {74, 1}},
		"pleroma-2022-statuses.json":                {"AHHue68kB59xtUv7MO": {9, 0}},
	}
	for file, lengths := range want {
		body, err := os.ReadFile("testdata/recorded/" + file)
		if err != nil {
			t.Fatal(err)
		}
		_, err = DecodePage(body, new(Toot), func(toot *Toot) {
			want, ok := lengths[toot.ID]
			if !ok {
				return
			}
			delete(lengths, toot.ID)
			if characters, links := toot.measure(); (count{characters, links}) != want {
				t.Errorf("%s, %s: %d characters and %d links, want %v", file, toot.ID, characters, links, want)
			}
		})
		if err != nil {
			t.Error(file, err)
		}
		for id := range lengths {
			t.Errorf("%s: %s isn't there", file, id)
		}
	}
}
