package exporter

import (
	"context"
	"time"

	"github.com/mnm-social/mnm/exporter/directory"
	"github.com/mnm-social/mnm/exporter/network"
	"github.com/mnm-social/mnm/exporter/outbound"
	"github.com/mnm-social/mnm/exporter/releases"
)

// source is a directory, with what its last good answer was.
type source struct {
	name    string
	read    func(context.Context) (directory.Listing, error)
	asked   time.Time // zero before the first time
	listed  int
	success time.Time
}

// sources are the directories of a configuration. A new one is a file in package directory and a line here.
func (e *Exporter) sourcesOf(c Config) []*source {
	var all []*source
	if c.Directories.JoinMastodon {
		all = append(all, &source{name: "joinmastodon", read: func(ctx context.Context) (directory.Listing, error) {
			return directory.JoinMastodon(ctx, e.client.Get)
		}})
	}
	if len(c.Directories.Domains) > 0 {
		all = append(all, &source{name: "domains", read: func(context.Context) (directory.Listing, error) {
			return directory.Listing{Names: c.Directories.Domains}, nil
		}})
	}
	for _, s := range all {
		e.self.directory(s.name)
	}
	return all
}

// refreshDirectories asks each directory that is due and returns when the next one is.
func (e *Exporter) refreshDirectories(ctx context.Context) time.Time {
	now := e.now()
	next := now.Add(e.config.Directories.Every)
	for _, s := range e.sources {
		due := s.asked.Add(e.config.Directories.Every)
		if s.asked.IsZero() || !due.After(now) {
			e.refresh(ctx, s, now)
			due = s.asked.Add(e.config.Directories.Every)
		}
		if due.Before(next) {
			next = due
		}
	}
	return next
}

func (e *Exporter) refresh(ctx context.Context, s *source, now time.Time) {
	l, err := s.read(ctx)
	if ctx.Err() != nil {
		return
	}
	reason := outbound.ReasonOf(err)
	e.mu.Lock()
	defer e.mu.Unlock()
	s.asked = now
	if s.name != "domains" { // that one is read from nowhere
		e.online.service(s.name, heard(reason))
	}
	e.works(now)
	e.self.namesRefused.WithLabelValues(s.name).Add(float64(l.Refused))
	if err != nil {
		e.self.directoryFailures.WithLabelValues(s.name, string(directory.ReasonOf(err))).Inc()
		e.log.Warn("A directory could not be read; it is asked again", "directory", s.name, "in", retryAfter(e.config), "err", err)
		s.asked = now.Add(retryAfter(e.config) - e.config.Directories.Every)
		return
	}
	added := e.book.Add(l.Names, !e.firstRoundDone)
	e.log.Info("Read a directory", "directory", s.name, "instances", len(l.Names), "new", added, "refused_names", l.Refused)
	s.listed, s.success = len(l.Names), now
}

// retryAfter is how soon a look-up that failed is tried again: a network may just have come up.
func retryAfter(c Config) time.Duration { return c.Instances.ConfirmAfter }

// heard reports whether a failure was an answer all the same: somebody out there is to be reached.
func heard(r outbound.Reason) bool {
	switch r {
	case outbound.ReasonDNS, outbound.ReasonConnection, outbound.ReasonTimeout, outbound.ReasonCanceled:
		return false
	}
	return true
}

// directories is what the View shows of the sources.
func (e *Exporter) directories() []network.Directory {
	all := make([]network.Directory, 0, len(e.sources))
	for _, s := range e.sources {
		all = append(all, network.Directory{Name: s.name, Instances: s.listed, LastSuccess: s.success})
	}
	return all
}

// refreshReleases looks Mastodon's releases up.
func (e *Exporter) refreshReleases(ctx context.Context) time.Time {
	now := e.now()
	known, rate, err := e.releases.LookUp(ctx, e.client.Get)
	next := now.Add(e.config.Releases.Every)
	if ctx.Err() != nil {
		return next
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.online.service("github", heard(outbound.ReasonOf(err)))
	e.works(now)
	if rate.Known {
		e.rate = rate
	}
	if err != nil {
		e.self.releaseFailures.WithLabelValues(releases.ReasonOf(err)).Inc()
		e.log.Warn("Releases could not be looked up; those known stay", "err", err)
		if wait := releases.WaitOf(err); wait > 0 {
			next = now.Add(max(wait, e.config.Releases.Every))
		}
		return next
	}
	e.known = known
	return next
}
