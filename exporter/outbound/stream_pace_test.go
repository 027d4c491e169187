package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// secureBubble is a bubble whose server speaks TLS over pipes; it has read one request's head before it talks.
func secureBubble(t *testing.T, dials, greets time.Duration, talk func(net.Conn)) *Client {
	b := &box{t: t}
	b.ca, b.key = selfSigned(t)
	var servers sync.WaitGroup
	t.Cleanup(servers.Wait)
	config := &tls.Config{Certificates: []tls.Certificate{b.issue(certFor("oak.social"))}}
	c := bubble(t, func(context.Context, netip.AddrPort) (net.Conn, error) {
		<-time.After(dials)
		here, there := net.Pipe()
		servers.Go(func() {
			defer there.Close()
			<-time.After(greets)
			if nc := tls.Server(there, config); readHead(nc) {
				gone := make(chan struct{})
				servers.Go(func() { hang(nc); close(gone) }) // hears TLS say good-bye, whatever it is talking
				talk(nc)
				<-gone
			}
		})
		return here, nil
	}, "95.216.1.1")
	c.net.Roots = x509.NewCertPool()
	c.net.Roots.AddCert(b.ca)
	return c
}

// hang lasts until the other side hangs up.
func hang(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// The limits of time hold until the head is there.
func TestStreamHeadHasLimits(t *testing.T) {
	const almost = 4900 * time.Millisecond
	head := "HTTP/1.1 200 OK\r\n\r\n"
	after := func(wait time.Duration) func(net.Conn) {
		return func(c net.Conn) {
			<-time.After(wait)
			_, _ = io.WriteString(c, head)
		}
	}
	drip := func(c net.Conn) {
		for _, letter := range "HTTP/1.1 200 OK\r\nX-Long: " + strings.Repeat("x", 100) {
			if _, err := io.WriteString(c, string(letter)); err != nil {
				return
			}
			<-time.After(300 * time.Millisecond)
		}
	}
	for _, row := range []struct {
		name          string
		dials, greets time.Duration
		talk          func(net.Conn)
		want          Reason
		took          time.Duration
	}{
		{"in time", 0, 0, after(almost), "", almost},
		{"too late", 0, 0, after(5100 * time.Millisecond), ReasonTimeout, 5 * time.Second},
		{"in drips", 0, 0, drip, ReasonTimeout, 5 * time.Second},
		{"informational drips", 0, 0, func(c net.Conn) {
			for err := error(nil); err == nil; <-time.After(time.Second) {
				_, err = io.WriteString(c, "HTTP/1.1 103 Early Hints\r\n\r\n")
			}
		}, ReasonTimeout, 5 * time.Second},
		{"no handshake", 0, 6 * time.Second, hang, ReasonTimeout, 5 * time.Second},
		{"each step in time, all of them too late", almost, almost, after(almost), ReasonTimeout, 10 * time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := secureBubble(t, row.dials, row.greets, row.talk)
				began := time.Now()
				s, err := stream(t.Context(), c, "oak.social")
				wantReason(t, err, row.want)
				wantTook(t, began, row.took)
				if err == nil {
					s.Body.Close()
				}
			})
		})
	}
}

// From then on there is none: neither for the whole nor for a wait.
func TestStreamHasNoEnd(t *testing.T) {
	const heartbeat = ":thump\n\n"
	for _, row := range []struct {
		name  string
		piece string // at a time
		every time.Duration
		n     int
	}{
		{"heartbeats for two days", "8\r\n" + heartbeat + "\r\n", 15 * time.Second, 11520},
		{"a byte each minute", "1\r\nx\r\n", time.Minute, 60},
		{"a word a day", "1\r\nx\r\n", 24 * time.Hour, 3},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := secureBubble(t, 0, 0, func(c net.Conn) {
					_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
					for i := 0; i < row.n && err == nil; i++ {
						<-time.After(row.every)
						_, err = io.WriteString(c, row.piece)
					}
					_, _ = io.WriteString(c, "0\r\n\r\n")
				})
				began := time.Now()
				s, err := stream(t.Context(), c, "oak.social")
				if err != nil {
					t.Fatal(err)
				}
				defer s.Body.Close()
				body, err := io.ReadAll(s.Body)
				wantReason(t, err, "")
				wantTook(t, began, time.Duration(row.n)*row.every)
				if want := row.n * len(strings.Split(row.piece, "\r\n")[1]); len(body) != want {
					t.Errorf("read %d bytes, want %d", len(body), want)
				}
			})
		})
	}
}

// A context's deadline is the stream's.
func TestStreamEndsWithItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := secureBubble(t, 0, 0, func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		s, err := stream(ctx, c, "oak.social")
		if err != nil {
			t.Fatal(err)
		}
		defer s.Body.Close()
		_, err = s.Body.Read(make([]byte, 1))
		wantReason(t, err, ReasonTimeout)
		wantTook(t, began, time.Minute)
	})
}
