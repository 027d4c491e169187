package outbound

import (
	"bytes"
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
//
// After a request for a timeline or a token the connection is not kept.
type Session struct {
	c      *Client
	places *places // nil: it is a stream's, which takes no place
	conn   *conn
	body   io.Reader // a stream's
	spent  time.Duration
}

// Session begins one.
func (c *Client) Session() *Session { return &Session{c: c, places: c.places} }

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
	return s.ask(ctx, r)
}

// ask asks, and again wherever redirects lead.
func (s *Session) ask(ctx context.Context, r Request) (*Response, error) {
	t, err := r.target()
	if err == nil && (r.Purpose == PurposeStream) != (s.places == nil) {
		err = refuse(ReasonProtocol, fmt.Errorf("purpose %s: Stream is for streams, and Get for all else", r.Purpose))
	}
	for seen := []target{}; ; {
		if err != nil {
			s.c.refused(ReasonOf(err))
			return nil, err
		}
		resp, err := s.hop(ctx, r, t, len(seen) > 0)
		if err != nil || !r.follows() || !isRedirect(resp) {
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
// connection just then; that counts as a request of its own. A POST is never sent again: it may have had its effect.
func (s *Session) hop(ctx context.Context, r Request, t target, redirected bool) (*Response, error) {
	watch := startWatch(min(s.c.limits.request, s.c.limits.session-s.spent))
	defer func() { s.spent += watch.spent() }()
	for {
		reused, err := s.connect(ctx, r, t, &watch)
		if err == nil && r.Purpose.budgeted() {
			err = overBudget(s.c.budget.take(t.name.String()))
		}
		if err != nil {
			if err = judge(err); redirected {
				err = r.Purpose.judge(err)
			}
			s.c.refused(ReasonOf(err))
			return nil, err
		}
		s.c.sent(r.Purpose)
		exchange := s.exchange
		if r.Purpose == PurposeStream {
			exchange = s.open
		}
		resp, err := exchange(ctx, r, t, redirected, watch.left())
		if err == nil {
			return resp, nil
		}
		s.Close()
		if !reused || ReasonOf(err) != ReasonConnection || r.Method == http.MethodPost {
			return nil, r.Purpose.judge(err)
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
	if r.Purpose.budgeted() {
		if err := overBudget(s.c.budget.wait(t.name.String())); err != nil {
			return false, err
		}
	}
	if s.conn != nil && s.conn.serves(t) {
		return true, nil
	}
	s.Close()
	s.conn, err = s.c.connect(ctx, s.places, t, w)
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
	resp, err := s.send(ctx, r, t, redirected)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, cut, err := readBody(resp, r)
	if err != nil {
		return nil, s.conn.cause(ctx, err)
	}
	answer := &Response{
		Status: resp.StatusCode, Header: resp.Header, Body: body, URL: t.url, TLS: resp.TLS, Addr: s.conn.addr,
	}
	if cut || resp.Close || resp.Request.Close {
		s.Close()
	}
	return answer, nil
}

// send sends the request over the Session's connection and reads the head of the answer.
func (s *Session) send(ctx context.Context, r Request, t target, redirected bool) (*http.Response, error) {
	s.conn.wire.allow(wireCap)
	req := (&http.Request{
		Method: r.Method, URL: t.url, Host: t.url.Host, Header: s.header(r, redirected),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		// What comes over a kept connection after the answer is logged by net/http, word for word.
		Close: r.Purpose.private(),
	}).WithContext(ctx)
	if len(r.Body) > 0 {
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(r.Body)), int64(len(r.Body))
	}
	resp, err := s.conn.http.RoundTrip(req)
	if err != nil {
		return nil, s.conn.cause(ctx, err)
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		_ = resp.Body.Close()
		return nil, fmt.Errorf("%w: it switched protocols", errBroken)
	}
	return resp, nil
}

// header is what is sent. Accept-Encoding is net/http's, so that it decodes gzip and asks for nothing else.
func (s *Session) header(r Request, redirected bool) http.Header {
	h := make(http.Header, len(r.Header)+1)
	for key, values := range r.Header {
		h[http.CanonicalHeaderKey(key)] = values
	}
	h.Set("User-Agent", s.c.userAgent)
	h.Del("Accept-Encoding")
	if r.Purpose == PurposeStream {
		h.Set("Accept-Encoding", "identity")
	}
	if redirected {
		h.Del("Authorization")
	}
	return h
}

// readBody reads a body within the bounds of the request. cut: it is the beginning of a longer robots.txt.
func readBody(resp *http.Response, r Request) (body []byte, cut bool, err error) {
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
	if len(body) > 0 {
		err = strangeEncoding(resp.Header)
	}
	return body, cut, err
}

// strangeEncoding is an error if a body comes in an encoding that we did not ask for. net/http has taken "gzip" off the
// header if it decoded it.
func strangeEncoding(h http.Header) error {
	if encoding := h.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return fmt.Errorf("%w: Content-Encoding %q", errBroken, encoding)
	}
	return nil
}
