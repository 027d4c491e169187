package toots

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mnm-social/mnm/exporter/domain"
)

// noon is when the tests' toots are seen.
var noon = time.Date(2026, 8, 2, 12, 0, 0, 0, time.UTC)

func newTally(countryOf func(host string) string) *Tally {
	return New(Options{
		Names:    testNames,
		Now:      func() time.Time { return noon },
		Country:  countryOf,
		Hashtags: HashtagRules{Top: 10, MinAuthors: 1, MinServers: 1, Deny: []string{"Denied"}},
	})
}

func nowhere(string) string { return "" }

// origin is a source of a server, federated.
func (t *Tally) at(tb testing.TB, host string) *Origin {
	tb.Helper()
	name, err := domain.Parse(host)
	if err != nil {
		tb.Fatal(err)
	}
	return t.Origin(name, host+"/federated")
}

func toot(tb testing.TB, status string) *Toot {
	tb.Helper()
	t := new(Toot)
	if err := t.Decode([]byte(status)); err != nil {
		tb.Fatal(err)
	}
	return t
}

// nonzero are the labels of a closed set that have counted something; the set must be whole.
func nonzero(tb testing.TB, of func(func(string, uint64)), labels []string) map[string]uint64 {
	tb.Helper()
	counted, all := map[string]uint64{}, []string(nil)
	of(func(label string, n uint64) {
		all = append(all, label)
		if n > 0 {
			counted[label] = n
		}
	})
	if !slices.Equal(all, labels) {
		tb.Errorf("labels are %q, want %q", all, labels)
	}
	return counted
}

func TestTakeCounts(t *testing.T) {
	asked := ""
	tally := newTally(func(host string) string {
		asked += host + " "
		return map[string]string{"a.net": "FR", "b.net": "EU"}[host]
	})
	origin := tally.at(t, "social.example.org")
	for _, status := range []string{
		`{"id":"1","uri":"https://a.net/1","created_at":"2026-08-02T11:59:00Z","language":"fr-CA","sensitive":true,"spoiler_text":"abc",
		  "content":"<p>un <a href=\"https://c.net/\">lien</a></p>","account":{"acct":"alice@a.net","bot":true},"in_reply_to_id":"7",
		  "media_attachments":[{"type":"image","description":"d"},{"type":"image"},{"type":"video","description":"d"}],
		  "mentions":[{},{}],"tags":[{"name":"Chat"},{"name":"denied"}],"card":{},"quote":{},"poll":{}}`,
		`{"id":"2","uri":"https://social.example.org/2","created_at":"2026-08-02T11:59:00Z","language":"en","application":{"name":"Tusky"},
		  "content":"<p>hello</p>","account":{"acct":"bob"},"tags":[{"name":"chat"}]}`,
		`{"id":"3","uri":"https://b.net/3","created_at":"2026-08-02T11:59:00Z","language":"xx","application":{"name":"mine"},
		  "account":{"acct":"carol@b.net","indexable":false},"media_attachments":[{"type":"audio"}],"tags":[{"name":"hidden"}]}`,
	} {
		if !tally.Take(origin, toot(t, status), true) {
			t.Error("a new toot was seen before")
		}
	}
	if local, remote := tally.Toots(); local != 1 || remote != 2 {
		t.Errorf("%d local, %d remote", local, remote)
	}
	if asked != "a.net social.example.org b.net " {
		t.Errorf("countries of %q were asked for", asked)
	}
	for _, of := range []struct {
		name   string
		tell   func(func(string, uint64))
		labels []string
		want   map[string]uint64
	}{
		{"languages", tally.Languages, languages.labels, map[string]uint64{"fr": 1, "en": 1, "other": 1}},
		{"countries", tally.Countries, countries.labels, map[string]uint64{"FR": 1, "unknown": 2}},
		{"applications", tally.Applications, applications.labels, map[string]uint64{"Tusky": 1, "other": 1, "unknown": 1}},
		{"media", tally.Media, kindLabels[:], map[string]uint64{"image": 2, "video": 1, "audio": 1}},
		{"described media", tally.MediaDescribed, kindLabels[:], map[string]uint64{"image": 1, "video": 1}},
	} {
		if got := nonzero(t, of.tell, of.labels); !maps.Equal(got, of.want) {
			t.Errorf("%s: %v, want %v", of.name, got, of.want)
		}
	}
	got := [...]uint64{tally.Replies(), tally.Quotes(), tally.Sensitive(), tally.ContentWarnings(), tally.Polls(), tally.Cards(), tally.Bots()}
	if got != [...]uint64{1, 1, 1, 1, 1, 1, 1} {
		t.Errorf("traits %v", got)
	}
	for which, sum := range map[Histogram]float64{Length: 3 + 26 + 5, Hashtags: 4, Mentions: 2, Links: 1, MediaAttachments: 4} {
		name := [...]string{testNames.Length, testNames.Hashtags, testNames.Mentions, testNames.Links, testNames.Media}[which]
		if h := histogram(t, tally, which, name)[""]; h.GetSampleCount() != 3 || h.GetSampleSum() != sum {
			t.Errorf("%s: %d with sum %v, want 3 and %v", name, h.GetSampleCount(), h.GetSampleSum(), sum)
		}
	}
	if got := tally.LastHour(); !slices.Equal(got, []Use{{"chat", 2}}) || !slices.Equal(tally.LastDay(), got) {
		t.Errorf("hashtags %v", got)
	}
	tally.SetHashtagRules(HashtagRules{Top: 10, MinAuthors: 3, MinServers: 1})
	if got := tally.LastHour(); len(got) > 0 {
		t.Errorf("hashtags %v by rules that they don't satisfy", got)
	}
}

