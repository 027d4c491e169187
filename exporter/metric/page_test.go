package metric

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/mnm-social/mnm/internal/promtest"
)

// counted is a part of one gauge that has the published number, and how often it was rendered.
type counted struct {
	published atomic.Pointer[float64]
	rendered  atomic.Int64
	part      *Part
}

func newCounted(name string) *counted {
	c := &counted{}
	c.part = NewPart(name, Table[*float64]{{
		Name: name, Help: "The published number.", Type: Gauge,
		Read: func(number *float64, w *Writer) {
			c.rendered.Add(1)
			w.Emit(*number)
		},
	}}, c.published.Load)
	c.publish(1)
	return c
}

func (c *counted) publish(number float64) { c.published.Store(&number) }

// one is what the page has of a part with that number.
func one(name string, number int) string {
	return fmt.Sprintf("# HELP %s The published number.\n# TYPE %s gauge\n%s %d\n", name, name, name, number)
}

func live(text string, err error) *Part {
	return NewLivePart("live", func(w io.Writer) error {
		_, _ = io.WriteString(w, text) // memory takes everything
		return err
	})
}

func get(t *testing.T, handler http.Handler, method, target string, acceptEncoding ...string) *http.Response {
	t.Helper()
	request := httptest.NewRequest(method, target, http.NoBody)
	for _, one := range acceptEncoding {
		request.Header.Add("Accept-Encoding", one)
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder.Result()
}

// text reads a response as a scraper does, by the standard library's gzip.
func text(t *testing.T, response *http.Response) string {
	t.Helper()
	var body io.Reader = response.Body
	if response.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			t.Fatal(err)
		}
		body = unzipped
	}
	read, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(read)
}

func TestCollect(t *testing.T) {
	a, b := newCounted("a"), newCounted("b")
	page := &Page{Parts: []*Part{a.part, b.part, live("live 1\n", nil), NewLivePart("a", func(w io.Writer) error {
		_, err := io.WriteString(w, "more_of_a 1\n")
		return err
	})}}
	tests := []struct{ name, query, want string }{
		{"no query", "", one("a", 1) + one("b", 1) + "live 1\nmore_of_a 1\n"},
		{"another query", "?x=1&collect=b", one("a", 1) + one("b", 1) + "live 1\nmore_of_a 1\n"},
		{"one", "?collect[]=b", one("b", 1)},
		{"escaped", "?collect%5B%5D=b", one("b", 1)},
		{"live", "?collect[]=live", "live 1\n"},
		{"two, in the page's order", "?collect[]=live&collect[]=b", one("b", 1) + "live 1\n"},
		{"twice", "?collect[]=b&collect[]=b", one("b", 1)},
		{"two parts of one name", "?collect[]=a", one("a", 1) + "more_of_a 1\n"},
	}
	for _, test := range tests {
		for _, encoding := range []string{"", "gzip"} {
			t.Run(test.name+encoding, func(t *testing.T) {
				response := get(t, page, http.MethodGet, "/metrics"+test.query, encoding)
				if got := text(t, response); response.StatusCode != http.StatusOK || got != test.want {
					t.Errorf("got %s with\n%s\nwant\n%s", response.Status, got, test.want)
				}
				if got := response.Header.Get("Content-Encoding"); got != encoding {
					t.Errorf("the encoding is %q, want %q", got, encoding)
				}
				if got := response.Header.Get("Content-Type"); got != "text/plain; version=0.0.4; charset=utf-8" {
					t.Errorf("the type is %q", got)
				}
			})
		}
	}
	for query, want := range map[string]string{
		"?collect[]=c":             `collect[] has no part "c", only a, b, live` + "\n",
		"?collect[]=a&collect[]=":  `collect[] has no part "", only a, b, live` + "\n",
		"?collect[]=a&collect[]=%": "reading the query: invalid URL escape \"%\"\n",
	} {
		response := get(t, page, http.MethodGet, "/metrics"+query)
		if got := text(t, response); response.StatusCode != http.StatusBadRequest || got != want {
			t.Errorf("%s: got %s with %q, want 400 with %q", query, response.Status, got, want)
		}
	}
}

