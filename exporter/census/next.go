package census

import (
	"time"

	"github.com/mnm-social/mnm/exporter/country"
	"github.com/mnm-social/mnm/exporter/https"
	"github.com/mnm-social/mnm/exporter/instance"
	"github.com/mnm-social/mnm/exporter/releases"
)

// Next is the entry after a visit, and what changed by it. It is pure: prev is left as it was.
//
// A failure counts only when it is seen again at least ConfirmAfter later; until then the entry keeps its
// state. A good visit counts at once. Blocked, Answered and Unjudged never move Up. A refusal stands until a good visit.
func Next(prev Entry, seen Observation, rules Rules) (Entry, []Change) {
	next := prev
	next.note(&prev, seen)
	var changes []Change
	switch seen.Outcome {
	case Good:
		changes = next.good(&prev, seen, rules)
	case Failed:
		changes = next.failed(&prev, seen, rules)
	case Declined:
		next.Refused, next.Gone = true, false
		next.forget()
	case Departed:
		if !prev.Declines() && !prev.LastGood.IsZero() { // who never was there did not go
			changes = append(changes, ChangeGone)
		}
		next.Gone, next.Refused = true, false
		next.forget()
	case Blocked, Answered:
		next.Failing = time.Time{}
	case Unjudged:
	}
	for _, c := range changes {
		next.Changed[c] = seen.At
	}
	return next, changes
}

// note enters what holds whatever came of the visit: when it was, what was asked, and where the next one begins.
func (e *Entry) note(prev *Entry, seen Observation) {
	e.NotBefore = seen.NotBefore
	switch seen.Outcome {
	case Unjudged:
		if prev.Visits == 0 {
			e.Reason = seen.Reason
		}
	case Failed, Blocked:
		e.LastVisit = seen.At
		if !prev.Declines() { // why somebody declines is not forgotten over a failure: by it the refusal is looked at again
			e.Reason, e.Step = seen.Reason, seen.Step
		}
	default:
		e.LastVisit, e.Reason, e.Step = seen.At, seen.Reason, seen.Step
	}
	if seen.Outcome != Unjudged && !seen.Repetition {
		e.Visits = min(prev.Visits+1, MaxVisits)
	}
	if seen.Outcome != Unjudged && seen.Outcome != Failed {
		e.Answered = seen.At
	}
	e.learn(seen)
	for step, asked := range seen.Asked {
		if !asked {
			continue
		}
		e.Asked[step] = seen.At
		// The tag of a document that is not taken over would let the old one pass for new.
		if seen.Outcome == Good || Step(step) == StepRobots {
			e.ETags[step] = seen.ETags[step]
		}
	}
}

// learn takes over what holds whatever the visit was like as a whole.
func (e *Entry) learn(seen Observation) {
	if seen.Other != nil {
		e.Other = *seen.Other
	}
	if seen.Plain != nil {
		e.Plain = *seen.Plain
	}
	switch {
	case seen.HTTPS != nil:
		e.HTTPS, e.Read[StepHTTPS] = *seen.HTTPS, seen.At
	case seen.Handshake != nil:
		e.HTTPS.TLS = *seen.Handshake
	}
	if seen.Certificate != "" {
		e.Certificate = seen.Certificate
	}
	if seen.Robots != nil {
		if e.Robots = *seen.Robots; !e.Robots.Allows("/") { // nobody looks at the page any more
			e.Plain, e.HTTPS = https.Plain{}, https.Report{}
		}
	}
	if seen.NodeInfoURL != "" {
		e.NodeInfoURL = seen.NodeInfoURL
	}
}

// failed notes a failure, and believes it when it has lasted.
func (e *Entry) failed(prev *Entry, seen Observation, rules Rules) []Change {
	if e.Declines() {
		return nil // it is not watched any more
	}
	if e.Failing.IsZero() {
		e.Failing = seen.At
		return nil
	}
	if e.Up == No {
		// Again of who was there only: directories list many a dead name.
		if !e.LastGood.IsZero() && e.Silence(seen.At) >= rules.ForgetAfter && e.Silence(prev.LastVisit) < rules.ForgetAfter {
			return []Change{ChangeGone}
		}
		return nil
	}
	if seen.At.Sub(e.Failing) < rules.ConfirmAfter {
		return nil
	}
	e.Up = No
	if prev.Up == Yes {
		return []Change{ChangeDown}
	}
	return nil
}

