package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// The tests of this file run on the clock of a bubble, where waits take no time: so they hold the very numbers of the
// package's documentation. In it, names are known and connections are pipes.

type dialer = func(ctx context.Context, a netip.AddrPort) (net.Conn, error)

func bubble(t *testing.T, dial dialer, addrs ...string) *Client {
	c := New(Options{Net: Net{Dial: dial}})
	t.Cleanup(c.Close)
	c.resolver.ask = func(_ context.Context, _ string, v6 bool) records {
		r := records{ttl: maxTTL}
		for _, s := range addrs {
			if a := addrOf(s); a.Is6() == v6 {
				r.addrs = append(r.addrs, a)
			}
		}
		if r.addrs == nil {
			r.err = errNone
		}
		return r
	}
	return c
}

// slow serves over pipes; each answer's body comes so long after its head.
func slow(after time.Duration) dialer {
	return func(context.Context, netip.AddrPort) (net.Conn, error) {
		here, there := net.Pipe()
		go func() {
			defer there.Close()
			for readHead(there) {
				_, _ = io.WriteString(there, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
				<-time.After(after)
				_, _ = io.WriteString(there, "ok")
			}
		}()
		return here, nil
	}
}

func refuses(context.Context, netip.AddrPort) (net.Conn, error) {
	return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
}

func askPlain(ctx context.Context, s *Session) error {
	_, err := s.Get(ctx, Request{Purpose: PurposeHTTP, URL: "http://oak.social/"})
	return err
}

// wantTook holds how long something took that began then.
func wantTook(t *testing.T, began time.Time, want time.Duration) {
	t.Helper()
	if took := time.Since(began); took != want {
		t.Errorf("took %v, want %v", took, want)
	}
}

// fill takes all places at an address.
func (p *places) fill(t *testing.T, addr string) (empty func()) {
	var releases []func()
	for range perAddress {
		release, err := p.acquire(t.Context(), addrOf(addr))
		if err != nil {
			t.Fatal(err)
		}
		releases = append(releases, release)
	}
	return func() {
		for _, release := range releases {
			release()
		}
	}
}

func TestSessionHasATimeOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		c := bubble(t, slow(8*time.Second), "95.216.1.1")
		c.sent = func(Purpose) { sent++ }
		s := c.Session()
		defer s.Close()
		for _, row := range []struct {
			want Reason
			took time.Duration
		}{{"", 8 * time.Second}, {"", 8 * time.Second}, {ReasonTimeout, 4 * time.Second}, {ReasonTimeout, 0}} {
			began := time.Now()
			wantReason(t, askPlain(t.Context(), s), row.want)
			wantTook(t, began, row.took)
			<-time.After(time.Hour) // between requests it does not run
		}
		s.Close()
		wantReason(t, askPlain(t.Context(), s), ReasonTimeout)
		if sent != 3 {
			t.Errorf("sent %d", sent)
		}
		other := c.Session()
		defer other.Close()
		wantReason(t, askPlain(t.Context(), other), "") // another has its own
	})
}

// Who waits, for a place to look up, for the answer, for a place at the address, has spent none of the host's time.
func TestWaitsAreNotTheHostsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const almost = 4900 * time.Millisecond // of the 5 s of each step
		serve := slow(almost)
		c := bubble(t, func(ctx context.Context, a netip.AddrPort) (net.Conn, error) {
			<-time.After(almost)
			return serve(ctx, a)
		}, "95.216.1.1")
		known := c.resolver.ask
		c.resolver.ask = func(ctx context.Context, name string, v6 bool) records {
			<-time.After(almost)
			return known(ctx, name, v6)
		}
		for range cap(c.resolver.slots) {
			c.resolver.slots <- struct{}{}
		}
		time.AfterFunc(almost, func() { <-c.resolver.slots })
		time.AfterFunc(3*almost, c.places.fill(t, "95.216.1.1"))
		s := c.Session()
		defer s.Close()
		began := time.Now()
		wantReason(t, askPlain(t.Context(), s), "") // in the 10 s of a request
		wantTook(t, began, 5*almost)
		if s.spent != 2*almost {
			t.Errorf("spent %v", s.spent)
		}
	})
}

