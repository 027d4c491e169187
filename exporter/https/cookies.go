package https

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"
)

// maxCookies bounds how many cookies of one answer are read.
const maxCookies = 512

// cookie is what counts of a cookie.
type cookie struct {
	secure, httpOnly bool
	sameSite         string // "strict", "lax", "none", or "" for anything else
	expired          bool   // when it was set
}

// place is what a cookie replaces another one by.
type place struct{ domain, path, name string }

// jar keeps cookies as a browser would, by RFC 6265: of one name, domain and path the last. One that is expired when it
// is set, which deletes, stays until the next request that it would be sent with, as in the scanner's jar.
type jar map[place]cookie

// cookies judges the cookies of all answers on the way to the final one. Results of this test are numbered from good to bad
// in MDN's order, so that the worst is the largest.
func (v Visit) cookies(hsts bool) Result {
	kept := jar{}
	for _, a := range v.Before {
		kept.take(setCookies(a), v.where(a), v.At)
	}
	kept.take(setCookies(*v.Answer), v.where(*v.Answer), v.At)
	if len(kept) == 0 {
		return cookiesNone
	}
	worst, sameSite := Result(0), true
	if slices.ContainsFunc(setCookies(*v.Answer), sameSiteInvalid) {
		worst = cookiesSameSiteInvalid
	}
	for at, c := range kept {
		worst = max(worst, c.judge(at.name, hsts))
		sameSite = sameSite && c.sameSite != ""
	}
	switch {
	case worst != 0:
		return worst
	case sameSite:
		return cookiesSameSite
	}
	return cookiesSafe
}

// where is the address that gave an answer.
func (v Visit) where(a Answer) *url.URL {
	if a.URL == nil || a.URL.Host == "" {
		return &url.URL{Scheme: "https", Host: v.Host.String(), Path: "/"}
	}
	return a.URL
}

// judge is the worst that is wrong with a cookie, or none.
func (c cookie) judge(name string, hsts bool) (worst Result) {
	name = lower(name)
	session := strings.Contains(name, "login") || strings.Contains(name, "sess")
	switch {
	case c.secure:
	case session && hsts:
		worst = cookiesSessionInsecureHSTS
	case session:
		worst = cookiesSessionInsecure
	case hsts:
		worst = cookiesInsecureHSTS
	default:
		worst = cookiesInsecure
	}
	if !c.secure && c.sameSite == "none" {
		worst = max(worst, cookiesSameSiteInvalid)
	}
	if strings.Contains(name, "csrf") && c.sameSite == "" {
		worst = max(worst, cookiesAntiCSRF)
	}
	if session && !c.httpOnly {
		worst = max(worst, cookiesSessionScript)
	}
	return worst
}

// setCookies are the cookies that an answer sets.
func setCookies(a Answer) []string {
	lines := a.Header["Set-Cookie"]
	return lines[:min(len(lines), maxCookies)]
}

// sameSiteInvalid reports whether a cookie has an attribute SameSite, even as its name, with a value that it can't have.
func sameSiteInvalid(line string) bool {
	for part := range strings.SplitSeq(trim(latin1(line)), ";") {
		key, rest, _ := strings.Cut(trim(part), "=")
		if lower(trim(key)) != "samesite" {
			continue
		}
		value, _, _ := strings.Cut(rest, "=")
		switch lower(trim(value)) {
		case "lax", "strict", "none":
		default:
			return true
		}
	}
	return false
}

// take puts the cookies of an answer into the jar. The request for it has made the jar forget those that had expired.
func (j jar) take(lines []string, from *url.URL, now time.Time) {
	host, path := strings.ToLower(from.Hostname()), pathOf(from)
	for at, c := range j {
		if c.expired && belongs(host, at.domain) && underneath(path, at.path) {
			delete(j, at)
		}
	}
	for _, line := range lines {
		if at, c, ok := parseCookie(trim(latin1(cut(line, maxHeader))), from, now); ok {
			j[at] = c
		}
	}
}

// parseCookie reads a cookie and says whether a browser takes it from there.
func parseCookie(line string, from *url.URL, now time.Time) (at place, c cookie, ok bool) {
	pair, rest, _ := strings.Cut(line, ";")
	name, value, found := strings.Cut(pair, "=")
	name = trim(name)
	if !found || name == "" || name == "heroku-session-affinity" || control(name) || control(trim(value)) {
		return at, c, false
	}
	said := said{now: now}
	for part := range strings.SplitSeq(rest, ";") {
		key, value, _ := strings.Cut(trim(part), "=")
		said.attribute(lower(trim(key)), trim(value))
	}
	host := strings.ToLower(from.Hostname())
	at = place{cmp.Or(said.domain, host), said.path, name}
	if !strings.HasPrefix(at.path, "/") {
		at.path = defaultPath(from)
	}
	return at, said.cookie, at.admits(host, said.domain, said.secure)
}

// said is what the attributes of a cookie say.
type said struct {
	cookie
	path, domain string
	aged         bool // it has a Max-Age, before which Expires doesn't count
	now          time.Time
}

// attribute takes an attribute; of several with one name the last counts.
func (s *said) attribute(key, value string) {
	switch key {
	case "secure":
		s.secure = true
	case "httponly":
		s.httpOnly = true
	case "samesite":
		s.sameSite = ""
		if v := lower(value); v == "strict" || v == "lax" || v == "none" {
			s.sameSite = v
		}
	case "path":
		s.path = value
	case "domain":
		if d := strings.TrimPrefix(value, "."); d != "" {
			s.domain = lower(strings.TrimPrefix(d, "."))
		}
	case "max-age":
		if digits := strings.TrimPrefix(value, "-"); digits != "" && strings.Trim(digits, "0123456789") == "" {
			s.aged, s.expired = true, digits != value || strings.Trim(digits, "0") == ""
		}
	case "expires":
		if when, ok := cookieTime(value); ok && !s.aged {
			s.expired = !when.After(s.now)
		}
	}
}

// admits reports whether a host may set a cookie of that place: with a domain of its own that is no public suffix, and
// by the rules of the prefixes __Secure- and __Host-.
func (p place) admits(host, domain string, secure bool) bool {
	if domain != "" {
		if _, err := publicsuffix.EffectiveTLDPlusOne(domain); err != nil || !belongs(host, domain) {
			return false
		}
	}
	if strings.HasPrefix(p.name, "__Host-") {
		return secure && domain == "" && p.path == "/"
	}
	return secure || !strings.HasPrefix(p.name, "__Secure-")
}

// belongs reports whether a host is a domain's or of one underneath.
func belongs(host, domain string) bool {
	return host == domain || strings.HasSuffix(host, "."+domain)
}

// underneath reports whether a page's path is a cookie's or underneath it.
func underneath(path, of string) bool {
	rest, ok := strings.CutPrefix(path, of)
	return ok && (rest == "" || strings.HasSuffix(of, "/") || rest[0] == '/')
}

func pathOf(u *url.URL) string { return cmp.Or(u.EscapedPath(), "/") }

// defaultPath is the folder of a page.
func defaultPath(u *url.URL) string {
	path := pathOf(u)
	if i := strings.LastIndexByte(path, '/'); i > 0 {
		return path[:i]
	}
	return "/"
}

// cookieTime reads the date of a cookie, in the spellings that net/http reads.
func cookieTime(text string) (time.Time, bool) {
	if t, err := http.ParseTime(text); err == nil {
		return t, true
	}
	t, err := time.Parse("Mon, 02-Jan-2006 15:04:05 MST", text)
	return t, err == nil
}

// control reports whether a text has a control character.
func control(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' })
}
