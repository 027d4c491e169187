//go:build figures

package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// streamEvent is as long as Mastodon's usually are.
var streamEvent = "event: update\ndata: {\"content\":\"" + strings.Repeat("x", 6000) + "\"}\n\n"

const streamEvents = 20 // of each stream that is not quiet

// TestFigureStreams prints what an open stream takes in this process, apart from whoever reads it. Servers, each with a
// certificate of its own, are in another process.
func TestFigureStreams(t *testing.T) {
	if os.Getenv("MNM_FIGURE_PART") == "streams" {
		serveStreams(t)
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFigureStreams$", "-test.timeout=0")
	cmd.Env, cmd.Stderr = append(os.Environ(), "MNM_FIGURE_PART=streams"), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { in.Close(); _ = cmd.Wait() }()
	var server streamServer
	if err := json.NewDecoder(out).Decode(&server); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{50, 1000} {
		for _, path := range []string{"/quiet", "/events"} {
			heap, stacks := measureStreams(t, server, n, path)
			t.Logf("%4d streams, %-7s %5.1f KiB each: heap %.1f, stacks %.1f; %.1f MiB in all", n, path,
				float64(heap+stacks)/float64(n)/1024, float64(heap)/float64(n)/1024, float64(stacks)/float64(n)/1024, float64(heap+stacks)/(1<<20))
			if path == "/quiet" && heap+stacks > int64(n)*64<<10 {
				t.Error("more than 64 KiB")
			}
		}
	}
}

// streamServer is how the servers are reached.
type streamServer struct {
	Address string
	Root    []byte
}

func serveStreams(t *testing.T) {
	b := newBox(t)
	certs := map[string]*tls.Certificate{}
	for i := range 1000 {
		host := fmt.Sprintf("a%d.oak.social", i)
		cert := b.issue(certFor(host))
		certs[host] = &cert
	}
	s := b.serveWith("oak.social", "95.216.1.1", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, ":)\n\n")
		w.(http.Flusher).Flush()
		for range streamEvents {
			if r.URL.Path == "/quiet" {
				break
			}
			_, _ = io.WriteString(w, streamEvent)
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
	}, b.issue(certFor("oak.social")), func(c *tls.Config) {
		c.DynamicRecordSizingDisabled = true // one record for an event, as other servers do
		c.GetCertificate = func(h *tls.ClientHelloInfo) (*tls.Certificate, error) { return certs[h.ServerName], nil }
	})
	if err := json.NewEncoder(os.Stdout).Encode(streamServer{s.Listener.Addr().String(), b.ca.Raw}); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // until the other has ended
	s.CloseClientConnections()
}

func measureStreams(t *testing.T, server streamServer, n int, path string) (heap, stacks int64) {
	root, err := x509.ParseCertificate(server.Root)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(root)
	c := bubble(t, func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
		return (&net.Dialer{KeepAlive: -1}).DialContext(ctx, "tcp", server.Address)
	}, "95.216.1.1")
	c.net.Roots = roots
	want := len(":)\n\n")
	if path != "/quiet" {
		want += streamEvents * len(streamEvent)
	}
	open, heard := make([]*Stream, n), make([]byte, 4096)
	heap, stacks = inUse()
	for i := range open {
		open[i], err = c.Stream(t.Context(), Request{Purpose: PurposeStream, URL: fmt.Sprintf("https://a%d.oak.social%s", i, path)})
		if err != nil {
			t.Fatal(err)
		}
		for got := 0; got < want; {
			k, err := open[i].Body.Read(heard)
			if err != nil {
				t.Fatal(err)
			}
			got += k
		}
	}
	heapThen, stacksThen := inUse()
	for _, s := range open {
		_ = s.Body.Close()
	}
	return heapThen - heap, stacksThen - stacks
}

func inUse() (heap, stacks int64) {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc), int64(m.StackInuse)
}