func TestWaitForAPlaceEnds(t *testing.T) {
	for _, row := range []struct {
		name  string
		full  []string // addresses of the host without a place
		free  []string // and with
		dial  dialer
		until time.Duration // the caller's end; 0: none
		want  Reason
		took  time.Duration
	}{
		{"crowded", []string{"95.216.1.1"}, nil, nil, 0, ReasonCrowded, 5 * time.Second},
		{"crowded at all addresses", []string{"95.216.1.1", "95.216.1.2", "2a01:4f8::1"}, nil, nil, 0, ReasonCrowded, 5 * time.Second},
		{"the caller's end is no time-out", []string{"95.216.1.1"}, nil, nil, 3 * time.Second, ReasonCrowded, 3 * time.Second},
		{"a place elsewhere", []string{"95.216.1.1"}, []string{"2a01:4f8::1"}, slow(0), 0, "", 5 * time.Second},
		{"down elsewhere", []string{"95.216.1.1"}, []string{"2a01:4f8::1"}, refuses, 0, ReasonCrowded, 5 * time.Second},
		{"down, and crowded", []string{"2a01:4f8::1"}, []string{"95.216.1.1"}, refuses, 0, ReasonCrowded, 5 * time.Second},
		{"down", nil, []string{"95.216.1.1", "2a01:4f8::1"}, refuses, 0, ReasonConnection, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := bubble(t, row.dial, slices.Concat(row.full, row.free)...)
				for _, addr := range row.full {
					defer c.places.fill(t, addr)()
				}
				ctx := t.Context()
				if row.until > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, row.until)
					defer cancel()
				}
				s := c.Session()
				defer s.Close()
				began := time.Now()
				err := askPlain(ctx, s)
				wantReason(t, err, row.want)
				wantTook(t, began, row.took)
				if e := (*Error)(nil); errors.As(err, &e) && row.want == ReasonCrowded && e.Wait != time.Minute {
					t.Errorf("%v to wait", e.Wait)
				}
				if s.spent != 0 {
					t.Errorf("spent %v", s.spent)
				}
			})
		})
	}
}

func TestWaitToLookUpEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := bubble(t, nil, "95.216.1.1")
		for range cap(c.resolver.slots) {
			c.resolver.slots <- struct{}{}
		}
		began := time.Now()
		_, err := c.Lookup(t.Context(), "oak.social")
		wantReason(t, err, ReasonCrowded)
		wantTook(t, began, 5*time.Second)
		if e := (*Error)(nil); !errors.As(err, &e) || e.Wait != 5*time.Second {
			t.Errorf("%+v", err)
		}
		wantReason(t, askPlain(t.Context(), c.Session()), ReasonCrowded)
		wantSends(t, c, "oak.social", 0)
	})
}

func TestDialsShareTheirTime(t *testing.T) {
	three := []string{"95.216.1.1", "95.216.1.2", "95.216.1.3", "2a01:4f8::1", "2a01:4f8:0:1::2", "2a01:4f8:0:2::3"}
	const silent, down = -1, 0 // or after how many seconds one refuses
	for _, row := range []struct {
		name  string
		addrs []string
		does  []int         // each in its turn
		spent time.Duration // before
		want  Reason
		took  string // by each
	}{
		{"one", three[:1], []int{silent}, 0, ReasonTimeout, "[5s]"},
		{"two", three[:2], []int{silent, silent}, 0, ReasonTimeout, "[2.5s 2.5s]"},
		{"three", three[1:4], []int{silent, silent, silent}, 0, ReasonTimeout, "[1.666666666s 1.666666667s 1.666666667s]"},
		{"two of each", three, []int{silent, silent, silent, silent}, 0, ReasonTimeout, "[1.25s 1.25s 1.25s 1.25s]"},
		{"what one leaves is the others'", three, []int{down, silent, 1, silent}, 0, ReasonConnection, "[0s 1.666666666s 1s 2.333333334s]"},
		{"what is left of the session", three, []int{silent, silent, silent, silent}, 18 * time.Second, ReasonTimeout, "[500ms 500ms 500ms 500ms]"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var c *Client
				var took []time.Duration
				c = bubble(t, func(ctx context.Context, a netip.AddrPort) (net.Conn, error) {
					if len(c.places.at) != 1 || c.places.at[placeOf(a.Addr())] == nil {
						t.Errorf("%v is dialled with places %v", a, c.places.at)
					}
					began, n := time.Now(), row.does[len(took)]
					defer func() { took = append(took, time.Since(began)) }()
					if n == silent {
						<-ctx.Done()
						return nil, ctx.Err()
					}
					<-time.After(time.Duration(n) * time.Second)
					return refuses(ctx, a)
				}, row.addrs...)
				s := c.Session()
				s.spent = row.spent
				wantReason(t, askPlain(t.Context(), s), row.want)
				if got := fmt.Sprint(took); got != row.took {
					t.Errorf("took %s, want %s", got, row.took)
				}
			})
		})
	}
}

func placeOf(a netip.Addr) netip.Prefix {
	if a.Is4() {
		return netip.PrefixFrom(a, 32)
	}
	return netip.PrefixFrom(a, 64).Masked()
}

// Whoever is called away in the middle of several addresses is told so, and not that the host is down.
func TestDialIsCalledAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		dials := 0
		c := bubble(t, func(ctx context.Context, a netip.AddrPort) (net.Conn, error) {
			if dials++; dials == 2 {
				cancel()
				return nil, ctx.Err()
			}
			return refuses(ctx, a)
		}, "95.216.1.1", "95.216.1.2", "2a01:4f8::1")
		wantReason(t, askPlain(ctx, c.Session()), ReasonCanceled)
		if dials != 2 {
			t.Errorf("dialled %d times", dials)
		}
	})
}
