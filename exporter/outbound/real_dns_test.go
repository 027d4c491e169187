//go:build external

package outbound

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// These checks need unbound in PATH; make check-external runs them. They fail where it is missing.

// zones are what unbound knows. It resolves in them as it would in the internet: from zone to zone, from its cache after that.
var zones = map[string]string{
	"oak.social": `@ 3600 IN SOA ns admin 1 7200 3600 1209600 30
@ 3600 IN NS ns
ns 3600 IN A 95.216.1.250
both 60 IN A 95.216.1.1
both 60 IN A 95.216.1.2
both 60 IN AAAA 2a01:4f8::1
four 60 IN A 95.216.1.4
six 60 IN AAAA 2a01:4f8::6
nothing 60 IN TXT "no address"
alias 60 IN CNAME four
far 60 IN CNAME back.elm.social.
away 60 IN CNAME gone.elm.social.
inside 60 IN CNAME private
private 60 IN A 10.0.0.1
loop 60 IN CNAME pool.elm.social.
self 60 IN CNAME self
moment 0 IN A 95.216.1.9
*.many 60 IN A 95.216.2.1
*.many 60 IN AAAA 2a01:4f8::2
` + links(8, "eight") + links(9, "nine") + addresses(200, "large"),
	"elm.social": `@ 3600 IN SOA ns admin 1 7200 3600 1209600 30
@ 3600 IN NS ns
ns 3600 IN A 95.216.1.251
back 60 IN CNAME four.oak.social.
pool 60 IN CNAME loop.oak.social.
`,
}

// links is a chain of n aliases to an address.
func links(n int, name string) string {
	var b strings.Builder
	at := name
	for i := range n {
		next := fmt.Sprintf("%s%d", name, i)
		fmt.Fprintf(&b, "%s 60 IN CNAME %s\n", at, next)
		at = next
	}
	fmt.Fprintf(&b, "%s 60 IN A 95.216.1.8\n", at)
	return b.String()
}

// addresses are n records of a name: two hundred are no answer for UDP.
func addresses(n int, name string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%s 60 IN A 95.216.3.%d\n", name, i)
	}
	return b.String()
}

// unbound runs the server on loopback until the test ends.
func unbound(t *testing.T) netip.AddrPort {
	t.Helper()
	address := freePort(t)
	dir := t.TempDir()
	config := fmt.Sprintf(`server:
	interface: 127.0.0.1@%d
	directory: %q
	chroot: ""
	username: ""
	pidfile: ""
	do-daemonize: no
	use-syslog: no
	logfile: ""
	module-config: "iterator"
	num-threads: 1
	outgoing-range: 64
	so-rcvbuf: 4m # that of the system overflows when 256 ask at once, and a question is lost, now and then its repetition too
remote-control:
	control-enable: no
`, address.Port(), dir)
	for zone, text := range zones {
		file := filepath.Join(dir, zone)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		config += fmt.Sprintf("auth-zone:\n\tname: %q\n\tzonefile: %q\n\tfor-downstream: no\n\tfor-upstream: yes\n", zone, file)
	}
	file := filepath.Join(dir, "unbound.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	var words bytes.Buffer
	cmd := exec.Command("unbound", "-d", "-c", file)
	cmd.Stdout, cmd.Stderr = &words, &words
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("unbound ended with %v", err)
			}
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			t.Errorf("unbound had to be killed: %v", <-ended)
		}
		if t.Failed() {
			t.Logf("unbound said:\n%s", words.Bytes())
		}
	})
	awaitDNS(t, address)
	return address
}

// awaitDNS waits until a server takes connections, which it does when it answers.
func awaitDNS(t *testing.T, address netip.AddrPort) {
	t.Helper()
	deadline, tick := time.After(20*time.Second), time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := net.DialTimeout("tcp", address.String(), time.Second)
		if err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waiting for unbound: %v", err)
		}
	}
}

// freePort is one on loopback that was free a moment ago, for UDP and TCP.
func freePort(t *testing.T) netip.AddrPort {
	t.Helper()
	for range 20 {
		udp, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		at := udp.LocalAddr().String()
		tcp, err := net.Listen("tcp", at)
		_ = udp.Close()
		if err == nil {
			_ = tcp.Close()
			return netip.MustParseAddrPort(at)
		}
	}
	t.Fatal("no port is free for UDP and TCP")
	return netip.AddrPort{}
}

