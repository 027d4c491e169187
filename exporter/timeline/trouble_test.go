package timeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

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
