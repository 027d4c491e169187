package timeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
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

// Answers that are no page: nothing counts, nothing moves, nobody is asked in a loop, and afterwards all is caught up.
func TestBadPages(t *testing.T) {
	send := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
	}
	for _, row := range []struct {
		name   string
		answer http.HandlerFunc
		reason string
	}{
		{"HTML", send("<!DOCTYPE html><title>hello</title>"), "malformed"},
		{"nothing", send(""), "malformed"},
		{"an object", send(`{"error":"no"}`), "malformed"},
		{"half a page", send(`[{"id":"1`), "malformed"},
		{"no toots at all", send("[" + strings.Repeat("{},", 39) + "{}]"), "malformed"},
		{"deep", send(strings.Repeat("[", 1<<20)), "malformed"},
		{"too much", send("[" + strings.Repeat(" ", pageBody) + "]"), "too_big"},
		{"a bomb", bomb(t), "too_big"},
		{"500", func(w http.ResponseWriter, _ *http.Request) { refuse(w, 500, "") }, "http_5xx"},
		{"204", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, "http_other"},
		{"429", func(w http.ResponseWriter, _ *http.Request) { refuse(w, 429, "") }, "http_429"},
		{"a connection that breaks", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "connection"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBox(t)
			m := newMastodon(b, "oak.social")
			m.post(3, true)
			f := b.follow("oak.social", open)
			poll(t, f)
			minute(t, b, m, f, 2)
			before := f.Position()
			m.set(func(m *mastodon) { m.page = row.answer })
			b.requests()
			waits := []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 8 * time.Minute}
			for i, wait := range waits {
				b.clock.Store(f.Due().UnixNano())
				err := f.Poll(t.Context())
				wantReason(t, err, row.reason)
				if text := err.Error(); !strings.HasPrefix(text, "reading oak.social/local: ") || strings.Contains(text, "hello") {
					t.Errorf("error %q", text)
				}
				if !f.Due().Equal(b.now().Add(wait)) {
					t.Errorf("due %v after %d failures", f.Due().Sub(b.now()), i+1)
				}
			}
			if h := f.Health(); len(b.requests()) != len(waits) || f.Position() != before || h.Failures[row.reason] != uint64(len(waits)) || h.Up || h.Mode != Polling {
				t.Errorf("health %+v", h)
			}
			m.set(func(m *mastodon) { m.page = nil })
			m.post(50, true)
			minute(t, b, m, f, 0)
			wantSeen(t, b, 52)
			wantHealth(t, f, true, Polling)
		})
	}
}

// Redirects are not followed: nobody has asked the target's robots.txt. That is as good as closed.
func TestRedirects(t *testing.T) {
	for to, reason := range map[string]string{
		"https://www.oak.social/api/v1/timelines/public": "robots", "https://elm.social/api/v1/timelines/public": "redirect",
		"http://oak.social/": "redirect", "https://127.0.0.1/": "redirect", "/api/v1/timelines/public/": "robots",
	} {
		b := newBox(t)
		m := newMastodon(b, "oak.social")
		m.set(func(m *mastodon) {
			m.token = secret
			m.page = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
		})
		f := b.follow("oak.social", open)
		wantReason(t, f.Poll(t.Context()), reason)
		wantHealth(t, f, false, Closed)
		if n := len(b.requests()); n != 2 {
			t.Errorf("%s: %d requests", to, n)
		}
	}
}

// A page that can never be read is jumped over in the end.
func TestPoisonedPage(t *testing.T) {
	b := newBox(t)
	m := newMastodon(b, "oak.social")
	m.post(3, true)
	f := b.follow("oak.social", open)
	poll(t, f)
	m.set(func(m *mastodon) {
		m.page = func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("min_id") == fmt.Sprint(m.toots[2].id) {
				_, _ = io.WriteString(w, "[{]")
				return
			}
			m.servePage(w, r)
		}
	})
	for range 100 {
		b.pass(time.Second)
		m.post(1, true)
	}
	failed := 0
	for range 20 {
		b.clock.Store(f.Due().UnixNano())
		if f.Poll(t.Context()) != nil {
			failed++
		}
	}
	if h := f.Health(); failed != 15 || h.Gap != 61*time.Second || b.seen() != 40 {
		t.Errorf("%d failures, %d seen, health %+v", failed, b.seen(), h)
	}
}

// Facts that can't be got: nobody is asked anything. What was known holds for a day, for a stream that is open.
func TestFacts(t *testing.T) {
	b := newBox(t)
	m := newMastodon(b, "oak.social")
	var broken atomic.Bool
	facts := open
	f := b.follow("oak.social", open, token(secret), func(o *Options) {
		o.Facts = func(context.Context) (Facts, error) {
			if broken.Load() {
				return open, errors.New("no answer")
			}
			return facts, nil
		}
	})
	broken.Store(true)
	err := f.Poll(t.Context())
	wantReason(t, err, "other")
	wantHealth(t, f, false, Unknown)
	if !f.Due().Equal(b.now().Add(time.Minute)) || len(b.requests()) != 0 || err.Error() != "asking how to follow oak.social/local: no answer" {
		t.Errorf("due %v, %v", f.Due(), err)
	}
	broken.Store(false)
	poll(t, f)
	await(t, "a listener", func() bool { return m.listeners() == 1 })
	broken.Store(true)
	b.requests()
	for began := b.now(); b.now().Sub(began) < 23*time.Hour; {
		b.clock.Store(f.Due().UnixNano())
		if err := f.Poll(t.Context()); (err != nil) != (b.now().Sub(began) >= time.Hour) {
			t.Fatalf("after %v: %v", b.now().Sub(began), err)
		}
	}
	wantHealth(t, f, false, Streaming)
	if n := len(b.requests()); n != 59 {
		t.Errorf("%d pages", n)
	}
	b.pass(time.Hour)
	wantReason(t, f.Poll(t.Context()), "other")
	wantHealth(t, f, false, Unknown)
	await(t, "nobody to listen", func() bool { return m.listeners() == 0 })

	broken.Store(false) // and robots.txt asks to stay away
	facts = Facts{Access: AccessPublic}
	b.requests()
	wantReason(t, f.Poll(t.Context()), "closed")
	if n := len(b.requests()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// robots.txt that asks to stay away, an hour later at the latest, ends an open stream.
func TestOptOut(t *testing.T) {
	b := newBox(t)
	facts := open
	m, f := streamed(t, b, open, func(o *Options) {
		o.Facts = func(context.Context) (Facts, error) { return facts, nil }
	})
	facts = Facts{Access: AccessPublic}
	minute(t, b, m, f, 0)
	b.pass(time.Hour)
	wantReason(t, f.Poll(t.Context()), "closed")
	wantHealth(t, f, false, Closed)
	await(t, "nobody to listen", func() bool { return m.listeners() == 0 })
}

func TestReasonsAreClosed(t *testing.T) {
	all := Reasons()
	for status := range 700 {
		if reason := ReasonOf(&statusError{status: status}); !slices.Contains(all, reason) {
			t.Errorf("%d: %s", status, reason)
		}
	}
	if ReasonOf(nil) != "" || !slices.Contains(all, ReasonOf(errors.New("x"))) || !slices.Contains(all, ReasonOf(io.EOF)) {
		t.Error("reasons are missing")
	}
	for i, reason := range all {
		if slices.Contains(all[:i], reason) {
			t.Errorf("%s twice", reason)
		}
	}
}
