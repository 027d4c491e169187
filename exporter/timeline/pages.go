package timeline

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/mnm-social/mnm/exporter/outbound"
)

const (
	windows = 15 // times Every, in which the budget holds
	// usual is Mastodon's limit of requests, and the most that is believed: for paging without a user it is 300 in a
	// quarter of an hour, whatever the header says of the rest of the API (config/initializers/rack_attack.rb).
	usual    = 300
	pageBody = 4 << 20
)

// Pages is the budget of pages of one host: 20 % of the limit that it announces by X-RateLimit-Limit, or of 300, in any
// 15×Every; 1 at least. It keeps to the rest that the host asks for. Each of the timelines that share it is sure of a quarter
// of it. It is safe for concurrent use, and outlives the Followers.
type Pages struct {
	every time.Duration
	now   func() time.Time

	mu      sync.Mutex
	sharers int
	limit   int
	taken   []taken // within the window
	rests   time.Time
}

type taken struct {
	at time.Time
	by string
}

// NewPages makes the budget of a host, for timelines that are polled so often.
func NewPages(every time.Duration, now func() time.Time) *Pages {
	return &Pages{every: every, now: now, limit: usual}
}

// share counts those who share the budget.
func (p *Pages) share(more int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sharers += more
}

// take takes a page out of the budget, unless there is none left (errEnough) or the host is to be left alone (errResting).
func (p *Pages) take(by string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	p.taken = slices.DeleteFunc(p.taken, func(t taken) bool { return now.Sub(t.at) >= windows*p.every })
	all, own := max(1, p.limit/5), 0
	for _, t := range p.taken {
		if t.by == by {
			own++
		}
	}
	mine := all
	if p.sharers > 1 {
		mine -= all / 4
	}
	switch {
	case now.Before(p.rests):
		return errResting
	case len(p.taken) >= all || own >= mine:
		return errEnough
	}
	p.taken = append(p.taken, taken{now, by})
	return nil
}

// Spent is what is left of Pages over a restart: no more than times, and numbers of the host.
type Spent struct {
	Limit int         `json:"limit"`
	Rests time.Time   `json:"rests,omitzero"` // the host asked to be left alone until then
	Taken []time.Time `json:"taken"`          // when pages were asked for within the window; 60 at most
}

// Spent is what has been taken out of the budget.
func (p *Pages) Spent() Spent {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Spent{Limit: p.limit, Rests: p.rests}
	for _, t := range p.taken {
		s.Taken = append(s.Taken, t.at)
	}
	return s
}

// Restore goes on from what was spent before a restart. It is for Pages that nobody has used yet. What makes no sense, as what is
// from the future or the zero Spent, is dropped whole. Whose pages they were is forgotten, so for a window only the budget of all holds.
func (p *Pages) Restore(s Spent) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if s.Limit <= 0 || s.Limit > usual || len(s.Taken) > usual/5 || s.Rests.After(now.Add(again*p.every)) || slices.ContainsFunc(s.Taken, now.Before) {
		return
	}
	p.limit, p.rests = s.Limit, s.Rests
	for _, at := range s.Taken {
		p.taken = append(p.taken, taken{at: at})
	}
}

// heed takes note of the limit that an answer tells. A copy from a cache tells somebody else's.
func (p *Pages) heed(h http.Header) {
	if cached(h) {
		return
	}
	n, err := strconv.Atoi(strings.TrimSpace(h.Get("X-RateLimit-Limit")))
	if err != nil || n <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limit = min(n, usual)
}

// rest leaves the host alone for a while.
func (p *Pages) rest(wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rests = p.now().Add(min(wait, again*p.every))
}

// errEnough is for a page that is not asked for now, and no trouble.
var errEnough = errors.New("no more pages now")

// errResting is for a page that is not asked for because the host asked to be left alone. The trouble that led to it goes on.
var errResting = errors.New("its host asks to be left alone")

// ask asks for the page after an id, or the newest if it is empty. It turns to the token where there is one and pages need
// it.
func (f *Follower) ask(ctx context.Context, after string) ([]byte, error) {
	query := url.Values{"limit": {strconv.Itoa(perPage)}}
	if f.o.Source.Scope == Local {
		query.Set("local", "true")
	}
	if after != "" {
		query.Set("min_id", after)
	}
	r := outbound.Request{
		Purpose: outbound.PurposeTimeline, URL: "https://" + f.o.Source.Host.String() + "/api/v1/timelines/public?" + query.Encode(),
		MaxBody: pageBody, Allowed: nowhere,
	}
	for {
		if f.left == 0 {
			return nil, errEnough
		}
		if err := f.o.Pages.take(f.o.Source.String()); err != nil {
			return nil, err
		}
		f.left--
		var err error
		if r.Header, err = f.authorization(f.withToken); err != nil {
			return nil, err
		}
		resp, err := f.o.Client().Get(ctx, r)
		if err != nil {
			return nil, err
		}
		f.o.Pages.heed(resp.Header)
		f.ahead = aheadOf(resp.Header, f.o.Now())
		if resp.Status == http.StatusOK {
			return resp.Body, nil
		}
		status := statusOf(resp.Status, resp.Header, f.o.Now())
		if !refused(status) {
			f.o.Pages.rest(status.wait)
		}
		if !refused(status) || f.withToken || f.o.Source.Token == nil {
			return nil, status
		}
		f.mu.Lock()
		f.withToken = true
		f.mu.Unlock()
	}
}

// aheadOf is by how much an answer's clock is ahead of ours; by up to the time that the answer took, and a second, too little. 0: it does
// not say, or not what may be.
func aheadOf(h http.Header, now time.Time) time.Duration {
	said, err := http.ParseTime(h.Get("Date"))
	if ahead := said.Sub(now); err == nil && !cached(h) && ahead.Abs() < time.Hour {
		return ahead
	}
	return 0
}

// cached reports whether an answer comes from a cache.
func cached(h http.Header) bool {
	age, err := strconv.ParseFloat(h.Get("Age"), 64)
	return err == nil && age > 0
}

// nowhere is where redirects may lead. What robots.txt of the target says nobody has read, and no Mastodon redirects here.
func nowhere(*url.URL) bool { return false }

// authorization is the header with the token, if one is needed.
func (f *Follower) authorization(needed bool) (http.Header, error) {
	if !needed || f.o.Source.Token == nil {
		return nil, nil
	}
	token, err := f.o.Source.Token()
	if token = strings.TrimSpace(token); err == nil && (token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })) {
		err = errors.New("it is no token") // and nobody is shown it
	}
	if err != nil {
		return nil, &tokenError{err}
	}
	return http.Header{"Authorization": {"Bearer " + token}}, nil
}
