package toots

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

// mark is text that occurs nowhere else. It is made anew at each call, for what is looked for in the heap must not be
// there because it is looked for.
//
//go:noinline
func mark(name string) string {
	return fmt.Sprintf("%smark%08x%s", name, 0x5ca1ab1e, strings.Repeat("q", 8))
}

// feed has n authors on so many servers write toots with a mark each in the text, from which the names of two hashtags
// are cut: parts of one piece of memory, one of which is folded already.
//
//go:noinline
func feed(r *rig, n, servers int, tag string) {
	for i := range n {
		toot := mark("text") + "#" + mark(tag) + "#" + strings.ToUpper(mark(fmt.Sprint("rare", i)))
		names := strings.Split(toot, "#")[1:]
		r.use(names, uint64(i), uint64(i%servers))
	}
}

// inHeap gives which marks are in the memory of this process.
func inHeap(t *testing.T, names ...string) (found []string) {
	t.Helper()
	runtime.GC()
	runtime.GC()
	path := filepath.Join(t.TempDir(), "heap")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	debug.WriteHeapDump(file.Fd())
	dump, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if bytes.Contains(dump, []byte(mark(name))) || bytes.Contains(dump, bytes.ToUpper([]byte(mark(name)))) {
			found = append(found, name)
		}
	}
	return found
}

func wantInHeap(t *testing.T, when string, want ...string) {
	t.Helper()
	got := inHeap(t, "control", "text", "rare7", "shown", "short", "server")
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: marks of %v are in the heap; want %v", when, got, want)
	}
}

// The name of a tag is in memory while so many used it, no longer, and nothing of the toot with it.
func TestHashtagNamesInMemory(t *testing.T) {
	control := mark("control")
	r := newRig(defaults)
	feed(r, 19, 3, "short")
	feed(r, 1000, 2, "server")
	feed(r, 19, 3, "shown")
	wantInHeap(t, "before it passes", "control")
	feed(r, 20, 3, "shown")
	wantInHeap(t, "as it passes", "control", "shown")
	wantUses(t, "shown", r.lastDay(), Use{mark("shown"), 39})

	r.setRules(HashtagRules{Top: 100, MinAuthors: 21, MinServers: 3})
	wantInHeap(t, "by stricter rules", "control")
	r.setRules(defaults)
	feed(r, 1, 1, "shown")
	wantInHeap(t, "by the old rules, used again", "control", "shown")
	r.setRules(HashtagRules{Top: 100, MinAuthors: 20, MinServers: 3, Deny: []string{mark("shown")}})
	wantInHeap(t, "denied", "control")
	r.setRules(defaults)
	feed(r, 20, 3, "shown")
	wantInHeap(t, "no more denied", "control", "shown")

	r.time = r.time.Add(23*time.Hour + 45*time.Minute)
	r.lastHour()
	wantInHeap(t, "in its last quarter of an hour", "control", "shown")
	r.time = r.time.Add(15 * time.Minute)
	r.lastHour()
	wantInHeap(t, "when it has left the day", "control")
	runtime.KeepAlive(control)
	runtime.KeepAlive(r)
}
