package exporter

import (
	"context"
	"time"

	"github.com/mnm-social/mnm/exporter/directory"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/network"
	"github.com/mnm-social/mnm/exporter/outbound"
	"github.com/mnm-social/mnm/exporter/releases"
)

// source is a directory of a setup.
type source struct {
	name    string
	local   bool // the operator's own: not asked over the network, and meant as it is
	read    func(context.Context) (directory.Listing, error)
	changed func() bool // whether to read it before its time; may be nil
	*memory
}

// memory is what is remembered of a directory from one setup to the next.
type memory struct {
	asked   time.Time // zero before the first time
	success time.Time
	listed  int
	names   map[domain.Name]bool // of the last good answer; nil before it
	belief  directory.Belief
}

// sourcesOf are the directories of a setup. A new one is a file in package directory and a paragraph here.
func (e *Exporter) sourcesOf(s *setup) []*source {
	c := s.config.Directories
	var all []*source
	add := func(name string, local bool, read func(context.Context) (directory.Listing, error)) *source {
		it := &source{name: name, local: local, read: read, memory: &memory{}}
		// A hold of 90 minutes is three answers, an hour apart.
		it.belief.Hold = c.Every * 3 / 2
		e.self.directory(name)
		all = append(all, it)
		return it
	}
	if c.JoinMastodon {
		add("joinmastodon", false, func(ctx context.Context) (directory.Listing, error) {
			return directory.JoinMastodon(ctx, s.client.Get)
		})
	}
	if file := c.InstancesSocial.TokenFile; file != "" {
		add("instances_social", false, func(ctx context.Context) (directory.Listing, error) {
			ctx, cancel := context.WithTimeout(ctx, 10*time.Minute) // a hundred pages
			defer cancel()
			return directory.InstancesSocial(ctx, s.client.Get, func() (string, error) { return readSecret(file) })
		})
	}
	if len(c.Domains) > 0 {
		add("domains", true, func(context.Context) (directory.Listing, error) { return directory.Listing{Names: c.Domains}, nil })
	}
	if c.DomainsFile != "" {
		file := &directory.File{Path: c.DomainsFile}
		add("domains_file", true, func(context.Context) (directory.Listing, error) {
			l, err := file.Read()
			if odd := file.Odd(); err == nil && odd != nil {
				e.log.Warn("A line of the file of domains is passed over", "err", odd)
			}
			return l, err
		}).changed = file.Changed
	}
	return all
}

// lookEvery is how often it is looked whether a file has changed.
const lookEvery = 10 * time.Second

// refreshDirectories reads each directory that is due and returns when to look again.
func (e *Exporter) refreshDirectories(ctx context.Context) time.Time {
	s, now := e.setup.Load(), e.now()
	every := s.config.Directories.Every
	next := now.Add(every)
	asked := func(it *source) time.Time {
		e.mu.Lock()
		defer e.mu.Unlock()
		return it.asked
	}
	for _, it := range s.sources {
		if at := asked(it); at.IsZero() || !at.Add(every).After(now) || it.changed != nil && it.changed() {
			e.refresh(ctx, s, it, now)
		}
		if due := asked(it).Add(every); due.Before(next) {
			next = due
		}
		if soon := now.Add(lookEvery); it.changed != nil && soon.Before(next) {
			next = soon
		}
	}
	e.forget(s, now)
	e.mu.Lock()
	hasNew := e.hasNew
	e.hasNew = false
	e.mu.Unlock()
	if hasNew { // before they are visited: after a crash nobody may be taken for not visited yet
		e.saveNow(ctx)
	}
	return next
}

func (e *Exporter) refresh(ctx context.Context, s *setup, it *source, now time.Time) {
	l, err := it.read(ctx)
	if ctx.Err() != nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.setup.Load() != s {
		return // there is a new configuration, which asks for itself
	}
	it.asked = now
	if !it.local {
		e.online.service(it.name, now, heard(err))
		e.works(now)
	}
	e.self.namesRefused.WithLabelValues(it.name).Add(float64(l.Refused))
	if err != nil {
		e.self.directoryFailures.WithLabelValues(it.name, string(directory.ReasonOf(err))).Inc()
		e.log.Warn("A directory could not be read; it is asked again", "directory", it.name, "in", retryAfter(s.config), "err", err)
		it.asked = now.Add(retryAfter(s.config) - s.config.Directories.Every)
		return
	}
	baseline := it.success.IsZero() // what a directory lists the first time is no news
	it.success = now
	if !it.local {
		l = e.sift(it, l, now)
	}
	it.listed, it.names = len(l.Names), make(map[domain.Name]bool, len(l.Names))
	for _, n := range l.Names {
		it.names[n] = true
	}
	added := e.book.Add(l.Names, now, baseline)
	e.book.Exclude(s.filter.Excludes)
	e.hasNew = e.hasNew || added > 0
	e.log.Info("Read a directory", "directory", it.name, "instances", len(l.Names), "new", added, "refused_names", l.Refused)
}

