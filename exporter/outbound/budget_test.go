package outbound

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"
)

func TestBudgetSlides(t *testing.T) {
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	start := now
	b := newBudget(time.Hour, func() time.Time { return now })
	for _, row := range []struct {
		at   time.Duration
		wait time.Duration
	}{
		{0, 0}, {10 * time.Minute, 0}, {20 * time.Minute, 0}, {59 * time.Minute, 0},
		{59*time.Minute + 59*time.Second, time.Second},
		{time.Hour, 0}, // the first is an hour old
		{time.Hour, 10 * time.Minute},
		{70 * time.Minute, 0},
		{70 * time.Minute, 10 * time.Minute},
		{119 * time.Minute, 0}, // the one of 0:20
		{119 * time.Minute, 0}, // the one of 0:59
		{119 * time.Minute, time.Minute},
		{120 * time.Minute, 0},
		{24 * time.Hour, 0}, {24 * time.Hour, 0}, {24 * time.Hour, 0}, {24 * time.Hour, 0},
		{24 * time.Hour, time.Hour},
		{23 * time.Hour, time.Hour}, // the clock was set back: an hour at most, for ever
		{25 * time.Hour, 0},
	} {
		now = start.Add(row.at)
		if got := b.wait("oak.social"); got != row.wait {
			t.Fatalf("at %v: %v to wait, want %v", row.at, got, row.wait)
		}
		if got := b.take("oak.social"); got != row.wait {
			t.Fatalf("at %v: took with %v to wait, want %v", row.at, got, row.wait)
		}
	}
	if b.wait("elm.social") != 0 {
		t.Error("another host has a budget of its own")
	}
}

func TestBudgetForgets(t *testing.T) {
	now := time.Unix(0, 0)
	b := newBudget(time.Hour, func() time.Time { return now })
	for round := range 5 {
		for i := range 10_000 {
			b.take(fmt.Sprintf("h%d-%d.social", round, i))
		}
		now = now.Add(time.Hour)
	}
	b.wait("oak.social")
	if n := len(b.current) + len(b.older); n > 10_000 {
		t.Errorf("%d hosts are kept", n)
	}
	now = now.Add(2 * time.Hour)
	b.wait("oak.social")
	if n := len(b.current) + len(b.older); n != 0 {
		t.Errorf("%d hosts are kept", n)
	}
}

// Held by the budget, whatever the order of sends: never five in an hour.
func TestBudgetOverAnyHour(t *testing.T) {
	now := time.Unix(0, 0)
	b := newBudget(time.Hour, func() time.Time { return now })
	var sends []time.Time
	for i := range 5000 {
		now = now.Add(time.Duration(i*i%977) * time.Second)
		if b.take("oak.social") == 0 {
			sends = append(sends, now)
		}
	}
	for i := 4; i < len(sends); i++ {
		if sends[i].Sub(sends[i-4]) < time.Hour {
			t.Fatalf("five in %v", sends[i].Sub(sends[i-4]))
		}
	}
	if len(sends) < 2000 {
		t.Errorf("only %d sends in %v", len(sends), now.Sub(time.Unix(0, 0)))
	}
}

func TestBudgetIsHeldByRequests(t *testing.T) {
	b := newBox(t)
	served := 0
	b.serve("oak.social", "95.216.1.1", func(_ http.ResponseWriter, r *http.Request) { served++ })
	c := b.client()
	get := func(p Purpose) error {
		_, err := c.Get(t.Context(), Request{Purpose: p, URL: "https://oak.social/"})
		return err
	}
	for range 5 {
		for _, p := range []Purpose{PurposeDirectory, PurposeReleases, PurposeTimeline, PurposeToken} {
			wantReason(t, get(p), "")
		}
		s, err := stream(t.Context(), c, "oak.social")
		if err != nil {
			t.Fatal(err)
		}
		s.Body.Close()
	}
	wantSends(t, c, "oak.social", 0)
	for _, p := range []Purpose{PurposeRobots, PurposeWellKnown, PurposeNodeInfo, PurposeAPIV1} {
		wantReason(t, get(p), "")
		b.pass(time.Minute)
	}
	dialled := len(b.dials())
	err := get(PurposeHTTPS)
	wantReason(t, err, ReasonBudget)
	var e *Error
	if !errors.As(err, &e) || e.Wait != 56*time.Minute {
		t.Errorf("%+v", e)
	}
	if len(b.dials()) != dialled || served != 29 || b.refused[ReasonBudget] != 1 {
		t.Errorf("dialled %d times more, served %d, refused %v", len(b.dials())-dialled, served, b.refused)
	}
	b.pass(56 * time.Minute)
	wantReason(t, get(PurposeHTTPS), "")
	wantReason(t, get(PurposeHTTPS), ReasonBudget)

	demo := b.client(func(o *Options) { o.Hour = time.Minute })
	for range 4 {
		_, err = demo.Get(t.Context(), Request{Purpose: PurposeRobots, URL: "https://oak.social/"})
		wantReason(t, err, "")
	}
	_, err = demo.Get(t.Context(), Request{Purpose: PurposeRobots, URL: "https://oak.social/"})
	if !errors.As(err, &e) || e.Wait != time.Minute {
		t.Errorf("%+v", e)
	}
}

