package timeline

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// What robots.txt, timelines_access and the token make of it, at a server that would show everything to everybody.
func TestModes(t *testing.T) {
	const page, stream = "/api/v1/timelines/public", "/api/v1/streaming/public/local"
	for _, row := range []struct {
		name  string
		facts Facts
		token bool
		mode  Mode
		asked []string
	}{
		{"nothing known", Facts{Timeline: true, Stream: true}, false, Polling, []string{page}},
		{"public", open, false, Polling, []string{page}},
		{"public, with a token", open, true, Streaming, []string{stream, page}},
		{"users only", Facts{Timeline: true, Stream: true, Access: AccessAuthenticated}, false, Closed, nil},
		{"users only, with a token", Facts{Timeline: true, Stream: true, Access: AccessAuthenticated}, true, Streaming, []string{stream, page + " token"}},
		{"staff only", Facts{Timeline: true, Stream: true, Access: AccessDisabled}, false, Closed, nil},
		{"robots.txt forbids all", Facts{Access: AccessPublic}, true, Closed, nil},
		{"robots.txt forbids streams", Facts{Timeline: true, Access: AccessPublic}, true, Polling, []string{page}},
		{"robots.txt forbids pages", Facts{Stream: true, Access: AccessPublic}, true, Streaming, []string{stream}},
		{"robots.txt forbids pages, no token", Facts{Stream: true}, false, Streaming, []string{stream}},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBox(t)
			newMastodon(b, "oak.social")
			var edit []func(*Options)
			if row.token {
				edit = append(edit, token(secret))
			}
			f := b.follow("oak.social", row.facts, edit...)
			err := f.Poll(t.Context())
			wantHealth(t, f, row.mode != Closed, row.mode)
			want := ""
			if row.mode == Closed {
				want = "closed"
			}
			wantReason(t, err, want)
			var asked []string
			for _, r := range b.requests() {
				path := r.URL.Path
				if r.URL.Path == page && r.Header.Get("Authorization") != "" {
					path += " token"
				}
				asked = append(asked, path)
			}
			if !slices.Equal(asked, row.asked) {
				t.Errorf("asked %v, want %v", asked, row.asked)
			}
			if row.mode == Closed && !f.Due().Equal(b.now().Add(time.Hour)) {
				t.Errorf("due %v", f.Due())
			}
		})
	}
}

// refusal is an error answer that was recorded.
type refusal struct {
	Status    int
	Body      string
	RateLimit map[string]string
}

