package timeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// What a server may answer instead of a stream, to somebody who has a token.
func TestStreamRefused(t *testing.T) {
	for _, row := range []struct {
		name   string
		facts  Facts
		answer http.HandlerFunc
		reason string
		mode   Mode
	}{
		{"401", open, func(w http.ResponseWriter, _ *http.Request) { refuse(w, 401, "Invalid access token") }, "http_401", Polling},
		{"403", open, func(w http.ResponseWriter, _ *http.Request) { refuse(w, 403, "This action is not allowed") }, "http_403", Polling},
		{"404", open, func(w http.ResponseWriter, _ *http.Request) { refuse(w, 404, "Not found") }, "http_404", Polling},
		{"410", open, func(w http.ResponseWriter, _ *http.Request) { refuse(w, 410, "Gone") }, "http_4xx", Polling},
		{"429", open, func(w http.ResponseWriter, _ *http.Request) { refuse(w, 429, "Too many requests") }, "http_429", Streaming},
		{"503", open, func(w http.ResponseWriter, _ *http.Request) { refuse(w, 503, "") }, "http_5xx", Streaming},
		{"304", open, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) }, "http_other", Streaming},
		{"HTML", open, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>hello") }, "malformed", Streaming},
		{"nothing", open, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "connection", Streaming},
		{"gzip", open, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write([]byte("\x1f\x8b"))
		}, "protocol", Streaming},
		{"elsewhere", open, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elm.social/api/v1/streaming/public", http.StatusFound)
		}, "redirect", Polling},
		{"a neighbour", open, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://streaming.oak.social"+r.URL.Path, http.StatusMovedPermanently)
		}, "robots", Polling},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBox(t)
			m := newMastodon(b, "oak.social")
			m.set(func(m *mastodon) {
				m.live = row.answer
			})
			var told atomic.Pointer[string]
			f := b.follow("oak.social", row.facts, token(secret), func(o *Options) {
				o.Failed = func(err error) { text := ReasonOf(err) + " " + err.Error(); told.Store(&text) }
			})
			f.limits.first, f.limits.longest = time.Hour, time.Hour
			m.post(1, true)
			poll(t, f)
			wantHealth(t, f, row.mode == Polling, row.mode)
			if text := *told.Load(); !strings.HasPrefix(text, row.reason+" the stream of oak.social/local: ") || strings.Contains(text, secret) || strings.Contains(text, "Invalid") {
				t.Errorf("said %q, want %s", text, row.reason)
			}
			if h := f.Health(); h.Failures[row.reason] != 1 {
				t.Errorf("failures %v", h.Failures)
			}
			for range 3 { // pages go on
				minute(t, b, m, f, 2)
			}
			wantSeen(t, b, 6)
			for _, r := range b.requests() {
				if r.Host == "elm.social" || r.Host == "streaming.oak.social" {
					t.Errorf("asked %s", r.Host)
				}
			}
		})
	}
}

// A host of streams that is not the server's own, or not safe, gets no token: it is as if none were named, and said once.
func TestStreamingElsewhere(t *testing.T) {
	for _, named := range []string{
		"ws://oak.social", "http://oak.social", "wss://%zz", "wss://oak.social:4000", "https://streaming.oak.social:8443", "wss://127.0.0.1", "wss://[::1]:443",
		"wss://elm.social", "https://oak.social.elm.social", "wss://notoak.social", "wss://oak.social@elm.social", "wss://social", "wss://localhost", "oak.social", "://", "wss:",
	} {
		t.Run(named, func(t *testing.T) {
			b := newBox(t)
			var told atomic.Int64
			facts := open
			facts.Streaming = named
			_, f := streamed(t, b, facts, func(o *Options) {
				o.Failed = func(err error) {
					if told.Add(1); ReasonOf(err) != "other" || !strings.HasPrefix(err.Error(), "the stream of oak.social/local: the server names no") {
						t.Error(err)
					}
				}
			})
			for range 3 {
				b.pass(time.Minute)
				poll(t, f)
			}
			wantHealth(t, f, true, Streaming)
			if n := f.Health().Failures["other"]; n != 1 || told.Load() != 1 {
				t.Errorf("%d failures, told %d", n, told.Load())
			}
			for _, r := range b.requests() {
				if r.Host != "oak.social" {
					t.Errorf("asked %s", r.Host)
				}
			}
		})
	}
}

