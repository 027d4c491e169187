package census

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/mnm-social/mnm/exporter/country"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/https"
	"github.com/mnm-social/mnm/exporter/instance"
	"github.com/mnm-social/mnm/exporter/outbound"
)

// record is an Entry as it is kept in a file: short, and with nothing for what is not known. Figures and Version are left
// out, since they follow from the answers. Times are Unix milliseconds.
type record struct {
	Name     domain.Name `json:"name"`
	Added    int64       `json:"added,omitzero"`
	Baseline bool        `json:"baseline,omitzero"`
	Excluded bool        `json:"excluded,omitzero"`

	Up        Up            `json:"up,omitzero"`
	Refused   bool          `json:"refused,omitzero"`
	Gone      bool          `json:"gone,omitzero"`
	Visits    int           `json:"visits,omitzero"`
	LastVisit int64         `json:"last_visit,omitzero"`
	LastGood  int64         `json:"last_good,omitzero"`
	Answered  int64         `json:"answered,omitzero"`
	Failing   int64         `json:"failing,omitzero"`
	NotBefore int64         `json:"not_before,omitzero"`
	Reason    string        `json:"reason,omitzero"`
	Step      string        `json:"step,omitzero"`
	Took      time.Duration `json:"took,omitzero"`

	Answers     instance.Answers  `json:"answers,omitzero"`
	Asked       map[string]int64  `json:"asked,omitempty"`
	Read        map[string]int64  `json:"read,omitempty"`
	ETags       map[string]string `json:"etags,omitempty"`
	NodeInfoURL string            `json:"nodeinfo,omitzero"`
	Robots      outbound.Robots   `json:"robots,omitzero"`
	Country     country.Answer    `json:"country,omitzero"`
	TLSVersion  uint16            `json:"tls_version,omitzero"`
	Expiry      int64             `json:"expiry,omitzero"`
	Plain       https.Plain       `json:"plain,omitzero"`
	HTTPS       report            `json:"https,omitzero"`
	Certificate https.Verdict     `json:"certificate,omitzero"`
	IPv6        bool              `json:"ipv6,omitzero"`
	Other       *other            `json:"other,omitempty"`
	Changed     map[string]int64  `json:"changed,omitempty"`
}

// other is an Other as it is kept.
type other struct {
	Name   domain.Name     `json:"name"`
	Robots outbound.Robots `json:"robots,omitzero"`
	Asked  int64           `json:"asked,omitzero"`
}

// report is a Report that is left out, and nothing else with it, where it has what this version does not know.
type report https.Report

// UnmarshalJSON never fails.
func (r *report) UnmarshalJSON(text []byte) error {
	var read https.Report
	if json.Unmarshal(text, &read) == nil {
		*r = report(read)
	}
	return nil
}

// steps are the names of the steps in a record. They are part of the file's form: one may be added, none changed.
var steps = [StepCount]string{"robots", "well_known", "nodeinfo", "v1", "v2", "activity", "https", "http"}

func recordOf(e *Entry) record {
	r := record{
		Name: e.Name, Added: milli(e.Added), Baseline: e.Baseline, Excluded: e.Excluded,
		Up: e.Up, Refused: e.Refused, Gone: e.Gone, Visits: e.Visits, LastVisit: milli(e.LastVisit), LastGood: milli(e.LastGood),
		Answered: milli(e.Answered), Failing: milli(e.Failing), NotBefore: milli(e.NotBefore), Reason: e.Reason, Took: e.Took,
		Answers: e.Answers, Asked: map[string]int64{}, Read: map[string]int64{}, ETags: map[string]string{},
		NodeInfoURL: e.NodeInfoURL, Robots: e.Robots, Country: e.Country, TLSVersion: e.TLS.Version, Expiry: milli(e.TLS.Expiry),
		Plain: e.Plain, HTTPS: report(e.HTTPS), Certificate: e.Certificate, IPv6: e.IPv6, Changed: map[string]int64{},
	}
	if e.Reason != "" {
		r.Step = steps[e.Step]
	}
	if !e.Other.Name.IsZero() {
		r.Other = &other{e.Other.Name, e.Other.Robots, milli(e.Other.Asked)}
	}
	for i, name := range steps {
		keep(r.Asked, name, milli(e.Asked[i]))
		keep(r.Read, name, milli(e.Read[i]))
		keep(r.ETags, name, e.ETags[i])
	}
	for c := range ChangeCount {
		keep(r.Changed, c.String(), milli(e.Changed[c]))
	}
	return r
}

