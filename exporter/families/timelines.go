package families

import (
	"io"

	"github.com/mnm-social/mnm/exporter/metric"
	"github.com/mnm-social/mnm/exporter/timeline"
	"github.com/mnm-social/mnm/exporter/toots"
)

// PartTimelines is what is followed and counted live.
const PartTimelines Part = "timelines"

// Live is what the timelines that are followed have shown until now.
type Live struct {
	Tally   *toots.Tally
	Sources []timeline.Health // by source
}

// Names of the histograms, which write themselves.
const (
	tootLength   = "mastodon_toot_length_characters"
	tootHashtags = "mastodon_toot_hashtags"
	tootMentions = "mastodon_toot_mentions"
	tootLinks    = "mastodon_toot_links"
	tootMedia    = "mastodon_toot_media_attachments"
	tootDelay    = "mastodon_toot_federation_delay_seconds"
)

// TootNames are the names under which a Tally's histograms are to write themselves.
func TootNames() toots.Names {
	return toots.Names{Length: tootLength, Hashtags: tootHashtags, Mentions: tootMentions, Links: tootLinks, Media: tootMedia, Delay: tootDelay}
}

type live = metric.Family[Live]

// distinct says what is counted of toots.
const distinct = " Of distinct toots in the public timelines that are followed; one that several servers show counts once."

// Timelines is the table of the live families.
func Timelines() metric.Table[Live] {
	return metric.Table[Live]{
		source("mastodon_timeline_up", "Whether a timeline is followed without trouble (1, 0).", metric.Gauge,
			func(h *timeline.Health) float64 { return truth(h.Up) }),
		{Name: "mastodon_timeline_info", Help: "How a timeline is followed: mode is stream, poll, closed (nobody may read it; tried again) or unknown (not tried yet), scope is local or federated; always 1.",
			Type: metric.Gauge, Labels: []string{"source", "mode", "scope"}, Read: func(l Live, w writer) {
				for i := range l.Sources {
					h := &l.Sources[i]
					w.Emit(1, h.Source.String(), string(h.Mode), string(h.Source.Scope))
				}
			}},
		source("mastodon_timeline_last_event_timestamp_seconds", "Unix time at which a timeline last showed something.", metric.Gauge,
			func(h *timeline.Health) float64 { return seconds(h.LastEvent) }),
		{Name: "mastodon_timeline_events_total", Help: "What a timeline has shown: update (a toot, seen before or not), edit, delete, boost, other. Of edits and deletes only streams tell.",
			Type: metric.Counter, Labels: []string{"source", "event"}, Read: func(l Live, w writer) {
				for i := range l.Sources {
					for event, n := range l.Sources[i].Events {
						w.Emit(float64(n), l.Sources[i].Source.String(), timeline.Event(event).String())
					}
				}
			}},
		source("mastodon_timeline_duplicates_total", "Toots that were seen before, in the same timeline or another: polls overlap, and look after what a stream has dropped.", metric.Counter,
			func(h *timeline.Health) float64 { return float64(h.Duplicates) }),
		source("mastodon_timeline_reconnects_total", "Times that a stream was opened again after it had broken.", metric.Counter,
			func(h *timeline.Health) float64 { return float64(h.Reconnects) }),
		source("mastodon_timeline_gap_seconds_total", "Time of a timeline in which toots may have been missed and could not be caught up.", metric.Counter,
			func(h *timeline.Health) float64 { return h.Gap.Seconds() }),
		{Name: "mastodon_timeline_failures_total", Help: "Troubles with a timeline, by reason.", Type: metric.Counter, Labels: []string{"source", "reason"},
			Read: func(l Live, w writer) {
				for i := range l.Sources {
					for _, reason := range timeline.Reasons() {
						if n := l.Sources[i].Failures[reason]; n > 0 {
							w.Emit(float64(n), l.Sources[i].Source.String(), reason)
						}
					}
				}
			}},
		{Name: "mastodon_toots_total", Help: "Toots, by whether the author has an account on the server that showed the toot first (local) or elsewhere (remote)." + distinct,
			Type: metric.Counter, Labels: []string{"origin"}, Read: func(l Live, w writer) {
				local, remote := l.Tally.Toots()
				w.Emit(float64(local), "local")
				w.Emit(float64(remote), "remote")
			}},
		labelled("mastodon_language_toots_total", "Toots by language (ISO 639), as the servers say; other, and unknown where they don't."+distinct, "language", (*toots.Tally).Languages),
		labelled("mastodon_country_toots_total", "Toots by country of the author's server, never of the author."+distinct, "country", (*toots.Tally).Countries),
		labelled("mastodon_application_toots_total", "Toots by the application that they were written with, of those widely known; other, and unknown where the server doesn't say, as with all remote toots."+distinct, "application", (*toots.Tally).Applications),
		trait("mastodon_toot_replies_total", "Toots that reply; public timelines show replies to oneself only."+distinct, (*toots.Tally).Replies),
		trait("mastodon_toot_quotes_total", "Toots that quote another."+distinct, (*toots.Tally).Quotes),
		trait("mastodon_toot_sensitive_total", "Toots marked as sensitive."+distinct, (*toots.Tally).Sensitive),
		trait("mastodon_toot_content_warnings_total", "Toots with a content warning."+distinct, (*toots.Tally).ContentWarnings),
		trait("mastodon_toot_polls_total", "Toots with a poll."+distinct, (*toots.Tally).Polls),
		trait("mastodon_toot_cards_total", "Toots with a preview of a link at the time when they were seen."+distinct, (*toots.Tally).Cards),
		trait("mastodon_toot_bots_total", "Toots of accounts that say they are bots."+distinct, (*toots.Tally).Bots),
		labelled("mastodon_toot_media_total", "Attachments by kind: image, gifv, video, audio, unknown."+distinct, "media", (*toots.Tally).Media),
		labelled("mastodon_toot_media_described_total", "Attachments that carry a description, by kind."+distinct, "media", (*toots.Tally).MediaDescribed),
		histogram(tootLength, "Length of a toot in characters as Mastodon counts them: text and content warning, each link 23."+distinct, toots.Length),
		histogram(tootHashtags, "Hashtags in a toot."+distinct, toots.Hashtags),
		histogram(tootMentions, "Mentions in a toot."+distinct, toots.Mentions),
		histogram(tootLinks, "Links in a toot."+distinct, toots.Links),
		histogram(tootMedia, "Attachments of a toot."+distinct, toots.MediaAttachments),
		histogram(tootDelay, "Time from the writing of a remote toot to its first sighting, which came by a stream.", toots.Delay, "source"),
		hashtags("mastodon_hashtag_toots_last_hour", "hour", (*toots.Tally).LastHour),
		hashtags("mastodon_hashtag_toots_last_day", "day", (*toots.Tally).LastDay),
	}
}

