package exporter_test

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mnm-social/mnm/demo"
	"github.com/mnm-social/mnm/exporter"
	"github.com/mnm-social/mnm/exporter/timeline"
	"github.com/mnm-social/mnm/internal/worldtest"
)

// token is a user's at every server of the World.
func token() (string, error) { return demo.UserToken, nil }

// readers are servers of a World that let everybody, or their users, read their timelines, the busiest first: of those that
// are well all the time that a test takes, since a follower's look-ups and handshakes count for visits in the Truth.
func readers(w *demo.World, access demo.Access, until time.Time) []int {
	var all []int
	for i := range w.Len() {
		well := w.Live(i, start).Access == access && w.Live(i, start).Trick == "" && w.State(i, start).Mastodon
		for at := start; well && at.Before(until); at = at.Add(time.Minute) {
			st := w.State(i, at)
			well = st.Behaviour == demo.Well && st.MovedTo == "" && st.RobotsTag == "" && st.Exists
		}
		if well {
			all = append(all, i)
		}
	}
	slices.SortStableFunc(all, func(a, b int) int { return cmp.Compare(w.State(b, start).ActiveMonth, w.State(a, start).ActiveMonth) })
	return all
}

// allWays are timelines of a World that are followed in all the ways there are, until a time.
func allWays(w *demo.World, until time.Time) []exporter.TimelineServer {
	open, users, closed := readers(w, demo.AccessOpen, until), readers(w, demo.AccessUsers, until), readers(w, demo.AccessNobody, until)
	server := func(i int, scope timeline.Scope, token func() (string, error)) exporter.TimelineServer {
		return exporter.TimelineServer{Host: w.Name(i), Scope: scope, Token: token}
	}
	return []exporter.TimelineServer{
		server(open[0], timeline.Federated, nil), server(open[1], timeline.Local, nil), server(open[1], timeline.Federated, token),
		server(open[2], timeline.Local, token), server(users[0], timeline.Local, token), server(users[1], timeline.Federated, nil),
		server(closed[0], timeline.Local, token),
	}
}

// followed are families of which the Truth must say something, or it would prove nothing.
var followed = []string{
	`mastodon_toots_total{origin="local"}`, `mastodon_toots_total{origin="remote"}`, `mastodon_language_toots_total{language="de"}`,
	`mastodon_language_toots_total{language="unknown"}`, `mastodon_country_toots_total{country="DE"}`, `mastodon_application_toots_total{application="Web"}`,
	`mastodon_application_toots_total{application="other"}`, `mastodon_toot_replies_total`, `mastodon_toot_quotes_total`, `mastodon_toot_sensitive_total`,
	`mastodon_toot_content_warnings_total`, `mastodon_toot_polls_total`, `mastodon_toot_cards_total`, `mastodon_toot_bots_total`,
	`mastodon_toot_media_total{media="image"}`, `mastodon_toot_media_described_total{media="image"}`, `mastodon_toot_length_characters_sum`,
	`mastodon_toot_hashtags_sum`, `mastodon_toot_mentions_sum`, `mastodon_toot_links_sum`, `mastodon_toot_media_attachments_sum`,
}

// TestTwoHoursOfToots follows timelines in every way there is, by streams and by polling, of servers that let everybody in,
// their users only, or nobody. After each minute of two hours every family is what the Truth says.
func TestTwoHoursOfToots(t *testing.T) {
	t.Parallel()
	w := demo.NewWorld(demo.Config{Seed: 11, Start: start, Instances: 400})
	until := start.Add(2 * time.Hour)
	servers := allWays(w, until)
	b := newBox(t, w, func(_ *worldtest.Box, c *exporter.Config) { c.Timelines.Servers = servers })
	for at := start; !at.After(until); at = at.Add(time.Minute) {
		b.Set(at)
		b.Settle(t) // what comes by a stream was there before a page had it
		b.Advance(at)
		b.Settle(t)
		b.Scrape(t)
		truth := b.Truth(at)
		b.compare(t, truth.Series(), at)
		if at.After(start) { // of what was there at the beginning nothing counts
			b.compareToots(t, truth.Toots(), at)
		}
	}
	truth := b.Truth(until).Toots()
	for _, series := range followed {
		if truth[series] == 0 {
			t.Errorf("the Truth has no %s", series)
		}
	}
	hashtags := 0
	for series := range truth {
		if strings.HasPrefix(series, "mastodon_hashtag_toots_last_hour") {
			hashtags++
		}
	}
	if hashtags < 5 {
		t.Errorf("only %d hashtags were used by so many that they are shown", hashtags)
	}
	var streamed []string
	for _, s := range servers {
		if s.Token != nil {
			streamed = append(streamed, s.Host.String())
		}
	}
	b.manners(t, w, streamed...)
}

// whole are bounds of histograms that Prometheus stores with a decimal point.
var whole = regexp.MustCompile(`le="(\d+)"`)

// compareToots holds every series about toots against the Truth. Of two timelines that show a toot at the same moment either
// may be the first, so duplicates are compared in all.
func (b *box) compareToots(t *testing.T, truth map[string]float64, at time.Time) {
	t.Helper()
	stored, duplicates := map[string]float64{}, 0.0
	for series, value := range truth {
		if strings.HasPrefix(series, "mastodon_timeline_duplicates_total{") {
			duplicates += value
		} else {
			stored[whole.ReplaceAllString(series, `le="$1.0"`)] = value
		}
	}
	b.compare(t, stored, at)
	if got := b.Store.Value(t, "sum(mastodon_timeline_duplicates_total)", at); got != duplicates {
		t.Fatalf("%s after the start there are %v duplicates, want %v", at.Sub(start), got, duplicates)
	}
}

// page is the text of a page.
func (b *box) page(t *testing.T, path string) string {
	t.Helper()
	_, body := b.Get(t, path)
	return string(body)
}
