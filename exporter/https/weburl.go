package https

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// webURL is what counts of an address, as browsers read addresses (url.spec.whatwg.org): net/url reads them otherwise,
// backslashes and white space for a start.
type webURL struct {
	scheme string // lower case
	host   string // of http and https: a name in lower case with A-labels, or "" if it is a number
	opaque bool   // nothing can be relative to it
}

// web reports whether it leads to a host that serves pages.
func (u webURL) web() bool { return u.scheme == "https" || u.scheme == "http" }

// parseURL reads an address, relative to another one; nil: there is none that it could be relative to.
func parseURL(raw string, base *webURL) (webURL, bool) {
	s := strings.Trim(raw, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f"+
		"\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f ")
	s = strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return -1
		}
		return r
	}, s)
	if base != nil && base.opaque {
		base = nil
	}
	if scheme, rest, ok := cutScheme(s); ok {
		u := webURL{scheme: scheme}
		switch {
		case !u.web():
			u.opaque = !strings.HasPrefix(rest, "/")
			return u, true
		case base == nil || base.scheme != scheme || strings.HasPrefix(rest, "//"):
			return authority(scheme, rest)
		}
		s = rest
	} else if base == nil {
		return webURL{scheme: "about", opaque: true}, strings.HasPrefix(s, "#")
	}
	if base.web() && len(s) > 1 && strings.Trim(s[:2], "/\\") == "" {
		return authority(base.scheme, s)
	}
	return *base, true
}

// cutScheme parts a text at its scheme.
func cutScheme(s string) (scheme, rest string, ok bool) {
	scheme, rest, ok = strings.Cut(s, ":")
	scheme = strings.ToLower(scheme)
	const letters = "abcdefghijklmnopqrstuvwxyz"
	ok = ok && strings.Trim(scheme, letters+"0123456789+-.") == "" && strings.Trim(scheme[:min(1, len(scheme))], letters) == "" && scheme != ""
	return scheme, rest, ok
}

// authority reads what follows the scheme of an address that leads to a host.
func authority(scheme, s string) (webURL, bool) {
	s = strings.TrimLeft(s, "/\\")
	if i := strings.IndexAny(s, "/\\?#"); i >= 0 {
		s = s[:i]
	}
	s = s[strings.LastIndexByte(s, '@')+1:]
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, ']') {
		if port := s[i+1:]; port != "" {
			if _, err := strconv.ParseUint(port, 10, 16); err != nil || strings.Trim(port, "0123456789") != "" {
				return webURL{}, false
			}
		}
		s = s[:i]
	}
	host, ok := parseHost(s)
	return webURL{scheme: scheme, host: host}, ok
}

// lookup makes A-labels as browsers do: leniently.
var lookup = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.CheckHyphens(false), idna.StrictDomainName(false),
	idna.VerifyDNSLength(false), idna.Transitional(false))

// parseHost reads a host; numbers are hosts without a name.
func parseHost(s string) (string, bool) {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		addr, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		return "", err == nil && addr.Is6() && addr.Zone() == "" && strings.HasSuffix(inner, "]")
	}
	s, err := url.PathUnescape(s)
	if err != nil {
		return "", false
	}
	host := strings.ToLower(s)
	if !isASCII(host) || strings.Contains(host, "xn--") {
		if host, err = lookup.ToASCII(s); err != nil {
			return "", false
		}
	}
	if host == "" || strings.ContainsFunc(host, func(r rune) bool {
		return r <= ' ' || strings.ContainsRune("#/:<>?@[\\]^|%\x7f", r)
	}) {
		return "", false
	}
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	if !number(labels[len(labels)-1]) {
		return host, true
	}
	for _, label := range labels {
		if !number(label) {
			return "", false
		}
	}
	return "", len(labels) <= 4
}

// number reports whether browsers take a label for a part of an IPv4 address.
func number(label string) bool {
	if hex, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return label != "" && strings.Trim(label, "0123456789") == ""
}

// registrable is the part of a host's name that its owner has registered, by the suffixes of registries only: what people
// register under a name of a private owner, such as that of a hoster, is that owner's. "" for a number, and for a name
// that is itself such a suffix.
func registrable(host string) string {
	host = strings.TrimRight(host, ".")
	if host == "" || strings.Contains(host, "..") {
		return ""
	}
	suffix, icann := publicsuffix.PublicSuffix(host)
	for !icann {
		_, shorter, ok := strings.Cut(suffix, ".")
		if !ok {
			break // a top level that is in no list
		}
		suffix, icann = publicsuffix.PublicSuffix(shorter)
	}
	rest, ok := strings.CutSuffix(host, "."+suffix)
	if !ok {
		return ""
	}
	return rest[strings.LastIndexByte(rest, '.')+1:] + "." + suffix
}
