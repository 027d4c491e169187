package https

import (
	"net/http"
	"slices"
	"strings"
)

// broad are sources that let in so much that they keep nothing out.
var broad = []string{"ftp:", "http:", "https:", "*", "http://*", "http://*.*", "https://*", "https://*.*"}

func isBroad(source string) bool { return slices.Contains(broad, source) }

// isUnsafe reports whether a source of scripts or styles lets in what an attacker has put into the page itself.
func isUnsafe(source string) bool {
	return source == "'unsafe-inline'" || source == "data:" || isBroad(source)
}

// isInsecure reports whether a source is fetched without TLS.
func isInsecure(source string) bool {
	return strings.HasPrefix(source, "http:") || strings.HasPrefix(source, "ftp:")
}

// isNonce reports whether a source names single scripts, by a nonce or a hash.
func isNonce(source string) bool {
	return strings.HasPrefix(source, "'nonce-") || strings.HasPrefix(source, "'sha256-") ||
		strings.HasPrefix(source, "'sha384-") || strings.HasPrefix(source, "'sha512-")
}

// judgeCSP judges the Content-Security-Policy of the header and of the page's meta elements, and says whether any of them
// says who may frame the page.
func judgeCSP(h http.Header, metas []string) (result Result, framed bool) {
	var headers []string
	if text, sent := header(h, "Content-Security-Policy"); sent {
		headers = []string{text}
	}
	all, err := parsePolicies(slices.Concat(headers, metas))
	if err != nil {
		return cspInvalid, false
	}
	if effective(headers, metas) == 0 {
		if text, _ := header(h, "Content-Security-Policy-Report-Only"); text != "" {
			return cspReportOnly, false
		}
		return cspMissing, false
	}
	_, framed = all.sources["frame-ancestors"]
	result = judgeDirectives(all)
	if result.Pass() && all.repeated {
		result = cspRepeated
	}
	return result, framed
}

// effective counts the directives that are where they may be: some have no effect in a meta element. What can't be read
// counts nothing.
func effective(headers, metas []string) int {
	d, _ := parsePolicies(headers)
	m, _ := parsePolicies(metas)
	for _, name := range []string{"frame-ancestors", "report-uri", "sandbox"} {
		delete(m.sources, name)
	}
	return d.size() + m.size()
}

// judgeDirectives finds the worst of what is wrong, in MDN's order.
func judgeDirectives(d directives) Result {
	object := d.fallback("object-src", "default-src")
	script := d.fallback("script-src", "default-src")
	style := d.fallback("style-src", "default-src")
	for _, s := range []*sources{script, style} {
		if slices.ContainsFunc(s.list, isNonce) { // browsers that know nonces ignore it then
			s.drop(func(source string) bool { return source == "'unsafe-inline'" })
		}
	}
	if script.has("'strict-dynamic'") {
		if !slices.ContainsFunc(script.list, isNonce) {
			return cspInvalid
		}
		script.drop(func(source string) bool { // browsers ignore it beside 'strict-dynamic'
			return slices.ContainsFunc(broad, func(b string) bool { return strings.HasPrefix(source, b) })
		})
	}
	switch {
	case slices.ContainsFunc(script.list, isUnsafe), slices.ContainsFunc(object.list, isBroad):
		return cspUnsafeInline
	case d.activeInsecure(), slices.ContainsFunc(script.list, isInsecure):
		return cspInsecureScheme
	case script.has("'unsafe-eval'"), style.has("'unsafe-eval'"):
		return cspUnsafeEval
	case d.passiveInsecure("img-src"), d.passiveInsecure("media-src"):
		return cspInsecurePassive
	case slices.ContainsFunc(style.list, isUnsafe):
		return cspUnsafeStyle
	}
	if s := d.sources["default-src"]; s != nil && len(s.list) == 1 && s.has("'none'") {
		return cspDefaultNone
	}
	return cspSafe
}

// activeInsecure reports whether anything but images, media and scripts may come without TLS.
func (d directives) activeInsecure() bool {
	for name, s := range d.sources {
		if name != "img-src" && name != "media-src" && name != "script-src" && slices.ContainsFunc(s.list, isInsecure) {
			return true
		}
	}
	return false
}

// passiveInsecure reports whether images or media may come without TLS.
func (d directives) passiveInsecure(name string) bool {
	return slices.ContainsFunc(d.fallback(name, "default-src").list, isInsecure)
}
