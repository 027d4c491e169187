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
	for n < 10_000 && p.take(by) == nil {
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
			if p.take("a") == nil {
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
		if p.take("modest") == nil {
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
