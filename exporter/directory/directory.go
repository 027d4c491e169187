// Package directory knows which instances there are: one file for each source, each one function.
package directory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/outbound"
)

// Listing is what a directory names.
type Listing struct {
	Names   []domain.Name // sorted as the directory has them, each once
	Refused int           // entries that are no public domain names
}

// Get asks somebody else's server; outbound.Client has it.
type Get = func(context.Context, outbound.Request) (*outbound.Response, error)

// MaxNames bounds a listing; what comes after is not read.
const MaxNames = 50_000

// Reason says why a directory could not be used; the closed set of a label.
type Reason string

// The reasons beside those of outbound.
const (
	ReasonStatus Reason = "status" // an HTTP status other than 200
	ReasonShape  Reason = "shape"  // no JSON of the expected form
	ReasonEmpty  Reason = "empty"  // no usable name at all
	ReasonToken  Reason = "token"  // there is no token, or the directory does not take it
	ReasonFile   Reason = "file"   // a file that can't be read, or is too long
)

// Error is a directory's failure.
type Error struct {
	Reason Reason
	Err    error
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Reasons lists the closed set of ReasonOf.
func Reasons() []Reason {
	all := []Reason{ReasonStatus, ReasonShape, ReasonEmpty, ReasonToken, ReasonFile}
	for _, r := range outbound.Reasons() {
		all = append(all, Reason(r))
	}
	return all
}

// ReasonOf is the label for an error of this package.
func ReasonOf(err error) Reason {
	var own *Error
	if errors.As(err, &own) {
		return own.Reason
	}
	return Reason(outbound.ReasonOf(err))
}

func fail(reason Reason, format string, args ...any) error {
	return &Error{Reason: reason, Err: fmt.Errorf(format, args...)}
}

// Parse makes a Listing of names as people and lists write them: one instance under several spellings is one.
func Parse(names []string) Listing {
	seen := make(map[domain.Name]bool, len(names))
	l := Listing{Names: make([]domain.Name, 0, len(names))}
	for _, s := range names {
		n, err := domain.Parse(s)
		if err != nil {
			l.Refused++
			continue
		}
		if !seen[n] {
			seen[n] = true
			l.Names = append(l.Names, n)
		}
	}
	return l
}

// maxEntry bounds an entry's name, in bytes, so that a directory can't fill our memory with names that are none.
// It is what domain.Parse takes.
const maxEntry = 1024

// readArray takes the name of each entry of the JSON array that comes next, at most room of them. It reads entry by
// entry: one odd entry costs itself (its name is ""), and a list without end is left at room.
func readArray(dec *json.Decoder, room int, name func(entry []byte) (string, error)) ([]string, error) {
	if t, err := dec.Token(); err != nil || t != json.Delim('[') {
		return nil, fail(ReasonShape, "no array of servers")
	}
	var names []string
	var entry json.RawMessage
	for dec.More() && len(names) < room {
		if err := dec.Decode(&entry); err != nil {
			return nil, fail(ReasonShape, "the array of servers breaks off after %d", len(names))
		}
		s, err := name(entry)
		if err != nil || len(s) > maxEntry {
			s = "" // counted as refused
		}
		names = append(names, s)
	}
	if len(names) == room {
		return names, nil
	}
	if _, err := dec.Token(); err != nil {
		return nil, fail(ReasonShape, "the array of servers breaks off after %d", len(names))
	}
	return names, nil
}
