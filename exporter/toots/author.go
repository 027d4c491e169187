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
