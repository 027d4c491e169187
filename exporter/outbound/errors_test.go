package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"
)

func TestReasonOfIsClosed(t *testing.T) {
	for _, row := range []struct {
		err  error
		want Reason
	}{
		{nil, ""},
		{errors.New("anything"), ReasonProtocol},
		{context.Canceled, ReasonCanceled},
		{fmt.Errorf("asking: %w", context.DeadlineExceeded), ReasonTimeout},
		{os.ErrDeadlineExceeded, ReasonTimeout},
		{&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, ReasonTimeout},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, ReasonConnection},
		{&net.OpError{Op: "remote error", Err: errors.New("tls: handshake failure")}, ReasonTLS},
		{syscall.ECONNRESET, ReasonConnection},
		{io.EOF, ReasonConnection},
		{fmt.Errorf("x: %w", &Error{Reason: ReasonBudget}), ReasonBudget},
		{crowded(context.DeadlineExceeded, 0), ReasonCrowded},
		{crowded(context.Canceled, 0), ReasonCanceled},
		{refuse(ReasonRobots, nil), ReasonRobots},
		{fmt.Errorf("%w: %w", errNoRoute, syscall.ENETUNREACH), ReasonNoIPv6Route},
	} {
		if got := ReasonOf(row.err); got != row.want {
			t.Errorf("%v: %q, want %q", row.err, got, row.want)
		}
		if row.err != nil && !slices.Contains(Reasons(), ReasonOf(row.err)) {
			t.Errorf("%v: a reason of its own", row.err)
		}
	}
}

func TestSetsAreLabels(t *testing.T) {
	for _, set := range []struct {
		values []string
		want   int
	}{{texts(Reasons()), 17}, {texts(Purposes()), 14}} {
		seen := map[string]bool{}
		for _, s := range set.values {
			if s == "" || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_0123456789") != "" || seen[s] {
				t.Errorf("%q", s)
			}
			seen[s] = true
		}
		if len(seen) != set.want {
			t.Errorf("%d values, want %d", len(seen), set.want)
		}
	}
}

func texts[S ~string](list []S) (out []string) {
	for _, s := range list {
		out = append(out, string(s))
	}
	return out
}

func TestErrorsAreShortAndClean(t *testing.T) {
	for _, dirty := range []string{
		strings.Repeat("x", 5000), strings.Repeat("ü", 5000), strings.Repeat("\xff", 5000), "a\r\nb\x1b[31m\x00\u202e", strings.Repeat("y", 199) + "日本",
	} {
		text := fmt.Errorf("asking: %w", refuse(ReasonProtocol, errors.New(dirty))).Error()
		if len(text) > 240 || !utf8.ValidString(text) || strings.ContainsAny(text, "\r\n\x1b\x00\u202e") {
			t.Errorf("%d bytes: %q", len(text), text)
		}
	}
	if got := (&Error{Reason: ReasonDNS}).Error(); got != "dns" {
		t.Error(got)
	}
}

func TestUserAgent(t *testing.T) {
	for _, row := range [][4]string{
		{"1.0", "https://x", "me@x", "MNM-Exporter/1.0 (+https://x; me@x)"},
		{"1.0", "https://x", "", "MNM-Exporter/1.0 (+https://x)"},
		{"1.0", "https://x", "me\r\nX-Evil: 1\x00é", "MNM-Exporter/1.0 (+https://x; meX-Evil: 1)"},
	} {
		if got := UserAgent(row[0], row[1], row[2]); got != row[3] {
			t.Errorf("%q", got)
		}
	}
}
