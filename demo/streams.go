package demo

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// Wall times of streams: how often they look what has become visible, and how often they show that they live.
const (
	lookEvery  = 4 * time.Millisecond
	thumpEvery = 15 * time.Second
)

// streamingLabel is what stands before an instance's name in that of the host of its streams.
const streamingLabel = "streaming."

// streamer is the instance whose streams a host has, -1 if it has none.
func (w *World) streamer(host string, now time.Time) int {
	if name, ok := strings.CutPrefix(host, streamingLabel); ok {
		if i := w.Find(name); i >= 0 && w.Live(i, now).Streaming {
			return i
		}
	}
	return -1
}

// streamerAddr is the address of a host of streams, which is that of its instance, and whether there is such a host.
func (w *World) streamerAddr(host string, qtype uint16, now time.Time) (netip.Addr, bool) {
	i := w.streamer(host, now)
	if i < 0 {
		return netip.Addr{}, false
	}
	st := w.State(i, now)
	switch {
	case st.Behaviour == NoName:
		return netip.Addr{}, false
	case qtype == dns.TypeA:
		return st.V4, true
	case qtype == dns.TypeAAAA:
		return st.V6, true
	}
	return netip.Addr{}, true
}

// streams are those that are open.
type streams struct {
	mu  sync.Mutex
	all map[*stream]time.Time // until when each has said everything
}

func (s *streams) told(one *stream, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[*stream]time.Time{}
	}
	s.all[one] = until
}

func (s *streams) shut(one *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, one)
}

// behind is how many streams have not been sent all that was to be seen at a time.
func (s *streams) behind(now time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, until := range s.all {
		if until.Before(now) {
			n++
		}
	}
	return n
}

// OpenStreams is how many streams are open.
func (n *Network) OpenStreams() int {
	n.streams.mu.Lock()
	defer n.streams.mu.Unlock()
	return len(n.streams.all)
}

// StreamsCaughtUp waits until all open streams have been sent everything that is to be seen now, or the context ends. That it has been
// sent doesn't say that the visitor has read it. A stream is open from when its first line is there.
func (n *Network) StreamsCaughtUp(ctx context.Context) error {
	now := n.now()
	tick := time.NewTicker(lookEvery / 4)
	defer tick.Stop()
	for n.streams.behind(now) > 0 {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %d streams: %w", n.streams.behind(now), ctx.Err())
		case <-tick.C:
		}
	}
	return nil
}

// stream is a timeline as it is written.
type stream struct {
	v       *visitOf
	by      *speaker
	of      scope
	opened  int64   // Unix time in milliseconds
	reached int64   // the minute until which pending is filled
	pending []event // what is to come, the first first
	buffer  []spark
	sent    int
}

// event is what a stream says.
type event struct {
	at   int64
	kind string
	toot shown
}

// stream answers for /api/v1/streaming/public, …/local and …/remote. Since Mastodon 4.2 they are for users only.
func (v *visitOf) stream() {
	of, ok := map[string]scope{"": federated, "/local": local, "/remote": remote}[strings.TrimPrefix(v.r.URL.Path, "/api/v1/streaming/public")]
	who := bearerOf(v.r)
	switch {
	case !v.st.Mastodon:
		v.refuse(http.StatusNotFound, "Not found")
	case v.live.Streaming && !v.streams:
		v.w.Header().Set("Location", "https://"+streamingLabel+v.name+v.r.URL.RequestURI())
		v.status(http.StatusMovedPermanently, fine)
	case who == nobody && atLeast(v.st, 4, 2):
		v.refuse(http.StatusUnauthorized, "Missing access token")
	case who == app, who == stranger:
		v.refuse(http.StatusUnauthorized, "Invalid access token")
	case !ok:
		v.refuse(http.StatusBadRequest, "Unknown channel requested")
	default:
		v.note(fine, nil)
		h := v.w.Header()
		h.Set("Content-Type", "text/event-stream")
		h.Set("Cache-Control", "no-store")
		opened := v.now.UnixMilli()
		s := &stream{v: v, by: v.speaker(), of: of, opened: opened, reached: v.n.world.minuteOf(opened-latest-lastChange) - 1}
		v.n.streams.told(s, v.now)
		v.n.journal.streaming(v.i, v.now, 1)
		defer func() {
			v.n.streams.shut(s)
			v.n.journal.streaming(v.i, v.n.now(), -1)
		}()
		s.run()
	}
}

