// Package census keeps the book of the instances: what each one last said, whether it is up, what changed.
// Next is the whole judgement, one pure function; Book applies it and is the only writer.
package census

import (
	"crypto/tls"
	"time"

	"github.com/mnm-social/mnm/exporter/country"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/https"
	"github.com/mnm-social/mnm/exporter/instance"
	"github.com/mnm-social/mnm/exporter/outbound"
)

// Entry is one instance as it is known. It does not change: Next makes the following one.
type Entry struct {
	Name     domain.Name
	Added    time.Time // when it was first named
	Baseline bool      // named before the first round was over, so its first good visit is not news
	Excluded bool      // by our operator

	Up      Up
	Refused bool // by robots.txt, X-Robots-Tag or 451
	Gone    bool // it answered 410

	Visits    int           // visits, confirmations not counted; stops at MaxVisits
	LastVisit time.Time     // end of the latest visit or confirmation, whatever came of it
	LastGood  time.Time     // latest good visit
	Answered  time.Time     // latest sign of life
	Failing   time.Time     // since when it does not answer; zero while it does
	NotBefore time.Time     // it asked us to wait until then, or our own budget did
	Reason    string        // why the latest visit was not good; empty if it was
	Step      Step          // the question that decided so, to be repeated; of use only with a Reason
	Took      time.Duration // of the latest good visit

	Answers instance.Answers     // latest documents, too old ones left out
	Asked   [StepCount]time.Time // when each step last got an answer, readable or not
	Read    [StepCount]time.Time // when each document was last read
	ETags   [StepCount]string    // of each document, to ask whether it has changed
	Figures instance.Figures     // Answers, weighed
	Version string               // Figures.Version as a label: canonical for Mastodon and its forks

	NodeInfoURL string // where its well-known document says its nodeinfo is
	Robots      outbound.Robots
	Country     country.Answer
	TLS         TLS
	Plain       https.Plain   // what http://NAME/ last answered; the zero Plain: nothing there speaks HTTP
	HTTPS       https.Report  // of the latest page at /; not judged before that, and before port 80 was looked at
	Certificate https.Verdict // of the latest handshake
	IPv6        bool
	Other       Other

	Changed [ChangeCount]time.Time // latest change of each kind
}

// MaxVisits bounds Entry.Visits: past it only the fact of many visits matters.
const MaxVisits = 1 << 30

// TLS is what the instance's last verified connection had.
type TLS struct {
	Version uint16    // as crypto/tls numbers them; 0 before the first connection
	Expiry  time.Time // of the leaf certificate
}

// Name is the protocol's version as its specification writes it: "1.2", "1.3".
func (t TLS) Name() string {
	switch t.Version {
	case tls.VersionTLS12:
		return "1.2"
	case tls.VersionTLS13:
		return "1.3"
	}
	return ""
}

// Other is the host that an instance of one name is served from under another, and what its robots.txt says.
type Other struct {
	Name   domain.Name
	Robots outbound.Robots
	Asked  time.Time
}

// Up says whether an instance answered its latest confirmed visit.
type Up uint8

// An instance is neither up nor down until a first visit is confirmed.
const (
	Unseen Up = iota
	Yes
	No
)

// Step is one question of a visit.
type Step uint8

// The steps of a visit; METRICS' visit plan says how often each is asked.
const (
	StepRobots Step = iota
	StepWellKnown
	StepNodeInfo
	StepV1
	StepV2
	StepActivity
	StepHTTPS
	StepHTTP
	StepCount
)

// Change is a kind of change, and the value of the label "change".
type Change uint8

// The kinds of change.
const (
	ChangeVersion Change = iota
	ChangeSoftware
	ChangeCountry
	ChangeRegistrations
	ChangeUsers // dropped sharply
	ChangeCertificate
	ChangeUp
	ChangeDown
	ChangeNew
	ChangeGone
	ChangeCount
)

// String is the label's value.
func (c Change) String() string {
	return [ChangeCount]string{"version", "software", "country", "registrations", "users", "certificate", "up", "down", "new", "gone"}[c]
}

