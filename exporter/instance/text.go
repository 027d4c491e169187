package instance

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxText is how many bytes a software's name or version can have, which become label values.
const MaxText = 128

// clean is s as a label value: valid UTF-8, at most MaxText bytes, only what can be seen (no control, bidirectional or
// zero-width characters), no space at its ends. It never holds on to the memory of a longer s.
func clean(s string) string {
	if len(s) <= MaxText && isClean(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if r == utf8.RuneError || !unicode.IsPrint(r) && !unicode.IsSpace(r) {
			continue
		}
		if unicode.IsSpace(r) {
			if b.Len() == 0 {
				continue
			}
			r = ' '
		}
		if b.Len()+utf8.RuneLen(r) > MaxText {
			break
		}
		b.WriteRune(r)
	}
	return strings.Clone(strings.TrimRight(b.String(), " "))
}

// isClean says whether s is as clean leaves it, for the plain ASCII that nearly all servers send.
func isClean(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s == "" || s[0] != ' ' && s[len(s)-1] != ' '
}

// softwareName is the normal form of a software's name: lower case, of a-z 0-9 . _ - only, at most MaxText bytes. The
// schema of nodeinfo 2 allows a-z 0-9 - only, but servers send "Iceshrimp.NET" and "ixsiid/mstdn": what is not allowed
// becomes one dash. A name of which nothing is left ("えちから") is "", which is an unknown software.
func softwareName(s string) string {
	if s = clean(s); isName(s) {
		return s
	}
	var b strings.Builder
	dash := false
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if !nameByte(c) {
			dash = b.Len() > 0
			continue
		}
		if dash {
			b.WriteByte('-')
			dash = false
		}
		b.WriteByte(c)
	}
	return strings.Clone(strings.Trim(b.String(), ".-_"))
}

func nameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_'
}

func isName(s string) bool {
	for i := range len(s) {
		if !nameByte(s[i]) {
			return false
		}
	}
	return s == strings.Trim(s, ".-_")
}
