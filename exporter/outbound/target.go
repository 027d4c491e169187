package outbound

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/mnm-social/mnm/exporter/domain"
)

const (
	maxRedirects = 3
	maxURL       = 2048 // bytes
)

// target is where a request goes: a public name, by https or http, at that scheme's own port.
type target struct {
	name domain.Name
	url  *url.URL // with name as its host, without port, user and fragment
}

func (t target) port() uint16 {
	if t.url.Scheme == "http" {
		return 80
	}
	return 443
}

// parseTarget reads a URL. Errors are *Error: ReasonAddress if it leads to something that is no public name or port,
// else ReasonProtocol.
func parseTarget(s string) (target, error) {
	if len(s) > maxURL {
		return target{}, refuse(ReasonProtocol, fmt.Errorf("a URL of %d bytes", len(s)))
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return target{}, refuse(ReasonProtocol, err)
	case u.Scheme != "https" && u.Scheme != "http":
		return target{}, refuse(ReasonProtocol, fmt.Errorf("scheme %q", u.Scheme))
	case u.User != nil || u.Opaque != "":
		return target{}, refuse(ReasonProtocol, errors.New("a URL with a user"))
	}
	name, err := domain.Parse(u.Hostname())
	if err != nil {
		return target{}, refuse(ReasonAddress, err)
	}
	if own := map[string]string{"https": "443", "http": "80"}[u.Scheme]; u.Port() != "" && u.Port() != own {
		return target{}, refuse(ReasonAddress, fmt.Errorf("%w: port %s", errPolicy, u.Port()))
	}
	clean := *u
	clean.Host, clean.Fragment, clean.RawFragment = name.String(), "", ""
	return target{name, &clean}, nil
}

// target is where a request goes, if it is one that we make. Errors are *Error.
func (r Request) target() (target, error) {
	t, err := parseTarget(r.URL)
	get := r.Method == "" || r.Method == http.MethodGet
	switch {
	case err != nil: // a stream's URL is what its server named
		return target{}, r.Purpose.judge(err)
	case (t.url.Scheme == "http") != (r.Purpose == PurposeHTTP):
		return target{}, refuse(ReasonProtocol, fmt.Errorf("%s is not for purpose %s", t.url.Scheme, r.Purpose))
	case !get && (r.Method != http.MethodPost || r.Purpose != PurposeToken), get && len(r.Body) > 0:
		return target{}, refuse(ReasonProtocol, fmt.Errorf("%s of %d bytes is not for purpose %s", r.Method, len(r.Body), r.Purpose))
	case len(r.Body) > postBody:
		return target{}, refuse(ReasonTooBig, fmt.Errorf("%w: a request of %d", errTooBig, len(r.Body)))
	}
	return t, nil
}

func isRedirect(r *Response) bool {
	switch r.Status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return r.Header.Get("Location") != ""
	}
	return false
}

// follow is where a redirect leads, if we go there. seen are the targets so far, oldest first.
func follow(r Request, seen []target, location string) (target, error) {
	no := func(why error) (target, error) { return target{}, refuse(ReasonRedirect, why) }
	if len(seen) > maxRedirects {
		return no(fmt.Errorf("more than %d redirects", maxRedirects))
	}
	if len(location) > maxURL {
		return no(fmt.Errorf("to a URL of %d bytes", len(location)))
	}
	last := seen[len(seen)-1]
	u, err := last.url.Parse(location)
	if err != nil {
		return no(r.Purpose.plainly(err, "to what is no URL"))
	}
	next, err := parseTarget(u.String())
	switch {
	case err != nil:
		return no(r.Purpose.plainly(err, "to where nobody may be asked"))
	case next.url.Scheme != "https":
		return no(errors.New("to http"))
	case next.name.Registrable() != seen[0].name.Registrable() && (r.SameHost || !r.Purpose.ours()):
		return no(r.Purpose.plainly(fmt.Errorf("to another domain: %s", next.name), "to another domain"))
	}
	for _, t := range seen {
		if t.url.String() == next.url.String() {
			return no(errors.New("in a circle"))
		}
	}
	if asked := *next.url; r.Allowed != nil && !r.Allowed(&asked) {
		return target{}, refuse(ReasonRobots, errors.New("a redirect to where we may not ask"))
	}
	return next, nil
}
