package country

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	apiEvery   = 2 * time.Second // between two questions, in the long run: what the free services bear
	apiBurst   = 10              // questions at once
	apiTimeout = 5 * time.Second
	apiBody    = 64 << 10           // bytes
	apiFresh   = 7 * 24 * time.Hour // an answer is asked for again
	apiRest    = time.Minute        // after a failure nothing is asked for so long
	apiRestMax = time.Hour          // or for longer, if the API says so, up to this
	apiPlace   = "{ip}"
)

// Get asks for a URL. It must not follow redirects to other hosts and is ended by ctx. The API closes the answer's body.
type Get func(ctx context.Context, url string) (*http.Response, error)

// API is an HTTP service that tells the country of an address: FreeGeoIP, or one whose answers readAnswer understands. The
// addresses of servers, and nothing else of them, are told to it. It may be used by many goroutines. Answers are remembered in
// memory only, of bounded size, by a hash with a key of its own; one that is old is asked for again, and holds until there is
// another.
type API struct {
	before, after string // the address stands between them
	get           Get
	now           func() time.Time
	pace          *rate.Limiter
	timeout       time.Duration

	mu    sync.Mutex
	until time.Time // it rests
	known memory
}

// NewAPI makes an API of a URL with {ip} once in its path or query, such as https://freegeoip.example/json/{ip}. now is for the
// pace, the rest after a failure and the age of answers.
func NewAPI(template string, get Get, now func() time.Time) (*API, error) {
	const example = "192.0.2.1"
	before, after, _ := strings.Cut(template, apiPlace)
	u, err := url.Parse(before + example + after)
	switch {
	case err != nil: // it would quote the URL, and there may be a key in that
		return nil, errors.New("the URL of the country API is none")
	case strings.Count(template, apiPlace) != 1 || strings.Contains(u.Host, example):
		return nil, fmt.Errorf("the URL of the country API needs %s once, in its path or query", apiPlace)
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return nil, errors.New("the URL of the country API must begin with https:// or http:// and a host")
	case u.User != nil:
		return nil, errors.New("the URL of the country API must have no user name or password")
	case u.Fragment != "":
		return nil, errors.New("the URL of the country API must have no fragment (#)")
	}
	return &API{
		before: before, after: after, get: get, now: now,
		pace: rate.NewLimiter(rate.Every(apiEvery), apiBurst), timeout: apiTimeout, known: newMemory(),
	}, nil
}

// Name implements Provider.
func (*API) Name() string { return ProviderAPI }

// Country implements Provider. It asks the API at most once, for 5 seconds at most, and not at all if it remembers the answer
// or a question would have to wait. Only public addresses are told to it. The errors tell neither address nor URL.
func (a *API) Country(ctx context.Context, addr netip.Addr) (string, error) {
	if !addr.IsGlobalUnicast() || addr.IsPrivate() {
		return "", nil
	}
	code, age, ok := a.remembered(addr)
	if ok && age < apiFresh {
		return code, nil
	}
	asked, err := a.ask(ctx, addr)
	switch {
	case err == nil:
		a.mu.Lock()
		a.known.put(addr, asked, a.now())
		a.mu.Unlock()
		return asked, nil
	case ok && errors.Is(err, errLater):
		return code, nil
	}
	return code, err // what it said before, if it did
}

// remembered is the last answer about an address, and how old it is.
func (a *API) remembered(addr netip.Addr) (code string, age time.Duration, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	code, at, ok := a.known.get(addr)
	return code, a.now().Sub(at), ok
}

// ask asks the API, if it may be asked now.
func (a *API) ask(ctx context.Context, addr netip.Addr) (string, error) {
	now := a.now()
	a.mu.Lock()
	may := !now.Before(a.until) && a.pace.AllowN(now, 1)
	a.mu.Unlock()
	if !may {
		return "", errLater
	}
	limited, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	code, rest, err := a.exchange(limited, a.before+addr.String()+a.after)
	if err != nil && ctx.Err() == nil {
		a.mu.Lock()
		a.until = now.Add(min(max(rest, apiRest), apiRestMax))
		a.mu.Unlock()
	}
	return code, err
}

// exchange asks once. rest is for how long the API wants to be left alone.
func (a *API) exchange(ctx context.Context, url string) (code string, rest time.Duration, err error) {
	resp, err := a.get(ctx, url)
	if err != nil { // its text may have the URL
		if ctx.Err() != nil {
			return "", 0, errors.New("asking the country API: no answer in time")
		}
		return "", 0, errors.New("asking the country API: no answer")
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
			rest = time.Duration(min(s, 1<<20)) * time.Second // no overflow
		}
		return "", rest, fmt.Errorf("asking the country API: status %d", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, apiBody+1))
	switch {
	case err != nil:
		return "", 0, errors.New("asking the country API: the answer broke off")
	case len(body) > apiBody:
		return "", 0, errors.New("asking the country API: the answer is too long")
	}
	if code, err = readAnswer(body); err != nil {
		return "", 0, fmt.Errorf("asking the country API: %w", err)
	}
	return code, 0, nil
}
