package exporter_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mnm-social/mnm/demo"
	"github.com/mnm-social/mnm/exporter"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/state"
	"github.com/mnm-social/mnm/exporter/timeline"
	"github.com/mnm-social/mnm/internal/worldtest"
)

// talkative are servers of which each writes some toots a minute and has users, the first ones the most.
func talkative(n int, change func(i int, s *demo.Spec)) *demo.World {
	var specs []demo.Spec
	for i := range n {
		users, active := int64(5000-i), int64(4000-i)
		s := demo.Spec{Name: fmt.Sprintf("talk-%d.social", i), Users: &users, ActiveMonth: &active, Live: demo.Live{Rate: 7, Delay: 20 * time.Second}}
		change(i, &s)
		specs = append(specs, s)
	}
	return demo.WorldOf(specs, start)
}

// sources are the timelines that are followed now, in a mode.
func (b *box) sources(t *testing.T, mode timeline.Mode) []string {
	t.Helper()
	var all []string
	for series := range b.Store.Series(t, fmt.Sprintf("mastodon_timeline_info{mode=%q}", mode), b.Now()) {
		_, rest, _ := strings.Cut(series, `source="`)
		source, _, _ := strings.Cut(rest, `"`)
		all = append(all, source)
	}
	slices.Sort(all)
	return all
}

// TestLocalIsExact holds that of local timelines each toot is counted once: over streams that lose toots, over breaks of our own
// network, and over a restart.
func TestLocalIsExact(t *testing.T) {
	w := talkative(3, func(i int, s *demo.Spec) {
		s.Live.Streaming, s.Live.Drops = i == 1, 10*i
	})
	folder := t.TempDir()
	follow := func(_ *worldtest.Box, c *exporter.Config) {
		c.State = open(t, folder)
		for i := range w.Len() {
			s := exporter.TimelineServer{Host: w.Name(i), Scope: timeline.Local}
			if i > 0 {
				s.Token = token
			}
			c.Timelines.Servers = append(c.Timelines.Servers, s)
		}
	}
	b := newBox(t, w, follow)
	minute := 0
	for ; minute <= 30; minute++ {
		b.Cut.Store(minute > 12 && minute < 17) // whatever is opened then is not
		b.Step(t, start.Add(time.Duration(minute)*time.Minute))
		b.Settle(t)
	}
	before := b.counted(t)
	b.Stop(t)
	b = b.restart(t, follow)
	until := start
	for minute += 2; minute <= 60; minute++ { // what is deleted before anybody has read it is not missed
		until = start.Add(time.Duration(minute) * time.Minute)
		b.Step(t, until)
	}
	want := 0
	for i := range w.Len() {
		want += w.LocalToots(i, start, until)
	}
	worldtest.Await(t, "the streams have been read", func() bool { return before+b.counted(t) >= float64(want) })
	if counted := before + b.counted(t); counted != float64(want) {
		t.Errorf("%v toots were counted, %d were written", counted, want)
	}
	if gap := b.Store.Value(t, "sum(mastodon_timeline_gap_seconds_total)", until); gap != 0 {
		t.Errorf("a gap of %v seconds is said to be left", gap)
	}
}

