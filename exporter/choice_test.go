package exporter

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/instance"
	"github.com/mnm-social/mnm/exporter/network"
	"github.com/mnm-social/mnm/exporter/outbound"
	"github.com/mnm-social/mnm/exporter/timeline"
)

// open is what an instance of Mastodon says that lets everybody read.
func open(active int64) instance.Answers {
	return instance.Answers{
		NodeInfo: &instance.NodeInfo{Software: "mastodon", Version: "4.5.1", Users: instance.Known(9000), ActiveMonth: instance.Known(active)},
		V2:       &instance.V2{Version: "4.5.1", Streaming: "wss://live.oak.social", Timelines: instance.Timelines{Local: instance.AccessPublic, Remote: instance.AccessPublic}},
	}
}

// seen is an entry of a good visit an hour ago, changed by with.
func seen(t *testing.T, domain string, active int64, with func(*census.Entry)) *census.Entry {
	t.Helper()
	e := &census.Entry{Name: named(t, domain), Up: census.Yes, Visits: 3, LastVisit: noon.Add(-time.Hour), LastGood: noon.Add(-time.Hour), Answers: open(active)}
	e.Asked[census.StepRobots] = noon.Add(-time.Hour)
	with(e)
	e.Figures = e.Answers.Figures()
	return e
}

func TestCandidates(t *testing.T) {
	rows := map[string]struct {
		with func(*census.Entry)
		want bool
	}{
		"open":            {func(*census.Entry) {}, true},
		"access not said": {func(e *census.Entry) { e.Answers.V2 = nil }, true},
		"users only":      {func(e *census.Entry) { e.Answers.V2.Timelines.Remote = instance.AccessAuthenticated }, false},
		"disabled":        {func(e *census.Entry) { e.Answers.V2.Timelines.Remote = instance.AccessDisabled }, false},
		"local is closed": {func(e *census.Entry) { e.Answers.V2.Timelines.Local = instance.AccessDisabled }, false},
		"robots": {func(e *census.Entry) {
			e.Robots = outbound.ParseRobots([]byte("User-agent: *\nDisallow: /api/v1/timelines/\n"))
		}, false},
		"refused":          {func(e *census.Entry) { e.Refused = true }, false},
		"down":             {func(e *census.Entry) { e.Up = census.No }, false},
		"stale":            {func(e *census.Entry) { e.LastGood = noon.Add(-25 * time.Hour) }, false},
		"other software":   {func(e *census.Entry) { e.Answers.NodeInfo.Software = "misskey" }, false},
		"says no activity": {func(e *census.Entry) { e.Answers.NodeInfo.ActiveMonth = instance.Count{} }, false},
	}
	for label, row := range rows {
		t.Run(label, func(t *testing.T) {
			b := network.Book{Entries: []*census.Entry{seen(t, "oak.social", 100, row.with)}}
			v := network.New(b, noon, network.Settings{StaleAfter: 24 * time.Hour, ForgetAfter: 720 * time.Hour})
			f := &following{closed: map[domain.Name]bool{}}
			if got := len(f.candidates(v)) == 1; got != row.want {
				t.Errorf("a candidate: %t, want %t", got, row.want)
			}
			f.closed[named(t, "oak.social")] = true
			if len(f.candidates(v)) != 0 {
				t.Error("one that turned out closed is a candidate")
			}
			f = &following{closed: map[domain.Name]bool{}, chosen: []domain.Name{named(t, "oak.social")}}
			if len(f.candidates(v)) != 0 {
				t.Error("one that was chosen is a candidate")
			}
		})
	}
}

// TestCandidatesAreTheMostActive holds that there are fifty, those with the most active users.
func TestCandidatesAreTheMostActive(t *testing.T) {
	var b network.Book
	for i := range 80 {
		b.Entries = append(b.Entries, seen(t, fmt.Sprintf("n%02d.social", i), int64(1000+i*37%80), func(*census.Entry) {}))
	}
	f := &following{closed: map[domain.Name]bool{}}
	got := f.candidates(network.New(b, noon, network.Settings{StaleAfter: 24 * time.Hour, ForgetAfter: 720 * time.Hour}))
	if len(got) != 50 {
		t.Fatalf("%d candidates", len(got))
	}
	for _, n := range got {
		var i int
		if _, err := fmt.Sscanf(n.String(), "n%02d.social", &i); err != nil || i*37%80 < 30 {
			t.Errorf("%s is not among the most active: %v", n, err)
		}
	}
}

