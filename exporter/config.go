package exporter

import (
	"fmt"
	"time"

	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/outbound"
	"github.com/mnm-social/mnm/exporter/state"
	"github.com/mnm-social/mnm/exporter/timeline"
	"github.com/mnm-social/mnm/exporter/toots"
)

// Config is all that an Exporter does differently from another. It is made whole, validated once and then left as it is.
type Config struct {
	Contact     string        // who answers for this crawler: an address or a URL that admins can turn to
	Watch       []domain.Name // shown in detail whatever their size, and visited even if no directory lists them
	Exclude     []domain.Name // never visited nor shown, with everything below them
	Directories Directories

	Instances Instances
	Releases  Releases
	Country   Country
	Timelines Timelines
	Hashtags  toots.HashtagRules

	About   string           // URL of our own pages, for the admins whom we visit; empty: the project's
	State   *state.Dir       // nil: what is known is kept in memory only
	Workers int              // instances visited at a time; 0: 512. A box with client and servers in one process wants fewer
	Demo    bool             // the network is an invented one, and everybody is told so
	Net     outbound.Net     // the zero value is the real network
	Now     func() time.Time // nil: time.Now
	Hour    time.Duration    // of the request budget; the demo's World lives faster, so its hours are shorter

	Publish time.Duration // least time between two Views
	// Truth is what the demo's World says the totals must be at a time, by series; nil where nobody can know.
	Truth func(time.Time) map[string]float64
}

// Directories are the sources of names. Paths of files are as they are to be opened.
type Directories struct {
	JoinMastodon    bool
	InstancesSocial InstancesSocial
	Domains         []domain.Name
	DomainsFile     string        // "": none
	Every           time.Duration // how often a directory is asked
}

// InstancesSocial is how instances.social is asked; the zero value: not at all.
type InstancesSocial struct {
	TokenFile string
}

// Instances are the times of visits.
type Instances struct {
	Every        time.Duration // from one visit to the next
	ConfirmAfter time.Duration // from a failure to its confirmation
	StaleAfter   time.Duration // how long figures are shown after the last good visit
	ForgetAfter  time.Duration // how long who is named nowhere any more is kept after the last answer
	Daily        time.Duration // from one daily question to the next
	Detailed     int           // so many of the largest are shown in detail
}

// Releases is where Mastodon's releases are looked up.
type Releases struct {
	Every      time.Duration
	Repository string // OWNER/NAME on GitHub
	TokenFile  string // "": GitHub is asked as anybody may
}

// Country is how the countries of servers are found out, beside what the program knows by itself.
type Country struct {
	Overrides map[domain.Name]string // by the operator's word; codes of package country
	MMDB      string                 // a database file; "": none
	API       string                 // URL of a service with {ip} in it; "": none
}

// Timelines are the public timelines that are followed.
type Timelines struct {
	Auto    int              // so many federated ones of large servers are chosen, beside Servers
	Every   time.Duration    // from one poll to the next
	Servers []TimelineServer // each pair of host and scope once
}

// TimelineServer is a timeline by the operator's choice.
type TimelineServer struct {
	Host      domain.Name
	Scope     timeline.Scope
	TokenFile string                 // "": it is followed as anybody may
	Token     func() (string, error) // in the place of the file, for the demo, which has none; not in the file
}

// Source is what is followed. The token is read anew for each use.
func (t TimelineServer) Source() timeline.Source {
	s := timeline.Source{Host: t.Host, Scope: t.Scope, Token: t.Token}
	if t.Token == nil && t.TokenFile != "" {
		s.Token = func() (string, error) { return readSecret(t.TokenFile) }
	}
	return s
}

// DefaultConfig is the configuration of a program that was told nothing: the real network, from joinmastodon's list.
func DefaultConfig() Config {
	const day = 24 * time.Hour
	return Config{
		Directories: Directories{JoinMastodon: true, Every: time.Hour},
		Instances: Instances{
			Every: time.Hour, ConfirmAfter: 5 * time.Minute, StaleAfter: day, ForgetAfter: 30 * day, Daily: day, Detailed: 1000,
		},
		Releases:  Releases{Every: 5 * time.Minute, Repository: "mastodon/mastodon"},
		Timelines: Timelines{Auto: 3, Every: time.Minute},
		Hashtags:  toots.HashtagRules{Top: 100, MinAuthors: leastAuthors, MinServers: leastServers},
		Hour:      time.Hour,
		Publish:   15 * time.Second,
	}
}

// DemoConfig is that of the fediverse in a box, whose World lives speed times faster than we do: every time is divided by it.
// Whoever makes the World adds the timelines that are followed by its users' tokens.
func DemoConfig(net outbound.Net, speed time.Duration) Config {
	c := DefaultConfig()
	c.Demo, c.Net, c.Contact = true, net, "the demo visits nobody"
	for _, d := range []*time.Duration{
		&c.Directories.Every, &c.Instances.Every, &c.Instances.ConfirmAfter, &c.Instances.StaleAfter, &c.Instances.ForgetAfter,
		&c.Instances.Daily, &c.Releases.Every, &c.Timelines.Every, &c.Hour,
	} {
		*d /= speed
	}
	c.Publish, c.Workers = time.Second, 64
	return c
}

// leastAuthors and leastServers are the promise that no hashtag is shown which could point at a person: so many must have
// used it within an hour or a day. A configuration may ask for more, and never for fewer.
const leastAuthors, leastServers = 20, 3

// unasked is how many domains may be listed without a contact: so few are the operator's own or their friends'.
const unasked = 50

// configFault is something that is wrong with values that are good one by one. It stands at a key.
type configFault struct{ key, text string }

// faults holds the values of a configuration against one another.
func (c *Config) faults() []configFault {
	var all []configFault
	add := func(key, format string, args ...any) {
		all = append(all, configFault{key, fmt.Sprintf(format, args...)})
	}
	d, i := c.Directories, c.Instances
	if c.Contact == "" {
		const why = "the admins of all these servers must know whom to ask; set contact"
		if d.InstancesSocial.TokenFile != "" {
			add("directories.instances_social", "works with a contact only: %s", why)
		}
		if d.DomainsFile != "" {
			add("directories.domains_file", "works with a contact only: %s", why)
		}
		if len(d.Domains) > unasked {
			add("directories.domains", "has %d names, and more than %d work with a contact only: %s", len(d.Domains), unasked, why)
		}
	}
	if !d.JoinMastodon && d.InstancesSocial.TokenFile == "" && len(d.Domains) == 0 && d.DomainsFile == "" && len(c.Watch) == 0 && len(c.Timelines.Servers) == 0 {
		add("directories", "nothing to visit; set directories.joinmastodon to true, or name some servers in watch or directories.domains")
	}
	if least := 2 * i.Every; i.StaleAfter < least {
		add("instances.stale_after", "%s is less than twice instances.every, so one visit that fails would empty the page; write %s or more",
			spell(i.StaleAfter), spell(least))
	}
	if i.ForgetAfter < i.StaleAfter {
		add("instances.forget_after", "%s is less than instances.stale_after, so figures would be shown of who is forgotten; write %s or more",
			spell(i.ForgetAfter), spell(i.StaleAfter))
	}
	return all
}
