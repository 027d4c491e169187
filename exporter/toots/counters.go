package toots

import "github.com/VictoriaMetrics/metrics"

// Toots is how many distinct toots were taken: of users of the server at which they were first seen, and of others.
func (t *Tally) Toots() (local, remote uint64) { return t.local.Get(), t.remote.Get() }

// Languages calls each with the toots of each language, by the base language of what servers say ("pt" for "pt-BR"): ISO 639-1 and
// the codes of ISO 639-3 that Mastodon offers, in the order of a table; "other", and "unknown" where nothing is said. Like
// its sisters it gives the whole closed set, those with zero too.
func (t *Tally) Languages(each func(label string, n uint64)) {
	tell(languages.labels, t.languages, each)
}

// Countries gives the toots by the country of the author's server: ISO 3166-1 alpha-2 and XK, in order, and "unknown".
func (t *Tally) Countries(each func(label string, n uint64)) {
	tell(countries.labels, t.countries, each)
}

// Applications gives the toots by client: a list of known ones, "other", and "unknown" where none is said, as in all remote
// toots.
func (t *Tally) Applications(each func(label string, n uint64)) {
	tell(applications.labels, t.applications, each)
}

// Media gives the attachments by type: image, gifv, video, audio, unknown.
func (t *Tally) Media(each func(label string, n uint64)) { tell(kindLabels[:], t.media[:], each) }

// MediaDescribed gives, of those in Media, the ones with a description.
func (t *Tally) MediaDescribed(each func(label string, n uint64)) {
	tell(kindLabels[:], t.mediaDescribed[:], each)
}

// Replies is how many toots answer another one. Public timelines show only those to the author's own.
func (t *Tally) Replies() uint64 { return t.traits[reply].Get() }

// Quotes is how many toots quote another one.
func (t *Tally) Quotes() uint64 { return t.traits[quote].Get() }

// Sensitive is how many toots are marked as sensitive.
func (t *Tally) Sensitive() uint64 { return t.traits[sensitive].Get() }

// ContentWarnings is how many toots have a content warning.
func (t *Tally) ContentWarnings() uint64 { return t.traits[warning].Get() }

// Polls is how many toots have a poll.
func (t *Tally) Polls() uint64 { return t.traits[poll].Get() }

// Cards is how many toots had a preview card of a link when they were seen.
func (t *Tally) Cards() uint64 { return t.traits[card].Get() }

// Bots is how many toots are of accounts that say that they are automated.
func (t *Tally) Bots() uint64 { return t.traits[bot].Get() }

// LastHour gives the most used hashtags of the running minute and the 59 before it, as far as enough people used them.
func (t *Tally) LastHour() []Use { return t.tags.lastHour() }

// LastDay gives the most used hashtags of the running quarter of an hour and the 95 before it, as far as enough people used them.
func (t *Tally) LastDay() []Use { return t.tags.lastDay() }

// SetHashtagRules changes the rules, from now on.
func (t *Tally) SetHashtagRules(rules HashtagRules) { t.tags.setRules(rules) }

func tell(labels []string, counters []metrics.Counter, each func(label string, n uint64)) {
	for i, label := range labels {
		each(label, counters[i].Get())
	}
}
