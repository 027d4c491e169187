package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// secretFile is a file with a secret, which nobody but its owner may read at any moment. It is there, empty, before the secret is.
type secretFile struct {
	*os.File
	path string // of the file in the end
	kept bool
}

// createSecret begins a file at a path, where there must be none or, to be replaced, a regular one.
func createSecret(path string, replace bool) (*secretFile, error) {
	info, err := os.Lstat(path)
	there := err == nil
	switch {
	case there && !replace:
		return nil, fmt.Errorf("the file %q is there already; name another one, or replace it with --force", path)
	case there && !info.Mode().IsRegular():
		return nil, fmt.Errorf("%q is no regular file; name another one", path)
	}
	var f *os.File
	if there {
		f, err = os.CreateTemp(filepath.Dir(path), ".mnm-token-*") // with mode 0600
	} else {
		f, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no folder %q; make it first", filepath.Dir(path))
	}
	if err != nil {
		return nil, fmt.Errorf("writing the token: %w", err)
	}
	return &secretFile{File: f, path: path}, nil
}

// keep writes the secret and makes the file what it is to be.
func (f *secretFile) keep(secret string) error {
	_, err := f.WriteString(secret + "\n")
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil && f.Name() != f.path {
		err = os.Rename(f.Name(), f.path)
	}
	if err != nil {
		return fmt.Errorf("writing the token: %w", err)
	}
	f.kept = true
	return nil
}

// discard removes the file unless it was kept.
func (f *secretFile) discard() {
	if !f.kept {
		_ = f.Close()
		_ = os.Remove(f.Name())
	}
}
