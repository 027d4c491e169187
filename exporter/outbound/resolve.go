package outbound

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"
)

const (
	lookups      = 128     // at a time
	names        = 1 << 16 // remembered
	maxAddrs     = 16      // of a name and family
	minTTL       = 2 * time.Second
	maxTTL       = time.Hour
	maxNegative  = time.Minute
	lookupErrTTL = 5 * time.Second // no answer at all: asked again soon, but not for each request of a visit
)

// errNone says that the name does not exist or has no address of the kind; errAnswer that an answer made no sense.
var (
	errNone   = errors.New("no such name or address")
	errAnswer = errors.New("no answer")
)

// asker asks for the addresses of one family. Errors other than errNone mean that nobody could say.
type asker func(ctx context.Context, name string, v6 bool) records

// records are the addresses of a name in one family, and for how long they (or the lack of them) may be believed.
type records struct {
	addrs []netip.Addr
	ttl   time.Duration
	err   error
}

// unknown reports whether nobody could say.
func (r records) unknown() bool { return r.err != nil && !errors.Is(r.err, errNone) }

// resolver looks names up, judges their addresses and remembers both.
type resolver struct {
	ask    asker
	policy *policy
	limits *limits
	now    func() time.Time
	slots  chan struct{}

	mu    sync.Mutex
	cache *recent[lookedUp]
}

// lookedUp is what is remembered of a name.
type lookedUp struct {
	addrs   Addrs
	err     error
	expires time.Time
}

func newResolver(servers []netip.AddrPort, p *policy, l *limits, now func() time.Time) *resolver {
	return &resolver{
		ask: newDNS(servers, l).ask, policy: p, limits: l, now: now,
		slots: make(chan struct{}, lookups), cache: newRecent[lookedUp](names),
	}
}

// lookup returns the addresses of a name in its normal form. Errors are *Error.
func (r *resolver) lookup(ctx context.Context, name string) (Addrs, error) {
	if e, ok := r.remembered(name); ok {
		return e.addrs.clone(), e.err
	}
	waiting, stop := context.WithTimeout(ctx, r.limits.place)
	defer stop()
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-waiting.Done():
		return Addrs{}, judge(crowded(waiting.Err(), lookupErrTTL))
	}
	limited, cancel := context.WithTimeout(ctx, r.limits.lookup)
	defer cancel()
	v4, v6 := r.both(limited, name)
	if ctx.Err() != nil { // the caller's end says nothing about the name
		return Addrs{}, judge(ctx.Err())
	}
	e, ttl := r.weigh(name, v4, v6)
	e.expires = r.now().Add(ttl)
	r.mu.Lock()
	r.cache.put(name, e)
	r.mu.Unlock()
	return e.addrs.clone(), e.err
}

func (r *resolver) remembered(name string) (lookedUp, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.cache.get(name)
	return e, ok && r.now().Before(e.expires)
}

// both asks for both families at once.
func (r *resolver) both(ctx context.Context, name string) (v4, v6 records) {
	done := make(chan records, 1)
	go func() { done <- r.ask(ctx, name, true) }()
	v4 = r.ask(ctx, name, false)
	return v4, <-done
}

// weigh makes one result of the two families'. What the policy says of any address holds for the name: whoever mixes
// public and private addresses wants us to pick the wrong one.
func (r *resolver) weigh(name string, v4, v6 records) (lookedUp, time.Duration) {
	for _, addr := range slices.Concat(v4.addrs, v6.addrs) {
		if err := r.policy.checkAddr(addr); err != nil {
			return lookedUp{err: refuse(ReasonAddress, err)}, clamp(min(v4.ttl, v6.ttl), maxNegative)
		}
	}
	addrs := Addrs{V4: cut(v4.addrs), V6: cut(v6.addrs), V4Unknown: v4.unknown(), V6Unknown: v6.unknown()}
	switch {
	case v4.err == nil && v6.err == nil:
		return lookedUp{addrs: addrs}, clamp(min(v4.ttl, v6.ttl), maxTTL)
	case v4.err == nil || v6.err == nil:
		// One family's lack may be a failure or a fact; either is asked about again before an hour is over.
		ttl, bound := v4.ttl, maxTTL
		if v4.err != nil {
			ttl = v6.ttl
		}
		if addrs.V4Unknown || addrs.V6Unknown {
			bound = maxNegative
		}
		return lookedUp{addrs: addrs}, clamp(ttl, bound)
	case !addrs.V4Unknown && !addrs.V6Unknown:
		return lookedUp{err: refuse(ReasonNoAddress, v4.err)}, clamp(min(v4.ttl, v6.ttl), maxNegative)
	}
	err := v4.err
	if !addrs.V4Unknown {
		err = v6.err
	}
	return lookedUp{err: refuse(ReasonDNS, fmt.Errorf("looking up %s: %w", name, err))}, lookupErrTTL
}

func clamp(ttl, bound time.Duration) time.Duration { return min(max(ttl, minTTL), bound) }

func cut(addrs []netip.Addr) []netip.Addr { return addrs[:min(len(addrs), maxAddrs)] }

func (a Addrs) clone() Addrs {
	a.V4, a.V6 = slices.Clone(a.V4), slices.Clone(a.V6)
	return a
}
