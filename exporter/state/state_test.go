package state

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// content makes sections out of a number, which says all of them, so that authentic knows a mixture or a part when it sees
// one.
func content(number int) Sections {
	random := rand.NewChaCha8([32]byte{byte(number), byte(number >> 8)})
	body := make([]byte, 1000+random.Uint64()%200_000)
	_, _ = random.Read(body)
	return Sections{"number": []byte(strconv.Itoa(number)), "body": body, "empty": {}}
}

// authentic gives the number that the sections were made from, 0 for no sections; an error if they are not what was saved.
func authentic(sections Sections) (int, error) {
	if len(sections) == 0 {
		return 0, nil
	}
	number, err := strconv.Atoi(string(sections["number"]))
	if err != nil {
		return 0, err
	}
	if !maps.EqualFunc(sections, content(number), bytes.Equal) {
		return 0, fmt.Errorf("sections of number %d are not those saved", number)
	}
	return number, nil
}

func open(t *testing.T, dir string) *Dir {
	t.Helper()
	d, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func save(t *testing.T, d *Dir, number int) {
	t.Helper()
	if err := d.Save(content(number), noon.Add(time.Duration(number)*time.Minute)); err != nil {
		t.Fatal(err)
	}
}

// load opens a directory anew, as after a restart, and gives what is in it.
func load(t *testing.T, dir string) (number int, report Report) {
	t.Helper()
	d := open(t, dir)
	sections, report := d.Load()
	number, err := authentic(sections)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return number, report
}

// files gives the bytes of all files by name.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	got, err := contents(dir)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func contents(dir string) (map[string]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, entry := range entries {
		data := []byte("no regular file")
		if entry.Type().IsRegular() {
			if data, err = os.ReadFile(filepath.Join(dir, entry.Name())); err != nil {
				return nil, err
			}
		}
		all[entry.Name()] = string(data)
	}
	return all, nil
}

func put(t *testing.T, dir, name, data string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, dir string) string {
	t.Helper()
	return strings.Join(slices.Sorted(maps.Keys(files(t, dir))), " ")
}

func TestSaveThenLoad(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "by us")
	d := open(t, dir)
	if sections, report := d.Load(); sections == nil || len(sections) != 0 || report.File != "" || report.ReadOnly != nil {
		t.Errorf("an empty directory gave %v and %+v", sections, report)
	}
	for number := 1; number <= 3; number++ {
		save(t, d, number)
		if got, err := authentic(first(d.Load())); err != nil || got != number {
			t.Fatalf("loaded %d, %v; want %d", got, err, number)
		}
	}
	number, report := load(t, dirAfter(t, d, dir))
	if number != 3 || report.File != "state-v1.3" || report.Generation != 3 || !report.Saved.Equal(noon.Add(3*time.Minute)) {
		t.Errorf("loaded %d with %+v", number, report)
	}
	if got, want := names(t, dir), "lock state-v1.2 state-v1.3"; got != want {
		t.Errorf("the directory has %s; want %s", got, want)
	}
}

func first(sections Sections, _ Report) Sections { return sections }

func TestClosed(t *testing.T) {
	d := open(t, t.TempDir())
	save(t, d, 1)
	for range 2 {
		if err := d.Close(); err != nil {
			t.Errorf("closing gave %v", err)
		}
	}
	if err := d.Save(content(2), noon); !errors.Is(err, os.ErrClosed) {
		t.Errorf("saving after closing gave %v; want %v", err, os.ErrClosed)
	}
	if sections, report := d.Load(); len(sections) != 0 || !errors.Is(report.ReadOnly, os.ErrClosed) {
		t.Errorf("loading after closing gave %d sections and %+v", len(sections), report)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "file", "")
	for name, path := range map[string]string{"no path": "", "a file": filepath.Join(dir, "file")} {
		t.Run(name, func(t *testing.T) {
			if d, err := Open(path); err == nil || d != nil {
				t.Errorf("Open(%q) = %v, %v; want an error", path, d, err)
			}
		})
	}
}

