package toots

import (
	"testing"

	"github.com/mnm-social/mnm/exporter/domain"
)

func TestAuthor(t *testing.T) {
	name, err := domain.Parse("social.example.org")
	if err != nil {
		t.Fatal(err)
	}
	origin := &Origin{host: name.String(), registrable: name.Registrable()}
	rows := []struct{ name, acct, url, user, host string }{
		{"one of the origin's own", "alice", "https://social.example.org/@alice", "alice", "social.example.org"},
		{"of another server", "alice@a.net", "https://a.net/@alice", "alice", "a.net"},
		{"of another server, whose web server has another name", "alice@a.net", "https://web.a.net/@alice", "alice", "a.net"},
		{"the origin with its own name", "alice@social.example.org", "", "alice", "social.example.org"},
		{"capitals", "Alice@A.Net", "", "Alice", "a.net"},
		{"a U-label", "alice@bücher.net", "", "alice", "xn--bcher-kva.net"},
		{"the same as an A-label", "alice@xn--bcher-kva.net", "", "alice", "xn--bcher-kva.net"},
		{"no domain", "alice@localhost:3000", "", "alice", "localhost:3000"},
		{"no domain in capitals", "alice@LOCALHOST:3000", "", "alice", "localhost:3000"},
		{"two signs", "a@b@c.net", "", "a@b", "c.net"},
		{"a sign at the end", "alice@", "", "alice@", "social.example.org"},
		{"a sign at the beginning", "@alice", "", "@alice", "social.example.org"},
		{"nothing", "", "", "", "social.example.org"},

		{"by a relay", "alice", "https://a.net/@alice", "alice", "a.net"},
		{"by a relay, with a port", "alice", "https://A.net:8443/@alice", "alice", "a.net"},
		{"only the page", "", "https://a.net/@alice", "", "a.net"},
		{"the page is on a sibling of the origin", "alice", "https://web.example.org/@alice", "alice", "social.example.org"},
		{"the page is on the origin's parent", "alice", "https://example.org/@alice", "alice", "social.example.org"},
		{"the page's host only ends alike", "alice", "https://notexample.org/@alice", "alice", "notexample.org"},
		{"the page is no address", "alice", "/@alice", "alice", "social.example.org"},
		{"the page has a user", "alice", "https://a@b.net/", "alice", "social.example.org"},
		{"the page has no host", "alice", "https:///@alice", "alice", "social.example.org"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			toot := Toot{acct: []byte(row.acct), home: hostIn([]byte(row.url))}
			if user, host := toot.author(origin); string(user) != row.user || host != row.host {
				t.Errorf("%q on %q, want %q on %q", user, host, row.user, row.host)
			}
		})
	}
}
