package timeline

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"testing"
	"time"
)

// bomb is a page that is small on the wire.
func bomb(t *testing.T) http.HandlerFunc {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := io.CopyN(z, zeros{}, 64<<20); err != nil {
		t.Fatal(err)
	}
	_ = z.Close()
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed.Bytes())
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

// drain takes pages until there are none, and returns how many.
func drain(p *Pages, by string) (n int) {
	for n < 10_000 && p.take(by) {
		n++
	}
	return n
}

func TestPagesHeed(t *testing.T) {
	for limit, row := range map[string]struct {
		age  string
		want int
	}{
		"300": {"", 60}, "100": {"", 20}, "7": {"", 1}, "1": {"", 1}, "0": {"", 60}, "-5": {"", 60}, "": {"", 60}, "many": {"", 60}, "299.5": {"", 60},
		"1000000000": {"", 60}, "99999999999999999999999": {"", 60}, " 50 ": {"", 10}, "20": {"3", 60}, "25": {"0", 5}, "35": {"old", 7},
	} {
		p := NewPages(time.Minute, time.Now)
		p.share(1)
		h := header("X-RateLimit-Limit", limit)
		if row.age != "" {
			h.Set("Age", row.age)
		}
		if p.heed(h); drain(p, "a") != row.want {
			t.Errorf("limit %q, age %q: not %d pages", limit, row.age, row.want)
		}
	}
}

func TestPagesWindow(t *testing.T) {
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	p := NewPages(time.Minute, func() time.Time { return now })
	p.share(1)
	var at []time.Time
	for range 100 {
		for range 7 {
			if p.take("a") {
				at = append(at, now)
			}
		}
		now = now.Add(40 * time.Second)
	}
	if !budgetHeld(at, 60, 15*time.Minute) || len(at) < 240 {
		t.Errorf("%d pages in %v", len(at), now)
	}
	if n := len(p.taken); n > 60 {
		t.Errorf("%d are remembered", n)
	}
}

// Two timelines of a host share its budget, and neither starves.
func TestPagesAreShared(t *testing.T) {
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	p := NewPages(time.Minute, func() time.Time { return now })
	p.share(2)
	greedy, modest := drain(p, "greedy"), 0
	if greedy != 45 || drain(p, "modest") != 15 {
		t.Errorf("greedy %d", greedy)
	}
	for range 60 {
		now = now.Add(time.Minute)
		greedy += drain(p, "greedy")
		if p.take("modest") {
			modest++
		}
	}
	if modest < 45 || greedy != 5*45 {
		t.Errorf("greedy %d, modest %d", greedy, modest)
	}
	p.share(-1)
	now = now.Add(time.Hour)
	if n := drain(p, "greedy"); n != 60 {
		t.Errorf("alone it gets %d", n)
	}
}

// A host that asks to be left alone is, up to an hour: by all its timelines.
func TestRest(t *testing.T) {
	for _, row := range []struct {
		name   string
		header http.Header
		want   time.Duration
	}{
		{"Mastodon's", header("X-RateLimit-Limit", "300", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "2026-11-24T10:06:30.872845Z"), 5*time.Minute + 30*time.Second},
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
				if row.want > time.Minute {
					poll(t, other)
				}
				if !f.Due().After(b.now()) {
					poll(t, f)
				}
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

// What a server announces bounds the pages of a pass, and with them what can be caught up in one.
func TestLowLimit(t *testing.T) {
	b := newBox(t)
	m := newMastodon(b, "oak.social")
	m.post(1, true)
	m.set(func(m *mastodon) {
		m.page = func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-RateLimit-Limit", "30")
			m.servePage(&keepsHeader{w}, r)
		}
	})
	f := b.follow("oak.social", open)
	poll(t, f)
	m.post(200, true)
	var at []time.Time
	b.requests()
	for range 60 {
		minute(t, b, m, f, 0)
		for range b.requests() {
			at = append(at, b.now())
		}
	}
	wantSeen(t, b, 200)
	if !budgetHeld(at, 6, 15*time.Minute) || len(at) != 24 {
		t.Errorf("%d pages", len(at))
	}
	if gap := f.Health().Gap; gap != 0 {
		t.Errorf("gap %v", gap)
	}
}

// keepsHeader has a header that is set already.
type keepsHeader struct{ http.ResponseWriter }

func (*keepsHeader) Header() http.Header { return http.Header{} }
