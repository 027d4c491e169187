package timeline

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"
)

// minute lets a minute pass, with so many local toots spread over it, and then has a pass made.
func minute(t testing.TB, b *box, m *mastodon, f *Follower, n int) {
	t.Helper()
	began := b.clock.Load()
	for i := range n {
		b.clock.Store(began + int64(i+1)*int64(time.Minute)/int64(n+1))
		m.post(1, true)
	}
	b.clock.Store(began + int64(time.Minute))
	poll(t, f)
}

func TestPolling(t *testing.T) {
	b := newBox(t)
	m := newMastodon(b, "oak.social")
	m.post(30, true)
	f := b.follow("oak.social", open)
	wantHealth(t, f, false, Unknown)
	if !f.Due().IsZero() {
		t.Error("the first pass is not due at once")
	}
	poll(t, f)
	wantSeen(t, b, 0)
	if due := f.Due(); !due.Equal(b.now().Add(time.Minute)) {
		t.Errorf("due %v", due)
	}
	b.requests()
	newest := m.toots[29].id
	minute(t, b, m, f, 5)
	m.post(2, false) // not local
	wantSeen(t, b, 5)
	r := b.requests()
	if len(r) != 1 || r[0].URL.RequestURI() != fmt.Sprintf("/api/v1/timelines/public?limit=40&local=true&min_id=%d", newest) || r[0].Header.Get("Authorization") != "" {
		t.Errorf("asked %v", r)
	}
	for range 5 {
		minute(t, b, m, f, 7)
	}
	wantSeen(t, b, 40)
	wantHealth(t, f, true, Polling)
	h := f.Health()
	if h.Gap != 0 || h.Events[Update]-h.Duplicates != 40 || h.Reconnects != 0 || h.Failures != nil || !h.LastEvent.Equal(b.now()) {
		t.Errorf("health %+v", h)
	}
	if p := f.Position(); p.ID != fmt.Sprint(m.toots[len(m.toots)-1].id) || !p.At.Equal(b.now()) {
		t.Errorf("position %+v", p)
	}
}

func TestIDs(t *testing.T) {
	inOrder := []string{
		"", "1", "9", "10", "109372843234928341", "9YjKnd0vPAKyMUPuvg", "9YjKnd0vPAKyMUPuvh", "AYjKnd0vPAKyMUPuvg", "aYjKnd0vPAKyMUPuvg",
		"01GYZ7RRC4F3T5J5Y3K0XKQZ9A", "01GYZ7RRC4F3T5J5Y3K0XKQZ9B",
	}
	for i, a := range inOrder {
		for j, b := range inOrder {
			if less(a, b) != (i < j) {
				t.Errorf("%q before %q: %v", a, b, less(a, b))
			}
		}
	}
}

// A timeline that is empty at first: what is written from then on counts.
func TestEmptyTimeline(t *testing.T) {
	b := newBox(t)
	m := newMastodon(b, "oak.social")
	f := b.follow("oak.social", open)
	for range 3 {
		minute(t, b, m, f, 0)
	}
	m.publish(b.now().Add(-time.Hour), true) // it was there before, and hidden
	minute(t, b, m, f, 3)
	wantSeen(t, b, 3)
	minute(t, b, m, f, 3)
	wantSeen(t, b, 6)
	if gap := f.Health().Gap; gap != 0 {
		t.Errorf("gap %v", gap)
	}
}

// What is written then is told from what was there before by the server's own clock.
func TestEmptyTimelineOfAnotherClock(t *testing.T) {
	for _, ahead := range []time.Duration{-10 * time.Minute, 10 * time.Minute} {
		b := newBox(t)
		m := newMastodon(b, "oak.social")
		m.now = func() time.Time { return b.now().Add(ahead) }
		f := b.follow("oak.social", open)
		poll(t, f)
		m.publish(m.now().Add(-5*time.Minute), true) // it was there before, and hidden
		minute(t, b, m, f, 3)
		wantSeen(t, b, 3)
	}
}

// A server that was away, or that we were away from, is caught up with, four pages a minute.
func TestCatchUp(t *testing.T) {
	for _, most := range []int{0, 20, 30} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			b := newBox(t)
			m := newMastodon(b, "oak.social")
			m.set(func(m *mastodon) { m.most = most })
			m.post(1, true)
			f := b.follow("oak.social", open)
			poll(t, f)
			m.post(405, true)
			b.requests()
			for pass := range 20 {
				minute(t, b, m, f, 0)
				if n := len(b.requests()); n > 4 {
					t.Fatalf("%d requests in pass %d", n, pass)
				}
			}
			wantSeen(t, b, 405)
			if h := f.Health(); h.Gap != 0 || h.Events[Update] > 2*405 {
				t.Errorf("health %+v", h)
			}
		})
	}
}

