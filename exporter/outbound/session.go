package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Session is requests to one host, one after the other, over one connection that is kept in between. It is for one
// goroutine. Close lets go of the connection and of its place at the address.
//
// A Session never holds more than one connection: a redirect to another host closes the one it has. So a Session that
// waits for a place holds none, and Sessions can't lock each other out.
//
// All requests of a Session together have 20 s of dials, handshakes and exchanges; look-ups, waits for a place and the
// time between requests don't count. What does not fit is ReasonTimeout, for good: Close does not give new time.
type Session struct {
	c     *Client
	conn  *conn
	spent time.Duration
}

// Session begins one.
func (c *Client) Session() *Session { return &Session{c: c} }

// Close lets go of the connection. The Session can be used again, for what is left of its time.
func (s *Session) Close() {
	if s.conn != nil {
		s.conn.close()
		s.conn = nil
	}
}

// Get asks. Any complete HTTP answer is a Response, whatever its status; all errors are *Error.
func (s *Session) Get(ctx context.Context, r Request) (*Response, error) {
	ctx, done := s.c.until(ctx)
	defer done()
	t, err := parseTarget(r.URL)
	if err == nil && (t.url.Scheme == "http") != (r.Purpose == PurposeHTTP) {
		err = refuse(ReasonProtocol, fmt.Errorf("%s is not for purpose %s", t.url.Scheme, r.Purpose))
	}
	for seen := []target{}; ; {
		if err != nil {
			s.c.refused(ReasonOf(err))
			return nil, err
		}
		resp, err := s.hop(ctx, r, t, len(seen) > 0)
		if err != nil || r.Purpose == PurposeHTTP || !isRedirect(resp) {
			return resp, err
		}
		seen = append(seen, t)
		if t, err = follow(r, seen, resp.Header.Get("Location")); err != nil {
			s.c.refused(ReasonOf(err))
			return nil, err
		}
	}
}

// hop is one request and its answer, redirect or not. The one reason to ask again is that the server closed a kept
// connection just then; that counts as a request of its own.
func (s *Session) hop(ctx context.Context, r Request, t target, redirected bool) (*Response, error) {
	watch := startWatch(min(s.c.limits.request, s.c.limits.session-s.spent))
	defer func() { s.spent += watch.spent() }()
	for {
		reused, err := s.connect(ctx, r, t, &watch)
		if err == nil && !r.Purpose.ours() {
			err = overBudget(s.c.budget.take(t.name.String()))
		}
		if err != nil {
			err = judge(err)
			s.c.refused(ReasonOf(err))
			return nil, err
		}
		s.c.sent(r.Purpose)
		resp, err := s.exchange(ctx, r, t, redirected, watch.left())
		if err == nil {
			return resp, nil
		}
		s.Close()
		if !reused || ReasonOf(err) != ReasonConnection {
			return nil, judge(err)
		}
	}
}

// connect makes sure that there is a connection to the target. What is over budget is not even looked up.
func (s *Session) connect(ctx context.Context, r Request, t target, w *watch) (reused bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if w.left() <= 0 {
		return false, refuse(ReasonTimeout, errors.New("the time for this host is over"))
	}
	if !r.Purpose.ours() {
		if err := overBudget(s.c.budget.wait(t.name.String())); err != nil {
			return false, err
		}
	}
	if s.conn != nil && s.conn.serves(t) {
		return true, nil
	}
	s.Close()
	s.conn, err = s.c.connect(ctx, t, w)
	return false, err
}

func overBudget(wait time.Duration) error {
	if wait <= 0 {
		return nil
	}
	return &Error{Reason: ReasonBudget, Err: errors.New("4 requests to one host in an hour are enough"), Wait: wait}
}

// exchange sends the request over the Session's connection and reads the whole answer.
func (s *Session) exchange(
	ctx context.Context, r Request, t target, redirected bool, left time.Duration,
) (*Response, error) {
	ctx, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	s.conn.wire.allow(wireCap)
	req := (&http.Request{
		Method: http.MethodGet, URL: t.url, Host: t.url.Host, Header: s.header(r, redirected),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	resp, err := s.conn.http.RoundTrip(req)
	if err != nil {
		return nil, s.conn.cause(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, cut, err := readBody(resp, r)
	if err != nil {
		return nil, s.conn.cause(ctx, err)
	}
	answer := &Response{
		Status: resp.StatusCode, Header: resp.Header, Body: body, URL: t.url, TLS: resp.TLS, Addr: s.conn.addr,
	}
	if cut || resp.Close {
		s.Close()
	}
	return answer, nil
}

// header is what is sent. Accept-Encoding is net/http's, so that it decodes gzip and asks for nothing else.
func (s *Session) header(r Request, redirected bool) http.Header {
	h := make(http.Header, len(r.Header)+1)
	for key, values := range r.Header {
		h[http.CanonicalHeaderKey(key)] = values
	}
	h.Set("User-Agent", s.c.userAgent)
	h.Del("Accept-Encoding")
	if redirected {
		h.Del("Authorization")
	}
	return h
}

// readBody reads a body within the bounds of the request. cut: it is the beginning of a longer robots.txt.
func readBody(resp *http.Response, r Request) (body []byte, cut bool, err error) {
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return nil, false, fmt.Errorf("%w: it switched protocols", errBroken)
	}
	limit := r.maxBody()
	tooBig := fmt.Errorf("%w: a body of more than %d", errTooBig, limit)
	if resp.ContentLength > limit && r.Purpose != PurposeRobots {
		return nil, false, tooBig
	}
	body, err = io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case int64(len(body)) > limit && r.Purpose != PurposeRobots:
		return nil, false, tooBig
	case int64(len(body)) > limit:
		body, cut = body[:limit], true
	case err != nil:
		return nil, false, err
	}
	// net/http has taken "gzip" off the header if it decoded it.
	if encoding := resp.Header.Get("Content-Encoding"); len(body) > 0 && encoding != "" && encoding != "identity" {
		return nil, false, fmt.Errorf("%w: Content-Encoding %q", errBroken, encoding)
	}
	return body, cut, nil
}
