package outbound

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

// RoundTripper is the way out for a library that brings its own requests, by the rules of Get for one purpose: what it may
// send is a GET or, for PurposeToken, a POST of at most 64 KiB, and an answer has at most 1 MiB. Its User-Agent, Host and
// Accept-Encoding are ours. A redirect is an answer; if the library's http.Client asks where it leads, that is refused
// (ReasonRedirect). Each request is a connection of its own. All errors are *Error.
func (c *Client) RoundTripper(p Purpose) http.RoundTripper { return roundTripper{c, p} }

type roundTripper struct {
	client  *Client
	purpose Purpose
}

// RoundTrip implements http.RoundTripper.
func (t roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	var err error
	if req.Body != nil {
		body, err = io.ReadAll(io.LimitReader(req.Body, postBody+1))
		_ = req.Body.Close()
	}
	switch {
	case err != nil:
		err = judge(fmt.Errorf("reading what to send: %w", err))
	case req.Response != nil: // http.Client sets it where it follows a redirect
		err = refuse(ReasonRedirect, t.purpose.plainly(fmt.Errorf("not followed, to %s", req.URL.Host), "not followed"))
	}
	if err != nil {
		t.client.refused(ReasonOf(err))
		return nil, err
	}
	answer, err := t.client.Get(req.Context(), Request{
		Purpose: t.purpose, URL: req.URL.String(), Method: req.Method, Header: req.Header, Body: body, stay: true,
	})
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", answer.Status, http.StatusText(answer.Status)), StatusCode: answer.Status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: answer.Header, TLS: answer.TLS, Request: req,
		Body: io.NopCloser(bytes.NewReader(answer.Body)), ContentLength: int64(len(answer.Body)),
	}, nil
}
