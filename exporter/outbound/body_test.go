package outbound

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestBodies(t *testing.T) {
	zip := func(b []byte) []byte {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		_, _ = z.Write(b)
		z.Close()
		return out.Bytes()
	}
	head := func(lines ...string) string { return strings.Join(append(lines, "", ""), "\r\n") }
	endless := func(c net.Conn, piece string) {
		for {
			if _, err := io.WriteString(c, piece); err != nil {
				return
			}
		}
	}
	say := func(s string) func(net.Conn) { return func(c net.Conn) { _, _ = io.WriteString(c, s) } }
	body := func(b []byte, headers ...string) func(net.Conn) {
		return say(head(append([]string{"HTTP/1.1 200 OK", fmt.Sprintf("Content-Length: %d", len(b))}, headers...)...) + string(b))
	}
	noise := make([]byte, 9<<20) // does not shrink
	for i, x := 0, uint32(1); i < len(noise); i++ {
		x = x*1664525 + 1013904223
		noise[i] = byte(x >> 24)
	}
	hang := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	rows := []struct {
		name    string
		purpose Purpose
		max     int64
		talk    func(net.Conn)
		want    Reason
		length  int
	}{
		{"as big as allowed", PurposeAPIV1, 0, body(make([]byte, 1<<20)), "", 1 << 20},
		{"a byte more", PurposeAPIV1, 0, body(make([]byte, 1<<20+1)), ReasonTooBig, 0},
		{"a bound of its own", PurposeAPIV1, 10, body(make([]byte, 11)), ReasonTooBig, 0},
		{"says a gigabyte", PurposeAPIV1, 0, say(head("HTTP/1.1 200 OK", "Content-Length: 1000000000")), ReasonTooBig, 0},
		{"endless in chunks", PurposeAPIV1, 0, func(c net.Conn) {
			say(head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked"))(c)
			endless(c, "1000\r\n"+strings.Repeat("x", 4096)+"\r\n")
		}, ReasonTooBig, 0},
		{"endless till it closes", PurposeAPIV1, 0, func(c net.Conn) {
			say(head("HTTP/1.1 200 OK"))(c)
			endless(c, strings.Repeat("x", 4096))
		}, ReasonTooBig, 0},
		{"endless robots.txt is cut", PurposeRobots, 0, func(c net.Conn) {
			say(head("HTTP/1.1 200 OK"))(c)
			endless(c, strings.Repeat("x", 4096))
		}, "", 500 << 10},
		{"gzip", PurposeAPIV1, 0, body(zip([]byte("hello")), "Content-Encoding: gzip"), "", 5},
		{"gzip bomb", PurposeAPIV1, 0, body(zip(make([]byte, 64<<20)), "Content-Encoding: gzip"), ReasonTooBig, 0},
		{"broken gzip", PurposeAPIV1, 0, body([]byte("no gzip at all"), "Content-Encoding: gzip"), ReasonProtocol, 0},
		{"br", PurposeAPIV1, 0, body([]byte("x"), "Content-Encoding: br"), ReasonProtocol, 0},
		{"wire", PurposeDirectory, 64 << 20, body(noise), ReasonTooBig, 0},
		{"half", PurposeAPIV1, 0, say(head("HTTP/1.1 200 OK", "Content-Length: 10") + "12345"), ReasonConnection, 0},
		{"nothing", PurposeAPIV1, 0, say(""), ReasonConnection, 0},
		{"empty", PurposeAPIV1, 0, body(nil), "", 0},
		{"SSH", PurposeAPIV1, 0, say("SSH-2.0-OpenSSH_9.2\r\n"), ReasonProtocol, 0},
		{"a long line", PurposeAPIV1, 0, say(strings.Repeat("x\x00\x1b[31m", 5000) + "\r\n"), ReasonProtocol, 0},
		{"many headers", PurposeAPIV1, 0, func(c net.Conn) {
			say("HTTP/1.1 200 OK\r\n")(c)
			endless(c, "X-Flood: "+strings.Repeat("y", 1000)+"\r\n")
		}, ReasonTooBig, 0},
		{"one long header", PurposeAPIV1, 0, say(head("HTTP/1.1 200 OK", "X: "+strings.Repeat("y", 70<<10))), ReasonTooBig, 0},
		{"many informational answers", PurposeAPIV1, 0, func(c net.Conn) {
			endless(c, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
		}, ReasonTooBig, 0},
		{"switches protocols", PurposeAPIV1, 0, func(c net.Conn) {
			say(head("HTTP/1.1 101 Switching Protocols", "Upgrade: x", "Connection: Upgrade"))(c)
			hang(c)
		}, ReasonProtocol, 0},
		{"says nothing, for ever", PurposeAPIV1, 0, hang, ReasonTimeout, 0},
		{"headers that don't end", PurposeAPIV1, 0, func(c net.Conn) { say("HTTP/1.1 200 OK\r\nX: ")(c); hang(c) }, ReasonTimeout, 0},
		{"a body that doesn't end", PurposeAPIV1, 0, func(c net.Conn) {
			say(head("HTTP/1.1 200 OK", "Content-Length: 10") + "1")(c)
			hang(c)
		}, ReasonTimeout, 0},
		{"a dripping body", PurposeAPIV1, 0, func(c net.Conn) {
			say(head("HTTP/1.1 200 OK", "Content-Length: 100000"))(c)
			for tick := time.NewTicker(10 * time.Millisecond); ; <-tick.C {
				if _, err := io.WriteString(c, "x"); err != nil {
					return
				}
			}
		}, ReasonTimeout, 0},
	}
	b := newBox(t)
	for i, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			host := fmt.Sprintf("a%d.oak.social", i)
			b.raw(host, fmt.Sprintf("95.216.2.%d", i), row.talk)
			c := b.client()
			c.limits.heads, c.limits.request = 20*time.Second, 20*time.Second
			switch {
			case row.want == ReasonTimeout && strings.Contains(row.name, "body"):
				c.limits.request = 200 * time.Millisecond
			case row.want == ReasonTimeout:
				c.limits.heads = 200 * time.Millisecond
			}
			begin := time.Now()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			resp, err := c.Get(t.Context(), Request{Purpose: row.purpose, URL: "https://" + host + "/", MaxBody: row.max})
			wantReason(t, err, row.want)
			if err == nil && len(resp.Body) != row.length {
				t.Errorf("%d bytes", len(resp.Body))
			}
			if err != nil && (len(err.Error()) > 300 || strings.ContainsAny(err.Error(), "\x00\x1b\r\n")) {
				t.Errorf("error of %d bytes: %q", len(err.Error()), err)
			}
			if len(c.places.at) != 0 {
				t.Error("a place was kept")
			}
			if took := time.Since(begin); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
			if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 80<<20 {
				t.Errorf("took %d MiB", (after.TotalAlloc-before.TotalAlloc)>>20)
			}
		})
	}
}

// What was cut off can't be read on: the next request needs another connection, and is no second try.
func TestSessionGoesOnAfterACutBody(t *testing.T) {
	b := newBox(t)
	b.serve("oak.social", "95.216.1.1", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			_, _ = w.Write(make([]byte, 1<<20))
		}
	})
	c := b.client()
	s := c.Session()
	defer s.Close()
	for range 2 {
		for path, purpose := range map[string]Purpose{"/robots.txt": PurposeRobots, "/": PurposeHTTPS} {
			_, err := s.Get(t.Context(), Request{Purpose: purpose, URL: "https://oak.social" + path})
			wantReason(t, err, "")
		}
	}
	wantSends(t, c, "oak.social", 4)
}