func TestMethods(t *testing.T) {
	a := newCounted("a")
	page := &Page{Parts: []*Part{a.part}}
	head := get(t, page, http.MethodHead, "/metrics", "gzip")
	for name, want := range map[string]string{"Content-Type": ContentType, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"} {
		if got := head.Header.Get(name); got != want || head.StatusCode != http.StatusOK {
			t.Errorf("HEAD: %s with %s %q, want %q", head.Status, name, got, want)
		}
	}
	if body := text(t, get(t, page, http.MethodHead, "/metrics")); body != "" || a.rendered.Load() != 0 {
		t.Errorf("HEAD has %q and rendered %d times", body, a.rendered.Load())
	}
	if unknown := get(t, page, http.MethodHead, "/metrics?collect[]=x"); unknown.StatusCode != http.StatusBadRequest {
		t.Errorf("HEAD of an unknown part: %s", unknown.Status)
	}
	post := get(t, page, http.MethodPost, "/metrics")
	if post.StatusCode != http.StatusMethodNotAllowed || post.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %s, allowed %q", post.Status, post.Header.Get("Allow"))
	}
	whole := get(t, page, http.MethodGet, "/metrics")
	if got, want := whole.Header.Get("Content-Length"), strconv.Itoa(len(one("a", 1))); got != want || whole.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("GET: length %s, want %s; Vary %q", got, want, whole.Header.Get("Vary"))
	}
}

func TestAcceptEncoding(t *testing.T) {
	tests := []struct {
		headers []string
		want    bool
	}{
		{nil, false},
		{[]string{""}, false},
		{[]string{"gzip"}, true},
		{[]string{"x-gzip"}, true},
		{[]string{"GZip"}, true},
		{[]string{"deflate, gzip;q=1.0, *;q=0.5"}, true},
		{[]string{"deflate", "br , gzip ; q=0.001"}, true},
		{[]string{"gzip;q=0"}, false},
		{[]string{"gzip; Q=0.000"}, false},
		{[]string{"gzip;q=0, *"}, false},
		{[]string{"*, gzip;q=0"}, false},
		{[]string{"*"}, true},
		{[]string{"*;q=0"}, false},
		{[]string{"identity"}, false},
		{[]string{"br, zstd, deflate"}, false},
		{[]string{"gzipped, notgzip"}, false},
		{[]string{"gzip;q=nonsense"}, false},
		{[]string{"gzip;q=NaN"}, false},
		{[]string{"gzip;q=-1"}, false},
		{[]string{"gzip;level=9"}, false},
		{[]string{",,;;,"}, false},
	}
	for _, test := range tests {
		if got := acceptsGzip(test.headers); got != test.want {
			t.Errorf("%q: got %v, want %v", test.headers, got, test.want)
		}
	}
}

func TestRenderedOncePerValueAndEncoding(t *testing.T) {
	a, b := newCounted("a"), newCounted("b")
	page := &Page{Parts: []*Part{a.part, b.part}}
	scrape := func(encoding string, wantA, wantB int, renderedA, renderedB int64) {
		t.Helper()
		want := one("a", wantA) + one("b", wantB)
		if got := text(t, get(t, page, http.MethodGet, "/metrics", encoding)); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if gotA, gotB := a.rendered.Load(), b.rendered.Load(); gotA != renderedA || gotB != renderedB {
			t.Errorf("rendered %d and %d times, want %d and %d", gotA, gotB, renderedA, renderedB)
		}
	}
	scrape("gzip", 1, 1, 1, 1)
	scrape("gzip", 1, 1, 1, 1)
	scrape("", 1, 1, 2, 2)
	scrape("", 1, 1, 2, 2)
	scrape("gzip", 1, 1, 2, 2)
	a.publish(2)
	scrape("", 2, 1, 3, 2)
	scrape("gzip", 2, 1, 4, 2)
	a.publish(2) // the same number, published anew
	scrape("gzip", 2, 1, 5, 2)
	scrape("", 2, 1, 6, 2)
}

