package demo

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

const releasesURL = "https://api.github.com/repos/mastodon/mastodon/releases?per_page=100"

type listedRelease struct {
	Tag        string    `json:"tag_name"`
	Prerelease bool      `json:"prerelease"`
	Published  time.Time `json:"published_at"`
	Body       string    `json:"body"`
}

// pages are all pages of one of GitHub's lists.
func (b *box) pages(url string) [][]byte {
	b.t.Helper()
	var all [][]byte
	for url != "" {
		code, h, body, err := b.get(url)
		if err != nil || code != 200 || len(all) > 9 {
			b.t.Fatalf("%s: %d, %v", url, code, err)
		}
		all = append(all, body)
		url = ""
		for _, link := range strings.Split(h.Get("Link"), ", ") {
			if to, ok := strings.CutSuffix(link, `>; rel="next"`); ok {
				url = strings.TrimPrefix(to, "<")
			}
		}
	}
	return all
}

func TestReleasesByPages(t *testing.T) {
	b := serve(t, NewWorld(Config{Seed: 1, Instances: 3}))
	var all []listedRelease
	for _, body := range b.pages(releasesURL) {
		var page []listedRelease
		if err := json.Unmarshal(body, &page); err != nil || len(page) == 0 {
			t.Fatalf("%d releases, %v", len(page), err)
		}
		all = append(all, page...)
	}
	if len(all) != 195 || all[0].Tag != "v4.7.0" || all[194].Tag != "v3.5.0rc1" || !all[194].Prerelease || all[0].Prerelease {
		t.Fatalf("%d releases from %+v to %+v", len(all), all[0], all[len(all)-1])
	}
	want := time.Date(2026, 8, 20, 0, 0, 0, 0, time.UTC)
	if !all[0].Published.Equal(want) {
		t.Errorf("v4.7.0 is of %v", all[0].Published)
	}
	for _, r := range all {
		if sec := strings.Contains(r.Body, "### Security"); sec != (r.Tag == "v4.6.4") && (r.Tag == "v4.6.4" || r.Tag == "v4.6.5") {
			t.Errorf("%s has a section on security: %v", r.Tag, sec)
		}
	}
}

func TestETag(t *testing.T) {
	b := serve(t, NewWorld(Config{Seed: 1, Instances: 3}))
	_, h, _, err := b.get(releasesURL)
	tag := h.Get("ETag")
	if err != nil || tag == "" {
		t.Fatalf("%v, %v", h, err)
	}
	b.step(5 * time.Minute)
	if code, _, body, _ := b.get(releasesURL, "If-None-Match", tag); code != 304 || len(body) > 0 {
		t.Errorf("unchanged: %d with %d bytes", code, len(body))
	}
	b.step(time.Hour) // the first invented ones come out between 40 and 60 minutes
	code, _, body, _ := b.get(releasesURL, "If-None-Match", tag)
	var page []listedRelease
	if err := json.Unmarshal(body, &page); code != 200 || err != nil || page[0].Tag != "v4.7.1" || page[2].Tag != "v4.5.17" {
		t.Errorf("after an hour: %d, %v, %+v", code, err, page[:min(3, len(page))])
	}
}

const advisoriesURL = "https://api.github.com/repos/mastodon/mastodon/security-advisories?per_page=30&state=published"

