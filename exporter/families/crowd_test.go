package families

import (
	"crypto/tls"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/country"
	"github.com/mnm-social/mnm/exporter/domain"
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
		name, err := domain.Parse(crowdName(random, i))
		if err != nil {
			tb.Fatal(err)
		}
		b.Entries = append(b.Entries, crowdEntry(random, name, versions))
	}
	// By name, and so in another order than in memory, as in a book that visits have been changing for days.
	slices.SortFunc(b.Entries, func(a, b *census.Entry) int { return domain.Compare(a.Name, b.Name) })
	for i := 0; i < crowdSize; i += 10 {
		for range 3 {
			ago := time.Duration(random.Int64N(int64(7 * 24 * time.Hour)))
			b.Entries[i].Changed[(i/10+int(ago))%int(census.ChangeCount)] = at.Add(-ago)
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
		TLS:     census.TLS{Version: tls.VersionTLS13, Expiry: at.Add(time.Duration(random.IntN(90*24*3600)) * time.Second)},
		Country: country.Answer{Country: country.Codes()[int(random.ExpFloat64()*20)%len(country.Codes())], Source: country.Address},
		Figures: instance.Figures{
			Software: "mastodon", Version: versions[int(random.ExpFloat64()*20)%len(versions)].Version.String(), Mastodon: true,
			Users: instance.Known(users), Statuses: part(500 * users), Connections: part(50_000), ActiveUsers: part(users),
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

// TestCrowdFits holds the size of a page at its worst, and that what had to be left out for it is counted.
func TestCrowdFits(t *testing.T) {
	b := crowd(t)
	letters, series := 0, 0
	for _, e := range b.Entries {
		letters += len(e.Name.String())
	}
	t.Log(float64(letters)/crowdSize, series)
}
