package exporter

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/prometheus/common/version"

	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/country"
	"github.com/mnm-social/mnm/exporter/directory"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/network"
	"github.com/mnm-social/mnm/exporter/outbound"
	"github.com/mnm-social/mnm/exporter/releases"
)

// setup is all that a configuration decides. A reload makes a new one, whole, before the old one is let go.
type setup struct {
	config   Config
	client   *outbound.Client
	visitor  *visitor
	sources  []*source
	releases *releases.Source
	looked   []byte // what releases knew after the latest look-up, to be kept; e.mu is held
	filter   directory.Filter
	watched  map[domain.Name]bool
	mmdb     *country.File // nil: none
	api      *country.API  // nil: none
}

// build makes a setup. What the one before has learnt is carried over where it still holds.
func (e *Exporter) build(c Config, before *setup) *setup {
	s := &setup{config: c, filter: directory.NewFilter(c.Exclude), watched: make(map[domain.Name]bool, len(c.Watch))}
	for _, n := range c.Watch {
		s.watched[n] = true
	}
	about := c.About
	if about == "" {
		about = projectURL
	}
	var client *outbound.Client
	if before != nil {
		client = before.client
	}
	s.client = outbound.New(outbound.Options{
		Before: client, Net: c.Net, Now: c.Now, Hour: c.Hour, UserAgent: outbound.UserAgent(cmp.Or(version.Version, "dev"), about, c.Contact),
		Sent:    func(p outbound.Purpose) { e.self.requests.WithLabelValues(string(p)).Inc() },
		Refused: func(r outbound.Reason) { e.self.refused.WithLabelValues(string(r)).Inc() },
	})
	s.visitor = &visitor{client: s.client, now: c.Now, config: c.Instances, where: e.locator(s, before)}
	s.sources = e.sourcesOf(s)
	s.releases = releases.NewSource(c.Releases.Repository, func() string {
		token, err := readSecret(c.Releases.TokenFile)
		if err != nil {
			e.log.Warn("The token for GitHub cannot be read; it is asked without one", "err", err)
		}
		return token
	})
	s.releases.Now, s.releases.AdvisoriesEvery = c.Now, 12*c.Releases.Every
	if before != nil {
		s.carry(before)
	}
	return s
}

// carry takes over what the directories and the releases were known to be.
func (s *setup) carry(before *setup) {
	for _, now := range s.sources {
		for _, was := range before.sources {
			if was.name == now.name {
				now.memory = was.memory
				if now.local {
					now.asked = time.Time{} // to read it costs nothing, and it may be another now
				}
			}
		}
	}
	if s.config.Releases.Repository == before.config.Releases.Repository {
		s.looked = before.looked
		if s.looked != nil {
			_ = s.releases.UnmarshalBinary(s.looked) // else it is asked anew
		}
	}
}

// rules are those of the census.
func (s *setup) rules() census.Rules {
	c := s.config.Instances
	return census.Rules{ConfirmAfter: c.ConfirmAfter, StaleAfter: c.StaleAfter, ForgetAfter: c.ForgetAfter}
}

// view is how a View is drawn.
func (s *setup) view() network.Settings {
	c := s.config.Instances
	return network.Settings{StaleAfter: c.StaleAfter, ForgetAfter: c.ForgetAfter, Detailed: c.Detailed, Watched: s.watched}
}

// Reload applies the configuration that load returns, without dropping what is known or under way. If there is none, the
// one before stays.
func (e *Exporter) Reload(load func() (Config, error)) error {
	e.reloading.Lock()
	defer e.reloading.Unlock()
	c, err := load()
	if errors.Is(err, errNoReload) {
		e.log.Warn("There is nothing to load again", "err", err)
		return err
	}
	if err != nil {
		e.reloadGood.Store(false)
		e.log.Error("The configuration is not good; the one before stays", "err", err)
		return err
	}
	first := e.setup.Load().config
	c.Demo, c.Now, c.Hour, c.Publish, c.Truth, c.About, c.State = first.Demo, first.Now, first.Hour, first.Publish, first.Truth, first.About, first.State
	c.Workers = first.Workers
	if first.Net.Dial != nil {
		c.Net = first.Net // an injected network is the only one there is
	}
	e.apply(c)
	e.log.Info("The configuration was loaded again")
	return nil
}

// apply puts a configuration in force.
func (e *Exporter) apply(c Config) {
	e.mu.Lock()
	s := e.build(c, e.setup.Load())
	e.setup.Store(s)
	e.book.SetRules(s.rules())
	e.book.Add(c.Watch, c.Now(), !e.firstRoundDone)
	e.book.Exclude(s.filter.Excludes)
	e.online.rules(c.Instances)
	e.following.tally.SetHashtagRules(c.Hashtags)
	e.nextList, e.nextLook = time.Time{}, time.Time{}
	e.reloaded = c.Now()
	e.mu.Unlock()
	e.reloadGood.Store(true)
	for _, wake := range []chan struct{}{e.wakeList, e.wakeLook} {
		select {
		case wake <- struct{}{}:
		default: // it will wake up anyway
		}
	}
}

// errNoReload is what a program without a configuration file says.
var errNoReload = errors.New("there is no configuration file to load again; start with --config.file")

// NoFile is the load of a program that has no configuration file.
func NoFile() (Config, error) { return Config{}, errNoReload }

// sleep waits until a time, or until there is a new configuration if it may; false when ctx is done.
func (e *Exporter) sleep(ctx context.Context, until time.Time, wake <-chan struct{}) bool {
	timer := time.NewTimer(until.Sub(e.now()))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	case <-wake:
	}
	return true
}
