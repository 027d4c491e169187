package releases

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// format is the version of what MarshalBinary writes. It is to be raised when the meaning of a field changes, and also when
// more is read of an answer than before: an ETag would keep GitHub from sending again what was not read of it.
const format = 1

// Bounds of a state, far above what GitHub's pages can hold of things that we understand.
const (
	maxState  = 32 << 20 // bytes
	maxListed = maxPages * maxEntries
)

// saved is a Source's memory as JSON.
type saved struct {
	Format      int            `json:"format"`
	Repository  string         `json:"repository"`
	Releases    []savedRelease `json:"releases"`
	Advisories  []Advisory     `json:"advisories"`
	Ignored     [2]int         `json:"ignored"`
	ETag        [2]string      `json:"etag"`
	Advised     bool           `json:"advised"`
	NextAdvised time.Time      `json:"next_advised"`
	Limited     time.Time      `json:"limited"`
	Rate        Rate           `json:"rate"`
}

type savedRelease struct {
	Tag       string    `json:"tag"`
	Channel   Channel   `json:"channel"`
	Published time.Time `json:"published"`
	Security  bool      `json:"security"` // by its notes
}

// MarshalBinary is what the Source remembers, for the state that survives a restart: both lists with their ETags, when the
// advisories are due, and GitHub's limits. It may be called during a look-up, whose answer is then not in it.
func (s *Source) MarshalBinary() ([]byte, error) {
	m := s.recall()
	state := saved{
		Format: format, Repository: s.repository, Advisories: m.advisories, Ignored: m.ignored, ETag: m.etag,
		Advised: m.advised, NextAdvised: m.nextAdvised, Limited: m.limited, Rate: m.rate,
	}
	for _, r := range m.releases {
		state.Releases = append(state.Releases, savedRelease{Tag: r.Tag, Channel: r.Channel, Published: r.Published, Security: r.Security})
	}
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false) // ranges are full of < and >
	if err := out.Encode(state); err != nil {
		return nil, fmt.Errorf("saving the releases: %w", err)
	}
	if b.Len() > maxState {
		return nil, fmt.Errorf("saving the releases: %d bytes, at most %d are read back", b.Len(), maxState)
	}
	return b.Bytes(), nil
}

// UnmarshalBinary makes the Source remember what MarshalBinary gave: Known has it at once, and an unchanged list costs one
// conditional request. It is for a Source that has not looked up yet. State of another format (of a later version of the
// program, say), of another repository, or that MarshalBinary cannot have written is an error, and changes nothing.
func (s *Source) UnmarshalBinary(data []byte) error {
	m, err := s.read(data)
	if err != nil {
		return fmt.Errorf("restoring the releases: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.memory = m
	return nil
}

func (s *Source) read(data []byte) (memory, error) {
	if len(data) > maxState {
		return memory{}, fmt.Errorf("%d bytes, at most %d are read", len(data), maxState)
	}
	var head struct { // by itself: what a later format writes may have other shapes
		Format int `json:"format"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return memory{}, err
	}
	if head.Format != format {
		return memory{}, fmt.Errorf("format %d, this program reads %d", head.Format, format)
	}
	var state saved
	if err := json.Unmarshal(data, &state); err != nil {
		return memory{}, err
	}
	if state.Repository != s.repository {
		return memory{}, fmt.Errorf("they are those of %.140q", state.Repository)
	}
	if err := state.check(); err != nil {
		return memory{}, err
	}
	return state.memory(s.now()), nil
}

// sound reports whether r is as MarshalBinary writes it.
func (r savedRelease) sound() bool {
	v, ok := parseTag(r.Tag)
	return ok && dated(r.Published) && (r.Channel == v.Channel() || (r.Channel == RC && v.Channel() == Stable))
}

// check says what is not as MarshalBinary writes it.
func (state saved) check() error {
	if len(state.Releases) > maxListed || len(state.Advisories) > maxListed {
		return fmt.Errorf("%d releases and %d advisories, at most %d are read", len(state.Releases), len(state.Advisories), maxListed)
	}
	for i, r := range state.Releases {
		if !r.sound() {
			return fmt.Errorf("release %d is none", i)
		}
	}
	for i, a := range state.Advisories {
		if _, ok := a.understand(); !ok || a.ID == "" || !dated(a.Published) {
			return fmt.Errorf("advisory %d is none", i)
		}
	}
	if slices.Min(state.Ignored[:]) < 0 || slices.Max(state.Ignored[:]) > maxListed || state.Rate.Limit < 0 || state.Rate.Remaining < 0 {
		return errors.New("a number that cannot be")
	}
	if len(state.ETag[ofReleases]) > maxETag || len(state.ETag[ofAdvisories]) > maxETag {
		return fmt.Errorf("an ETag of more than %d bytes", maxETag)
	}
	return nil
}

// memory is what a checked state holds. A date that lies ahead is our clock's fault, then or now: that entry is left out, and
// its list is asked for unconditionally. So is a list that is empty, but for the advisories of a repository that has none.
func (state saved) memory(now time.Time) memory {
	m := memory{
		ignored: state.Ignored, etag: state.ETag, advised: state.Advised,
		nextAdvised: state.NextAdvised, rate: state.Rate, limited: state.Limited,
	}
	var releases page[Release]
	for _, r := range state.Releases {
		v, _ := parseTag(r.Tag)
		releases.keep(Release{Tag: r.Tag, Version: v, Channel: r.Channel, Published: r.Published.UTC(), Security: r.Security}, r.Published, now)
	}
	var advisories page[Advisory]
	for _, a := range state.Advisories {
		a.Published = a.Published.UTC()
		advisories.keep(a, a.Published, now)
	}
	if releases.future > 0 || len(releases.entries) == 0 {
		m.etag[ofReleases] = ""
	}
	if advisories.future > 0 || !m.advised {
		m.etag[ofAdvisories], m.nextAdvised = "", time.Time{}
	}
	m.releases, m.advisories = releases.entries, advisories.entries
	m.learn()
	return m
}
