package outbound

import (
	"context"
	"net/netip"
	"sync"
)

// perAddress is how many connections may be open to one address at a time, however many names lead to it: so that
// nobody can turn us against a victim with a list of names.
const perAddress = 2

// places hands out the places at each address. It holds no more entries than there are places taken or waited for.
type places struct {
	mu sync.Mutex
	at map[netip.Prefix]*place
}

type place struct {
	slots chan struct{}
	users int // holders and waiters
}

func newPlaces() *places { return &places{at: make(map[netip.Prefix]*place)} }

// acquire waits for a place at a, or takes one that is free even if ctx has ended; whoever gets one calls release, once.
// Of nil there is always one.
func (p *places) acquire(ctx context.Context, a netip.Addr) (release func(), err error) {
	if p == nil {
		return func() {}, nil
	}
	bits := 32
	if a.Is6() {
		bits = 64
	}
	key, err := a.Prefix(bits)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	at := p.at[key]
	if at == nil {
		at = &place{slots: make(chan struct{}, perAddress)}
		p.at[key] = at
	}
	at.users++
	p.mu.Unlock()

	select {
	case at.slots <- struct{}{}: // of two cases that are ready, select takes any
	default:
		select {
		case at.slots <- struct{}{}:
		case <-ctx.Done():
			p.leave(key, at)
			return nil, ctx.Err()
		}
	}
	return sync.OnceFunc(func() { <-at.slots; p.leave(key, at) }), nil
}

func (p *places) leave(key netip.Prefix, at *place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at.users--; at.users == 0 {
		delete(p.at, key)
	}
}
