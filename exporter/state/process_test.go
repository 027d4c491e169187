//go:build linux || darwin

package state

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain is also the start of the other processes that tests need: this binary once more, told by its environment what to
// be.
func TestMain(m *testing.M) {
	part, args, _ := strings.Cut(os.Getenv("MNM_STATE_CHILD"), " ")
	do, ok := children[part]
	if !ok {
		os.Exit(m.Run())
	}
	if err := do(args); err != nil {
		fmt.Fprintln(os.Stdout, "failed:", err)
		os.Exit(1)
	}
}

// children are the parts that another process plays; the working directory is the one of the state.
var children = map[string]func(args string) error{
	"saver":     saver,
	"holder":    holder,
	"limited":   limited,
	"read-only": readOnly,
}

// child prepares another process of this binary that plays a part in dir.
func child(t *testing.T, dir, part string, args ...any) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	cmd.Env = append(os.Environ(), "MNM_STATE_CHILD="+strings.TrimSpace(part+" "+fmt.Sprintln(args...)))
	return cmd
}

// succeed runs a child to its end, and gives what it printed.
func succeed(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the other process: %v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// saver saves one generation after the other, and says each that was acknowledged, until it is killed. With the name of a
// step it kills itself there, at the third Save.
func saver(step string) error {
	d, err := Open(".")
	if err != nil {
		return err
	}
	number, err := authentic(first(d.Load()))
	if err != nil {
		return err
	}
	saves := 0
	d.fault = func(now string) error {
		if now == step && saves == 2 {
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		return nil
	}
	for ; ; saves++ {
		number++
		if err := d.Save(content(number), noon); err != nil {
			return err
		}
		fmt.Fprintln(os.Stdout, number)
	}
}

// killed counts what was found after kills.
type killed struct{ rounds, stray, unacknowledged int }

// kill kills a saver after a moment that random says, all rounds in one directory, and looks each time at what is left.
func kill(t *testing.T, rounds int, seed uint64) killed {
	t.Helper()
	dir, count := t.TempDir(), killed{rounds: rounds}
	random := rand.New(rand.NewPCG(seed, 2))
	for round := range rounds {
		acknowledged := runUntilKilled(t, child(t, dir, "saver"), time.Duration(random.IntN(12_000))*time.Microsecond)
		if _, err := os.Lstat(filepath.Join(dir, temporary)); err == nil {
			count.stray++
		}
		number, report := load(t, dir)
		if number < acknowledged || number > acknowledged+1 || len(report.Damaged) > 0 || report.ReadOnly != nil {
			t.Fatalf("round %d: loaded %d with %+v; acknowledged was %d", round, number, report, acknowledged)
		}
		if number > acknowledged {
			count.unacknowledged++
		}
		if got := files(t, dir); len(got) > 4 || got[temporary] != "" { // the lock, two generations, one not removed yet
			t.Fatalf("round %d: the directory has %s", round, names(t, dir))
		}
	}
	return count
}

// runUntilKilled gives the last number that a saver said. It is killed so long after the first.
func runUntilKilled(t *testing.T, cmd *exec.Cmd, after time.Duration) (last int) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if last == 0 {
			defer time.AfterFunc(after, func() { _ = cmd.Process.Kill() }).Stop()
		}
		if last, err = strconv.Atoi(lines.Text()); err != nil {
			t.Fatalf("the saver said %s", lines.Text())
		}
	}
	if err := cmd.Wait(); cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the saver was not killed: %v", err)
	}
	return last
}

func TestKilledAtRandom(t *testing.T) {
	t.Logf("%+v", kill(t, 15, 1))
}

func TestKilledAtEachStep(t *testing.T) {
	for _, test := range []struct {
		step  string
		want  int // what is loaded; 2 was acknowledged
		stray bool
	}{
		{"create", 2, false},
		{"write", 2, true},
		{"sync", 2, true},
		{"close", 2, true},
		{"rename", 2, true},
		{"sync directory", 3, false}, // not acknowledged, yet whole
		{"prune", 3, false},
	} {
		t.Run(test.step, func(t *testing.T) {
			dir := t.TempDir()
			if acknowledged := runUntilKilled(t, child(t, dir, "saver", test.step), time.Minute); acknowledged != 2 {
				t.Fatalf("acknowledged was %d; want 2", acknowledged)
			}
			number, report := load(t, dir)
			if number != test.want || len(report.Damaged) != 0 || (len(report.Swept) == 1) != test.stray {
				t.Errorf("loaded %d with %+v; want %d, swept: %v", number, report, test.want, test.stray)
			}
		})
	}
}

// holder has the directory until its input ends.
func holder(string) error {
	d, err := Open(".")
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, "opened")
	_, _ = os.Stdin.Read(make([]byte, 1))
	return d.Close()
}

func TestSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	first := child(t, dir, "holder")
	in, err := first.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := first.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "opened\n" {
		t.Fatalf("the first process said %q, %v", line, err)
	}
	put(t, dir, temporary, "the first process is writing this")
	before := files(t, dir)
	_, err = Open(dir)
	want := fmt.Sprintf("state directory %s is in use by another process (pid %d)", dir, first.Process.Pid)
	if !errors.Is(err, ErrLocked) || err.Error() != want {
		t.Errorf("Open gave %q; want %q", err, want)
	}
	if !maps.Equal(files(t, dir), before) {
		t.Errorf("the refused process changed the directory: %s", names(t, dir))
	}
	_ = in.Close()
	if err := first.Wait(); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
	if _, err = Open(dir); !errors.Is(err, ErrLocked) {
		t.Errorf("a second Open in the same process gave %v; want %v", err, ErrLocked)
	}
}

func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	save(t, open(t, dir), 1)
	for name, want := range map[string]os.FileMode{"": 0o700, "state-v1.1": 0o600, "lock": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%q has mode %o; want %o", name, got, want)
		}
	}
}
