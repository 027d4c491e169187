package demo

import (
	"strconv"
	"strings"
	"time"
)

// Bounds of the histograms of toots: of characters, of things in a toot, and of seconds.
var (
	lengthBounds = []float64{0, 10, 25, 50, 75, 100, 150, 200, 250, 300, 400, 500, 750, 1000, 2000, 5000, 10000}
	countBounds  = []float64{0, 1, 2, 3, 4, 5, 10, 20, 50}
	delayBounds  = []float64{1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400}
)

// sightings is what a careful follower must have counted of the toots that were served it, by these rules:
//
//   - A source is a timeline of a server, "host/local" or "host/federated". Of the first page that it served nothing counts: the
//     largest id on it is where the follower begins, and of later pages it considers what has a larger one; of one that is not asked for
//     by min_id, only what has a larger one than all pages before. Where the first page was empty it considers what was written since, by
//     the second. All that a stream says is considered.
//   - A toot counts once, at its first sighting in any source, as it was then. What is considered is an event "update" of its source,
//     and a duplicate where the toot had been seen before.
//   - Edits and deletes are events and no more.
//   - Local is what was written on the very server where it was sighted first. The country is that of the author's server as the
//     follower must know it then.
//   - How long a toot took is counted for those that come by a stream from elsewhere, when that is their first sighting.
//   - Hashtags count once for each toot whose author doesn't say indexable: false or noindex: true.
//
// What was seen is remembered for a day of the World or two, so memory has a bound.
type sightings struct {
	seen, before map[TootID]bool // in this day of the World, and in that before it
	turned       time.Time       // when this day began
	begun        map[string]start
	counts       series
	histograms   map[string]*histogram // by family, and labels as they stand in a key
	tags         usages
}

// start is where a source was begun to be read, and how far it has been.
type start struct {
	id    uint64    // the largest of the first page
	top   uint64    // the largest of all pages
	since time.Time // of a first page that was empty, by the visitor's clock
}

// histogram counts values by bounds.
type histogram struct {
	bounds  []float64
	buckets []uint64
	sum     float64
	n       uint64
}

func (h *histogram) add(v float64) {
	h.sum += v
	h.n++
	for i, le := range h.bounds {
		if v <= le {
			h.buckets[i]++
		}
	}
}

// observe counts a value in a histogram. Labels are given in the order of their names.
func (s *sightings) observe(v float64, bounds []float64, family string, labels ...string) {
	k := strings.TrimSuffix(key(family, labels...), "}")
	if s.histograms[k] == nil {
		s.histograms[k] = &histogram{bounds: bounds, buckets: make([]uint64, len(bounds))}
	}
	s.histograms[k].add(v)
}

// ready makes the maps, and forgets what was seen long ago.
func (s *sightings) ready(now time.Time) {
	if s.seen == nil {
		s.seen, s.begun, s.counts, s.histograms = map[TootID]bool{}, map[string]start{}, series{}, map[string]*histogram{}
		s.turned = now
	}
	if now.Sub(s.turned) >= 24*time.Hour {
		s.before, s.seen, s.turned = s.seen, map[TootID]bool{}, now
	}
}

// source is the name of a timeline of instance i.
func (w *World) source(i int, of scope) string {
	if of == local {
		return w.Name(i).String() + "/local"
	}
	return w.Name(i).String() + "/federated"
}

// page notes a page of a timeline of instance i that was served for a query.
func (j *journal) page(n *Network, q *query, page []shown) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.toots.ready(q.now)
	source := n.world.source(q.server, q.scope)
	begun, known := j.toots.begun[source]
	after := begun.id
	if q.min == 0 {
		after = begun.top
	}
	for k := range page {
		t := &page[k]
		begun.top = max(begun.top, t.id)
		if known && t.id > after && !n.date(time.UnixMilli(t.at)).Before(begun.since) {
			j.sight(n, q.server, source, q.now, t, false)
		}
	}
	if !known {
		begun.id = begun.top
		if len(page) == 0 {
			begun.since = n.date(q.now).Truncate(time.Second)
		}
	}
	j.toots.begun[source] = begun
}

// event notes what a stream of instance i says.
func (j *journal) event(n *Network, i int, of scope, now time.Time, e event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.toots.ready(now)
	source := n.world.source(i, of)
	kind := map[string]string{"status.update": "edit", "delete": "delete"}[e.kind]
	switch {
	case e.kind == "update":
		j.sight(n, i, source, now, &e.toot, true)
		return
	case kind == "":
		kind = "other"
	}
	j.toots.counts.add(1, "mastodon_timeline_events_total", "event", kind, "source", source)
}

