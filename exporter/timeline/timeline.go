// Package timeline follows one public timeline of one server, by the best way that the server allows, and hands each toot
// to a toots.Tally. Of a toot it keeps nothing but the id of the newest. While a stream is open and silent, what it told last is
// wiped here, and is left only in buffers of TLS and HTTP, until more comes.
//
// # Ways
//
// With a user's token the timeline comes as a stream of server-sent events (Mastodon's streaming API); without one it is
// polled, page by page, if anybody may read it; if nobody may, a stream without a token is tried, as relays have it. What
// robots.txt forbids is not asked for. What a server has allowed is remembered for 60×Every. The token goes to the server's own
// host, and to one of the same registrable domain that it names for its streams, on port 443; another one is as if it had named
// none.
//
// # Exactness
//
// A stream drops toots without a word, and breaks. So it is pages that say how far the timeline has been counted, in each
// mode: a pass reads what comes after the newest id by min_id, and hands all of it to the Tally, which knows what it has
// seen. A server shows a toot some time after it has given it its id, and so perhaps after one with a higher id was read.
// Therefore a pass begins a little before what the one before it had read: by half of Every in a local timeline, where that time
// is a transaction's, and by 2×Every in a federated one, where the id of a remote toot tells when it was written, and what arrives
// later is missed.
//
// What no pass could fill is in Health.Gap.
//
// # Restarts
//
// Of a Follower its Position survives them, and nothing else, so that they may lose toots or count them twice, and no gap tells
// unless it is said here:
//
//   - toots that are shown late, below the position, after the last pass before the restart are lost: no pass looks there, as all that
//     is there would count twice. In a local timeline it takes a transaction that was open at the time; in a federated one it
//     is whatever arrives late
//   - toots that a stream has dropped since the last pass are lost if it has told a newer one. A Poll right before Close, with some
//     seconds of time, finds those of before, unless it ends with an error or its budget of pages
//   - where no pages may be read, what is written meanwhile is lost, and is in the gap
//   - what has been counted since the position was saved counts twice. After an end in order, with the Position after Close, that is
//     what a stream has told that was opened anew since the last pass; after a Poll right before Close, nothing
//   - the Tally has forgotten what it has seen: a toot that one timeline showed before and another one shows after counts twice
//   - a timeline that was silent for 60×Every is looked at for ids that have begun anew. Where a restart came in between, the toot at
//     the position was deleted, and the server's clock is ahead by 5×Every more than its header Date says, the newest
//     toots count twice
//
// # Numbers
//
//   - 40 toots a page, 4 pages a pass; 20 % of the limit that the server announces in 15×Every, for all timelines of it
//   - a page of less than 20 toots, or of less than one had before it in the pass, is the last, as is each of a server that does not
//     know min_id
//   - 15 passes that did not come to the end: it jumps to the newest page, and what it skips is a gap
//   - 45 s without a byte of a stream: it is opened anew; full jitter up to 5 min
//   - a page 4 MiB, a line or an event of a stream 1 MiB
package timeline

import (
	"context"
	"sync"
	"time"

	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/outbound"
	"github.com/mnm-social/mnm/exporter/toots"
)

// Scope says which toots of those that a server knows.
type Scope string

// The scopes.
const (
	Local     Scope = "local"     // those of its own users
	Federated Scope = "federated" // all
)

// Source is a timeline.
type Source struct {
	Host  domain.Name
	Scope Scope
	// Token reads a user's token; it is called before each request that needs one, and what it returns is not kept. nil:
	// there is none.
	Token func() (string, error)
}

// String is "host/scope".
func (s Source) String() string { return s.Host.String() + "/" + string(s.Scope) }

// Facts are what is known of a server before it is followed.
type Facts struct {
	Timeline  bool   // robots.txt allows /api/v1/timelines/public
	Stream    bool   // robots.txt allows /api/v1/streaming/public
	Streaming string // configuration.urls.streaming, such as "wss://streaming.mastodon.example"; empty if it names none
	Access    Access // to this scope, as configuration.timelines_access says
}

// Access says who may read a timeline.
type Access uint8

// The kinds of access, wider ones first.
const (
	AccessUnknown Access = iota // it does not say
	AccessPublic
	AccessAuthenticated // users only
	AccessDisabled      // its staff only
)

