package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

const (
	followed = `{source=~"$source"}`
	perToot  = `sum(rate(mastodon_toots_total[$__rate_interval]))`
)

// timelinesBoard is what the followed timelines show.
func timelinesBoard() (dashboard.Dashboard, error) {
	p := newPage(frame("timelines", "Timelines",
		"What the public timelines that are followed show: how many toots, in which languages, of what kind, and how well they are followed; no toot is kept.").
		WithVariable(pick("source", "Timeline", "Timelines that are followed: host and scope. Toots are counted over all of them.", `label_values(mastodon_timeline_info, source)`)))
	tootTiles(p)
	tootFlow(p)
	tootKinds(p)
	tootTraits(p)
	tootSize(p)
	delays(p)
	following(p)
	return p.build()
}

func tootTiles(p *page) {
	p.line(4, []uint32{4, 4, 4, 4, 4, 4},
		number("Toots", "Distinct toots per second in all timelines that are followed; boosts are not in them.", perSec, perToot).Decimals(1),
		moment("Toots in this time range", "Distinct toots that were counted in the time range.", short,
			`sum(increase(mastodon_toots_total[$__range]))`).Decimals(1),
		moment("Timelines up", "Share of the timelines chosen that are followed without trouble.", percent, `avg(mastodon_timeline_up`+followed+`)`,
			limit{0, "red"}, limit{0.5, "orange"}, limit{1, "green"}).Decimals(0).NoValue("none is followed"),
		moment("Silent for", "Time since the most silent of the timelines chosen last showed something.", seconds,
			`time() - min(mastodon_timeline_last_event_timestamp_seconds`+followed+`)`,
			limit{0, "green"}, limit{300, "orange"}, limit{1800, "red"}).Decimals(0).NoValue("nothing seen yet"),
		number("With described media", "Share of the attachments that carry a description for those who cannot see or hear them.", percent,
			`sum(rate(mastodon_toot_media_described_total[$__rate_interval])) / sum(rate(mastodon_toot_media_total[$__rate_interval]))`).Decimals(0).Min(0).Max(1),
		number("By bots", "Share of the toots whose account says that it is a bot.", percent,
			`sum(rate(mastodon_toot_bots_total[$__rate_interval])) / `+perToot).Decimals(1).Min(0).Max(1),
	)
}

func tootFlow(p *page) {
	p.heading("How much is written?")
	p.line(9, []uint32{12, 12},
		layers("Toots by origin", "Distinct toots per second, by whether the author has an account on the server that showed it first (local) or elsewhere.", perSec,
			series{`sum by (origin) (rate(mastodon_toots_total[$__rate_interval]))`, "{{origin}}"}).Decimals(1).
			OverrideByName(paint("local", "blue")).OverrideByName(paint("remote", "purple")),
		lines("Toots by timeline", "Toots per second that each timeline has shown, those seen before in it or another left out.", perSec,
			series{`sum by (source) (rate(mastodon_timeline_events_total{source=~"$source",event="update"}[$__rate_interval]))` +
				` - sum by (source) (rate(mastodon_timeline_duplicates_total` + followed + `[$__rate_interval]))`, "{{source}}"}).Decimals(1),
	)
}

