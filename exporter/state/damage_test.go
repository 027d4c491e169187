package state

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"runtime"
	"strings"
	"testing"
)

// sealed adds the checksum to what a snapshot has before it.
func sealed(parts ...any) string {
	var b bytes.Buffer
	for _, part := range parts {
		if text, ok := part.(string); ok {
			b.WriteString(text)
		} else if err := binary.Write(&b, binary.BigEndian, part); err != nil {
			panic(err)
		}
	}
	sum := sha256.Sum256(b.Bytes())
	b.Write(sum[:])
	return b.String()
}

// head is the start of a sealed snapshot with so many sections.
func head(sections uint32) string {
	s := sealed("MNMSTATE", uint32(1), uint64(5), int64(1_800_000_000_123), sections)
	return s[:len(s)-sha256.Size]
}

// The format, written down once more: what these bytes mean must never change, or an update of the program forgets.
func TestFormat(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "state-v1.9", sealed(head(2), uint16(1), "a", uint64(3), "xyz", uint16(2), "bc", uint64(0)))
	d := open(t, dir)
	sections, report := d.Load()
	if !maps.EqualFunc(sections, Sections{"a": []byte("xyz"), "bc": {}}, bytes.Equal) {
		t.Errorf("loaded %q with %+v", sections, report)
	}
	if report.File != "state-v1.9" || report.Generation != 5 || report.Saved.UnixMilli() != 1_800_000_000_123 {
		t.Errorf("the report is %+v", report)
	}
}

func TestDamagedSnapshots(t *testing.T) {
	whole := sealed(head(1), uint16(1), "a", uint64(3), "xyz")
	last := []byte(whole)
	last[len(last)-1] ^= 1
	flipped := string(last)
	for name, test := range map[string]struct{ data, want string }{
		"nothing in it":         {"", errShort.Error()},
		"zeros":                 {strings.Repeat("\x00", len(whole)), errForeign.Error()},
		"another program's":     {strings.Repeat("SQLite format 3 ", 10), errForeign.Error()},
		"only a checksum":       {sealed(), errShort.Error()},
		"cut short":             {whole[:len(whole)-1], errShort.Error()},
		"one byte more":         {whole + "\x00", errLong.Error()},
		"a bit":                 {strings.Replace(whole, "xyz", "xyx", 1), errChecksum.Error()},
		"a bit of the checksum": {flipped, errChecksum.Error()},
		"another version":       {sealed("MNMSTATE", uint32(2), uint64(5), int64(0), uint32(0)), "it says 2"},
		"too many sections":     {sealed(head(65)), "65 sections"},
		"fewer than it says":    {sealed(head(2), uint16(1), "a", uint64(3), "xyz"), errShort.Error()},
		"more than it says":     {sealed(head(0), uint16(1), "a", uint64(3), "xyz"), errLong.Error()},
		"a section twice":       {sealed(head(2), uint16(1), "a", uint64(0), uint16(1), "a", uint64(0)), `"a" is in it twice`},
		"a name of none":        {sealed(head(1), uint16(0), uint64(0)), "0 bytes"},
		"a name too long":       {sealed(head(1), uint16(65), strings.Repeat("n", 65), uint64(0)), "65 bytes"},
		"a name past the end":   {sealed(head(1), uint16(64)), errShort.Error()},
		"no length":             {sealed(head(1), uint16(1), "a"), errShort.Error()},
		"data past the end":     {sealed(head(1), uint16(1), "a", uint64(4), "xyz"), errShort.Error()},
		"a length below zero":   {sealed(head(1), uint16(1), "a", uint64(math.MaxUint64), "xyz"), errShort.Error()},
		"a huge length":         {sealed(head(1), uint16(1), "a", uint64(1<<62), "xyz"), errShort.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			d := open(t, dir)
			save(t, d, 1)
			_ = d.Close()
			put(t, dir, "state-v1.2", test.data)
			number, report := load(t, dir)
			if number != 1 || len(report.Damaged) != 1 {
				t.Fatalf("loaded %d with %+v; want 1", number, report)
			}
			got := report.Damaged[0]
			if got.File != "state-v1.2" || got.Kept != "state-v1.2.corrupt-1" || !strings.Contains(got.Err.Error(), test.want) {
				t.Errorf("the report says %+v; want an error with %q", got, test.want)
			}
			if files(t, dir)[got.Kept] != test.data {
				t.Error("what was set aside is not what was there")
			}
		})
	}
}

