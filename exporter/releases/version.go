package releases

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"
)

// Channel is how finished a version is.
type Channel string

// The closed set of Channel.
const (
	Stable Channel = "stable"
	RC     Channel = "rc"
	Beta   Channel = "beta"
	Alpha  Channel = "alpha" // also nightly builds, which are the main branch before its first beta
)

// Channels lists the closed set of Channel, the most finished first.
func Channels() []Channel { return []Channel{Stable, RC, Beta, Alpha} }

// Version is a version of Mastodon without what forks and builds add to it. Equal versions are ==, so it can be a map's key.
// The zero Version is none.
type Version struct {
	major, minor, patch uint16
	pre                 string // "", "rc.1", "beta.2", "alpha.0", "nightly.2026-04-09", "nightly.2024-02-17-security"
}

// String is the canonical form: "4.3.0-rc.2", never with build metadata. At most 64 bytes of letters, digits, dots and hyphens.
func (v Version) String() string {
	s := fmt.Sprintf("%d.%d.%d", v.major, v.minor, v.patch)
	if v.pre != "" {
		s += "-" + v.pre
	}
	return s
}

// IsZero reports whether v is no version.
func (v Version) IsZero() bool { return v == Version{} }

// Branch is the line that is mended together: "4.6".
func (v Version) Branch() string { return fmt.Sprintf("%d.%d", v.major, v.minor) }

// root is X.Y.0 of the branch.
func (v Version) root() Version { return Version{major: v.major, minor: v.minor} }

// Channel says how finished the version is.
func (v Version) Channel() Channel {
	word, _, _ := strings.Cut(v.pre, ".")
	switch word {
	case "":
		return Stable
	case "rc":
		return RC
	case "beta":
		return Beta
	default:
		return Alpha
	}
}

// Compare orders versions as semver.org does: alpha, beta, nightly, rc, release.
func Compare(a, b Version) int {
	if c := cmp.Or(cmp.Compare(a.major, b.major), cmp.Compare(a.minor, b.minor), cmp.Compare(a.patch, b.patch)); c != 0 || a.pre == b.pre {
		return c
	}
	return semver.New(0, 0, 0, a.pre, "").Compare(semver.New(0, 0, 0, b.pre, ""))
}

// maxText bounds what ParseVersion looks at, in bytes; no real version string comes near it.
const maxText = 256

// ParseVersion reads the version of Mastodon out of what a server or a tag says. It knows
//
//   - tags of all ages: v4.1.0rc1, v4.2.0-beta1, v4.3.0-rc.1;
//   - nightlies: 4.6.0-nightly.2026-04-09;
//   - what forks and operators add: 4.5.1+glitch, 3.4.6ht, 4.1.4~wxw, 4.2.3-stable+ff2 are 4.5.1, 3.4.6, 4.1.4, 4.2.3;
//   - Hometown's old way, its own version first: 1.0.7+3.5.5 is 3.5.5.
//
// It answers false for what names no version of Mastodon: two numbers only, 0.0.0, and other software that only calls itself
// compatible, as in "2.7.2 (compatible; Akkoma 3.3.1)".
func ParseVersion(s string) (Version, bool) {
	v, rest, ok := parse(strings.TrimSpace(s))
	if !ok || strings.HasPrefix(rest, " (compatible") {
		return Version{}, false
	}
	// Hometown counted its own versions from 1.0; Mastodon's 1.x servers of 2017 had no version in their suffix.
	if inner, found := strings.CutPrefix(rest, "+"); found && v.major <= 1 {
		if m, _, ok := parse(inner); ok && Compare(m, v) > 0 {
			return m, true
		}
	}
	return v, true
}

// parseTag is ParseVersion for tags, where nothing may follow.
func parseTag(s string) (Version, bool) {
	v, rest, ok := parse(s)
	return v, ok && rest == ""
}

// parse reads a version from the beginning of s and gives back what it did not read.
func parse(s string) (v Version, rest string, ok bool) {
	if len(s) > maxText {
		return Version{}, "", false
	}
	s = strings.TrimPrefix(s, "v")
	for i, part := range []*uint16{&v.major, &v.minor, &v.patch} {
		if i > 0 {
			if s, ok = strings.CutPrefix(s, "."); !ok {
				return Version{}, "", false
			}
		}
		if *part, s, ok = number(s); !ok {
			return Version{}, "", false
		}
	}
	if v.IsZero() {
		return Version{}, "", false
	}
	v.pre, rest = preRelease(s)
	return v, rest, true
}

// number reads up to four digits that semver.org takes as a number: no leading zero.
func number(s string) (uint16, string, bool) {
	n := digits(s)
	if n == 0 || n > 4 || (n > 1 && s[0] == '0') {
		return 0, s, false
	}
	x, err := strconv.ParseUint(s[:n], 10, 16)
	return uint16(x), s[n:], err == nil
}

// digits is how many ASCII digits s begins with.
func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }

// preRelease reads what makes a version a pre-release of Mastodon's own: alpha, beta, rc with a number or without, nightly with
// a date. Anything else behind the numbers is a mark of a fork or an operator and is left in rest.
func preRelease(s string) (pre, rest string) {
	t := s
	if t != "" && strings.IndexByte("-.~_", t[0]) >= 0 {
		t = t[1:]
	}
	for _, word := range []string{"alpha", "beta", "rc", "nightly"} {
		if len(t) < len(word) || !strings.EqualFold(t[:len(word)], word) {
			continue
		}
		after := t[len(word):]
		if after != "" && letter(after[0]) {
			continue // a word of somebody else's, such as "alphatown"
		}
		dotless := strings.TrimPrefix(after, ".")
		if word == "nightly" {
			if date, tail, ok := nightly(dotless); ok {
				return word + "." + date, tail
			}
		} else if n, tail, ok := number(dotless); ok {
			return word + "." + strconv.Itoa(int(n)), tail
		}
		return word, after
	}
	return "", s
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// nightly reads the date of a nightly build, and the "-security" of one that was built apart from the day's.
func nightly(s string) (id, rest string, ok bool) {
	n := len(time.DateOnly)
	if len(s) < n {
		return "", s, false
	}
	if _, err := time.Parse(time.DateOnly, s[:n]); err != nil {
		return "", s, false
	}
	if strings.HasPrefix(s[n:], "-security") {
		n += len("-security")
	}
	return s[:n], s[n:], true
}

// built is the day of a nightly build, as in 2006-01-02, and whether it was built apart from the day's for a security fix;
// false if v is none or has no date.
func (v Version) built() (day string, apart, ok bool) {
	date, ok := strings.CutPrefix(v.pre, "nightly.")
	if !ok {
		return "", false, false
	}
	return date[:len(time.DateOnly)], len(date) > len(time.DateOnly), true
}
