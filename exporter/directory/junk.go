package directory

import (
	"strings"

	"github.com/mnm-social/mnm/exporter/domain"
)

// junk are domains below which crawlers found names that are no instances, and more of them than could be visited. Drawn
// together from the exclusion lists of several public crawlers and server configurations of 2022 to 2025 (the crawlers of
// fediverse.space and vmstan.com, two more in C++, two in Python). They also leave out "local", which is no public name
// here to begin with.
var junk = map[string]bool{
	// Floods of subdomains, made to fill other servers' tables of peers (December 2022), and names made up as spam.
	"activitypub-troll.cf": true, "misskey-forkbomb.cf": true, "repl.co": true, "gab.best": true, "4chan.icu": true,
	// Tunnels and throw-away hosts: a name is another machine tomorrow.
	"elestio.app": true, "github.dev": true, "gitpod.io": true, "herokuapp.com": true, "ignorelist.com": true,
	"lhr.life": true, "lhrtunnel.link": true, "ngrok-free.app": true, "ngrok.app": true, "ngrok.dev": true,
	"ngrok.io": true, "serveo.net": true,
	// Proxies: the same servers once more, under other names.
	"activitypub-proxy.cf": true, "cf-ipfs.com": true,
	// Hosts that measure, test or mean harm.
	"bka.li": true, "cispa.saarland": true, "eeeeeeeee.eu": true, "kromonos.net": true, "mastodong.lol": true,
	"nope.rodeo": true, "pleroma.online": true,
}

// Filter says which of the names in other people's lists are left out: known junk, and what the operator excludes. The
// zero Filter leaves out the junk.
//
// A name that the operator wrote down (watched, in the configuration or in a file of domains) is no junk, whatever it
// is: ask Excludes about it, not Keep.
type Filter struct{ exclude map[string]bool }

// NewFilter excludes each of the names and everything below it: "example.org" is also a.example.org, and is not
// notexample.org.
func NewFilter(exclude []domain.Name) Filter {
	f := Filter{make(map[string]bool, len(exclude))}
	for _, n := range exclude {
		f.exclude[n.String()] = true
	}
	return f
}

// Keep reports whether a name that a directory lists is neither junk nor excluded.
func (f Filter) Keep(n domain.Name) bool { return !f.Excludes(n) && !under(junk, n) }

// Excludes reports whether the operator excludes a name.
func (f Filter) Excludes(n domain.Name) bool { return under(f.exclude, n) }

// under reports whether set has the name or one that it lies below.
func under(set map[string]bool, n domain.Name) bool {
	for s, more := n.String(), true; more; _, s, more = strings.Cut(s, ".") {
		if set[s] {
			return true
		}
	}
	return false
}

// Left counts the names of a listing that were left out, each under the first reason that fits.
type Left struct {
	Excluded int // by the operator
	Junk     int // known to be none
	Flood    int // one domain too many below the same; see Apply
}

// Apply returns a listing without what the filter leaves out, and without floods of subdomains.
//
// Against those, of one registrable domain at most 100 names are taken, and at most 2,000 of a domain that is known to
// host instances under its own name, or that customers share by the list of public suffixes. The names that the
// program knows already count, whether listed or not: neither one big list nor a new one every hour can add more. What
// is known already is kept; of what is new the first in the list's order are taken. So a flood crowds out nobody but
// names of its own domain.
//
// In the lists of 2023 to 2025 that are in testdata (parts of whole ones) no domain but such hosts had more than 8.
func (f Filter) Apply(l Listing, known []domain.Name) (Listing, Left) {
	out := Listing{Names: make([]domain.Name, 0, len(l.Names)), Refused: l.Refused}
	var left Left
	c := count(known)
	for _, n := range l.Names {
		switch {
		case f.Excludes(n):
			left.Excluded++
		case under(junk, n):
			left.Junk++
		case !c.take(n):
			left.Flood++
		default:
			out.Names = append(out.Names, n)
		}
	}
	return out, left
}
