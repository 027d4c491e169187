package directory

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/mnm-social/mnm/exporter/domain"
)

// fileLimit is in bytes: MaxNames of 60 bytes, and as much again for comments.
const fileLimit = 6 << 20

// File is a file of domain names that an operator keeps: one on a line, in any spelling that domain.Parse takes, with
// either kind of line end. From # on a line is a comment; empty lines and a byte order mark are passed over.
//
// It remembers what it read, and is for one goroutine. The zero value but for Path is ready.
type File struct {
	Path string

	stamp stamp // of the file at the last Read
	sum   [sha256.Size]byte
	good  bool // there is a listing of the content with that sum
	last  Listing
	odd   error
}

// stamp is what can be seen of a file without reading it. The zero stamp is that of no file.
type stamp struct{ size, modified int64 }

func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	return stamp{info.Size(), info.ModTime().UnixNano()}
}

// Changed reports whether the file looks different from what it was at the last Read: it costs one stat, so it may be
// asked often. A change that leaves size and time as they were is found by the next Read only.
func (f *File) Changed() bool { return stampOf(f.Path) != f.stamp }

// Read returns the names in the file; they are parsed anew only if its content is another. The Listing is shared with
// later calls and not to be changed.
//
// A line that is no domain name costs itself: it is counted in Refused, and Odd tells which. A file that can't be read
// (ReasonFile), is no text (ReasonShape) or names nothing (ReasonEmpty) is an error with its name and what it holds; an
// editor may just be writing it.
func (f *File) Read() (Listing, error) {
	f.stamp = stampOf(f.Path)
	text, err := readText(f.Path)
	if err != nil {
		return Listing{}, fail(ReasonFile, "reading the file of domains: %w", err)
	}
	sum := sha256.Sum256(text)
	if f.good && sum == f.sum {
		return f.last, nil
	}
	if !utf8.Valid(text) {
		return Listing{}, fail(ReasonShape, "reading the file of domains %s: its %d lines are no UTF-8 text", f.Path, lines(text))
	}
	l, odd := parseFile(string(text))
	if len(l.Names) == 0 {
		err := fmt.Errorf("no usable name in %d lines", lines(text))
		if odd != nil {
			err = fmt.Errorf("%w: %w", err, odd)
		}
		return Listing{Refused: l.Refused}, fail(ReasonEmpty, "reading the file of domains %s: %w", f.Path, err)
	}
	if len(l.Names)+l.Refused > MaxNames { // whoever writes more than is read should know it
		return Listing{}, fail(ReasonFile, "reading the file of domains %s: more than %d names in %d lines", f.Path, MaxNames, lines(text))
	}
	if odd != nil {
		odd = fmt.Errorf("%s, %w", f.Path, odd)
	}
	f.sum, f.good, f.last, f.odd = sum, true, l, odd
	return l, nil
}

// Odd is the first line that was no domain name when the file was last read well, with the file's name, the line's
// number and what is wrong; nil if there was none.
func (f *File) Odd() error { return f.odd }

func readText(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for its other end
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // only read from
	text, err := io.ReadAll(io.LimitReader(file, fileLimit+1))
	if err != nil {
		return nil, err
	}
	if len(text) > fileLimit {
		return nil, fmt.Errorf("%s has more than %d MiB; its first %d lines end there", path, fileLimit>>20, lines(text))
	}
	return text, nil
}

// parseFile returns the names in text and, as an error, the first line that is none.
func parseFile(text string) (Listing, error) {
	var names []string
	var odd error
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		number++
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if odd == nil {
			if _, err := domain.Parse(line); err != nil {
				odd = fmt.Errorf("line %d: %w", number, err)
			}
		}
		names = append(names, line)
	}
	return Parse(names), odd
}

// lines counts as editors do: a last line without end is one.
func lines(text []byte) int {
	n := bytes.Count(text, []byte("\n"))
	if len(text) > 0 && text[len(text)-1] != '\n' {
		n++
	}
	return n
}
