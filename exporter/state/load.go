package state

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// Report is how a Load went, for the log.
type Report struct {
	File       string    // of the snapshot that was loaded; empty: there was none to load
	Generation uint64    // as the snapshot itself says, from 1
	Saved      time.Time // when it was made, by the clock that Save was given, in milliseconds
	Damaged    []Damage  // what could not be read, latest first
	Newer      []string  // files of newer format versions, latest first; they are left alone
	Swept      []string  // half-written files that were removed when the directory was locked
	ReadOnly   error     // why the directory cannot be written for now; nil if it can
}

// Damage is a snapshot that could not be read.
type Damage struct {
	File string // its name; "." if the directory could not be listed
	Kept string // the name under which it is kept now; empty if it could not be set aside
	Err  error  // what is wrong with it, and why it could not be set aside
}

// Load gives the newest generation that can be read, whole and as it was saved; it is empty if there is none. Those newer
// that could not be read are set aside.
func (d *Dir) Load() (Sections, Report) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.root == nil {
		return Sections{}, Report{ReadOnly: os.ErrClosed}
	}
	report := Report{ReadOnly: d.acquire()}
	report.Swept = d.swept
	names, err := list(d.root)
	if err != nil {
		report.Damaged = append(report.Damaged, Damage{File: ".", Err: err})
	}
	sections := Sections{}
	for _, file := range names.snapshots {
		if file.format > format {
			report.Newer = append(report.Newer, file.name)
			continue
		}
		if !file.ours() || report.File != "" {
			continue
		}
		head, read, err := d.read(file.name)
		if err != nil {
			report.Damaged = append(report.Damaged, d.setAside(file.name, err))
			continue
		}
		sections, d.good = read, file.generation
		report.File, report.Generation, report.Saved = file.name, head.generation, head.saved
	}
	return sections, report
}

func (d *Dir) read(name string) (header, Sections, error) {
	file, err := d.root.Open(name)
	if err != nil {
		return header{}, nil, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return header{}, nil, err
	}
	return read(file, info.Size())
}

// setAside renames a file that could not be read, for whatever reason: it might be of use to somebody, and under its own
// name the next Save would remove it. The oldest of those set aside are removed.
func (d *Dir) setAside(name string, why error) Damage {
	damage := Damage{File: name, Err: why}
	if d.lock == nil {
		return damage
	}
	names, err := list(d.root)
	if err != nil {
		damage.Err = errors.Join(why, err)
		return damage
	}
	var number uint64 = 1
	if len(names.aside) > 0 {
		number = names.aside[0].number + 1
	}
	kept := fmt.Sprintf("%s%s%d", name, asideMark, number)
	if err := d.root.Rename(name, kept); err != nil {
		damage.Err = errors.Join(why, fmt.Errorf("setting it aside: %w", err))
		return damage
	}
	damage.Kept = kept
	for _, old := range names.aside[min(len(names.aside), maxAside-1):] {
		_ = d.root.Remove(old.name) // the next time one is set aside tries again
	}
	return damage
}
