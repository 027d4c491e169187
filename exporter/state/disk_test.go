//go:build linux || darwin

package state

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
)

// trySave saves where that must fail with want, and gives an error unless it fails so and changes nothing.
func trySave(d *Dir, want error, number int) error {
	before, err := contents(".")
	if err != nil {
		return err
	}
	if err := d.Save(content(number), noon); !errors.Is(err, want) {
		return fmt.Errorf("the Save of %d gave %w; want %w", number, err, want)
	}
	after, err := contents(".")
	if err != nil {
		return err
	}
	if !maps.Equal(before, after) {
		return fmt.Errorf("the Save of %d that failed left %v", number, slices.Sorted(maps.Keys(after)))
	}
	return nil
}

// saved saves the generations from and from+1, and gives the directory, still open, in which they are.
func saved(from int) (*Dir, error) {
	d, err := Open(".")
	if err != nil {
		return nil, err
	}
	for number := from; number < from+2; number++ {
		if err := d.Save(content(number), noon); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// limited saves so many times while the kernel lets no file of this process grow past a random size, which is less than the
// snapshot needs: the write fails in the middle, as on a full disk. (EFBIG where that has ENOSPC; what is a full disk for
// real is in the figures, as it needs to mount one.)
func limited(args string) error {
	times, err := strconv.Atoi(args)
	if err != nil {
		return err
	}
	d, err := saved(1)
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	free := limit.Cur
	random := rand.New(rand.NewPCG(1, 3))
	for i := range times {
		limit.Cur = uint64(random.IntN(len(content(3 + i)["body"]) + 100))
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			return err
		}
		if err := trySave(d, syscall.EFBIG, 3+i); err != nil {
			return err
		}
	}
	limit.Cur = free
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	if number, err := authentic(first(d.Load())); number != 2 {
		return fmt.Errorf("loaded %d, %w; want 2", number, err)
	}
	return d.Save(content(3+times), noon) // there is room again
}

func TestFilesMayNotGrow(t *testing.T) {
	dir := t.TempDir()
	succeed(t, child(t, dir, "limited", 10))
	if number, report := load(t, dir); number != 13 || len(report.Damaged)+len(report.Swept) != 0 {
		t.Errorf("loaded %d with %+v; want 13", number, report)
	}
}

// nobody is whom the kernel's permissions hold for, which they don't for root.
const nobody = 65534

// readOnly loads from a directory that it may not write, and saves so many times.
func readOnly(args string) error {
	times, err := strconv.Atoi(args)
	if err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody)); err != nil {
			return err
		}
	}
	d, err := Open(".")
	if err != nil {
		return err
	}
	sections, report := d.Load()
	number, err := authentic(sections)
	if err != nil {
		return err
	}
	for i := range times {
		if err := trySave(d, syscall.EACCES, 10+i); err != nil {
			return err
		}
	}
	fmt.Fprintln(os.Stdout, number, len(report.Damaged), errors.Is(report.ReadOnly, syscall.EACCES))
	return d.Close()
}

// forbid makes dir and all in it somebody's who may read it and not write.
func forbid(t *testing.T, dir string) {
	t.Helper()
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	for name := range files(t, dir) {
		if os.Geteuid() == 0 {
			if err := os.Chown(filepath.Join(dir, name), nobody, nobody); err != nil {
				t.Fatal(err)
			}
		}
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(dir, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
}

func TestReadOnlyDirectory(t *testing.T) {
	for _, test := range []struct {
		name    string
		prepare func(dir string) error
		want    string // number loaded, files damaged, whether Load says that it is read-only
	}{
		{"with its lock", func(string) error { return nil }, "2 0 false"},
		{"without a lock", func(dir string) error { return os.Remove(filepath.Join(dir, lockName)) }, "2 0 true"},
		{"the newest is damaged", func(dir string) error { return os.Truncate(filepath.Join(dir, "state-v1.2"), 99) }, "1 1 false"},
		{"without a lock, damaged", func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, lockName)), os.Truncate(filepath.Join(dir, "state-v1.2"), 99))
		}, "1 1 true"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			d := open(t, dir)
			save(t, d, 1)
			save(t, d, 2)
			if err := test.prepare(dirAfter(t, d, dir)); err != nil {
				t.Fatal(err)
			}
			forbid(t, dir)
			if got := succeed(t, child(t, dir, "read-only", 2)); got != test.want {
				t.Errorf("the other process said %s; want %s", got, test.want)
			}
		})
	}
}

// A directory could not be written at first: as soon as it can, it is locked and saved to.
func TestWritableLater(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, lockName), 0o700); err != nil { // even root cannot open this for writing
		t.Fatal(err)
	}
	put(t, dir, "state-v1.1", "damaged")
	put(t, dir, temporary, "perhaps another process is writing this")
	before := files(t, dir)
	d := open(t, dir)
	_, report := d.Load()
	if err := d.Save(content(1), noon); err == nil || report.ReadOnly == nil || len(report.Damaged) != 1 {
		t.Errorf("without a lock, Save gave %v and Load %+v", err, report)
	}
	if !maps.Equal(files(t, dir), before) {
		t.Errorf("without a lock, the directory was changed: %s", names(t, dir))
	}
	if err := os.Remove(filepath.Join(dir, lockName)); err != nil {
		t.Fatal(err)
	}
	other := open(t, dir)
	if err := d.Save(content(1), noon); !errors.Is(err, ErrLocked) {
		t.Errorf("with another process' lock, Save gave %v; want %v", err, ErrLocked)
	}
	save(t, other, 2)
	_ = other.Close()
	save(t, d, 3)
	if got, want := names(t, dir), "lock state-v1.2 state-v1.3"; got != want {
		t.Errorf("the directory has %s; want %s", got, want)
	}
}
