// Package state keeps what must survive a restart: named sections of bytes, all of one moment, in one checksummed snapshot,
// of which there are two generations. It knows nothing of what is in the sections.
//
// The directory holds
//
//	state-v1.41               the generation before
//	state-v1.42               the newest: format version 1, generation 42
//	state-v1.40.corrupt-1     one that could not be read, set aside; the three latest are kept
//	state-v2.39               what a newer version of the program wrote: left alone
//	state.tmp                 one that is being written
//	lock                      held by the process that writes here; has its id
//
// and needs room for three snapshots, and those set aside. Generations are numbered through, whatever their format, so that
// a newer version of the program, back in its place, knows whether its own snapshot or an older version's is the later one.
//
// # Promises
//
// What Save acknowledged is what Load gives, or the generation before it where the disk lost bits. A process killed at any
// moment, a full disk, a directory that became read-only, files with any bytes in them: each costs at most what was not
// acknowledged yet, and nothing keeps Load from answering. Nobody writes without the lock. Acknowledged means durable in the
// sense of fsync, for the file and for its name; on Windows, which has no fsync of a directory, a loss of power may cost the
// last generation's name and so give the one before.
package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// Sections are bytes by name: at most 64, whose names have 1 to 64 bytes, and with which a snapshot has at most 1 GiB.
type Sections map[string][]byte

// Dir is a directory of state that this process may write. Its methods may be called concurrently.
type Dir struct {
	path string

	mu    sync.Mutex
	root  *os.Root // nil: closed. Not a path: should somebody put another directory in its place, nothing is written there
	lock  *os.File // nil: not locked, so that nothing may be written
	good  uint64   // the newest generation known to be readable, by its file's name; 0: none known
	swept []string

	fault func(step string) error // nil but in tests: called ahead of each step of a Save, which fails with its error
}

// Open locks dir for this process until Close; dir is made, for nobody else's eyes (0700), if it is missing. Files that a
// killed process left half written are removed.
//
// The error is ErrLocked if another process has the directory, else that of a path that cannot be made or opened. A
// directory that cannot be written is no error: it can be loaded from, the Report says why it cannot be written, and every
// Save tries again.
func Open(dir string) (*Dir, error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("making the state directory: %w", err)
		}
		syncParent(dir)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the state directory: %w", err)
	}
	d := &Dir{path: dir, root: root}
	if err := d.acquire(); errors.Is(err, ErrLocked) {
		return nil, errors.Join(fmt.Errorf("state directory %s is %w", dir, err), root.Close())
	}
	return d, nil
}

// syncParent makes the name of a directory that was just made durable. It is no reason not to start where that can't be.
func syncParent(dir string) {
	if parent, err := os.OpenRoot(filepath.Join(dir, "..")); err == nil {
		_ = syncDir(parent)
		_ = parent.Close()
	}
}

// Close lets go of the directory. Nothing is saved by it.
func (d *Dir) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.root == nil {
		return nil
	}
	err := d.root.Close()
	if d.lock != nil {
		err = errors.Join(err, d.lock.Close()) // lets go of the lock
	}
	d.root, d.lock = nil, nil
	return err
}