// A token that is refused is read and tried again after an hour.
func TestNewToken(t *testing.T) {
	b := newBox(t)
	m := newMastodon(b, "oak.social")
	m.set(func(m *mastodon) { m.token = secret })
	var now atomic.Value
	now.Store("old")
	f := b.follow("oak.social", open, func(o *Options) {
		o.Source.Token = func() (string, error) { return now.Load().(string) + "\n", nil }
	})
	poll(t, f)
	wantHealth(t, f, true, Polling)
	now.Store(secret)
	for range 59 {
		minute(t, b, m, f, 0)
		wantHealth(t, f, true, Polling)
	}
	minute(t, b, m, f, 0)
	wantHealth(t, f, true, Streaming)
}

// The file with the token vanishes: an open stream does not mind, a broken one waits, pages go on.
func TestTokenVanishes(t *testing.T) {
	b := newBox(t)
	m := newMastodon(b, "oak.social")
	m.set(func(m *mastodon) { m.token = secret })
	var gone atomic.Bool
	f := b.follow("oak.social", open, func(o *Options) {
		o.Source.Token = func() (string, error) {
			if gone.Load() {
				return "", errors.New("no such file")
			}
			return secret, nil
		}
	})
	poll(t, f)
	await(t, "a listener", func() bool { return m.listeners() == 1 })
	gone.Store(true)
	minute(t, b, m, f, 2)
	wantHealth(t, f, true, Streaming)
	m.kick()
	await(t, "a failure", func() bool { return f.Health().Failures["token"] > 2 })
	minute(t, b, m, f, 2)
	wantHealth(t, f, false, Streaming)
	wantSeen(t, b, 4)
	gone.Store(false)
	await(t, "the stream", func() bool { return f.Health().Up })
}

// Tokens that are none are not sent, and not shown.
func TestNoToken(t *testing.T) {
	for _, bad := range []string{"", " \n", "a b", "a\r\nX: 1", "ä", "a\x00"} {
		f := &Follower{o: Options{Source: Source{Token: func() (string, error) { return bad, nil }}}}
		h, err := f.authorization(true)
		if h != nil || ReasonOf(err) != "token" || err.Error() != "reading the token: it is no token" {
			t.Errorf("%q: %v, %v", bad, h, err)
		}
	}
}

// A server that takes the connection and closes it at once, or after a while, is not asked in a loop.
func TestBackOff(t *testing.T) {
	f := &Follower{limits: limits{first: time.Second, longest: 5 * time.Minute}}
	for failures, most := range map[int]time.Duration{0: time.Second, 1: 2 * time.Second, 8: 256 * time.Second, 9: 5 * time.Minute, 1 << 40: 5 * time.Minute} {
		shortest, longest := most, time.Duration(0)
		for range 2000 {
			wait := f.backOff(failures, io.EOF)
			shortest, longest = min(shortest, wait), max(longest, wait)
		}
		if shortest < 0 || shortest > most/10 || longest < most*9/10 || longest >= most { // by chance once in 10^91
			t.Errorf("from %v to %v after %d failures", shortest, longest, failures)
		}
	}
	for asked, least := range map[time.Duration]time.Duration{time.Minute: time.Minute, 24 * time.Hour: 5 * time.Minute} {
		if wait := f.backOff(0, fmt.Errorf("x: %w", &statusError{429, asked})); wait != least {
			t.Errorf("%v where the server asks for %v", wait, asked)
		}
	}
}

// What resets the back-off is a stream that lasts.
func TestBackOffGrows(t *testing.T) {
	for _, row := range []struct {
		good            time.Duration
		atMost, atLeast int64
	}{{time.Hour, 30, 2}, {0, 1 << 30, 60}} {
		b := newBox(t)
		m := newMastodon(b, "oak.social")
		var streams atomic.Int64
		m.set(func(m *mastodon) {
			m.live = func(w http.ResponseWriter, _ *http.Request) {
				streams.Add(1)
				w.Header().Set("Content-Type", "text/event-stream")
				write(w, ":)\n")
			}
		})
		f := b.follow("oak.social", open, token(secret))
		f.limits.first, f.limits.longest, f.limits.good = time.Millisecond, time.Hour, row.good
		f.o.Failed = func(error) {}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		poll(t, f)
		<-ctx.Done()
		cancel()
		f.Close()
		if n := streams.Load(); n > row.atMost || n < row.atLeast {
			t.Errorf("%d streams in a second, if %v is good", n, row.good)
		}
	}
}

// A reload closes the way out, and the stream goes on by the new one.
func TestReload(t *testing.T) {
	b := newBox(t)
	m, f := streamed(t, b, open)
	b.renew()
	await(t, "a reconnect", func() bool { return f.Health().Reconnects == 1 && m.listeners() == 1 })
	m.post(1, true)
	heard(t, f, Update, 1)
	if h := f.Health(); h.Failures != nil {
		t.Errorf("failures %v", h.Failures)
	}
}