// sift leaves out what strangers' lists have too much of. What the operator excludes stays in the book, to be counted
// and never visited. e.mu is held.
func (e *Exporter) sift(it *source, l directory.Listing, now time.Time) directory.Listing {
	l, believed := it.belief.Take(l, now)
	if !believed {
		e.log.Warn("A directory has shrunk by half; it is not believed yet", "directory", it.name)
	}
	entries, _ := e.book.Entries()
	known := make([]domain.Name, len(entries))
	for i, entry := range entries {
		known[i] = entry.Name
	}
	l, left := directory.Filter{}.Apply(l, known)
	if left.Junk+left.Flood > 0 {
		e.log.Info("Left names of a directory out", "directory", it.name, "junk", left.Junk, "flood", left.Flood)
	}
	e.self.namesRefused.WithLabelValues(it.name).Add(float64(left.Junk + left.Flood))
	return l
}

// forget drops who has been silent for long and is named nowhere any more. As long as not every directory has been read
// since the start, nobody knows who is named.
func (e *Exporter) forget(s *setup, now time.Time) {
	for _, it := range s.sources {
		if it.names == nil {
			return
		}
	}
	named := func(n domain.Name) bool {
		for _, it := range s.sources {
			if it.names[n] {
				return true
			}
		}
		return s.watched[n]
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.setup.Load() != s {
		return
	}
	if n := e.book.Forget(named, now); n > 0 {
		e.log.Info("Forgot instances that are silent and named nowhere any more", "instances", n)
	}
}

// retryAfter is how soon a look-up that failed is tried again: a network may just have come up.
func retryAfter(c Config) time.Duration { return c.Instances.ConfirmAfter }

// heard reports whether the end of a look-up was an answer over HTTP, good or bad: somebody out there is to be reached.
func heard(err error) bool {
	switch outbound.ReasonOf(err) {
	case outbound.ReasonDNS, outbound.ReasonNoAddress, outbound.ReasonAddress, outbound.ReasonConnection, outbound.ReasonTimeout,
		outbound.ReasonTLS, outbound.ReasonCertExpired, outbound.ReasonCertName, outbound.ReasonCertUntrusted,
		outbound.ReasonNoIPv6Route, outbound.ReasonCrowded, outbound.ReasonCanceled:
		return false
	}
	return true
}

// directories is what the View shows of the sources. e.mu is held.
func directories(s *setup) []network.Directory {
	all := make([]network.Directory, 0, len(s.sources))
	for _, it := range s.sources {
		all = append(all, network.Directory{Name: it.name, Instances: it.listed, LastSuccess: it.success})
	}
	return all
}

// refreshReleases looks Mastodon's releases up.
func (e *Exporter) refreshReleases(ctx context.Context) time.Time {
	s, now := e.setup.Load(), e.now()
	sent := false
	known, rate, err := s.releases.LookUp(ctx, func(ctx context.Context, r outbound.Request) (*outbound.Response, error) {
		sent = true
		return s.client.Get(ctx, r)
	})
	looked, keeping := s.releases.MarshalBinary()
	next := now.Add(s.config.Releases.Every)
	if ctx.Err() != nil {
		return next
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if sent {
		e.online.service("github", now, heard(err))
		e.works(now)
	}
	if rate.Known {
		e.rate = rate
	}
	if e.setup.Load() == s {
		e.known = known
	}
	if keeping == nil {
		s.looked = looked
	}
	if err != nil {
		e.self.releaseFailures.WithLabelValues(releases.ReasonOf(err)).Inc()
		e.log.Warn("Releases could not be looked up; those known stay", "err", err)
		if wait := releases.WaitOf(err); wait > 0 {
			next = now.Add(max(wait, s.config.Releases.Every))
		}
	}
	return next
}
