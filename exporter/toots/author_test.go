package toots

import (
	"fmt"
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

// People and their servers are counted once, wherever they are seen.
func TestCrowds(t *testing.T) {
	type sight struct{ at, account string }
	for _, row := range []struct {
		name             string
		sights           []sight
		authors, servers int
	}{
		{"one of a server whose names have another domain than itself", []sight{
			{"social.split.net", `"acct":"bob","url":"https://social.split.net/@bob"`},
			{"oak.net", `"acct":"bob@split.net","url":"https://social.split.net/@bob"`},
			{"relay.net", `"acct":"bob","url":"https://social.split.net/@bob"`},
		}, 1, 1},
		{"where that is another domain altogether", []sight{
			{"web.net", `"acct":"bob","url":"https://web.net/@bob","uri":"https://web.net/users/bob"`},
			{"oak.net", `"acct":"bob@split.net","url":"https://web.net/@bob","uri":"https://web.net/users/bob"`},
			{"elm.net", `"acct":"bob@split.net","url":"https://web.net/@bob"`},
			{"ash.net", `"acct":"bob@split.net","url":null,"uri":"https://web.net/users/bob"`},
		}, 1, 1},
		{"the URI counts, before or after the page", []sight{
			{"oak.net", `"acct":"bob@a.net","url":"https://one.net/@bob","uri":"https://a.net/users/bob"`},
			{"elm.net", `"acct":"bob@a.net","uri":"https://a.net/users/bob","url":"https://two.net/@bob"`},
			{"ash.net", `"acct":"bob@a.net","url":"https://three.net/@bob","uri":"bob@a.net"`},
		}, 2, 2},
		{"in any spelling", []sight{
			{"oak.net", `"acct":"Bob@A.Net"`}, {"elm.net", `"acct":"bob@a.net","url":"https://A.NET/@Bob"`},
			{"a.net", `"acct":"BOB"`}, {"a.net", `"acct":"bob","url":"https://a.net:8443/@bob"`},
		}, 1, 1},
		{"two of them", []sight{{"a.net", `"acct":"bob"`}, {"oak.net", `"acct":"rob@a.net"`}}, 2, 1},
		{"by the same name elsewhere", []sight{{"a.net", `"acct":"bob"`}, {"oak.net", `"acct":"bob@b.net"`}}, 2, 2},
		{"a domain that poses as three servers", []sight{
			{"oak.net", `"acct":"bob@one.a.net"`}, {"oak.net", `"acct":"rob@two.a.net"`}, {"oak.net", `"acct":"joe@a.net"`},
			{"oak.net", `"acct":"bob@three.a.net"`},
		}, 3, 1},
		{"different people's servers under a public suffix", []sight{
			{"oak.net", `"acct":"bob@one.ynh.fr"`}, {"two.ynh.fr", `"acct":"bob"`}, {"oak.net", `"acct":"bob@www.two.ynh.fr"`},
		}, 2, 2},
		{"under one that the list lacks", []sight{{"oak.net", `"acct":"bob@one.masto.host"`}, {"two.masto.host", `"acct":"bob"`}}, 1, 1},
		{"pages that are nowhere", []sight{
			{"oak.net", `"acct":"bob@a.net","url":"https://localhost/@bob"`}, {"oak.net", `"acct":"bob@a.net","url":"https://127.0.0.1/@bob"`},
			{"oak.net", `"acct":"bob@a.net","url":"/@bob"`}, {"a.net", `"acct":"bob","url":""`},
		}, 1, 1},
		{"names that are nowhere are the origin's", []sight{
			{"oak.net", `"acct":"bob@localhost:1"`}, {"oak.net", `"acct":"bob@localhost:2"`}, {"oak.net", `"acct":"bob@10.0.0.1"`},
		}, 1, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			tally := newTally(nowhere)
			tally.SetHashtagRules(HashtagRules{Top: 1, MinAuthors: 20, MinServers: 20})
			for i, s := range row.sights {
				tally.Take(tally.at(t, s.at), toot(t, fmt.Sprintf(
					`{"id":"1","uri":"https://x.net/%d","created_at":"2026-08-02T11:59:00Z","account":{%s},"tags":[{"name":"rare"}]}`, i, s.account)), false)
			}
			for _, c := range tally.tags.crowds {
				if authors, servers := c.since(0); authors != row.authors || servers != row.servers {
					t.Errorf("%d authors on %d servers, want %d on %d", authors, servers, row.authors, row.servers)
				}
			}
		})
	}
}
