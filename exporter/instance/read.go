package instance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Why a document could not be read, or what was wrong in it: a closed set, for a label.
const (
	ReasonHTML    = "html"     // a page for people, or other markup
	ReasonEmpty   = "empty"    // nothing, or white space
	ReasonNotJSON = "not_json" // no JSON: text, half a document, nested too deep
	ReasonShape   = "shape"    // JSON, but not the document that was asked for
	ReasonFigure  = "figure"   // readable, but a figure in it was refused: counted in Refused, never an error
)

// Reasons are all reasons, in no particular order.
func Reasons() []string {
	return []string{ReasonHTML, ReasonEmpty, ReasonNotJSON, ReasonShape, ReasonFigure}
}

// Error says why a document could not be read.
type Error struct {
	Reason string // one of Reasons
	Err    error  // what the reader said; may be nil
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Reason
	}
	return fmt.Sprintf("%s: %v", e.Reason, e.Err)
}

// Unwrap is Err.
func (e *Error) Unwrap() error { return e.Err }

// ReasonOf is the reason of an error of this package, and "" for any other and for nil.
func ReasonOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason
	}
	return ""
}

var bom = []byte("\xef\xbb\xbf")

// decode reads body, which must be a JSON object if kind is '{' and a list if it is '[', into the struct or array to. A field
// of another type than expected is left as it is, as if it were missing: PHP writes [] for an empty object. A key that comes
// twice counts as it came last.
func decode(body []byte, kind byte, to any) error {
	body = bytes.TrimSpace(bytes.TrimPrefix(bytes.TrimSpace(body), bom))
	if len(body) == 0 {
		return &Error{Reason: ReasonEmpty}
	}
	if body[0] == '<' {
		return &Error{Reason: ReasonHTML}
	}
	if body[0] != kind && json.Valid(body) {
		return &Error{Reason: ReasonShape}
	}
	err := json.Unmarshal(body, to)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		// json has decoded all other fields all the same. Only a list's element of the wrong type has no field's name.
		if wrong.Field != "" {
			return nil
		}
		return &Error{ReasonShape, err}
	}
	if err != nil {
		return &Error{ReasonNotJSON, err}
	}
	return nil
}

// errNothing is said of JSON that has none of the fields that make the document, such as {"error": "…"}.
var errNothing = errors.New("nothing in it that was asked for")
