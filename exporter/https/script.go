package https

import "strings"

// origin is where a script comes from.
type origin uint8

const (
	noOrigin      origin = iota // it is in the page, or comes from the same registered domain by http: nobody minds
	ownOrigin                   // the page's server, or one of the same registered domain by https
	foreignSecure               // another's by https
	foreignPlain                // another's by http, or by whatever the page came by
)

// integrity judges where the page's scripts come from, and whether they are tied to what they were by Subresource
// Integrity. Results of this test are numbered from good to bad in MDN's order, so that the worst is the largest.
func (v Visit) integrity(p page) Result {
	switch {
	case !p.html:
		return sriNotHTML
	case len(p.scripts) == 0:
		return sriNoScripts
	}
	var base *webURL
	if p.base != nil {
		if u, ok := parseURL(*p.base, nil); ok {
			base = &u
		}
	}
	own := registrable(v.Host.String())
	worst, foreign := Result(0), false
	for _, s := range p.scripts {
		from := s.origin(base, own)
		foreign = foreign || from == foreignSecure || from == foreignPlain
		switch {
		case from == ownOrigin && s.integrity && worst == 0:
			worst = sriAll
		case from == foreignSecure && !s.integrity:
			worst = max(worst, sriMissing)
		case from == foreignPlain && s.integrity:
			worst = max(worst, sriInsecure)
		case from == foreignPlain:
			worst = max(worst, sriMissingInsecure)
		}
	}
	switch {
	case worst != 0:
		return worst
	case foreign:
		return sriExternal
	}
	return sriSameOrigin
}

// origin says where a script comes from. The scanner reads addresses without knowing the page's: one that begins with two
// slashes is another's for it, and what it can't read, or has a scheme other than http and https, is the page's own.
func (s script) origin(base *webURL, own string) origin {
	u, ok := parseURL(s.src, base)
	switch {
	case !s.loads, s.src == "" && !ok:
		return noOrigin
	case !ok && len(s.src) > 2 && strings.HasPrefix(s.src, "//") && s.src[2] != '/':
		return foreignPlain
	case !ok || !u.web():
		return ownOrigin
	case registrable(u.host) != own && u.scheme == "https":
		return foreignSecure
	case registrable(u.host) != own:
		return foreignPlain
	case u.scheme == "https":
		return ownOrigin
	}
	return noOrigin
}
