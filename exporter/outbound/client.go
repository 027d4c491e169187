package outbound

import (
	"context"
	"errors"
	"time"

	"github.com/mnm-social/mnm/exporter/domain"
)

// limits are the bounds in time on one request. Tests shorten them; nothing else does.
type limits struct {
	lookup, attempt  time.Duration // a look-up, and one question to one resolver
	place            time.Duration // a wait of ours: for a place at an address, for one to look up
	dial, tls, heads time.Duration
	request, session time.Duration // without look-ups and waits of ours
}

func defaultLimits() limits {
	return limits{
		lookup: 5 * time.Second, attempt: 1500 * time.Millisecond,
		place: 5 * time.Second,
		dial:  5 * time.Second, tls: 5 * time.Second, heads: 5 * time.Second,
		request: 10 * time.Second, session: 20 * time.Second,
	}
}

// Client asks other people's servers. It is safe for concurrent use.
type Client struct {
	net       Net
	userAgent string
	sent      func(Purpose)
	refused   func(Reason)
	crowded   time.Duration // how long to stay away from an address that was crowded
	limits    limits
	policy    *policy
	resolver  *resolver
	places    *places
	budget    *budget
	ctx       context.Context
	cancel    context.CancelFunc
}

// New makes a Client.
func New(o Options) *Client {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Hour <= 0 {
		o.Hour = time.Hour
	}
	if o.UserAgent == "" {
		o.UserAgent = "MNM-Exporter"
	}
	if o.Sent == nil {
		o.Sent = func(Purpose) {}
	}
	if o.Refused == nil {
		o.Refused = func(Reason) {}
	}
	c := &Client{
		net: o.Net, userAgent: o.UserAgent, sent: o.Sent, refused: o.Refused, crowded: o.Hour / 60,
		limits: defaultLimits(), policy: newPolicy(), places: newPlaces(), budget: newBudget(o.Hour, o.Now),
	}
	if o.Before != nil { // what hosts were asked, and by how many connections, is the same whoever asks
		c.budget, c.places = o.Before.budget, o.Before.places
	}
	c.resolver = newResolver(o.Net.Resolvers, c.policy, &c.limits, o.Now)
	if c.net.Dial == nil {
		c.net.Dial = c.policy.dial
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// Close ends requests and streams under way and refuses further ones, with ReasonCanceled. Sessions and streams still need
// their own Close.
func (c *Client) Close() { c.cancel() }

// errClosed is the cause of requests that end because the Client was closed.
var errClosed = errors.New("the client is closed")

// until is ctx, ended early by Close.
func (c *Client) until(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(c.ctx, func() { cancel(errClosed) })
	if c.ctx.Err() != nil { // AfterFunc is not done at once
		cancel(errClosed)
	}
	return ctx, func() { stop(); cancel(nil) }
}

// Get is a Session of one request.
func (c *Client) Get(ctx context.Context, r Request) (*Response, error) {
	s := c.Session()
	defer s.Close()
	return s.Get(ctx, r)
}

// Lookup returns the addresses of a host. It shares its cache with the requests, so that it costs no second question
// to learn where a host that was just visited is. All errors are *Error: ReasonNoAddress if the name does not exist
// or has no address, ReasonDNS if no resolver gave an answer, ReasonAddress if the host is no public domain name or
// the policy forbids any one of its addresses, ReasonCrowded if too many look-ups are under way for 5 s or until ctx
// ends.
func (c *Client) Lookup(ctx context.Context, host string) (Addrs, error) {
	name, err := domain.Parse(host)
	if err != nil {
		return Addrs{}, refuse(ReasonAddress, err)
	}
	ctx, done := c.until(ctx)
	defer done()
	return c.resolver.lookup(ctx, name.String())
}
