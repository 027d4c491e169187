package instance

import (
	"fmt"
	"strings"
	"testing"
)

func TestReadWellKnown(t *testing.T) {
	const rel = "http://nodeinfo.diaspora.software/ns/schema/"
	link := func(rel, href string) string { return fmt.Sprintf(`{"rel":%q,"href":%q}`, rel, href) }
	list := func(links ...string) string { return `{"links":[` + strings.Join(links, ",") + `]}` }
	rows := []struct {
		name, body, want string
	}{
		{"mastodon.social", string(document(t, "mastodon.social-well-known-nodeinfo.json")), "https://mastodon.social/nodeinfo/2.0"},
		{"both versions", string(document(t, "mobilizon-5.1.0-well-known-nodeinfo.json")), "https://mobilizon.fr/.well-known/nodeinfo/2.1"},
		{"two kinds", string(document(t, "wordpress-6.4.2-well-known-nodeinfo.json")), "https://blog-federating.example/wp-json/activitypub/1.0/nodeinfo"},
		{"an object for a list", string(document(t, "hubzilla-old-well-known-nodeinfo.json")), "https://example.com/nodeinfo/2.0"},
		{"an object and nothing else", `{"links":` + link(rel+"1.0", "https://a.example/1") + `}`, "https://a.example/1"},
		{"1.0 only", list(link(rel+"1.0", "https://a.example/1")), "https://a.example/1"},
		{"1.1 before 1.0", list(link(rel+"1.0", "https://a.example/1"), link(rel+"1.1", "https://a.example/11")), "https://a.example/11"},
		{"the first of two", list(link(rel+"2.0", "https://a.example/1"), link(rel+"2.0", "https://a.example/2")), "https://a.example/1"},
		{"https in the relation", list(link("https"+strings.TrimPrefix(rel, "http")+"2.0", "https://a.example/1")), "https://a.example/1"},
		{"another host, as served", list(link(rel+"2.0", "https://b.example/1")), "https://b.example/1"},
		{"http, as served", list(link(rel+"2.0", "http://a.example/1")), "http://a.example/1"},
		{"a better link that leads nowhere", list(link(rel+"2.1", "/nodeinfo/2.1"), link(rel+"2.0", "https://a.example/1")), "https://a.example/1"},
		{"a wrong element", `{"links":[7,null,"x",` + link(rel+"2.0", "https://a.example/1") + `]}`, "https://a.example/1"},
		{"relative", list(link(rel+"2.0", "/nodeinfo/2.0")), ""},
		{"no host", list(link(rel+"2.0", "https:///nodeinfo")), ""},
		{"another scheme", list(link(rel+"2.0", "file://a.example/etc/passwd")), ""},
		{"a control character", list(link(rel+"2.0", "https://a.example/\n")), ""},
		{"too long", list(link(rel+"2.0", "https://a.example/"+strings.Repeat("a", maxLink))), ""},
		{"an unknown version", list(link(rel+"9.9", "https://a.example/1")), ""},
		{"another relation", list(link("https://www.w3.org/ns/activitystreams#Application", "https://a.example/1")), ""},
		{"links is a number", `{"links":7}`, ""},
		{"links is null", `{"links":null}`, ""},
		{"no links", `{"links":[]}`, ""},
		{"past the sixteenth", list(append(make16(link("x", "y")), link(rel+"2.0", "https://a.example/1"))...), ""},
	}
	for _, r := range rows {
		got, err := ReadWellKnown([]byte(r.body))
		if got != r.want || (err == nil) != (r.want != "") {
			t.Errorf("%s: %q, %v; want %q", r.name, got, err, r.want)
		}
		if err != nil && ReasonOf(err) != ReasonShape {
			t.Errorf("%s: %v", r.name, err)
		}
	}
}

func make16(s string) []string {
	return strings.Split(strings.TrimSuffix(strings.Repeat(s+"\n", 16), "\n"), "\n")
}

func TestReadActivity(t *testing.T) {
	rows := []struct {
		name, body string
		want       Week
	}{
		{"mastodon.social", string(document(t, "mastodon.social-api-v1-instance-activity.json")),
			Week{Statuses: Known(899843), Logins: Known(162367), Registrations: Known(12064)}},
		{"the oldest week first", string(document(t, "mastodon-2.4.0-activity.json")),
			Week{Statuses: Known(200229), Logins: Known(10034), Registrations: Known(1379)}},
		{"numbers", `[{"week":2,"statuses":9},{"week":1,"statuses":8,"logins":7,"registrations":0}]`,
			Week{Statuses: Known(8), Logins: Known(7), Registrations: Known(0)}},
		{"weeks without dates", `[{"statuses":"9"},{"statuses":"8"},{"statuses":"7"}]`, Week{Statuses: Known(8)}},
		{"only the running week", `[{"week":"2","statuses":"9"}]`, Week{}},
		{"no week", `[]`, Week{}},
		{"nulls", `[null,null]`, Week{}},
		{"a bad figure in another week", `[{"week":3,"statuses":-1},{"week":2,"statuses":8},{"week":1,"statuses":-1}]`, Week{Statuses: Known(8)}},
		{"a bad figure", `[{"week":2},{"week":1,"statuses":-8,"logins":7}]`, Week{Logins: Known(7), Refused: 1}},
	}
	for _, r := range rows {
		if got, err := ReadActivity([]byte(r.body)); err != nil || got != r.want {
			t.Errorf("%s: %+v, %v; want %+v", r.name, got, err, r.want)
		}
	}
}