// good takes over what was read and says what differs from the good visit before.
func (e *Entry) good(prev *Entry, seen Observation, rules Rules) []Change {
	e.Up, e.Refused, e.Gone, e.Failing = Yes, false, false, time.Time{}
	e.LastGood, e.Took = seen.At, seen.Took
	e.take(seen, rules)
	var changes []Change
	if prev.Up == No {
		changes = append(changes, ChangeUp)
	}
	if prev.LastGood.IsZero() {
		if !prev.Baseline {
			changes = append(changes, ChangeNew)
		}
		return changes
	}
	differs := func(kind Change, old, now string) {
		if old != "" && now != "" && old != now {
			changes = append(changes, kind)
		}
	}
	differs(ChangeSoftware, prev.Figures.Software, e.Figures.Software)
	differs(ChangeVersion, prev.Version, e.Version)
	differs(ChangeCountry, prev.Country.Country, e.Country.Country)
	differs(ChangeRegistrations, known(prev.Figures.Registrations), known(e.Figures.Registrations))
	if dropped(prev.Figures.Users, e.Figures.Users) {
		changes = append(changes, ChangeUsers)
	}
	if !prev.TLS.Expiry.IsZero() && !prev.TLS.Expiry.Equal(e.TLS.Expiry) {
		changes = append(changes, ChangeCertificate)
	}
	return changes
}

// dropped reports a sharp drop: more than a fifth of at least 20, from one good visit to the next.
func dropped(was, is instance.Count) bool {
	before, known := was.Get()
	now, still := is.Get()
	return known && still && before >= 20 && 5*now < 4*before
}

func known(p instance.Policy) string {
	if p == instance.PolicyUnknown {
		return ""
	}
	return p.String()
}

// take replaces each document that was read and drops those that are too old: hourly ones past
// StaleAfter, daily ones a day later than that.
func (e *Entry) take(seen Observation, rules Rules) {
	a, s := &e.Answers, &seen.Answers
	a.NodeInfo = latest(a.NodeInfo, s.NodeInfo, &e.Read[StepNodeInfo], seen.At, rules.StaleAfter)
	a.V1 = latest(a.V1, s.V1, &e.Read[StepV1], seen.At, rules.StaleAfter)
	a.V2 = latest(a.V2, s.V2, &e.Read[StepV2], seen.At, 2*rules.StaleAfter)
	a.Week = latest(a.Week, s.Week, &e.Read[StepActivity], seen.At, 2*rules.StaleAfter)
	e.Figures = a.Figures()
	e.Version = label(e.Figures)
	if seen.At.Sub(e.Read[StepHTTPS]) >= 2*rules.StaleAfter {
		e.HTTPS = https.Report{}
	}
	if seen.Country != nil {
		e.Country = *seen.Country
	}
	e.IPv6 = seen.IPv6
	if seen.TLS.Version != 0 {
		e.TLS = seen.TLS
	}
}

// latest is the document just read, else the old one while it is young enough. at says when it was read.
func latest[T any](old, read *T, at *time.Time, now time.Time, keep time.Duration) *T {
	if read != nil {
		*at = now
		return read
	}
	if now.Sub(*at) < keep {
		return old
	}
	return nil
}

// label is a version as it is shown: Mastodon's and its forks' as Mastodon writes them.
func label(f instance.Figures) string {
	if f.Mastodon {
		if v, ok := releases.ParseVersion(f.Version); ok {
			return v.String()
		}
	}
	return f.Version
}

// forget drops everything that an instance said: of who refuses or left, nothing is kept, and should it
// come back, that is no news either.
func (e *Entry) forget() {
	e.Baseline, e.Up, e.Failing = true, Unseen, time.Time{}
	e.Answers, e.Figures, e.Version = instance.Answers{}, instance.Figures{}, ""
	e.Country, e.TLS, e.IPv6 = country.Answer{}, TLS{}, false
	e.Plain, e.HTTPS, e.Certificate = https.Plain{}, https.Report{}, ""
	e.Asked[StepHTTP] = time.Time{}
	e.LastGood, e.Changed, e.ETags = time.Time{}, [ChangeCount]time.Time{}, [StepCount]string{}
}
