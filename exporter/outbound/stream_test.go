package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// secret is a word that is nobody's but the server's and the reader's.
const secret = "marmalade"

func stream(ctx context.Context, c *Client, host string) (*Stream, error) {
	return c.Stream(ctx, Request{Purpose: PurposeStream, URL: "https://" + host + "/"})
}

// wantPrivate holds that nothing of an answer is in an error.
func wantPrivate(t *testing.T, err error) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), secret) {
			t.Errorf("it says what it was told: %v", err)
		}
	}
}

func TestStreams(t *testing.T) {
	const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	say := func(words ...string) func(net.Conn) {
		return func(c net.Conn) {
			for _, s := range words {
				_, _ = io.WriteString(c, s)
			}
		}
	}
	endless := func(first, piece string) func(net.Conn) {
		return func(c net.Conn) {
			_, err := io.WriteString(c, first)
			for err == nil {
				_, err = io.WriteString(c, piece)
			}
		}
	}
	long := strings.Repeat("x", 4096)
	for i, row := range []struct {
		name   string
		talk   func(net.Conn)
		want   Reason // of the head
		status int
		length int    // of what is read
		end    Reason // of the body; empty: io.EOF
	}{
		{"events", say(chunked, "3\r\n:)\n\r\n", "a\r\nevent: x\n\n\r\n", "0\r\n\r\n"), "", 200, 13, ""},
		{"until it closes", say("HTTP/1.0 200 OK\r\n\r\n", ":)\n"), "", 200, 3, ""},
		{"nothing", say("HTTP/1.1 204 No Content\r\n\r\n"), "", 204, 0, ""},
		{"more than other answers may have", say("HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n", strings.Repeat(long, 2560)), "", 200, 10 << 20, ""},
		{"unauthorized", say("HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\n\r\nno\r\n"), "", 401, 4, ""},
		{"a status, in an encoding", say("HTTP/1.1 403 Forbidden\r\nContent-Encoding: br\r\nContent-Length: 4\r\n\r\nno\r\n"), "", 403, 4, ""},
		{"in an encoding", say("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"), ReasonProtocol, 0, 0, ""},
		{"closed in the middle of a line", say(chunked, "20\r\ndata: {\"content\":\"marm"), "", 200, 22, ReasonConnection},
		{"a broken chunk", say(chunked, "3\r\n:)\n\r\n", secret+"\r\n"), "", 200, 3, ReasonProtocol},
		{"a broken trailer", say(chunked, "0\r\n", secret+"\r\n\r\n"), "", 200, 0, ReasonProtocol},
		{"trailers without an end", endless(chunked+"3\r\n:)\n\r\n0\r\n", secret+": "+secret+"\r\n"), "", 200, 3, ReasonProtocol},
		{"closed at once", say(""), ReasonConnection, 0, 0, ""},
		{"no HTTP", say("[{\"content\":\"" + secret + "\"}]\r\n"), ReasonProtocol, 0, 0, ""},
		{"no header", say("HTTP/1.1 200 OK\r\n" + secret + "\r\n\r\n"), ReasonProtocol, 0, 0, ""},
		{"another protocol", say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"), ReasonProtocol, 0, 0, ""},
		{"many headers", endless("HTTP/1.1 200 OK\r\n", "X-Flood: "+long+"\r\n"), ReasonTooBig, 0, 0, ""},
		{"one long header", say("HTTP/1.1 200 OK\r\nX: ", strings.Repeat("y", 70<<10), "\r\n\r\n"), ReasonTooBig, 0, 0, ""},
		{"many informational answers", endless("", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"), ReasonTooBig, 0, 0, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBox(t)
			host := fmt.Sprintf("a%d.oak.social", i)
			b.raw(host, "95.216.2.1", row.talk)
			c := b.client()
			s, err := stream(t.Context(), c, host)
			wantReason(t, err, row.want)
			wantPrivate(t, err)
			if err != nil {
				return
			}
			defer s.Body.Close()
			body, err := io.ReadAll(s.Body)
			wantReason(t, err, row.end)
			wantPrivate(t, err)
			if s.Status != row.status || len(body) != row.length {
				t.Errorf("status %d, %d bytes", s.Status, len(body))
			}
		})
	}
}

func TestStreamRequest(t *testing.T) {
	b := newBox(t)
	heads := make(chan http.Header, 1)
	b.serve("oak.social", "95.216.1.1", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "GET" || r.Proto != "HTTP/1.1" || r.Host != "oak.social" || r.RequestURI != "/s?only_media=1" {
			t.Errorf("%s %s of %s by %s", r.Method, r.RequestURI, r.Host, r.Proto)
		}
		heads <- r.Header
		w.Header().Set("Content-Type", "text/event-stream")
	})
	c := b.client()
	s, err := c.Stream(t.Context(), Request{Purpose: PurposeStream, URL: "https://OAK.social/s?only_media=1#x", Header: http.Header{
		"Authorization": {"Bearer x"}, "User-Agent": {"liar"}, "Accept-Encoding": {"br"}, "Accept": {"text/event-stream"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Body.Close()
	head := <-heads
	for key, want := range map[string]string{
		"Authorization": "Bearer x", "Accept": "text/event-stream", "Accept-Encoding": "identity",
		"User-Agent": "MNM-Exporter/1.2.3 (+https://mnm.social; ops@mnm.social)",
	} {
		if got := head.Get(key); got != want {
			t.Errorf("%s: %q", key, got)
		}
	}
	if s.URL.String() != "https://oak.social/s?only_media=1" || s.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("%s, %v", s.URL, s.Header)
	}
	if b.sent[PurposeStream] != 1 || len(b.refused) != 0 {
		t.Errorf("sent %v, refused %v", b.sent, b.refused)
	}
}

func TestStreamsAndTheirRedirects(t *testing.T) {
	for _, row := range []struct {
		name string
		to   map[string]string // "host/path" to Location
		not  string            // what may not be followed
		want Reason
		end  string
		sent int
	}{
		{"to another host of the domain", map[string]string{"oak.social/1": "https://streaming.oak.social/2"}, "", "", "https://streaming.oak.social/2", 2},
		{"three", map[string]string{"oak.social/1": "/2", "oak.social/2": "/3", "oak.social/3": "/4"}, "", "", "https://oak.social/4", 4},
		{"four", map[string]string{"oak.social/1": "/2", "oak.social/2": "/3", "oak.social/3": "/4", "oak.social/4": "/5"}, "", ReasonRedirect, "", 4},
		{"to another domain", map[string]string{"oak.social/1": "https://elm.social/2"}, "", ReasonRedirect, "", 1},
		{"to http", map[string]string{"oak.social/1": "http://oak.social/1"}, "", ReasonRedirect, "", 1},
		{"to loopback", map[string]string{"oak.social/1": "https://127.0.0.1/2"}, "", ReasonRedirect, "", 1},
		{"to a private address", map[string]string{"oak.social/1": "https://inside.oak.social/2"}, "", ReasonAddress, "", 1},
		{"to where we may not ask", map[string]string{"oak.social/1": "/2"}, "/2", ReasonRobots, "", 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBox(t)
			var mu sync.Mutex
			told, gone := map[string]string{}, make(chan struct{}, 8)
			handler := func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				told[r.Host+r.URL.Path] = r.Header.Get("Authorization")
				mu.Unlock()
				if to := row.to[r.Host+r.URL.Path]; to != "" {
					w.Header().Set("Location", to)
					w.WriteHeader(http.StatusMovedPermanently)
				}
				_ = http.NewResponseController(w).Flush() // nor has the body of a redirect an end
				<-r.Context().Done()
				gone <- struct{}{}
			}
			b.serve("oak.social", "95.216.6.1", handler)
			b.serve("streaming.oak.social", "95.216.6.2", handler)
			b.serve("elm.social", "95.216.6.3", handler)
			b.name("inside.oak.social", "10.0.0.1")
			c := b.client()
			s, err := c.Stream(t.Context(), Request{
				Purpose: PurposeStream, URL: "https://oak.social/1", Header: http.Header{"Authorization": {"Bearer x"}},
				Allowed: func(u *url.URL) bool { return u.Path != row.not },
			})
			wantReason(t, err, row.want)
			if err == nil {
				if s.URL.String() != row.end || s.Status != 200 {
					t.Errorf("%d from %s", s.Status, s.URL)
				}
				s.Body.Close()
			}
			for range row.sent { // no connection is left
				<-gone
			}
			mu.Lock()
			defer mu.Unlock()
			for at, got := range told {
				if want := map[bool]string{true: "Bearer x"}[at == "oak.social/1"]; got != want {
					t.Errorf("%s was told %q", at, got)
				}
			}
			if b.sent[PurposeStream] != row.sent || len(b.dials()) != row.sent {
				t.Errorf("sent %v over %d connections", b.sent, len(b.dials()))
			}
			if err != nil && b.refused[row.want] != 1 || err == nil && len(b.refused) != 0 {
				t.Errorf("refused %v", b.refused)
			}
		})
	}
}

// Streams neither wait for the places of visits nor take any.
func TestStreamsTakeNoPlace(t *testing.T) {
	b := newBox(t)
	quietHost(b, "oak.social", "95.216.1.1")
	c := b.client()
	empty := c.places.fill(t, "95.216.1.1")
	for range 3 * perAddress {
		s, err := stream(t.Context(), c, "oak.social")
		if err != nil {
			t.Fatal(err)
		}
		defer s.Body.Close()
	}
	empty()
	if len(c.places.at) != 0 {
		t.Errorf("places taken: %v", c.places.at)
	}
}

func TestStreamIsForStreamsOnly(t *testing.T) {
	b := newBox(t)
	c := b.client()
	for _, p := range Purposes() {
		r := Request{Purpose: p, URL: "https://oak.social/"}
		err := error(nil)
		if p == PurposeStream {
			_, err = c.Get(t.Context(), r)
		} else {
			_, err = c.Stream(t.Context(), r)
		}
		if ReasonOf(err) != ReasonProtocol {
			t.Errorf("%s: %v", p, err)
		}
	}
	if b.refused[ReasonProtocol] != len(Purposes()) || len(b.sent) != 0 {
		t.Errorf("refused %v, sent %v", b.refused, b.sent)
	}
}
