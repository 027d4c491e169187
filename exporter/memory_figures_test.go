//go:build figures && linux

package exporter

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"go.uber.org/goleak"

	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/outbound"
)

// TestFigureMemory prints the live heap of an exporter that has visited each of its instances four times and so has read
// every document of each: everything that was not there before exporter.New, in bytes for each instance.
func TestFigureMemory(t *testing.T) {
	if part(t) {
		return
	}
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "instances\tall\tof which book\tView\toutbound\tnames\trest\tpage gzipped, when scraped\tpage plain\t")
	for _, n := range []int{2000, 30_000} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			s, end := openStreet(t, n)
			var m remembered
			play(t, "rememberer", errand{Street: s, Instances: n}, &m)
			served := end()
			t.Logf("asked by path: %v", served.Asked)
			each := func(bytes int64) string { return strconv.FormatInt(bytes/int64(n), 10) }
			rest := m.All - m.Book - m.View - m.Outbound - m.Names
			fmt.Fprintln(w, strings.Join([]string{strconv.Itoa(n), each(m.All), each(m.Book), each(m.View), each(m.Outbound), each(m.Names),
				each(rest), each(m.Zipped), each(m.Plain), ""}, "\t"))
			if m.Whole < n-n/1000 || m.All > 4096*int64(n) {
				t.Errorf("%s bytes for each instance, the goal is 4096; %d of %d are up and have all their documents", each(m.All), m.Whole, n)
			}
		})
	}
	_ = w.Flush()
	t.Log("live heap in bytes for each instance:\n" + table.String())
}

// partVariable tells a process of this binary what it is: empty for the test that starts the others.
const partVariable = "MNM_FIGURE_PART"

// errand is what such a process is told on its input.
type errand struct {
	Street    street
	Instances int
}

// part plays the part of this process, if it is not the test itself. What it found goes to its output.
func part(t *testing.T) bool {
	part := os.Getenv(partVariable)
	if part == "" {
		return false
	}
	var it errand
	input := bufio.NewReader(os.Stdin)
	line, err := input.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &it)
	}
	if err != nil {
		t.Fatal(err)
	}
	output := json.NewEncoder(os.Stdout)
	switch part {
	case "street":
		serveStreet(t, it.Instances, input, output)
	case "crawler":
		_ = output.Encode(crawl(t, it))
	case "rememberer":
		_ = output.Encode(remember(t, it))
	}
	return true
}

// process starts this binary as a part. Its input is kept open.
func process(t *testing.T, part string, it errand) (*exec.Cmd, io.Closer, *json.Decoder) {
	t.Helper()
	args := append([]string{"-test.run=^TestFigureCrawl$", "-test.timeout=0"}, strings.Fields(os.Getenv("MNM_FIGURE_FLAGS_"+strings.ToUpper(part)))...)
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env, cmd.Stderr = append(os.Environ(), partVariable+"="+part), os.Stderr
	in, noIn := cmd.StdinPipe()
	out, noOut := cmd.StdoutPipe()
	if err := errors.Join(noIn, noOut, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	if err := json.NewEncoder(in).Encode(it); err != nil {
		t.Fatal(err)
	}
	return cmd, in, json.NewDecoder(out)
}

// hear takes a process's next word.
func hear(t *testing.T, out *json.Decoder, word any) {
	t.Helper()
	if err := out.Decode(word); err != nil {
		rest, _ := io.ReadAll(out.Buffered())
		t.Fatalf("the other process: %v: %s", err, rest)
	}
}

// openStreet starts n servers; end stops them.
func openStreet(t *testing.T, n int) (s street, end func() served) {
	t.Helper()
	cmd, in, out := process(t, "street", errand{Instances: n})
	hear(t, out, &s)
	return s, func() (all served) {
		_ = in.Close()
		hear(t, out, &all)
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
		return all
	}
}

// play has a process play a part to its end.
func play(t *testing.T, part string, it errand, found any) {
	t.Helper()
	cmd, _, out := process(t, part, it)
	hear(t, out, found)
	if err := cmd.Wait(); err != nil { // a goroutine that was left, for one
		t.Error(err)
	}
}

// exporterOn makes an Exporter, as it is by default, on a street.
func exporterOn(t *testing.T, it errand, now func() time.Time) *Exporter {
	c := DefaultConfig()
	c.Contact, c.Now = "nobody@oak.social", now
	c.Directories.JoinMastodon = false
	for i := range it.Instances {
		name, err := domain.Parse("oak-" + strconv.Itoa(i) + ".social")
		if err != nil {
			t.Fatal(err)
		}
		c.Directories.Domains = append(c.Directories.Domains, name)
	}
	dialer, turn := net.Dialer{KeepAlive: -1}, atomic.Uint32{}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(it.Street.RootPEM)) {
		t.Fatal("no root")
	}
	c.Net = outbound.Net{Resolvers: []netip.AddrPort{it.Street.DNS}, Roots: roots, Dial: func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
		return dialer.DialContext(ctx, "tcp", it.Street.Secure[int(turn.Add(1))%len(it.Street.Secure)].String())
	}}
	e, err := New(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// crawled is what a first round cost.
type crawled struct {
	Up                int
	Users             int64
	Reasons           map[string]int
	Wall, CPU         time.Duration
	StartRSS, PeakRSS int64
	Leaked            string
}

// crawl runs an exporter until every instance was tried.
func crawl(t *testing.T, it errand) crawled {
	m := crawled{StartRSS: rss(t, "VmRSS"), Reasons: map[string]int{}}
	before, cpu, began := goleak.IgnoreCurrent(), cpuTime(t), time.Now()
	e := exporterOn(t, it, nil)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- e.Run(ctx) }()
	look := time.NewTicker(250 * time.Millisecond) // each look costs 2 ms at 100,000
	defer look.Stop()
	for enough := began.Add(20 * time.Minute); e.Status().Tried < it.Instances && time.Now().Before(enough); {
		<-look.C
	}
	m.Wall = time.Since(began)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	e.publish()
	m.CPU, m.PeakRSS = cpuTime(t)-cpu, rss(t, "VmHWM")
	v := e.View()
	m.Up, m.Users = v.States[census.StateUp], v.Users.N
	entries, _ := e.book.Entries()
	for _, entry := range entries {
		if entry.Reason != "" {
			m.Reasons[entry.Reason]++
		}
	}
	if err := goleak.Find(before); err != nil {
		m.Leaked = err.Error()
	}
	return m
}

