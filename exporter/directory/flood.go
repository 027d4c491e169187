package directory

import (
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/mnm-social/mnm/exporter/domain"
)

const (
	maxOfDomain = 100   // names of one registrable domain
	maxOfShared = 2_000 // of one that is shared by many operators
)

// shared are registrable domains of hosts that give each instance a name below their own. They are not on the list of
// public suffixes. Taken from the lists of 2023 to 2025 (every domain with ten names and more), and spacehost.one and
// wordpress.com, of which there are to be more.
var shared = map[string]bool{
	"channel.org": true, "fd-sns.com": true, "fedicity.net": true, "fedimeteo.com": true, "hostdon.ne.jp": true,
	"masto.host": true, "noblogs.org": true, "pikapod.net": true, "spacehost.one": true, "sutty.nl": true,
	"vivaldi.net": true, "wordpress.com": true, "xsns.jp": true,
}

// counter counts names by what they lie below.
type counter struct {
	known      map[domain.Name]bool
	registered map[string]int
	suffix     map[string]int
}

func count(known []domain.Name) counter {
	c := counter{make(map[domain.Name]bool, len(known)), map[string]int{}, map[string]int{}}
	for _, n := range known {
		c.known[n] = true
		c.add(parents(n))
	}
	return c
}

func (c counter) add(registered, suffix string) {
	c.registered[registered]++
	if suffix != "" {
		c.suffix[suffix]++
	}
}

// take reports whether there is room for a name, and counts it.
func (c counter) take(n domain.Name) bool {
	if c.known[n] {
		return true
	}
	registered, suffix := parents(n)
	room := maxOfDomain
	if shared[registered] {
		room = maxOfShared
	}
	if c.registered[registered] >= room || c.suffix[suffix] >= maxOfShared {
		return false
	}
	c.add(registered, suffix)
	return true
}

// parents are the registrable domain that a name lies below, and the suffix below which somebody lets others register
// (ynh.fr, duckdns.org), empty if the suffix is a registry's (com, co.uk).
func parents(n domain.Name) (registered, suffix string) {
	suffix, registry := publicsuffix.PublicSuffix(n.String())
	if registry || !strings.Contains(suffix, ".") {
		suffix = ""
	}
	return n.Registrable(), suffix
}