func (r *record) entry() *Entry {
	e := &Entry{
		Name: r.Name, Added: moment(r.Added), Baseline: r.Baseline, Excluded: r.Excluded,
		Up: r.Up, Refused: r.Refused, Gone: r.Gone, Visits: r.Visits, LastVisit: moment(r.LastVisit), LastGood: moment(r.LastGood),
		Answered: moment(r.Answered), Failing: moment(r.Failing), NotBefore: moment(r.NotBefore), Reason: r.Reason, Took: r.Took,
		Answers: r.Answers, NodeInfoURL: r.NodeInfoURL, Robots: r.Robots, Country: r.Country,
		TLS: TLS{Version: r.TLSVersion, Expiry: moment(r.Expiry)}, IPv6: r.IPv6,
		Plain: r.Plain, HTTPS: https.Report(r.HTTPS), Certificate: r.Certificate,
	}
	e.Step = Step(max(0, slices.Index(steps[:], r.Step)))
	if o := r.Other; o != nil {
		e.Other = Other{o.Name, o.Robots, moment(o.Asked)}
	}
	for i, name := range steps {
		e.Asked[i], e.Read[i], e.ETags[i] = moment(r.Asked[name]), moment(r.Read[name]), r.ETags[name]
	}
	for c := range ChangeCount {
		e.Changed[c] = moment(r.Changed[c.String()])
	}
	e.Figures = e.Answers.Figures()
	e.Version = label(e.Figures)
	return e
}

func keep[T comparable](m map[string]T, key string, value T) {
	var none T
	if value != none {
		m[key] = value
	}
}

// milli is Unix time in milliseconds, 0 for the zero time.
func milli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// saved is the book as it is kept. The counters of changes are not: one that went on from a saved value after a crash would
// go backwards, which is worse than to begin at 0.
type saved struct {
	Entries []json.RawMessage `json:"entries"`
}

// MarshalJSON writes everything that the book knows.
func (b *Book) MarshalJSON() ([]byte, error) {
	all, _ := b.Entries()
	s := struct {
		Entries []record `json:"entries"`
	}{make([]record, len(all))}
	for i, e := range all {
		s.Entries[i] = recordOf(e)
	}
	return json.Marshal(s)
}

// Restore takes over a book that MarshalJSON wrote, and returns how many entries of it were none and are left out. Text that is
// no book at all is an error, and changes nothing. Times after now are taken for now: the clock was wrong then, and nothing
// may wait for it to come true.
func (b *Book) Restore(text []byte, now time.Time) (bad int, err error) {
	var s saved
	if err := json.Unmarshal(text, &s); err != nil {
		return 0, fmt.Errorf("reading the book: %w", err)
	}
	entries := make(map[domain.Name]*Entry, len(s.Entries))
	order := make([]domain.Name, 0, len(s.Entries))
	for _, text := range s.Entries {
		var r record
		if json.Unmarshal(text, &r) != nil || r.Name.IsZero() || entries[r.Name] != nil || r.Up > No || r.Visits < 0 {
			bad++
			continue
		}
		e := r.entry()
		e.notAfter(now)
		entries[e.Name] = e
		order = append(order, e.Name)
	}
	slices.SortFunc(order, domain.Compare)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries, b.order = entries, order
	return bad, nil
}

// Hold lets nobody be visited before until whose visit may have been made, and lost, until a time: all that were due then,
// and the hosts from which those are served.
func (b *Book) Hold(due func(*Entry) time.Time, lost, until time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	hold := func(name domain.Name) {
		if e := b.entries[name]; e != nil && e.NotBefore.Before(until) {
			next := *e
			next.NotBefore = until
			b.entries[name] = &next
		}
	}
	for _, name := range b.order {
		if e := b.entries[name]; !due(e).After(lost) || e.NotBefore.Equal(until) {
			hold(name)
			hold(e.Other.Name)
		}
	}
}

// longestWait is how long anybody may have asked us to wait.
const longestWait = 24 * time.Hour

func (e *Entry) notAfter(now time.Time) {
	times := []*time.Time{&e.Added, &e.LastVisit, &e.LastGood, &e.Answered, &e.Failing, &e.Other.Asked}
	for i := range StepCount {
		times = append(times, &e.Asked[i], &e.Read[i])
	}
	for c := range ChangeCount {
		times = append(times, &e.Changed[c])
	}
	for _, t := range times {
		if t.After(now) {
			*t = now
		}
	}
	if e.NotBefore.Sub(now) > longestWait {
		e.NotBefore = now
	}
}
