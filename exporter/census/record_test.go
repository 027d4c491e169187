package census

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"testing"
	"time"

	"github.com/mnm-social/mnm/exporter/country"
	"github.com/mnm-social/mnm/exporter/https"
	"github.com/mnm-social/mnm/exporter/instance"
	"github.com/mnm-social/mnm/exporter/outbound"
)

// full is an entry in which no field has its zero value.
func full(t *testing.T) *Entry {
	t.Helper()
	e := &Entry{
		Name: names(t, "oak.social")[0], Added: start, Baseline: true, Excluded: true, Up: No, Refused: true, Gone: true,
		Visits: 7, LastVisit: start.Add(1), LastGood: start.Add(2 * time.Second), Answered: start.Add(3 * time.Second),
		Failing: start.Add(4 * time.Second), NotBefore: start.Add(5 * time.Second), Reason: "timeout", Step: StepV1, Took: 1234567,
		Answers: instance.Answers{
			NodeInfo: &instance.NodeInfo{Software: "mastodon", Version: "4.5.1+glitch", Users: instance.Known(0), ActiveMonth: instance.Known(7), Open: instance.Yes, Refused: 2},
			V1:       &instance.V1{Version: "4.5.1", Connections: instance.Known(9), Registrations: instance.No, Approval: instance.Yes},
			V2:       &instance.V2{Version: "4.5.1", Streaming: "wss://oak.social", ActiveMonth: instance.Known(3), Timelines: instance.Timelines{Local: instance.AccessPublic}},
			Week:     &instance.Week{Statuses: instance.Known(1)},
		},
		NodeInfoURL: "https://oak.social/nodeinfo/2.0", Robots: outbound.ParseRobots([]byte("User-agent: *\nDisallow: /api/\n")),
		Country: country.Answer{Country: "FR", Source: country.Address, Reason: country.CDN},
		Other:   Other{Name: names(t, "web.oak.social")[0], Robots: outbound.ParseRobots([]byte("User-agent: *\nDisallow: /a\n")), Asked: start},
		TLS:     TLS{Version: 0x0304, Expiry: start.Add(time.Hour)}, IPv6: true,
		Plain: https.Plain{Status: 301, Location: "https://oak.social/"}, Certificate: https.VerdictOK,
		HTTPS: https.Score(https.Visit{
			Host: names(t, "oak.social")[0], At: start, Plain: &https.Plain{Status: 301, Location: "https://oak.social/"},
			Answer: &https.Answer{URL: &url.URL{Scheme: "https", Host: "oak.social", Path: "/"}, Status: 200, Header: http.Header{}},
		}),
	}
	e.LastVisit = start.Add(time.Second)
	for i := range StepCount {
		e.Asked[i], e.Read[i], e.ETags[i] = start.Add(time.Duration(i)*time.Minute), start.Add(time.Duration(i)*time.Hour), "tag"
	}
	for c := range ChangeCount {
		e.Changed[c] = start.Add(time.Duration(c) * time.Minute)
	}
	e.Figures = e.Answers.Figures()
	e.Version = label(e.Figures)
	return e
}

// TestRecord holds that nothing of an entry is lost in a file: a field that is added and forgotten here fails.
func TestRecord(t *testing.T) {
	e := full(t)
	for i, v := 0, reflect.ValueOf(*e); i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Errorf("the test has nothing in the field %s", v.Type().Field(i).Name)
		}
	}
	for name, e := range map[string]*Entry{"full": e, "empty": {Name: e.Name}} {
		t.Run(name, func(t *testing.T) {
			b, again := NewBook(rules), NewBook(rules)
			b.entries[e.Name], b.order, b.changes = e, names(t, "oak.social"), [ChangeCount]uint64{1}
			text, err := json.Marshal(b)
			if err != nil {
				t.Fatal(err)
			}
			if bad, err := again.Restore(text, start.Add(24*time.Hour)); bad != 0 || err != nil {
				t.Fatal(bad, err)
			}
			all, changes := again.Entries()
			if len(all) != 1 || !reflect.DeepEqual(all[0], e) {
				t.Fatalf("read back\n%+v, want\n%+v\nfrom %s", all[0], e, text)
			}
			if changes != [ChangeCount]uint64{} {
				t.Fatalf("changes %v, want none: they count since the start", changes)
			}
		})
	}
}