// open opens a state directory below a folder.
func open(t *testing.T, folder string) *state.Dir {
	t.Helper()
	dir, err := state.Open(filepath.Join(folder, "state"))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestChoice holds that timelines are chosen once for an installation: among the most active that let everybody in, others in the
// place of those that turn out closed, and none that our operator excludes or that does not want us.
func TestChoice(t *testing.T) {
	t.Parallel()
	w := talkative(70, func(i int, s *demo.Spec) {
		switch {
		case i < 20:
			s.Live.Access = demo.AccessUsers
		case i < 30:
			s.Behaviour = demo.RobotsNo
		case i >= 40 && i < 45:
			s.Software = "misskey"
		}
	})
	folder := t.TempDir()
	excluded := name(t, "talk-30.social")
	auto := func(n int) func(*worldtest.Box, *exporter.Config) {
		return func(_ *worldtest.Box, c *exporter.Config) {
			c.Timelines.Auto, c.Exclude, c.State = n, []domain.Name{excluded}, open(t, folder)
		}
	}
	b := newBox(t, w, auto(5))
	steps := func(from, to int) {
		for minute := from; minute <= to; minute++ {
			b.Step(t, start.Add(time.Duration(minute)*time.Minute))
		}
	}
	steps(0, 20)
	first := b.sources(t, timeline.Polling)
	if len(first) != 5 {
		t.Fatalf("%d timelines are polled: %v; others: %v", len(first), first, b.Store.Series(t, "mastodon_timeline_info", b.Now()))
	}
	for _, source := range first {
		var i int
		if _, err := fmt.Sscanf(source, "talk-%d.social/federated", &i); err != nil || i <= 30 || i >= 40 && i < 45 {
			t.Errorf("%s was chosen", source)
		}
	}
	b.Stop(t)
	b = b.restart(t, auto(5))
	steps(21, 23)
	if again := b.sources(t, timeline.Polling); !slices.Equal(again, first) {
		t.Errorf("after a restart %v are followed, before it %v", again, first)
	}
	less := exporter.DefaultConfig()
	less.Timelines.Auto, less.Timelines.Servers = 0, []exporter.TimelineServer{{Host: name(t, "talk-50.social"), Scope: timeline.Local}}
	less.Net = b.Net()
	if err := b.Reload(func() (exporter.Config, error) { return less, nil }); err != nil {
		t.Fatal(err)
	}
	steps(24, 25)
	if now := b.sources(t, timeline.Polling); !slices.Equal(now, []string{"talk-50.social/local"}) {
		t.Errorf("after a reload %v are followed", now)
	}
	if _, body := b.Get(t, "/metrics"); strings.Contains(string(body), first[0]) {
		t.Errorf("%s is still on the page", first[0])
	}
}

// TestHostileTimelines follows servers that send lines without end, nonsense, ids in any order and toots twice, beside one that
// does not: all of its toots are counted, the others' are counted as far as they can be read, and troubles are by reason.
func TestHostileTimelines(t *testing.T) {
	t.Parallel()
	tricks := []demo.Trick{demo.TrickDisorder, demo.TrickJunk, demo.TrickEndless}
	w := talkative(4, func(i int, s *demo.Spec) {
		if i > 0 {
			s.Live.Trick = tricks[i-1]
		}
		language := []string{"eo", "de", "fr", "en"}[i]
		s.Live.Compose = func(t *demo.Toot) { t.Language = language }
	})
	b := newBox(t, w, func(_ *worldtest.Box, c *exporter.Config) {
		for i := range w.Len() {
			c.Timelines.Servers = append(c.Timelines.Servers,
				exporter.TimelineServer{Host: w.Name(i), Scope: timeline.Local, Token: token}, exporter.TimelineServer{Host: w.Name(i), Scope: timeline.Federated})
		}
	})
	at := start
	for minute := 0; minute <= 30; minute++ {
		at = start.Add(time.Duration(minute) * time.Minute)
		b.Step(t, at)
	}
	want := float64(w.LocalToots(0, start, at))
	worldtest.Await(t, "all toots of the good server are counted", func() bool {
		return strings.Contains(b.page(t, "/metrics?collect[]=timelines"), fmt.Sprintf("mastodon_language_toots_total{language=\"eo\"} %v\n", want))
	})
	if got := b.counted(t); got < 0.7*4*want || got > 4*want {
		t.Errorf("%v toots were counted, %v were written", got, 4*want)
	}
	if n := b.Store.Value(t, `sum(mastodon_timeline_failures_total)`, at); n == 0 {
		t.Error("no trouble was counted")
	}
	if status, _ := b.Get(t, "/metrics"); status != http.StatusOK {
		t.Errorf("/metrics answers %d", status)
	}
}

// TestReloadKeepsWhatIsFollowed holds that a new configuration loses and repeats no toot, also where the token lies in another
// file now, and that its rules for hashtags hold at once.
func TestReloadKeepsWhatIsFollowed(t *testing.T) {
	w := talkative(4, func(_ int, s *demo.Spec) { s.Live.Rate = 30 })
	folder := t.TempDir()
	for _, file := range []string{"first", "second"} {
		if err := os.WriteFile(filepath.Join(folder, file), []byte(demo.UserToken+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	follow := func(token string, c *exporter.Config) {
		for i := range w.Len() {
			c.Timelines.Servers = append(c.Timelines.Servers, exporter.TimelineServer{Host: w.Name(i), Scope: timeline.Local, TokenFile: filepath.Join(folder, token)})
		}
	}
	b := newBox(t, w, func(_ *worldtest.Box, c *exporter.Config) { follow("first", c) })
	steps := func(from, to int) {
		for minute := from; minute <= to; minute++ {
			b.Step(t, start.Add(time.Duration(minute)*time.Minute))
		}
	}
	steps(0, 10)
	if n := b.Store.Value(t, "count(mastodon_hashtag_toots_last_hour)", b.Now()); n < 3 {
		t.Fatalf("only %v hashtags are shown", n)
	}
	again := exporter.DefaultConfig()
	again.Net, again.Timelines.Auto, again.Hashtags.Top = b.Net(), 0, 2
	follow("second", &again)
	if err := b.Reload(func() (exporter.Config, error) { return again, nil }); err != nil {
		t.Fatal(err)
	}
	steps(11, 20)
	want := 0
	for i := range w.Len() {
		want += w.LocalToots(i, start, b.Now())
	}
	worldtest.Await(t, "the streams have been read", func() bool { return b.counted(t) >= float64(want) })
	if got := b.counted(t); got != float64(want) {
		t.Errorf("%v toots were counted, %d were written", got, want)
	}
	if n := b.Store.Value(t, "count(mastodon_hashtag_toots_last_hour)", b.Now()); n != 2 {
		t.Errorf("%v hashtags are shown, want 2", n)
	}
}

// TestRestartsKeepThePageBudget holds that whoever starts the program again and again does not ask a host for more pages.
func TestRestartsKeepThePageBudget(t *testing.T) {
	w := talkative(1, func(_ int, s *demo.Spec) { s.Live.Rate = 400 })
	folder := t.TempDir()
	follow := func(_ *worldtest.Box, c *exporter.Config) {
		c.State = open(t, folder)
		c.Timelines.Servers = []exporter.TimelineServer{{Host: w.Name(0), Scope: timeline.Local}}
	}
	b := newBox(t, w, follow)
	b.Step(t, start)
	for restart := range 24 {
		b.Stop(t)
		b = b.restart(t, follow)
		b.Step(t, start.Add(time.Duration(restart+1)*20*time.Second))
	}
	if most := b.Requests().MostPages; most > 60 || most < 30 {
		t.Errorf("a host was asked for %d pages in 15 minutes, 60 are allowed and some 60 were wanted", most)
	}
}
