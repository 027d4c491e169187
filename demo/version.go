package demo

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// version is a version of Mastodon. The zero version is none.
type version struct {
	major, minor, patch int
	stage               stage
	rest                string // of a pre-release: "2", "2026-04-09"
}

// stage orders what comes before a release as semver.org does.
type stage uint8

const (
	alpha stage = iota + 1
	beta
	nightly
	candidate
	stable
)

var stageNames = [...]string{alpha: "alpha", beta: "beta", nightly: "nightly", candidate: "rc"}

// parseVersion reads a canonical version, or a tag of Mastodon's of any age ("v4.1.0rc1", "v4.2.0-beta1", "v4.3.0-rc.1").
func parseVersion(s string) (version, bool) {
	s = strings.TrimPrefix(s, "v")
	end := strings.IndexFunc(s, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if end < 0 {
		end = len(s)
	}
	parts := strings.Split(s[:end], ".")
	if len(parts) != 3 {
		return version{}, false
	}
	v := version{stage: stable}
	for i, to := range []*int{&v.major, &v.minor, &v.patch} {
		n, err := strconv.Atoi(parts[i])
		if err != nil {
			return version{}, false
		}
		*to = n
	}
	pre := strings.TrimPrefix(s[end:], "-")
	if pre == "" {
		return v, s[end:] == ""
	}
	for st, name := range stageNames {
		if rest, ok := strings.CutPrefix(pre, name); ok && name != "" {
			v.stage, v.rest = stage(st), strings.TrimPrefix(rest, ".")
			return v, true
		}
	}
	return version{}, false
}

// String is the canonical form: "4.3.0-rc.2".
func (v version) String() string {
	s := fmt.Sprintf("%d.%d.%d", v.major, v.minor, v.patch)
	if v.stage != stable {
		s += "-" + stageNames[v.stage]
		if v.rest != "" {
			s += "." + v.rest
		}
	}
	return s
}

// channel is the value of the label "channel". Nightlies are builds of the main branch before its first beta.
func (v version) channel() string {
	switch v.stage {
	case stable:
		return "stable"
	case candidate:
		return "rc"
	case beta:
		return "beta"
	}
	return "alpha"
}

// branch is the first version of v's branch: what is mended together.
func (v version) branch() version { return version{major: v.major, minor: v.minor} }

func compare(a, b version) int {
	for _, pair := range [...][2]int{{a.major, b.major}, {a.minor, b.minor}, {a.patch, b.patch}, {int(a.stage), int(b.stage)}} {
		if c := cmp.Compare(pair[0], pair[1]); c != 0 {
			return c
		}
	}
	return compareRest(a.rest, b.rest)
}

func compareRest(a, b string) int {
	if a == b {
		return 0
	}
	x, errA := strconv.Atoi(a)
	y, errB := strconv.Atoi(b)
	if errA == nil && errB == nil {
		return cmp.Compare(x, y)
	}
	return strings.Compare(a, b)
}