func refusals(t *testing.T) (all []refusal) {
	text, err := os.ReadFile("testdata/mastodon-errors.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var r refusal
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// Where pages are refused and there is no token, a stream without one is tried once; then nobody is asked for an hour, and then
// everything anew.
func TestClosed(t *testing.T) {
	for _, r := range refusals(t) {
		t.Run(fmt.Sprint(r.Status), func(t *testing.T) {
			b := newBox(t)
			m := newMastodon(b, "oak.social")
			m.post(3, true)
			f := b.follow("oak.social", open)
			poll(t, f)
			minute(t, b, m, f, 1)
			m.set(func(m *mastodon) {
				m.token = secret
				m.page = func(w http.ResponseWriter, _ *http.Request) {
					for key, value := range r.RateLimit {
						w.Header().Set(key, value)
					}
					w.WriteHeader(r.Status)
					_, _ = io.WriteString(w, r.Body)
				}
			})
			b.requests()
			m.post(2, true)
			b.pass(time.Minute)
			err := f.Poll(t.Context())
			wantReason(t, err, fmt.Sprintf("http_%d", r.Status))
			if want := fmt.Sprintf("reading oak.social/local: it answers %d", r.Status); err.Error() != want {
				t.Errorf("%q, want %q", err, want)
			}
			wantHealth(t, f, false, Closed)
			if n := len(b.requests()); n != 2 || !f.Due().Equal(b.now().Add(58*time.Minute)) {
				t.Errorf("%d requests; due %v", n, f.Due())
			}
			m.set(func(m *mastodon) { m.page = nil })
			for range 57 { // whoever calls too early
				b.pass(time.Minute)
				wantReason(t, f.Poll(t.Context()), "closed")
			}
			if n := len(b.requests()); n != 0 {
				t.Errorf("%d requests", n)
			}
			minute(t, b, m, f, 0)
			wantHealth(t, f, true, Polling)
			wantSeen(t, b, 3) // what came in the meantime is caught up
		})
	}
}

// A stream without a token is tried once, and not again and again as one that was open.
func TestTriedOnce(t *testing.T) {
	b := newBox(t)
	m := newMastodon(b, "oak.social")
	m.set(func(m *mastodon) {
		m.page = func(w http.ResponseWriter, _ *http.Request) { refuse(w, 422, "") }
		m.live = func(w http.ResponseWriter, _ *http.Request) { refuse(w, 503, "") }
	})
	f := b.follow("oak.social", Facts{Timeline: true, Stream: true})
	wantReason(t, f.Poll(t.Context()), "http_422")
	wantHealth(t, f, false, Closed)
	f.Close()
	if n := len(b.requests()); n != 2 {
		t.Errorf("%d requests", n)
	}
}

// A relay has a stream for everybody and no pages: the time without it is a gap.
func TestRelay(t *testing.T) {
	b := newBox(t)
	m := newMastodon(b, "oak.social")
	notFound := func(w http.ResponseWriter, _ *http.Request) { refuse(w, 404, "") }
	m.set(func(m *mastodon) { m.page = notFound })
	f := b.follow("oak.social", Facts{Timeline: true, Stream: true}, federated)
	poll(t, f)
	wantHealth(t, f, true, Streaming)
	await(t, "a listener", func() bool { return m.listeners() == 1 })
	m.post(3, false)
	heard(t, f, Update, 3)
	broke := b.now() // the last byte
	b.pass(10 * time.Second)
	m.set(func(m *mastodon) { m.live = func(w http.ResponseWriter, _ *http.Request) { refuse(w, 503, "") } })
	m.kick()
	await(t, "the break", func() bool { return f.Health().Failures["http_5xx"] > 0 })
	for range 3 {
		b.pass(time.Minute)
		m.post(5, false)
		wantReason(t, f.Poll(t.Context()), "http_5xx")
	}
	if gap := f.Health().Gap; gap != 190*time.Second {
		t.Errorf("gap %v while it is broken", gap)
	}
	b.pass(20 * time.Second)
	kept := f.Position()
	m.set(func(m *mastodon) { m.live = nil })
	await(t, "the stream", func() bool { return f.Health().Up && m.listeners() == 1 })
	poll(t, f)
	m.post(2, false)
	heard(t, f, Update, 5)
	if h := f.Health(); h.Gap != 210*time.Second || h.Reconnects != 1 || h.Failures["http_404"] != 1 {
		t.Errorf("health %+v", h)
	}
	wantSeen(t, b, 5)
	b.requests()
	for range 55 { // the hour is over in the last
		b.pass(time.Minute)
		poll(t, f)
	}
	if n := len(b.requests()); n != 0 {
		t.Errorf("pages were asked for %d times", n)
	}
	b.pass(5 * time.Minute)
	poll(t, f)
	if n := len(b.requests()); n != 1 {
		t.Errorf("pages were asked for %d times", n)
	}
	wantHealth(t, f, true, Streaming)
	f.Close()

	if want := broke.Add(190 * time.Second); kept.ID != "" || !kept.At.Equal(want) { // the last pass has added up to then
		t.Errorf("position %+v, want no id, and %v", kept, want)
	}
	b.clock.Store(kept.At.Add(time.Hour).UnixNano())
	f = b.follow("oak.social", Facts{Timeline: true, Stream: true}, federated, from(kept))
	poll(t, f)
	if gap := f.Health().Gap; gap != time.Hour {
		t.Errorf("gap %v after a restart", gap)
	}
}

// A stream that breaks before its first byte was open all the same, for as long as it was.
func TestRelaySaysNothing(t *testing.T) {
	b := newBox(t)
	m := newMastodon(b, "oak.social")
	broken := make(chan struct{})
	m.set(func(m *mastodon) {
		m.live = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			write(w, "")
			<-broken
		}
	})
	f := b.follow("oak.social", Facts{Stream: true})
	poll(t, f)
	m.set(func(m *mastodon) { m.live = func(w http.ResponseWriter, _ *http.Request) { refuse(w, 503, "") } })
	b.pass(time.Minute)
	close(broken)
	await(t, "the break", func() bool { return f.Health().Failures["http_5xx"] > 0 })
	wantReason(t, f.Poll(t.Context()), "http_5xx")
	if gap := f.Health().Gap; gap != time.Minute {
		t.Errorf("gap %v", gap)
	}
}

// Pages that need a user are read with the token, as soon as that is known.
func TestPagesWithToken(t *testing.T) {
	b := newBox(t)
	m := newMastodon(b, "oak.social")
	m.set(func(m *mastodon) {
		m.token, m.shut = secret, true
		m.live = func(w http.ResponseWriter, _ *http.Request) { refuse(w, 404, "") }
	})
	m.post(3, true)
	f := b.follow("oak.social", Facts{Timeline: true, Stream: true}, token(secret))
	poll(t, f)
	if n := len(b.requests()); n != 3 { // stream, page without and with token
		t.Errorf("%d requests", n)
	}
	minute(t, b, m, f, 4)
	wantSeen(t, b, 4)
	if n := len(b.requests()); n != 1 {
		t.Errorf("%d requests", n)
	}
	m.set(func(m *mastodon) { m.token = "another" })
	b.pass(time.Minute)
	wantReason(t, f.Poll(t.Context()), "http_401")
	wantHealth(t, f, false, Closed)
}
