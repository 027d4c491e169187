package outbound

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

func TestPost(t *testing.T) {
	b := newBox(t)
	var got string
	b.serve("oak.social", "95.216.1.1", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got = fmt.Sprintf("%s %s %d %s %s", r.Method, r.URL.Path, r.ContentLength, r.Header.Get("Content-Type"), body)
		if r.URL.Path == "/moved" {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
	})
	c := b.client()
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	for _, row := range []struct {
		name   string
		path   string
		body   string
		want   string
		status int
	}{
		{"a form", "/a", "x=1&y=2", "POST /a 7 application/x-www-form-urlencoded x=1&y=2", 200},
		{"of nothing", "/a", "", "POST /a 0 application/x-www-form-urlencoded ", 200},
		{"as big as allowed", "/a", strings.Repeat("x", 65536), "POST /a 65536 application/x-www-form-urlencoded " + strings.Repeat("x", 65536), 200},
		{"its redirect is the answer", "/moved", "x=1", "POST /moved 3 application/x-www-form-urlencoded x=1", 307},
	} {
		t.Run(row.name, func(t *testing.T) {
			resp, err := c.Get(t.Context(), Request{
				Purpose: PurposeToken, Method: "POST", URL: "https://oak.social" + row.path, Header: form, Body: []byte(row.body),
			})
			if err != nil {
				t.Fatal(err)
			}
			if got != row.want || resp.Status != row.status {
				t.Errorf("%d; was sent %.100s", resp.Status, got)
			}
		})
	}
	if b.sent[PurposeToken] != 4 {
		t.Errorf("sent %v", b.sent)
	}
}

func TestRequestsThatAreNotMade(t *testing.T) {
	type row struct {
		name string
		r    Request
		want Reason
	}
	rows := []row{
		{"PUT", Request{Purpose: PurposeToken, Method: "PUT"}, ReasonProtocol},
		{"HEAD", Request{Purpose: PurposeToken, Method: "HEAD"}, ReasonProtocol},
		{"post", Request{Purpose: PurposeToken, Method: "post"}, ReasonProtocol},
		{"GET with a body", Request{Purpose: PurposeToken, Method: "GET", Body: []byte("x")}, ReasonProtocol},
		{"a body without a method", Request{Purpose: PurposeToken, Body: []byte("x")}, ReasonProtocol},
		{"POST, a byte too big", Request{Purpose: PurposeToken, Method: "POST", Body: make([]byte, 65537)}, ReasonTooBig},
	}
	for _, p := range Purposes() {
		if p != PurposeToken {
			rows = append(rows, row{"POST for " + string(p), Request{Purpose: p, Method: "POST"}, ReasonProtocol})
		}
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			b := newBox(t)
			b.serve("oak.social", "95.216.1.1", func(_ http.ResponseWriter, r *http.Request) { t.Errorf("was sent %s", r.Method) })
			row.r.URL = "https://oak.social/"
			if row.r.Purpose == PurposeHTTP {
				row.r.URL = "http://oak.social/"
			}
			c, err := b.client(), error(nil)
			if row.r.Purpose == PurposeStream {
				_, err = c.Stream(t.Context(), row.r)
			} else {
				_, err = c.Get(t.Context(), row.r)
			}
			wantReason(t, err, row.want)
			if b.refused[row.want] != 1 || len(b.sent) != 0 || len(b.dials()) != 0 {
				t.Errorf("refused %v, sent %v, dialled %v", b.refused, b.sent, b.dials())
			}
		})
	}
}

// A GET whose kept connection is closed under it is sent again; a POST may have done its work.
func TestPostIsNotSentAgain(t *testing.T) {
	b := newBox(t)
	var posts atomic.Int32
	b.serve("oak.social", "95.216.1.1", func(_ http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			posts.Add(1)
			panic(http.ErrAbortHandler)
		}
	})
	s := b.client().Session()
	defer s.Close()
	_, err := s.Get(t.Context(), Request{Purpose: PurposeRobots, URL: "https://oak.social/robots.txt"})
	wantReason(t, err, "")
	_, err = s.Get(t.Context(), Request{Purpose: PurposeToken, Method: "POST", URL: "https://oak.social/"})
	wantReason(t, err, ReasonConnection)
	if posts.Load() != 1 || len(b.dials()) != 1 {
		t.Errorf("%d times, over %d connections", posts.Load(), len(b.dials()))
	}
}

// What is asked for a token or a timeline goes no further than the domain; nor does the token.
func TestPrivateRedirects(t *testing.T) {
	for _, p := range []Purpose{PurposeToken, PurposeTimeline} {
		b := newBox(t)
		var told []string
		to := map[string]string{"/1": "https://www.oak.social/2", "/3": "https://elm.social/4"}
		handler := func(w http.ResponseWriter, r *http.Request) {
			told = append(told, r.Host+r.URL.Path+" "+r.Header.Get("Authorization"))
			if to[r.URL.Path] != "" {
				http.Redirect(w, r, to[r.URL.Path], http.StatusFound)
			}
		}
		b.serve("oak.social", "95.216.6.1", handler)
		b.serve("www.oak.social", "95.216.6.2", handler)
		b.serve("elm.social", "95.216.6.3", handler)
		c := b.client()
		for path, want := range map[string]Reason{"/1": "", "/3": ReasonRedirect} {
			told = nil
			_, err := c.Get(t.Context(), Request{Purpose: p, URL: "https://oak.social" + path, Header: http.Header{"Authorization": {"Bearer x"}}})
			wantReason(t, err, want)
			list := strings.Join(told, ", ")
			if list != map[string]string{"/1": "oak.social/1 Bearer x, www.oak.social/2 ", "/3": "oak.social/3 Bearer x"}[path] {
				t.Errorf("%s: told %s", p, list)
			}
		}
	}
}