func TestBounds(t *testing.T) {
	many := Sections{}
	for i := range maxSections {
		many[strings.Repeat("n", i+1)] = nil // the longest has 64 bytes, as many as there may be
	}
	tooMany := maps.Clone(many)
	tooMany["one more"] = nil
	large := make([]byte, maxSize/8) // never written, so that it costs no memory
	tooLarge := Sections{}
	for i := range 8 {
		tooLarge[strconv.Itoa(i)] = large
	}
	for name, test := range map[string]struct {
		sections Sections
		want     string // part of the error; empty: none
	}{
		"none":             {Sections{}, ""},
		"as many":          {many, ""},
		"too many":         {tooMany, "65 sections"},
		"a name too long":  {Sections{strings.Repeat("n", 65): nil}, "65 bytes"},
		"a name too short": {Sections{"": nil}, "0 bytes"},
		"too large":        {tooLarge, "more than 1073741824 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			d := open(t, dir)
			save(t, d, 1)
			err := d.Save(test.sections, noon)
			if test.want == "" {
				if got, report := d.Load(); err != nil || report.Generation != 2 || !maps.EqualFunc(got, test.sections, bytes.Equal) {
					t.Errorf("Save gave %v; loaded %d sections with %+v", err, len(got), report)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), dir) {
				t.Errorf("Save gave %v; want an error with %q and the directory", err, test.want)
			}
			if number, err := authentic(first(d.Load())); number != 1 || err != nil {
				t.Errorf("afterwards %d is loaded, %v; want 1", number, err)
			}
		})
	}
}

func TestNewerFormatIsKept(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	save(t, d, 1)
	_ = d.Close()
	newer := map[string]string{"state-v2.7": "what a newer version wrote", "state-v12.6": "", "state-v2.6.corrupt-1": "its own"}
	for name, data := range newer {
		put(t, dir, name, data)
	}
	d = open(t, dir)
	sections, report := d.Load()
	if number, err := authentic(sections); number != 1 || err != nil || len(report.Damaged) != 0 {
		t.Errorf("loaded %d, %v, with %+v; want 1", number, err, report)
	}
	if got, want := strings.Join(report.Newer, " "), "state-v2.7 state-v12.6"; got != want {
		t.Errorf("the report's newer files are %q; want %q", got, want)
	}
	for number := 2; number <= 5; number++ {
		save(t, d, number)
	}
	got := files(t, dir)
	for name, data := range newer {
		if kept, ok := got[name]; !ok || kept != data {
			t.Errorf("%s is %q now, there: %v; want it untouched", name, kept, ok)
		}
	}
	if got, want := names(t, dir), "lock state-v1.10 state-v1.11 state-v12.6 state-v2.6.corrupt-1 state-v2.7"; got != want {
		t.Errorf("the directory has %s; want %s: numbered past the newer version's, so that it sees which is later", got, want)
	}
}

func TestForeignFilesAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	foreign := []string{"notes.txt", "state-v1.x", "state-v0.3", "state-v1.0", "state-v1.01", "state-v1. 7", "state-v1.+7",
		"state-v1.7.bak", "state-v1.99999999999999999999", "state-v1.7.corrupt-", "state-v1.7.corrupt-x", "other.tmp"}
	for _, name := range foreign {
		put(t, dir, name, name)
	}
	if err := os.Mkdir(filepath.Join(dir, "state-v1.50"), 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, dir, "state.tmp", "half")
	d := open(t, dir)
	if _, report := d.Load(); strings.Join(report.Swept, " ") != "state.tmp" || len(report.Damaged) != 0 || report.File != "" {
		t.Errorf("the report is %+v; want state.tmp swept and nothing else seen", report)
	}
	for number := 1; number <= 3; number++ {
		save(t, d, number)
	}
	got := files(t, dir)
	for _, name := range foreign {
		if got[name] != name {
			t.Errorf("%s is gone or changed", name)
		}
	}
	if number, report := load(t, dirAfter(t, d, dir)); number != 3 || report.File != "state-v1.53" {
		t.Errorf("loaded %d with %+v; want 3 from state-v1.53", number, report)
	}
}

// dirAfter closes d and gives its path.
func dirAfter(t *testing.T, d *Dir, dir string) string {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestNumbersUsedUp(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "state-v2.18446744073709551615", "")
	d := open(t, dir)
	if err := d.Save(content(1), noon); err == nil || !strings.Contains(err.Error(), "used up") {
		t.Errorf("Save gave %v", err)
	}
}

func TestSaveWithoutLoadKeepsTheNewest(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	save(t, d, 1)
	save(t, d, 2)
	d = open(t, dirAfter(t, d, dir))
	save(t, d, 3)
	if got, want := names(t, dir), "lock state-v1.2 state-v1.3"; got != want {
		t.Errorf("the directory has %s; want %s", got, want)
	}
}

// Somebody removes the directory under the running program, and makes it anew: the lock is on the one that is gone, so
// nothing may be written into the one that took its place.
func TestDirectoryReplaced(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	d := open(t, dir)
	save(t, d, 1)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	other := open(t, dir)
	if err := d.Save(content(2), noon); err == nil {
		t.Error("Save into a directory that is gone gave no error")
	}
	if got := names(t, dir); got != "lock" {
		t.Errorf("the new directory has %s; want only its lock", got)
	}
	save(t, other, 1)
}
