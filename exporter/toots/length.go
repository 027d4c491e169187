package toots

import (
	"bytes"
	"regexp"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

// placeholder is what a link counts as, StatusLengthValidator's URL_PLACEHOLDER.
const placeholder = "xxxxxxxxxxxxxxxxxxxxxxx"

// measure counts the characters of the toot and the links in its text.
func (t *Toot) measure() (characters, links int) {
	p := plain{out: append(wipe(t.scratch), bytes.TrimSpace(t.spoiler)...)}
	p.start = len(p.out)
	p.read(t.content)
	t.scratch = p.out
	for clusters := graphemes.FromBytes(p.out); clusters.Next(); {
		characters++
	}
	return characters, p.links
}

// plain is the text that an author typed, as far as counting needs it: links have become the placeholder, mentions have lost
// their server. It is written word by word; the white space between words waits until it is known that a word follows.
type plain struct {
	out   []byte
	start int // where in out the text begins
	links int

	lines   int  // line breaks that wait
	held    int  // both, of lines that are over
	spaces  int  // spaces that wait
	wrapped bool // there is a line feed among them: then they are the layout of the HTML, and together one space
	pre     int  // how many <pre> are open: in them a line feed is a line break

	anchor anchor // what the open <a> is
	mark   int    // where in out its text begins, -1 as long as there is none

	hidden hidden
}

// anchor is what an <a> stands for.
type anchor int

const (
	noAnchor  anchor = iota
	linkTo           // an address, which counts as the placeholder
	longLink         // an address that Mastodon links but counts as it is: xmpp, magnet
	mediaLink        // an attachment's, which software added
	mentionOf
	hashtagOf
)

// text adds text without markup.
func (p *plain) text(b []byte) {
	for len(b) > 0 {
		n := 0
		for n < len(b) && !isSpace(b[n]) {
			n++
		}
		switch {
		case n > 0:
			p.word(b[:n])
		case b[0] == '\n' && p.pre > 0:
			p.newline()
		case b[0] == '\n':
			p.wrapped = true
		default:
			p.spaces++
		}
		b = b[max(n, 1):]
	}
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

func (p *plain) word(w []byte) {
	p.flush()
	switch {
	case p.anchor == noAnchor:
		w = unlinked(w)
	case p.mark < 0:
		p.mark = len(p.out)
	}
	p.out = append(p.out, w...)
}

// flush writes the white space that waits. Before the first word there is none: Mastodon strips it.
func (p *plain) flush() {
	if len(p.out) > p.start {
		if p.wrapped {
			p.spaces = 1 - min(p.lines, 1)
		}
		p.write(' ', p.held)
		p.write('\n', p.lines)
		p.write(' ', p.spaces)
	}
	p.lines, p.held, p.spaces, p.wrapped = 0, 0, 0, false
}

func (p *plain) write(c byte, n int) {
	for range n {
		p.out = append(p.out, c)
	}
}

// begin is where an element begins that is drawn by itself: at least so many line breaks are between it and what is before.
func (p *plain) begin(lines int) {
	p.lines, p.spaces, p.wrapped = max(p.lines, lines), 0, false
}

// end is where such an element ends. Unlike the spaces between elements, those at the end of one were typed.
func (p *plain) end(lines int) {
	p.settle()
	p.begin(lines)
}

// newline is a line break that was typed.
func (p *plain) newline() {
	p.settle()
	p.begin(p.lines + 1)
}

// settle keeps the spaces that wait, and the line breaks before them, whatever comes.
func (p *plain) settle() {
	if p.spaces > 0 && !p.wrapped {
		p.held, p.lines = p.held+p.lines+p.spaces, 0
	}
}

// enter begins an <a>. There can't be one in another.
func (p *plain) enter(kind anchor) {
	p.leave()
	p.anchor, p.mark = kind, -1
}

// leave ends an <a>. What the markup doesn't say, its text does, as in Mastodon's web client.
func (p *plain) leave() {
	kind := p.anchor
	p.anchor = noAnchor
	if kind == noAnchor || p.mark < 0 && kind != linkTo {
		return
	}
	if p.mark < 0 { // a link around nothing, or a picture
		p.flush()
		p.mark = len(p.out)
	}
	text := p.out[p.mark:]
	if kind == linkTo {
		kind = told(text)
	}
	switch kind {
	case linkTo:
		p.links++
		p.cut(p.mark)
		p.out = append(p.out, placeholder...)
	case longLink:
		p.links++
	case mediaLink:
		p.cut(p.mark)
	case mentionOf:
		if at := bytes.IndexByte(text[1:], '@'); at >= 0 {
			p.cut(p.mark + 1 + at)
		}
	}
}

// cut takes back what was written from there on, also out of memory.
func (p *plain) cut(from int) {
	wipe(p.out[from:])
	p.out = p.out[:from]
}

// told is what a link is by its text. A picture in the text becomes a link to it in Mastodon, with this sign.
func told(text []byte) anchor {
	for _, s := range signs {
		if len(text) > len(s.sign) && string(text[:len(s.sign)]) == s.sign {
			return s.kind
		}
	}
	return linkTo
}

var signs = [...]struct {
	sign string
	kind anchor
}{{"#", hashtagOf}, {"＃", hashtagOf}, {"@", mentionOf}, {"[🖼", mediaLink}}

// What Mastodon takes for an address and for a mention, shortened to what tells in practice (its own expressions are in
// config/initializers/twitter_regex.rb and Account::MENTION_RE). Other software doesn't link all of them, and Mastodon doesn't
// link who can't be found, but they count as if they were linked.
var (
	address = regexp.MustCompile(`(?i)(^|[^a-z0-9@＠$#＃])(?:https?|dat|dweb|ipfs|ipns|ssb|gopher|gemini)://` +
		`(?:[\pL\pN_-]+\.)+\pL[\pL\pN-]*(?::[0-9]+)?(?:[/?][^\s<>]*[^\s<>()?!*"'「」;:=,.$%\[\]~&|])?/?`)
	mentioned = regexp.MustCompile(`(^|[^=/\pL\pM\pN\p{Pc}])(@[A-Za-z0-9_]+(?:[.-]+[A-Za-z0-9_]+)*)` +
		`@[\pL\pM\pN\p{Pc}]+(?:[.-]+[\pL\pM\pN\p{Pc}]+)*`)
)

// unlinked is a word as it counts outside of links. Words longer than anybody types are left as they are.
func unlinked(word []byte) []byte {
	if len(word) > 4<<10 {
		return word
	}
	if bytes.Contains(word, []byte("://")) {
		word = address.ReplaceAll(word, []byte("${1}"+placeholder))
	}
	if bytes.Count(word, []byte("@")) > 1 {
		word = mentioned.ReplaceAll(word, []byte("${1}${2}"))
	}
	return word
}
