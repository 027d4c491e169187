package timeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/mnm-social/mnm/exporter/outbound"
)

// The reasons that are not package outbound's.
const (
	reasonMalformed = "malformed" // not what a timeline is: a page, a toot, a line of a stream
	reasonSilent    = "silent"    // a stream without a sign of life
	reasonToken     = "token"     // it can't be read
	reasonClosed    = "closed"    // nobody may read the timeline, or not without a token
	reasonOther     = "other"     // what the caller's functions return, and a streaming host that is not asked
)

var (
	errMalformed = errors.New("not what a timeline is")
	errSilent    = errors.New("no sign of life")
)

// statusError is an answer that is neither a page nor a stream.
type statusError struct {
	status int
	wait   time.Duration // for which the server asks; 0: it does not
}

func statusOf(status int, h http.Header, now time.Time) *statusError {
	wait, _ := outbound.RetryAfter(h, now)
	return &statusError{status, wait}
}

func (e *statusError) Error() string { return fmt.Sprintf("it answers %d", e.status) }

// tokenError is why there is no token.
type tokenError struct{ err error }

func (e *tokenError) Error() string { return "reading the token: " + e.err.Error() }
func (e *tokenError) Unwrap() error { return e.err }

// refused reports whether an answer is for good: the same tomorrow, unless the server's people change their mind. What it says
// about pace or of not being well is not.
func refused(err error) bool {
	var status *statusError
	if errors.As(err, &status) {
		code := status.status
		return code/100 == 4 && code != http.StatusRequestTimeout && code != http.StatusTooEarly && code != http.StatusTooManyRequests
	}
	reason := outbound.ReasonOf(err)
	return reason == outbound.ReasonRedirect || reason == outbound.ReasonRobots
}

// own are the statuses that are a reason of their own.
var own = [...]int{400, 401, 403, 404, 422, 429}

func reasonHTTP(status int) string {
	switch {
	case slices.Contains(own[:], status):
		return fmt.Sprintf("http_%d", status)
	case status >= 400 && status < 600:
		return fmt.Sprintf("http_%dxx", status/100)
	}
	return "http_other"
}

// ReasonOf maps every error of Poll and of Options.Failed to the closed set of Reasons; "" for nil.
func ReasonOf(err error) string {
	var status *statusError
	var token *tokenError
	var out *outbound.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &status):
		return reasonHTTP(status.status)
	case errors.As(err, &token):
		return reasonToken
	case errors.Is(err, errResting):
		return reasonHTTP(http.StatusTooManyRequests)
	case errors.Is(err, errMalformed):
		return reasonMalformed
	case errors.Is(err, errSilent):
		return reasonSilent
	case errors.Is(err, errClosed):
		return reasonClosed
	case errors.As(err, &out):
		return string(out.Reason)
	case errors.Is(err, io.EOF):
		return string(outbound.ReasonConnection)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded): // the caller's
		return string(outbound.ReasonCanceled)
	}
	return reasonOther
}

// Reasons lists all that ReasonOf returns but "".
func Reasons() []string {
	reasons := []string{reasonMalformed, reasonSilent, reasonToken, reasonClosed, reasonOther}
	for _, status := range own {
		reasons = append(reasons, reasonHTTP(status))
	}
	reasons = append(reasons, reasonHTTP(499), reasonHTTP(599), reasonHTTP(300))
	for _, reason := range outbound.Reasons() {
		reasons = append(reasons, string(reason))
	}
	return reasons
}