// Authors and servers are told apart the same way wherever they are seen.
func TestAuthorsAndServers(t *testing.T) {
	for _, row := range []struct {
		authors, servers int
		shown            bool
	}{{3, 2, true}, {4, 1, false}, {1, 3, false}} {
		tally := newTally(nowhere)
		tally.SetHashtagRules(HashtagRules{Top: 1, MinAuthors: row.authors, MinServers: row.servers})
		for i, sight := range []struct{ at, acct string }{
			{"a.net", "alice"}, {"b.net", "alice@a.net"}, {"c.net", "alice@A.NET"}, // one author
			{"a.net", "bob"},
			{"a.net", "alice@b.net"}, {"b.net", "alice"},
		} {
			tally.Take(tally.at(t, sight.at), toot(t, fmt.Sprintf(
				`{"id":"1","uri":"https://x.net/%d","created_at":"2026-08-02T11:59:00Z","account":{"acct":%q},"tags":[{"name":"cat"}]}`, i, sight.acct)), false)
		}
		if shown := len(tally.LastHour()) > 0; shown != row.shown {
			t.Errorf("shown with at least %d authors on %d servers: %v", row.authors, row.servers, shown)
		}
	}
}

// What doesn't fit the kinds of a status counts nothing but the toot itself.
func TestTakeAlmostNothing(t *testing.T) {
	tally := newTally(nowhere)
	tally.Take(tally.at(t, "social.example.org"), toot(t, `{"id":"1","created_at":"2026-08-02T11:59:00Z","account":7,"tags":{},"content":[]}`), true)
	if local, remote := tally.Toots(); local != 1 || remote != 0 {
		t.Errorf("%d local, %d remote", local, remote)
	}
	if h := histogram(t, tally, Length, testNames.Length)[""]; h.GetSampleCount() != 1 || into(h) != 0 {
		t.Errorf("length of nothing is under %v", into(h))
	}
}

func TestSeenOnce(t *testing.T) {
	const status = `{"id":%q,"uri":%q,"created_at":"2026-08-02T11:59:00Z","account":{"acct":"alice@c.net"}}`
	tally := newTally(nowhere)
	a, b := tally.at(t, "a.net"), tally.at(t, "b.net")
	for _, sight := range []struct {
		at      *Origin
		id, uri string
		first   bool
	}{
		{a, "1", "https://c.net/1", true},
		{a, "1", "https://c.net/1", false},
		{b, "99", "https://c.net/1", false}, // the same toot by another server
		{b, "1", "https://c.net/2", true},   // another one with the same id
		{a, "7", "", true},                  // without URI, by server and id
		{a, "7", "", false},
		{b, "7", "", true},
		{a, "8", "", true},
	} {
		if got := tally.Take(sight.at, toot(t, fmt.Sprintf(status, sight.id, sight.uri)), false); got != sight.first {
			t.Errorf("%s %q at %s: %v", sight.id, sight.uri, sight.at.host, got)
		}
	}
	if _, remote := tally.Toots(); remote != 5 {
		t.Errorf("%d toots, want 5", remote)
	}
}

