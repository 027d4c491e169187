package country

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"
)

// maxFile bounds the operator's database, in bytes. It is read into memory and not mapped: a mapped file that somebody
// shortens in place takes the program down with it.
const maxFile = 512 << 20

// File is the operator's own database, in any layout we know. It may be used by many goroutines, also while Refresh is at work.
type File struct {
	path string
	data atomic.Pointer[Data]

	mu    sync.Mutex
	stamp stamp // of the file that was looked at last, good or bad
	bad   error // what is wrong with it
}

// stamp tells one state of a file from another.
type stamp struct{ nanoseconds, size int64 }

// OpenFile reads a database: GeoLite2, GeoIP2, DB-IP or IPinfo, of countries or of cities (the former are a tenth as large and
// know countries as well). The whole of it is read once; the errors name the file and what is wrong with it.
func OpenFile(path string) (*File, error) {
	f := &File{path: path}
	if err := f.Refresh(); err != nil {
		return nil, err
	}
	return f, nil
}

// Refresh reads the file anew if it is another than it was at the last look, by its time and size; looking costs nothing, so
// call it every minute or so. A file that is gone or no good is an error, at every call until that is mended (the very same one
// as long as the file is the same), and the data from before stays in use.
func (f *File) Refresh() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(f.path)
	if err != nil {
		return fmt.Errorf("reading country data: %w", err)
	}
	now := stamp{info.ModTime().UnixNano(), info.Size()}
	if now == f.stamp {
		return f.bad
	}
	data, err := f.read()
	if errors.Is(err, errChanging) {
		return err // another look will tell; it may end with the stamp that it has
	}
	f.stamp, f.bad = now, err
	if err == nil {
		f.data.Store(data)
	}
	return err
}

var errChanging = errors.New("it changes while it is read")

func (f *File) read() (*Data, error) {
	b, err := f.bytes()
	if err != nil {
		return nil, fmt.Errorf("reading country data: %s: %w", f.path, err)
	}
	d, err := read(b)
	if err != nil {
		return nil, fmt.Errorf("reading country data: %s: %w", f.path, err)
	}
	return d, nil
}

// read makes Data of a database in any layout.
func read(b []byte) (*Data, error) {
	r, err := maxminddb.OpenBytes(b)
	if err != nil {
		return nil, err
	}
	at, err := detect(r)
	if err != nil {
		return nil, err
	}
	return &Data{r, at}, nil
}

// bytes reads the file, if it is one, whole and at rest.
func (f *File) bytes() ([]byte, error) {
	info, err := os.Stat(f.path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular(): // to open a pipe may take for ever
		return nil, errors.New("it is no file")
	case info.Size() > maxFile:
		return nil, fmt.Errorf("it has %d MiB, and at most %d are read", info.Size()>>20, maxFile>>20)
	}
	file, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	b := make([]byte, info.Size())
	if _, err := io.ReadFull(file, b); err != nil {
		return nil, errChanging
	}
	after, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !after.ModTime().Equal(info.ModTime()) || after.Size() != info.Size() {
		return nil, errChanging
	}
	return b, nil
}

// Name implements Provider.
func (*File) Name() string { return ProviderMMDB }

// Country implements Provider. It does not wait.
func (f *File) Country(ctx context.Context, a netip.Addr) (string, error) {
	return f.data.Load().Country(ctx, a)
}

// Date is when the data in use was built, in UTC.
func (f *File) Date() time.Time { return f.data.Load().Date() }
