package outbound

import (
	"sync"
	"time"
)

const (
	// perHour is how many requests one host gets in any hour; docs/crawler.md promises it to admins.
	perHour = 4
	// budgetHosts bounds the memory of the budget: hosts asked in two hours. Past it, new hosts are refused.
	budgetHosts = 1 << 18
)

// budget counts the requests to each host over a sliding window.
//
// It forgets by generations: what was not asked for a whole window is in the older one, which is dropped. So an entry
// lives for one to two windows, and nothing has to walk the map.
type budget struct {
	window time.Duration
	now    func() time.Time

	mu      sync.Mutex
	start   time.Time // turns times into durations that a step of the system's clock leaves alone
	turned  time.Duration
	current map[string]*sends
	older   map[string]*sends
}

// sends are the last requests to a host, as a ring.
type sends struct {
	at   [perHour]time.Duration
	next int
	n    int
}

func newBudget(window time.Duration, now func() time.Time) *budget {
	return &budget{window: window, now: now, start: now(), current: map[string]*sends{}}
}

// wait says how long until a request to host fits; 0: it does now.
func (b *budget) wait(host string) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.turn()
	return b.left(b.find(host), now)
}

// take counts a request to host, or says how long until it fits.
func (b *budget) take(host string) (wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.turn()
	s := b.find(host)
	if wait := b.left(s, now); wait > 0 {
		return wait
	}
	if s == nil {
		s = &sends{}
	}
	s.at[s.next], s.next, s.n = now, (s.next+1)%perHour, min(s.n+1, perHour)
	b.current[host] = s
	return 0
}

// turn starts a new generation when the current one is a window old.
func (b *budget) turn() (now time.Duration) {
	now = b.now().Sub(b.start)
	if now-b.turned >= b.window {
		b.older = b.current
		if now-b.turned >= 2*b.window {
			b.older = nil
		}
		b.current, b.turned = map[string]*sends{}, now
	}
	return now
}

func (b *budget) find(host string) *sends {
	if s := b.current[host]; s != nil {
		return s
	}
	return b.older[host]
}

func (b *budget) left(s *sends, now time.Duration) time.Duration {
	if s == nil {
		if len(b.current)+len(b.older) >= budgetHosts {
			return b.window
		}
		return 0
	}
	if s.n < perHour {
		return 0
	}
	// A clock that was set back must not lock a host out for longer than a window.
	return min(max(0, s.at[s.next]+b.window-now), b.window)
}
