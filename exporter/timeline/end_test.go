package timeline

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// Close ends whatever is under way, and afterwards there is nothing: TestMain looks for goroutines.
func TestClose(t *testing.T) {
	hangs := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		write(w, "[")
		<-r.Context().Done()
	}
	for name, set := range map[string]func(*mastodon){
		"an open stream": func(*mastodon) {}, "a page that hangs": func(m *mastodon) { m.page = hangs }, "a stream that hangs": func(m *mastodon) { m.live = hangs },
		"back-off": func(m *mastodon) { m.live = func(w http.ResponseWriter, _ *http.Request) { refuse(w, 500, "") } },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			m := newMastodon(b, "oak.social")
			m.set(set)
			f := b.follow("oak.social", open, token(secret))
			f.limits.first, f.limits.longest = time.Hour, time.Hour
			done := make(chan error)
			go func() { done <- f.Poll(t.Context()) }()
			await(t, "requests", func() bool { b.mu.Lock(); defer b.mu.Unlock(); return len(b.asked) == 2 })
			began := time.Now()
			f.Close()
			if err := <-done; err != nil || name == "a page that hangs" { // it may have been under way
				wantReason(t, err, "canceled")
			}
			if h := f.Health(); name != "back-off" && h.Failures != nil {
				t.Errorf("failures %v", h.Failures)
			}
			f.Close()
			if mode := f.Health().Mode; mode == Streaming {
				t.Error("the stream goes on")
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
			wantReason(t, f.Poll(t.Context()), "canceled")
			if n := len(b.requests()); n != 2 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// A Follower that is closed while a pass is under way is in no trouble, though the pass had nothing but a stream to open.
func TestCloseOfPass(t *testing.T) {
	for _, facts := range []Facts{open, {Stream: true}} {
		b := newBox(t)
		m := newMastodon(b, "oak.social")
		asked := make(chan struct{})
		m.set(func(m *mastodon) {
			m.live = func(_ http.ResponseWriter, r *http.Request) { close(asked); <-r.Context().Done() }
		})
		f := b.follow("oak.social", facts, token(secret))
		done := make(chan error)
		go func() { done <- f.Poll(t.Context()) }()
		<-asked
		f.Close()
		wantReason(t, <-done, "canceled")
		if h := f.Health(); h.Failures != nil {
			t.Errorf("failures %v", h.Failures)
		}
	}
	b := newBox(t)
	f := b.follow("oak.social", Facts{})
	f.cancel()
	_ = f.pass(t.Context()) // which learns of it a little later
	if h := f.Health(); h.Failures != nil {
		t.Errorf("failures %v", h.Failures)
	}
	// And where the caller has no more time.
	newMastodon(b, "oak.social").set(func(m *mastodon) { m.page = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() } })
	f = b.follow("oak.social", open)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	wantReason(t, f.Poll(ctx), "canceled")
	if h := f.Health(); h.Failures != nil {
		t.Errorf("failures %v", h.Failures)
	}
}

// Passes and streams go on while it is closed: for the race detector.
func TestCloseAmidAll(t *testing.T) {
	for range 30 {
		b := newBox(t)
		m, f := streamed(t, b, open)
		b.pass(time.Minute)
		poll(t, f)
		m.post(100, true)
		b.pass(time.Minute)
		var passes sync.WaitGroup
		begun := make(chan struct{})
		passes.Go(func() {
			close(begun)
			for range 20 {
				_ = f.Poll(t.Context())
			}
		})
		<-begun
		f.Close()
		passes.Wait()
		if id := f.Position().ID; less(id, fmt.Sprint(m.toots[0].id)) {
			t.Errorf("position %s", id)
		}
	}
}

// After a restart nothing counts again that the stream has told since the last pass; but what it may have missed is looked for.
func TestRestartOfStream(t *testing.T) {
	for _, broke := range []bool{false, true} {
		b := newBox(t)
		m, f := streamed(t, b, open)
		b.pass(time.Minute)
		poll(t, f)
		if broke {
			m.kick()
			await(t, "a reconnect", func() bool { return f.Health().Reconnects == 1 && m.listeners() == 1 })
		}
		b.pass(time.Second)
		m.post(5, true)
		heard(t, f, Update, 5)
		if p := f.Position(); p.At.Equal(b.now()) == broke {
			t.Errorf("position %+v", p)
		}
		f.Close()
		b.forget()
		m.post(2, true)
		b.pass(time.Minute)
		f = b.follow("oak.social", open, from(f.Position()))
		poll(t, f)
		wantSeen(t, b, map[bool]int{false: 2, true: 7}[broke])
	}
}

// A pass right before the end, though none is due, finds what the stream has dropped; what it told since then is in the position too.
func TestEndInOrder(t *testing.T) {
	b := newBox(t)
	m, f := streamed(t, b, open)
	b.pass(time.Minute)
	poll(t, f)
	b.pass(time.Second)
	m.set(func(m *mastodon) { m.drop = func(toot) bool { return true } })
	m.post(1, true)
	m.set(func(m *mastodon) { m.drop = nil })
	b.pass(time.Second)
	m.post(1, true)
	heard(t, f, Update, 1)
	poll(t, f)
	b.pass(time.Second)
	m.post(1, true)
	heard(t, f, Update, 4) // two of them by the page
	f.Close()
	before := b.seen()
	if p := f.Position(); p.ID != fmt.Sprint(m.toots[5].id) || !p.At.Equal(b.now()) {
		t.Errorf("position %+v", p)
	}
	b.forget()
	f = b.follow("oak.social", open, from(f.Position()))
	for range 3 {
		minute(t, b, m, f, 1)
	}
	if n := before + b.seen(); n != 6 {
		t.Errorf("6 were written, %d counted", n)
	}
}

// After a restart it goes on where it was, and never looks before that.
func TestRestart(t *testing.T) {
	b := newBox(t)
	m := newMastodon(b, "oak.social")
	m.post(30, true)
	f := b.follow("oak.social", open)
	poll(t, f)
	minute(t, b, m, f, 10)
	f.Close()
	kept, err := json.Marshal(f.Position())
	if err != nil || strings.Count(string(kept), ":") != 4 { // two fields, and the two of a time
		t.Fatalf("%s, %v", kept, err)
	}
	var p Position
	if err := json.Unmarshal(kept, &p); err != nil {
		t.Fatal(err)
	}
	m.post(100, true)
	b.pass(10 * time.Minute)
	b.forget()
	f = b.follow("oak.social", open, from(p))
	poll(t, f)
	wantSeen(t, b, 100)
	m.publish(p.At.Add(-time.Hour), true) // before
	minute(t, b, m, f, 1)
	wantSeen(t, b, 101)
}
