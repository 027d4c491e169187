package outbound

import (
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// quietHost streams a heartbeat and then nothing; gone is told of each connection that ended.
func quietHost(b *box, host, addr string) (gone chan struct{}) {
	gone = make(chan struct{}, 8)
	b.raw(host, addr, func(c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n:)\n\n\n\r\n")
		_, _ = io.Copy(io.Discard, c)
		gone <- struct{}{}
	})
	return gone
}

func TestStreamsEnd(t *testing.T) {
	for _, row := range []struct {
		name string
		end  func(s *Stream, c *Client, cancel func())
		want Reason
	}{
		{"by Close", func(s *Stream, _ *Client, _ func()) { s.Body.Close() }, ReasonCanceled},
		{"by Close, twice", func(s *Stream, _ *Client, _ func()) { s.Body.Close(); s.Body.Close() }, ReasonCanceled},
		{"by the context", func(_ *Stream, _ *Client, cancel func()) { cancel() }, ReasonCanceled},
		{"by the client", func(_ *Stream, c *Client, _ func()) { c.Close() }, ReasonCanceled},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBox(t)
			gone := quietHost(b, "oak.social", "95.216.1.1")
			c := b.client()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s, err := stream(ctx, c, "oak.social")
			if err != nil {
				t.Fatal(err)
			}
			defer s.Body.Close()
			beat := make([]byte, 5)
			if _, err := io.ReadFull(s.Body, beat); err != nil || string(beat) != ":)\n\n\n" {
				t.Fatalf("%q, %v", beat, err)
			}
			ended := make(chan error)
			go func() {
				_, err := s.Body.Read(beat)
				ended <- err
			}()
			began := time.Now()
			row.end(s, c, cancel)
			wantReason(t, <-ended, row.want)
			<-gone
			if took := time.Since(began); took > time.Second {
				t.Errorf("took %v", took)
			}
			_, err = s.Body.Read(beat)
			wantReason(t, err, row.want)
		})
	}
}

// What has come but was not read is not read after Close either.
func TestNothingIsReadAfterClose(t *testing.T) {
	b := newBox(t)
	gone := quietHost(b, "oak.social", "95.216.1.1")
	s, err := stream(t.Context(), b.client(), "oak.social")
	if err != nil {
		t.Fatal(err)
	}
	one := make([]byte, 1)
	if _, err := s.Body.Read(one); err != nil {
		t.Fatal(err)
	}
	s.Body.Close()
	<-gone
	n, err := s.Body.Read(one)
	wantReason(t, err, ReasonCanceled)
	if n != 0 {
		t.Errorf("read %q", one)
	}
}

// stuck is a connection whose peer takes nothing any more, once it is full.
type stuck struct {
	net.Conn
	full   atomic.Bool
	closed chan struct{}
	once   sync.Once
}

func (s *stuck) Write(p []byte) (int, error) {
	if s.full.Load() {
		<-s.closed
		return 0, net.ErrClosed
	}
	return s.Conn.Write(p)
}

func (s *stuck) Close() error {
	s.once.Do(func() { close(s.closed) })
	return s.Conn.Close()
}

// TLS says good-bye before it closes a connection; nobody waits for that.
func TestStreamCloseWaitsForNobody(t *testing.T) {
	b := newBox(t)
	quietHost(b, "oak.social", "95.216.1.1")
	conn := &stuck{closed: make(chan struct{})}
	c := b.client(func(o *Options) {
		o.Net.Dial = func(ctx context.Context, a netip.AddrPort) (nc net.Conn, err error) {
			conn.Conn, err = b.dial(ctx, a)
			return conn, err
		}
	})
	s, err := stream(t.Context(), c, "oak.social")
	if err != nil {
		t.Fatal(err)
	}
	conn.full.Store(true)
	s.Body.Close()
	select {
	case <-conn.closed:
	default:
		t.Error("the connection is open")
	}
}

// A reload makes a new Client and closes the one before: that ends its streams, and no others.
func TestReloadEndsStreams(t *testing.T) {
	b := newBox(t)
	gone := quietHost(b, "oak.social", "95.216.1.1")
	before := b.client()
	after := b.client(func(o *Options) { o.Before = before })
	var open []*Stream
	for _, c := range []*Client{before, after} {
		s, err := stream(t.Context(), c, "oak.social")
		if err != nil {
			t.Fatal(err)
		}
		defer s.Body.Close()
		open = append(open, s)
	}
	before.Close()
	<-gone
	_, err := io.ReadAll(open[0].Body)
	wantReason(t, err, ReasonCanceled)
	if _, err := io.ReadFull(open[1].Body, make([]byte, 5)); err != nil {
		t.Error(err)
	}
	if len(gone) != 0 {
		t.Error("both have ended")
	}
	_, err = stream(t.Context(), before, "oak.social")
	wantReason(t, err, ReasonCanceled)
}
