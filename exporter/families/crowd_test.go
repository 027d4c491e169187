package families

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/country"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/https"
	"github.com/mnm-social/mnm/exporter/instance"
	"github.com/mnm-social/mnm/exporter/network"
	"github.com/mnm-social/mnm/exporter/releases"
)

// crowdSize is the network that the exporter is made for.
const crowdSize = 30_000

// crowd is a book of a large network at its worst: every instance says every figure and is large enough for all of them to be
// shown, and every tenth has changed in three ways this week. Names have 22 characters on average.
func crowd(tb testing.TB) network.Book {
	tb.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	b := network.Book{Releases: crowdReleases(tb)}
	versions := b.Releases.All()
	for i := range crowdSize {
		b.Entries = append(b.Entries, crowdEntry(random, name(tb, crowdName(random, i)), versions))
	}
	// By name, and so in another order than in memory, as in a book that visits have been changing for days.
	slices.SortFunc(b.Entries, func(a, b *census.Entry) int { return domain.Compare(a.Name, b.Name) })
	for i := 0; i < crowdSize; i += 10 {
		for _, kind := range random.Perm(int(census.ChangeCount))[:3] {
			b.Entries[i].Changed[kind] = at.Add(-time.Duration(random.Int64N(int64(network.ChangesKept))))
		}
	}
	return b
}

func crowdName(random *rand.Rand, i int) string {
	name := make([]byte, 3+random.IntN(14))
	for c := range name {
		name[c] = byte('a' + random.IntN(26))
	}
	return fmt.Sprintf("%s%d%s", name, i, []string{".social", ".de", ".example-host.net", ".com"}[i%4])
}

func crowdEntry(random *rand.Rand, name domain.Name, versions []releases.Release) *census.Entry {
	users := 5 + int64(math.Min(3e6, 10*math.Pow(1-random.Float64(), -1.1))) // few are large
	part := func(of int64) instance.Count { return instance.Known(1 + random.Int64N(of)) }
	e := &census.Entry{
		Name: name, Added: at.AddDate(-1, 0, 0), Up: census.Yes, Visits: 9000, IPv6: random.IntN(3) == 0,
		LastVisit: at.Add(-time.Duration(random.Int64N(int64(time.Hour)))), Took: time.Duration(random.Int64N(int64(3 * time.Second))),
		TLS:   census.TLS{Version: tls.VersionTLS13, Expiry: at.Add(time.Duration(random.IntN(90*24*3600)) * time.Second)},
		HTTPS: https.Report{Observatory: https.Marks{Score: 115, Grade: "A+"}, TLS: https.Marks{Score: 100, Grade: "A+"}}, Certificate: https.VerdictOldProtocol,
		Country: country.Answer{Country: country.Codes()[int(random.ExpFloat64()*20)%len(country.Codes())], Source: country.Address},
		Figures: instance.Figures{
			Software: "mastodon", Version: versions[int(random.ExpFloat64()*20)%len(versions)].Version.String(), Mastodon: true,
			Users: instance.Known(users), Statuses: part(500 * users), Connections: part(10_000), ActiveUsers: part(users),
			Registrations: instance.Policy(1 + random.IntN(3)),
			Week:          instance.Week{Statuses: part(5 * users), Logins: part(users), Registrations: part(users)},
		},
	}
	if random.IntN(4) == 0 {
		e.Figures.Mastodon = false
		e.Figures.Software = fmt.Sprintf("software-%d", int(random.ExpFloat64()*10))
		e.Figures.Version = fmt.Sprintf("2.%d.%d", int(random.ExpFloat64()*2), int(random.ExpFloat64()*3))
	}
	if random.IntN(5) == 0 {
		e.Country = country.Answer{Source: country.Unknown, Reason: country.CDN}
	}
	e.Version, e.LastGood, e.Answered = e.Figures.Version, e.LastVisit, e.LastVisit
	return e
}

// crowdReleases are 200 releases of ten branches, and an advisory a branch.
func crowdReleases(tb testing.TB) releases.Known {
	tb.Helper()
	var all []releases.Release
	var advisories []releases.Advisory
	for branch := range 10 {
		for patch := range 20 {
			tag := fmt.Sprintf("v4.%d.%d", branch, patch)
			version, ok := releases.ParseVersion(tag)
			if !ok {
				tb.Fatal(tag)
			}
			out := at.AddDate(0, 4*(branch-9), patch-30)
			all = append(all, releases.Release{Tag: tag, Version: version, Channel: releases.Stable, Published: out})
		}
		advisories = append(advisories, releases.Advisory{ID: fmt.Sprintf("GHSA-%d", branch), Severity: "high", Affected: []releases.Affected{
			{Range: fmt.Sprintf(">= 4.%d.0, < 4.%d.9", branch, branch), Patched: fmt.Sprintf("4.%d.9", branch)},
		}})
	}
	return releases.New(all).WithAdvisories(advisories)
}

// crowdSettings shows 1,000 instances in detail.
func crowdSettings() network.Settings {
	return network.Settings{StaleAfter: 24 * time.Hour, ForgetAfter: 30 * 24 * time.Hour, Detailed: 1000}
}

// TestPageFits holds the size of the page at its worst, and that the changes left out for it are counted.
func TestPageFits(t *testing.T) {
	const most = 15.5 * (1 << 20)
	b := crowd(t)
	letters := 0
	for _, e := range b.Entries {
		letters += len(e.Name.String())
	}
	if letters < 21.5*crowdSize || letters > 22.5*crowdSize {
		t.Errorf("names have %d characters in all, %d in the mean; they should have 22", letters, letters/crowdSize)
	}
	var page bytes.Buffer
	if err := slices.Concat(Instances(), Network()).Write(&page, network.New(b, at, crowdSettings())); err != nil {
		t.Fatal(err)
	}
	if err := Timelines().Write(&page, shown(t)); err != nil {
		t.Fatal(err)
	}
	if page.Len() > most {
		t.Errorf("the page has %d bytes, %.0f are the most", page.Len(), most)
	}
	t.Logf("%.2f MiB", float64(page.Len())/(1<<20))
	text := page.String()
	shown := strings.Count(text, "\n"+changes+"{")
	var left int
	_, after, _ := strings.Cut(text, `mnm_exporter_left_out_series{family="`+changes+`"} `)
	if _, err := fmt.Sscan(after, &left); err != nil {
		t.Fatal(err)
	}
	if shown == 0 || left == 0 || shown+left != 3*crowdSize/10 {
		t.Errorf("%d changes are shown and %d left out, of %d", shown, left, 3*crowdSize/10)
	}
}
