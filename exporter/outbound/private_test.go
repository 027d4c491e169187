package outbound

import (
	"bytes"
	"io"
	"log"
	"net"
	"strings"
	"testing"
)

// What a timeline or an app's registration answers gets into no error, however broken it is.
func TestPrivateAnswersAreNotQuoted(t *testing.T) {
	for name, words := range map[string]string{
		"no HTTP":          "[{\"content\":\"" + secret + "\"}]\r\n\r\n",
		"no header":        "HTTP/1.1 200 OK\r\n" + secret + "\r\n\r\n",
		"no status":        "HTTP/1.1 " + secret + "\r\n\r\n",
		"no length":        "HTTP/1.1 200 OK\r\nContent-Length: " + secret + "\r\n\r\n",
		"no such encoding": "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + secret + "\r\n\r\n",
		"no chunk":         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + secret + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			b.raw("oak.social", "95.216.1.1", func(c net.Conn) { _, _ = io.WriteString(c, words) })
			c := b.client()
			for _, p := range []Purpose{PurposeTimeline, PurposeToken} {
				_, err := c.Get(t.Context(), Request{Purpose: p, URL: "https://oak.social/"})
				wantReason(t, err, ReasonProtocol)
				wantPrivate(t, err)
			}
		})
	}
}

// net/http logs what comes over a kept connection after the answer.
func TestPrivateAnswersAreNotLogged(t *testing.T) {
	for _, p := range []Purpose{PurposeTimeline, PurposeToken} {
		t.Run(string(p), func(t *testing.T) {
			var logged bytes.Buffer
			before := log.Writer()
			log.SetOutput(&logged)
			defer log.SetOutput(before)
			b := newBox(t)
			over := make(chan struct{})
			b.raw("oak.social", "95.216.1.1", func(c net.Conn) {
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"+secret)
				_, _ = io.Copy(io.Discard, c)
				close(over)
			})
			s := b.client().Session()
			if _, err := s.Get(t.Context(), Request{Purpose: p, URL: "https://oak.social/"}); err != nil {
				t.Fatal(err)
			}
			<-over // though the Session was not closed
			s.Close()
			if strings.Contains(logged.String(), secret) {
				t.Errorf("logged: %s", logged.String())
			}
		})
	}
}