// A page that is not full ends a pass, if the server has shown what a full one is.
func TestPagesOfAPass(t *testing.T) {
	for toots, want := range map[int]int{0: 1, 19: 1, 25: 2, 40: 2, 41: 2, 75: 2, 150: 4, 500: 4} {
		b := newBox(t)
		m := newMastodon(b, "oak.social")
		m.post(3, true)
		f := b.follow("oak.social", open)
		poll(t, f)
		b.requests()
		minute(t, b, m, f, toots)
		if n := len(b.requests()); n != want || b.seen() != min(toots, 160) {
			t.Errorf("%d toots: %d pages, %d seen", toots, n, b.seen())
		}
	}
}

// budgetHeld reports whether no more than so many requests were made in any window.
func budgetHeld(at []time.Time, most int, window time.Duration) bool {
	for i := range at {
		n := 0
		for _, other := range at[i:] {
			if other.Sub(at[i]) < window {
				n++
			}
		}
		if n > most {
			return false
		}
	}
	return true
}

// A timeline faster than the budget: it jumps, and what it skips is in the gap.
func TestTooFast(t *testing.T) {
	const perMinute = 300
	b := newBox(t)
	m := newMastodon(b, "oak.social")
	m.post(50, true)
	f := b.follow("oak.social", open)
	poll(t, f)
	b.requests()
	var asked []time.Time
	for range 64 {
		minute(t, b, m, f, perMinute)
		for range b.requests() {
			asked = append(asked, b.now())
		}
	}
	if !budgetHeld(asked, 60, 15*time.Minute) {
		t.Error("more than 60 pages in 15 minutes")
	}
	h := f.Health()
	behind := 64*perMinute - b.seen() // of which some may still be caught up
	at, _ := strconv.ParseUint(f.Position().ID, 10, 64)
	ahead := 0
	for _, toot := range m.toots {
		if toot.id > at {
			ahead++
		}
	}
	missed := behind - ahead
	if missed <= 0 || float64(missed) > h.Gap.Minutes()*perMinute*1.01 || float64(missed) < h.Gap.Minutes()*perMinute*0.98 {
		t.Errorf("%d were missed, the gap is %v, of %v toots", missed, h.Gap, h.Gap.Minutes()*perMinute)
	}
}

// Nearly as fast as the budget, which leaves no room to go back.
func TestAsFastAsMayBe(t *testing.T) {
	b := newBox(t)
	m := newMastodon(b, "oak.social")
	m.post(1, true)
	f := b.follow("oak.social", open)
	poll(t, f)
	for range 40 {
		minute(t, b, m, f, 130)
	}
	for range 40 {
		minute(t, b, m, f, 0)
	}
	wantSeen(t, b, 40*130)
	if gap := f.Health().Gap; gap != 0 {
		t.Errorf("gap %v", gap)
	}
}

// A server that knows no min_id shows the newest, over and over.
func TestServerIgnoresMinID(t *testing.T) {
	for _, row := range []struct {
		perMinute int
		missed    bool
	}{{7, false}, {39, false}, {100, true}} {
		t.Run(fmt.Sprint(row.perMinute), func(t *testing.T) {
			b := newBox(t)
			m := newMastodon(b, "oak.social")
			m.set(func(m *mastodon) {
				m.page = func(w http.ResponseWriter, r *http.Request) {
					q := r.URL.Query()
					q.Del("min_id")
					r.URL.RawQuery = q.Encode()
					m.servePage(w, r)
				}
			})
			m.post(50, true)
			f := b.follow("oak.social", open)
			poll(t, f)
			minute(t, b, m, f, 10) // here it can be noticed
			wantSeen(t, b, 10)
			b.requests()
			for range 10 {
				minute(t, b, m, f, row.perMinute)
			}
			if n := len(b.requests()); n != 10 {
				t.Errorf("%d requests in 10 passes", n)
			}
			h := f.Health()
			missed := 10 + 10*row.perMinute - b.seen()
			if (missed > 0) != row.missed || float64(missed) > h.Gap.Minutes()*float64(row.perMinute)*1.05 || (h.Gap > 0) != row.missed {
				t.Errorf("%d were missed, with a gap of %v", missed, h.Gap)
			}
		})
	}
}
