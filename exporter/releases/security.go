package releases

import (
	"slices"
	"time"
)

// Advisory is what a project published about one vulnerability, as GitHub has it.
type Advisory struct {
	ID        string     `json:"id"`       // "GHSA-3fjr-858r-92rw"
	Severity  string     `json:"severity"` // low, medium, high, critical, or "" if it says none
	Published time.Time  `json:"published"`
	Affected  []Affected `json:"affected"`
}

// Affected is one line of an advisory's table. A project writes one for each branch, or all of them into one.
type Affected struct {
	Range   string `json:"range"`   // ">= 4.3.0, < 4.3.15"
	Patched string `json:"patched"` // "4.3.15"; "" if there is none
}

// Bounds of an advisory; Mastodon's have four lines at most.
const (
	maxAffected = 32
	maxID       = 64
)

// fix is an advisory as Judge needs it.
type fix struct {
	vulnerable []span
	patched    []Version // those that came out, oldest version first; at least one
	day        string    // when the first of them came out, as in 2006-01-02
}

// understand reads an advisory's ranges and the versions that mend it. It answers false if a range or a text is none that we
// understand: half an advisory would say that somebody is safe who is not.
func (a Advisory) understand() (f fix, ok bool) {
	if !plain(a.ID) || len(a.ID) > maxID || !plain(a.Severity) || len(a.Severity) > maxID || len(a.Affected) > maxAffected {
		return fix{}, false
	}
	for _, line := range a.Affected {
		spans, ok := parseRange(line.Range)
		if !ok || len(line.Patched) > maxText || !plain(line.Range) || !plain(line.Patched) {
			return fix{}, false
		}
		f.vulnerable = append(f.vulnerable, spans...)
		f.patched = append(f.patched, parsePatched(line.Patched)...)
	}
	return f, true
}

// plain reports whether s is printable ASCII.
func plain(s string) bool {
	return !slices.ContainsFunc([]byte(s), func(c byte) bool { return c < ' ' || c > '~' })
}

// missing reports whether v is vulnerable and there is something to update to. Where its own branch has a patched version,
// that one decides: Mastodon has written "< 4.3.19", "< 4.4.13" and "< 4.5.6" into one advisory, and 4.3.19 lies in two of them.
// Where it has none, the branch must be left for a newer one that has: by a stable version for another stable one, nobody has
// to go to a beta. What is newer than every patched version has the fix.
//
// A nightly build is of the main branch, which is mended on the day that the first patched version comes out, by no number
// that it shows. So it has the fix if its date is later, or the same and it was built apart for security. One without a date,
// an alpha, beta or rc is judged by the order of versions.
func (f fix) missing(v Version) bool {
	newest := f.patched[len(f.patched)-1] // spares most servers the rest
	if Compare(v, newest) >= 0 || !slices.ContainsFunc(f.vulnerable, func(s span) bool { return s.has(v) }) {
		return false
	}
	if day, apart, ok := v.built(); ok && (day > f.day || (day == f.day && apart)) {
		return false
	}
	leave := false
	for _, p := range f.patched {
		if p.root() == v.root() {
			return Compare(v, p) < 0 // the oldest of the branch: what mends it again has an advisory of its own
		}
		leave = leave || (Compare(v, p) < 0 && (p.pre == "" || v.pre != ""))
	}
	return leave
}

// WithAdvisories is k with these advisories in the place of those it had. A release that one of them names as patched is a
// security release, whatever its notes say. A patched version that is no known release counts for nothing: nobody can update
// to it, and a slip of the pen would make everybody vulnerable. Advisories that are not understood are left out, and counted
// in Ignored.
func (k Known) WithAdvisories(list []Advisory) Known {
	all := slices.Clone(k.all)
	for i := range all {
		all[i].Security = k.noted[i]
	}
	k.all, k.advisories, k.fixes, k.unread = all, nil, nil, 0
	for _, a := range list {
		f, ok := a.understand()
		if !ok {
			k.unread++
			continue
		}
		a.Affected = slices.Clone(a.Affected)
		k.advisories = append(k.advisories, a)
		f.patched = slices.DeleteFunc(f.patched, func(v Version) bool { return !k.name(v, &f.day) })
		if len(f.patched) > 0 {
			slices.SortFunc(f.patched, Compare)
			k.fixes = append(k.fixes, f)
		}
	}
	return k
}

// name notes that an advisory names v as patched: its release is a security release, and day becomes its day if that is
// earlier. It answers false if there is no such release. Only for WithAdvisories, which has k.all to itself.
func (k Known) name(v Version, day *string) bool {
	i, ok := slices.BinarySearchFunc(k.all, v, func(r Release, v Version) int { return Compare(v, r.Version) })
	if !ok {
		return false
	}
	k.all[i].Security = true
	if on := k.all[i].Published.UTC().Format(time.DateOnly); *day == "" || on < *day {
		*day = on
	}
	return true
}

// Advisories is every advisory that is understood, in the order they were given. The caller may keep and change it.
func (k Known) Advisories() []Advisory {
	all := slices.Clone(k.advisories)
	for i := range all {
		all[i].Affected = slices.Clone(all[i].Affected)
	}
	return all
}

// SecurityFix is the newest security release of a branch such as "4.6", pre-releases included. What is older on that branch
// lacks a fix.
func (k Known) SecurityFix(branch string) (Release, bool) {
	return k.find(func(r Release) bool { return r.Security && r.Version.Branch() == branch })
}

// vulnerable reports whether an advisory is open for v and a release that mends it is out.
func (k Known) vulnerable(v Version) bool {
	return slices.ContainsFunc(k.fixes, func(f fix) bool { return f.missing(v) })
}
