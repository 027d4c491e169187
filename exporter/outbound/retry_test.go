package outbound

import (
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) // 1795521600
	h := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	const after, reset = "Retry-After", "X-RateLimit-Reset"
	for _, row := range []struct {
		name string
		h    http.Header
		want time.Duration // 0: it does not say
	}{
		{"nothing", h(), 0},
		{"seconds", h(after, "120"), 2 * time.Minute},
		{"with blanks", h(after, " 120 "), 2 * time.Minute},
		{"half a second", h(after, "0.5"), time.Second},
		{"a fraction", h(after, "2.5"), 2500 * time.Millisecond},
		{"zero", h(after, "0"), time.Second},
		{"a day", h(after, "86400"), 24 * time.Hour},
		{"a day and a second", h(after, "86401"), 24 * time.Hour},
		{"what overflows a Duration", h(after, "10000000000"), 24 * time.Hour},
		{"what overflows an int64", h(after, "99999999999999999999999999"), 24 * time.Hour},
		{"date", h(after, "Tue, 24 Nov 2026 12:05:00 GMT"), 5 * time.Minute},
		{"old date format", h(after, "Tuesday, 24-Nov-26 12:05:00 GMT"), 5 * time.Minute},
		{"date past", h(after, "Tue, 24 Nov 2026 11:00:00 GMT"), time.Second},
		{"date far off", h(after, "Tue, 24 Nov 9999 12:05:00 GMT"), 24 * time.Hour},
		{"date long past", h(after, "0001-01-01T00:00:00Z"), time.Second},
		{"RFC 3339", h(after, "2026-11-24T12:03:00Z"), 3 * time.Minute},
		{"epoch", h(after, "1795521660"), time.Minute},
		{"negative", h(after, "-5"), 0},
		{"words", h(after, "soon"), 0},
		{"infinite", h(after, "Inf"), 0},
		{"hexadecimal", h(after, "0x10"), 0},
		{"two points", h(after, "1.2.3"), 0},
		{"a point", h(after, "."), 0},
		{"Mastodon", h("X-RateLimit-Limit", "300", "X-RateLimit-Remaining", "0", reset, "2026-11-24T12:05:00.123456Z"), 5*time.Minute + 123456*time.Microsecond},
		{"GitHub", h("X-RateLimit-Remaining", "0", reset, "1795525200"), time.Hour},
		{"a draft's seconds", h(reset, "30"), 30 * time.Second},
		{"some remain", h("X-RateLimit-Remaining", "7", reset, "1795525200"), 0},
		{"Retry-After comes first", h(after, "60", reset, "1795525200"), time.Minute},
		{"Retry-After is nonsense", h(after, "x", reset, "1795521630"), 30 * time.Second},
		{"from a cache", h("Age", "12", reset, "1795525200"), 0},
		{"from a cache, with Retry-After", h("Age", "12", after, "60"), time.Minute},
		{"fresh from a cache", h("Age", "0", reset, "1795521630"), 30 * time.Second},
		{"nonsense for an age", h("Age", "x", reset, "1795521630"), 30 * time.Second},
	} {
		got, ok := RetryAfter(row.h, now)
		if got != row.want || ok != (row.want > 0) {
			t.Errorf("%s: %v, %v; want %v", row.name, got, ok, row.want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"120", "1e9", "2026-11-24T12:03:00Z", "Tue, 24 Nov 2026 12:05:00 GMT", "9223372036854775808", "-1"} {
		f.Add(s, s, "0", int64(1795521600))
	}
	f.Fuzz(func(t *testing.T, after, reset, age string, now int64) {
		h := http.Header{"Retry-After": {after}, "X-Ratelimit-Reset": {reset}, "Age": {age}}
		got, ok := RetryAfter(h, time.Unix(now, 0))
		if ok && (got < time.Second || got > 24*time.Hour) || !ok && got != 0 {
			t.Fatalf("%v, %v", got, ok)
		}
	})
}