func TestSeenIsBounded(t *testing.T) {
	var s seen
	const n = 5*(1<<18) + 7
	for i := range uint64(n) {
		if !s.first(i) {
			t.Fatalf("%d was seen before", i)
		}
		if len(s.cur) > 1<<18 || len(s.prev) > 1<<18 {
			t.Fatalf("after %d: %d and %d are remembered", i, len(s.cur), len(s.prev))
		}
	}
	for _, i := range []uint64{n - 1, n - 1000, n - 1<<18} { // the last 262,144 at least
		if s.first(i) {
			t.Errorf("%d was forgotten", i)
		}
	}
	if !s.first(0) {
		t.Error("the first one is still remembered")
	}
}

// Many sources see the same toots at once, while others come and go: each toot counts once, and exactly one Take says so.
func TestConcurrency(t *testing.T) {
	const sources, toots = 8, 2000
	tally := newTally(func(string) string { return "DE" })
	var firsts atomic.Int64
	var wg sync.WaitGroup
	for source := range sources {
		host := fmt.Sprintf("s%d.net", source)
		origin := tally.at(t, host)
		wg.Go(func() {
			var mine Toot
			for i := range toots {
				status := fmt.Sprintf(`{"id":"%d","uri":"https://c.net/%d","created_at":"2026-08-02T11:59:00Z","language":"de","content":"<p>abc</p>",
					"account":{"acct":"u%d@c.net","bot":true},"tags":[{"name":"t%d"}]}`, i, i, i%50, i%10)
				if err := mine.Decode([]byte(status)); err != nil {
					t.Error(err)
				}
				if tally.Take(origin, &mine, true) {
					firsts.Add(1)
				}
			}
		})
		wg.Go(func() {
			name, err := domain.Parse(host)
			if err != nil {
				t.Error(err)
			}
			for i := range 100 {
				label := fmt.Sprintf("%s/%d", host, i)
				tally.Origin(name, label)
				tally.WriteHistogram(Delay, io.Discard)
				tally.WriteHistogram(Length, io.Discard)
				tally.Languages(func(string, uint64) {})
				tally.LastHour()
				tally.Drop(label)
			}
		})
	}
	wg.Wait()
	_, remote := tally.Toots()
	if remote != toots || firsts.Load() != toots || tally.Bots() != toots {
		t.Errorf("%d toots, %d first sightings, %d bots, want %d each", remote, firsts.Load(), tally.Bots(), toots)
	}
	var delays uint64
	for _, h := range histogram(t, tally, Delay, testNames.Delay) {
		delays += h.GetSampleCount()
	}
	if delays != toots {
		t.Errorf("%d delays", delays)
	}
}

// A toot that was seen before costs no memory, and neither does a new one, but for reading its HTML and for the name of its server.
func TestTakeAllocations(t *testing.T) {
	tally, origin := benchTally()
	status := toot(t, `{"id":"1","created_at":"2026-08-02T11:59:00Z","language":"de","spoiler_text":"x","content":"","account":{"acct":"bob"}}`)
	uris := make([]string, 1000)
	for i := range uris {
		uris[i] = fmt.Sprint("https://c.net/", i)
	}
	for _, what := range []string{"new", "seen before"} {
		i := 0
		if n := testing.AllocsPerRun(len(uris)-1, func() { status.URI = uris[i]; i++; tally.Take(origin, status, true) }); n > 0 {
			t.Errorf("%v allocations for a toot that is %s", n, what)
		}
	}
}

// All recorded pages by one Tally, each as if it came from two servers.
func TestTakeRecorded(t *testing.T) {
	tally := newTally(nowhere)
	var want page
	for file, figures := range recorded {
		body, err := os.ReadFile("testdata/recorded/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, host := range []string{"a.net", "b.net"} {
			origin := tally.at(t, host)
			if _, err := DecodePage(body, new(Toot), func(toot *Toot) {
				if !toot.Boost {
					tally.Take(origin, toot, false)
				}
			}); err != nil {
				t.Fatal(err)
			}
		}
		want.statuses += figures.statuses - figures.boosts
		want.bots += figures.bots
	}
	// Two statuses are twice among them: one of GoToSocial's on its page, and one that Pleroma and Mitra both served.
	if local, remote := tally.Toots(); int(local+remote) != want.statuses-2 {
		t.Errorf("%d toots, want %d", local+remote, want.statuses-2)
	}
	if tally.Bots() != uint64(want.bots) {
		t.Errorf("%d bots, want %d", tally.Bots(), want.bots)
	}
}
