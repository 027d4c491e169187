//go:build figures && linux

package state

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// The figures of the state in the documentation: go test -tags figures -run '^TestFigure' -v ./exporter/state/

func TestFigureKill200(t *testing.T) {
	count := kill(t, 200, 2)
	t.Logf("%d times kill -9 while saving: 0 unreadable, 0 older than acknowledged; %d left a half-written file, all of them "+
		"swept; %d had a generation more than acknowledged", count.rounds, count.stray, count.unacknowledged)
}

func TestFigureMutatedFiles10000(t *testing.T) {
	count := mutate(t, 10_000, 2)
	t.Logf("10,000 mutated: all started, with the newest generation %d times, with the one before %d, with none, as both were "+
		"damaged, %d", count.newest, count.earlier, count.empty)
}

func TestFigureFileMayNotGrow50(t *testing.T) {
	dir := t.TempDir()
	succeed(t, child(t, dir, "limited", 50))
	if number, report := load(t, dir); number != 53 {
		t.Errorf("loaded %d with %+v; want 53", number, report)
	}
	t.Log("50 writes ended in the middle by a limit (EFBIG): 50 times both generations as before, nothing left over")
}

func TestFigureForbidden50(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	save(t, d, 1)
	save(t, d, 2)
	forbid(t, dirAfter(t, d, dir))
	if got := succeed(t, child(t, dir, "read-only", 50)); got != "2 0 false" {
		t.Errorf("the other process said %s", got)
	}
	t.Log("50 Saves in a directory without permission (EACCES): 50 times both generations as before")
}

// mounted runs the calling test again, in a process with mounts of its own, which needs no root where the kernel lets
// anybody have a user namespace; there it gives the path of a tmpfs of 1 MiB, else no path.
func mounted(t *testing.T) (dir string) {
	t.Helper()
	if os.Getenv("MNM_STATE_MOUNTS") == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), "MNM_STATE_MOUNTS=own")
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}},
		}
		out, err := cmd.CombinedOutput()
		t.Logf("in a process with mounts of its own:\n%s", strings.TrimSpace(string(out)))
		if err != nil {
			t.Fatal(err)
		}
		return ""
	}
	dir = t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
	t.Chdir(dir)
	return dir
}

func TestFigureDiskFull50(t *testing.T) {
	dir := mounted(t)
	if dir == "" {
		return
	}
	d, err := saved(1)
	if err != nil {
		t.Fatal(err)
	}
	random, acknowledged := rand.New(rand.NewPCG(1, 4)), 2
	for round := range 50 {
		number := 100 + round
		room := random.IntN(len(content(number)["body"]))
		fill(t, dir, room)
		if err := trySave(d, syscall.ENOSPC, number); err != nil {
			t.Fatalf("round %d, with room for %d bytes: %v", round, room, err)
		}
		_ = d.Close()
		d = open(t, dir)
		sections, report := d.Load()
		if got, err := authentic(sections); got != acknowledged || err != nil || report.ReadOnly != nil {
			t.Fatalf("round %d: loaded %d, %v, with %+v; want %d", round, got, err, report, acknowledged)
		}
		if err := os.Remove("fill"); err != nil {
			t.Fatal(err)
		}
		if round%5 == 4 { // the disk has room for a while
			save(t, d, number)
			acknowledged = number
		}
	}
	_ = d.Close()
	t.Log("50 times a full disk (ENOSPC), at random offsets: 50 times both generations as before, nothing left over, and " +
		"the last acknowledged one after a restart")
}

// fill leaves so many bytes on the disk, rounded down to its blocks.
func fill(t *testing.T, dir string, room int) {
	t.Helper()
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		t.Fatal(err)
	}
	blocks := int64(disk.Bavail) - int64(room)/disk.Bsize
	put(t, dir, "fill", strings.Repeat("x", int(blocks*disk.Bsize)))
}

func TestFigureReadOnly50(t *testing.T) {
	dir := mounted(t)
	if dir == "" {
		return
	}
	d, err := saved(1)
	if err != nil {
		t.Fatal(err)
	}
	_ = d.Close()
	if err := syscall.Mount("none", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	for round := range 50 {
		d := open(t, dir)
		sections, report := d.Load()
		if got, err := authentic(sections); got != 2 || err != nil || report.ReadOnly == nil {
			t.Fatalf("round %d: loaded %d, %v, with %+v; want 2", round, got, err, report)
		}
		if err := trySave(d, syscall.EROFS, 3); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		_ = d.Close()
	}
	t.Log("50 starts on a read-only disk (EROFS): 50 times the last acknowledged generation, both as before")
}
