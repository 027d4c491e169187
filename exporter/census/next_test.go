package census

import (
	"slices"
	"testing"
	"time"

	"github.com/mnm-social/mnm/exporter/country"
	"github.com/mnm-social/mnm/exporter/instance"
	"github.com/mnm-social/mnm/exporter/outbound"
)

var (
	start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	rules = Rules{ConfirmAfter: 5 * time.Minute, StaleAfter: 24 * time.Hour, ForgetAfter: 30 * 24 * time.Hour}
)

// sight is an observation some time after start.
func sight(after time.Duration, outcome Outcome, with ...func(*Observation)) Observation {
	o := Observation{At: start.Add(after), Outcome: outcome}
	if outcome == Failed {
		o.Reason = "timeout"
	}
	for _, w := range with {
		w(&o)
	}
	return o
}

func confirming(o *Observation) { o.Confirmation = true }

// saying gives the observation documents: a Mastodon of a version with so many users and a registration policy.
func saying(version string, users int64, open instance.Tri) func(*Observation) {
	return func(o *Observation) {
		o.Answers.NodeInfo = &instance.NodeInfo{Software: "mastodon", Version: version, Users: instance.Known(users)}
		o.Answers.V1 = &instance.V1{Version: version, Registrations: open}
	}
}

func in(code string) func(*Observation) {
	return func(o *Observation) { o.Country = &country.Answer{Country: code, Source: country.Address} }
}

func TestNext(t *testing.T) {
	const hour = time.Hour
	good := func(after time.Duration) Observation {
		return sight(after, Good, saying("4.5.0", 10, instance.Yes), in("FR"))
	}
	for name, row := range map[string]struct {
		news    bool // the entry was first named after the first round
		seen    []Observation
		state   State
		changes []Change // all of them, in order
		users   int64    // -1: unknown
		waiting bool     // for a confirmation
	}{
		"never visited":              {state: New, users: -1},
		"first good visit":           {seen: []Observation{good(0)}, state: StateUp, users: 10},
		"first good visit is news":   {news: true, seen: []Observation{good(0)}, state: StateUp, users: 10, changes: []Change{ChangeNew}},
		"one failure is not down":    {seen: []Observation{good(0), sight(hour, Failed)}, state: StateUp, users: 10, waiting: true},
		"first failure stays new":    {seen: []Observation{sight(0, Failed)}, state: New, users: -1, waiting: true},
		"two failures at once":       {seen: []Observation{good(0), sight(hour, Failed), sight(hour+time.Minute, Failed)}, state: StateUp, users: 10, waiting: true},
		"confirmed failure":          {seen: []Observation{good(0), sight(hour, Failed), sight(hour+5*time.Minute, Failed, confirming)}, state: StateDown, users: 10, changes: []Change{ChangeDown}},
		"never up is no change":      {seen: []Observation{sight(0, Failed), sight(5*time.Minute, Failed, confirming)}, state: StateDown, users: -1},
		"confirmation is answered":   {seen: []Observation{good(0), sight(hour, Failed), sight(hour+5*time.Minute, Answered, confirming)}, state: StateUp, users: 10},
		"failure after an answer":    {seen: []Observation{good(0), sight(hour, Failed), sight(hour+5*time.Minute, Answered, confirming), sight(2*hour, Failed)}, state: StateUp, users: 10, waiting: true},
		"comes back":                 {seen: []Observation{good(0), sight(hour, Failed), sight(hour+5*time.Minute, Failed, confirming), good(3 * hour)}, state: StateUp, users: 10, changes: []Change{ChangeDown, ChangeUp}},
		"blocked keeps up":           {seen: []Observation{good(0), sight(hour, Blocked), sight(2*hour, Blocked)}, state: StateUp, users: 10},
		"blocked is an answer":       {seen: []Observation{good(0), sight(hour, Failed), sight(hour+5*time.Minute, Blocked, confirming), sight(2*hour, Failed)}, state: StateUp, users: 10, waiting: true},
		"blocked from the beginning": {seen: []Observation{sight(0, Blocked), sight(hour, Blocked)}, state: New, users: -1},
		"blocked does not raise":     {seen: []Observation{good(0), sight(hour, Failed), sight(hour+5*time.Minute, Failed, confirming), sight(2*hour, Blocked)}, state: StateDown, users: 10, changes: []Change{ChangeDown}},
		"our outage":                 {seen: []Observation{good(0), sight(hour, Failed), sight(hour+5*time.Minute, Unjudged, confirming), sight(2*hour, Unjudged)}, state: StateUp, users: 10, waiting: true},
		"declines":                   {seen: []Observation{good(0), sight(hour, Declined)}, state: Refused, users: -1},
		"declines, then allows":      {news: true, seen: []Observation{sight(0, Declined), good(24 * hour)}, state: StateUp, users: 10},
		"gone":                       {seen: []Observation{good(0), sight(hour, Departed), sight(25*hour, Departed)}, state: Gone, users: -1, changes: []Change{ChangeGone}},
		"gone, then back":            {seen: []Observation{good(0), sight(hour, Departed), good(25 * hour)}, state: StateUp, users: 10, changes: []Change{ChangeGone}},
		"version":                    {seen: []Observation{good(0), sight(hour, Good, saying("4.5.1", 11, instance.Yes), in("FR"))}, state: StateUp, users: 11, changes: []Change{ChangeVersion}},
		"build metadata only":        {seen: []Observation{good(0), sight(hour, Good, saying("4.5.0+glitch", 11, instance.Yes), in("FR"))}, state: StateUp, users: 11},
		"country":                    {seen: []Observation{good(0), sight(hour, Good, saying("4.5.0", 11, instance.Yes), in("DE"))}, state: StateUp, users: 11, changes: []Change{ChangeCountry}},
		"country not known now":      {seen: []Observation{good(0), sight(hour, Good, saying("4.5.0", 11, instance.Yes), in(""))}, state: StateUp, users: 11},
		"registrations":              {seen: []Observation{good(0), sight(hour, Good, saying("4.5.0", 11, instance.No), in("FR"))}, state: StateUp, users: 11, changes: []Change{ChangeRegistrations}},
		"registrations unsaid": {seen: []Observation{
			sight(0, Good, saying("4.5.0", 10, instance.Unsaid), in("FR")), sight(hour, Good, saying("4.5.0", 11, instance.Yes), in("FR")),
		}, state: StateUp, users: 11},
		"software": {seen: []Observation{good(0), sight(hour, Good, func(o *Observation) {
			o.Answers.NodeInfo = &instance.NodeInfo{Software: "akkoma", Version: "3.12.2", Users: instance.Known(10)}
			o.Answers.V1 = &instance.V1{Version: "2.7.2 (compatible; Akkoma 3.12.2)", Registrations: instance.Yes}
		})}, state: StateUp, users: 10, changes: []Change{ChangeSoftware, ChangeVersion}},
	} {
		t.Run(name, func(t *testing.T) {
			e := Entry{Baseline: !row.news, Added: start}
			var changes []Change
			for _, o := range row.seen {
				before := e
				next, c := Next(e, o, rules)
				if e != before {
					t.Fatal("Next changed the entry it was given")
				}
				e, changes = next, append(changes, c...)
			}
			users := int64(-1)
			if n, ok := e.Figures.Users.Get(); ok {
				users = n
			}
			if e.State(start.Add(48*time.Hour), rules.ForgetAfter) != row.state || users != row.users || e.Confirming() != row.waiting || !slices.Equal(changes, row.changes) {
				t.Fatalf("state %s, users %d, confirming %t, changes %v; want %s, %d, %t, %v",
					e.State(start, rules.ForgetAfter), users, e.Confirming(), changes, row.state, row.users, row.waiting, row.changes)
			}
		})
	}
}

