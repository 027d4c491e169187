package https

import (
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MDN's scanner sees headers as Node.js hands them out and works on them with JavaScript's strings. The helpers here read
// them the same way.

// maxHeader bounds what is read of one header, in bytes.
const maxHeader = 64 << 10

// header is a header's value, and whether it was sent. Sent several times, its values are one text, joined by commas:
// that is how the scanner sees even policies that would each hold for themselves.
func header(h http.Header, name string) (string, bool) {
	values := h[name]
	if len(values) == 0 {
		return "", false
	}
	text := values[0]
	if len(values) > 1 {
		text = strings.Join(values, ", ")
	}
	return strings.Trim(latin1(cut(text, maxHeader)), " \t"), true
}

// first is the first value of a header that Node.js takes only once.
func first(h http.Header, name string) string {
	values := h[name]
	if len(values) == 0 {
		return ""
	}
	return strings.Trim(latin1(cut(values[0], maxHeader)), " \t")
}

// latin1 reads the bytes of a header as what they are to Node.js.
func latin1(s string) string {
	if isASCII(s) {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// cut is the first n characters of s: bytes where it is ASCII, which all that is compared with is.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// space reports whether JavaScript takes r for white space.
func space(r rune) bool {
	return r == '\ufeff' || r != '\u0085' && unicode.IsSpace(r)
}

func trim(s string) string { return strings.TrimFunc(s, space) }

// lower is s in lower case; unlike Go, JavaScript makes two characters of the one capital I with a dot.
func lower(s string) string {
	return strings.ToLower(strings.ReplaceAll(s, "İ", "i̇"))
}
