package releases

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/mnm-social/mnm/exporter/outbound"
)

// Bounds of one list. Mastodon has some 260 releases since 2017, and a hundred of them with their notes are 2 to 3 MiB.
const (
	maxPages = 3
	maxBody  = 8 << 20 // bytes of one page
	maxETag  = 256     // bytes; a longer one is not worth sending back
)

// Bounds of a limit: how long GitHub wants to be left alone after one that came without a time (its "best practices"), and
// outbound.RetryAfter's bound.
const (
	minLimit = time.Minute
	maxLimit = 24 * time.Hour
)

// pages asks for a list of the repository's, page by page, and has each read, by a function that says how many entries it left
// out because their dates lie ahead. It answers false if the list is still the one that has this ETag; else it gives the new
// one's, if it is worth sending back.
func (s *Source) pages(
	ctx context.Context, get getter, m *memory, list, etag string, read func(body []byte) (future int, err error),
) (fresh string, changed bool, err error) {
	next := "https://api.github.com/repos/" + s.repository + "/" + list
	future := 0
	for page := 0; page < maxPages && next != ""; page++ {
		if page > 0 {
			etag = "" // a new entry changes the first page, and moves all others
		}
		res, err := get(ctx, outbound.Request{
			Purpose: outbound.PurposeReleases, URL: next, Header: s.header(etag), MaxBody: maxBody, SameHost: true,
		})
		if err != nil {
			return "", false, err
		}
		m.noteRate(res.Header)
		if res.Status == http.StatusNotModified && etag != "" {
			return "", false, nil
		}
		if err := s.refused(res, m); err != nil {
			return "", false, err
		}
		ahead, err := read(res.Body)
		if err != nil {
			return "", false, err
		}
		if page == 0 {
			fresh = res.Header.Get("Etag")
		}
		future += ahead
		next = nextPage(res.Header, next)
	}
	if len(fresh) > maxETag || future > 0 { // a date that lies ahead may be our clock's fault: look at it again
		fresh = ""
	}
	return fresh, true, nil
}

// header is what to send for a page.
func (s *Source) header(etag string) http.Header {
	h := http.Header{"Accept": {"application/vnd.github+json"}, "X-Github-Api-Version": {"2022-11-28"}}
	if etag != "" {
		h.Set("If-None-Match", etag)
	}
	if s.token != nil {
		if token := s.token(); token != "" {
			h.Set("Authorization", "Bearer "+token)
		}
	}
	return h
}

// refused is the error of an answer that holds no list. GitHub limits in two ways: so many requests an hour (403 or 429 with
// nothing remaining), and too fast (403 or 429 with Retry-After, or only with a word about it).
func (s *Source) refused(res *outbound.Response, m *memory) error {
	if res.Status == http.StatusOK {
		return nil
	}
	err := fmt.Errorf("status %d", res.Status)
	wait, told := outbound.RetryAfter(res.Header, s.now()) // knows X-RateLimit-Reset too
	limit := res.Status == http.StatusTooManyRequests ||
		res.Status == http.StatusForbidden && (told || strings.Contains(strings.ToLower(string(res.Body)), "rate limit"))
	if !limit {
		return &Error{Reason: Status, Err: err, status: res.Status}
	}
	if !told {
		wait = minLimit
	}
	m.limited = s.now().Add(wait)
	return &Error{Reason: RateLimit, Err: err, Wait: wait}
}

// noteRate keeps what an answer says about the rate, if it says it of us: with an Age it came out of somebody's cache.
func (m *memory) noteRate(h http.Header) {
	if age := h.Get("Age"); age != "" && age != "0" {
		return
	}
	limit, err1 := strconv.Atoi(h.Get("X-Ratelimit-Limit"))
	remaining, err2 := strconv.Atoi(h.Get("X-Ratelimit-Remaining"))
	reset, err3 := strconv.ParseInt(h.Get("X-Ratelimit-Reset"), 10, 64)
	if errors.Join(err1, err2, err3) != nil || limit < 0 || remaining < 0 || reset <= 0 || reset > 1<<36 {
		return
	}
	m.rate = Rate{Limit: limit, Remaining: remaining, Reset: time.Unix(reset, 0).UTC(), Known: true}
}

// nextPage is the address of rel="next" in the Link header (RFC 8288, as GitHub writes it), if it leads to the same place as
// this page's, else "".
func nextPage(h http.Header, this string) string {
	from, err := url.Parse(this)
	if err != nil {
		return ""
	}
	for _, link := range strings.Split(h.Get("Link"), ",") {
		target, params, _ := strings.Cut(link, ";")
		if !strings.Contains(params, `rel="next"`) {
			continue
		}
		target = strings.TrimSpace(target)
		if !strings.HasPrefix(target, "<") || !strings.HasSuffix(target, ">") {
			return ""
		}
		to, err := from.Parse(target[1 : len(target)-1])
		if err != nil || to.Scheme != "https" || to.Host != from.Host || to.User != nil {
			return ""
		}
		return to.String()
	}
	return ""
}
