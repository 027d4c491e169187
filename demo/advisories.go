package demo

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// advisory is a security advisory of Mastodon's: what was open in all branches that one batch of releases mends.
type advisory struct {
	published time.Time
	patched   []version // one of each branch, the oldest first
	below     bool      // all branches below are open too: no release has mended any of them lately
}

// lately is how long after a release its branch is taken care of.
const lately = 6 * 7 * 24 * time.Hour

// advisoriesUntil are those published by t, oldest first: one for each time at which security releases came out, but for the first
// release of a branch, which mends nothing that was out. Of each branch the newest release counts.
func (c *calendar) advisoriesUntil(t time.Time) []advisory {
	var all []advisory
	out := c.until(t)
	for _, r := range out {
		if !r.Security || r.version.patch == 0 {
			continue
		}
		n := len(all)
		if n == 0 || !all[n-1].published.Equal(r.Published) {
			all = append(all, advisory{published: r.Published})
			n++
		}
		a := &all[n-1]
		if same := slices.IndexFunc(a.patched, func(v version) bool { return v.branch() == r.version.branch() }); same < 0 {
			a.patched = append(a.patched, r.version)
		} else if compare(r.version, a.patched[same]) > 0 {
			a.patched[same] = r.version
		}
	}
	for i := range all {
		a := &all[i]
		slices.SortFunc(a.patched, compare)
		a.below = !slices.ContainsFunc(out, func(r Release) bool {
			ago := a.published.Sub(r.Published)
			return ago >= 0 && ago < lately && r.version.stage == stable && compare(r.version.branch(), a.patched[0].branch()) < 0
		})
	}
	return all
}

// advisories are those that the repository lists at t, the newest first: no more than 300.
func (w *World) advisories(t time.Time) []advisory {
	all := w.calendar.advisoriesUntil(t)
	slices.Reverse(all)
	return all[:min(len(all), listedReleases)]
}

// from reports whether the range of the i-th patched branch begins with the branch; else it has no beginning.
func (a advisory) from(i int) bool { return i > 0 || !a.below }

// vulnerable reports whether v lies in one of the ranges. The pre-releases of a branch's first release are of the branch.
func (a advisory) vulnerable(v version) bool {
	for i, p := range a.patched {
		if compare(v, p) < 0 && (!a.from(i) || v.branch() == p.branch()) {
			return true
		}
	}
	return false
}

// advisoryPage is a page of the advisories. They are paged by cursor.
func (n *Network) advisoryPage(r *http.Request, now time.Time) githubPage {
	all := n.world.advisories(now)
	size, from := positive(r, "per_page", 30, 100), 0
	if cursor, err := base64.RawURLEncoding.DecodeString(r.URL.Query().Get("after")); err == nil {
		from, _ = strconv.Atoi(string(cursor))
	}
	from = max(0, min(from, len(all)))
	to := min(len(all), from+size)
	p := githubPage{entries: []object{}, first: from == 0, reading: func(j *journal) *reading { return &j.advisories }}
	for _, a := range all[from:to] {
		p.entries = append(p.entries, a.entry(n.date))
	}
	if to < len(all) {
		q := r.URL.Query()
		q.Set("after", base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(to))))
		p.next = q.Encode()
	}
	return p
}

// entry is the advisory as the list has it.
func (a advisory) entry(date func(time.Time) time.Time) object {
	key := uint64(a.published.Unix())
	pick := func(n, of int64) int64 { return in(of, aboutRelease, key, uint64(n)) }
	id := "GHSA"
	for part := range int64(3) {
		id += "-"
		for i := range int64(4) {
			const letters = "23456789cfghjmpqrvwx"
			id += string(letters[pick(4*part+i, int64(len(letters)))])
		}
	}
	at := date(a.published).UTC().Format(time.RFC3339)
	var open []object
	for i, p := range a.patched {
		span := fmt.Sprintf("< %s", p)
		if a.from(i) {
			span = fmt.Sprintf(">= %d.%d.0, %s", p.major, p.minor, span)
		}
		open = append(open, object{
			"package":                  object{"ecosystem": [...]string{"other", ""}[pick(20, 2)], "name": "mastodon"},
			"vulnerable_version_range": span, "patched_versions": p.String(), "vulnerable_functions": []string{},
		})
	}
	self := "https://github.com/mastodon/mastodon/security/advisories/" + id
	return object{
		"ghsa_id": id, "cve_id": nil, "url": "https://" + githubHost.name + advisoriesPath + "/" + id, "html_url": self, "summary": "What was open (a made-up advisory)",
		"description": "Nothing here is real.", "severity": [...]string{"low", "medium", "high", "critical"}[pick(21, 4)], "state": "published",
		"author": nil, "publisher": object{"login": "demo", "id": 1, "type": "User"}, "identifiers": []object{{"type": "GHSA", "value": id}},
		"created_at": at, "published_at": at, "updated_at": at, "closed_at": nil, "withdrawn_at": nil, "vulnerabilities": open,
		"cwe_ids": []string{}, "credits": []object{},
	}
}