// TestChoose holds that whoever declines or is excluded is not chosen any more, that the choice is by chance, and that it ends
// when everybody is closed.
func TestChoose(t *testing.T) {
	c := DefaultConfig()
	c.Net.Resolvers, c.Now = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:1")}, func() time.Time { return noon }
	c.Exclude = []domain.Name{named(t, "excluded.social")}
	chosen := map[string]bool{}
	for range 30 {
		e, err := New(c, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(e.Close)
		var names []domain.Name
		for i := range 10 {
			names = append(names, named(t, fmt.Sprintf("n%02d.social", i)))
		}
		e.book.Add(append(names, named(t, "declined.social")), noon, true)
		for _, n := range names {
			e.book.Apply(n, census.Observation{At: noon, Outcome: census.Good, Answers: open(100), Asked: [census.StepCount]bool{census.StepRobots: true}})
		}
		e.book.Apply(named(t, "declined.social"), census.Observation{At: noon, Outcome: census.Declined, Reason: reasonRobots})
		e.following.chosen = []domain.Name{named(t, "excluded.social"), named(t, "declined.social")}
		e.publish()
		e.choose(e.setup.Load())
		if len(e.following.chosen) != 0 {
			t.Fatalf("%v are chosen before the directory has been read", e.following.chosen)
		}
		e.firstRoundDone = true
		e.choose(e.setup.Load())
		if len(e.following.chosen) != 3 {
			t.Fatalf("%v are chosen", e.following.chosen)
		}
		for _, n := range e.following.chosen {
			chosen[n.String()] = true
		}
		e.following.chosen = nil
		for i := range choiceOf {
			e.following.closed[named(t, fmt.Sprintf("closed%02d.social", i))] = true
		}
		e.choose(e.setup.Load())
		if len(e.following.chosen) != 0 {
			t.Fatal("the search goes on though fifty were closed")
		}
	}
	if len(chosen) < 8 || chosen["excluded.social"] || chosen["declined.social"] {
		t.Errorf("in 30 choices of 3 out of 10 there were only %v", chosen)
	}
}

func TestFacts(t *testing.T) {
	closedAPI := outbound.ParseRobots([]byte("User-agent: *\nDisallow: /api/v1/streaming/\n"))
	all := [census.StepCount]bool{census.StepRobots: true}
	for label, row := range map[string]struct {
		seen  census.Observation
		age   time.Duration
		scope timeline.Scope
		want  timeline.Facts
		fails bool
	}{
		"open": {
			census.Observation{Outcome: census.Good, Answers: open(1), Asked: all, Robots: &outbound.Robots{}}, time.Hour, timeline.Federated,
			timeline.Facts{Timeline: true, Stream: true, Streaming: "wss://live.oak.social", Access: timeline.AccessPublic}, false,
		},
		"robots forbids streams": {
			census.Observation{Outcome: census.Good, Answers: open(1), Asked: all, Robots: &closedAPI}, time.Hour, timeline.Local,
			timeline.Facts{Timeline: true, Streaming: "wss://live.oak.social", Access: timeline.AccessPublic}, false,
		},
		"declines": {
			census.Observation{Outcome: census.Declined, Reason: reasonTag, Asked: all}, time.Hour, timeline.Local, timeline.Facts{Access: timeline.AccessDisabled}, false,
		},
		"robots.txt of long ago holds no more": {
			census.Observation{Outcome: census.Good, Answers: open(1), Asked: all, Robots: &outbound.Robots{}}, 26 * time.Hour, timeline.Local, timeline.Facts{}, true,
		},
	} {
		t.Run(label, func(t *testing.T) {
			c := DefaultConfig()
			now := noon
			c.Net.Resolvers, c.Now = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:1")}, func() time.Time { return now }
			e, err := New(c, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			oak := named(t, "oak.social")
			e.book.Add([]domain.Name{oak}, noon, true)
			row.seen.At = noon
			e.book.Apply(oak, row.seen)
			now = noon.Add(row.age)
			got, err := e.facts(context.Background(), timeline.Source{Host: oak, Scope: row.scope})
			if (err != nil) != row.fails || got != row.want {
				t.Errorf("facts %+v, %v; want %+v", got, err, row.want)
			}
		})
	}
}
