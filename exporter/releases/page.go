package releases

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"time"
)

// maxEntries is how many releases one page may hold; we ask for a hundred.
const maxEntries = 1000

// maxAhead is how far a date may lie ahead of our clock.
const maxAhead = 24 * time.Hour

// page is one page of releases, read.
type page struct {
	releases []Release
	ignored  int // entries that were left out
	future   int // of them, for their date
}

// entry is what we read of a release in GitHub's API.
type entry struct {
	Tag        string    `json:"tag_name"`
	Draft      bool      `json:"draft"`
	PreRelease bool      `json:"prerelease"`
	Published  time.Time `json:"published_at"`
	Body       string    `json:"body"`
}

// securitySection finds the heading in a release's notes under which Mastodon lists what it mended of security. Not every
// such release has it: advisories tell the rest.
var securitySection = regexp.MustCompile(`(?mi)^ {0,3}#{1,6}[ \t]+Security\b`)

// readPage reads one page of GitHub's list of releases. Drafts are skipped; an entry that is no release we understand (another
// shape, a tag that is no version, no date or one ahead of now) is left out and counted.
func readPage(body []byte, now time.Time) (page, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return page{}, unreadable(body, err)
	}
	if raw == nil || len(raw) > maxEntries {
		return page{}, &Error{Reason: Shape, Err: fmt.Errorf("a list of %d entries", len(raw))}
	}
	var p page
	for _, r := range raw {
		var e entry
		err := json.Unmarshal(r, &e)
		if err == nil && e.Draft {
			continue
		}
		v, ok := parseTag(e.Tag)
		switch {
		case err != nil, !ok, e.Published.IsZero():
			p.ignored++
		case e.Published.After(now.Add(maxAhead)):
			p.ignored++
			p.future++
		default:
			p.releases = append(p.releases, e.release(v))
		}
	}
	return p, nil
}

// release makes a Release. A tag that looks finished but is marked as a pre-release is no stable one: it counts as a candidate.
func (e entry) release(v Version) Release {
	channel := v.Channel()
	if channel == Stable && e.PreRelease {
		channel = RC
	}
	return Release{Tag: e.Tag, Version: v, Channel: channel, Published: e.Published.UTC(), Security: securitySection.MatchString(e.Body)}
}

// unreadable says what kind of thing came in the place of a list.
func unreadable(body []byte, err error) *Error {
	text := bytes.TrimSpace(body)
	switch {
	case len(text) > 0 && text[0] == '<':
		return &Error{Reason: HTML, Err: fmt.Errorf("a page in the place of a list: %w", err)}
	case json.Valid(text):
		return &Error{Reason: Shape, Err: fmt.Errorf("no list: %w", err)}
	}
	return &Error{Reason: NotJSON, Err: err}
}