func TestPlacesAtAnAddress(t *testing.T) {
	b := newBox(t)
	names := []string{"a0.social", "a1.social", "a2.social"} // one address for all
	b.serveWith("a3.social", "95.216.7.1", ok, b.issue(certFor(names...)))
	for _, name := range names {
		b.name(name, "95.216.7.1")
	}
	b.serve("elsewhere.social", "95.216.7.2", ok)
	c := b.client()

	get := func(ctx context.Context, s *Session, host string) error {
		_, err := s.Get(ctx, Request{Purpose: PurposeRobots, URL: "https://" + host + "/"})
		return err
	}
	first, second, third := c.Session(), c.Session(), c.Session()
	defer third.Close()
	wantReason(t, get(t.Context(), first, "a0.social"), "")
	wantReason(t, get(t.Context(), second, "a1.social"), "")
	wantReason(t, get(t.Context(), second, "a1.social"), "") // over what it has

	other := c.Session()
	defer other.Close()
	wantReason(t, get(t.Context(), other, "elsewhere.social"), "")

	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := get(short, third, "a2.social")
	wantReason(t, err, ReasonCrowded)
	var e *Error
	if !errors.As(err, &e) || e.Wait != time.Minute {
		t.Errorf("%+v", e)
	}
	wantSends(t, c, "a2.social", 0)

	ended, end := context.WithCancel(t.Context())
	waits := make(chan error, 1)
	go func() { waits <- get(ended, third, "a2.social") }()
	end()
	wantReason(t, <-waits, ReasonCanceled)

	go func() { waits <- get(t.Context(), third, "a2.social") }()
	first.Close()
	wantReason(t, <-waits, "")
	second.Close()
	third.Close()
	other.Close()
	if len(c.places.at) != 0 {
		t.Errorf("places left: %v", c.places.at)
	}
}

// A wait for a place is ours: it takes nothing from the time that the server has.
func TestWaitForAPlaceIsNotTheServersTime(t *testing.T) {
	b := newBox(t)
	b.serve("oak.social", "95.216.7.1", ok)
	c := b.client()
	var releases []func()
	for range perAddress {
		release, err := c.places.acquire(t.Context(), addrOf("95.216.7.1"))
		if err != nil {
			t.Fatal(err)
		}
		releases = append(releases, release)
	}
	c.limits.request = 500 * time.Millisecond
	time.AfterFunc(700*time.Millisecond, releases[0])
	_, err := c.Get(t.Context(), Request{Purpose: PurposeRobots, URL: "https://oak.social/"})
	wantReason(t, err, "")
	releases[1]()
}

func TestPlacesAreByNetworkOfIPv6(t *testing.T) {
	p := newPlaces()
	take := func(addr string) (func(), error) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // a place that is free may still be had; else it ends
		for range 64 {
			if release, err := p.acquire(ctx, addrOf(addr)); err == nil {
				return release, nil
			}
		}
		return nil, ctx.Err()
	}
	one, err1 := take("2a01:4f8::1")
	two, err2 := take("2a01:4f8:0:0:ffff::2")
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if _, err := take("2a01:4f8:0:0:1:2:3:4"); err == nil {
		t.Error("three in one /64")
	}
	three, err := take("2a01:4f8:0:1::1")
	if err != nil {
		t.Error("another /64 has places of its own")
	}
	one()
	one() // twice is once
	four, err := take("2a01:4f8::9")
	if err != nil {
		t.Error(err)
	}
	if _, err := take("2a01:4f8::9"); err == nil {
		t.Error("a place was given back twice")
	}
	two()
	three()
	four()
	if len(p.at) != 0 {
		t.Errorf("left: %v", p.at)
	}
}

// However many come at once, no address sees more than two connections.
func TestPlacesUnderLoad(t *testing.T) {
	p := newPlaces()
	var mu sync.Mutex
	held, most := map[int]int{}, 0
	var all sync.WaitGroup
	for i := range 300 {
		all.Go(func() {
			release, err := p.acquire(t.Context(), addrOf(fmt.Sprintf("95.216.8.%d", i%5)))
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			held[i%5]++
			most = max(most, held[i%5])
			mu.Unlock()
			mu.Lock()
			held[i%5]--
			mu.Unlock()
			release()
		})
	}
	all.Wait()
	if most > 2 || len(p.at) != 0 {
		t.Errorf("%d at a time, %d entries left", most, len(p.at))
	}
}