// Position is how far a timeline has been counted. It is all that survives a restart; the package's comment says what that costs.
type Position struct {
	ID string    `json:"id"` // the newest that was counted; empty if there was none, or if no pages may be read
	At time.Time `json:"at"` // all that was there then has been counted
}

// Options make a Follower. What may not be nil or zero is said otherwise.
type Options struct {
	Source Source
	Client func() *outbound.Client // called for each request
	// Facts is called before the first pass, and again after 60×Every. Its error ends the pass.
	Facts func(context.Context) (Facts, error)
	Tally *toots.Tally
	// Now is for what is due, the budget of pages, and ages. The clock of the machine is for sockets and back-off.
	Now func() time.Time
	// Every is the time from one pass to the next.
	Every time.Duration
	// Position is where it had come to; zero: nothing that is there at the first pass counts.
	Position Position
	// Pages is the budget of the host, which all its timelines share.
	Pages *Pages
	// Failed is told of each trouble with the stream; text and cause are fit for a log. May be nil.
	Failed func(error)
}

// limits are bounds in the machine's time. Tests shorten them; nothing else does.
type limits struct {
	silence        time.Duration // three of Mastodon's heartbeats
	first, longest time.Duration // back-off
	good           time.Duration // a stream that was open so long was no failure
}

// Follower follows a timeline. Poll does the work of a pass; a stream has a goroutine of its own, from the pass that opens
// it until it is refused or Close. All methods are safe for concurrent use.
type Follower struct {
	o      Options
	origin *toots.Origin
	limits limits
	ctx    context.Context // until Close
	cancel context.CancelFunc

	passing sync.Mutex     // a pass at a time; of what follows
	left    int            // pages that this pass may still ask for
	ahead   time.Duration  // the server's clock, of ours, as the last page said
	streams sync.WaitGroup // one at most
	stop    func()         // ends it
	closed  bool

	mu sync.Mutex // of what follows; what only passes write they read without it

	due      time.Time
	passed   bool
	trouble  error // of the last pass
	troubles int   // passes in a row that had some

	facts     Facts
	asked     time.Time // when they were got
	noPages   bool      // refused since
	noStream  bool      // refused since
	withToken bool      // pages need it

	reach
	listening bool      // a goroutine is at it
	opens     uint64    // how often the stream was opened
	open      time.Time // since when it is, or was when we were closed; zero: it is not
	alive     time.Time // its last byte
	heard     string    // the newest id that it told
	lost      time.Time // up to when all was heard, where it was and is not; zero otherwise
	broken    error     // why it is not open

	shown time.Time // when the timeline last showed something
	counts
}

// New makes a Follower. It must be closed.
func New(o Options) *Follower {
	if o.Failed == nil {
		o.Failed = func(error) {}
	}
	f := &Follower{
		o: o, origin: o.Tally.Origin(o.Source.Host, o.Source.String()), stop: func() {},
		limits: limits{silence: 45 * time.Second, first: time.Second, longest: 5 * time.Minute, good: time.Minute},
		reach:  reach{counted: o.Position, news: o.Position.At},
	}
	if p := o.Position; p.ID != "" {
		f.marks = []mark{{id: p.ID, at: p.At}}
	} else {
		f.lost = p.At
	}
	f.ctx, f.cancel = context.WithCancel(context.Background())
	o.Pages.share(1)
	return f
}

// Close ends the stream and a pass under way, and waits for both. It takes no time to look for what a stream has dropped: a Poll
// before it does. Position, Health and Due may be called afterwards.
func (f *Follower) Close() {
	f.cancel()
	f.passing.Lock()
	defer f.passing.Unlock()
	f.streams.Wait()
	if !f.closed {
		f.closed = true
		f.o.Pages.share(-1)
	}
}

// Due is when the next pass is due; zero before the first.
func (f *Follower) Due() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.due
}

// Position is how far the timeline has been counted: by pages, or by a stream that has been open since before the last pass that
// came to the end, if that has told newer toots since; after Close, as it was then.
func (f *Follower) Position() Position {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.position()
}

// position is Position. f.mu is held.
func (f *Follower) position() Position {
	p := f.counted
	switch {
	case p.ID != "":
		if !f.open.IsZero() && f.open.Before(p.At) && less(p.ID, f.heard) {
			return Position{f.heard, f.alive}
		}
	case f.mayRead(): // there is nothing yet
	case !f.lost.IsZero():
		p.At = f.lost
	case !f.alive.IsZero():
		p.At = f.alive
	}
	return p
}
