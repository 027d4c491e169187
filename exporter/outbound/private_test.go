package outbound

import (
	"bytes"
	"cmp"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/miekg/dns"
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

// A redirect may lead to people's pages, and a header may say anything. What is refused at a first host is the caller's own.
func TestPrivateHeadersAreNotQuoted(t *testing.T) {
	to := func(location string) string {
		return "HTTP/1.1 302 Found\r\nLocation: " + location + "\r\nContent-Length: 0\r\n\r\n"
	}
	for name, row := range map[string]struct {
		words string
		want  Reason
		text  string // beginning of the error; empty: it is the reason
	}{
		"to a broken path":           {to("/@alice/" + secret + "%zz"), ReasonRedirect, "redirect: to what is no URL"},
		"to a broken port":           {to("https://h:" + secret + "/"), ReasonRedirect, "redirect: to what is no URL"},
		"to a broken name":           {to("https://" + secret + "_x/"), ReasonRedirect, "redirect: to where nobody may be asked"},
		"to another port":            {to("https://oak.social:8443/" + secret), ReasonRedirect, "redirect: to where nobody may be asked"},
		"by another scheme":          {to(secret + "://oak.social/"), ReasonRedirect, "redirect: to where nobody may be asked"},
		"to another domain":          {to("https://" + secret + ".social/"), ReasonRedirect, "redirect: to another domain"},
		"to http":                    {to("http://oak.social/" + secret), ReasonRedirect, "redirect: to http"},
		"to a name without address":  {to("https://" + secret + ".oak.social/"), ReasonNoAddress, ""},
		"to one without an answer":   {to("https://" + secret + ".dumb.oak.social/"), ReasonDNS, ""},
		"to an address that is none": {to("https://" + secret + ".inside.oak.social/"), ReasonAddress, ""},
		"in an encoding":             {"HTTP/1.1 200 OK\r\nContent-Encoding: " + secret + "\r\nContent-Length: 2\r\n\r\n[]", ReasonProtocol, "protocol: broken answer"},
		"as net/http speaks of size": {"HTTP/1.1 200 OK\r\nserver response headers exceeded " + secret + "\r\n\r\n", ReasonTooBig, ""},
		"as net/http speaks of ends": {"HTTP/1.1 200 OK\r\nserver closed idle connection " + secret + "\r\n\r\n", ReasonConnection, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			b.raw("oak.social", "95.216.1.1", func(c net.Conn) { _, _ = io.WriteString(c, row.words) })
			b.name(secret+".inside.oak.social", "10.0.0.1")
			for _, family := range []string{"A", "AAAA"} {
				b.answers[secret+".dumb.oak.social. "+family] = func(w dns.ResponseWriter, q *dns.Msg) {
					_ = w.WriteMsg(new(dns.Msg).SetRcode(q, dns.RcodeServerFailure))
				}
			}
			c := b.client()
			for _, p := range []Purpose{PurposeTimeline, PurposeToken, PurposeStream} {
				r := Request{Purpose: p, URL: "https://oak.social/"}
				err := error(nil)
				if p == PurposeStream {
					_, err = c.Stream(t.Context(), r)
				} else {
					_, err = c.Get(t.Context(), r)
				}
				wantReason(t, err, row.want)
				wantPrivate(t, err)
				if err != nil && err.Error() != cmp.Or(row.text, string(row.want)) {
					t.Errorf("%s: %v", p, err)
				}
			}
		})
	}
}

// A library follows where an answer leads, and a stream is where a server says.
func TestPrivateTargetsAreNotQuoted(t *testing.T) {
	c := newBox(t).client()
	req, err := http.NewRequest(http.MethodGet, "https://"+secret+".social/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Response = &http.Response{}
	_, err = c.RoundTripper(PurposeToken).RoundTrip(req)
	wantReason(t, err, ReasonRedirect)
	wantPrivate(t, err)
	for url, want := range map[string]Reason{
		"https://oak.social/" + secret + "%zz": ReasonProtocol, secret + "://oak.social/": ReasonProtocol,
		"https://" + secret + "_x/": ReasonAddress, "https://oak.social:1/" + secret: ReasonAddress,
	} {
		_, err = c.Stream(t.Context(), Request{Purpose: PurposeStream, URL: url})
		wantReason(t, err, want)
		wantPrivate(t, err)
	}
}
