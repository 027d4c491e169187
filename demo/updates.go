package demo

import (
	"slices"
	"strconv"
)

// supportMonths is how many calendar months a branch is supported after the first stable release of the branch two after it.
const supportMonths = 6

// update is how a version of Mastodon stands to the known releases and advisories: unsupported if its branch is; security_missing
// if an advisory is open; behind if its branch has a newer release, of which a pre-release is older; else current; unknown if the
// version or all releases are.
func (t Truth) update(s string) string {
	v, ok := parseVersion(s)
	if !ok || !t.known || len(t.releases) == 0 {
		return unknown
	}
	if !t.supported(v.branch()) {
		return "unsupported"
	}
	if t.securityMissing(v) {
		return "security_missing"
	}
	for _, r := range t.releases {
		if r.version.branch() == v.branch() && compare(r.version, v) > 0 {
			return "behind"
		}
	}
	return "current"
}

// securityMissing reports whether v lies in a vulnerable range of an advisory, and a newer release that it names is known to be out.
func (t Truth) securityMissing(v version) bool {
	out := func(p version) bool {
		return compare(p, v) > 0 && slices.ContainsFunc(t.releases, func(r Release) bool { return r.version == p })
	}
	return slices.ContainsFunc(t.advisories, func(a advisory) bool { return a.vulnerable(v) && slices.ContainsFunc(a.patched, out) })
}

// supported reports whether a branch is supported now, by the known releases.
func (t Truth) supported(branch version) bool {
	first := map[version]Release{} // first stable release of each later branch
	for _, r := range t.releases {
		b := r.version.branch()
		if r.version.stage != stable || compare(b, branch) <= 0 {
			continue
		}
		if f, ok := first[b]; !ok || r.Published.Before(f.Published) {
			first[b] = r
		}
	}
	if len(first) < 2 {
		return true
	}
	var later []version
	for b := range first {
		later = append(later, b)
	}
	slices.SortFunc(later, compare)
	return t.at.Before(first[later[1]].Published.AddDate(0, supportMonths, 0))
}

// releaseSeries are those about releases: which there are, and the newest of each channel and of each supported branch.
func (t Truth) releaseSeries(s series) {
	newest := map[string]Release{}
	note := func(group string, r Release) {
		if old, ok := newest[group]; !ok || compare(r.version, old.version) > 0 {
			newest[group] = r
		}
	}
	supported := map[version]bool{}
	for _, r := range t.releases {
		s[key("mastodon_release_info", "channel", r.Channel, "security", strconv.FormatBool(r.Security), "version", r.Version)] = 1
		s[key("mastodon_release_published_timestamp_seconds", "version", r.Version)] = float64(t.dates(r.Published).Unix())
		note(r.Channel, r)
		b := r.version.branch()
		if _, ok := supported[b]; !ok {
			supported[b] = t.supported(b)
		}
		if supported[b] && r.version.stage == stable {
			note(strconv.Itoa(b.major)+"."+strconv.Itoa(b.minor), r)
		}
	}
	for group, r := range newest {
		s[key("mastodon_latest_release_info", "channel", group, "version", r.Version)] = 1
	}
}
