package timeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/outbound"
	"github.com/mnm-social/mnm/exporter/toots"
)

// listen begins to follow the stream, unless that goes on or was refused, and waits until it has been tried once.
func (f *Follower) listen(ctx context.Context) {
	f.mu.Lock()
	begin := f.facts.Stream && !f.noStream && !f.listening
	f.listening = f.listening || begin
	f.mu.Unlock()
	if !begin {
		return
	}
	if _, err := f.where(); err != nil {
		err = fmt.Errorf("the stream of %s: %w", f.o.Source, err)
		f.o.Failed(err)
		f.fail(ctx, err)
	}
	tried := make(chan struct{})
	streamed, stop := context.WithCancel(f.ctx)
	f.stop = stop
	f.streams.Go(func() {
		defer stop()
		f.follow(streamed, sync.OnceFunc(func() { close(tried) }))
	})
	select {
	case <-tried:
	case <-ctx.Done():
	}
}

// follow keeps the stream open until ctx ends or it is refused. Where there is no token it is tried once, and kept if that went
// well.
func (f *Follower) follow(ctx context.Context, tried func()) {
	defer tried()
	for attempt := 0; ; attempt++ {
		lasted, err := f.hear(ctx, tried)
		over := ctx.Err() != nil
		if !over {
			err = fmt.Errorf("the stream of %s: %w", f.o.Source, err)
			f.o.Failed(err)
		}
		f.fail(ctx, err)
		f.mu.Lock()
		f.broken = err
		f.noStream = !over && (refused(err) || f.o.Source.Token == nil && f.opens == 0)
		f.listening = !over && !f.noStream
		goOn := f.listening
		f.mu.Unlock()
		if tried(); !goOn {
			return
		}
		if lasted >= f.limits.good {
			attempt = 0
		}
		again := time.NewTimer(f.backOff(attempt, err))
		select {
		case <-again.C:
		case <-ctx.Done():
			again.Stop()
		}
	}
}

// backOff is how long to wait after so many failures in a row, from 0: any time up to a bound that doubles. The server may ask
// for longer, up to the longest.
func (f *Follower) backOff(failures int, err error) time.Duration {
	wait := rand.N(min(f.limits.longest, f.limits.first<<min(failures, 20)))
	var status *statusError
	if errors.As(err, &status) {
		wait = max(wait, min(status.wait, f.limits.longest))
	}
	return wait
}

// hear opens the stream and counts what it tells, until it breaks. lasted is for how long it was open.
func (f *Follower) hear(ctx context.Context, opened func()) (lasted time.Duration, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	where, _ := f.where()
	header, err := f.authorization(true)
	if err != nil {
		return 0, err
	}
	s, err := f.o.Client().Stream(ctx, outbound.Request{Purpose: outbound.PurposeStream, URL: where, Header: header, Allowed: nowhere})
	if err != nil {
		return 0, err
	}
	defer func() { _ = s.Body.Close() }()
	if s.Status != http.StatusOK {
		return 0, statusOf(s.Status, s.Header, f.o.Now())
	}
	if !strings.HasPrefix(strings.ToLower(s.Header.Get("Content-Type")), "text/event-stream") {
		return 0, fmt.Errorf("%w: no stream of events", errMalformed)
	}
	dog := time.AfterFunc(f.limits.silence, func() { cancel(errSilent) })
	defer dog.Stop()
	began := time.Now()
	f.opened()
	opened()
	err = f.count(newEvents(pulse{s.Body, func() { dog.Reset(f.limits.silence); f.lives() }}), new(toots.Toot))
	if errors.Is(context.Cause(ctx), errSilent) {
		err = errSilent // whatever the reader made of it
	}
	f.broke()
	return time.Since(began), err
}

// errElsewhere is for a streaming host that is not to get a token.
var errElsewhere = errors.New("the server names no https or wss address of its own domain for its streams")

// where is the address of the stream: what the server names if it is of the same registrable domain, as others are not to get the
// token, and has the usual port, as no other is asked; else its own, and an error that says so.
func (f *Follower) where() (string, error) {
	f.mu.Lock()
	named := f.facts.Streaming
	f.mu.Unlock()
	host, path, err := f.o.Source.Host, "", error(nil)
	if named != "" {
		err = errElsewhere
		if u, bad := url.Parse(named); bad == nil && (u.Scheme == "wss" || u.Scheme == "https") && (u.Port() == "" || u.Port() == "443") {
			if name, bad := domain.Parse(u.Hostname()); bad == nil && name.Registrable() == host.Registrable() {
				host, path, err = name, u.Path, nil
			}
		}
	}
	u := (&url.URL{Scheme: "https", Host: host.String(), Path: path}).JoinPath("/api/v1/streaming/public")
	if f.o.Source.Scope == Local {
		u = u.JoinPath("local")
	}
	return u.String(), err
}

// count counts events until there are no more, and returns why. t is for one toot after the other, and empty while it waits.
func (f *Follower) count(from *events, t *toots.Toot) error {
	for {
		kind, data, err := from.next()
		switch {
		case errors.Is(err, errLong):
			f.fail(f.ctx, err)
			continue
		case err != nil:
			return err
		case kind != Update:
			f.mu.Lock()
			f.tell(kind, true, true)
			f.mu.Unlock()
		case t.Decode(data) != nil:
			f.fail(f.ctx, errMalformed)
			continue
		default:
			f.take(t, true)
			t.Forget()
		}
	}
}

// opened takes note that the stream is open.
func (f *Follower) opened() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.miss()
	f.opens++
	f.open, f.lost, f.broken = f.o.Now(), time.Time{}, nil
	f.alive = f.open
}

// lives takes note of a sign of life.
func (f *Follower) lives() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.alive = f.o.Now()
}

// broke takes note that the stream is open no more. What was heard is all that is known to have come, whatever broke it.
func (f *Follower) broke() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lost = f.alive
	if f.ctx.Err() == nil { // else for good, and Position is up to what was heard
		f.open = time.Time{}
	}
}

// pulse tells of each read that brought something.
type pulse struct {
	io.Reader
	beat func()
}

func (p pulse) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if n > 0 {
		p.beat()
	}
	return n, err
}
