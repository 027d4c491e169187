package demo

import "time"

// Access is who may read the public timelines of an instance without an account there. Mastodon shows it since 4.5; here it
// held before too.
type Access string

// The kinds of access.
const (
	AccessOpen   Access = ""       // everybody
	AccessLocal  Access = "local"  // everybody may read the local timeline, only users that of the others
	AccessRemote Access = "remote" // everybody may read that of the others, only users the local one and the federated, which has both
	AccessUsers  Access = "users"  // only users
	AccessNobody Access = "nobody" // users get empty ones, others none
)

// settings are the access as /api/v2/instance has it.
func (a Access) settings() (local, remote string) {
	switch a {
	case AccessLocal:
		return "public", "authenticated"
	case AccessRemote:
		return "authenticated", "public"
	case AccessUsers:
		return "authenticated", "authenticated"
	case AccessNobody:
		return "disabled", "disabled"
	}
	return "public", "public"
}

// Trick is how the timelines of an instance misbehave that is well otherwise.
type Trick string

// The tricks.
const (
	TrickNone     Trick = ""
	TrickDisorder Trick = "disorder" // pages in no order and with duplicates; streams that say everything twice
	TrickJunk     Trick = "junk"     // pages in which every third toot is none; streams with malformed JSON and unknown events in their place
	TrickEndless  Trick = "endless"  // pages that never end; streams with lines of 10 MB now and then, before what they say
)

// Live is how an instance toots, and how it serves its timelines. The zero Live doesn't toot, and hides nothing.
type Live struct {
	Rate      int           // toots a minute, by day and by night, from the beginning on
	Language  string        // that most of its authors write in; "" is that of its country
	Compose   func(*Toot)   // rewrites each of its toots; it must know nothing but the toot. nil: they are as chance has them
	Delay     time.Duration // after which its toots arrive elsewhere, up to 15 minutes; 0: seconds to minutes, as chance has it
	Access    Access
	Streaming bool // its streams have a host of their own, streaming.NAME
	Drops     int  // percent of the toots that its streams lose without a word
	Trick     Trick

	authors int64 // who write
	hears   int64 // percent of the other instances whose toots it gets
}

// zones are the hours by which a country is ahead of UTC.
var zones = map[string]int64{"DE": 1, "FR": 1, "FI": 2, "JP": 9, "KR": 9, "US": -6, "CA": -5, "IN": 5}

// tongues are the languages of countries.
var tongues = map[string]string{
	"DE": "de", "FR": "fr", "FI": "fi", "JP": "ja", "KR": "ko", "US": "en", "CA": "en", "IN": "en", "GB": "en", "ES": "es", "IT": "it",
	"NL": "nl", "BE": "nl", "CH": "de", "AT": "de", "CZ": "cs", "PL": "pl", "RU": "ru", "SE": "sv", "NO": "nb", "DK": "da", "BR": "pt", "PT": "pt",
}

// publicShare is how many of a hundred statuses are public and no replies, so that public timelines show them.
const publicShare = 32

// enliven thinks up how an instance toots: as much as its figures say, and as its country does.
func (l *life) enliven(tld string, hostile bool) {
	country := boundTLD(tld)
	if country == "" {
		country = l.at[0].country
	}
	l.zone = zones[country] * hour
	l.live = Live{Language: tongues[country], hears: 10, authors: 1}
	if l.active.Known() && !l.trait.Failing() {
		l.toots = int64(l.active) * l.rate * publicShare * 1e6 / (100 * 10 * 24 * 60)
		l.live.authors = max(1, int64(l.active)/3)
	}
	if l.connections.Known() {
		l.live.hears = min(95, 3+int64(l.connections)*95/25000)
	}
	chance := func(about uint64) int64 { return in(100, l.key, aboutLive, about) }
	switch c := chance(1); {
	case c < 8:
		l.live.Access = AccessNobody
	case c < 21:
		l.live.Access = AccessUsers
	case c < 26:
		l.live.Access = AccessRemote
	case c < 38:
		l.live.Access = AccessLocal
	}
	l.live.Streaming = chance(2) < 15
	if chance(3) < 20 {
		l.live.Drops = 2
	}
	if tricks := []Trick{TrickDisorder, TrickJunk, TrickEndless}; hostile && chance(4) < 12 {
		l.live.Trick = tricks[chance(5)%3]
	}
}

// tootsBefore is for how long thought-up instances have tooted before the World began, in minutes.
const tootsBefore = 60

func (l *life) lives(int64) *Live { return &l.live }

// tootRate is by day what people do when they are awake.
func (l *life) tootRate(s int64) int64 {
	if s < l.from && l.from > 0 || l.until > 0 && s >= l.until || s < -tootsBefore*minute {
		return 0
	}
	return l.toots * rhythm[((s+l.zone)%day+day)%day/hour] / 100
}

func (sc *script) lives(s int64) *Live { return &sc.live[sc.at(s)] }

func (sc *script) tootRate(s int64) int64 {
	if s < 0 {
		return 0
	}
	return int64(sc.live[sc.at(s)].Rate) * 1e6
}