// TestRecordRefuses holds that a bad entry costs itself only, and that what is no book changes nothing.
func TestRecordRefuses(t *testing.T) {
	const good = `{"name":"elm.social"}`
	for name, row := range map[string]struct {
		text string
		bad  int
		err  bool
	}{
		"nothing":        {``, 0, true},
		"no JSON":        {`mastodon`, 0, true},
		"no list":        {`{"entries":7}`, 0, true},
		"a bad name":     {`{"entries":[{"name":"127.0.0.1"},` + good + `]}`, 1, false},
		"no name":        {`{"entries":[{},` + good + `]}`, 1, false},
		"one name twice": {`{"entries":[` + good + `,` + good + `]}`, 1, false},
		"no such up":     {`{"entries":[{"name":"oak.social","up":9},` + good + `]}`, 1, false},
		"no object":      {`{"entries":[7,` + good + `]}`, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := NewBook(rules)
			b.Add(names(t, "elm.social"), start, true)
			bad, err := b.Restore([]byte(row.text), start)
			if bad != row.bad || (err != nil) != row.err {
				t.Fatalf("%d bad, %v", bad, err)
			}
			if all, _ := b.Entries(); len(all) != 1 || all[0].Name.String() != "elm.social" {
				t.Fatal("the book has changed")
			}
		})
	}
}

// TestHold holds that after a crash nobody is visited whose visit may have been lost, and that all others keep their time.
func TestHold(t *testing.T) {
	b := NewBook(rules)
	b.Add(names(t, "oak.social", "elm.social", "web.oak.social"), start, true)
	b.Apply(names(t, "oak.social")[0], sight(0, Good, saying("4.5.0", 10, instance.Yes), func(o *Observation) {
		o.Other = &Other{Name: names(t, "web.oak.social")[0]}
	}))
	lost, until := start.Add(time.Minute), start.Add(time.Hour)
	b.Hold(func(e *Entry) time.Time {
		if e.Name.String() == "oak.social" {
			return start
		}
		return start.Add(30 * time.Minute)
	}, lost, until)
	for name, want := range map[string]time.Time{"oak.social": until, "web.oak.social": until, "elm.social": {}} {
		if got := b.Entry(names(t, name)[0]).NotBefore; !got.Equal(want) {
			t.Errorf("%s waits until %s, want %s", name, got, want)
		}
	}
}

// TestClockWasWrong holds that nothing waits for a time that a wrong clock wrote.
func TestClockWasWrong(t *testing.T) {
	e := full(t)
	year := start.AddDate(1, 0, 0)
	e.LastVisit, e.Failing, e.NotBefore, e.Asked[StepRobots], e.Changed[ChangeUp] = year, year, year, year, year
	b := NewBook(rules)
	b.entries[e.Name], b.order = e, names(t, "oak.social")
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Restore(text, start.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	all, _ := b.Entries()
	got, now := all[0], start.Add(time.Hour)
	for name, at := range map[string]time.Time{"last visit": got.LastVisit, "failing": got.Failing, "not before": got.NotBefore, "robots": got.Asked[StepRobots], "up": got.Changed[ChangeUp]} {
		if !at.Equal(now) {
			t.Errorf("%s is %s, want %s", name, at, now)
		}
	}
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"changes":{"up":1},"entries":[{"name":"oak.social","robots":"x","answers":{"NodeInfo":{"Users":5}}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		b := NewBook(rules)
		if _, err := b.Restore(text, start); err != nil {
			return
		}
		again, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		if bad, err := NewBook(rules).Restore(again, start); bad != 0 || err != nil {
			t.Fatalf("what was written cannot be read: %d, %v", bad, err)
		}
	})
}

// TestRecordOfAnotherVersion holds that a result which this version does not know costs the report only.
func TestRecordOfAnotherVersion(t *testing.T) {
	b, again := NewBook(rules), NewBook(rules)
	e := full(t)
	b.entries[e.Name], b.order = e, names(t, "oak.social")
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	name := e.HTTPS.Observatory.Results[0].String()
	text = bytes.Replace(text, []byte(name), []byte("a-result-of-tomorrow"), 1)
	bad, err := again.Restore(text, start.Add(24*time.Hour))
	all, _ := again.Entries()
	if bad != 0 || err != nil || len(all) != 1 || all[0].Version != e.Version || all[0].HTTPS.Observatory.Judged() {
		t.Errorf("%d bad, %v, %d entries", bad, err, len(all))
	}
}
