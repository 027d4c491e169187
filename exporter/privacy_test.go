package exporter_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"
	"time"

	"github.com/mnm-social/mnm/exporter"
	"github.com/mnm-social/mnm/exporter/state"
	"github.com/mnm-social/mnm/exporter/timeline"
	"github.com/mnm-social/mnm/internal/worldtest"
)

// marked is how many toots go through.
const marked = 100_000

// TestNothingIsKept is the promise: of toots, authors and content nothing is stored, logged or exposed, and when the
// timelines are closed nothing is left in memory. It would prove nothing if it could not find what is there: so it also looks
// for a mark that is kept alive on purpose, and for those of a toot in flight.
//
// What is freed is memory that the runtime will use again, and does not wipe before; nor does its dump leave out the ends of
// blocks in which no object fits. So the test runs in a program of its own, in which the runtime wipes what it frees.
func TestNothingIsKept(t *testing.T) {
	t.Parallel()
	const wiping = "clobberfree=1"
	if os.Getenv("GODEBUG") != wiping {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestNothingIsKept$")
		cmd.Env = append(os.Environ(), "GODEBUG="+wiping)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	m := startMarks(t, marked)
	folder := t.TempDir()
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	b := &box{&worldtest.Box{}}
	b.Set(time.Now())
	b.Start(t, func(b *worldtest.Box, c *exporter.Config) {
		c.Net, c.Directories.JoinMastodon, c.Timelines.Auto = m.net, false, 0
		c.Timelines.Servers = []exporter.TimelineServer{
			{Host: name(t, m.stream), Scope: timeline.Federated}, {Host: name(t, m.poll), Scope: timeline.Federated},
		}
		if c.State, err = state.Open(filepath.Join(folder, "state")); err != nil {
			t.Fatal(err)
		}
		b.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	b.readAllMarks(t)

	control := make([]byte, 24)
	if _, err := rand.Read(control); err != nil {
		t.Fatal(err)
	}
	kept := hex.EncodeToString(control)
	m.ask(t, "half")
	b.Get(t, "/metrics") // by then it has arrived
	inFlight := filepath.Join(folder, "in-flight")
	dump(t, inFlight)

	for i, page := range []string{"/metrics", "/", "/about", "/-/healthy", "/-/ready"} {
		_, body := b.Get(t, page)
		if err := os.WriteFile(filepath.Join(folder, "page"+string(rune('0'+i))), body, 0o600); err != nil {
			t.Fatal(err)
		}
		if page == "/metrics" && !bytes.Contains(body, []byte(`mastodon_hashtag_toots_last_hour{hashtag="everybody"}`)) {
			t.Error("a hashtag that everybody uses is not shown")
		}
	}
	b.Stop(t)
	after := filepath.Join(folder, "after")
	dump(t, after)
	runtime.KeepAlive(kept)

	stem := m.ask(t, "stem")
	if found(t, after, kept) == 0 {
		t.Error("the mark that is kept alive is not in the dump: this test finds nothing")
	}
	if found(t, inFlight, stem+"text9000000") == 0 {
		t.Error("the mark of a toot in flight is not in the dump: this test finds nothing")
	}
	if err := os.Remove(inFlight); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if n := found(t, path, stem); n > 0 {
			t.Errorf("%d marks are in %s, such as %s", n, path, example(t, path, stem))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// readAllMarks steps until every toot has been counted.
func (b *box) readAllMarks(t *testing.T) {
	t.Helper()
	at := b.Now()
	for range 200 {
		b.Advance(at)
		if b.counted(t) >= marked {
			return
		}
		at = at.Add(time.Minute)
	}
	worldtest.Await(t, "all toots are counted", func() bool { return b.counted(t) >= marked })
}

// counted is how many distinct toots there were.
func (b *box) counted(t *testing.T) (n float64) {
	t.Helper()
	_, page := b.Get(t, "/metrics?collect[]=timelines")
	families, err := parser().TextToMetricFamilies(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range families["mastodon_toots_total"].GetMetric() {
		n += m.GetCounter().GetValue()
	}
	return n
}

// dump writes all that is alive into a file, after two collections.
func dump(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.GC()
	debug.WriteHeapDump(f.Fd())
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// found counts a mark in a file.
func found(t *testing.T, name, mark string) int {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(text, []byte(mark))
}

// example is the first mark in a file, with what follows.
func example(t *testing.T, name, mark string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(text, []byte(mark))
	return strconv.Quote(string(text[max(0, i-40):min(len(text), i+len(mark)+20)]))
}
