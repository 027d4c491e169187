package timeline

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const secret = "sEcReT-tOkEn_0123456789"

// streamed is a local timeline that comes by a stream, which is open.
func streamed(t testing.TB, b *box, facts Facts, edit ...func(*Options)) (*mastodon, *Follower) {
	t.Helper()
	m := newMastodon(b, "oak.social")
	m.set(func(m *mastodon) { m.token = secret })
	m.post(3, true)
	f := b.follow("oak.social", facts, append([]func(*Options){token(secret)}, edit...)...)
	poll(t, f)
	await(t, "a listener", func() bool { return m.listeners() == 1 })
	return m, f
}

// told waits until so many events have come by the stream.
func heard(t testing.TB, f *Follower, event Event, n uint64) {
	t.Helper()
	await(t, fmt.Sprintf("%d × %s", n, event), func() bool { return f.Health().Events[event] >= n })
}

func TestStream(t *testing.T) {
	for _, row := range []struct {
		scope     Scope
		streaming string
		host      string
		path      string
	}{
		{Local, "", "oak.social", "/api/v1/streaming/public/local"},
		{Federated, "wss://oak.social", "oak.social", "/api/v1/streaming/public"},
		{Local, "wss://streaming.oak.social", "streaming.oak.social", "/api/v1/streaming/public/local"},
		{Federated, "https://Streaming.Oak.social.:443/base/", "streaming.oak.social", "/base/api/v1/streaming/public"},
	} {
		t.Run(string(row.scope)+" "+row.streaming, func(t *testing.T) {
			b := newBox(t)
			m := newMastodon(b, "oak.social")
			m.set(func(m *mastodon) { m.token, m.beat = secret, time.Millisecond })
			b.serve(row.host, m)
			if strings.HasPrefix(row.path, "/base/") {
				b.serve(row.host, http.StripPrefix("/base", m))
				b.serve("oak.social", m)
			}
			facts := open
			facts.Streaming = row.streaming
			f := b.follow("oak.social", facts, token(secret), func(o *Options) { o.Source.Scope = row.scope })
			poll(t, f)
			wantHealth(t, f, true, Streaming)
			r := b.requests()
			if len(r) != 2 || r[0].Host != row.host || r[0].URL.RequestURI() != row.path || r[0].Header.Get("Authorization") != "Bearer "+secret {
				t.Fatalf("asked %v", r)
			}
			if r[1].URL.Path != "/api/v1/timelines/public" || r[1].Header.Get("Authorization") != "" {
				t.Errorf("the token goes where none is needed: %v", r[1])
			}
			await(t, "a listener", func() bool { return m.listeners() == 1 })
			b.pass(time.Second)
			m.post(5, true)
			m.publish(b.now(), false)
			m.say("event: status.update\ndata: {}\n\nevent: delete\ndata: 1\n\nevent: filters_changed\ndata: undefined\n\n")
			heard(t, f, Other, 1)
			want := [Other + 1]uint64{Update: 5, Edit: 1, Delete: 1, Other: 1}
			if row.scope == Federated {
				want[Update]++
			}
			h := f.Health()
			if h.Events != want || h.Duplicates != 0 || h.Failures != nil || !h.LastEvent.Equal(b.now()) {
				t.Errorf("health %+v", h)
			}
			b.pass(time.Minute)
			poll(t, f) // sees them again
			h = f.Health()
			if h.Duplicates != want[Update] || h.Events[Update] != 2*want[Update] || h.Gap != 0 || h.Reconnects != 0 {
				t.Errorf("health %+v", h)
			}
			wantSeen(t, b, int(want[Update]))
		})
	}
}

// What the server drops without a word the next pass finds, and what the stream told nobody counts again.
func TestReconciliation(t *testing.T) {
	b := newBox(t)
	m, f := streamed(t, b, open)
	m.set(func(m *mastodon) { m.drop = func(t toot) bool { return t.id%3 == 0 } })
	dropped := uint64(0)
	for range 5 {
		m.post(30, true)
		b.pass(time.Minute)
		poll(t, f)
	}
	for _, toot := range m.toots[3:] {
		if toot.id%3 == 0 {
			dropped++
		}
	}
	await(t, "the rest", func() bool { return b.seen() == 150 })
	if dropped == 0 || f.Health().Gap != 0 {
		t.Errorf("%d dropped, gap %v", dropped, f.Health().Gap)
	}
}

