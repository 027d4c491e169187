package toots

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/mnm-social/mnm/exporter/domain"
)

// Options are what a Tally needs to know.
type Options struct {
	Names    Names
	Now      func() time.Time
	Country  func(host string) string // ISO 3166 alpha-2 of a server, upper case; "" if unknown. host is lower case. It must not keep host
	Hashtags HashtagRules
}

// Tally counts toots from many sources, each once. Its counters only grow; it keeps no toot, and no string of one. All its
// methods are safe for concurrent use.
type Tally struct {
	now     func() time.Time
	country func(host string) string
	seed    maphash.Seed // of all keyed hashes; it never leaves this value
	seen    seen
	tags    *hashtags

	local, remote  metrics.Counter
	traits         [traits]metrics.Counter
	languages      []metrics.Counter // by index in languages; likewise the others
	countries      []metrics.Counter
	applications   []metrics.Counter
	media          [kinds]metrics.Counter
	mediaDescribed [kinds]metrics.Counter
	histograms     histograms

	mu      sync.Mutex
	origins map[string]*Origin // by source
}

// New returns a Tally that has counted nothing.
func New(o Options) *Tally {
	return &Tally{
		now:          o.Now,
		country:      o.Country,
		seed:         maphash.MakeSeed(),
		tags:         newHashtags(o.Hashtags, o.Now),
		languages:    make([]metrics.Counter, len(languages.labels)),
		countries:    make([]metrics.Counter, len(countries.labels)),
		applications: make([]metrics.Counter, len(applications.labels)),
		histograms:   newHistograms(o.Names),
		origins:      map[string]*Origin{},
	}
}

// Origin is a place at which toots are seen: one source. Whoever follows the source holds it.
type Origin struct {
	host        string
	registrable string // the domain that host belongs to
	source      string
	delay       *metrics.PrometheusHistogram // made at the first observation, for most sources have no stream; under Tally.mu
}

// Origin is the place at which a source's toots are seen: its server, and the label of its delays, "host/scope". For the same source it
// is the same.
func (t *Tally) Origin(host domain.Name, source string) *Origin {
	t.mu.Lock()
	defer t.mu.Unlock()
	o := t.origins[source]
	if o == nil {
		o = &Origin{host: host.String(), registrable: host.Registrable(), source: source}
		t.origins[source] = o
	}
	return o
}

// Drop removes the series of a source that is followed no more. Its Origin may still be used, and shows no delay.
func (t *Tally) Drop(source string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.origins, source)
	t.histograms.drop(source)
}

// delayed observes a delay in seconds.
func (t *Tally) delayed(o *Origin, seconds float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.origins[o.source] != o { // dropped
		return
	}
	if o.delay == nil {
		o.delay = t.histograms.source(o.source)
	}
	o.delay.Update(seconds)
}

// Take counts a toot, if this is its first sighting by any of the sources, and says whether it was. live means that it came by a
// stream: only then does the time at which it is seen tell how long it took from another server to the origin. A boost is no toot
// and not for Take.
func (t *Tally) Take(o *Origin, toot *Toot, live bool) (first bool) {
	if !t.seen.first(t.key(o, toot)) {
		return false
	}
	user, host := toot.author(o)
	if host == o.host {
		t.local.Inc()
	} else {
		t.remote.Inc()
		if live {
			t.delayed(o, max(0, t.now().Sub(toot.CreatedAt).Seconds()))
		}
	}
	for i, has := range toot.has {
		if has {
			t.traits[i].Inc()
		}
	}
	t.languages[toot.language].Inc()
	t.applications[toot.application].Inc()
	t.countries[countryOf(t.country(host))].Inc()

	attachments := 0
	for kind, n := range toot.media {
		attachments += n
		t.media[kind].Add(n)
		t.mediaDescribed[kind].Add(toot.described[kind])
	}
	characters, links := toot.measure()
	t.histograms.update(Length, characters)
	t.histograms.update(Hashtags, toot.hashtags)
	t.histograms.update(Mentions, toot.mentions)
	t.histograms.update(Links, links)
	t.histograms.update(MediaAttachments, attachments)

	if len(toot.tags) > 0 && !toot.private {
		under := toot.domain(o, host)
		t.tags.use(toot.tags, t.hash(under, user), t.hash(under, nil))
	}
	return true
}

// key is what a toot is recognised by: its URI, which is the same on all servers; else its id on this one.
func (t *Tally) key(o *Origin, toot *Toot) uint64 {
	if toot.URI != "" {
		return t.hash(toot.URI, nil)
	}
	return t.hash(toot.ID, []byte(o.host))
}

// hash is a keyed hash of one or two strings.
func (t *Tally) hash(a string, b []byte) uint64 {
	var h maphash.Hash
	h.SetSeed(t.seed)
	_, _ = h.WriteString(a)
	_ = h.WriteByte(0) // ends a
	_, _ = h.Write(b)
	return h.Sum64()
}
