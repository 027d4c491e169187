package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"
)

// Reason says why a request got no answer. The set is closed: it becomes a label.
type Reason string

// The reasons.
const (
	ReasonDNS           Reason = "dns"            // no resolver gave an answer
	ReasonNoAddress     Reason = "no_address"     // the name does not exist or has no address
	ReasonAddress       Reason = "address"        // the policy forbids the address, the port or the name
	ReasonConnection    Reason = "connection"     // refused, reset, unreachable, closed before the answer was complete
	ReasonTimeout       Reason = "timeout"        // of any step
	ReasonTLS           Reason = "tls"            // any trouble with TLS but the three below
	ReasonCertExpired   Reason = "cert_expired"   // or not yet valid
	ReasonCertName      Reason = "cert_name"      // the certificate is for another name
	ReasonCertUntrusted Reason = "cert_untrusted" // self-signed, unknown authority, wrong use
	ReasonTooBig        Reason = "too_big"        // headers, body, or bytes on the wire
	ReasonRedirect      Reason = "redirect"       // too many, in a circle, or to where we don't follow
	ReasonProtocol      Reason = "protocol"       // not HTTP, or an encoding that we did not ask for
	ReasonRobots        Reason = "robots"         // Request.Allowed forbids to follow a redirect
	ReasonBudget        Reason = "budget"         // too many requests to the host; see Error.Wait
	ReasonCrowded       Reason = "crowded"        // no place at its address, or to look it up, in time; see Error.Wait
	ReasonNoIPv6Route   Reason = "no_ipv6_route"  // the host has IPv6 only and this machine has not
	ReasonCanceled      Reason = "canceled"       // by the caller
)

// Reasons lists all reasons.
func Reasons() []Reason {
	return []Reason{
		ReasonDNS, ReasonNoAddress, ReasonAddress, ReasonConnection, ReasonTimeout, ReasonTLS, ReasonCertExpired,
		ReasonCertName, ReasonCertUntrusted, ReasonTooBig, ReasonRedirect, ReasonProtocol, ReasonRobots,
		ReasonBudget, ReasonCrowded, ReasonNoIPv6Route, ReasonCanceled,
	}
}

// Error is why a request got no answer.
type Error struct {
	Reason Reason
	Err    error // the cause, for errors.As, or nil; print the Error, not the cause: that may hold a stranger's bytes
	// Wait is how long to leave the host alone. For ReasonBudget: until one request fits. Where a redirect was refused,
	// as in a chain that is longer than what is left of the budget, asking again after Wait is refused again, further
	// along; whoever wants the end of the chain waits for a whole window (Options.Hour). For ReasonCrowded: a sixtieth
	// of the window, or 5 s where it was the look-ups that were crowded.
	Wait time.Duration
}

// errorText bounds what of a stranger's bytes an error may hold, in bytes.
const errorText = 200

// Error is one line of at most 200 bytes and the reason.
func (e *Error) Error() string {
	switch e.Reason {
	case ReasonCertExpired:
		return "cert_expired: the certificate has expired or is not yet valid"
	case ReasonCertName: // x509's own text lists all names of the certificate
		return "cert_name: the certificate is for another name"
	case ReasonCertUntrusted:
		return "cert_untrusted: the certificate is not signed by a known authority"
	}
	if e.Err == nil {
		return string(e.Reason)
	}
	return string(e.Reason) + ": " + clean(e.Err.Error())
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// clean makes one line of at most errorText bytes of s.
func clean(s string) string {
	if len(s) > errorText {
		s = s[:errorText]
	}
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

// refuse is an Error with a reason that is known.
func refuse(reason Reason, err error) error { return &Error{Reason: reason, Err: err} }

// judge is an Error with the reason that err shows.
func judge(err error) error {
	var e *Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	return &Error{Reason: ReasonOf(err), Err: err}
}

// judge is judge. Where an answer may be private, of the cause only what has a fixed text is left, for net/http quotes what it
// can't read, and a redirect may lead to a host whose very name is private.
func (p Purpose) judge(err error) error {
	if err = judge(err); err == nil || !p.private() {
		return err
	}
	private := &Error{Reason: ReasonOf(err)}
	if e := (*Error)(nil); errors.As(err, &e) {
		private.Wait = e.Wait
	}
	for _, known := range [...]error{errClosed, context.Canceled, context.DeadlineExceeded, errTooBig, errBroken} {
		if errors.Is(err, known) {
			private.Err = known
			break
		}
	}
	return private
}

// plainly is err, whose text quotes an answer, or where that may be private what stands for it.
func (p Purpose) plainly(err error, what string) error {
	if p.private() {
		return errors.New(what)
	}
	return err
}

var (
	errTooBig  = errors.New("more bytes than allowed")
	errNoRoute = errors.New("no IPv6 here")
	errBroken  = errors.New("broken answer")
)

// ReasonOf maps every error to the closed set; "" for nil.
func ReasonOf(err error) Reason {
	if err == nil {
		return ""
	}
	var known *Error
	if errors.As(err, &known) {
		return known.Reason
	}
	var timeout net.Error
	switch {
	case errors.Is(err, errClosed), errors.Is(err, context.Canceled):
		return ReasonCanceled
	case errors.Is(err, errPolicy):
		return ReasonAddress
	case errors.Is(err, errTooBig):
		return ReasonTooBig
	case errors.Is(err, errNoRoute):
		return ReasonNoIPv6Route
	case errors.Is(err, errBroken):
		return ReasonProtocol
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return ReasonTimeout
	}
	if reason := tlsReason(err); reason != "" {
		return reason
	}
	return httpReason(err)
}

// httpReason is the rest: what the system says of a connection, and net/http of an answer, for some of which it has
// no type.
func httpReason(err error) Reason {
	var op *net.OpError
	var errno syscall.Errno
	switch text := err.Error(); {
	case strings.Contains(text, "server response headers exceeded"):
		return ReasonTooBig
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.As(err, &op), errors.As(err, &errno), strings.Contains(text, "server closed idle connection"):
		return ReasonConnection
	}
	return ReasonProtocol
}

// tlsReason tells the troubles with TLS and certificates apart.
func tlsReason(err error) Reason {
	var (
		invalid   x509.CertificateInvalidError
		name      x509.HostnameError
		authority x509.UnknownAuthorityError
		verify    *tls.CertificateVerificationError
		header    tls.RecordHeaderError
		op        *net.OpError
	)
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return ReasonCertExpired
	case errors.As(err, &name):
		return ReasonCertName
	case errors.As(err, &invalid), errors.As(err, &authority), errors.As(err, &verify):
		return ReasonCertUntrusted
	case errors.As(err, &header), errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error"):
		return ReasonTLS // the latter two are how crypto/tls hands out alerts
	}
	return ""
}

// isNoRoute reports whether dialling IPv6 failed for want of IPv6 here.
func isNoRoute(err error) bool {
	for _, errno := range noRoutes {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}
