package releases

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/mnm-social/mnm/exporter/outbound"
)

// Bounds of one look-up. Mastodon has some 260 releases since 2017, and a hundred of them with their notes are 2 to 3 MiB.
const (
	maxPages = 3
	maxBody  = 8 << 20 // bytes of one page
	maxETag  = 256     // bytes; a longer one is not worth sending back
)

// minLimit is how long GitHub wants to be left alone after a limit that came without a time (its "best practices").
const minLimit = time.Minute

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

// Error is a failed look-up. What was known stays known.
type Error struct {
	Reason Reason
	Err    error
	Wait   time.Duration // of a rate limit: how long until it is worth asking again, at least a second, at most a day
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

// ReasonOf is the reason of an error of LookUp: one of Reason or of outbound's; "" for nil.
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

// Rate is what GitHub said last about how often it may be asked. The zero Rate is that it said nothing.
type Rate struct {
	Limit, Remaining int       // requests an hour
	Reset            time.Time // when Remaining is Limit again
	Known            bool
}

// Source looks up the releases of one repository. It remembers the last answer, so that an unchanged list costs one
// conditional request, and when a limit ends, so that nothing is asked before. One goroutine at a time may use it.
type Source struct {
	// Now is the clock; nil: time.Now. The demo's world has its own.
	Now func() time.Time

	repository string
	token      func() string
	known      Known
	rate       Rate
	etag       string    // of the first page of known
	limited    time.Time // not to be asked before
}

// NewSource is a source for a repository on GitHub such as "mastodon/mastodon". token gives the secret to send, "" for
// none; it is called for every look-up, so that the file it reads may change; it may be nil.
func NewSource(repository string, token func() string) *Source {
	return &Source{repository: repository, token: token}
}

var repositoryName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9_.-]{1,100}$`)

// CheckRepository says what is wrong with the name of a repository, nil if nothing is.
func CheckRepository(name string) error {
	if !repositoryName.MatchString(name) {
		return fmt.Errorf("%q is not OWNER/NAME of a repository on GitHub", name)
	}
	return nil
}

// LookUp asks for the releases by get, which sends one request. Known is always the best there is: the new list, the last one
// if it has not changed (304) or the look-up failed, or none. Rate is GitHub's latest word. Errors carry a ReasonOf, limits a
// WaitOf; a look-up before that time fails the same way and sends nothing.
func (s *Source) LookUp(ctx context.Context, get func(context.Context, outbound.Request) (*outbound.Response, error)) (Known, Rate, error) {
	err := s.lookUp(ctx, get)
	if err != nil {
		err = fmt.Errorf("asking GitHub for the releases of %s: %w", s.repository, err)
	}
	return s.known, s.rate, err
}

func (s *Source) lookUp(ctx context.Context, get func(context.Context, outbound.Request) (*outbound.Response, error)) error {
	if err := CheckRepository(s.repository); err != nil {
		return &Error{Reason: Setting, Err: err}
	}
	if wait := s.limited.Sub(s.now()); wait > 0 {
		return &Error{Reason: RateLimit, Err: errors.New("the limit that GitHub named has not passed"), Wait: wait}
	}
	var list []Release
	ignored, future, etag := 0, 0, ""
	next := "https://api.github.com/repos/" + s.repository + "/releases?per_page=100"
	for page := 0; page < maxPages && next != ""; page++ {
		res, err := get(ctx, outbound.Request{
			Purpose: outbound.PurposeReleases, URL: next, Header: s.header(page), MaxBody: maxBody, SameHost: true,
		})
		if err != nil {
			return err
		}
		s.noteRate(res.Header)
		if page == 0 && res.Status == http.StatusNotModified && s.etag != "" {
			return nil
		}
		if err := s.refused(res); err != nil {
			return err
		}
		got, err := readPage(res.Body, s.now())
		if err != nil {
			return err
		}
		if page == 0 {
			etag = res.Header.Get("Etag")
		}
		list, ignored, future = append(list, got.releases...), ignored+got.ignored, future+got.future
		next = nextPage(res.Header, next)
	}
	if len(list) == 0 {
		return &Error{Reason: Shape, Err: fmt.Errorf("no release among %d entries", ignored)}
	}
	s.known = New(list)
	s.known.ignored = ignored
	s.etag = etag
	if len(etag) > maxETag || future > 0 { // a date that lies ahead may be our clock's fault: look at it again
		s.etag = ""
	}
	return nil
}

// now is the time by the source's clock.
func (s *Source) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// header is what to send for a page. Only the first is asked for conditionally: a new release changes it, and moves all others.
func (s *Source) header(page int) http.Header {
	h := http.Header{"Accept": {"application/vnd.github+json"}, "X-Github-Api-Version": {"2022-11-28"}}
	if page == 0 && s.etag != "" {
		h.Set("If-None-Match", s.etag)
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
func (s *Source) refused(res *outbound.Response) error {
	if res.Status == http.StatusOK {
		return nil
	}
	err := fmt.Errorf("status %d", res.Status)
	wait, told := outbound.RetryAfter(res.Header, s.now()) // knows X-RateLimit-Reset too
	limit := res.Status == http.StatusTooManyRequests ||
		res.Status == http.StatusForbidden && (told || strings.Contains(strings.ToLower(string(res.Body)), "rate limit"))
	if !limit {
		return &Error{Reason: Status, Err: err}
	}
	if !told {
		wait = minLimit
	}
	s.limited = s.now().Add(wait)
	return &Error{Reason: RateLimit, Err: err, Wait: wait}
}

// noteRate keeps what an answer says about the rate, if it says it of us: with an Age it came out of somebody's cache.
func (s *Source) noteRate(h http.Header) {
	if age := h.Get("Age"); age != "" && age != "0" {
		return
	}
	limit, err1 := strconv.Atoi(h.Get("X-Ratelimit-Limit"))
	remaining, err2 := strconv.Atoi(h.Get("X-Ratelimit-Remaining"))
	reset, err3 := strconv.ParseInt(h.Get("X-Ratelimit-Reset"), 10, 64)
	if errors.Join(err1, err2, err3) != nil || limit < 0 || remaining < 0 || reset <= 0 || reset > 1<<36 {
		return
	}
	s.rate = Rate{Limit: limit, Remaining: remaining, Reset: time.Unix(reset, 0).UTC(), Known: true}
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