// source is a family with one series for each timeline.
func source(name, help string, kind metric.Type, read func(*timeline.Health) float64) live {
	return live{Name: name, Help: help, Type: kind, Labels: []string{"source"}, Read: func(l Live, w writer) {
		for i := range l.Sources {
			w.Emit(read(&l.Sources[i]), l.Sources[i].Source.String())
		}
	}}
}

// labelled is a counter by a closed label.
func labelled(name, help, label string, each func(*toots.Tally, func(string, uint64))) live {
	return live{Name: name, Help: help, Type: metric.Counter, Labels: []string{label}, Read: func(l Live, w writer) {
		each(l.Tally, func(value string, n uint64) { w.Emit(float64(n), value) })
	}}
}

// trait counts the toots that have it.
func trait(name, help string, read func(*toots.Tally) uint64) live {
	return live{Name: name, Help: help, Type: metric.Counter, Read: func(l Live, w writer) { w.Emit(float64(read(l.Tally))) }}
}

func histogram(name, help string, h toots.Histogram, labels ...string) live {
	return live{Name: name, Help: help, Type: metric.Histogram, Labels: labels, Read: func(l Live, w writer) {
		w.Text(func(to io.Writer) { l.Tally.WriteHistogram(h, to) })
	}}
}

// hashtags are the most used of a window.
func hashtags(name, window string, uses func(*toots.Tally) []toots.Use) live {
	return live{
		Name: name, Type: metric.Gauge, Labels: []string{"hashtag"},
		Help: "Distinct toots with a hashtag in the last " + window + ", or since the start: the most used of those that enough authors (hashtags.min_authors) on enough servers (hashtags.min_servers) used in that time. They overlap.",
		Read: func(l Live, w writer) {
			for _, u := range uses(l.Tally) {
				w.Emit(float64(u.Toots), u.Hashtag)
			}
		},
	}
}
