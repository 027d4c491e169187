package toots

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

// Errors and an empty Toot hold nothing of what was read.
func TestForgets(t *testing.T) {
	body, err := os.ReadFile("testdata/recorded/mastodon.social-2020-04-timelines-public.json")
	if err != nil {
		t.Fatal(err)
	}
	var toot Toot
	longest := 0
	if _, err := DecodePage(body, &toot, func(toot *Toot) { longest = max(longest, len(toot.content)); toot.measure() }); err != nil {
		t.Fatal(err)
	}
	if toot.ID != "" || toot.URI != "" || len(toot.tags) > 0 || toot.src.Len() > 0 || len(toot.dec.UnreadBuffer()) > 0 {
		t.Error("a string is left")
	}
	for name, b := range map[string][]byte{"acct": toot.acct, "home": toot.home, "spoiler": toot.spoiler, "content": toot.content, "scratch": toot.scratch} {
		if cap(b) == 0 {
			t.Errorf("%s was never used", name)
		}
		if i := slices.IndexFunc(b[:cap(b)], func(c byte) bool { return c != 0 }); i >= 0 {
			t.Errorf("%d bytes of %s are left", cap(b)-i, name)
		}
	}
	for _, tag := range toot.tags[:cap(toot.tags)] {
		if tag != "" {
			t.Error("a tag is left")
		}
	}
	if cap(toot.content) < longest {
		t.Errorf("the text's buffer has %d bytes, the longest text had %d", cap(toot.content), longest)
	}
	err = toot.Decode([]byte(`{"id":"1","secret":secret}`))
	if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "id") {
		t.Errorf("error %v", err)
	}
}

// A Toot is reused: nothing of one status goes over to the next.
func TestReuse(t *testing.T) {
	var all [][]byte
	for _, s := range recordedStatuses(t) {
		all = append(all, s, []byte(`{"id":"1","created_at":"2026-08-02T05:25:16Z"}`))
	}
	var reused Toot
	for _, s := range all {
		var fresh Toot
		if err := errors.Join(reused.Decode(s), fresh.Decode(s)); err != nil {
			t.Fatal(err)
		}
		a, la := reused.measure()
		b, lb := fresh.measure()
		if decoded(&reused) != decoded(&fresh) || a != b || la != lb || reused.URI != fresh.URI || !bytes.Equal(reused.acct, fresh.acct) || !bytes.Equal(reused.home, fresh.home) {
			t.Fatalf("reused: %s, %d\nfresh:  %s, %d", decoded(&reused), a, decoded(&fresh), b)
		}
	}
}

// What is decoded doesn't depend on the memory it was read from.
func TestOwnsItsStrings(t *testing.T) {
	body := []byte(`{` + head + `,"uri":"https://a.example/1","content":"<p>abc</p>","account":{"acct":"alice"},"tags":[{"name":"cat"}]}`)
	var toot Toot
	if err := toot.Decode(body); err != nil {
		t.Fatal(err)
	}
	clear(body)
	if toot.ID != "1" || toot.URI != "https://a.example/1" || string(toot.content) != "<p>abc</p>" || string(toot.acct) != "alice" || toot.tags[0] != "cat" {
		t.Errorf("%q %q %q %q %q", toot.ID, toot.URI, toot.content, toot.acct, toot.tags)
	}
}
