package toots

import "sync"

// generation is how many toots one of the two generations remembers.
const generation = 1 << 18

// seen remembers the newest toots by their keyed hashes: at least the last 262,144, at most twice as many, in about 8 MiB.
type seen struct {
	mu        sync.Mutex
	cur, prev map[uint64]struct{}
}

// first reports whether a toot is new, and remembers it.
func (s *seen) first(toot uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.cur[toot]; ok {
		return false
	}
	if _, ok := s.prev[toot]; ok {
		return false
	}
	if len(s.cur) >= generation || s.cur == nil {
		clear(s.prev)
		if s.cur, s.prev = s.prev, s.cur; s.cur == nil {
			s.cur = make(map[uint64]struct{})
		}
	}
	s.cur[toot] = struct{}{}
	return true
}
