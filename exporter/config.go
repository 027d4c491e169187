package exporter

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/outbound"
)

// Config is all that an Exporter does differently from another. It is made whole, validated once and then left as it is.
type Config struct {
	Contact     string // who answers for this crawler: an address or a URL that admins can turn to
	Directories Directories

	Instances Instances
	Releases  Releases

	Demo bool             // the network is an invented one, and everybody is told so
	Net  outbound.Net     // the zero value is the real network
	Now  func() time.Time // nil: time.Now
	Hour time.Duration    // of the request budget; the demo's World lives faster, so its hours are shorter

	Publish time.Duration // least time between two Views
	// Truth is what the demo's World says the totals must be at a time, by series; nil where nobody can know.
	Truth func(time.Time) map[string]float64
}

// Directories are the sources of names.
type Directories struct {
	JoinMastodon bool
	Domains      []domain.Name
	Every        time.Duration // how often a directory is asked
}

// Instances are the times of visits.
type Instances struct {
	Every        time.Duration // from one visit to the next
	ConfirmAfter time.Duration // from a failure to its confirmation
	StaleAfter   time.Duration // how long figures are shown after the last good visit
	Daily        time.Duration // from one daily question to the next
	Detailed     int           // so many of the largest are shown in detail
}

// Releases is where Mastodon's releases are looked up.
type Releases struct {
	Every      time.Duration
	Repository string // OWNER/NAME on GitHub
}

// unasked is how many domains may be listed without a contact: so few are the operator's own or their friends'.
const unasked = 50

// DefaultConfig is the configuration of a program that was told nothing: the real network, from joinmastodon's list.
func DefaultConfig() Config {
	return Config{
		Directories: Directories{JoinMastodon: true, Every: time.Hour},
		Instances: Instances{
			Every: time.Hour, ConfirmAfter: 5 * time.Minute, StaleAfter: 24 * time.Hour, Daily: 24 * time.Hour, Detailed: 1000,
		},
		Releases: Releases{Every: 5 * time.Minute, Repository: "mastodon/mastodon"},
		Hour:     time.Hour,
		Publish:  15 * time.Second,
	}
}

// DemoConfig is that of the fediverse in a box, whose World lives speed times faster than we do: every time is divided by it.
func DemoConfig(net outbound.Net, speed time.Duration) Config {
	c := DefaultConfig()
	c.Demo, c.Net, c.Contact = true, net, "the demo visits nobody"
	for _, d := range []*time.Duration{
		&c.Directories.Every, &c.Instances.Every, &c.Instances.ConfirmAfter, &c.Instances.StaleAfter, &c.Instances.Daily,
		&c.Releases.Every, &c.Hour,
	} {
		*d /= speed
	}
	c.Publish = time.Second
	return c
}

// file is the YAML file, as an operator writes it.
type file struct {
	Contact     yaml.Node `yaml:"contact"`
	Directories struct {
		JoinMastodon bool        `yaml:"joinmastodon"`
		Domains      []yaml.Node `yaml:"domains"`
	} `yaml:"directories"`
}

// LoadFile reads a configuration file over the defaults.
// Its errors name the file, the line where there is one, and what to do.
func LoadFile(name string) (Config, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return Config{}, fmt.Errorf("reading the configuration: %w", err)
	}
	c, err := parse(text)
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

func parse(text []byte) (Config, error) {
	c := DefaultConfig()
	var f file
	f.Directories.JoinMastodon = c.Directories.JoinMastodon
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return Config{}, clear(err)
	}
	if node := f.Contact; node.Kind > yaml.ScalarNode || strings.ContainsFunc(node.Value, func(r rune) bool { return r < ' ' || r > '~' || r == '(' || r == ')' }) {
		return Config{}, fmt.Errorf("line %d, column %d: contact: only printable ASCII without parentheses can stand in a User-Agent; write an e-mail address or a URL", node.Line, node.Column)
	}
	c.Contact, c.Directories.JoinMastodon = f.Contact.Value, f.Directories.JoinMastodon
	first := map[domain.Name]int{}
	for _, node := range f.Directories.Domains {
		n, err := domain.Parse(node.Value)
		if err != nil {
			return Config{}, fmt.Errorf("line %d, column %d: directories.domains: %w; write a name such as mastodon.social", node.Line, node.Column, err)
		}
		if line, ok := first[n]; ok {
			return Config{}, fmt.Errorf("line %d, column %d: directories.domains: %s stands in line %d already; remove one", node.Line, node.Column, n, line)
		}
		first[n] = node.Line
		c.Directories.Domains = append(c.Directories.Domains, n)
	}
	return c, c.validate()
}

// clear turns a YAML error into one that says what is allowed.
func clear(err error) error {
	text := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "yaml: "), "unmarshal errors:\n  ")
	if field, _, ok := strings.Cut(text, " not found in type"); ok {
		return errors.New(field + " is not known; known are contact, directories.joinmastodon and directories.domains")
	}
	if value, _, ok := strings.Cut(text, " into bool"); ok {
		return errors.New(strings.Replace(value, "cannot unmarshal !!str ", "", 1) + " is neither true nor false")
	}
	return errors.New(text + "; the file is not the YAML that is expected")
}

func (c *Config) validate() error {
	switch {
	case c.Contact == "" && len(c.Directories.Domains) > unasked:
		return fmt.Errorf("directories.domains has %d names: more than %d need a contact, so that their admins know whom to ask; set contact", len(c.Directories.Domains), unasked)
	case !c.Directories.JoinMastodon && len(c.Directories.Domains) == 0:
		return errors.New("directories: nothing to visit; set directories.joinmastodon or name some directories.domains")
	}
	return nil
}
