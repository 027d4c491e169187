package demo

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/mnm-social/mnm/exporter/domain"
)

// Config makes a World.
type Config struct {
	Seed      uint64
	Instances int       // 0: all, some 2,000 of Mastodon and a few hundred of other software; else a sample that keeps the mix
	Start     time.Time // the World's time at its beginning; zero: 2026-11-24 00:00 UTC. Releases are invented after it, and after 2026-08-20
	Hostile   bool      // with servers that are out to break a crawler, and junk in the directory
}

// World is a fediverse. Who is in it and how each one is at any time is a pure function of its Config, or of its Specs:
// the same on every machine, however fast and in whatever order it is asked. It is safe for concurrent use.
type World struct {
	// Directory, Social and GitHub are how api.joinmastodon.org, instances.social and api.github.com behave: all troubles and
	// hostilities, Half (a list that breaks off), Blocked, RateLimited. Set them before the World is served.
	Directory, Social, GitHub Behaviour
	// Junk are further names at joinmastodon that are no servers: addresses, private names, bad names, known junk, spellings.
	Junk []string

	seed      uint64
	start     time.Time
	instances []member
	byName    map[string]int            // A-label, lower case
	byAddr    map[netip.Addr]int        // every address that an instance ever has
	hears     []atomic.Pointer[[]int32] // whose toots each gets, as soon as somebody has asked
	calendar  *calendar
}

// member is one instance.
type member struct {
	name     domain.Name
	spelling string // as directories write it
	fate     fate
	chance   uint64 // that of its toots
}

// fate is what becomes of an instance: a life that was thought up, or a script.
type fate interface {
	// state is how it is s seconds after the World's beginning.
	state(w *World, s int64) State
	// homes are the places at which it will ever be.
	homes() []*place
	// lives is how it toots and serves its timelines s seconds after the World's beginning.
	lives(s int64) *Live
	// tootRate is how many millionths of a toot are written there in the minute that begins then.
	tootRate(s int64) int64
}

// State is an instance at one time.
type State struct {
	Exists    bool // it has been set up; before that its name leads nowhere
	Listed    bool // joinmastodon names it
	Social    bool // instances.social names it
	Behaviour Behaviour
	MovedTo   string    // the host to which everything but robots.txt is redirected
	RobotsTag string    // X-Robots-Tag of its page at /; "" for none
	Expiry    time.Time // of its certificate
	Site      string    // how the page at / and port 80 are set up: the name of one of MDN's recorded sites

	Software string // label; forks that call themselves "mastodon" are that
	Version  string // label: for Mastodon and its forks the canonical version of Mastodon
	Mastodon bool   // Mastodon or a fork

	Users, Statuses, Connections, ActiveMonth Figure
	Open, Approval                            bool
	Week                                      Week // the last complete one

	Country string // where its server stands; "" behind a delivery network
	CDN     string // "cloudflare", "fastly" or ""
	V4, V6  netip.Addr

	software  int    // of softwares
	serves    string // version as it says it itself
	registers answer // whether strangers may register; silent where it doesn't say
}

// Week is the activity of one week.
type Week struct{ Statuses, Logins, Registrations int64 }

// defaultStart is when a World begins that isn't told when.
var defaultStart = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

// NewWorld thinks up a World.
func NewWorld(c Config) *World {
	if c.Start.IsZero() {
		c.Start = defaultStart
	}
	w := &World{seed: c.Seed, start: c.Start, calendar: newCalendar(c.Seed, c.Start, false)}
	w.populate(c)
	if c.Hostile {
		w.Junk = junk(w)
		w.flood()
	}
	w.index()
	return w
}

// index makes the tables by which names and addresses are found.
func (w *World) index() {
	w.byName = make(map[string]int, len(w.instances))
	w.byAddr = make(map[netip.Addr]int, 2*len(w.instances))
	w.hears = make([]atomic.Pointer[[]int32], len(w.instances))
	for i, m := range w.instances {
		w.instances[i].chance = draw(w.seed, aboutToots, m.name.Hash())
		w.byName[m.name.String()] = i
		for _, p := range m.fate.homes() {
			w.byAddr[p.addr4(i)] = i
			if a := p.addr6(i); a.IsValid() {
				w.byAddr[a] = i
			}
		}
	}
}

// service is how a directory or GitHub behaves, if the name is one of theirs.
func (w *World) service(name string) (Behaviour, bool) {
	switch name {
	case directoryHost.name:
		return w.Directory, true
	case socialHost.name:
		return w.Social, true
	case githubHost.name:
		return w.GitHub, true
	}
	return Well, false
}

// Start is the World's time at its beginning.
func (w *World) Start() time.Time { return w.start }

// Len is how many instances there ever are. Names of a flood that never were any count too.
func (w *World) Len() int { return len(w.instances) }

// Name is the name of instance i, in [0, Len).
func (w *World) Name(i int) domain.Name { return w.instances[i].name }

// Find is the instance of that name, -1 if there is none.
func (w *World) Find(name string) int {
	if i, ok := w.byName[name]; ok {
		return i
	}
	return -1
}

// Live is how instance i, in [0, Len), toots and serves its timelines at t. Rate is that of a Spec, and 0 where chance has it.
func (w *World) Live(i int, t time.Time) Live { return *w.instances[i].fate.lives(w.seconds(t)) }

// seconds is a time in seconds since the World's beginning.
func (w *World) seconds(t time.Time) int64 { return int64(t.Sub(w.start) / time.Second) }

// State is how instance i, in [0, Len), is at t.
func (w *World) State(i int, t time.Time) State {
	return w.instances[i].fate.state(w, w.seconds(t))
}

// Releases are Mastodon's releases that its repository lists at t, the newest first: no more than 300.
func (w *World) Releases(t time.Time) []Release {
	out := w.calendar.until(t)
	if len(out) > listedReleases {
		out = out[len(out)-listedReleases:]
	}
	newest := make([]Release, 0, len(out))
	for i := len(out) - 1; i >= 0; i-- {
		newest = append(newest, out[i])
	}
	return newest
}

// unzip reads embedded data; that it can be read is known when the program is built.
func unzip(b []byte) string {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		panic(fmt.Sprintf("embedded data: %v", err))
	}
	text, err := io.ReadAll(z)
	if err != nil {
		panic(fmt.Sprintf("embedded data: %v", err))
	}
	return string(text)
}
