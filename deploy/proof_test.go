package deploy_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/version"

	"github.com/mnm-social/mnm/demo"
	"github.com/mnm-social/mnm/exporter"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/state"
	"github.com/mnm-social/mnm/exporter/timeline"
	"github.com/mnm-social/mnm/internal/promtest"
	"github.com/mnm-social/mnm/internal/worldtest"
)

// The times of a run, from the beginning of the World.
const (
	settled = 6 * time.Hour            // every daily question was asked; now the exporter is scraped
	turning = settled + 5*time.Minute  // instances change, each in a way of its own
	growing = settled + 60*time.Minute // all others grow or shrink
)

// talkers is in how many instances toots are written.
const talkers = 40

// worldStart is when the World of the proof begins.
var worldStart = time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)

// proof is a run of the exporter over a World, as Prometheus has it.
type proof struct {
	store    *promtest.Storage
	from, to time.Time
}

func number(n int) *int64 { v := int64(n); return &v }

// ordinary is the i-th of a World's instances: they differ in software, version, country, size, security and everything
// else that is counted, and two of three grow or shrink.
func ordinary(i int) demo.Spec {
	pick := func(all ...string) string { return all[i%len(all)] }
	place := i + i/4096 // so many have addresses of their own in one place
	users, open := 20+400_000/(i+5), i%2 == 0
	s := demo.Spec{
		Name:     fmt.Sprintf("town-%d.%s", i, pick("social", "de", "net", "com", "berlin", "jp", "fr")),
		Software: pick("mastodon", "mastodon", "glitch", "misskey", "mastodon", "hometown", "lemmy", "mastodon", "pleroma", "mastodon", "peertube"),
		Country:  []string{"DE", "FI", "FR", "JP", "US", "CA", "KR", "IN"}[place%8],
		IPv6:     i%3 == 0, Open: &open, Approval: i%4 == 0, Renewal: i % 5,
		Users: number(users), Statuses: number(40 * users), Connections: number(500 + i), ActiveMonth: number(1 + users/4),
		Week: demo.Week{Statuses: int64(users), Logins: int64(users / 5), Registrations: int64(i)},
		Site: pick("mastodon", "strong-cookie", "random-1118", "frame-csp-and-bad", "random-647", "csp-style-inline", "csp-eval", "hsts-below", "redirect-closed",
			"sri-foreign", "redirect-missing", "ninety"),
	}
	switch s.Software {
	case "mastodon", "glitch", "hometown":
		s.Version = pick("4.7.0", "4.6.6", "4.6.2", "4.5.14", "4.4.20", "4.3.23", "4.2.10", "3.5.3", "4.7.0-beta.1", "4.6.20261124")
	}
	switch place % 16 {
	case 3:
		s.Country, s.CDN = "", "cloudflare"
	case 7:
		s.Country, s.CDN = "", "fastly"
	case 11:
		s.Open = nil
	}
	if i < talkers {
		s.Software, s.Version, s.Live = "mastodon", "4.6.6", demo.Live{Rate: 2, Delay: 20 * time.Second}
	}
	then := s
	then.Users = number(users * (9 + i%3) / 10)
	s.Turns, s.Then = growing, &then
	return s
}

// turns are what becomes of some instances: every kind of change, by its label.
func turns() map[string]func(*demo.Spec) {
	closed := false
	return map[string]func(*demo.Spec){
		"version":       func(s *demo.Spec) { s.Version = "4.7.0" },
		"software":      func(s *demo.Spec) { s.Software = "hometown" },
		"country":       func(s *demo.Spec) { s.Country = "FI" },
		"registrations": func(s *demo.Spec) { s.Open = &closed },
		"users":         func(s *demo.Spec) { s.Users = number(1000) },
		"certificate":   func(s *demo.Spec) { s.Renewal = 1 },
		"down":          func(s *demo.Spec) { s.Behaviour = demo.BadGateway },
		"gone":          func(s *demo.Spec) { s.Behaviour = demo.Gone },
		"up":            func(s *demo.Spec) { s.Behaviour = demo.Well },
		"new":           func(s *demo.Spec) { s.Unlisted = false },
	}
}

// troubled are the ways in which some instances are in trouble, or want no visitors, from the beginning on.
func troubled() []demo.Behaviour {
	return []demo.Behaviour{
		demo.NoName, demo.Refusing, demo.AppDown, demo.Unavailable, demo.CertExpired, demo.CertName, demo.CertSelfSigned, demo.CertUntrusted,
		demo.OldTLS, demo.Blocked, demo.RateLimited, demo.Challenge, demo.RobotsNo, demo.RobotsDeny, demo.Legal, demo.NoPage, demo.Negative, demo.Absurd, demo.HTML,
	}
}