// A snapshot's lengths are damaged in every way that asks for much memory; reading it takes no more than it is large.
func TestReadingTakesNoMoreMemoryThanTheFile(t *testing.T) {
	const slack = 24 << 10 // the buffer, the checksum's state, errors
	body := strings.Repeat("x", 1<<20)
	for name, data := range map[string]string{
		"whole":           sealed(head(1), uint16(1), "a", uint64(len(body)), body),
		"huge":            sealed(head(1), uint16(1), "a", uint64(1<<40), body),
		"twice the bytes": sealed(head(2), uint16(1), "a", uint64(len(body)-20), body, uint16(1), "b", uint64(len(body))),
		"many sections":   sealed(head(math.MaxUint32), body),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, _ = read(strings.NewReader(data), int64(len(data)))
			runtime.ReadMemStats(&after)
			if got := after.TotalAlloc - before.TotalAlloc; got > uint64(len(data)+slack) {
				t.Errorf("reading %d bytes took %d bytes", len(data), got)
			}
		})
	}
	if _, _, err := read(bytes.NewReader(nil), maxSize+1); err == nil {
		t.Error("a file past the bound is read")
	}
}

func TestAsideIsBounded(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	save(t, d, 1)
	_ = d.Close()
	for i := 2; i <= 7; i++ {
		put(t, dir, fileName(1, uint64(i)), fmt.Sprint("damaged ", i))
		if number, _ := load(t, dir); number != 1 {
			t.Fatalf("loaded %d; want 1", number)
		}
	}
	want := "lock state-v1.1 state-v1.5.corrupt-4 state-v1.6.corrupt-5 state-v1.7.corrupt-6"
	if got := names(t, dir); got != want {
		t.Errorf("the directory has %s; want %s", got, want)
	}
}

// After the newest was damaged, the next Save must keep the one that was loaded.
func TestSaveAfterDamageKeepsTheGoodOne(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	save(t, d, 1)
	save(t, d, 2)
	_ = d.Close()
	put(t, dir, "state-v1.2", "damaged")
	d = open(t, dir)
	d.Load()
	save(t, d, 3)
	_ = d.Close()
	number, report := load(t, dir)
	if number != 3 {
		t.Errorf("loaded %d; want 3", number)
	}
	put(t, dir, report.File, "damaged too")
	if number, _ := load(t, dir); number != 1 {
		t.Errorf("loaded %d; want 1", number)
	}
}

// Each step of a Save fails in turn, as a disk's would: both generations stay as they were, byte by byte, nothing is left
// over, and the next Save works.
func TestEachStepFails(t *testing.T) {
	failure := errors.New("input/output error")
	for _, step := range []string{"create", "write", "sync", "close", "rename", "sync directory"} {
		t.Run(step, func(t *testing.T) {
			dir := t.TempDir()
			d := open(t, dir)
			save(t, d, 1)
			save(t, d, 2)
			before := files(t, dir)
			d.fault = func(now string) error {
				if now == step {
					return failure
				}
				return nil
			}
			if err := d.Save(content(3), noon); !errors.Is(err, failure) {
				t.Errorf("Save gave %v; want %v", err, failure)
			}
			if !maps.Equal(files(t, dir), before) {
				t.Errorf("the directory has changed: %s", names(t, dir))
			}
			d.fault = nil
			save(t, d, 4)
			if number, report := load(t, dirAfter(t, d, dir)); number != 4 || len(report.Damaged)+len(report.Swept) != 0 {
				t.Errorf("loaded %d with %+v; want 4", number, report)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(sealed(head(0))))
	f.Add([]byte(sealed(head(1), uint16(1), "a", uint64(3), "xyz")))
	f.Add([]byte(sealed(head(2), uint16(1), "a", uint64(0), uint16(2), "bc", uint64(1), "x")))
	f.Add([]byte(sealed(head(1), uint16(1), "a", uint64(math.MaxUint64), "xyz")))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, data []byte) {
		// As it is, and with the checksum that makes it a snapshot if the rest does.
		for _, data := range [][]byte{data, []byte(sealed(string(data[:max(0, len(data)-sha256.Size)])))} {
			head, sections, err := read(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				continue
			}
			if err := check(sections); err != nil {
				t.Fatalf("read what may not be written: %v", err)
			}
			var again bytes.Buffer
			if err := write(&again, head, sections); err != nil {
				t.Fatal(err)
			}
			if again.Len() != len(data) {
				t.Fatalf("%d bytes were read as sections that take %d", len(data), again.Len())
			}
			_, twice, err := read(&again, int64(again.Len()))
			if err != nil || !maps.EqualFunc(twice, sections, bytes.Equal) {
				t.Fatalf("read %q, and %q, %v after writing it", sections, twice, err)
			}
		}
	})
}
