package outbound

import (
	"context"
	"io"
	"math"
	"net/http"
	"net/url"
	"time"
)

// Stream is an answer that has no end: its head, and what comes after it, for as long as the server sends.
type Stream struct {
	Status int
	Header http.Header
	URL    *url.URL // where redirects have led
	// Body is what the server sends, as it comes; the caller bounds it, in bytes and in time. An error of Read other than
	// io.EOF is an *Error without a word of what was sent: ReasonCanceled once the stream or its Client was closed or its
	// context cancelled. Close ends the connection at once, from any goroutine, also while a Read waits; it must be called,
	// and may be called again.
	Body io.ReadCloser
}

// Stream asks for an answer that has no end; the Request's purpose is PurposeStream. Any complete head of an answer is a
// Stream, whatever its status, but a 200 in an encoding that was not asked for; all errors are *Error. The rules of Get
// hold until the head is there; from then on there is no limit of time or bytes, and ctx ends the stream. A stream takes
// no place at the address, or it would keep visits away from it for as long as it is open.
func (c *Client) Stream(ctx context.Context, r Request) (*Stream, error) {
	ctx, done := c.until(ctx)
	s := &Session{c: c}
	resp, err := s.ask(ctx, r)
	if err != nil {
		s.Close()
		done()
		return nil, err
	}
	s.conn.wire.allow(math.MaxInt64)
	return &Stream{
		Status: resp.Status, Header: resp.Header, URL: resp.URL,
		Body: &streamBody{ctx: ctx, done: done, conn: s.conn, body: s.body},
	}, nil
}

// open is exchange for a stream: it leaves the body to be read. The connection lives until ctx ends.
func (s *Session) open(ctx context.Context, r Request, t target, redirected bool, left time.Duration) (*Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	late := time.AfterFunc(left, func() { cancel(context.DeadlineExceeded) })
	resp, err := s.send(ctx, r, t, redirected) //nolint:bodyclose // it is what is asked for
	if !late.Stop() && err == nil {
		err = context.DeadlineExceeded
	}
	if err == nil && resp.StatusCode == http.StatusOK {
		err = strangeEncoding(resp.Header)
	}
	if err != nil {
		cancel(nil)
		return nil, err
	}
	s.body = resp.Body
	return &Response{Status: resp.StatusCode, Header: resp.Header, URL: t.url}, nil
}

// streamBody is a stream's connection.
type streamBody struct {
	ctx  context.Context
	done func()
	conn *conn
	body io.Reader
}

func (b *streamBody) Read(p []byte) (int, error) {
	if b.ctx.Err() != nil {
		return 0, judge(context.Cause(b.ctx))
	}
	n, err := b.body.Read(p)
	if err == nil || err == io.EOF && b.ctx.Err() == nil { // a server may hang up on our good-bye
		return n, err
	}
	return n, PurposeStream.judge(b.conn.cause(b.ctx, err))
}

func (b *streamBody) Close() error {
	b.done()
	_ = b.conn.wire.Close() // first: TLS takes its time to say good-bye
	b.conn.close()
	return nil
}