func tootKinds(p *page) {
	top := func(title, help, family, label, color string) panel {
		return ranking(title, help, whole, `topk(15, sum by (`+label+`) (increase(`+family+`[$__range])) > 0)`, "{{"+label+"}}", color).Decimals(0)
	}
	p.heading("In what languages, from where, with what?")
	p.line(12, []uint32{8, 8, 8},
		top("Languages", "Toots of the time range by language (ISO 639), as the servers say, of the 15 most frequent.", "mastodon_language_toots_total", "language", "blue"),
		ranking("Countries", "Toots of the time range by country of the author's server, never of the author, of the 15 most frequent.", whole,
			`topk(15, sum by (country, country_name) (increase(mastodon_country_toots_total[$__range]) * on (country) group_left (country_name) mastodon_country_info) > 0)`,
			"{{country_name}}", "green").Decimals(0).OverrideByFieldType(numbers, leadsToInstances("country", "${__field.labels.country}")),
		top("Applications", "Toots of the time range by the application they were written with; unknown for all remote toots, whose servers don't say.", "mastodon_application_toots_total", "application", "purple"),
	)
	p.line(9, []uint32{12, 12},
		layers("Languages over time", "Toots per second in the eight most frequent languages of the time range.", perSec,
			series{`sum by (language) (rate(mastodon_language_toots_total[$__rate_interval])) and on (language) topk(8, sum by (language) (increase(mastodon_language_toots_total[$__range] @ end())))`, "{{language}}"}).
			Decimals(1).Legend(legend(common.LegendPlacementRight, common.LegendDisplayModeList)),
		layers("Known applications over time", "Toots per second of the eight known applications that wrote the most in the time range.", perSec,
			series{`sum by (application) (rate(mastodon_application_toots_total{application!="unknown"}[$__rate_interval])) and on (application) ` +
				`topk(8, sum by (application) (increase(mastodon_application_toots_total{application!="unknown"}[$__range] @ end())) > 0)`, "{{application}}"}).
			Decimals(1).Legend(legend(common.LegendPlacementRight, common.LegendDisplayModeList)),
	)
}

func tootTraits(p *page) {
	share := func(family, name string) series {
		return series{`sum(rate(` + family + `[$__rate_interval])) / ` + perToot, name}
	}
	p.heading("Of what kind are they?")
	p.line(10, []uint32{8, 8, 8},
		lines("Kinds", "Share of the toots that have a trait; one toot can have several, and public timelines show replies to oneself only.", percent,
			share("mastodon_toot_replies_total", "replies to oneself"), share("mastodon_toot_quotes_total", "quotes"), share("mastodon_toot_polls_total", "polls"),
			share("mastodon_toot_cards_total", "link previews"), share("mastodon_toot_bots_total", "by bots")).Decimals(1).FillOpacity(0),
		lines("Care for readers", "Share of the toots marked as sensitive, and of those with a content warning.", percent,
			share("mastodon_toot_sensitive_total", "sensitive"), share("mastodon_toot_content_warnings_total", "content warning")).Decimals(1).
			OverrideByName(paint("sensitive", "red")).OverrideByName(paint("content warning", "orange")),
		lines("Descriptions of media", "Share of the attachments of each kind that carry a description.", percent,
			series{`sum by (media) (rate(mastodon_toot_media_described_total[$__rate_interval])) / (sum by (media) (rate(mastodon_toot_media_total[$__rate_interval])) > 0)`, "{{media}}"}).
			Max(1).FillOpacity(0),
	)
	p.line(8, []uint32{8, 16},
		ranking("Media", "Attachments of the time range by kind.", whole, `sort_desc(sum by (media) (increase(mastodon_toot_media_total[$__range])))`, "{{media}}", "blue").Decimals(0),
		layers("Media over time", "Attachments per second by kind.", perSec, series{`sum by (media) (rate(mastodon_toot_media_total[$__rate_interval]))`, "{{media}}"}).Decimals(1),
	)
}

func tootSize(p *page) {
	average := func(family, name string) series {
		return series{`sum(rate(` + family + `_sum[$__rate_interval])) / sum(rate(` + family + `_count[$__rate_interval]))`, name}
	}
	p.heading("How long are they?")
	p.line(10, []uint32{8, 8, 8},
		heat("Length", "Toots by their length in characters, as Mastodon counts them; the further from the background, the more.", text, "mastodon_toot_length_characters"),
		quantiles("Median length", "Length in characters that half and nine tenths of the toots stay below, estimated within the histogram's bounds.", whole, "mastodon_toot_length_characters"),
		lines("In one toot", "Hashtags, mentions, links and attachments of a toot on average.", text,
			average("mastodon_toot_hashtags", "hashtags"), average("mastodon_toot_mentions", "mentions"),
			average("mastodon_toot_links", "links"), average("mastodon_toot_media_attachments", "attachments")).Decimals(2).FillOpacity(0),
	)
}

