package exporter_test

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mnm-social/mnm/demo"
	"github.com/mnm-social/mnm/exporter"
	"github.com/mnm-social/mnm/internal/worldtest"
)

// realList is the public list of instances of 2022-11-20, as instances.social published it, without its prose.
func realList(t *testing.T) []demo.Spec {
	t.Helper()
	f, err := os.Open("testdata/instances.social-2022-11-20.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		Name               string
		Up                 bool
		IPv6               *bool
		OpenRegistrations  *bool
		Users, Connections *int64
		Statuses           *string
	}
	if err := json.NewDecoder(z).Decode(&list); err != nil {
		t.Fatal(err)
	}
	specs := make([]demo.Spec, 0, len(list))
	for _, l := range list {
		s := demo.Spec{Name: l.Name, Users: l.Users, Connections: l.Connections, Open: l.OpenRegistrations, IPv6: l.IPv6 != nil && *l.IPv6}
		if l.Statuses != nil {
			n, err := strconv.ParseInt(*l.Statuses, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			s.Statuses = &n
		}
		if !l.Up {
			s.Behaviour = demo.Refusing
		}
		specs = append(specs, s)
	}
	return specs
}

// TestRealList crawls the network as it was listed on 2022-11-20. Of 1,827 entries three are no domains and two pairs of
// spellings are one instance each. The expected figures were counted on the list by other means. The names come as an
// operator's file: five of them lie below domains that are known for junk, and from strangers' lists would be left out.
func TestRealList(t *testing.T) {
	specs := realList(t)
	if len(specs) != 1827 {
		t.Fatalf("the list has %d entries", len(specs))
	}
	var names strings.Builder
	for i := range specs {
		specs[i].Unlisted = true
		names.WriteString(specs[i].Name + "\n")
	}
	file := filepath.Join(t.TempDir(), "domains.txt")
	if err := os.WriteFile(file, []byte(names.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	b := newBox(t, demo.WorldOf(specs, start), func(_ *worldtest.Box, c *exporter.Config) {
		c.Directories.JoinMastodon, c.Directories.DomainsFile = false, file
	})
	b.Step(t, start)
	at := start.Add(6 * time.Minute)
	b.Step(t, at)
	for expr, want := range map[string]float64{
		`sum(mastodon_network_instances)`:                                1822,
		`mastodon_network_instances{state="up"}`:                         1652,
		`mastodon_network_instances{state="down"}`:                       170,
		`mastodon_network_claimed_users`:                                 4_651_439,
		`sum(mastodon_instance_users)`:                                   4_651_439,
		`count(mastodon_instance_up == 1)`:                               1652,
		`mastodon_directory_instances{directory="domains_file"}`:         1822,
		`mnm_exporter_names_refused_total{directory="domains_file"}`:     3,
		`mnm_exporter_first_round_ratio`:                                 1,
		`mnm_exporter_visits_total`:                                      1822 + 170,
		`mnm_exporter_visit_failures_total{reason="connection"}`:         2 * 170,
		`sum(mastodon_network_changes_total)`:                            0,
		`mastodon_instance_users{domain="equestria.social"}`:             1801,
		`mastodon_instance_users{domain="xn--69aa8bzb.xn--y9a3aq"}`:      336,
		`max(mastodon_instance_users)`:                                   877_049,
		`mnm_exporter_online`:                                            1,
		`mastodon_software_instances{software="mastodon"}`:               1652,
		`count(mastodon_instance_users)`:                                 1629,
		`sum(mastodon_country_instances) - sum(mastodon_ipv6_instances)`: 0,
	} {
		t.Run(expr, func(t *testing.T) {
			if got := b.Store.Value(t, expr, at); got != want {
				t.Errorf("%s is %v, want %v", expr, got, want)
			}
		})
	}
}
