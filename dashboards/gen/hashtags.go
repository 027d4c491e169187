package main

import "github.com/grafana/grafana-foundation-sdk/go/dashboard"

// hoursCounted is for how many hours the counts of the last day go back: to the start, if that is later.
const hoursCounted = `clamp((time() - max(process_start_time_seconds` + self + `)) / 3600, 1, 24)`

// hashtagsBoard is what is talked about.
func hashtagsBoard() (dashboard.Dashboard, error) {
	p := newPage(frame("hashtags", "Hashtags",
		"What is talked about in the public timelines that are followed: hashtags that many people on several servers use, and no others.").
		WithVariable(pick("hashtag", "Hashtag", "Hashtags of the last day, for the courses over time.", `label_values(mastodon_hashtag_toots_last_day, hashtag)`)))
	alone := leads("Show this hashtag over time", "hashtags", "hashtag", "${__field.labels.hashtag}")
	tags := func(title, help, expr, color string) panel {
		return ranking(title, help, whole, expr, "#{{hashtag}}", color).NoValue("no hashtag has enough authors").
			OverrideByFieldType(numbers, alone)
	}
	p.line(16, []uint32{8, 8, 8},
		tags("Last hour", "The 22 hashtags that the most toots of the last hour use; counted since the start, if that is later.",
			`topk(22, max by (hashtag) (mastodon_hashtag_toots_last_hour))`, "blue"),
		tags("Last day", "The 22 hashtags that the most toots of the last day use; counted since the start, if that is later.",
			`topk(22, max by (hashtag) (mastodon_hashtag_toots_last_day))`, "purple"),
		ranking("Movers", "How many times as often a hashtag is used in the last hour as in an hour of the last day on average, or of the time since the start.", "suffix: ×",
			`topk(22, max by (hashtag) (mastodon_hashtag_toots_last_hour) / on (hashtag) max by (hashtag) (mastodon_hashtag_toots_last_day) * on () group_left () `+hoursCounted+`)`, "#{{hashtag}}", "orange").
			Decimals(1).NoValue("no hashtag has enough authors").OverrideByFieldType(numbers, alone),
	)
	p.heading("How do they fare over time?")
	chosen := func(family string) series {
		all := `max by (hashtag) (` + family + `{hashtag=~"$hashtag"})`
		return series{all + ` and on (hashtag) topk(10, max by (hashtag) (` + family + `{hashtag=~"$hashtag"} @ end()))`, "#{{hashtag}}"}
	}
	p.line(11, []uint32{12, 12},
		lines("In the last hour", "Toots of the last hour that use a hashtag, of the ten most used now among those chosen; a gap means too few authors.", whole,
			chosen("mastodon_hashtag_toots_last_hour")).FillOpacity(0).NoValue("no hashtag has enough authors"),
		lines("In the last day", "Toots of the last day that use a hashtag, of the ten most used now among those chosen; a gap means too few authors.", whole,
			chosen("mastodon_hashtag_toots_last_day")).FillOpacity(0).NoValue("no hashtag has enough authors"),
	)
	p.heading("How much are hashtags used?")
	p.line(10, []uint32{8, 8, 8},
		heat("Hashtags in a toot", "Toots by how many hashtags they have; the further from the background, the more.", text, "mastodon_toot_hashtags"),
		lines("Hashtags on average", "Hashtags of a toot on average, those that are not shown by name included.", text,
			series{`sum(rate(mastodon_toot_hashtags_sum[$__rate_interval])) / sum(rate(mastodon_toot_hashtags_count[$__rate_interval]))`, "hashtags"}).Decimals(2),
		listing("All hashtags", "Every hashtag that is shown, with the toots of the last hour and day that use it; they overlap.",
			[]string{`max by (hashtag) (mastodon_hashtag_toots_last_day{hashtag=~"$hashtag"})`, `max by (hashtag) (mastodon_hashtag_toots_last_hour{hashtag=~"$hashtag"})`}, "Last day",
			column{"hashtag", "Hashtag", leads("Show this hashtag over time", "hashtags", "hashtag", "${__value.raw}")},
			column{"Value #B", "Last hour", unitCell(whole)},
			column{"Value #A", "Last day", barCell(whole, "purple")}).NoValue("no hashtag has enough authors"),
	)
	return p.build()
}
