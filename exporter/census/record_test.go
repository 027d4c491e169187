package census

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/mnm-social/mnm/exporter/country"
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
			b.entries[e.Name], b.order, b.changes = e, names(t, "oak.social"), [ChangeCount]uint64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
			text, err := json.Marshal(b)
			if err != nil {
				t.Fatal(err)
			}
			if err := again.Restore(text, start.Add(24*time.Hour)); err != nil {
				t.Fatal(err)
			}
			all, changes := again.Entries()
			if len(all) != 1 || !reflect.DeepEqual(all[0], e) {
				t.Fatalf("read back\n%+v, want\n%+v\nfrom %s", all[0], e, text)
			}
			if changes != b.changes {
				t.Fatalf("changes %v, want %v", changes, b.changes)
			}
		})
	}
}

func TestRecordRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":        ``,
		"no JSON":        `mastodon`,
		"a bad name":     `{"entries":[{"name":"127.0.0.1"}]}`,
		"no name":        `{"entries":[{}]}`,
		"one name twice": `{"entries":[{"name":"oak.social"},{"name":"oak.social"}]}`,
		"no such up":     `{"entries":[{"name":"oak.social","up":9}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			b := NewBook(rules)
			b.Add(names(t, "elm.social"), start, true)
			if err := b.Restore([]byte(text), start); err == nil {
				t.Fatal("was taken")
			}
			if all, _ := b.Entries(); len(all) != 1 || all[0].Name.String() != "elm.social" {
				t.Fatal("the book has changed")
			}
		})
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
	if err := b.Restore(text, start.Add(time.Hour)); err != nil {
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
		if b.Restore(text, start) != nil {
			return
		}
		again, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		if err := NewBook(rules).Restore(again, start); err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
	})
}
