package outbound

import (
	"bytes"
	"fmt"
	"strings"
)

const (
	// robotsToken is the product token that we heed; "*" where nobody names it.
	robotsToken = "mnm-exporter"
	// rulesKept bounds what is remembered of one robots.txt, in bytes. Whoever has more rules for us than that gets
	// "Disallow: /": we can't keep all that they ask, so we keep away.
	rulesKept = 16 << 10
)

// Robots are the rules of a robots.txt for this program. The zero value allows everything. It is a string inside, so
// that it compares, and costs nothing for a server without rules.
type Robots struct{ rules string } // lines of "+" or "-" and a normal pattern

// ParseRobots reads a robots.txt as RFC 9309 says: the groups for MNM-Exporter, in any case of letters, merged; else
// those for "*". It reads 500 KiB at most and never fails: what it does not understand it passes over.
func ParseRobots(body []byte) Robots {
	if len(body) >= robotsBody { // perhaps cut off: the last line may be half of one
		body = body[:robotsBody]
		body = body[:bytes.LastIndexAny(body, "\r\n")+1]
	}
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	var ours, anyone ruleSet
	var named, forUs, forAny, rules bool // rules: the group has begun to have some
	for len(body) > 0 {
		line := body
		if end := bytes.IndexAny(body, "\r\n"); end >= 0 {
			line, body = body[:end], body[end+1:]
		} else {
			body = nil
		}
		switch key, value := field(line); key {
		case "user-agent":
			if rules {
				forUs, forAny, rules = false, false, false
			}
			switch token(value) {
			case robotsToken:
				named, forUs = true, true
			case "*":
				forAny = true
			}
		case "allow", "disallow":
			rules = true
			if forUs {
				ours.add(key == "allow", value)
			}
			if forAny {
				anyone.add(key == "allow", value)
			}
		}
	}
	if named {
		return ours.robots()
	}
	return anyone.robots()
}

// field splits a line into its key, in lower case, and its value, without comment and surrounding white space.
func field(line []byte) (key, value string) {
	line, _, _ = bytes.Cut(line, []byte("#"))
	k, v, ok := bytes.Cut(line, []byte(":"))
	if k = bytes.TrimSpace(k); !ok || len(k) > len("user-agent") {
		return "", ""
	}
	return strings.ToLower(string(k)), string(bytes.TrimSpace(v))
}

// token is the product token that a user-agent line begins with, in lower case: of "MNM-Exporter/1.0" the first part.
func token(value string) string {
	if strings.HasPrefix(value, "*") {
		return "*"
	}
	value = strings.ToLower(value[:min(len(value), len(robotsToken)+1)]) // a longer token is not ours
	return value[:len(value)-len(strings.TrimLeft(value, "abcdefghijklmnopqrstuvwxyz-_"))]
}

// ruleSet gathers rules, each once.
type ruleSet struct {
	lines strings.Builder
	seen  map[string]bool
	full  bool
}

func (s *ruleSet) add(allow bool, pattern string) {
	// An empty pattern is no rule (RFC 9309, 2.2.2); one that does not begin like a path matches none.
	if s.full || !strings.HasPrefix(pattern, "/") && !strings.HasPrefix(pattern, "*") {
		return
	}
	sign := "-"
	if allow {
		sign = "+"
	}
	line := sign + normalPath(pattern, false)
	if s.seen[line] {
		return
	}
	if s.lines.Len()+len(line)+1 > rulesKept {
		s.full = true
		return
	}
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
	s.seen[line] = true
	s.lines.WriteString(line + "\n")
}

func (s *ruleSet) robots() Robots {
	if s.full {
		return Robots{"-/\n"}
	}
	return Robots{strings.Clone(s.lines.String())}
}

// MarshalText writes the rules, a line each, "+" or "-" before the pattern.
func (r Robots) MarshalText() ([]byte, error) { return []byte(r.rules), nil }

// UnmarshalText reads what MarshalText wrote. It is an error if that was damaged: rules half read would allow what was
// forbidden.
func (r *Robots) UnmarshalText(text []byte) error {
	for line := range bytes.Lines(text) {
		if len(line) < 3 || line[0] != '+' && line[0] != '-' || line[len(line)-1] != '\n' {
			return fmt.Errorf("robots rule %q", clean(string(line)))
		}
	}
	r.rules = string(text)
	return nil
}

// Allows reports whether path, with its query if it has one, may be asked for: the longest pattern that matches
// decides, and of two that are as long the one that allows. /robots.txt itself is always allowed.
//
// Path and query are one string, "/path?query" as url.URL.RequestURI writes it, which patterns are held against from its
// beginning (RFC 9309, 2.2.2): /a forbids /a?b, /a$ does not, /a?b and /*?b see the query, and * runs across the "?". An
// encoded "?" (%3F) is part of the path and never that one.
func (r Robots) Allows(path string) bool {
	if !strings.HasPrefix(path, "/") { // a URL without a path, perhaps with a query
		path = "/" + path
	}
	if path = normalPath(path, true); path == "/robots.txt" {
		return true
	}
	allowed, longest := true, 0
	for line := range strings.Lines(r.rules) {
		allow, pattern := line[0] == '+', line[1:len(line)-1]
		if n := len(pattern); (n > longest || n == longest && allow) && matches(pattern, path) {
			allowed, longest = allow, n
		}
	}
	return allowed
}

// matches holds a pattern, with * for any bytes and $ at its end for the end, against a path. Each piece between
// stars is taken where it is found first, so that the time is bounded by the two lengths.
func matches(pattern, path string) bool {
	pattern, ends := strings.CutSuffix(pattern, "$")
	piece, rest, star := strings.Cut(pattern, "*")
	if !strings.HasPrefix(path, piece) {
		return false
	}
	path = path[len(piece):]
	if !star {
		return !ends || path == ""
	}
	for star {
		piece, rest, star = strings.Cut(rest, "*")
		if !star && ends {
			return strings.HasSuffix(path, piece)
		}
		at := strings.Index(path, piece)
		if at < 0 {
			return false
		}
		path = path[at+len(piece):]
	}
	return true
}

// normalPath writes a path or pattern in the one form in which they are compared (RFC 9309, 2.2.2 and 2.2.3):
// unreserved characters plain, everything else that is or must be percent-encoded so, with capitals. In a path,
// * and $ are encoded, so that only %2A and %24 in a pattern mean them; so is a $ that does not end a pattern.
func normalPath(s string, isPath bool) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		encode := c <= ' ' || c >= 0x7f || isPath && c == '*' || c == '$' && (isPath || i < len(s)-1)
		if c == '%' {
			hi, lo := hexAt(s, i+1), hexAt(s, i+2)
			if hi >= 0 && lo >= 0 {
				c = byte(hi<<4 | lo)
				encode = !unreserved(c)
				i += 2
			} else {
				encode = true
			}
		}
		if encode {
			b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

const hexDigits = "0123456789ABCDEF"

// hexAt is the value of the digit at i; -1: there is none.
func hexAt(s string, i int) int {
	if i >= len(s) {
		return -1
	}
	c := s[i]
	if 'a' <= c && c <= 'f' {
		c -= 'a' - 'A'
	}
	return strings.IndexByte(hexDigits, c)
}

// unreserved characters never need encoding (RFC 3986, 2.3).
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
