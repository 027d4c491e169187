package outbound

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/mnm-social/mnm/exporter/domain"
)

// MarshalBinary writes when each host was asked within the last window, so that no restart gives more requests to anybody:
// JSON, Unix milliseconds by host.
func (c *Client) MarshalBinary() ([]byte, error) {
	b := c.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.turn()
	asked := map[string][]int64{}
	for _, generation := range []map[string]*sends{b.older, b.current} { // the current one has the later word
		for host, s := range generation {
			var at []int64
			for i := range s.n {
				if sent := s.at[(s.next+perHour-s.n+i)%perHour]; now-sent < b.window {
					at = append(at, b.start.Add(sent).UnixMilli())
				}
			}
			if at != nil {
				asked[host] = at
			}
		}
	}
	return json.Marshal(asked)
}

// UnmarshalBinary takes over what MarshalBinary wrote. Times to come are taken for now. What is no such text, or names no
// host, is an error, and changes nothing.
func (c *Client) UnmarshalBinary(text []byte) error {
	var asked map[string][]int64
	if err := json.Unmarshal(text, &asked); err != nil {
		return fmt.Errorf("reading the counts of requests: %w", err)
	}
	b := c.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.turn()
	read := make(map[string]*sends, len(asked))
	for host, at := range asked {
		if n, err := domain.Parse(host); err != nil || n.String() != host || len(at) > perHour || len(read) >= budgetHosts {
			return fmt.Errorf("reading the counts of requests: %d times of %q", len(at), host)
		}
		slices.Sort(at)
		s := &sends{n: len(at), next: len(at) % perHour}
		for i, ms := range at {
			s.at[i] = min(time.UnixMilli(ms).Sub(b.start), now)
		}
		read[host] = s
	}
	for host, s := range read {
		b.current[host] = s
	}
	return nil
}
