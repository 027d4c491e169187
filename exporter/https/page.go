package https

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const (
	maxPage  = 1 << 20 // how much of a page is read, in bytes
	maxDepth = 64      // how deep templates and foreign elements are followed
)

// page is what counts of an HTML page.
type page struct {
	html     bool
	policies []string // of meta elements with a Content-Security-Policy
	referrer string   // of the last meta element with a referrer policy
	base     *string  // the address that others are relative to, of the first base element that has one
	scripts  []script
}

// script is a script element.
type script struct {
	src       string
	loads     bool // it has a src, and is not a drawing's
	integrity bool
}

// page reads the answer's page. Only what says so to the letter is HTML, as for the scanner.
func (v Visit) page() page {
	kind, _, _ := strings.Cut(first(v.Answer.Header, "Content-Type"), ";")
	if kind != "text/html" && kind != "application/xhtml+xml" {
		return page{}
	}
	body := v.Answer.Body
	return readPage(body[:min(len(body), maxPage)])
}

// reader goes through a page, token by token. Of the tree that a parser would build it knows only what decides whether a
// script or a meta element is the page's own: templates, whose content is not; drawings and formulas, in which elements of
// that name are others; and noscript.
type reader struct {
	page
	open     []element
	noscript bool
}

// element is an open one: a template, or one in a drawing or formula.
type element struct {
	name      string
	foreign   string // "svg", "math", or "" for HTML
	htmlStart bool   // start tags in it are HTML's
	textStart bool   // so are those in it but for two
}

func readPage(body []byte) page {
	r := reader{page: page{html: true}}
	z := html.NewTokenizer(bytes.NewReader(body))
	for {
		z.AllowCDATA(r.top().foreign != "")
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			return r.page
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			r.start(z, atom.String(name), more, kind == html.SelfClosingTagToken)
		case html.EndTagToken:
			name, _ := z.TagName()
			r.end(atom.String(name))
		}
	}
}

// top is the innermost open element that counts.
func (r *reader) top() element {
	if len(r.open) == 0 {
		return element{}
	}
	return r.open[len(r.open)-1]
}

func (r *reader) push(e element) {
	if len(r.open) < maxDepth {
		r.open = append(r.open, e)
	}
}

// start takes a start tag.
func (r *reader) start(z *html.Tokenizer, name string, more, closed bool) {
	var a attributes
	if more && reads(name) {
		a = readAttributes(z)
	}
	if name == "base" && a.has("href") && r.base == nil && !r.hidden() { // for the scanner, even in a drawing
		href := a.get("href")
		r.base = &href
	}
	if r.top().takes(name) {
		if !breaksOut(name, a) {
			z.NextIsNotRawText()
			r.startForeign(name, a, closed)
			return
		}
		r.breakOut()
	}
	switch name {
	case "template":
		r.push(element{name: name})
	case "svg", "math":
		if !closed {
			r.push(element{name: name, foreign: name})
		}
	case "noscript": // scripts in it are there for the scanner, which runs none, and meta elements are not
		z.NextIsNotRawText()
		r.noscript = true
	case "script":
		if !r.hidden() {
			r.scripts = append(r.scripts, script{a.get("src"), a.has("src"), a.get("integrity") != ""})
		}
	case "meta":
		if !r.noscript && !r.hidden() {
			r.meta(a)
		}
	}
}

// hidden reports whether this is in a template.
func (r *reader) hidden() bool {
	return slices.ContainsFunc(r.open, func(e element) bool { return e.name == "template" && e.foreign == "" })
}

// startForeign takes a start tag in a drawing or formula.
func (r *reader) startForeign(name string, a attributes, closed bool) {
	in := r.top().foreign
	if name == "script" && !r.hidden() {
		r.scripts = append(r.scripts, script{})
	}
	if closed {
		return
	}
	e := element{name: name, foreign: in}
	switch in {
	case "svg":
		e.htmlStart = name == "foreignobject" || name == "desc" || name == "title"
	case "math":
		encoding := strings.ToLower(a.get("encoding"))
		e.htmlStart = name == "annotation-xml" && (encoding == "text/html" || encoding == "application/xhtml+xml")
		e.textStart = slices.Contains([]string{"mi", "mo", "mn", "ms", "mtext"}, name)
	}
	r.push(e)
}

