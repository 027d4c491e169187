package outbound

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestSessionKeepsOneConnection(t *testing.T) {
	b := newBox(t)
	var heads []http.Header
	b.serve("oak.social", "95.216.1.1", func(w http.ResponseWriter, r *http.Request) {
		heads = append(heads, r.Header)
		if r.Proto != "HTTP/1.1" || r.Host != "oak.social" || r.TLS.ServerName != "oak.social" {
			t.Errorf("%s to %s (SNI %s)", r.Proto, r.Host, r.TLS.ServerName)
		}
		w.Header().Set("X-Path", r.URL.Path)
		w.WriteHeader(map[string]int{"/a": 200, "/b": 404, "/c": 503, "/d": 304}[r.URL.Path])
	})
	c := b.client()
	s := c.Session()
	for _, row := range []struct {
		path   string
		status int
	}{{"/a", 200}, {"/b", 404}, {"/c", 503}, {"/d", 304}} {
		resp, err := s.Get(t.Context(), Request{
			Purpose: PurposeAPIV1, URL: "https://OAK.social:443" + row.path + "?x=1#y",
			Header: http.Header{"if-none-match": {`"v1"`}, "User-Agent": {"liar"}, "Accept-Encoding": {"br"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if resp.Status != row.status || resp.Header.Get("X-Path") != row.path {
			t.Errorf("%s: %d, %v", row.path, resp.Status, resp.Header)
		}
		if resp.URL.String() != "https://oak.social"+row.path+"?x=1" || resp.TLS == nil || resp.Addr.String() != "95.216.1.1" {
			t.Errorf("%s: %s by %s, TLS %v", row.path, resp.URL, resp.Addr, resp.TLS != nil)
		}
	}
	want := map[string]string{
		"User-Agent":    "MNM-Exporter/1.2.3 (+https://mnm.social; ops@mnm.social)",
		"If-None-Match": `"v1"`, "Accept-Encoding": "gzip",
	}
	for key, value := range want {
		if got := heads[3].Get(key); got != value {
			t.Errorf("%s: %q", key, got)
		}
	}
	if got := b.dials(); len(got) != 1 {
		t.Errorf("dialled %v", got)
	}
	if n := b.questions("oak.social. A"); n != 1 {
		t.Errorf("asked for the name %d times", n)
	}
	addrs, err := c.Lookup(t.Context(), "oak.social")
	if err != nil || !reflect.DeepEqual(addrs.V4, []netip.Addr{netip.MustParseAddr("95.216.1.1")}) || addrs.V6 != nil {
		t.Errorf("addresses %v, %v", addrs, err)
	}
	if n := b.questions("oak.social. A"); n != 1 {
		t.Error("the look-up of a host just visited asked again")
	}
	if !reflect.DeepEqual(b.sent, map[Purpose]int{PurposeAPIV1: 4}) || len(b.refused) != 0 {
		t.Errorf("counted sent %v, refused %v", b.sent, b.refused)
	}
	if len(c.places.at) != 1 {
		t.Error("a kept connection has no place")
	}
	s.Close()
	s.Close()
	if len(c.places.at) != 0 {
		t.Errorf("places left: %v", c.places.at)
	}
}

// A server that closes a kept connection just when it is asked again is asked once more; that counts.
func TestSessionAsksAgainAfterStaleConnection(t *testing.T) {
	b := newBox(t)
	var asked atomic.Int32
	b.serve("oak.social", "95.216.1.1", func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 2 {
			panic(http.ErrAbortHandler)
		}
		ok(w, r)
	})
	c := b.client()
	s := c.Session()
	defer s.Close()
	for range 2 {
		if _, err := s.Get(t.Context(), Request{Purpose: PurposeAPIV1, URL: "https://oak.social/"}); err != nil {
			t.Fatal(err)
		}
	}
	if asked.Load() != 3 || b.sent[PurposeAPIV1] != 3 || len(b.dials()) != 2 {
		t.Errorf("asked %d, counted %d, dialled %d", asked.Load(), b.sent[PurposeAPIV1], len(b.dials()))
	}
	wantSends(t, c, "oak.social", 3)
}

// wantSends holds how much of the budget of a host is used.
func wantSends(t *testing.T, c *Client, host string, want int) {
	t.Helper()
	n := 0
	if s := c.budget.find(host); s != nil {
		n = s.n
	}
	if n != want {
		t.Errorf("%s was counted %d times, want %d", host, n, want)
	}
}

func TestHTTPPurposeShowsTheRedirect(t *testing.T) {
	b := newBox(t)
	plain := make(chan string, 1)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		plain <- r.Host
		http.Redirect(w, r, "https://oak.social/", http.StatusMovedPermanently)
	})}
	var running sync.WaitGroup
	running.Go(func() { _ = srv.Serve(ln) })
	t.Cleanup(func() { srv.Close(); running.Wait() })
	b.name("oak.social", "95.216.1.1")
	b.route("95.216.1.1:80", ln.Addr().String())
	c := b.client()
	resp, err := c.Get(t.Context(), Request{Purpose: PurposeHTTP, URL: "http://oak.social/"})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Status != 301 || resp.Header.Get("Location") != "https://oak.social/" || resp.TLS != nil || <-plain != "oak.social" {
		t.Errorf("%+v", resp)
	}
	wantSends(t, c, "oak.social", 1)
}

func TestEndings(t *testing.T) {
	b := newBox(t)
	reached := make(chan struct{}, 8)
	b.raw("hang.oak.social", "95.216.5.1", func(c net.Conn) {
		reached <- struct{}{}
		_, _ = io.Copy(io.Discard, c)
	})
	c := b.client()
	get := func(ctx context.Context) error {
		_, err := c.Get(ctx, Request{Purpose: PurposeDirectory, URL: "https://hang.oak.social/"})
		return err
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-reached; cancel() }()
	wantReason(t, get(ctx), ReasonCanceled)
	wantReason(t, get(ctx), ReasonCanceled)
	ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	wantReason(t, get(ctx), ReasonTimeout)
	<-reached
	go func() { <-reached; c.Close() }()
	wantReason(t, get(t.Context()), ReasonCanceled)
	wantReason(t, get(t.Context()), ReasonCanceled)
	_, err := c.Lookup(t.Context(), "elm.social")
	wantReason(t, err, ReasonCanceled)
}
