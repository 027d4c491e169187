package releases

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// maxEntries is how many entries one page may hold; we ask for a hundred.
const maxEntries = 1000

// maxAhead is how far a date may lie ahead of our clock.
const maxAhead = 24 * time.Hour

// dated reports whether an entry has a date: before this year there was no GitHub that could have published it.
func dated(published time.Time) bool { return published.Year() >= 2008 }

// page is one page of a list, or several together, read.
type page[T any] struct {
	entries []T
	ignored int // entries that were left out
	future  int // of them, for their date
}

func (p *page[T]) add(more page[T]) {
	p.entries = append(p.entries, more.entries...)
	p.ignored += more.ignored
	p.future += more.future
}

// keep takes an entry in, unless it has no date or one that lies ahead of now.
func (p *page[T]) keep(entry T, published, now time.Time) {
	switch {
	case !dated(published):
		p.ignored++
	case published.After(now.Add(maxAhead)):
		p.ignored++
		p.future++
	default:
		p.entries = append(p.entries, entry)
	}
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
func readPage(body []byte, now time.Time) (page[Release], error) {
	var p page[Release]
	raw, err := readList(body)
	for _, r := range raw {
		var e entry
		err := json.Unmarshal(r, &e)
		if err == nil && e.Draft {
			continue
		}
		v, ok := parseTag(e.Tag)
		if err != nil || !ok {
			p.ignored++
			continue
		}
		p.keep(e.release(v), e.Published, now)
	}
	return p, err
}

// release makes a Release. A tag that looks finished but is marked as a pre-release is no stable one: it counts as a candidate.
func (e entry) release(v Version) Release {
	channel := v.Channel()
	if channel == Stable && e.PreRelease {
		channel = RC
	}
	return Release{Tag: e.Tag, Version: v, Channel: channel, Published: e.Published.UTC(), Security: securitySection.MatchString(e.Body)}
}

// advisory is what we read of a repository's advisory in GitHub's API.
//
// Source: "List repository security advisories" in its reference for version 2022-11-28, and its OpenAPI description.
type advisory struct {
	ID              string    `json:"ghsa_id"`
	State           string    `json:"state"` // triage, draft, published, closed; strangers are shown published ones only
	Severity        string    `json:"severity"`
	Published       time.Time `json:"published_at"`
	Withdrawn       string    `json:"withdrawn_at"`
	Vulnerabilities []struct {
		Package struct {
			Name string `json:"name"` // "mastodon", or nothing
		} `json:"package"`
		Range   string `json:"vulnerable_version_range"`
		Patched string `json:"patched_versions"`
	} `json:"vulnerabilities"`
}

// readAdvisories reads one page of GitHub's list of advisories. What is withdrawn or not published is skipped; an entry that
// is no advisory we understand (another shape, no date or one ahead of now, a range that we can't read) is left out and counted.
func readAdvisories(body []byte, now time.Time) (page[Advisory], error) {
	var p page[Advisory]
	raw, err := readList(body)
	for _, r := range raw {
		var e advisory
		err := json.Unmarshal(r, &e)
		if err == nil && (e.Withdrawn != "" || (e.State != "" && e.State != "published")) {
			continue
		}
		a := e.advisory()
		if _, ok := a.understand(); err != nil || !ok || a.ID == "" {
			p.ignored++
			continue
		}
		p.keep(a, a.Published, now)
	}
	return p, err
}

// advisory makes an Advisory of the lines that speak of Mastodon: those that name another package count its versions.
func (e advisory) advisory() Advisory {
	a := Advisory{ID: e.ID, Published: e.Published.UTC()}
	if slices.Contains([]string{"low", "medium", "high", "critical"}, e.Severity) {
		a.Severity = e.Severity
	}
	for _, v := range e.Vulnerabilities {
		if v.Package.Name == "" || strings.Contains(strings.ToLower(v.Package.Name), "mastodon") {
			a.Affected = append(a.Affected, Affected{Range: v.Range, Patched: v.Patched})
		}
	}
	return a
}

// readList reads the entries of a list, each by itself, so that one bad entry costs itself only.
func readList(body []byte) ([]json.RawMessage, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, unreadable(body, err)
	}
	if raw == nil || len(raw) > maxEntries {
		return nil, &Error{Reason: Shape, Err: fmt.Errorf("a list of %d entries", len(raw))}
	}
	return raw, nil
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