// takes reports whether a start tag in the element is a drawing's or formula's, and not HTML's.
func (e element) takes(name string) bool {
	switch {
	case e.foreign == "", e.htmlStart:
		return false
	case e.textStart:
		return name == "mglyph" || name == "malignmark"
	case e.name == "annotation-xml":
		return name != "svg"
	}
	return true
}

// breakOut leaves a drawing or formula for the HTML around it.
func (r *reader) breakOut() {
	for r.top().foreign != "" && !r.top().htmlStart && !r.top().textStart {
		r.open = r.open[:len(r.open)-1]
	}
}

// end takes an end tag. It closes the innermost element of that name up to a template; nothing but templates is open there
// of HTML.
func (r *reader) end(name string) {
	switch name {
	case "noscript":
		r.noscript = false
	case "p", "br":
		r.breakOut()
	}
	for i := len(r.open) - 1; i >= 0; i-- {
		e := r.open[i]
		if e.name == name {
			r.open = r.open[:i]
			return
		}
		if e.foreign == "" {
			return
		}
	}
}

// meta takes a meta element. It is a policy's or a referrer policy's, never both.
func (r *reader) meta(a attributes) {
	content := strings.ToValidUTF8(a.get("content"), "\ufffd")
	switch {
	case a.has("http-equiv"):
		if content != "" && trim(lower(a.get("http-equiv"))) == "content-security-policy" {
			r.policies = append(r.policies, content)
		}
	case trim(lower(a.get("name"))) == "referrer" && content != "":
		r.referrer = content
	}
}

// attributes are those that count, in the order of wanted.
type attributes [len(wanted)]struct {
	value string
	there bool
}

// wanted are the attributes that count.
var wanted = [...]string{"src", "integrity", "href", "http-equiv", "content", "name", "encoding", "color", "face", "size"}

// reads reports whether attributes of an element count.
func reads(name string) bool {
	return slices.Contains([]string{"script", "base", "meta", "annotation-xml", "font"}, name)
}

// readAttributes reads them; of several with one name, the tokenizer hands out the first.
func readAttributes(z *html.Tokenizer) (a attributes) {
	for more := true; more; {
		var key, value []byte
		key, value, more = z.TagAttr()
		if i := slices.Index(wanted[:], string(key)); i >= 0 {
			a[i].value, a[i].there = string(value), true
		}
	}
	return a
}

func (a *attributes) get(name string) string { return a[slices.Index(wanted[:], name)].value }
func (a *attributes) has(name string) bool   { return a[slices.Index(wanted[:], name)].there }

// breaking are the elements of HTML that end a drawing or formula in which they begin (HTML, 13.2.6.5).
var breaking = map[string]bool{
	"b": true, "big": true, "blockquote": true, "body": true, "br": true, "center": true, "code": true, "dd": true,
	"div": true, "dl": true, "dt": true, "em": true, "embed": true, "h1": true, "h2": true, "h3": true, "h4": true,
	"h5": true, "h6": true, "head": true, "hr": true, "i": true, "img": true, "li": true, "listing": true,
	"menu": true, "meta": true, "nobr": true, "ol": true, "p": true, "pre": true, "ruby": true, "s": true,
	"small": true, "span": true, "strong": true, "strike": true, "sub": true, "sup": true, "table": true, "tt": true,
	"u": true, "ul": true, "var": true,
}

// breaksOut reports whether a start tag ends a drawing or formula.
func breaksOut(name string, a attributes) bool {
	return breaking[name] || name == "font" && (a.has("color") || a.has("face") || a.has("size"))
}