// State is the one state in which an instance is counted.
type State uint8

// The states, in the order in which they are tried: the first that fits counts.
const (
	Refused State = iota
	Gone
	New
	StateUp
	StateDown
	StateCount
)

// String is the label's value.
func (s State) String() string {
	return [StateCount]string{"refused", "gone", "new", "up", "down"}[s]
}

// State is the first state that fits at a time. An instance that has been silent for silentFor counts as gone.
func (e *Entry) State(now time.Time, silentFor time.Duration) State {
	switch {
	case e.Refused || e.Excluded:
		return Refused
	case e.Gone || e.Up == No && e.Silence(now) >= silentFor:
		return Gone
	case e.Up == Yes:
		return StateUp
	case e.Up == No:
		return StateDown
	}
	return New
}

// Silence is how long there has been no sign of life, since it was first named at the longest.
func (e *Entry) Silence(now time.Time) time.Duration {
	if e.Answered.After(e.Added) {
		return now.Sub(e.Answered)
	}
	return now.Sub(e.Added)
}

// Fresh reports whether the figures are recent enough to be shown and summed.
func (e *Entry) Fresh(now time.Time, staleAfter time.Duration) bool {
	return !e.Refused && !e.Gone && !e.Excluded && !e.LastGood.IsZero() && now.Sub(e.LastGood) < staleAfter
}

// Tried reports whether a visit was made, or is not to be made, or cannot be made from here.
func (e *Entry) Tried() bool {
	return e.Visits > 0 || e.Excluded || e.Reason == string(outbound.ReasonNoIPv6Route)
}

// Declines reports whether the instance does not want to be visited, or is gone, as far as is known.
func (e *Entry) Declines() bool { return e.Refused || e.Gone }

// Repeats reports whether the next visit is the repetition of one question: the confirmation of a failure, or the daily
// look whether a refusal still stands.
func (e *Entry) Repeats() bool {
	if e.Declines() {
		return e.Reason != ""
	}
	return e.Up != No && !e.Failing.IsZero()
}

// Outcome says what came of a visit.
type Outcome uint8

// The outcomes of a visit.
const (
	// Failed is any end that is none of the others.
	Failed Outcome = iota
	// Good is a visit in which nodeinfo or /api/v1/instance could be read.
	Good
	// Answered is a repeated question that was answered well: it shows life, or that a refusal is over, and no more.
	Answered
	// Blocked is 401, 403, 429 or a challenge page: the server is there, we may not see it.
	Blocked
	// Declined is a refusal to be visited: robots.txt, X-Robots-Tag or 451.
	Declined
	// Departed is 410.
	Departed
	// Unjudged is a failure of our own: no network, no route, no budget left. It counts as no visit.
	Unjudged
)

// Observation is what one visit saw. Nil and zero fields were not asked or could not be read.
type Observation struct {
	At         time.Time // its end
	Took       time.Duration
	Outcome    Outcome
	Repetition bool // of one question; see Entry.Repeats
	Reason     string
	Step       Step      // that decided the outcome
	Silent     bool      // nobody answered at all, neither the host nor a resolver about it
	NotBefore  time.Time // when the next visit may be, at the earliest; an Unjudged one owes it

	Answers     instance.Answers
	Asked       [StepCount]bool // steps that were asked and got an answer, readable or not
	ETags       [StepCount]string
	NodeInfoURL string
	Robots      *outbound.Robots
	Country     *country.Answer
	TLS         TLS
	Plain       *https.Plain  // nil: port 80 was not looked at
	HTTPS       *https.Report // nil: there was no page at /
	Certificate https.Verdict // "": no handshake told
	Handshake   *https.Marks  // of one that did not verify
	IPv6        bool
	Other       *Other
}

// Rules are the times by which Next judges.
type Rules struct {
	ConfirmAfter time.Duration // a failure is believed when it lasts this long
	StaleAfter   time.Duration // a figure is forgotten this long after it was read
	ForgetAfter  time.Duration // silence this long is gone, and forgotten where nobody names the instance any more
}
