//go:build figures && linux

package timeline

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// The figures of followed timelines in the documentation: go test -tags figures -run '^TestFigure' -v ./exporter/timeline/

// TestFigureMemory prints what followed timelines take in this process: 50 streams that have told something, and 1,000 that
// are polled.
func TestFigureMemory(t *testing.T) {
	if os.Getenv(partVariable) != "" {
		status, minute := statuses(t), atomic.Int64{}
		serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var all []string
			for i := range 3 {
				all = append(all, status(r.Host, int(minute.Add(1))*4+i))
			}
			if r.URL.Path == "/api/v1/timelines/public" {
				_, _ = io.WriteString(w, "["+strings.Join(all, ",")+"]")
				return
			}
			w.Header().Set("Content-Type", "text/event-stream")
			write(w, ":)\n")
			for i := range 20 {
				write(w, "event: update\ndata: "+status(r.Host, i)+"\n\n")
			}
			<-r.Context().Done()
		}))
		return
	}
	b := outside(t)
	pass := func(all []*Follower) {
		var passes sync.WaitGroup
		places := make(chan struct{}, 64)
		for _, f := range all {
			places <- struct{}{}
			passes.Go(func() { defer func() { <-places }(); poll(t, f) })
		}
		passes.Wait()
		b.pass(time.Minute)
	}
	warm := b.follow("warm.oak.social", open)
	pass([]*Follower{warm})
	begin := inUse()
	var polled []*Follower
	for i := range 1000 {
		polled = append(polled, b.follow(fmt.Sprintf("p%d.oak.social", i), open))
	}
	for range 5 {
		pass(polled)
	}
	then := inUse()
	var streams []*Follower
	for i := range 50 {
		streams = append(streams, b.follow(fmt.Sprintf("s%d.oak.social", i), open, token(secret)))
	}
	for range 5 {
		pass(streams)
	}
	for _, f := range streams {
		heard(t, f, Update, 20)
	}
	end := inUse()
	var peak syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &peak); err != nil {
		t.Fatal(err)
	}
	t.Logf("1,000 polled: %.1f MiB, %.1f KiB each; 50 streams: %.1f MiB, %.1f KiB each; together %.1f MiB; the process had %d MiB at most",
		float64(then-begin)/(1<<20), float64(then-begin)/1000/1024, float64(end-then)/(1<<20), float64(end-then)/50/1024,
		float64(end-begin)/(1<<20), peak.Maxrss/1024)
	if end-begin > 16<<20 {
		t.Error("more than 16 MiB")
	}
	runtime.KeepAlive(polled)
	runtime.KeepAlive(streams)
}

func inUse() int64 {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// TestFigureThroughput prints how many toots a core counts, from the bytes on the TLS socket on.
func TestFigureThroughput(t *testing.T) {
	const toots = 300_000
	if os.Getenv(partVariable) != "" {
		status := statuses(t)
		serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			out := bufio.NewWriterSize(w, 16<<10)
			for i := range toots {
				_, _ = io.WriteString(out, "event: update\ndata: "+status(r.Host, i)+"\n\n")
			}
			_ = out.Flush()
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}))
		return
	}
	size := len(statuses(t)("a.oak.social", 0))
	for range 3 {
		b := outside(t)
		began, cpu := time.Now(), cpuTime(t)
		f := b.follow("a.oak.social", Facts{Stream: true}, token(secret))
		poll(t, f)
		await(t, "all", func() bool { return b.seen() >= toots })
		wall, spent := time.Since(began), cpuTime(t)-cpu
		if h := f.Health(); h.Events[Update] != toots || h.Failures != nil || b.seen() != toots {
			t.Errorf("health %+v", h)
		}
		t.Logf("%d toots of about %d bytes in %.2f s of CPU, %.2f s: %.0f a second and core, %.1f µs each", toots, size, spent.Seconds(), wall.Seconds(),
			toots/spent.Seconds(), spent.Seconds()*1e6/toots)
		f.Close()
	}
}

func cpuTime(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestFigureDisconnects breaks 50 streams 1,000 times while each tells 20 toots a second.
func TestFigureDisconnects(t *testing.T) {
	const streams, breaks, gap = 50, 20, 50 * time.Millisecond
	for _, facts := range []Facts{open, {Stream: true}} {
		b := newBox(t)
		b.clock.Store(0)
		var servers []*mastodon
		var followers []*Follower
		for i := range streams {
			m := newMastodon(b, fmt.Sprintf("s%d.oak.social", i))
			m.post(1, true)
			f := b.follow(m.host, facts, token(secret), func(o *Options) { o.Every, o.Failed = time.Second, nil })
			f.limits.first, f.limits.longest, f.limits.good = 200*time.Millisecond, time.Second, 0
			poll(t, f)
			await(t, "a listener", func() bool { return m.listeners() == 1 })
			servers, followers = append(servers, m), append(followers, f)
		}
		sent := play(t, servers, followers, breaks, gap)
		missed, allowed := 0, 0.0
		for i, f := range followers {
			h := f.Health()
			seen := int(h.Events[Update] - h.Duplicates)
			most := h.Gap.Seconds() / gap.Seconds()
			if lost := sent[i] - seen; lost < 0 || float64(lost) > most || facts.Timeline && (lost != 0 || h.Gap != 0) || h.Reconnects != breaks {
				t.Errorf("%s: sent %d, counted %d, gap %v, %d reconnects", h.Source, sent[i], seen, h.Gap, h.Reconnects)
			}
			missed, allowed = missed+sent[i]-seen, allowed+most
			f.Close()
		}
		all := 0
		for _, n := range sent {
			all += n
		}
		t.Logf("pages allowed: %v; %d breaks of %d streams: sent %d, counted %d, missed %d, gap times rate %.0f", facts.Timeline, streams*breaks, streams,
			all, b.seen(), missed, allowed)
	}
}

// play has the servers tell toots and break their streams, and passes made, and returns how many toots each has told.
func play(t *testing.T, servers []*mastodon, followers []*Follower, breaks int, gap time.Duration) (sent []int) {
	sent = make([]int, len(servers))
	ctx, cancel := context.WithCancel(t.Context())
	var posting, breaking, passing sync.WaitGroup
	for i, m := range servers {
		posting.Go(func() {
			tick := time.NewTicker(gap)
			defer tick.Stop()
			for ctx.Err() == nil {
				select {
				case <-tick.C:
					m.post(1, true)
					sent[i]++
				case <-ctx.Done():
				}
			}
		})
		breaking.Go(func() {
			for range breaks {
				<-time.After(rand.N(400 * time.Millisecond))
				await(t, "a listener", func() bool { return m.listeners() == 1 })
				n := followers[i].Health().Reconnects
				m.kick()
				await(t, "a reconnect", func() bool { return followers[i].Health().Reconnects > n })
			}
		})
	}
	passes, stop := context.WithCancel(t.Context())
	for _, f := range followers {
		passing.Go(func() {
			tick := time.NewTicker(time.Second)
			defer tick.Stop()
			for passes.Err() == nil {
				select {
				case <-tick.C:
					_ = f.Poll(passes)
				case <-passes.Done():
				}
			}
		})
	}
	breaking.Wait()
	cancel()
	posting.Wait()
	stop()
	passing.Wait()
	for _, f := range followers {
		await(t, "the last pass", func() bool { poll(t, f); return f.behind == 0 })
	}
	return sent
}
