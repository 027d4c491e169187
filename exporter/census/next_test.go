package census

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/mnm-social/mnm/exporter/country"
	"github.com/mnm-social/mnm/exporter/domain"
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

func confirming(o *Observation) { o.Repetition = true }

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

func expiring(month int) func(*Observation) {
	return func(o *Observation) { o.TLS = TLS{Version: 0x0304, Expiry: start.AddDate(0, month, 0)} }
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
		"gone, and never there":      {seen: []Observation{sight(0, Failed), sight(5*time.Minute, Failed, confirming), sight(3*hour, Departed)}, state: Gone, users: -1},
		"gone, then back":            {seen: []Observation{good(0), sight(hour, Departed), good(25 * hour)}, state: StateUp, users: 10, changes: []Change{ChangeGone}},
		"declines, then fails":       {seen: []Observation{good(0), sight(hour, Declined), sight(25*hour, Failed, confirming), sight(26*hour, Failed, confirming)}, state: Refused, users: -1},
		"declines while down":        {seen: []Observation{good(0), sight(hour, Failed), sight(hour+5*time.Minute, Failed, confirming), sight(3*hour, Declined), good(30 * hour)}, state: StateUp, users: 10, changes: []Change{ChangeDown}},
		"a refusal is over":          {seen: []Observation{good(0), sight(hour, Declined), sight(25*hour, Answered, confirming)}, state: Refused, users: -1},
		"gone while down":            {seen: []Observation{good(0), sight(hour, Failed), sight(hour+5*time.Minute, Failed, confirming), sight(3*hour, Departed)}, state: Gone, users: -1, changes: []Change{ChangeDown, ChangeGone}},
		"users drop sharply":         {seen: []Observation{sight(0, Good, saying("4.5.0", 20, instance.Yes), in("FR")), sight(hour, Good, saying("4.5.0", 15, instance.Yes), in("FR"))}, state: StateUp, users: 15, changes: []Change{ChangeUsers}},
		"users drop by a fifth":      {seen: []Observation{sight(0, Good, saying("4.5.0", 20, instance.Yes), in("FR")), sight(hour, Good, saying("4.5.0", 16, instance.Yes), in("FR"))}, state: StateUp, users: 16},
		"few users drop":             {seen: []Observation{sight(0, Good, saying("4.5.0", 19, instance.Yes), in("FR")), sight(hour, Good, saying("4.5.0", 1, instance.Yes), in("FR"))}, state: StateUp, users: 1},
		"certificate":                {seen: []Observation{sight(0, Good, saying("4.5.0", 10, instance.Yes), expiring(1)), sight(hour, Good, saying("4.5.0", 10, instance.Yes), expiring(2))}, state: StateUp, users: 10, changes: []Change{ChangeCertificate}},
		"the same certificate":       {seen: []Observation{sight(0, Good, saying("4.5.0", 10, instance.Yes), expiring(1)), sight(hour, Good, saying("4.5.0", 10, instance.Yes), expiring(1))}, state: StateUp, users: 10},
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
				if !reflect.DeepEqual(e, before) {
					t.Fatal("Next changed the entry it was given")
				}
				e, changes = next, append(changes, c...)
			}
			users := int64(-1)
			if n, ok := e.Figures.Users.Get(); ok {
				users = n
			}
			if e.State(start.Add(48*time.Hour), rules.ForgetAfter) != row.state || users != row.users || (e.Repeats() && !e.Declines()) != row.waiting || !slices.Equal(changes, row.changes) {
				t.Fatalf("state %s, users %d, confirming %t, changes %v; want %s, %d, %t, %v",
					e.State(start, rules.ForgetAfter), users, e.Repeats(), changes, row.state, row.users, row.waiting, row.changes)
			}
		})
	}
}

