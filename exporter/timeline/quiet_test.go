package timeline

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// A timeline that is quiet for long, before and after a restart, shows nothing twice, though the server's clock is minutes ahead.
func TestQuiet(t *testing.T) {
	b := newBox(t)
	m := newMastodon(b, "oak.social")
	m.post(3, true)
	f := b.follow("oak.social", open)
	poll(t, f)
	m.publish(b.now().Add(3*time.Minute), true)
	b.pass(time.Minute)
	poll(t, f)
	wantSeen(t, b, 1)
	f.Close()
	b.forget()
	f = b.follow("oak.social", open, from(f.Position()))
	b.requests()
	for range 130 {
		b.pass(time.Minute)
		poll(t, f)
	}
	wantSeen(t, b, 0)
	if n := len(b.requests()); n != 132 { // two of them looked at the newest
		t.Errorf("%d requests", n)
	}
	m.post(2, true)
	minute(t, b, m, f, 0)
	wantSeen(t, b, 2)
}

// A server's clock may be ahead by more, and after a restart nobody knows. Even if the toot at the position is deleted, older ones are
// not taken for those of another software.
func TestQuietAndAhead(t *testing.T) {
	for _, row := range []struct {
		ahead   time.Duration
		deleted bool
	}{{10 * time.Minute, false}, {10 * time.Minute, true}, {-10 * time.Minute, false}, {5 * time.Hour, false}} {
		b := newBox(t)
		m := newMastodon(b, "oak.social")
		m.now = func() time.Time { return b.now().Add(row.ahead) }
		m.post(3, true)
		f := b.follow("oak.social", open)
		poll(t, f)
		b.pass(time.Minute)
		m.post(2, true)
		poll(t, f)
		wantSeen(t, b, 2)
		f.Close()
		b.forget()
		f = b.follow("oak.social", open, from(f.Position()))
		if row.deleted {
			m.set(func(m *mastodon) { m.toots = m.toots[:len(m.toots)-1] })
		}
		for range 130 {
			b.pass(time.Minute)
			poll(t, f)
		}
		wantSeen(t, b, 0)
		minute(t, b, m, f, 1)
		wantSeen(t, b, 1)
	}
}

// Another software with ids of another kind, all of them below the position.
func TestIDsBeginAnew(t *testing.T) {
	b := newBox(t)
	m := newMastodon(b, "oak.social")
	var ids []string
	at := map[string]time.Time{}
	m.set(func(m *mastodon) {
		m.page = func(w http.ResponseWriter, r *http.Request) {
			var found []string
			for _, id := range ids {
				if len(found) < 40 {
					found = append(found, strings.Replace(m.status(1, at[id], true), `"id":"1"`, `"id":"`+id+`"`, 1))
				}
			}
			if r.URL.Query().Has("min_id") { // as if it were larger than all
				found = nil
			}
			_, _ = w.Write([]byte("[" + strings.Replace(strings.Join(found, ","), "statuses/1", "statuses/x", 1) + "]"))
		}
	})
	f := b.follow("oak.social", open, from(Position{ID: "01GYZ7RRC4F3T5J5Y3K0XKQZ9A", At: b.now()}))
	poll(t, f)
	ids = []string{"7"}
	at["7"] = b.now().Add(10 * time.Minute)
	requests := 0
	for range 62 {
		b.requests()
		minute(t, b, m, f, 0)
		requests = max(requests, len(b.requests()))
	}
	wantSeen(t, b, 1)
	if id := f.Position().ID; id != "7" || requests > 2 {
		t.Errorf("position %s, up to %d requests a pass", id, requests)
	}
}
