package state

import (
	"errors"
	"fmt"
	"math"
	"os"
	"time"
)

// Save writes a new generation, and returns when it is durable. The generation before is kept, older ones are removed.
// now is the time that Load's Report will give. After an error all is as it was before, and what was half written is
// removed, so that trying again later is all there is to do. The sections must not be changed meanwhile.
func (d *Dir) Save(sections Sections, now time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.root == nil {
		return fmt.Errorf("saving the state: %w", os.ErrClosed)
	}
	if err := d.save(sections, now); err != nil {
		return fmt.Errorf("saving the state in %s: %w", d.path, err)
	}
	return nil
}

// save never writes to a file under its final name, nor removes one before the next is durable. A file whose fsync failed
// is given up with all it holds: the kernel may have dropped pages of it and would report success the next time.
func (d *Dir) save(sections Sections, now time.Time) error {
	if err := check(sections); err != nil {
		return err
	}
	if err := d.acquire(); err != nil {
		return err
	}
	names, err := list(d.root)
	if err != nil {
		return err
	}
	if names.highest() == math.MaxUint64 {
		return errors.New("the numbers of generations are used up")
	}
	generation := names.highest() + 1
	if err := d.writeTemporary(header{generation, now}, sections); err != nil {
		_ = d.root.Remove(temporary)
		return err
	}
	name := fileName(format, generation)
	if err := d.step("rename", func() error { return d.root.Rename(temporary, name) }); err != nil {
		_ = d.root.Remove(temporary)
		return err
	}
	if err := d.step("sync directory", func() error { return syncDir(d.root) }); err != nil {
		_ = d.root.Remove(name)
		return err
	}
	d.prune(names, generation)
	return nil
}

// writeTemporary makes the temporary file, durable but for its name.
func (d *Dir) writeTemporary(head header, sections Sections) error {
	_ = d.root.Remove(temporary) // one that could not be removed before
	var file *os.File
	err := d.step("create", func() (err error) {
		file, err = d.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		return err
	})
	if err != nil {
		return err
	}
	err = d.step("write", func() error { return write(file, head, sections) })
	if err == nil {
		err = d.step("sync", file.Sync)
	}
	return errors.Join(err, d.step("close", file.Close)) // a network's file system may say only now that there is no room
}

// prune removes what is older than the generation before, which is the last that is known to be good. A file that cannot
// be removed is tried again after the next Save.
func (d *Dir) prune(before listing, generation uint64) {
	keep := d.good
	d.good = generation
	for _, file := range before.snapshots {
		switch {
		case !file.ours() || file.generation == keep:
		case keep == 0:
			keep = file.generation // nothing was loaded: the newest, good or not
		default:
			_ = d.step("prune", func() error { return d.root.Remove(file.name) })
		}
	}
}

// step does one of the things whose failure a Save must survive.
func (d *Dir) step(name string, do func() error) error {
	if d.fault != nil {
		if err := d.fault(name); err != nil {
			return err
		}
	}
	return do()
}