// TestSilence holds that who is silent for 30 days is gone, once, and forgotten when nobody names it.
func TestSilence(t *testing.T) {
	b := NewBook(rules)
	n := names(t, "oak.social", "elm.social")
	b.Add(n, start, true)
	b.Apply(n[0], sight(0, Good, saying("4.5.0", 10, instance.Yes)))
	b.Apply(n[0], sight(time.Hour, Failed))
	b.Apply(n[0], sight(time.Hour+5*time.Minute, Failed, confirming))
	state := func(after time.Duration) State {
		all, _ := b.Entries()
		return all[len(all)-1].State(start.Add(after), rules.ForgetAfter)
	}
	const day = 24 * time.Hour
	b.Apply(n[0], sight(29*day, Failed))
	if s := state(30*day - time.Second); s != StateDown {
		t.Errorf("just before 30 days it is %s", s)
	}
	for _, days := range []int{30, 37, 44} {
		b.Apply(n[0], sight(time.Duration(days)*day, Failed))
	}
	if s := state(44 * day); s != Gone {
		t.Errorf("after 44 days it is %s", s)
	}
	for _, after := range []time.Duration{0, 5 * time.Minute, 29 * day, 31 * day} { // who never was there does not go
		b.Apply(n[1], sight(after, Failed, confirming))
	}
	if _, changes := b.Entries(); changes[ChangeGone] != 1 {
		t.Errorf("%d changes to gone, want 1", changes[ChangeGone])
	}
	named := func(domain.Name) bool { return true }
	if got := b.Forget(named, start.Add(44*day)); got != 0 {
		t.Errorf("%d forgotten that a directory names", got)
	}
	unnamed := func(n domain.Name) bool { return n.String() == "elm.social" }
	if got := b.Forget(unnamed, start.Add(44*day)); got != 1 {
		t.Errorf("%d forgotten, want oak.social", got)
	}
	if got := b.Forget(func(domain.Name) bool { return false }, start.Add(29*day)); got != 0 {
		t.Errorf("%d forgotten before 30 days", got)
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

// TestTagsGoWithDocuments holds that a document's tag is kept only if the document is.
func TestTagsGoWithDocuments(t *testing.T) {
	tagged := func(tag string) func(*Observation) {
		return func(o *Observation) { o.Asked[StepNodeInfo], o.ETags[StepNodeInfo] = true, tag }
	}
	e, _ := Next(Entry{}, sight(0, Good, saying("4.5.0", 10, instance.Yes), tagged("a")), rules)
	for _, outcome := range []Outcome{Failed, Answered, Blocked, Unjudged} {
		after, _ := Next(e, sight(time.Hour, outcome, saying("4.5.1", 11, instance.Yes), tagged("b")), rules)
		if after.ETags[StepNodeInfo] != "a" {
			t.Errorf("after outcome %d the tag is %q beside the old document", outcome, after.ETags[StepNodeInfo])
		}
	}
	if after, _ := Next(e, sight(time.Hour, Good, saying("4.5.1", 11, instance.Yes), tagged("b")), rules); after.ETags[StepNodeInfo] != "b" {
		t.Errorf("after a good visit the tag is %q", after.ETags[StepNodeInfo])
	}
}

// TestRefusalOutlivesFailures holds that what made an instance decline is what it is asked about again, whatever fails in between.
func TestRefusalOutlivesFailures(t *testing.T) {
	by := func(reason string, step Step) func(*Observation) {
		return func(o *Observation) { o.Reason, o.Step = reason, step }
	}
	e, _ := Next(Entry{}, sight(0, Declined, by("x_robots_tag", StepHTTPS)), rules)
	for hour, outcome := range []Outcome{Failed, Blocked, Unjudged} {
		e, _ = Next(e, sight(time.Duration(hour)*time.Hour, outcome, by("timeout", StepRobots)), rules)
		if e.Reason != "x_robots_tag" || e.Step != StepHTTPS || !e.Repeats() {
			t.Errorf("after outcome %d it is asked step %d for %q", outcome, e.Step, e.Reason)
		}
	}
	if e, _ = Next(e, sight(24*time.Hour, Answered), rules); e.Repeats() || !e.Refused {
		t.Error("a refusal that is over must lead to a whole visit, and stand until then")
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
