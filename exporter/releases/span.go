package releases

import (
	"regexp"
	"strings"
)

// span is the versions from low to high. A bound that is zero is none; one that is open does not belong to the span.
type span struct {
	low, high         Version
	lowOpen, highOpen bool
}

// has reports whether v lies in the span.
func (s span) has(v Version) bool {
	if !s.low.IsZero() {
		if c := Compare(v, s.low); c < 0 || (c == 0 && s.lowOpen) {
			return false
		}
	}
	if !s.high.IsZero() {
		if c := Compare(v, s.high); c > 0 || (c == 0 && s.highOpen) {
			return false
		}
	}
	return true
}

// limit sets one bound. It answers false, and does nothing, if the span has that bound already or would be empty with it.
func (s *span) limit(operator string, v Version) bool {
	t := *s
	below, above := operator[0] == '<', operator[0] == '>'
	if !above {
		if !s.high.IsZero() {
			return false
		}
		t.high, t.highOpen = v, operator == "<"
	}
	if !below {
		if !s.low.IsZero() {
			return false
		}
		t.low, t.lowOpen = v, operator == ">"
	}
	if !t.low.IsZero() && !t.high.IsZero() {
		if c := Compare(t.low, t.high); c > 0 || (c == 0 && (t.lowOpen || t.highOpen)) {
			return false
		}
	}
	*s = t
	return true
}

var (
	comparator  = regexp.MustCompile(`^(>=|<=|==?|>|<|)\s*(v?[0-9][0-9A-Za-z.-]*)`)
	patchedWord = regexp.MustCompile(`[0-9A-Za-z.-]+`)
	separator   = regexp.MustCompile(`^(?:[\s,;]|\|\||&&|(?i:and|or)\b)*`)
)

// parseRange reads the range of versions of an advisory: comparators as in ">= 4.3.0, < 4.3.15", "<= 4.2.27", "= 4.5.0-beta.1".
// GitHub reads the comma as "and", but people also write what they mean by "or" into one range. So a comparator that
// contradicts the ones before it, or repeats one of them, begins another span: ">= 4.3.0, < 4.3.15, >= 4.4.0, < 4.4.9" is two.
//
// ">= 4.5.0" takes in the pre-releases of 4.5.0: what is wrong with a branch from its beginning on was wrong with them, and
// where it was not they are behind anyway. Two numbers, as in "< 4.3", are the beginning of a branch; ">= 0" is no bound.
// It answers false for everything else: words, "4.2.x", "*", nothing at all, and anything longer than maxText.
func parseRange(s string) ([]span, bool) {
	if len(s) > maxText {
		return nil, false
	}
	var all []span
	var now span
	begun := false
	for s = strings.TrimSpace(s); s != ""; {
		m := comparator.FindStringSubmatch(s)
		if m == nil {
			return nil, false
		}
		operator := m[1]
		if operator == "" {
			operator = "="
		}
		v, ok := bound(operator, m[2])
		if !ok {
			return nil, false
		}
		s = s[len(m[0]):]
		s = s[len(separator.FindString(s)):]
		if !v.IsZero() && !now.limit(operator, v) {
			all, now = append(all, now), span{}
			now.limit(operator, v)
		}
		begun = true
	}
	return append(all, now), begun
}

// bound reads the version of a comparator. The zero Version is that of ">= 0".
func bound(operator, s string) (Version, bool) {
	if dots := strings.Count(s, "."); dots < 2 && !strings.Contains(s, "-") {
		if operator != ">=" && operator != "<" {
			return Version{}, false // does "<= 4.3" mean 4.3.0 or all of 4.3?
		}
		s += strings.Repeat(".0", 2-dots)
	}
	if operator == ">=" && strings.TrimPrefix(s, "v") == "0.0.0" {
		return Version{}, true
	}
	v, ok := parseTag(s)
	if operator == ">=" && v == v.root() {
		v.pre = "0" // comes before every other pre-release
	}
	return v, ok
}

// parsePatched reads the versions that mend an advisory, however they are written: "4.3.15, 4.4.9", ">= 4.3.15",
// "v4.3.15 and v4.4.9", "4.3.15+". Other words are passed over, so "none" is none.
func parsePatched(s string) []Version {
	var all []Version
	for _, word := range patchedWord.FindAllString(s, -1) {
		if v, ok := parseTag(strings.Trim(word, ".-")); ok {
			all = append(all, v)
		}
	}
	return all
}
