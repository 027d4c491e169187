package demo

import (
	"html"
	"net/url"
	"strings"
)

// shownLink is how many characters of a link Mastodon shows, without its scheme.
const shownLink = 30

// markup is a text as Mastodon shows it, on the server home where it was written; own: it is shown there.
func markup(text []Part, home string, own bool) string {
	var b strings.Builder
	rel, br := ` rel="nofollow noopener" target="_blank"`, "<br>"
	if own {
		rel, br = ` target="_blank" rel="nofollow noopener" translate="no"`, "<br />"
	}
	breaks := strings.NewReplacer("\n\n", "</p><p>", "\n", br)
	for _, p := range text {
		switch p.Kind {
		case Words:
			b.WriteString(breaks.Replace(html.EscapeString(p.Text)))
		case Link:
			link(&b, p.Text, rel)
		case Mention:
			host := p.Host
			if host == "" {
				host = home
			}
			relMention := rel
			if own {
				relMention = ""
			}
			b.WriteString(`<span class="h-card" translate="no"><a href="https://` + host + `/@` + p.Text + `" class="u-url mention"` + relMention + `>@<span>` + p.Text + `</span></a></span>`)
		case Hashtag:
			relTag := ` rel="nofollow noopener" target="_blank"`
			if own {
				relTag = ` rel="tag"`
			}
			b.WriteString(`<a href="` + tagPage(home, &p) + `" class="mention hashtag"` + relTag + `>#<span>` + p.Text + `</span></a>`)
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "<p>" + b.String() + "</p>"
}

// link is a URL whose scheme and far end can't be seen.
func link(b *strings.Builder, to, rel string) {
	rest := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(to, "https://"), "http://"), "www.")
	prefix, class, end := to[:len(to)-len(rest)], "", ""
	if runes := []rune(rest); len(runes) > shownLink {
		class, rest, end = "ellipsis", string(runes[:shownLink]), string(runes[shownLink:])
	}
	b.WriteString(`<a href="` + html.EscapeString(to) + `"` + rel + `><span class="invisible">` + prefix + `</span><span class="` + class + `">` +
		html.EscapeString(rest) + `</span><span class="invisible">` + html.EscapeString(end) + `</span></a>`)
}

// tagPage is the page of a hashtag on a server.
func tagPage(server string, p *Part) string {
	return "https://" + server + "/tags/" + url.PathEscape(p.folded())
}
