package timeline

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// In a federated timeline a toot may arrive late, below what was read.
func TestLateArrivals(t *testing.T) {
	for _, row := range []struct {
		late time.Duration
		seen int
	}{{50 * time.Second, 1}, {59 * time.Second, 1}, {4 * time.Minute, 0}} {
		t.Run(row.late.String(), func(t *testing.T) {
			b := newBox(t)
			m := newMastodon(b, "oak.social")
			m.post(3, true)
			f := b.follow("oak.social", open, federated)
			poll(t, f)
			for range 5 {
				minute(t, b, m, f, 5)
			}
			m.publish(b.now().Add(-row.late), false)
			for range 5 {
				minute(t, b, m, f, 5)
			}
			wantSeen(t, b, 50+row.seen)
			if _, remote := b.tally.Toots(); int(remote) != row.seen {
				t.Errorf("%d remote toots", remote)
			}
		})
	}
}

// Busy: two minutes of toots are too much to go back over, so that what is new still fits.
func TestOverlapLeavesRoom(t *testing.T) {
	b := newBox(t)
	m := newMastodon(b, "oak.social")
	m.post(3, true)
	f := b.follow("oak.social", open, federated)
	poll(t, f)
	for range 40 {
		minute(t, b, m, f, 152)
	}
	for range 3 {
		minute(t, b, m, f, 0)
	}
	wantSeen(t, b, 40*152)
	if gap := f.Health().Gap; gap != 0 {
		t.Errorf("gap %v", gap)
	}
}

// Whatever happens on the way, at the end of a whole pass each local toot after the first position was handed over, once: pages
// fail or break off, we restart, and either the host's limit is low, or toots become visible some time after they have got their
// ids.
func TestExactness(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 5))
			b := newBox(t)
			m := newMastodon(b, "oak.social")
			failing, limit, late := 0.0, 300, seed%2 > 0
			if !late {
				limit = 100 + random.IntN(100)
			}
			m.set(func(m *mastodon) {
				m.most = []int{0, 20, 40}[random.IntN(3)]
				m.page = func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("X-RateLimit-Limit", fmt.Sprint(limit))
					switch {
					case random.Float64() >= failing:
						m.servePage(&keepsHeader{w}, r)
					case random.IntN(2) == 0:
						refuse(w, []int{429, 500, 502, 503}[random.IntN(4)], "no")
					case random.IntN(2) == 0:
						panic(http.ErrAbortHandler)
					default:
						_, _ = w.Write([]byte("[" + m.toots[len(m.toots)-1].json + ",")) // breaks off
					}
				}
			})
			m.post(50, true)
			f := b.follow("oak.social", open)
			poll(t, f)
			want, hidden := 0, []time.Time(nil) // toots with an id that nobody sees yet
			for i := range 60 {
				failing = []float64{0, 0.5, 0.2}[i/20]
				for range random.IntN(3 + int(seed%20)) {
					want++
					if b.pass(time.Duration(random.IntN(3000)) * time.Millisecond); late && random.IntN(4) == 0 {
						hidden = append(hidden, b.now())
					} else {
						m.post(1, true)
					}
				}
				_ = f.Poll(t.Context())
				for _, at := range hidden {
					m.publish(at, true)
				}
				hidden = nil
				b.clock.Store(max(f.Due().UnixNano(), b.clock.Load()+int64(time.Minute)))
				if random.IntN(20) == 0 && f.Poll(t.Context()) == nil && f.Position().At.Equal(b.now()) { // all is seen
					f.Close()
					f = b.follow("oak.social", open, from(f.Position()))
				}
			}
			failing = 0
			for range 40 {
				b.pass(10 * time.Minute)
				poll(t, f)
			}
			wantSeen(t, b, want)
			if gap := f.Health().Gap; gap != 0 {
				t.Errorf("gap %v", gap)
			}
		})
	}
}

// Where the host's limit cuts a pass after each page, and a toot becomes visible late below the end of one, it is found all the
// same; and pages that are read again for that are not read for ever.
func TestCutAtTheEnd(t *testing.T) {
	b := newBox(t)
	m := newMastodon(b, "oak.social")
	m.post(3, true)
	m.set(func(m *mastodon) {
		m.most = 20
		m.page = func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-RateLimit-Limit", "5")
			m.servePage(&keepsHeader{w}, r)
		}
	})
	f := b.follow("oak.social", open)
	poll(t, f)
	quarter := func() {
		b.pass(15 * time.Minute)
		poll(t, f)
	}
	b.pass(time.Minute)
	m.post(20, true)
	b.pass(time.Second)
	late := b.now()
	quarter()
	wantSeen(t, b, 20)
	m.publish(late.Add(-time.Millisecond*1500), true)
	quarter()
	wantSeen(t, b, 21)
	m.post(100, true)
	for range 12 {
		quarter()
	}
	wantSeen(t, b, 121)
	if gap := f.Health().Gap; gap != 0 {
		t.Errorf("gap %v", gap)
	}
}

// Toots that are none are passed over and counted.
func TestBadToots(t *testing.T) {
	b := newBox(t)
	m := newMastodon(b, "oak.social")
	m.post(1, true)
	f := b.follow("oak.social", open)
	poll(t, f)
	b.pass(time.Minute)
	good, boost := m.status(idAt(b.now(), 1), b.now(), true), m.status(idAt(b.now(), 2), b.now(), true)
	boost = strings.Replace(boost, `"reblog":null`, `"reblog":{"id":"1"}`, 1)
	m.set(func(m *mastodon) {
		m.page = func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`[` + boost + `,{},null,{"id":"` + strings.Repeat("9", 65) + `"},{"id":"a b"},` + good + `]`))
		}
	})
	minute(t, b, m, f, 0)
	minute(t, b, m, f, 0)
	wantSeen(t, b, 1)
	h := f.Health()
	if h.Failures["malformed"] != 8 || h.Events[Boost] != 1 || h.Events[Update] != 2 || h.Duplicates != 1 {
		t.Errorf("health %+v", h)
	}
	if !slices.Contains(Reasons(), "malformed") {
		t.Error("malformed is no reason")
	}
}