// run sends until the visitor leaves, the server is in trouble or the Network closes.
func (s *stream) run() {
	flush := http.NewResponseController(s.v.w).Flush
	if err := s.say(":)\n"); err != nil || flush() != nil {
		return
	}
	look, thump := time.NewTicker(lookEvery), time.NewTicker(thumpEvery)
	defer look.Stop()
	defer thump.Stop()
	told := s.v.now
	for {
		select {
		case <-s.v.r.Context().Done():
			return
		case <-s.v.n.done:
			return
		case <-thump.C:
			if err := s.say(":thump\n"); err != nil || flush() != nil {
				return
			}
		case <-look.C:
			now := s.v.n.now()
			if !now.After(told) {
				continue
			}
			st := s.v.n.world.State(s.v.i, now)
			if s.by.st = &st; st.Behaviour.Failing() {
				return
			}
			if err := s.tell(now); err != nil || flush() != nil {
				return
			}
			told = now
			s.v.n.streams.told(s, now)
		}
	}
}

func (s *stream) say(line string) error {
	_, err := io.WriteString(s.v.w, line)
	return err
}

// tell sends what has come to be seen by now.
func (s *stream) tell(now time.Time) error {
	s.fill(now.UnixMilli())
	for len(s.pending) > 0 && s.pending[0].at <= now.UnixMilli() {
		e := s.pending[0]
		s.pending = s.pending[1:]
		if err := s.send(e, now); err != nil {
			return err
		}
	}
	return nil
}

// fill makes sure that all events until a time are pending.
func (s *stream) fill(now int64) {
	w, server := s.v.n.world, s.v.i
	until := w.minuteOf(now)
	if until <= s.reached {
		return
	}
	for ; s.reached < until; s.reached++ {
		s.buffer = w.written(server, s.of, s.reached+1, s.buffer[:0])
		for _, spark := range s.buffer {
			t, _ := w.show(server, spark, spark.at)
			s.add(t.arrive, "update", t)
			switch {
			case spark.gone:
				s.add(t.arrive+spark.change, "delete", t)
			case spark.change > 0:
				t.edited = true
				s.add(t.arrive+spark.change, "status.update", t)
			}
		}
	}
	slices.SortFunc(s.pending, func(a, b event) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.toot.id, b.toot.id)) })
}

// add has an event come, unless it was before the stream began, or the server loses it without a word.
func (s *stream) add(at int64, kind string, t shown) {
	lost := kind == "update" && int64(mix(t.chance, uint64(s.v.i))%100) < int64(s.v.live.Drops)
	if at > s.opened && !lost {
		s.pending = append(s.pending, event{at, kind, t})
	}
}

// send sends an event, or what the server's trick makes of it.
func (s *stream) send(e event, now time.Time) error {
	data := strconv.FormatUint(e.toot.id, 10)
	if e.kind != "delete" {
		text, err := encode(s.by.status(e.toot))
		if err != nil {
			return fmt.Errorf("writing a toot: %w", err)
		}
		data = strings.TrimSuffix(string(text), "\n")
	}
	times := 1
	switch s.v.live.Trick {
	case TrickDisorder:
		times = 2
	case TrickJunk:
		if e.kind == "update" && e.toot.junk() {
			s.v.n.journal.event(s.v.n, s.v.i, s.of, now, event{kind: "demo.unheard"})
			return s.say("event: " + e.kind + "\ndata: " + data[:len(data)/2] + "\n\nevent: demo.unheard\ndata: {}\n\n")
		}
	case TrickEndless:
		if s.sent++; s.sent%100 == 1 {
			if err := s.say("event: update\ndata: " + strings.Repeat("la ", 10<<20/3) + "\n\n"); err != nil {
				return err
			}
		}
	}
	for range times {
		s.v.n.journal.event(s.v.n, s.v.i, s.of, now, e)
		if err := s.say("event: " + e.kind + "\ndata: " + data + "\n\n"); err != nil {
			return err
		}
	}
	return nil
}
