package releases

import (
	"errors"
	"fmt"
	"time"

	"github.com/mnm-social/mnm/exporter/outbound"
)

// Reason is why a look-up failed.
type Reason string

// The closed set of Reason, besides outbound's for what happens on the way.
const (
	RateLimit Reason = "rate_limit" // GitHub's; Wait says for how long
	Status    Reason = "status"     // another status than 200 or 304
	HTML      Reason = "html"       // a page for people
	NotJSON   Reason = "not_json"
	Shape     Reason = "shape"   // JSON, but no list of releases or an empty one
	Setting   Reason = "setting" // the repository's name is none
)

// Error is a failed look-up of one list. What was known of it stays known.
type Error struct {
	Reason Reason
	Err    error
	Wait   time.Duration // of a rate limit: how long until it is worth asking again, at least a second, at most a day

	status int // of Status
}

func (e *Error) Error() string {
	if e.Wait > 0 {
		return fmt.Sprintf("%s: %v, wait %s", e.Reason, e.Err, e.Wait)
	}
	return fmt.Sprintf("%s: %v", e.Reason, e.Err)
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// Reasons lists the closed set of ReasonOf.
func Reasons() []string {
	all := []string{string(RateLimit), string(Status), string(HTML), string(NotJSON), string(Shape), string(Setting)}
	for _, r := range outbound.Reasons() {
		all = append(all, string(r))
	}
	return all
}

// ReasonOf is the reason of an error of LookUp: one of Reason or of outbound's; "" for nil. If neither list could be had, it is
// that of the releases.
func ReasonOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return string(e.Reason)
	}
	return string(outbound.ReasonOf(err))
}

// WaitOf is how long the error asks to wait; 0 if it does not say.
func WaitOf(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) {
		return e.Wait
	}
	var o *outbound.Error
	if errors.As(err, &o) {
		return o.Wait
	}
	return 0
}
