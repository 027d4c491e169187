//go:build unix

package country

import (
	"path/filepath"
	"syscall"
	"testing"
)

// TestOpenFilePipe: one to which nobody writes must not hold us up.
func TestOpenFilePipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenFile(path); err == nil {
		t.Error("a pipe is read as data")
	}
}
