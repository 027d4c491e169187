package exporter

import (
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/mnm-social/mnm/exporter/directory"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/releases"
)

// configKey is a place in the file where a value stands. LoadFile reads by the table of them, and docs/configuration.md is
// made from it.
type configKey struct {
	path    string // from the top, with dots
	value   configValue
	meaning string // sentences
	example string // in YAML, other than the default
}

// configValue is what can stand at a key.
type configValue struct {
	kind    string                                         // its type, for people
	allowed string                                         // what is allowed, to follow "write"
	read    func(r *configReader, path string, n yamlNode) // into r.config, or r.problems
	show    func(c *Config) string                         // as it is written in a file
	items   bool                                           // a list of mappings, whose keys have the rows below its path
}

// maxWatched bounds the watch list: each name on it has the detailed families, which the page has room for (METRICS.md).
const maxWatched = 1000

// configKeys is the table. Sections need no row of their own.
func configKeys() []configKey {
	const hour, day = time.Hour, 24 * time.Hour
	return append([]configKey{
		{"contact", textValue(func(c *Config) *string { return &c.Contact }, "an e-mail address, a handle or a URL, in at most 200 characters of printable ASCII without parentheses", checkContact),
			"Who answers for this crawler. It stands in the User-Agent, so that admins know whom to ask. Needed for `directories.instances_social`, `directories.domains_file` and more than 50 `directories.domains`.",
			"ops@example.org"},
		{"watch", namesValue(func(c *Config) *[]domain.Name { return &c.Watch }, maxWatched),
			"Servers that you care for: shown in detail whatever their size, compared, alerted on, and visited even if no directory lists them.",
			"[mastodon.social, hachyderm.io]"},
		{"directories.joinmastodon", boolValue(func(c *Config) *bool { return &c.Directories.JoinMastodon }),
			"Whether to visit the servers that joinmastodon.org lists: those that asked to be listed.",
			"true"},
		{"directories.instances_social.token_file", secretValue(func(c *Config) *string { return &c.Directories.InstancesSocial.TokenFile }),
			"Visit the servers that instances.social lists, with the token that it gives to who asks for one. Needs `contact`.",
			"secrets/instances_social"},
		{"directories.domains", namesValue(func(c *Config) *[]domain.Name { return &c.Directories.Domains }, directory.MaxNames),
			"Servers to visit beside those of the directories. More than 50 need `contact`.",
			"[social.example.org, Nürnberg.social]"},
		{"directories.domains_file", domainsFileValue(func(c *Config) *string { return &c.Directories.DomainsFile }),
			"A file with more of them, which is read again when it changes: one name on a line, `#` begins a comment. Needs `contact`.",
			"domains.txt"},
		{"exclude", namesValue(func(c *Config) *[]domain.Name { return &c.Exclude }, directory.MaxNames),
			"Servers that are never visited nor shown, each with everything below it. Known junk is left out anyway.",
			"[example.net]"},
		{"instances.every", durationValue(func(c *Config) *time.Duration { return &c.Instances.Every }, hour, 6*hour),
			"How often a server is visited. What is asked once a day takes four visits a day.",
			"2h"},
		{"instances.stale_after", durationValue(func(c *Config) *time.Duration { return &c.Instances.StaleAfter }, 2*hour, 30*day),
			"How long the figures of a server are shown after its last good visit. At least twice `instances.every`.",
			"36h"},
		{"instances.forget_after", durationValue(func(c *Config) *time.Duration { return &c.Instances.ForgetAfter }, 7*day, 365*day),
			"How long a server that no directory names any more is kept after its last answer. Not less than `instances.stale_after`.",
			"60d"},
		{"instances.detailed", numberValue(func(c *Config) *int { return &c.Instances.Detailed }, 0, 10_000),
			"So many of the largest servers are shown in detail, beside the watched ones. With 1000 the page of the whole network stays below the 16 MiB that vmagent takes.",
			"500"},
		{"dns.resolvers", resolversValue(func(c *Config) *[]netip.AddrPort { return &c.Net.Resolvers }, 8),
			"Who is asked for names, one after the other until one answers. Without any, the system's resolvers.",
			`[9.9.9.9, "[2620:fe::fe]:53"]`},
		{"country.overrides", overridesValue(func(c *Config) *map[domain.Name]string { return &c.Country.Overrides }),
			"Countries of servers by your word, before any other rule.",
			"{mastodon.social: DE}"},
		{"country.mmdb", mmdbValue(func(c *Config) *string { return &c.Country.MMDB }),
			"A database of countries by address of your own, asked before ours: MaxMind's GeoLite2 or GeoIP2, DB-IP or IPinfo. It is read again when it changes.",
			"GeoLite2-Country.mmdb"},
		{"country.api", textValue(func(c *Config) *string { return &c.Country.API }, "an https URL on a public host with {ip} once in its path or query, such as https://freegeoip.example/json/{ip}", checkCountryAPI),
			"A service that tells the country of an address, FreeGeoIP or one that answers alike, asked before our data and after your database. The addresses of servers are told to it, at most one in two seconds.",
			"https://freegeoip.example/json/{ip}"},
		{"releases.every", durationValue(func(c *Config) *time.Duration { return &c.Releases.Every }, 5*time.Minute, day),
			"How often GitHub is asked for Mastodon's releases and security advisories. It takes 60 requests an hour from an address without a token.",
			"10m"},
		{"releases.repository", textValue(func(c *Config) *string { return &c.Releases.Repository }, "OWNER/NAME, such as mastodon/mastodon", releases.CheckRepository),
			"The repository whose releases are Mastodon's.",
			"glitch-soc/mastodon"},
		{"releases.token_file", secretValue(func(c *Config) *string { return &c.Releases.TokenFile }),
			"Ask GitHub with a token, which needs no rights at all: it takes 5,000 requests an hour then.",
			"secrets/github"},
	}, timelineKeys()...)
}

// checkContact says why admins could not be shown a contact, or not turn to it.
func checkContact(s string) error {
	switch {
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' || r == '(' || r == ')' }):
		return errors.New("this cannot stand in a User-Agent")
	case len(s) > 200:
		return errors.New("this is too long for a User-Agent")
	case s != "" && !strings.Contains(s, "@") && !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://"):
		return errors.New("nobody can turn to this")
	}
	return nil
}
