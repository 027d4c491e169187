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

func TestReleasesByPages(t *testing.T) {
	b := serve(t, NewWorld(Config{Seed: 1, Instances: 3}))
	var all []listedRelease
	for url, pages := releasesURL, 0; url != ""; pages++ {
		code, h, body, err := b.get(url)
		var page []listedRelease
		if err != nil || code != 200 || json.Unmarshal(body, &page) != nil || len(page) == 0 || pages > 9 {
			t.Fatalf("%s: %d, %v, %d", url, code, err, len(page))
		}
		all = append(all, page...)
		url = ""
		for _, link := range strings.Split(h.Get("Link"), ", ") {
			if to, ok := strings.CutSuffix(link, `>; rel="next"`); ok {
				url = strings.TrimPrefix(to, "<")
			}
		}
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
