package outbound

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestSessionOutlivesALateWriter: net/http gives a connection up whose writer has not reported 50 ms after the answer, which is
// only that our own machine is busy; the next request gets another connection, and counts once.
func TestSessionOutlivesALateWriter(t *testing.T) {
	b := newBox(t)
	var served atomic.Int32
	b.serve("oak.social", "95.216.1.1", func(w http.ResponseWriter, _ *http.Request) {
		served.Add(1)
		_, _ = fmt.Fprint(w, "hello")
	})
	c := b.client(func(o *Options) {
		o.Net.Dial = func(ctx context.Context, a netip.AddrPort) (net.Conn, error) {
			nc, err := b.dial(ctx, a)
			return &lateWriter{Conn: nc}, err
		}
	})
	var g sync.WaitGroup
	for range 2 {
		g.Go(func() {
			s := c.Session()
			defer s.Close()
			for range 10 {
				if _, err := s.Get(t.Context(), Request{Purpose: PurposeReleases, URL: "https://oak.social/"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	g.Wait()
	if n := served.Load(); n != 20 {
		t.Errorf("%d requests were served, want 20", n)
	}
}

// lateWriter is a connection whose writes after TLS's handshake return late, though all has been sent.
type lateWriter struct {
	net.Conn
	writes atomic.Int32
}

func (l *lateWriter) Write(p []byte) (int, error) {
	n, err := l.Conn.Write(p)
	if l.writes.Add(1) > 2 {
		<-time.After(80 * time.Millisecond)
	}
	return n, err
}
