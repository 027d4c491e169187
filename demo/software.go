package demo

import "strings"

// software is how the servers of one software answer. The quirks are those of real ones, if not always of the same.
type software struct {
	name     string   // as its nodeinfo says it, and as the label shows it
	count    int      // in a full World; 0 for Mastodon, of which there are as many as the data has
	versions []string // that its servers run, the oldest first; Mastodon's come from the calendar
	nodeinfo string   // path
	schema   string   // of nodeinfo
	compat   string   // what its API says as its version, with %s for its own; "" where it has no such API
	robots   string   // robots.txt; "" for Mastodon's

	mastodon bool // Mastodon or a fork: the calendar's versions
	v2       bool // has /api/v2/instance
	mau      bool // active users are in /api/v1/instance too
	keeps    bool // keeps its figures to itself
	noActive bool // doesn't count active users
	noStats  bool // no figures in /api/v1/instance
	known    bool // /api/v1/instance counts all accounts it has heard of, not its own
	text     bool // figures in nodeinfo are strings
	people   int64
}

const (
	mastodonIndex = 0
	glitchIndex   = 1
	hometownIndex = 2
)

// softwares is in a fixed order: the order decides who runs what.
var softwares = []software{
	{name: "mastodon", mastodon: true, nodeinfo: "/nodeinfo/2.0", schema: "2.0", compat: "%s", v2: true},
	{name: "mastodon", mastodon: true, nodeinfo: "/nodeinfo/2.0", schema: "2.0", compat: "%s", v2: true}, // glitch-soc calls itself so
	{name: "hometown", mastodon: true, nodeinfo: "/nodeinfo/2.0", schema: "2.0", compat: "%s", v2: true},
	{name: "misskey", count: 70, people: 300, versions: []string{"12.110.1", "13.14.2", "2024.11.0", "2025.10.0", "2026.9.1"}, nodeinfo: "/nodeinfo/2.1", schema: "2.1", noActive: true},
	{name: "pleroma", count: 30, people: 60, versions: []string{"2.5.51", "2.6.3", "2.9.1", "2.10.0"}, nodeinfo: "/nodeinfo/2.0.json", schema: "2.0", compat: "2.7.2 (compatible; Pleroma %s)", mau: true},
	{name: "akkoma", count: 30, people: 40, versions: []string{"3.10.4-0-gebfb617", "3.12.2-0-g26a91d5", "3.15.2", "3.17.0"}, nodeinfo: "/nodeinfo/2.0.json", schema: "2.0", compat: "2.7.2 (compatible; Akkoma %s)", mau: true},
	{name: "pixelfed", count: 30, people: 500, versions: []string{"0.11.4", "0.12.3", "0.12.6"}, nodeinfo: "/api/nodeinfo/2.0.json", schema: "2.0", compat: "3.5.3 (compatible; Pixelfed %s)", v2: true},
	{name: "peertube", count: 35, people: 80, versions: []string{"5.0.0", "6.3.3", "7.1.1", "7.3.0"}, nodeinfo: "/nodeinfo/2.0.json", schema: "2.0"},
	{name: "lemmy", count: 30, people: 900, versions: []string{"0.18.5", "0.19.3", "0.19.11", "0.19.13"}, nodeinfo: "/nodeinfo/2.1", schema: "2.1"},
	{name: "gotosocial", count: 30, people: 3, versions: []string{"0.17.3", "0.19.1", "0.20.2"}, nodeinfo: "/nodeinfo/2.0", schema: "2.0", compat: "%s", robots: gotosocialRobots, noActive: true},
	{name: "gotosocial", count: 8, people: 8, versions: []string{"0.18.3", "0.20.2"}, nodeinfo: "/nodeinfo/2.0", schema: "2.0", compat: "%s", robots: apiRobots, noActive: true}, // opted in to nodeinfo
	{name: "friendica", count: 15, people: 30, versions: []string{"2024.03-1557", "2024.08-1563", "2024.12-1572"}, nodeinfo: "/nodeinfo/2.0", schema: "2.0", keeps: true},
	{name: "writefreely", count: 15, people: 200, versions: []string{"0.13.2", "0.15.1"}, nodeinfo: "/api/nodeinfo", schema: "2.0"},
	{name: "firefish", count: 10, people: 300, versions: []string{"20240523", "20240729"}, nodeinfo: "/nodeinfo/2.1", schema: "2.1", compat: "4.2.1 (compatible; Firefish %s)", known: true},
	{name: "mitra", count: 8, people: 5, versions: []string{"3.2.0", "4.1.0", "4.9.0"}, nodeinfo: "/nodeinfo/2.0", schema: "2.0", compat: "4.0.0 (compatible; Mitra %s)", noStats: true},
	{name: "bookwyrm", count: 10, people: 600, versions: []string{"0.7.5", "0.8.1"}, nodeinfo: "/nodeinfo/2.0", schema: "2.0"},
	{name: "wordpress", count: 20, people: 2, versions: []string{"6.4.2", "6.8.3", "7.0"}, nodeinfo: "/wp-json/activitypub/1.0/nodeinfo/2.0", schema: "2.0"},
	{name: "owncast", count: 6, people: 1, versions: []string{"0.1.3", "0.2.3"}, nodeinfo: "/nodeinfo/2.0", schema: "2.0"},
	{name: "funkwhale", count: 6, people: 40, versions: []string{"1.3.3", "1.4.0"}, nodeinfo: "/api/v1/instance/nodeinfo/2.0/", schema: "2.0", text: true},
}

// twin is what the servers of a software turn into when they change software, and back: -1 for those that never do.
func twin(i int) int {
	switch {
	case i == mastodonIndex:
		return hometownIndex
	case i == hometownIndex:
		return mastodonIndex
	case softwares[i].name == "pleroma":
		return i + 1
	case softwares[i].name == "akkoma":
		return i - 1
	}
	return -1
}

// serves is the version as a server of the software says it. For Mastodon it takes a tag without its v.
func (s *software) serves(index int, version string) string {
	switch index {
	case glitchIndex:
		return version + "+glitch"
	case hometownIndex:
		if strings.HasPrefix(version, "3.") {
			return "1.0.7+" + version
		}
		return version + "+hometown-1.1.1"
	}
	return version
}

// softwareIndex finds a software by name, or by the name of a fork of Mastodon that has none of its own ("glitch").
func softwareIndex(name string) (int, bool) {
	if name == "" {
		return mastodonIndex, true
	}
	if name == "glitch" {
		return glitchIndex, true
	}
	for i := range softwares {
		if softwares[i].name == name {
			return i, true
		}
	}
	return 0, false
}

const mastodonRobots = `# See http://www.robotstxt.org/robotstxt.html for documentation on how to use the robots.txt file

User-agent: GPTBot
Disallow: /

User-agent: *
Disallow: /media_proxy/
Disallow: /interact/
`

const gotosocialRobots = `# GoToSocial robots.txt -- to edit, see internal/api/util/robots.go
User-agent: GPTBot
User-agent: CCBot
Disallow: /

User-agent: *
Crawl-delay: 500
Disallow: /api/
Disallow: /auth/
Disallow: /.well-known/
Disallow: /nodeinfo/
`

const apiRobots = `User-agent: *
Crawl-delay: 500
Disallow: /api/
`

const nodeinfoRobots = `User-agent: *
Disallow: /nodeinfo/
`

const noRobots = `# This server is not for machines.
User-agent: *
Disallow: /
`
