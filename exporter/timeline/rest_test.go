package timeline

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"
)

// A host that asks to be left alone is, up to an hour: by all its timelines.
func TestRest(t *testing.T) {
	for _, row := range []struct {
		name   string
		header http.Header
		want   time.Duration
	}{
		{"Mastodon's", header("X-RateLimit-Limit", "300", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "2026-11-24T10:06:30.872845Z"), 5*time.Minute + 30872845*time.Microsecond},
		{"seconds", header("Retry-After", "600"), 10 * time.Minute},
		{"absurd", header("Retry-After", "10000000000"), time.Hour},
		{"a date long past", header("Retry-After", "Mon, 01 Jan 2024 00:00:00 GMT"), time.Minute},
		{"from a cache", header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "2026-11-24T10:06:30.872845Z", "Age", "7"), time.Minute},
		{"none", nil, time.Minute},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBox(t)
			m := newMastodon(b, "oak.social")
			m.post(3, true)
			pages := NewPages(time.Minute, b.now)
			share := func(o *Options) { o.Pages = pages }
			f, other := b.follow("oak.social", open, share), b.follow("oak.social", open, share, federated)
			poll(t, f)
			poll(t, other)
			m.set(func(m *mastodon) {
				m.page = func(w http.ResponseWriter, _ *http.Request) {
					for key := range row.header {
						w.Header().Set(key, row.header.Get(key))
					}
					refuse(w, 429, "Too many requests")
				}
			})
			b.pass(time.Minute)
			wantReason(t, f.Poll(t.Context()), "http_429")
			limited := b.now()
			m.post(5, true)
			m.set(func(m *mastodon) { m.page = nil })
			b.requests()
			for b.seen() == 0 && b.now().Sub(limited) < 2*time.Hour {
				b.pass(30 * time.Second)
				resting := b.now().Sub(limited) < row.want
				if row.want > time.Minute {
					wantRest(t, other, resting, "reading oak.social/federated: its host asks to be left alone")
				}
				if !f.Due().After(b.now()) {
					wantRest(t, f, resting, "reading oak.social/local: it answers 429")
				}
			}
			if n := f.Health().Failures["http_429"] + other.Health().Failures["http_429"]; n != 1 {
				t.Errorf("%d failures", n)
			}
			rested := b.now().Sub(limited)
			if rested < row.want || rested > row.want+time.Minute {
				t.Errorf("left alone for %v, want %v", rested, row.want)
			}
			minute(t, b, m, f, 0)
			wantSeen(t, b, 5)
			if gap := f.Health().Gap; gap != 0 {
				t.Errorf("gap %v: where no page could be read, no pass has given up", gap)
			}
		})
	}
}

// wantRest has a pass made: while its host is left alone it is in trouble, and the same later.
func wantRest(t *testing.T, f *Follower, resting bool, words string) {
	t.Helper()
	switch err := f.Poll(t.Context()); {
	case resting != (err != nil):
		t.Errorf("resting %v: %v", resting, err)
	case resting && (err.Error() != words || ReasonOf(err) != "http_429"):
		t.Errorf("%v", err)
	}
	wantHealth(t, f, !resting, Polling)
}

// A rest does not reset the back-off.
func TestRestIsNoSuccess(t *testing.T) {
	b := newBox(t)
	m := newMastodon(b, "oak.social")
	m.post(3, true)
	f := b.follow("oak.social", open)
	poll(t, f)
	m.set(func(m *mastodon) { m.page = func(w http.ResponseWriter, _ *http.Request) { refuse(w, 500, "") } })
	for range 2 {
		b.clock.Store(f.Due().UnixNano())
		wantReason(t, f.Poll(t.Context()), "http_5xx")
	}
	m.set(func(m *mastodon) {
		m.page = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "900")
			refuse(w, 503, "")
		}
	})
	for range 4 { // 4 minutes after the first, and in a rest after it
		b.clock.Store(f.Due().UnixNano())
		b.requests()
		wantReason(t, f.Poll(t.Context()), "http_5xx")
		if wait := f.Due().Sub(b.now()); wait != 4*time.Minute {
			t.Errorf("due in %v", wait)
		}
	}
	if n := f.Health().Failures["http_5xx"]; n != 3 || len(b.requests()) != 0 {
		t.Errorf("%d failures", n)
	}
}

// What a host has been asked for is remembered over restarts, and what makes no sense is not.
func TestSpent(t *testing.T) {
	b := newBox(t)
	m := newMastodon(b, "oak.social")
	m.post(3, true)
	pages := NewPages(time.Minute, b.now)
	share := func(o *Options) { o.Pages = pages }
	f := b.follow("oak.social", open, share)
	poll(t, f)
	m.post(5000, true)
	for range 30 {
		b.pass(10 * time.Second)
		f.Close()
		kept, err := json.Marshal(pages.Spent())
		if err != nil || len(kept) > 3<<10 {
			t.Fatalf("%d bytes, %v", len(kept), err)
		}
		var s Spent
		if err := json.Unmarshal(kept, &s); err != nil {
			t.Fatal(err)
		}
		pages = NewPages(time.Minute, b.now)
		pages.Restore(s)
		f = b.follow("oak.social", open, share, from(f.Position()))
		poll(t, f)
	}
	if n := len(b.requests()); n != 60 {
		t.Errorf("%d pages in 5 minutes", n)
	}

	now := b.now()
	times := func(n int, at time.Time) (all []time.Time) {
		for range n {
			all = append(all, at)
		}
		return all
	}
	for name, row := range map[string]struct {
		spent Spent
		left  int
	}{
		"nothing":         {Spent{}, 60},
		"some":            {Spent{300, time.Time{}, times(23, now.Add(-time.Minute))}, 37},
		"all":             {Spent{300, time.Time{}, times(60, now)}, 0},
		"a low limit":     {Spent{100, time.Time{}, times(5, now.Add(-time.Minute))}, 15},
		"long ago":        {Spent{300, now.Add(-time.Hour), times(60, now.Add(-15*time.Minute))}, 60},
		"a rest":          {Spent{300, now.Add(time.Hour), nil}, 0},
		"too long a rest": {Spent{300, now.Add(time.Hour + 1), nil}, 60},
		"the future":      {Spent{300, now.Add(time.Minute), times(9, now.Add(1))}, 60},
		"too many":        {Spent{300, time.Time{}, times(61, now)}, 60},
		"no limit":        {Spent{0, now.Add(time.Minute), times(9, now)}, 60},
		"a high limit":    {Spent{301, time.Time{}, times(9, now)}, 60},
	} {
		p := NewPages(time.Minute, b.now)
		p.Restore(row.spent)
		if n := drain(p, "a"); n != row.left {
			t.Errorf("%s: %d pages, want %d", name, n, row.left)
		}
	}
}
