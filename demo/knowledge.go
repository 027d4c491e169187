package demo

import "time"

// staleAfter is how long figures stand after the last good visit; /api/v2/instance is asked daily and stands a day longer.
const staleAfter = 24 * time.Hour

// confirmAfter is the least time after which a second failure confirms the first. A visitor waits five minutes; what is
// missing here is for a World that lives faster than its visitor's clock is exact.
const confirmAfter = 4*time.Minute + 30*time.Second

// silentFor is how long an instance is silent before it counts as gone.
const silentFor = 30 * 24 * time.Hour

// The kinds of change, in no particular order.
const (
	changeVersion = iota
	changeSoftware
	changeCountry
	changeRegistrations
	changeUsers
	changeCertificate
	changeUp
	changeDown
	changeNew
	changeGone
	changeCount
)

var changeNames = [changeCount]string{"version", "software", "country", "registrations", "users", "certificate", "up", "down", "new", "gone"}

// knowledge is what must be known of an instance after its settled visits. It follows the rules of the figures:
//
//   - A visit is good when nodeinfo or /api/v1/instance gave a readable document (a 304 gives it as well as a 200); refused when
//     robots.txt left neither to ask, when the page at / had an X-Robots-Tag of none or noindex for everybody or for
//     MNM-Exporter, or for a 451; gone for a 410; blocked for 401, 403, 429 and challenge pages; else failed.
//   - Who refused or is gone stays so until a good visit; who declined by X-Robots-Tag, until a page at / comes without and then a
//     good visit. A visit of no more than one request is a look whether that is over: only the visit after it can be good.
//   - While a failure is pending, a visit of no more than one request is its confirmation: it shows life or it doesn't, and
//     what it says is not taken for figures. A failure at least five minutes after the first takes the instance down.
//   - Any answer that is no failure is a sign of life. Who is down without one for 30 days is gone too: a failed visit then is
//     the change, if a visit was ever good.
//   - Refused and gone instances are shown nowhere but in the count of states. Of those who refused or answered 410 nothing is
//     kept, their failures are nobody's business, and should they come back, that is no news.
type knowledge struct {
	seen, up bool // up means nothing until seen
	refused  bool
	tagged   bool // by X-Robots-Tag
	gone     bool
	silent   bool      // gone by silence, and that has been counted as a change
	returned bool      // it refused or was gone: its next good visit is not its first
	over     bool      // a look found that this is over
	pending  time.Time // first failure, not confirmed yet
	lastGood time.Time
	alive    time.Time // latest sign of life; before the first, when it was named or tried first
	expiry   time.Time // of its certificate at the last good visit

	nodeinfo, v1, v2        *document
	readNode, readV1, read2 time.Time
	said                    said
	https
}

// said is what an instance says, all answers weighed, and where it was, at its last good visit.
type said struct {
	software, version, policy string
	mastodon                  bool
	users, statuses           Figure
	connections, active       Figure
	where                     whereabouts
	ipv6                      bool
}

// settle takes a visit that is over into account and counts what changed by it.
func (k *knowledge) settle(v *visit, h *history, changes *[changeCount]uint64) {
	if v.last.IsZero() {
		return
	}
	if v.page {
		k.tagged = v.tagged
	}
	k.decide(v, h, changes)
	if k.refused || k.gone {
		k.https = https{}
	} else {
		k.https.take(&v.https)
	}
}

// decide says what came of the visit.
func (k *knowledge) decide(v *visit, h *history, changes *[changeCount]uint64) {
	switch {
	case v.refused || v.tagged:
		k.refused, k.gone = true, false
		k.forget()
	case v.gone:
		k.left(changes)
	case v.good && !k.confirms(v) && !k.tagged:
		k.good(v, h, changes)
	case v.failed && !v.good && !v.blocked:
		k.over = false
		k.failed(v, changes)
		return
	case v.good || v.blocked || v.answered || v.page:
		k.pending, k.over = time.Time{}, !v.blocked && !k.tagged
	default:
		return
	}
	k.alive, k.silent = v.last, false
}

// confirms reports whether a visit is a confirmation, or a look whether a refusal is over.
func (k *knowledge) confirms(v *visit) bool {
	pending := !k.pending.IsZero() && (!k.seen || k.up)
	if k.refused || k.gone {
		pending = !k.over
	}
	return pending && v.requests <= 1
}

// silence is how long there has been no sign of life.
func (k *knowledge) silence(at time.Time) time.Duration { return at.Sub(k.alive) }

// left notes a 410.
func (k *knowledge) left(changes *[changeCount]uint64) {
	if !k.gone && !k.refused && !k.lastGood.IsZero() {
		changes[changeGone]++
	}
	k.gone, k.refused, k.tagged = true, false, false
	k.forget()
}

// forget drops what the instance said.
func (k *knowledge) forget() {
	k.nodeinfo, k.v1, k.v2, k.said = nil, nil, nil, said{}
	k.lastGood, k.expiry, k.pending = time.Time{}, time.Time{}, time.Time{}
	k.seen, k.up, k.over, k.returned = false, false, false, true
}