// proofWorld has every kind of instance, and once it is scraped every kind of change. Who is not ordinary is watched, and some
// who are.
func proofWorld(size int) (w *demo.World, watched []domain.Name) {
	var specs []demo.Spec
	open := true
	extra := func(label string) demo.Spec {
		return demo.Spec{
			Name: label + ".social", Version: "4.6.2", Country: "US", Open: &open, Users: number(3000), Statuses: number(90_000),
			Connections: number(4000), ActiveMonth: number(700), Week: demo.Week{Statuses: 900, Logins: 300, Registrations: 12},
		}
	}
	all := turns()
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		s := extra("turns-" + kind)
		s.Unlisted = kind == "new"
		then := s
		all[kind](&then)
		s.Turns, s.Then = turning, &then
		if kind == "up" { // was down for an hour before
			down := s
			down.Behaviour = demo.BadGateway
			s.Turns, s.Then = settled-time.Hour, &down
		}
		specs = append(specs, s)
	}
	for i, behaviour := range troubled() {
		s := extra(fmt.Sprintf("trouble-%d", i))
		s.Behaviour = behaviour
		specs = append(specs, s)
	}
	named := len(specs) + 5
	for i := range size - len(specs) {
		specs = append(specs, ordinary(i))
	}
	w = demo.WorldOf(specs, worldStart)
	w.Junk = append(w.Junk, "localhost", "192.0.2.1", "intranet.local")
	for i := range named {
		if !specs[i].Unlisted { // whom a person names is known before a directory names them
			watched = append(watched, w.Name(i))
		}
	}
	return w, watched
}

// followed are timelines that are streamed and polled, local and federated.
func followed(w *demo.World) (all []exporter.TimelineServer) {
	token := func() (string, error) { return demo.UserToken, nil }
	for i, scope := range []timeline.Scope{timeline.Federated, timeline.Local, timeline.Federated, timeline.Local} {
		s := exporter.TimelineServer{Host: w.Name(w.Find(ordinary(i).Name)), Scope: scope}
		if i < 2 {
			s.Token = token
		}
		all = append(all, s)
	}
	return all
}

// prove runs the exporter over a World of so many instances. When it has settled it is restarted, which saves its state and takes
// it over. From then on it follows timelines, is scraped each minute, and the rules are evaluated. Meanwhile our own network fails
// for ten minutes, and the operator's database of countries is lost.
func prove(t *testing.T, size int, long time.Duration) proof {
	t.Helper()
	version.Version = "1.2.3" // the program's main sets it
	w, watched := proofWorld(size)
	folder := t.TempDir()
	config := func(b *worldtest.Box, c *exporter.Config) {
		dir, err := state.Open(filepath.Join(folder, "state"))
		if err != nil {
			t.Fatal(err)
		}
		b.Logger = slog.New(slog.DiscardHandler)
		c.State, c.Watch, c.Country.MMDB = dir, watched, "../exporter/country/data/geo-whois-asn-country.mmdb"
	}
	b := worldtest.New(t, w, worldStart, config)
	p := proof{from: worldStart.Add(settled), to: worldStart.Add(settled + long)}
	for at := worldStart; at.Before(p.from); at = at.Add(10 * time.Minute) {
		b.Advance(at)
	}
	b.Stop(t)
	var settings exporter.Config
	b = b.Restart(t, func(b *worldtest.Box, c *exporter.Config) {
		config(b, c)
		c.Timelines.Servers = followed(w)
		settings = *c
	})
	p.store = b.Store
	rules := b.Store.LoadRules(t, matches(t, "../provisioning/prometheus/rules/*.yml")...)
	for at := p.from; !at.After(p.to); at = at.Add(time.Minute) {
		switch minute := int(at.Sub(p.from) / time.Minute); minute {
		case 40, 50:
			b.Cut.Store(minute == 40)
		case 80:
			settings.Country.MMDB = filepath.Join(folder, "lost.mmdb")
			if err := b.Reload(func() (exporter.Config, error) { return settings, nil }); err != nil {
				t.Fatal(err)
			}
		}
		b.Advance(at)
		if err := b.StreamsCaughtUp(context.Background()); err != nil {
			t.Fatal(err)
		}
		b.Scrape(t)
		rules.Eval(t, at)
	}
	return p
}
