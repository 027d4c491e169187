package country

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// service is an API over TLS on loopback.
type service struct {
	*httptest.Server
	asked atomic.Int32
	say   atomic.Pointer[http.HandlerFunc]
	paths sync.Map
}

func serve(t *testing.T, say http.HandlerFunc) *service {
	s := &service{}
	s.say.Store(&say)
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		s.paths.Store(r.URL.RequestURI(), true)
		(*s.say.Load())(w, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func (s *service) get(ctx context.Context, url string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return s.Client().Do(req)
}

func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
}

// clock is a time that tests move.
type clock struct{ at atomic.Int64 }

func newClock() *clock                    { c := &clock{}; c.at.Store(built.Unix()); return c }
func (c *clock) now() time.Time           { return time.Unix(c.at.Load(), 0) }
func (c *clock) advance(by time.Duration) { c.at.Add(int64(by / time.Second)) }

func newAPI(t *testing.T, s *service, c *clock) *API {
	t.Helper()
	a, err := NewAPI(s.URL+"/json/{ip}?fields=country_code", s.get, c.now)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAPIAsksOnce(t *testing.T) {
	s, c := serve(t, says(`{"country_code":"FI"}`)), newClock()
	a := newAPI(t, s, c)
	for range 3 {
		for _, in := range []string{finland, germany6} {
			if got := at(a, addr(in)); got != "FI" {
				t.Errorf("%s is in %q", in, got)
			}
		}
	}
	if n := s.asked.Load(); n != 2 {
		t.Errorf("asked %d times", n)
	}
	for _, path := range []string{"/json/95.216.0.1?fields=country_code", "/json/2a01:4f8::1?fields=country_code"} {
		if _, ok := s.paths.Load(path); !ok {
			t.Errorf("not asked for %s", path)
		}
	}
	// Old answers are asked for again; what it does not know is remembered too.
	say := says(`{"country_code":""}`)
	s.say.Store(&say)
	c.advance(apiFresh)
	for range 3 {
		if got := at(a, addr(finland)); got != "" {
			t.Errorf("after a week it is in %q", got)
		}
	}
	if n := s.asked.Load(); n != 3 {
		t.Errorf("asked %d times in all", n)
	}
}

func TestAPIIsToldPublicAddressesOnly(t *testing.T) {
	s := serve(t, says(`{"country_code":"FI"}`))
	a := newAPI(t, s, newClock())
	for _, in := range []string{"10.0.0.1", "127.0.0.1", "169.254.1.1", "0.0.0.0", "224.0.0.1", "fd00::1", "fe80::1", "::1", "::"} {
		if got := at(a, addr(in)); got != "" {
			t.Errorf("%s is in %q", in, got)
		}
	}
	if got := at(a, netip.Addr{}); got != "" || s.asked.Load() != 0 {
		t.Errorf("%q, asked %d times", got, s.asked.Load())
	}
}

func TestAPIPace(t *testing.T) {
	s, c := serve(t, says(`{"country_code":"FI"}`)), newClock()
	a := newAPI(t, s, c)
	ask := func() (known int) {
		for i := range 100 {
			code, err := a.Country(t.Context(), netip.AddrFrom4([4]byte{95, 216, byte(i), byte(c.at.Load())}))
			if code == "FI" {
				known++
			} else if !errors.Is(err, errLater) {
				t.Fatalf("%q, %v", code, err)
			}
		}
		return known
	}
	for i, want := range []int{10, 0, 5, 10} { // a burst; one in 2 s; no more than a burst is saved
		c.advance([]time.Duration{0, time.Second, 10 * time.Second, time.Hour}[i])
		if got := ask(); got != want {
			t.Errorf("%d: %d questions, want %d", i, got, want)
		}
	}
}

func TestAPIFailures(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	status := func(code int, retryAfter string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", retryAfter)
			w.WriteHeader(code)
			_, _ = w.Write([]byte(`{"country_code":"FI"}`))
		}
	}
	for _, row := range []struct {
		what string
		say  http.HandlerFunc
		want string // part of the error
		rest time.Duration
	}{
		{"429", status(429, ""), "status 429", time.Minute},
		{"429, wait", status(429, "600"), "status 429", 10 * time.Minute},
		{"429, wait for ever", status(429, "10000000000"), "status 429", time.Hour},
		{"429, wait till", status(429, "Tue, 24 Nov 2026 14:00:00 GMT"), "status 429", time.Minute},
		{"429, no sense", status(429, "-5"), "status 429", time.Minute},
		{"403", status(403, ""), "status 403", time.Minute},
		{"500", status(500, ""), "status 500", time.Minute},
		{"204", status(204, ""), "status 204", time.Minute},
		{"a page", says("<html>" + finland), "cannot be read", time.Minute},
		{"a country that is none", says(`{"country_code":"QQ"}`), "a country that is none", time.Minute},
		{"too long", says(`{"country_code":"FI"}` + strings.Repeat(" ", apiBody)), "too long", time.Minute},
		{"without end", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = w.Write([]byte(strings.Repeat(" ", 1000)))
			}
		}, "too long", time.Minute},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte(`{"country_code":"FI"}`))
		}, "broke off", time.Minute},
		{"slow", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "in time", time.Minute},
		{"slow after its head", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(200)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			panic(http.ErrAbortHandler) // else it may end the answer in order while the client takes its leave
		}, "broke off", time.Minute},
		{"it hangs up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "no answer", time.Minute},
	} {
		t.Run(row.what, func(t *testing.T) {
			s, c := serve(t, says(`{"country_code":"FI"}`)), newClock()
			a := newAPI(t, s, c)
			a.timeout = 200 * time.Millisecond
			if got := at(a, addr(finland)); got != "FI" { // known before, from a while ago
				t.Fatal(got)
			}
			c.advance(apiFresh)
			s.say.Store(&row.say)
			for _, in := range []string{finland, finland2} {
				code, err := a.Country(t.Context(), addr(in))
				switch {
				case in == finland && (err == nil || !strings.Contains(err.Error(), row.want) || code != "FI"):
					t.Errorf("%q, %v; want %q and what was known before", code, err, row.want)
				case in == finland2 && (!errors.Is(err, errLater) || code != ""):
					t.Errorf("while it rests: %q, %v", code, err)
				case in == finland:
					for _, secret := range []string{in, s.URL, "fields", "QQ", "html"} {
						if strings.Contains(err.Error(), secret) {
							t.Errorf("%v tells %s", err, secret)
						}
					}
				}
			}
			if code, err := a.Country(t.Context(), addr(finland)); code != "FI" || err != nil {
				t.Errorf("what was known is %q, %v while it rests", code, err)
			}
			good := says(`{"country_code":"SE"}`)
			s.say.Store(&good)
			c.advance(row.rest - time.Second)
			if _, err := a.Country(t.Context(), addr(finland2)); !errors.Is(err, errLater) {
				t.Errorf("asked before the rest is over: %v", err)
			}
			c.advance(time.Second)
			if code, err := a.Country(t.Context(), addr(finland)); code != "SE" || err != nil {
				t.Errorf("after the rest: %q, %v", code, err)
			}
		})
	}
}