func TestAdvisories(t *testing.T) {
	b := serve(t, WorldOf(nil, defaultStart))
	type vulnerability struct {
		Package struct{ Ecosystem, Name string }
		Range   string `json:"vulnerable_version_range"`
		Patched string `json:"patched_versions"`
	}
	type entry struct {
		ID              string          `json:"ghsa_id"`
		Severity        string          `json:"severity"`
		Published       time.Time       `json:"published_at"`
		Updated         time.Time       `json:"updated_at"`
		Withdrawn       *time.Time      `json:"withdrawn_at"`
		Vulnerabilities []vulnerability `json:"vulnerabilities"`
	}
	var all []entry
	pages := b.pages(advisoriesURL)
	for _, body := range pages {
		var page []entry
		if err := json.Unmarshal(body, &page); err != nil || len(page) == 0 || len(page) > 30 {
			t.Fatal(len(page), err)
		}
		all = append(all, page...)
	}
	if len(pages) != 2 || len(all) != 39 { // days with security releases that are not the first of a branch
		t.Errorf("%d advisories on %d pages", len(all), len(pages))
	}
	ids := map[string]bool{}
	ranges := map[string][]string{}
	for i, a := range all {
		ids[a.ID] = true
		if len(a.ID) != 19 || a.Severity == "" || a.Withdrawn != nil || !a.Updated.Equal(a.Published) || i > 0 && a.Published.After(all[i-1].Published) {
			t.Errorf("%+v", a)
		}
		for _, v := range a.Vulnerabilities {
			day := a.Published.Format(time.DateOnly)
			ranges[day] = append(ranges[day], v.Range+" → "+v.Patched)
			if v.Package.Name != "mastodon" || v.Package.Ecosystem != "" && v.Package.Ecosystem != "other" {
				t.Errorf("%+v", v)
			}
		}
	}
	if len(ids) != len(all) {
		t.Errorf("%d ids", len(ids))
	}
	for day, want := range map[string]string{
		"2026-07-27": "< 4.4.21 → 4.4.21 | >= 4.5.0, < 4.5.14 → 4.5.14 | >= 4.6.0, < 4.6.4 → 4.6.4",
		"2026-07-03": ">= 4.6.0, < 4.6.3 → 4.6.3",
		"2025-02-27": "< 4.1.23 → 4.1.23 | >= 4.2.0, < 4.2.17 → 4.2.17 | >= 4.3.0, < 4.3.4 → 4.3.4", // 4.2.16 was not enough
		"2022-11-14": "< 3.5.4 → 3.5.4",                                                             // and 4.0.0
		"2024-10-08": "",                                                                            // 4.3.0
	} {
		if got := strings.Join(ranges[day], " | "); got != want {
			t.Errorf("%s: %s, want %s", day, got, want)
		}
	}
	_, h, _, _ := b.get(advisoriesURL)
	if code, h, _, _ := b.get(advisoriesURL, "If-None-Match", h.Get("ETag")); code != 304 || h.Get("X-RateLimit-Remaining") != "56" {
		t.Errorf("unchanged: %d, %v", code, h)
	}
	if code, _, _, _ := b.get("https://api.github.com/repos/mastodon/mastodon/tags"); code != 404 {
		t.Errorf("another list: %d", code)
	}
}

func TestListsAreKnownByTheirLastPage(t *testing.T) {
	n := int64(10)
	b := serve(t, WorldOf([]Spec{{Name: "one.social", Version: "4.6.3", Users: &n}}, defaultStart))
	update := func(want string) {
		t.Helper()
		b.want(b.Truth(b.time()).Series(), map[string]float64{`mastodon_update_instances{update="` + want + `"}`: 1}, "mastodon_update")
	}
	b.visit("one.social")
	update("unknown")
	_, h, _, _ := b.get(releasesURL)
	update("unknown")
	b.step(time.Minute)
	b.pages(releasesURL)
	update("behind")
	_, _, _, _ = b.get(advisoriesURL)
	update("behind")
	b.pages(advisoriesURL)
	update("security_missing")
	if _, _, _, err := b.get(releasesURL, "If-None-Match", h.Get("ETag")); err != nil {
		t.Fatal(err)
	}
	update("security_missing")
}

func TestReading(t *testing.T) {
	at := func(minute int) time.Time { return defaultStart.Add(time.Duration(minute) * time.Minute) }
	var r reading
	for i, row := range []struct {
		first, last, same bool
		known             time.Time
	}{
		{last: true},               // the end of a list whose beginning nobody asked for
		{first: true},              //
		{},                         //
		{last: true, known: at(1)}, // as of its first page
		{first: true, known: at(1)},
		{first: true, last: true, known: at(5)},
		{first: true, same: true, known: at(6)},
		{last: true, same: true, known: at(6)},
	} {
		if r.page(at(i), row.first, row.last, row.same); !r.known.Equal(row.known) {
			t.Errorf("after page %d the list is known as of %v, want %v", i, r.known, row.known)
		}
	}
}

func TestRateLimit(t *testing.T) {
	b := serve(t, NewWorld(Config{Seed: 1, Instances: 3}))
	get := func(want int, remaining string, header ...string) {
		t.Helper()
		code, h, _, err := b.get(releasesURL, header...)
		if err != nil || code != want || h.Get("X-RateLimit-Remaining") != remaining {
			t.Errorf("%d with %s left, %v; want %d with %s", code, h.Get("X-RateLimit-Remaining"), err, want, remaining)
		}
	}
	_, h, _, _ := b.get(releasesURL)
	tag, reset := h.Get("ETag"), h.Get("X-RateLimit-Reset")
	if h.Get("X-RateLimit-Limit") != "60" || reset != "1795482000" { // 2026-11-24 01:00 UTC
		t.Errorf("limit %s, reset %s", h.Get("X-RateLimit-Limit"), reset)
	}
	get(304, "58", "If-None-Match", tag) // costs one without a token
	for range 57 {
		_, _, _, _ = b.get(releasesURL)
	}
	get(200, "0")
	get(403, "0")
	get(304, "5000", "If-None-Match", tag, "Authorization", "Bearer x") // is free with one
	get(200, "4999", "Authorization", "Bearer x")
	b.step(time.Hour)
	get(200, "59")
}
