package state

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// ErrLocked is the error of Open, and of a Save to a directory that could not be written before, when another process has
// the directory.
var ErrLocked = errors.New("in use by another process")

// acquire locks the directory, if this process has it not yet, and sweeps what killed processes left. The kernel lets go
// of the lock when the process ends, however it ends; the file stays, since who removes it may remove another's.
func (d *Dir) acquire() error {
	if d.lock != nil {
		return nil
	}
	file, err := d.root.OpenFile(lockName, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("opening the lock: %w", err)
	}
	if err := lockFile(file); err != nil {
		if errors.Is(err, ErrLocked) {
			err = fmt.Errorf("%w%s", err, owner(file))
		} else {
			err = fmt.Errorf("locking: %w", err)
		}
		return errors.Join(err, file.Close())
	}
	// The number only helps whoever reads it: a full disk, which may refuse it, must not keep us from anything.
	if file.Truncate(0) == nil {
		_, _ = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	d.lock = file
	names, _ := list(d.root) // an error comes again with the Load or Save that follows
	for _, name := range names.strays {
		if d.root.Remove(name) == nil {
			d.swept = append(d.swept, name)
		}
	}
	return nil
}

// owner says which process has the lock, if that is known; in another container the number is one of its own.
func owner(lock io.ReaderAt) string {
	var text [20]byte
	n, _ := lock.ReadAt(text[:], 0)
	pid, err := strconv.ParseUint(strings.TrimSpace(string(text[:n])), 10, 32)
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (pid %d)", pid)
}
