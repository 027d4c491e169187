package toots

import (
	"bytes"
	"strings"

	"github.com/mnm-social/mnm/exporter/domain"
)

// hostIn is the host of an address, without its port; empty if it is none.
func hostIn(address []byte) []byte {
	_, rest, ok := bytes.Cut(address, []byte("://"))
	if !ok {
		return nil
	}
	if i := bytes.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	host, _, _ := bytes.Cut(rest, []byte(":"))
	if len(host) > 253 || bytes.IndexByte(host, '@') >= 0 {
		return nil
	}
	return host
}

// author says which server a toot's author is on, in lower case, and by which name. As everywhere in the API, a name without
// "@" is of the origin's own users. But a relay hands on what other servers call their own: there the page of the author tells, if
// it is not in the domain that the origin belongs to.
func (t *Toot) author(o *Origin) (user []byte, host string) {
	if i := bytes.LastIndexByte(t.acct, '@'); i > 0 && i+1 < len(t.acct) {
		return t.acct[:i], hostName(t.acct[i+1:])
	}
	if len(t.home) == 0 || within(t.home, o.registrable) {
		return t.acct, o.host
	}
	return t.acct, hostName(t.home)
}

// domain is that which the server of a toot's author belongs to, by the public suffix list. As which one of it the author counts
// among those who use a hashtag must be the same wherever a toot is seen. What stands behind the "@" isn't: it is missing where the
// author is at home, and where it is there it may be another name than the server's own (Mastodon's LOCAL_DOMAIN and WEB_DOMAIN).
// The host of the account's address is the same everywhere; host, of author, stands in where there is none. All
// subdomains are one, for whoever has a domain can make as many as they like, and people of the same name under it may be
// one. Where subdomains are different people's the list says so (ynh.fr); where it should and doesn't (masto.host), a hashtag is
// shown later, not sooner.
func (t *Toot) domain(o *Origin, host string) string {
	for _, host := range [...]string{string(t.home), host} {
		if name, err := domain.Parse(host); err == nil {
			return name.Registrable()
		}
	}
	return o.registrable
}

// within says whether host is name or a name under it.
func within(host []byte, name string) bool {
	rest, ok := bytes.CutSuffix(host, []byte(name))
	return ok && (len(rest) == 0 || rest[len(rest)-1] == '.')
}

// hostName is the one spelling of a host: lower case, A-labels. Mastodon writes U-labels in acct, others A-labels.
func hostName(host []byte) string {
	for _, c := range host {
		if ('a' > c || c > 'z') && ('0' > c || c > '9') && c != '.' && c != '-' {
			if name, err := domain.Parse(string(host)); err == nil {
				return name.String()
			}
			return strings.ToLower(string(host))
		}
	}
	return string(host)
}
