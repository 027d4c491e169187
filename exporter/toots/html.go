package toots

import (
	"bytes"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// hidden is an element whose content doesn't count, and how many of its kind are open in it.
type hidden struct {
	tag   atom.Atom // 0: none
	depth int
}

// read adds the text of a piece of HTML.
func (p *plain) read(content []byte) {
	if len(content) == 0 {
		return
	}
	z := html.NewTokenizer(bytes.NewReader(content))
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken: // the end
			p.leave()
			return
		case html.TextToken:
			if p.hidden.tag == 0 {
				p.text(z.Text())
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			p.open(z, atom.Lookup(name), more, kind == html.SelfClosingTagToken)
		case html.EndTagToken:
			name, _ := z.TagName()
			p.shut(atom.Lookup(name))
		}
	}
}

func (p *plain) open(z *html.Tokenizer, tag atom.Atom, more, closed bool) {
	if p.hidden.tag != 0 {
		if tag == p.hidden.tag && !closed {
			p.hidden.depth++
		}
		return
	}
	var is attributes
	for more && (tag == atom.A || tag == atom.P || tag == atom.Span || tag == atom.Img) {
		var key, value []byte
		key, value, more = z.TagAttr()
		is.note(key, value)
	}
	if (is.added || unseen(tag)) && !closed {
		p.hidden = hidden{tag, 1}
		return
	}
	switch tag {
	case atom.Br:
		p.newline()
	case atom.A:
		p.enter(is.anchor())
	case atom.Img:
		p.text(is.alt)
	case atom.Pre:
		p.pre++
	}
	if n := distance(tag); n > 0 {
		p.begin(n)
	}
}

func (p *plain) shut(tag atom.Atom) {
	if p.hidden.tag != 0 {
		if tag == p.hidden.tag {
			p.hidden.depth--
		}
		if p.hidden.depth == 0 {
			p.hidden = hidden{}
		}
		return
	}
	switch tag {
	case atom.A:
		p.leave()
	case atom.Pre:
		p.pre = max(p.pre-1, 0)
	}
	if n := distance(tag); n > 0 {
		p.end(n)
	}
}

// distance is how many line breaks are between an element and its neighbours, 0 if it stands in the line.
func distance(tag atom.Atom) int {
	switch tag {
	case atom.P, atom.Blockquote, atom.Pre, atom.Ul, atom.Ol, atom.Dl, atom.Table, atom.Figure, atom.Hr,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return 2
	case atom.Div, atom.Li, atom.Dt, atom.Dd, atom.Tr, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Aside, atom.Main,
		atom.Nav, atom.Address, atom.Figcaption, atom.Details, atom.Summary:
		return 1
	}
	return 0
}

// unseen says whether an element's content isn't text: those that PlainTextFormatter removes.
func unseen(tag atom.Atom) bool {
	switch tag {
	case atom.Iframe, atom.Math, atom.Noembed, atom.Noframes, atom.Noscript, atom.Plaintext, atom.Script, atom.Style, atom.Svg, atom.Xmp:
		return true
	}
	return false
}

// attributes are what those of an element say.
type attributes struct {
	href, long, mention, hashtag, attachment bool
	added                                    bool   // the server put it there: the link to a quoted toot (Fedibird's references likewise)
	alt                                      []byte // of a picture; a custom emoji's is its shortcode
}

func (is *attributes) note(key, value []byte) {
	switch string(key) {
	case "href":
		is.href = true
		is.long = bytes.HasPrefix(value, []byte("xmpp:")) || bytes.HasPrefix(value, []byte("magnet:"))
	case "alt":
		is.alt = value
	case "class", "rel":
		for word := range bytes.FieldsSeq(value) {
			switch string(word) {
			case "mention":
				is.mention = true
			case "hashtag", "tag":
				is.hashtag = true
			case "attachment":
				is.attachment = true
			case "quote-inline", "reference-link-inline":
				is.added = true
			}
		}
	}
}

func (is *attributes) anchor() anchor {
	switch {
	case is.hashtag:
		return hashtagOf
	case is.mention:
		return mentionOf
	case is.attachment:
		return mediaLink
	case is.long:
		return longLink
	case is.href:
		return linkTo
	}
	return noAnchor
}
