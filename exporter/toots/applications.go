package toots

import (
	"bytes"
	"strings"
)

// applications are the clients that are counted by name, first as the label, then as they also call themselves. Of "Ivory for
// iOS", what stands before "for" is enough. The list is short on purpose and never grows by itself: anybody can register an
// application by any name. The largest ones are by what mastodon.social's operators published in June 2024.
var applications = newApplications(
	"AndStatus",
	"Brutaldon",
	"Buffer",
	"Croissant",
	"Cuckoo",
	"Dhaaga",
	"dlvr.it",
	"EchoFeed",
	"Elk",
	"Enafore",
	"feed2toot",
	"Fedica",
	"Fedilab",
	"Fedistar",
	"Fread",
	"Friendica",
	"Halcyon",
	"Home Assistant",
	"Hootsuite",
	"Husky",
	"Hyperspace",
	"Ice Cubes|icecubes|icecubesapp",
	"IFTTT",
	"Ivory",
	"Jetpack|jetpack social|wordpress.com",
	"Mammoth",
	"Mangane",
	"Mast",
	"MastoDeck",
	"MastoFeed|mastofeed.org",
	"Mastodon for Android",
	"Mastodon for iOS|mastodon for iphone|mastodon for iphone and ipad",
	"Mastodon Twitter Crossposter|crossposter",
	"Mastodon.py",
	"Mastonaut",
	"Mastoot",
	"Megalodon",
	"Metatext",
	"Micro.blog",
	"moa.party|moa",
	"Mona",
	"Moshidon",
	"n8n",
	"Openvibe",
	"Pachli",
	"Phanpy|phanpy dev",
	"Pinafore",
	"Pipilo",
	"Postybirb",
	"Radiant",
	"Rodent",
	"Semaphore",
	"Sengi",
	"Share on Mastodon",
	"Soapbox",
	"Sora",
	"Statuzer",
	"Subway Tooter|subwaytooter",
	"Tapestry",
	"TheDesk",
	"Tokodon",
	"toot - a Mastodon CLI client|toot",
	"Toot!",
	"Tootle",
	"tooot",
	"Trunks|trunks.social",
	"Tuba",
	"Tusker",
	"Tusky|tusky nightly|tusky test",
	"Twidere",
	"Web",
	"Whalebird",
	"Woolly",
	"Yuito",
	"Zapier",
)

func newApplications(lines ...string) set {
	s := newSet(append(lines, labelOther, labelUnknown)...)
	clear(s.index)
	for i, line := range lines {
		names := strings.Split(line, "|")
		s.labels[i] = names[0]
		for _, name := range names {
			s.index[strings.ToLower(name)] = i
		}
	}
	return s
}

// applicationOf is the index in applications of what a client calls itself.
func applicationOf(name []byte) int {
	name = bytes.TrimSpace(name)
	var small [64]byte
	switch {
	case len(name) == 0:
		return applications.unknown
	case len(name) > len(small):
		return applications.unknown - 1
	}
	key := small[:copy(small[:], name)]
	lower(key)
	if i, ok := applications.index[string(key)]; ok {
		return i
	}
	key, _, _ = bytes.Cut(key, []byte(" for "))
	if i, ok := applications.index[string(key)]; ok {
		return i
	}
	return applications.unknown - 1
}

// lower makes ASCII letters small.
func lower(b []byte) {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
}