// TestStale holds that figures last for StaleAfter after the last good visit, and not a moment longer.
func TestStale(t *testing.T) {
	e, _ := Next(Entry{}, sight(0, Good, saying("4.5.0", 10, instance.Yes)), rules)
	for name, row := range map[string]struct {
		after time.Duration
		fresh bool
	}{
		"at once":     {0, true},
		"just before": {24*time.Hour - time.Second, true},
		"a day later": {24 * time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := e.Fresh(start.Add(row.after), rules.StaleAfter); got != row.fresh {
				t.Fatalf("fresh %t, want %t", got, row.fresh)
			}
		})
	}
}

// TestDocumentsAge holds that a document which is no longer served is dropped, though others are.
func TestDocumentsAge(t *testing.T) {
	e, _ := Next(Entry{}, sight(0, Good, saying("4.5.0", 10, instance.Yes)), rules)
	only := func(o *Observation) {
		o.Answers.NodeInfo = &instance.NodeInfo{Software: "mastodon", Version: "4.5.0", Users: instance.Known(11)}
	}
	e, _ = Next(e, sight(23*time.Hour, Good, only), rules)
	if e.Answers.V1 == nil {
		t.Fatal("a document of 23 hours is gone")
	}
	e, _ = Next(e, sight(24*time.Hour, Good, only), rules)
	if e.Answers.V1 != nil || e.Figures.Registrations != instance.PolicyUnknown {
		t.Fatal("a document of 24 hours is still there")
	}
}

// TestNothingKept holds that of an instance that declines or is gone nothing stays that it said.
func TestNothingKept(t *testing.T) {
	for name, outcome := range map[string]Outcome{"declined": Declined, "gone": Departed} {
		t.Run(name, func(t *testing.T) {
			e, _ := Next(Entry{Baseline: true}, sight(0, Good, saying("4.5.0", 10, instance.Yes), in("FR")), rules)
			none := outbound.ParseRobots([]byte("User-agent: *\nDisallow: /"))
			e, _ = Next(e, sight(time.Hour, outcome, func(o *Observation) { o.Robots = &none }), rules)
			if e.Answers != (instance.Answers{}) || e.Figures != (instance.Figures{}) || e.Country != (country.Answer{}) || e.Version != "" {
				t.Fatalf("still there: %+v", e)
			}
			if e.Fresh(start.Add(time.Hour), rules.StaleAfter) {
				t.Fatal("still summed")
			}
		})
	}
}
