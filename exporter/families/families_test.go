package families

import (
	"bytes"
	"crypto/tls"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/country"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/https"
	"github.com/mnm-social/mnm/exporter/instance"
	"github.com/mnm-social/mnm/exporter/network"
	"github.com/mnm-social/mnm/exporter/releases"
	"github.com/mnm-social/mnm/exporter/timeline"
	"github.com/mnm-social/mnm/exporter/toots"
)

var update = flag.Bool("update", false, "write the golden files and docs/metrics.md")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("%s is not current (go test ./exporter/families -update). Got:\n%s", name, got)
	}
}

func TestDocument(t *testing.T) {
	var b bytes.Buffer
	if err := Document(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "../../docs/metrics.md", b.Bytes())
}

func TestTablesAreValid(t *testing.T) {
	if err := slices.Concat(Instances(), Network()).Validate(); err != nil {
		t.Fatal(err)
	}
	if err := Timelines().Validate(); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, d := range All() {
		if seen[d.Name] {
			t.Errorf("%s is there twice", d.Name)
		}
		seen[d.Name] = true
		if !strings.HasSuffix(d.Help, ".") {
			t.Errorf("the help of %s does not end with a full stop", d.Name)
		}
	}
}

// at is when the View of the golden files is drawn.
var at = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func name(tb testing.TB, s string) domain.Name {
	tb.Helper()
	n, err := domain.Parse(s)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// entry is a good visit half an hour ago, changed by with.
func entry(t *testing.T, domain string, with func(*census.Entry)) *census.Entry {
	t.Helper()
	e := &census.Entry{Name: name(t, domain), Added: at.Add(-time.Hour), Up: census.Yes, Visits: 3, LastVisit: at.Add(-30 * time.Minute), LastGood: at.Add(-30 * time.Minute)}
	with(e)
	return e
}

// book has one instance for each rule that the tables follow.
func book(t *testing.T) network.Book {
	known := instance.Known
	all := []*census.Entry{
		entry(t, "all.social", func(e *census.Entry) {
			e.Figures = instance.Figures{
				Software: "mastodon", Version: "4.5.1+glitch", Mastodon: true, Users: known(1000), Statuses: known(50_000),
				Connections: known(7000), ActiveUsers: known(200), Registrations: instance.PolicyApproval,
				Week: instance.Week{Statuses: known(300), Logins: known(90), Registrations: known(0)},
			}
			e.Version, e.IPv6, e.Took = "4.5.1", true, 1500*time.Millisecond
			e.Country = country.Answer{Country: "FR", Source: country.Address}
			e.TLS = census.TLS{Version: tls.VersionTLS13, Expiry: at.Add(30 * 24 * time.Hour)}
			e.Certificate = https.VerdictOK
			e.HTTPS = https.Report{Observatory: https.Marks{Score: 115, Grade: "A+"}, TLS: https.Marks{Score: 0, Grade: "F"}}
			e.Changed[census.ChangeVersion] = at.Add(-time.Hour)
			e.Changed[census.ChangeUp] = at.Add(-8 * 24 * time.Hour)
		}),
		entry(t, "nothing.said", func(e *census.Entry) {
			e.Figures = instance.Figures{Software: "misskey", Version: "12.110.1"}
			e.Version = "12.110.1"
			e.Country = country.Answer{Source: country.Unknown, Reason: country.CDN}
		}),
		entry(t, "zero.jp", func(e *census.Entry) {
			e.Figures = instance.Figures{Software: "mastodon", Version: "4.2.0", Mastodon: true, Users: known(0), Statuses: known(0), ActiveUsers: known(0), Registrations: instance.PolicyClosed}
			e.Version, e.Country = "4.2.0", country.Answer{Country: "JP", Source: country.TLD}
		}),
		entry(t, "down.fr", func(e *census.Entry) {
			e.Reason = "timeout"
			e.Certificate = https.VerdictExpired
			e.Up, e.Figures, e.Version = census.No, instance.Figures{Software: "mastodon", Version: "4.5.0", Mastodon: true, Users: known(5), Statuses: known(77), Registrations: instance.PolicyOpen}, "4.5.0"
			e.Country = country.Answer{Country: "FR", Source: country.TLD}
		}),
		entry(t, "small.fr", func(e *census.Entry) {
			e.Figures = instance.Figures{Software: "mastodon", Version: "4.5.1", Mastodon: true, Users: known(1), Statuses: known(3), ActiveUsers: known(1)}
			e.Version, e.Country = "4.5.1", country.Answer{Country: "FR", Source: country.TLD}
		}),
		entry(t, "silent.fr", func(e *census.Entry) {
			e.Up, e.LastGood, e.Added = census.No, time.Time{}, at.AddDate(0, 0, -30)
		}),
		entry(t, "stale.fr", func(e *census.Entry) {
			e.Up, e.LastGood, e.Figures = census.No, at.Add(-24*time.Hour), instance.Figures{Software: "mastodon", Users: known(9999)}
		}),
		entry(t, "refused.fr", func(e *census.Entry) {
			e.Refused = true
			e.Changed[census.ChangeVersion] = at
		}),
		entry(t, "gone.fr", func(e *census.Entry) { e.Gone = true }),
		entry(t, "new.fr", func(e *census.Entry) { *e = census.Entry{Name: e.Name} }),
	}
	slices.SortFunc(all, func(a, b *census.Entry) int { return domain.Compare(a.Name, b.Name) })
	version := func(s string) releases.Version {
		v, ok := releases.ParseVersion(s)
		if !ok {
			t.Fatal(s)
		}
		return v
	}
	return network.Book{
		Entries: all, Changes: [census.ChangeCount]uint64{3, 0, 0, 1},
		Directories: []network.Directory{{Name: "joinmastodon", Instances: 8, LastSuccess: at.Add(-time.Minute)}, {Name: "never"}},
		Releases: releases.New([]releases.Release{
			{Tag: "v4.5.1", Version: version("4.5.1"), Channel: releases.Stable, Published: at.AddDate(0, -1, 0), Security: true},
			{Tag: "v4.5.0", Version: version("4.5.0"), Channel: releases.Stable, Published: at.AddDate(0, -3, 0)},
			{Tag: "v4.6.0-rc.1", Version: version("4.6.0-rc.1"), Channel: releases.RC, Published: at.AddDate(0, 0, -1)},
			{Tag: "v4.4.0", Version: version("4.4.0"), Channel: releases.Stable, Published: at.AddDate(0, -6, 0)},
			{Tag: "v4.3.0", Version: version("4.3.0"), Channel: releases.Stable, Published: at.AddDate(-1, 0, 0)},
			{Tag: "v4.2.0", Version: version("4.2.0"), Channel: releases.Stable, Published: at.AddDate(-2, 0, 0)},
		}),
	}
}

func TestGolden(t *testing.T) {
	v := network.New(book(t), at, network.Settings{
		StaleAfter: 24 * time.Hour, ForgetAfter: 30 * 24 * time.Hour, Detailed: 1,
		Watched: map[domain.Name]bool{name(t, "down.fr"): true, name(t, "small.fr"): true, name(t, "gone.fr"): true},
	})
	var b bytes.Buffer
	if err := slices.Concat(Instances(), Network()).Write(&b, v); err != nil {
		t.Fatal(err)
	}
	if err := Timelines().Write(&b, shown(t)); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/all.prom", b.Bytes())
	problems, err := promlint.New(bytes.NewReader(b.Bytes())).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// shown is two timelines that have shown some toots: one toot of everything there is, twice, and twenty of a hashtag.
func shown(t *testing.T) Live {
	t.Helper()
	local := timeline.Source{Host: name(t, "all.social"), Scope: timeline.Local}
	tally := toots.New(toots.Options{
		Names: TootNames(), Now: func() time.Time { return at }, Country: func(string) string { return "FR" },
		Hashtags: toots.HashtagRules{Top: 2, MinAuthors: 20, MinServers: 3},
	})
	take := func(o *toots.Origin, status string) {
		var toot toots.Toot
		if err := toot.Decode([]byte(status)); err != nil {
			t.Fatal(err)
		}
		tally.Take(o, &toot, true)
	}
	origin := tally.Origin(local.Host, local.String())
	for range 2 {
		take(origin, `{"id":"1","uri":"https://far.example/1","created_at":"2026-03-01T11:59:30.000Z","in_reply_to_id":"0","sensitive":true,"spoiler_text":"Hm",
			"language":"de","content":"<p>Hallo <a href=\"https://example.org/\">example.org</a></p>","application":{"name":"Tusky"},"quote":{"state":"accepted"},
			"account":{"acct":"anna@far.example","bot":true},"media_attachments":[{"type":"image","description":"A cat"},{"type":"video","description":null}],
			"mentions":[{"acct":"x"}],"tags":[{"name":"Caturday"}],"card":{"url":"https://example.org/"},"poll":{"id":"1"}}`)
	}
	for i := range 20 {
		take(origin, fmt.Sprintf(`{"id":"%d","uri":"https://s%d.example/%d","created_at":"2026-03-01T11:00:00.000Z","content":"<p>#Monday</p>",
			"account":{"acct":"a%d@s%d.net"},"tags":[{"name":"Monday"}]}`, i+2, i%4, i, i, i%4))
	}
	return Live{Tally: tally, Sources: []timeline.Health{
		{Source: local, Mode: timeline.Streaming, Up: true, LastEvent: at, Events: [timeline.Other + 1]uint64{22, 3, 2, 1, 4}, Duplicates: 1, Reconnects: 5, Gap: 90 * time.Second},
		{Source: timeline.Source{Host: name(t, "closed.social"), Scope: timeline.Federated}, Mode: timeline.Closed, Failures: map[string]uint64{"http_422": 7}},
	}}
}

// TestFamiliesAreWritten holds that no family of the tables is forgotten by the golden file.
func TestFamiliesAreWritten(t *testing.T) {
	text, err := os.ReadFile("testdata/all.prom")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range All() {
		if d.Part != PartExporter && !strings.Contains(string(text), "# TYPE "+d.Name+" ") {
			t.Errorf("%s has no sample", d.Name)
		}
	}
}
