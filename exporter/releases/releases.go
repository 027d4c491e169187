// Package releases knows which versions of Mastodon there are: it reads the version strings that servers and tags carry,
// looks releases and security advisories up, and judges whether a server's version is current, behind, open to a vulnerability
// that a release mends, or no longer supported.
package releases

import (
	"cmp"
	"slices"
	"time"
)

// Release is one published release.
type Release struct {
	Tag       string // as the project wrote it: "v4.1.0rc1"
	Version   Version
	Channel   Channel
	Published time.Time
	Security  bool // its notes have a section on security, or an advisory names it as patched
}

// supportMonths is how long a branch is still mended after the branch two after it came out, in calendar months.
//
// Source of the rule: the dates in the "Supported Versions" table of Mastodon's SECURITY.md, which endoflife.date collects.
// Each is six months after the first release of the branch two after: 4.1 until 2025-04-08 (4.3.0 came out on 2024-10-08),
// 4.2 until 2026-01-08, 4.3 until 2026-05-06, 4.4 until 2026-12-17, 4.5 until 2027-02-20. Older branches ended at dates of
// their own (4.0 on 2023-10-31, 3.5 on 2023-12-31); for them the rule says 2024-03-21 and 2023-08-10, all long past.
const supportMonths = 6

// branch is what is known of one line X.Y.
type branch struct {
	first  Version   // X.Y.0 without pre-release: orders branches
	newest Version   // newest release on it, pre-releases included
	mended Version   // newest stable release on it; zero: none yet
	stable time.Time // when its first stable release was published; zero: none yet
}

// Known is the releases and advisories known at one time. It never changes; the zero Known knows none.
type Known struct {
	all        []Release // newest version first, each version once
	noted      []bool    // of each of all: that its notes have a section on security
	branches   []branch  // oldest first
	advisories []Advisory
	fixes      []fix // of those advisories that a release mends
	ignored    int   // entries of the lists that were left out
	unread     int   // advisories that WithAdvisories left out
}

// New makes Known of releases in any order, without advisories. Of two with the same version the one published first counts.
func New(list []Release) Known {
	all := slices.Clone(list)
	slices.SortFunc(all, func(a, b Release) int {
		return cmp.Or(Compare(b.Version, a.Version), a.Published.Compare(b.Published))
	})
	all = slices.CompactFunc(all, func(a, b Release) bool { return a.Version == b.Version })
	k := Known{all: all, noted: make([]bool, len(all))}
	for i, r := range all {
		k.noted[i] = r.Security
	}
	for _, r := range slices.Backward(all) {
		if n := len(k.branches); n == 0 || k.branches[n-1].first != r.Version.root() {
			k.branches = append(k.branches, branch{first: r.Version.root()})
		}
		b := &k.branches[len(k.branches)-1]
		b.newest = r.Version
		if r.Channel == Stable {
			b.mended = r.Version
			if b.stable.IsZero() || r.Published.Before(b.stable) {
				b.stable = r.Published
			}
		}
	}
	return k
}

// IsZero reports whether no release is known.
func (k Known) IsZero() bool { return len(k.all) == 0 }

// All is every release, newest version first. The caller may keep and change it.
func (k Known) All() []Release { return slices.Clone(k.all) }

// Ignored is how many entries of both lists were left out when they were last read: tags that are no versions, ranges of
// versions that are not understood, dates in the future, entries of another shape. Drafts and withdrawn advisories are not
// counted.
func (k Known) Ignored() int { return k.ignored + k.unread }

// Latest is the newest version of a channel, by version and not by date: 4.5.16 may come out after 4.6.6.
func (k Known) Latest(c Channel) (Release, bool) {
	return k.find(func(r Release) bool { return r.Channel == c })
}

// LatestOf is the newest stable version of a branch such as "4.6"; of one that has none yet, its newest pre-release.
func (k Known) LatestOf(branch string) (Release, bool) {
	on := func(r Release) bool { return r.Version.Branch() == branch }
	if r, ok := k.find(func(r Release) bool { return on(r) && r.Channel == Stable }); ok {
		return r, true
	}
	return k.find(on)
}

func (k Known) find(fits func(Release) bool) (Release, bool) {
	if i := slices.IndexFunc(k.all, fits); i >= 0 {
		return k.all[i], true
	}
	return Release{}, false
}

// Newest is the newest release of each channel and of each branch supported at now: each once, newest version first.
func (k Known) Newest(now time.Time) []Release {
	var out []Release
	for _, c := range Channels() {
		if r, ok := k.Latest(c); ok {
			out = append(out, r)
		}
	}
	for _, name := range k.Supported(now) {
		if r, ok := k.LatestOf(name); ok && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b Release) int { return Compare(b.Version, a.Version) })
	return out
}

// Supported is the branches supported at now that have a stable release, newest first.
func (k Known) Supported(now time.Time) []string {
	var out []string
	for _, b := range slices.Backward(k.branches) {
		if !b.stable.IsZero() && k.supported(b.first, now) {
			out = append(out, b.first.Branch())
		}
	}
	return out
}

// supported says whether the branch of v is still mended at now: until supportMonths after the first stable release of the
// second branch after it. Branches count once they have a stable release; that v's own branch is known is not needed.
func (k Known) supported(v Version, now time.Time) bool {
	later := 0
	for _, b := range k.branches {
		if b.stable.IsZero() || Compare(b.first, v.root()) <= 0 {
			continue
		}
		if later++; later == 2 {
			return now.Before(b.stable.AddDate(0, supportMonths, 0))
		}
	}
	return true
}

// Update says what a server's operator has to do about its version.
type Update string

// The closed set of Update.
const (
	Current         Update = "current"          // the newest release of a supported branch, or newer than all we know
	Behind          Update = "behind"           // the branch is supported and has a newer release
	SecurityMissing Update = "security_missing" // the branch is supported, and a release mends a vulnerability of this version
	Unsupported     Update = "unsupported"      // the branch is no longer mended
	UnknownUpdate   Update = "unknown"          // the version is not understood, or no release is known
)

// Updates lists the closed set of Update.
func Updates() []Update {
	return []Update{Current, Behind, SecurityMissing, Unsupported, UnknownUpdate}
}

// Judge compares a version string of a server with the releases of the server's own branch, and with the advisories. Of
// several answers the gravest counts: unsupported, security_missing, behind, current. Pre-releases are older than their
// release. That the server runs Mastodon or a fork is the caller's to know; a fork counts as vulnerable as the version of
// Mastodon it names, since forks take fixes over with the number.
func (k Known) Judge(version string, now time.Time) Update {
	v, ok := ParseVersion(version)
	switch {
	case !ok || k.IsZero():
		return UnknownUpdate
	case !k.supported(v, now):
		return Unsupported
	case k.vulnerable(v):
		return SecurityMissing
	case k.behind(v):
		return Behind
	}
	return Current
}

// behind reports whether the branch of v has a newer release; a pre-release is one only for who runs a pre-release.
func (k Known) behind(v Version) bool {
	return slices.ContainsFunc(k.branches, func(b branch) bool {
		newest := b.newest
		if v.Channel() == Stable {
			newest = b.mended
		}
		return b.first == v.root() && Compare(v, newest) < 0
	})
}