// TestExternalDNS asks a real recursive resolver.
func TestExternalDNS(t *testing.T) {
	server := unbound(t)
	closed := freePort(t) // nobody is there
	for _, resolvers := range [][]netip.AddrPort{{server}, {closed, server}} {
		c := New(Options{Net: Net{Resolvers: resolvers}})
		for _, row := range []struct {
			name   string
			v4, v6 string
			want   Reason
		}{
			{"both.oak.social", "[95.216.1.1 95.216.1.2]", "[2a01:4f8::1]", ""},
			{"four.oak.social", "[95.216.1.4]", "[]", ""},
			{"six.oak.social", "[]", "[2a01:4f8::6]", ""},
			{"alias.oak.social", "[95.216.1.4]", "[]", ""},
			{"far.oak.social", "[95.216.1.4]", "[]", ""},
			{"eight.oak.social", "[95.216.1.8]", "[]", ""},
			{"nine.oak.social", "", "", ReasonDNS}, // too many links
			{"loop.oak.social", "", "", ReasonDNS},
			{"self.oak.social", "", "", ReasonDNS},
			{"moment.oak.social", "[95.216.1.9]", "[]", ""},
			{"nothing.oak.social", "", "", ReasonNoAddress},
			{"none.oak.social", "", "", ReasonNoAddress},
			{"away.oak.social", "", "", ReasonNoAddress},
			{"private.oak.social", "", "", ReasonAddress},
			{"inside.oak.social", "", "", ReasonAddress},
		} {
			for range 2 { // the second time out of our memory
				addrs, err := c.Lookup(t.Context(), row.name)
				if ReasonOf(err) != row.want && (err != nil || row.want != "") {
					t.Errorf("%s: %v, want %q", row.name, err, row.want)
				}
				if err == nil && (sorted(addrs.V4) != row.v4 || sorted(addrs.V6) != row.v6 || addrs.V4Unknown || addrs.V6Unknown) {
					t.Errorf("%s: %+v, want %s %s", row.name, addrs, row.v4, row.v6)
				}
			}
		}
		// An answer of 3 KiB: it can only have come by TCP. No more than 16 addresses are kept.
		addrs, err := c.Lookup(t.Context(), "large.oak.social")
		if err != nil || len(addrs.V4) != maxAddrs {
			t.Errorf("a large answer: %v, %v", addrs, err)
		}
		c.Close()
	}
}

// TestExternalDNSMany looks up as many names as there are instances, by as many visits as there are at a time.
func TestExternalDNSMany(t *testing.T) {
	const visits, all = 512, 30_000
	c := New(Options{Net: Net{Resolvers: []netip.AddrPort{unbound(t)}}})
	defer c.Close()
	next := make(chan int)
	var visiting sync.WaitGroup
	var mu sync.Mutex
	failed := map[Reason]int{}
	began := time.Now()
	for range visits {
		visiting.Go(func() {
			for i := range next {
				addrs, err := c.Lookup(t.Context(), fmt.Sprintf("host%d.many.oak.social", i))
				if err == nil && len(addrs.V4) == 1 && len(addrs.V6) == 1 {
					continue
				}
				mu.Lock()
				failed[ReasonOf(err)]++
				mu.Unlock()
			}
		})
	}
	for i := range all {
		next <- i
	}
	close(next)
	visiting.Wait()
	took := time.Since(began)
	t.Logf("%d names in %.1f s, %d at a time: %.0f a second", all, took.Seconds(), lookups, all/took.Seconds())
	if len(failed) > 0 {
		t.Errorf("failed: %v", failed)
	}
	// Every one of them is remembered.
	over, end := context.WithCancelCause(t.Context())
	end(errors.New("over"))
	for i := range all {
		if _, err := c.Lookup(over, fmt.Sprintf("host%d.many.oak.social", i)); err != nil {
			t.Fatalf("host %d was forgotten: %v", i, err)
		}
	}
}

func sorted(addrs []netip.Addr) string {
	return fmt.Sprint(slices.SortedFunc(slices.Values(addrs), netip.Addr.Compare))
}
