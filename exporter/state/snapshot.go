package state

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"
	"time"
)

// A snapshot is, all numbers big-endian,
//
//	magic (8 bytes), format version (4), generation (8), time saved (8: Unix, in milliseconds), number of sections (4)
//	for each section: length of its name (2), name, length of its data (8), data
//	SHA-256 of all that comes before (32)
//
// with nothing after it. The one checksum goes over everything, so that no snapshot is put together from two.
const (
	magic      = "MNMSTATE"
	format     = 1
	headerSize = len(magic) + 4 + 8 + 8 + 4

	maxSections = 64
	maxName     = 64
	maxSize     = 1 << 30 // bytes of a file
)

type header struct {
	generation uint64
	saved      time.Time
}

// check gives an error if the sections are past the bounds, which a reader would not take back.
func check(sections Sections) error {
	if len(sections) > maxSections {
		return fmt.Errorf("%d sections, at most %d are allowed", len(sections), maxSections)
	}
	size := headerSize + sha256.Size
	for name, data := range sections {
		if len(name) == 0 || len(name) > maxName {
			return fmt.Errorf("a section's name has %d bytes, 1 to %d are allowed", len(name), maxName)
		}
		if len(data) > maxSize-size { // the sum cannot overflow, even where int has 32 bits
			return fmt.Errorf("more than %d bytes with section %q", maxSize, name)
		}
		size += 2 + len(name) + 8 + len(data)
	}
	if size > maxSize {
		return fmt.Errorf("%d bytes, at most %d are allowed", size, maxSize)
	}
	return nil
}

// write writes a snapshot of sections that check has let pass.
func write(w io.Writer, head header, sections Sections) error {
	sum := sha256.New()
	out := bufio.NewWriterSize(io.MultiWriter(w, sum), 64<<10) // its first error is what Flush says
	number := func(b []byte) { _, _ = out.Write(b) }
	_, _ = out.WriteString(magic)
	number(binary.BigEndian.AppendUint32(nil, format))
	number(binary.BigEndian.AppendUint64(nil, head.generation))
	number(binary.BigEndian.AppendUint64(nil, uint64(head.saved.UnixMilli())))
	number(binary.BigEndian.AppendUint32(nil, uint32(len(sections))))
	for _, name := range slices.Sorted(maps.Keys(sections)) {
		number(binary.BigEndian.AppendUint16(nil, uint16(len(name))))
		_, _ = out.WriteString(name)
		number(binary.BigEndian.AppendUint64(nil, uint64(len(sections[name]))))
		_, _ = out.Write(sections[name])
	}
	if err := out.Flush(); err != nil {
		return err
	}
	_, err := w.Write(sum.Sum(nil))
	return err
}

var (
	errForeign  = errors.New("this is no snapshot of the state")
	errShort    = errors.New("it is cut short, or a length in it is damaged")
	errLong     = errors.New("there are bytes after its end, or a length in it is damaged")
	errChecksum = errors.New("its checksum does not match")
)

// read reads a snapshot of size bytes: all of it, as it was written, or an error. Whatever the bytes are, it takes no more
// memory for them than they are.
func read(from io.Reader, size int64) (header, Sections, error) {
	if size > maxSize {
		return header{}, nil, fmt.Errorf("it has %d bytes, at most %d are allowed", size, maxSize)
	}
	r := &reader{from: bufio.NewReader(from), sum: sha256.New(), left: size - sha256.Size}
	head, count, err := r.header()
	if err != nil {
		return header{}, nil, err
	}
	sections := make(Sections, count)
	for range count {
		name, data, err := r.section()
		if err != nil {
			return header{}, nil, err
		}
		if _, twice := sections[name]; twice {
			return header{}, nil, fmt.Errorf("section %q is in it twice", name)
		}
		sections[name] = data
	}
	if r.left != 0 {
		return header{}, nil, errLong
	}
	var sum [sha256.Size]byte
	if _, err := io.ReadFull(r.from, sum[:]); err != nil {
		return header{}, nil, fmt.Errorf("reading its checksum: %w", err)
	}
	if !bytes.Equal(sum[:], r.sum.Sum(nil)) {
		return header{}, nil, errChecksum
	}
	return head, sections, nil
}

type reader struct {
	from *bufio.Reader
	sum  hash.Hash
	left int64 // bytes until the checksum
}

// next gives the next n bytes. That they must be in what is left bounds what all calls together allocate.
func (r *reader) next(n uint64) ([]byte, error) {
	if r.left < 0 || n > uint64(r.left) {
		return nil, errShort
	}
	p := make([]byte, n)
	if _, err := io.ReadFull(r.from, p); err != nil {
		return nil, fmt.Errorf("reading it: %w", err)
	}
	r.left -= int64(n)
	_, _ = r.sum.Write(p) // a hash gives no error
	return p, nil
}

func (r *reader) header() (head header, count uint32, err error) {
	p, err := r.next(uint64(headerSize))
	if err != nil {
		return header{}, 0, err
	}
	if string(p[:8]) != magic {
		return header{}, 0, errForeign
	}
	if version := binary.BigEndian.Uint32(p[8:]); version != format {
		return header{}, 0, fmt.Errorf("its name says format version %d, and it says %d", format, version)
	}
	head.generation = binary.BigEndian.Uint64(p[12:])
	head.saved = time.UnixMilli(int64(binary.BigEndian.Uint64(p[20:])))
	if count = binary.BigEndian.Uint32(p[28:]); count > maxSections {
		return header{}, 0, fmt.Errorf("it has %d sections, at most %d are allowed", count, maxSections)
	}
	return head, count, nil
}

func (r *reader) section() (name string, data []byte, err error) {
	p, err := r.next(2)
	if err != nil {
		return "", nil, err
	}
	length := binary.BigEndian.Uint16(p)
	if length == 0 || length > maxName {
		return "", nil, fmt.Errorf("a section's name has %d bytes, 1 to %d are allowed", length, maxName)
	}
	b, err := r.next(uint64(length))
	if err != nil {
		return "", nil, err
	}
	if p, err = r.next(8); err != nil {
		return "", nil, err
	}
	data, err = r.next(binary.BigEndian.Uint64(p))
	return string(b), data, err
}
