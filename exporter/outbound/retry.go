package outbound

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	minRetry = time.Second
	maxRetry = 24 * time.Hour
	// epochFrom is from where on a bare number is a date: as a number of seconds to wait it would be 31 years.
	epochFrom = 1e9
)

// RetryAfter is how long a server that turned a request down wants to be left alone, between 1 s and 24 h; false if
// it does not say. It understands Retry-After and, where that is missing, X-RateLimit-Reset, each as seconds to wait,
// as seconds since 1970 (GitHub), as RFC 3339 with or without fractions (Mastodon), and as HTTP's date.
//
// X-RateLimit-Reset counts only if X-RateLimit-Remaining is missing or 0 (it is sent with every answer), and if Age
// is not above 0: the rate limit in a CDN's cache is somebody else's.
func RetryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	if wait, ok := retry(h.Get("Retry-After"), now); ok {
		return wait, true
	}
	if age, err := strconv.ParseFloat(h.Get("Age"), 64); err == nil && age > 0 {
		return 0, false
	}
	if remaining := strings.TrimSpace(h.Get("X-RateLimit-Remaining")); remaining != "" && remaining != "0" {
		return 0, false
	}
	return retry(h.Get("X-RateLimit-Reset"), now)
}

func retry(s string, now time.Time) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 64 {
		return 0, false
	}
	if strings.Trim(s, "0123456789.") == "" {
		n, err := strconv.ParseFloat(s, 64)
		switch {
		case err != nil:
			return 0, false
		case n >= epochFrom && n < 1e11:
			return bounded(time.Unix(int64(n), 0).Sub(now)), true
		}
		return bounded(time.Duration(min(n, maxRetry.Seconds()) * float64(time.Second))), true
	}
	if at, err := time.Parse(time.RFC3339, s); err == nil {
		return bounded(at.Sub(now)), true
	}
	if at, err := http.ParseTime(s); err == nil {
		return bounded(at.Sub(now)), true
	}
	return 0, false
}

func bounded(wait time.Duration) time.Duration { return min(max(wait, minRetry), maxRetry) }