// sight takes in a toot that instance i has served. The caller holds mu.
func (j *journal) sight(n *Network, i int, source string, now time.Time, t *shown, live bool) {
	s := &j.toots
	s.counts.add(1, "mastodon_timeline_events_total", "event", "update", "source", source)
	if s.seen[t.TootID] || s.before[t.TootID] {
		s.counts.add(1, "mastodon_timeline_duplicates_total", "source", source)
		return
	}
	s.seen[t.TootID] = true
	toot := n.world.toot(t.spark)
	if t.edited {
		toot.edit()
	}
	own := t.Instance == i
	st := n.world.State(i, now)
	s.counts.add(1, "mastodon_country_toots_total", "country", j.country(t.Instance, now))
	s.count(&toot, own, atLeast(&st, 4, 4))
	if live && !own {
		took := n.date(now).Sub(n.date(time.UnixMilli(t.at)).Truncate(time.Millisecond))
		s.observe(max(took.Seconds(), 0), delayBounds, "mastodon_toot_federation_delay_seconds", "source", source)
	}
	hidden := toot.Author.Hidden && atLeast(&st, 4, 2) || toot.Author.NoIndex && own && atLeast(&st, 4, 0)
	if !hidden {
		host := n.world.Name(t.Instance).String()
		for _, p := range toot.hashtags() {
			s.tags.use(p.folded(), toot.Author.Name+"@"+host, host, n.date(now))
		}
	}
}

// count counts what a toot is and has. Whether it quotes is said by newer servers only.
func (s *sightings) count(t *Toot, own, saysQuote bool) {
	origin, application := "remote", unknown
	if own {
		origin, application = "local", applicationLabel(t.Application)
	}
	s.counts.add(1, "mastodon_toots_total", "origin", origin)
	s.counts.add(1, "mastodon_application_toots_total", "application", application)
	s.counts.add(1, "mastodon_language_toots_total", "language", languageLabel(t.Language))
	for family, has := range map[string]bool{
		"replies": t.Reply, "quotes": t.Quote && saysQuote, "sensitive": t.Sensitive, "content_warnings": t.Warning != "", "polls": t.Poll, "cards": t.Card,
		"bots": t.Author.Bot,
	} {
		if has {
			s.counts.add(1, "mastodon_toot_"+family+"_total")
		}
	}
	for _, m := range t.Media {
		s.counts.add(1, "mastodon_toot_media_total", "media", m.Kind)
		if m.Description != "" {
			s.counts.add(1, "mastodon_toot_media_described_total", "media", m.Kind)
		}
	}
	s.observe(float64(t.Length()), lengthBounds, "mastodon_toot_length_characters")
	s.observe(float64(len(t.hashtags())), countBounds, "mastodon_toot_hashtags")
	s.observe(float64(t.count(Mention)), countBounds, "mastodon_toot_mentions")
	s.observe(float64(t.count(Link)), countBounds, "mastodon_toot_links")
	s.observe(float64(len(t.Media)), countBounds, "mastodon_toot_media_attachments")
}

// country is where an instance is as a visitor must know it: by his latest good visit if its figures still stand, the one under way
// included, else by its top-level domain if that is bound to one country. The caller holds mu.
func (j *journal) country(i int, now time.Time) string {
	h := j.current(i, now)
	k := h.known
	k.settle(&h.open, h, new([changeCount]uint64))
	if k.fresh(now) {
		return k.said.where.country
	}
	if h.bound != "" {
		return h.bound
	}
	return unknown
}

// Toots are the series about timelines and toots, as they must be when it is called: it is not before the time of this Truth.
func (t Truth) Toots() map[string]float64 {
	j := &t.network.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	all := series{}
	for k, v := range j.toots.counts {
		all[k] = v
	}
	for k, h := range j.toots.histograms {
		h.write(all, k)
	}
	j.toots.tags.write(all, t.dates(t.at))
	return all
}

// write writes a histogram. Its only label, if it has one, comes after le.
func (h *histogram) write(s series, k string) {
	name, labels, ok := strings.Cut(k, "{")
	all, others := "", ""
	if ok {
		all, others = "{"+labels+"}", ","+labels
	}
	s[name+"_sum"+all], s[name+"_count"+all] = h.sum, float64(h.n)
	s[name+`_bucket{le="+Inf"`+others+"}"] = float64(h.n)
	for i, le := range h.bounds {
		s[name+`_bucket{le="`+strconv.FormatFloat(le, 'g', -1, 64)+`"`+others+"}"] = float64(h.buckets[i])
	}
}
