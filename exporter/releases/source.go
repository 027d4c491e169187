package releases

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/mnm-social/mnm/exporter/outbound"
)

// Rate is what GitHub said last about how often it may be asked. The zero Rate is that it said nothing.
type Rate struct {
	Limit, Remaining int       // requests an hour
	Reset            time.Time // when Remaining is Limit again
	Known            bool
}

// spent reports whether the next request would be refused.
func (r Rate) spent(now time.Time) bool {
	return r.Known && r.Remaining == 0 && ahead(r.Reset, now, maxLimit)
}

// ahead reports whether t is still to come, within so long. What lies further ahead was set by a clock that went wrong.
func ahead(t, now time.Time, within time.Duration) bool { return t.After(now) && t.Sub(now) <= within }

// DefaultAdvisoriesEvery is how often advisories are asked for, if nobody says otherwise.
const DefaultAdvisoriesEvery = time.Hour

// retries is how many times as often advisories are asked for after a failure: a network may just have come up.
const retries = 6

// Source looks up the releases and the security advisories of one repository. It remembers the last answers, so that an
// unchanged list costs one conditional request, and when a limit ends, so that nothing is asked before. One goroutine at a
// time may look up; everything else may be called at the same time.
type Source struct {
	// Now is the clock; nil: time.Now. The demo's world has its own.
	Now func() time.Time
	// AdvisoriesEvery is the least time from one question for advisories to the next; 0: DefaultAdvisoriesEvery.
	AdvisoriesEvery time.Duration

	repository string
	token      func() string

	mu sync.Mutex // of memory, which is only ever replaced
	memory
}

// memory is what a Source remembers. What its slices hold never changes.
type memory struct {
	releases    []Release // as their notes have them
	advisories  []Advisory
	ignored     [2]int    // entries left out of releases and of advisories
	etag        [2]string // of the first page of releases and of advisories
	advised     bool      // advisories are the answer to a question
	nextAdvised time.Time // when to ask for advisories
	rate        Rate
	limited     time.Time // not to be asked before
	known       Known     // of all that
}

// The lists that memory has an ETag of.
const (
	ofReleases = iota
	ofAdvisories
)

// learn draws Known from the lists.
func (m *memory) learn() {
	m.known = New(m.releases).WithAdvisories(m.advisories)
	m.known.ignored = m.ignored[ofReleases] + m.ignored[ofAdvisories]
}

// NewSource is a source for a repository on GitHub such as "mastodon/mastodon". token gives the secret to send, "" for
// none; it is called for every request, so that the file it reads may change; it may be nil.
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

// getter sends one request.
type getter = func(context.Context, outbound.Request) (*outbound.Response, error)

// LookUp asks for the releases by get, which sends one request; and for the advisories too, when AdvisoriesEvery has passed
// since they were asked for, or a sixth of it since they could not be had. Known is always the best there is: each list is the
// new one, or the last one if it has not changed (304) or could not be had. So Known may have news although there is an error.
// Rate is GitHub's latest word, on both. Errors carry a ReasonOf, limits a WaitOf; a look-up before that time fails the same
// way and sends nothing.
func (s *Source) LookUp(ctx context.Context, get func(context.Context, outbound.Request) (*outbound.Response, error)) (Known, Rate, error) {
	m := s.recall()
	err := s.lookUp(ctx, get, &m)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.memory = m
	return m.known, m.rate, err
}

// Known is what the last look-up gave, or UnmarshalBinary.
func (s *Source) Known() Known { return s.recall().known }

func (s *Source) recall() memory {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.memory
}

func (s *Source) lookUp(ctx context.Context, get getter, m *memory) error {
	const asking = "asking GitHub for the %s of %s: %w"
	if err := CheckRepository(s.repository); err != nil {
		return fmt.Errorf(asking, "releases", s.repository, &Error{Reason: Setting, Err: err})
	}
	if now := s.now(); ahead(m.limited, now, maxLimit) {
		err := &Error{Reason: RateLimit, Err: errors.New("the limit that GitHub named has not passed"), Wait: m.limited.Sub(now)}
		return fmt.Errorf(asking, "releases", s.repository, err)
	}
	err := s.lookUpReleases(ctx, get, m)
	if err != nil {
		err = fmt.Errorf(asking, "releases", s.repository, err)
	}
	every := s.AdvisoriesEvery
	if every <= 0 {
		every = DefaultAdvisoriesEvery
	}
	now := s.now()
	if ahead(m.nextAdvised, now, every) || ahead(m.limited, now, maxLimit) || m.rate.spent(now) || ctx.Err() != nil {
		return err
	}
	if failure := s.lookUpAdvisories(ctx, get, m); failure != nil {
		m.nextAdvised = now.Add(every / retries)
		return errors.Join(err, fmt.Errorf(asking, "security advisories", s.repository, failure))
	}
	m.nextAdvised = now.Add(every)
	return err
}

func (s *Source) lookUpReleases(ctx context.Context, get getter, m *memory) error {
	var all page[Release]
	etag, changed, err := s.pages(ctx, get, m, "releases?per_page=100", m.etag[ofReleases], func(body []byte) (future int, err error) {
		p, err := readPage(body, s.now())
		all.add(p)
		return p.future, err
	})
	if err != nil || !changed {
		return err
	}
	if len(all.entries) == 0 {
		return &Error{Reason: Shape, Err: fmt.Errorf("no release among %d entries", all.ignored)}
	}
	m.releases, m.ignored[ofReleases], m.etag[ofReleases] = all.entries, all.ignored, etag
	m.learn()
	return nil
}

// lookUpAdvisories asks for those changed last first: so the first page, and its ETag, change with any of them. That a
// repository has none is an answer; so is 404 where there never were any, since GitHub does not list them for all repositories.
func (s *Source) lookUpAdvisories(ctx context.Context, get getter, m *memory) error {
	var all page[Advisory]
	address := "security-advisories?per_page=100&state=published&sort=updated&direction=desc"
	etag, changed, err := s.pages(ctx, get, m, address, m.etag[ofAdvisories], func(body []byte) (future int, err error) {
		p, err := readAdvisories(body, s.now())
		all.add(p)
		return p.future, err
	})
	var e *Error
	if errors.As(err, &e) && e.status == http.StatusNotFound && !m.advised {
		return nil
	}
	if err != nil || !changed {
		return err
	}
	m.advisories, m.ignored[ofAdvisories], m.etag[ofAdvisories], m.advised = all.entries, all.ignored, etag, true
	m.learn()
	return nil
}

// now is the time by the source's clock.
func (s *Source) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}