// Fifty scrapers at once: each value is rendered once for each encoding, and no scraper sees a mixture.
func TestSingleFlight(t *testing.T) {
	const scrapers, values = 25, 20
	a := newCounted("a")
	page := &Page{Parts: []*Part{a.part, live("live 1\n", nil)}, InFlight: 2 * scrapers}
	for number := 1; number <= values; number++ {
		a.publish(float64(number))
		var group sync.WaitGroup
		for range scrapers {
			for _, encoding := range []string{"", "gzip"} {
				group.Go(func() {
					if got, want := text(t, get(t, page, http.MethodGet, "/metrics", encoding)), one("a", number)+"live 1\n"; got != want {
						t.Errorf("got\n%s\nwant\n%s", got, want)
					}
				})
			}
		}
		group.Wait()
		if got := a.rendered.Load(); got != int64(2*number) {
			t.Fatalf("%d values were rendered %d times", number, got)
		}
	}
}

// Values that change while scrapes are under way: every answer is a whole page of one value, and later answers are of no
// earlier value.
func TestPublishingWhileScraping(t *testing.T) {
	a := newCounted("a")
	page := &Page{Parts: []*Part{a.part}}
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			last := 0
			for range 100 {
				got := text(t, get(t, page, http.MethodGet, "/metrics", []string{"", "gzip"}[i%2]))
				line := strings.Split(got, "\n")[2]
				number, err := strconv.Atoi(strings.TrimPrefix(line, "a "))
				if err != nil || got != one("a", number) || number < last {
					t.Errorf("after %d got\n%s", last, got)
					return
				}
				last = number
			}
		})
	}
	for number := 1; number <= 300; number++ {
		a.publish(float64(number))
	}
	group.Wait()
}

func TestTooManyInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		page := &Page{Parts: []*Part{NewLivePart("slow", func(io.Writer) error {
			<-release
			return nil
		})}}
		var served, refused atomic.Int64
		var group sync.WaitGroup
		for range DefaultInFlight + 3 {
			group.Go(func() {
				switch response := get(t, page, http.MethodGet, "/metrics"); response.StatusCode {
				case http.StatusOK:
					served.Add(1)
				case http.StatusServiceUnavailable:
					refused.Add(1)
				default:
					t.Errorf("got %s", response.Status)
				}
			})
		}
		synctest.Wait()
		if served.Load() != 0 || refused.Load() != 3 {
			t.Errorf("%d served and %d refused while %d are in flight", served.Load(), refused.Load(), DefaultInFlight)
		}
		close(release)
		group.Wait()
		if served.Load() != DefaultInFlight || refused.Load() != 3 {
			t.Errorf("%d served and %d refused in the end", served.Load(), refused.Load())
		}
		if after := get(t, page, http.MethodGet, "/metrics"); after.StatusCode != http.StatusOK {
			t.Errorf("afterwards: %s", after.Status)
		}
	})
}

// A part that fails costs its own unfinished line, and nothing else.
func TestFailingParts(t *testing.T) {
	broken := errors.New("broken")
	misfit := NewPart("misfit", Table[int]{{
		Name: "misfit", Help: "Two samples, one of them wrong.", Type: Gauge, Labels: []string{"x"},
		Read: func(_ int, w *Writer) {
			w.Emit(1)
			w.Emit(2, "ok")
		},
	}}, func() int { return 0 })
	var failures []string
	page := &Page{
		Parts:  []*Part{live("first 1\nhalf{a=\"", broken), misfit, live("no line", nil), live("last 1\n", broken)},
		Failed: func(part string, err error) { failures = append(failures, part+": "+err.Error()) },
	}
	const want = "first 1\n# HELP misfit Two samples, one of them wrong.\n# TYPE misfit gauge\nmisfit{x=\"ok\"} 2\nlast 1\n"
	for _, encoding := range []string{"", "gzip"} {
		failures = nil
		if got := text(t, get(t, page, http.MethodGet, "/metrics", encoding)); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		const all = "live: broken, misfit: writing misfit: 1 samples without 1 label values left out, live: broken"
		if got := strings.Join(failures, ", "); got != all {
			t.Errorf("told %s, want %s", got, all)
		}
	}
	page.Failed = nil // nobody wants to know
	if got := text(t, get(t, page, http.MethodGet, "/metrics")); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A panic in a reader leaves the part usable for the next scrape.
func TestPanickingReader(t *testing.T) {
	fail := true
	page := &Page{InFlight: 1, Parts: []*Part{NewPart("a", Table[int]{{Name: "a", Help: "A.", Type: Gauge, Read: func(_ int, w *Writer) {
		if fail {
			panic("a nil somewhere")
		}
		w.Emit(1)
	}}}, func() int { return 0 })}}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is hidden")
			}
		}()
		get(t, page, http.MethodGet, "/metrics", "gzip")
	}()
	fail = false
	if got := text(t, get(t, page, http.MethodGet, "/metrics", "gzip")); !strings.HasSuffix(got, "\na 1\n") {
		t.Errorf("afterwards: %q", got)
	}
}