// A stream that was open all the while has told what no pass can: where it jumps, nothing is missed.
func TestStreamFasterThanPages(t *testing.T) {
	b := newBox(t)
	m, f := streamed(t, b, open)
	for range 30 {
		m.post(200, true)
		b.pass(time.Minute)
		poll(t, f)
	}
	await(t, "all", func() bool { return b.seen() == 30*200 })
	if h := f.Health(); h.Gap != 0 {
		t.Errorf("gap %v", h.Gap)
	}
}

// A stream that broke for a while, in a timeline too fast for pages: what came before it was open again is a gap, no more.
func TestStreamBrokeInFastTimeline(t *testing.T) {
	b := newBox(t)
	m, f := streamed(t, b, open)
	b.pass(time.Minute)
	poll(t, f)
	m.set(func(m *mastodon) {
		m.live = func(w http.ResponseWriter, _ *http.Request) { refuse(w, 503, "no") }
	})
	m.kick()
	await(t, "the break", func() bool { return !f.Health().Up })
	for range 600 { // ten minutes
		b.pass(time.Second)
		m.post(5, true)
	}
	m.set(func(m *mastodon) { m.live = nil })
	await(t, "a listener", func() bool { return m.listeners() == 1 && f.Health().Up })
	for range 60 {
		for range 60 {
			b.pass(time.Second)
			m.post(5, true)
		}
		poll(t, f)
	}
	await(t, "what the stream tells", func() bool { return f.Health().Events[Update] >= 60*300 })
	missed := 70*300 - b.seen()
	if h := f.Health(); missed < 300 || float64(missed) > h.Gap.Minutes()*300+1 || h.Gap > 10*time.Minute {
		t.Errorf("%d missed, gap %v", missed, h.Gap)
	}
}

// A stream that says nothing any more is opened anew; heartbeats are life, though a byte at a time.
func TestWatchdog(t *testing.T) {
	b := newBox(t)
	m := newMastodon(b, "oak.social")
	var streams atomic.Int64
	m.set(func(m *mastodon) {
		m.live = func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			if streams.Add(1) < 3 {
				write(w, ":)\n")
				<-r.Context().Done()
				return
			}
			for tick := time.NewTicker(5 * time.Millisecond); ; {
				for _, c := range ":thump\n" {
					select {
					case <-tick.C:
						write(w, string(c))
					case <-r.Context().Done():
						tick.Stop()
						return
					}
				}
			}
		}
	})
	failed := make(chan error, 10)
	f := b.follow("oak.social", open, token(secret), func(o *Options) { o.Failed = func(err error) { failed <- err } })
	f.limits.silence = 100 * time.Millisecond
	poll(t, f)
	for range 2 {
		wantReason(t, <-failed, "silent")
	}
	await(t, "the third", func() bool { return f.Health().Up })
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range 10 { // five times as long as silence may last
		<-tick.C
	}
	if h := f.Health(); streams.Load() != 3 || h.Failures["silent"] != 2 || h.Reconnects != 2 || !h.Up {
		t.Errorf("%d streams, health %+v", streams.Load(), h)
	}
}

// Strange things that a stream may say do no harm to what comes after them.
func TestStrangeStream(t *testing.T) {
	b := newBox(t)
	m, f := streamed(t, b, open)
	toot := func(n uint64) string { return m.status(n, b.now(), true) }
	m.say("event: update\ndata: {\"id\":\n\n" + "event: update\ndata: []\n\n" + "event: update\ndata: {}\n\n" + "event: update\ndata: \"x\"\n\n")
	m.say("event: update\ndata: " + strings.Repeat("x", 10<<20) + "\n\n")
	for _, c := range "event: update\r\ndata: " + toot(1) + "\r\n\r\n" { // drips
		m.say(string(c))
	}
	for _, id := range []uint64{9, 5, 7, 5, 9, 1, 1 << 63} { // out of order, and again
		m.say("event: update\ndata: " + toot(id) + "\n\n")
	}
	m.say("event: update\ndata: " + strings.Replace(toot(11), `"reblog":null`, `"reblog":{"id":"3"}`, 1) + "\n\n")
	heard(t, f, Boost, 1)
	h := f.Health()
	if h.Events[Update] != 8 || h.Duplicates != 3 || h.Failures["malformed"] != 5 || h.Reconnects != 0 {
		t.Errorf("health %+v", h)
	}
	wantSeen(t, b, 5)
	b.requests()
	minute(t, b, m, f, 2)
	if r := b.requests(); len(r) != 1 || r[0].URL.Query().Get("min_id") != fmt.Sprint(m.toots[2].id) {
		t.Errorf("the stream has moved the position: %v", r)
	}
	wantSeen(t, b, 7)
}