// cpuTime is what this process has used.
func cpuTime(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// rss is a line of /proc/self/status, in bytes. The peak of getrusage would be that of whoever started us.
func rss(t *testing.T, line string) int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	var kib int64
	_, rest, _ := strings.Cut(string(text), line+":")
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// remembered is what lives in the heap, in bytes.
type remembered struct {
	Whole                            int // instances that are up, with every document
	All, Book, View, Outbound, Names int64
	Zipped, Plain                    int64 // pages, which are not in All
}

// remember lets an exporter visit each instance until all documents are read, and weighs it, whole and part by part.
func remember(t *testing.T, it errand) (m remembered) {
	before := liveHeap()
	clock := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	e := exporterOn(t, it, func() time.Time { return clock })
	// The second visit is at the instance's own time in the hour that begins an hour after the first.
	for _, wait := range []time.Duration{0, 2 * time.Hour, time.Hour, time.Hour} {
		clock = clock.Add(wait)
		e.Step(t.Context())
	}
	e.Close()
	m.All = liveHeap() - before
	m.Whole = whole(e)
	heap := before + m.All
	took := func(do func()) int64 {
		do()
		was := heap
		heap = liveHeap()
		return heap - was
	}
	m.Zipped = took(func() { scrape(e, "gzip") })
	m.Plain = took(func() { scrape(e, "identity") })
	_ = took(func() { e.page = nil })
	m.View = -took(func() { e.view.Store(nil) })
	m.Book = -took(func() { e.book = nil })
	m.Outbound = -took(func() { s := e.setup.Load(); s.client, s.visitor = nil, nil })
	m.Names = -took(func() { e.setup.Store(nil) })
	runtime.KeepAlive(e)
	return m
}

// whole counts the instances that were read completely. It is a function of its own, so that nothing of the book outlives it.
func whole(e *Exporter) (n int) {
	entries, _ := e.book.Entries()
	for _, entry := range entries {
		if a := entry.Answers; entry.Up == census.Yes && a.NodeInfo != nil && a.V1 != nil && a.V2 != nil && a.Week != nil {
			n++
		}
	}
	return n
}

func scrape(e *Exporter, encoding string) {
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.Header.Set("Accept-Encoding", encoding)
	e.Metrics().ServeHTTP(nowhere{http.Header{}}, r)
}

// nowhere is whom nobody reads.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header            { return n.header }
func (n nowhere) Write(text []byte) (int, error) { return len(text), nil }
func (n nowhere) WriteHeader(int)                {}

// liveHeap is what lives after collections: one finds it, another what only finalizers and pools still held.
func liveHeap() int64 {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
