package instance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// What a figure can be at most. The largest server of the fediverse has some 3e6 users and 2e8 statuses; what is far above
// is a joke or a mistake, and one such figure would drown the sum of all others.
const (
	MaxUsers    = 1e8  // accounts, active or not; logins and registrations of a week; domains known
	MaxStatuses = 1e11 // statuses, of a week or of all time
)

// Count is a figure that a server may keep to itself: unknown is not zero. The zero Count is unknown.
// Counts compare with ==.
type Count struct {
	next int64 // the figure and one; 0 is unknown
}

// Known is the Count n. What can be no count, negative or math.MaxInt64, is unknown.
func Known(n int64) Count {
	if n < 0 || n == math.MaxInt64 {
		return Count{}
	}
	return Count{n + 1}
}

// Get is the figure, and whether it is known.
func (c Count) Get() (n int64, known bool) {
	if c.next == 0 {
		return 0, false
	}
	return c.next - 1, true
}

// Or is c if it is known, else other.
func (c Count) Or(other Count) Count {
	if c.next == 0 {
		return other
	}
	return c
}

// String is for people: the figure, or "unknown".
func (c Count) String() string {
	if n, known := c.Get(); known {
		return strconv.FormatInt(n, 10)
	}
	return "unknown"
}

// MarshalJSON writes a number, or null for unknown.
func (c Count) MarshalJSON() ([]byte, error) {
	if n, known := c.Get(); known {
		return strconv.AppendInt(nil, n, 10), nil
	}
	return []byte("null"), nil
}

// UnmarshalJSON reads what MarshalJSON wrote. It is for our own files; strangers' figures go through the decoders, which
// forgive more and have limits.
func (c *Count) UnmarshalJSON(b []byte) error {
	*c = Count{}
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil {
		return fmt.Errorf("reading a count: %w", err)
	}
	*c = Known(n)
	return nil
}

// figure is a count as strangers write it. It never fails, so that one absurd figure doesn't cost the document.
type figure struct {
	n   int64
	has uint8
}

const (
	missing  uint8 = iota // no such field, null, or ""
	sent                  // a whole number, not negative
	nonsense              // there, but no count
)

// maxFigure is how long a figure may be written; 1e11 needs twelve characters.
const maxFigure = 64

// UnmarshalJSON takes whole numbers in any spelling of JSON (12, 12.0, 1e3) and the same in quotes.
func (f *figure) UnmarshalJSON(b []byte) error {
	*f = figure{has: nonsense}
	b = bytes.TrimSpace(bytes.Trim(b, `"`))
	switch {
	case len(b) == 0 || string(b) == "null":
		*f = figure{}
		return nil
	case len(b) > maxFigure:
		return nil
	}
	if n, err := strconv.ParseInt(string(b), 10, 64); err == nil {
		if n >= 0 {
			*f = figure{n, sent}
		}
		return nil
	}
	for _, c := range b { // ParseFloat knows more spellings than JSON does: NaN, Inf, 0x1p4
		if (c < '0' || c > '9') && c != '.' && c != 'e' && c != 'E' && c != '+' && c != '-' {
			return nil
		}
	}
	v, err := strconv.ParseFloat(string(b), 64)
	if err == nil && v >= 0 && v <= MaxStatuses && v == math.Trunc(v) {
		*f = figure{int64(v), sent}
	}
	return nil
}

var _ json.Unmarshaler = (*figure)(nil)

// count is the figure if it is at most limit. A refused one is unknown and adds one to refused.
func (f figure) count(limit int64, refused *uint8) Count {
	switch {
	case f.has == sent && f.n <= limit:
		return Known(f.n)
	case f.has != missing:
		*refused++
	}
	return Count{}
}

// Tri is a yes or no that a server may keep to itself. The zero Tri is unknown.
type Tri uint8

// The three answers.
const (
	Unsaid Tri = iota
	No
	Yes
)

// Get is the answer, and whether there is one.
func (t Tri) Get() (yes, known bool) { return t == Yes, t != Unsaid }

// Or is t if it is known, else other.
func (t Tri) Or(other Tri) Tri {
	if t == Unsaid {
		return other
	}
	return t
}

// flag is a Tri as strangers write it. It never fails.
type flag struct{ Tri }

// UnmarshalJSON takes true and false, also in quotes; anything else says nothing.
func (f *flag) UnmarshalJSON(b []byte) error {
	switch string(bytes.Trim(b, `"`)) {
	case "true":
		f.Tri = Yes
	case "false":
		f.Tri = No
	default:
		f.Tri = Unsaid
	}
	return nil
}