func (k *knowledge) failed(v *visit, changes *[changeCount]uint64) {
	switch {
	case k.refused || k.gone:
	case k.pending.IsZero():
		k.pending = v.last
	case k.seen && !k.up:
		if !k.silent && !k.lastGood.IsZero() && k.silence(v.last) >= silentFor {
			k.silent = true
			changes[changeGone]++
		}
	case v.begin.Sub(k.pending) < confirmAfter:
	default:
		if k.seen {
			changes[changeDown]++
		}
		k.seen, k.up = true, false
	}
}

func (k *knowledge) good(v *visit, h *history, changes *[changeCount]uint64) {
	if k.seen && !k.up {
		changes[changeUp]++
	}
	first, before, expiry := k.lastGood.IsZero(), k.said, k.expiry
	k.seen, k.up, k.refused, k.gone, k.pending, k.lastGood = true, true, false, false, time.Time{}, v.last
	k.take(v)
	k.said = k.weigh(h)
	if first {
		if h.late && !k.returned {
			changes[changeNew]++
		}
		return
	}
	for kind, pair := range [...][2]string{
		changeVersion:       {before.version, k.said.version},
		changeSoftware:      {before.software, k.said.software},
		changeCountry:       {before.where.country, k.said.where.country},
		changeRegistrations: {before.policy, k.said.policy},
	} {
		if pair[0] != pair[1] && pair[0] != "" && pair[1] != "" && pair[0] != unknown && pair[1] != unknown {
			changes[kind]++
		}
	}
	if was, is := before.users, k.said.users; was >= 20 && is.Known() && 100*is < 80*was {
		changes[changeUsers]++
	}
	if !expiry.IsZero() && !expiry.Equal(k.expiry) {
		changes[changeCertificate]++
	}
}

// take replaces the documents that were served again and drops those that are too old.
func (k *knowledge) take(v *visit) {
	replace := func(old **document, read *time.Time, served *document, stale time.Duration) {
		if served != nil {
			*old, *read = served, v.last
		} else if v.last.Sub(*read) >= stale {
			*old = nil
		}
	}
	replace(&k.nodeinfo, &k.readNode, v.nodeinfo, staleAfter)
	replace(&k.v1, &k.readV1, v.v1, staleAfter)
	replace(&k.v2, &k.read2, v.v2, 2*staleAfter)
	if !v.expiry.IsZero() {
		k.expiry = v.expiry
	}
}

// weigh takes each figure from the answer that goes first:
//
//	users, statuses  nodeinfo, then v1
//	connections      v1
//	active users     nodeinfo, v2, then v1
//	registrations    v1, v2, then nodeinfo; whether they need approval: v1, then v2
//	software         nodeinfo, then v1
func (k *knowledge) weigh(h *history) said {
	n, v1, v2 := orNothing(k.nodeinfo), orNothing(k.v1), orNothing(k.v2)
	s := said{
		software: n.Software, version: n.Version, mastodon: n.Mastodon,
		policy: policy(v1.Registers.or(v2.Registers).or(n.Registers), v1.Approval.or(v2.Approval)),
		users:  n.Users.or(v1.Users), statuses: n.Statuses.or(v1.Statuses), connections: v1.Connections,
		active: n.Active.or(v2.Active).or(v1.Active), ipv6: h.v6.there,
	}
	if s.software == "" {
		s.software, s.version, s.mastodon = v1.Software, v1.Version, v1.Mastodon
	}
	s.where = h.whereabouts()
	return s
}

func orNothing(d *document) document {
	if d == nil {
		return sayNothing()
	}
	return *d
}

// whereabouts is a country and the rule that told it, as the labels "country", "source" and "reason" have them.
type whereabouts struct{ country, source, reason string }

// whereabouts is where the instance was by the latest answers to the visitor: by its top-level domain if that is bound to one
// country or place, else by its address, IPv4 before IPv6, if no delivery network answers in its place.
func (h *history) whereabouts() whereabouts {
	nowhere := func(reason string) whereabouts { return whereabouts{unknown, unknown, reason} }
	switch {
	case h.bound != "":
		return whereabouts{country: h.bound, source: h.binding}
	case h.header != "" || h.v4.cdn != "" || h.v6.cdn != "":
		return nowhere("cdn")
	case !h.v4.there && !h.v6.there:
		return nowhere("no_address")
	case h.v4.there:
		return whereabouts{country: h.v4.country, source: "address"}
	}
	return whereabouts{country: h.v6.country, source: "address"}
}

// state is the first of the states that fits.
func (k *knowledge) state(at time.Time) string {
	switch {
	case k.refused:
		return "refused"
	case k.gone, k.seen && !k.up && k.silence(at) >= silentFor:
		return "gone"
	case !k.seen:
		return "new"
	case k.up:
		return "up"
	}
	return "down"
}

// fresh reports whether the figures stand.
func (k *knowledge) fresh(at time.Time) bool {
	return !k.refused && !k.gone && !k.lastGood.IsZero() && at.Sub(k.lastGood) < staleAfter
}