func delays(p *page) {
	delay := `mastodon_toot_federation_delay_seconds_bucket`
	p.heading("How fast do toots travel?")
	p.line(9, []uint32{12, 12},
		heat("Federation delay", "Time from the writing of a remote toot to its first sighting, which came by a stream.", seconds, "mastodon_toot_federation_delay_seconds").
			NoValue("no stream has shown remote toots"),
		lines("Delay by timeline", "Time that half and nine tenths of the remote toots need at most, estimated; the clocks of other servers may be wrong.", seconds,
			series{`histogram_quantile(0.5, sum by (le, source) (rate(` + delay + followed + `[$__rate_interval])))`, "median {{source}}"},
			series{`histogram_quantile(0.9, sum by (le, source) (rate(` + delay + followed + `[$__rate_interval])))`, "90th percentile {{source}}"}).Decimals(1).FillOpacity(0).
			NoValue("no stream has shown remote toots"),
	)
}

func following(p *page) {
	perSource := func(family string) string {
		return `sum by (source) (increase(` + family + followed + `[$__range]))`
	}
	p.heading("How well are they followed?")
	p.line(9, []uint32{24},
		listing("Timelines", "Every timeline chosen: how it is followed, when it last showed something, how many toots it has shown in the time range, and its troubles.",
			[]string{
				`max by (source, mode, scope) (mastodon_timeline_info` + followed + `)`,
				`max by (source) (mastodon_timeline_up` + followed + `)`,
				`1000 * max by (source) (mastodon_timeline_last_event_timestamp_seconds` + followed + `)`,
				`sum by (source) (increase(mastodon_timeline_events_total{source=~"$source",event="update"}[$__range]))`,
				perSource("mastodon_timeline_duplicates_total"), perSource("mastodon_timeline_reconnects_total"),
				perSource("mastodon_timeline_gap_seconds_total"), perSource("mastodon_timeline_failures_total"),
			}, "Shown",
			column{"source", "Timeline", wide(250)},
			column{"mode", "Mode", wide(80)},
			column{"scope", "Scope", wide(90)},
			column{"Value #A", "", nil},
			column{"Value #B", "Health", cell(wide(90), wordCell(word{1, "good", "green"}, word{0, "troubled", "red"}))},
			column{"Value #C", "Last seen", cell(wide(170), unitCell(dateMs))},
			column{"Value #D", "Shown", cell(barCell(whole, "blue"), decimals(0))},
			column{"Value #E", "Seen before", cell(unitCell(whole), decimals(0))},
			column{"Value #F", "Reconnects", cell(unitCell(short), decimals(0))},
			column{"Value #G", "Gaps", cell(limitCell(seconds, limit{0, "text"}, limit{1, "orange"}), decimals(0))},
			column{"Value #H", "Failures", cell(limitCell(short, limit{0, "text"}, limit{1, "orange"}), decimals(0))}).NoValue("no timeline is followed"),
	)
	p.line(8, []uint32{8, 8, 8},
		course("Health", "Whether each timeline chosen is followed without trouble.", `max by (source) (mastodon_timeline_up`+followed+`)`, "{{source}}",
			word{1, "good", "green"}, word{0, "troubled", "red"}).ShowValue(common.VisibilityModeNever),
		bars("Gaps and reconnects", "Seconds of each step that could not be caught up, and streams opened again.", short,
			series{`sum(increase(mastodon_timeline_gap_seconds_total` + followed + `[$__rate_interval]))`, "seconds missed"},
			series{`sum(increase(mastodon_timeline_reconnects_total` + followed + `[$__rate_interval]))`, "reconnects"}).
			OverrideByName(paint("seconds missed", "red")).OverrideByName(paint("reconnects", "yellow")),
		bars("Failures", "Troubles with the timelines chosen, by reason, in each step of the time axis.", short,
			series{`sum by (reason) (increase(mastodon_timeline_failures_total` + followed + `[$__rate_interval])) > 0`, "{{reason}}"}).
			NoValue("no failures in this time range"),
	)
}