// TestAPICallersEnd: that a visit is over says nothing about the API.
func TestAPICallersEnd(t *testing.T) {
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	a := newAPI(t, s, newClock())
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if code, err := a.Country(ctx, addr(finland)); err == nil || code != "" {
		t.Errorf("%q, %v", code, err)
	}
	good := says(`{"country_code":"FI"}`)
	s.say.Store(&good)
	if code, err := a.Country(t.Context(), addr(finland)); code != "FI" || err != nil {
		t.Errorf("the next caller: %q, %v", code, err)
	}
}

func TestAPIConcurrent(t *testing.T) {
	s, c := serve(t, says(`{"country_code":"FI"}`)), newClock()
	a := newAPI(t, s, c)
	var all sync.WaitGroup
	for i := range 512 {
		all.Go(func() {
			for j := range 8 {
				code, err := a.Country(t.Context(), netip.AddrFrom4([4]byte{95, 216, byte(i), byte(j)}))
				if (code != "FI" || err != nil) && (code != "" || !errors.Is(err, errLater)) {
					t.Errorf("%q, %v", code, err)
				}
			}
		})
	}
	all.Wait()
	if n := s.asked.Load(); n != apiBurst {
		t.Errorf("asked %d times", n)
	}
}

func TestNewAPI(t *testing.T) {
	for template, ok := range map[string]bool{
		"https://freegeoip.example/json/{ip}": true, "http://127.0.0.1:8080/json/{ip}": true, "https://api.example/?q={ip}&fields=countryCode": true,
		"https://api.example/{ip}/country/": true, "http://[2001:db8::1]:8080/{ip}": true,
		"": false, "https://api.example/": false, "https://{ip}.example/": false, "https://{ip}/": false, "https://api.example/{ip}/{ip}": false,
		"ftp://api.example/{ip}": false, "/json/{ip}": false, "api.example/json/{ip}": false, "https:///json/{ip}": false,
		"https://user:secret@api.example/{ip}": false, "https://api.example/#{ip}": false, "https://api.example/{ip}\x00secret": false, "{ip}://secret": false,
	} {
		a, err := NewAPI(template, nil, time.Now)
		if (err == nil) != ok || (a != nil) != ok {
			t.Errorf("%q: %v, %v", template, a, err)
		}
		if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "192.0.2.1")) {
			t.Errorf("%q: %v", template, err)
		}
	}
	if a, _ := NewAPI("https://freegeoip.example/json/{ip}", nil, time.Now); a.Name() != ProviderAPI {
		t.Error(a.Name())
	}
}
