package demo

import (
	"fmt"
	"strings"

	"github.com/mnm-social/mnm/exporter/domain"
)

// junkDomains are some of the domains below which public crawlers found nothing but junk, and which a visitor leaves out
// whatever a directory says: floods of names made to fill other servers' tables, and throw-away hosts.
var junkDomains = []string{"activitypub-troll.cf", "misskey-forkbomb.cf", "ngrok.io"}

// isJunk reports whether a name is one of those or lies below one.
func isJunk(n domain.Name) bool {
	for _, d := range junkDomains {
		if n.String() == d || strings.HasSuffix(n.String(), "."+d) {
			return true
		}
	}
	return false
}

// maxOfDomain is how many names below one registrable domain a visitor takes, those that it knows already included; of new
// ones the first in the directory's order. The World has none of the hosts that are known to be shared by many operators, of
// which more are taken.
const maxOfDomain = 100

// A flood of names below one domain that no list of junk knows yet. None of them resolves.
const (
	floodDomain = "endless-garden.xyz"
	floodNames  = 300
)

// phantom is the fate of a name that directories list and that never was a server.
type phantom struct{}

func (phantom) state(*World, int64) State {
	return State{
		Listed: true, Behaviour: NoName, Expiry: validTo,
		Users: Unknown, Statuses: Unknown, Connections: Unknown, ActiveMonth: Unknown,
	}
}

func (phantom) homes() []*place { return nil }

func (phantom) lives(int64) *Live { return &Live{authors: 1} }

func (phantom) tootRate(int64) int64 { return 0 }

// flood adds the names below floodDomain.
func (w *World) flood() {
	for i := range uint64(floodNames) {
		name, err := domain.Parse(fmt.Sprintf("%08x.%s", uint32(draw(aboutJunk, i)), floodDomain))
		if err != nil {
			panic(fmt.Sprintf("name of the flood: %v", err))
		}
		w.instances = append(w.instances, member{name: name, spelling: name.String(), fate: phantom{}})
	}
}

// junk is what lists of strangers have in them: addresses in all spellings, private names, bad names, names that are known to
// be junk, and spellings of names that are listed anyway.
func junk(w *World) []string {
	names := []string{
		"127.0.0.1", "[::1]", "10.0.0.7:8080", "169.254.169.254", "2130706433", "0x7f.1", "①②⑦.⓪.⓪.①", "localhost",
		"printer.local", "metadata.google.internal", "db.internal", "router.lan", "abcdefghijklmnop.onion", "host.test",
		"", " ", ".social", "a..social", "two words.social", "under_score.social", "user@oak-1.social", "oak-1.social/about",
		"javascript:alert(1)", "<b>bold</b>.social", "nul\x00.social", "xn--.social",
	}
	for i, d := range junkDomains {
		names = append(names, d, fmt.Sprintf("%d.%s", i, d), fmt.Sprintf("a%08x.%s", uint32(draw(aboutJunk, 1<<20, uint64(i))), d))
	}
	for i, spell := range []string{"https://%s/", "%s.", " %s ", "HTTPS://%s"} {
		if i < len(w.instances) {
			names = append(names, fmt.Sprintf(spell, w.instances[i].name))
		}
	}
	return names
}