func TestNothingToServe(t *testing.T) {
	empty := NewPart("empty", Table[int]{}, func() int { return 0 })
	for name, page := range map[string]*Page{"no parts": {}, "an empty part": {Parts: []*Part{empty, live("", nil)}}} {
		for _, encoding := range []string{"", "gzip"} {
			response := get(t, page, http.MethodGet, "/metrics", encoding)
			if got := text(t, response); got != "" || response.StatusCode != http.StatusOK {
				t.Errorf("%s, %q: %s with %q", name, encoding, response.Status, got)
			}
		}
	}
}

// A page of many blocks, over a real connection, by the real scraper.
func TestPrometheusScrapes(t *testing.T) {
	const ships = 20_000
	data := &fleet{ships: make([]ship, ships)}
	for i := range data.ships {
		data.ships[i] = ship{name: "ship-" + strconv.Itoa(i), flag: "\"\\\n\xff", crew: float64(i), voyages: 0.5}
	}
	network := newCounted("network")
	page := &Page{Parts: []*Part{
		NewPart("instances", harbour, func() *fleet { return data }), network.part, live("live 1\nhalf", nil),
	}}
	var zipped atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page.ServeHTTP(w, r)
		if w.Header().Get("Content-Encoding") == "gzip" {
			zipped.Add(1)
		}
	}))
	t.Cleanup(server.Close)

	prometheus := promtest.RunScrapeManager(t, server.URL+"/metrics")
	prometheus.Await(t, "count(ship_crew)", ships)
	prometheus.Await(t, "sum(ship_crew)", ships*(ships-1)/2)
	prometheus.Await(t, `sum(ship_voyages_total{flag="\"\\\n\ufffd"})`, ships/2)
	prometheus.Await(t, "live", 1)
	prometheus.Await(t, "network", 1)
	network.publish(2)
	prometheus.Await(t, "network", 2)
	if zipped.Load() == 0 {
		t.Error("nothing was sent as gzip")
	}

	one := promtest.RunScrapeManager(t, server.URL+"/metrics?collect[]=network")
	one.Await(t, "network", 2)
	one.Await(t, "scrape_samples_scraped", 1)
}

// Each part is one gzip member of its own.
func TestGzipMembers(t *testing.T) {
	a, b := newCounted("a"), newCounted("b")
	page := &Page{Parts: []*Part{a.part, b.part, live("live 1\n", nil)}}
	body, err := io.ReadAll(get(t, page, http.MethodGet, "/metrics", "gzip").Body)
	if err != nil {
		t.Fatal(err)
	}
	compressed := bytes.NewReader(body)
	var member gzip.Reader
	var members []string
	for compressed.Len() > 0 {
		if err := member.Reset(compressed); err != nil {
			t.Fatal(err)
		}
		member.Multistream(false)
		part, err := io.ReadAll(&member)
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, string(part))
	}
	if want := []string{one("a", 1), one("b", 1), "live 1\n"}; strings.Join(members, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", members, want)
	}
}
