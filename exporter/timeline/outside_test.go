//go:build figures && linux

package timeline

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/mnm-social/mnm/exporter/outbound"
)

// server is a process of its own that serves timelines, so that what it takes is not counted.
type server struct {
	Address, DNS netip.AddrPort
	Root         string
}

// serve plays the part of that process.
func serve(t *testing.T, h http.Handler) {
	b := newBox(t)
	b.hosts = nil
	config, _ := certify(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h, TLSConfig: config, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.ServeTLS(l, "", "") }()
	root := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: config.Certificates[0].Certificate[0]})
	it := server{netip.MustParseAddrPort(l.Addr().String()), b.net.Resolvers[0], string(root)}
	if err := json.NewEncoder(os.Stdout).Encode(it); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // until the other has ended
	_ = s.Close()
}

// outside makes a box whose servers are another process, which runs the calling test.
func outside(t *testing.T) *box {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.timeout=0")
	cmd.Env, cmd.Stderr = append(os.Environ(), partVariable+"="+t.Name()), os.Stderr
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
	t.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	var it server
	if err := json.NewDecoder(out).Decode(&it); err != nil {
		t.Fatal(err)
	}
	b := newBox(t)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(it.Root))
	b.net = outbound.Net{Resolvers: []netip.AddrPort{it.DNS}, Roots: roots, Dial: func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", it.Address.String())
	}}
	b.renew()
	return b
}

// statuses makes toots out of those that were recorded, of about 2.2 KB.
func statuses(t *testing.T) func(host string, n int) string {
	text, err := os.ReadFile("testdata/mastodon-4.6-dev-timelines-local.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	var parts [][]string
	for _, one := range all {
		one["id"], one["uri"], one["created_at"] = "@ID@", "https://@HOST@/statuses/@ID@", "2026-11-24T10:00:00.000Z"
		written, err := json.Marshal(one)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, strings.Split(strings.ReplaceAll(string(written), "@HOST@", "@ID@@"), "@ID@"))
	}
	return func(host string, n int) string {
		id := fmt.Sprint(117670831718400000 + n)
		var b strings.Builder
		for i, part := range parts[n%len(parts)] {
			switch rest, isHost := strings.CutPrefix(part, "@"); {
			case isHost:
				b.WriteString(host + rest)
			case i > 0:
				b.WriteString(id + part)
			default:
				b.WriteString(part)
			}
		}
		return b.String()
	}
}
