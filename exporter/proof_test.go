package exporter_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mnm-social/mnm/demo"
	"github.com/mnm-social/mnm/exporter"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/internal/worldtest"
)

// needed are the families whose totals must be in the Truth: a Truth that says nothing would prove nothing.
var needed = []string{
	`mastodon_network_instances{state="up"}`, `mastodon_network_instances{state="down"}`, `mastodon_network_instances{state="refused"}`,
	`mastodon_network_claimed_users`, `mastodon_network_claimed_statuses`, `mastodon_network_claimed_active_users`,
	`mastodon_country_instances{country="DE"}`, `mastodon_country_users{country="DE"}`, `mastodon_country_active_users{country="DE"}`,
	`mastodon_country_source_instances{source="tld"}`, `mastodon_country_source_instances{source="address"}`,
	`mastodon_country_source_instances{source="region_tld"}`,
	`mastodon_country_unknown_instances{reason="cdn"}`,
	`mastodon_software_instances{software="mastodon"}`, `mastodon_software_users{software="misskey"}`,
	`mastodon_update_instances{update="behind"}`, `mastodon_registration_instances{policy="open"}`, `mastodon_ipv6_instances{ipv6="true"}`,
	`mastodon_directory_instances{directory="joinmastodon"}`,
}

// TestThreeHours steps half of the World by minutes; at each, every total that Prometheus has equals the Truth.
func TestThreeHours(t *testing.T) {
	t.Parallel()
	w := demo.NewWorld(demo.Config{Seed: 1, Start: start, Instances: 1000})
	b := newBox(t, w)
	for minute := 0; minute <= 180; minute++ {
		at := start.Add(time.Duration(minute) * time.Minute)
		b.Step(t, at)
		truth := b.Truth(at)
		b.compare(t, truth.Series(), at)
		if minute%30 == 0 {
			b.compare(t, truth.Instances(), at)
			for _, series := range needed {
				if minute == 0 && series == `mastodon_network_instances{state="down"}` {
					continue // no failure is confirmed yet
				}
				if _, ok := truth.Series()[series]; !ok {
					t.Errorf("%s after the start the Truth has no %s", at.Sub(start), series)
				}
			}
		}
	}
	changes := b.Store.Value(t, `count(mastodon_network_changes_total > 0)`, b.Now())
	if changes < 6 {
		t.Errorf("only %v kinds of change were seen in three hours", changes)
	}
	b.manners(t, w)
}

// TestDay steps a small World by hours, long enough for the daily questions and for figures to grow stale.
func TestDay(t *testing.T) {
	w := demo.NewWorld(demo.Config{Seed: 2, Start: start, Instances: 50})
	b := newBox(t, w)
	for hour := 0; hour <= 26; hour++ {
		// Failures are confirmed five minutes later.
		for _, minute := range []int{0, 6} {
			at := start.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
			b.Step(t, at)
			truth := b.Truth(at)
			b.compare(t, truth.Series(), at)
			b.compare(t, truth.Instances(), at)
			b.compare(t, readNow(truth), at)
		}
	}
	if grades := b.Store.Value(t, `count(mastodon_https_grade_instances{grade!="unknown"} > 0)`, b.Now()); grades < 5 {
		t.Errorf("only %v grades were given", grades)
	}
	b.manners(t, w)
}

// readNow is what the Truth says about the HTTPS of instances with fresh figures: of others only the watched are shown in detail.
func readNow(truth demo.Truth) map[string]float64 {
	fresh, all := map[string]bool{}, map[string]float64{}
	named := func(series string) string {
		_, rest, _ := strings.Cut(series, `domain="`)
		domain, _, _ := strings.Cut(rest, `"`)
		return domain
	}
	for series := range truth.Instances() {
		if strings.HasPrefix(series, "mastodon_instance_info{") {
			fresh[named(series)] = true
		}
	}
	for series, value := range truth.HTTPS() {
		if fresh[named(series)] {
			all[series] = value
		}
	}
	return all
}

// TestCertificates holds that each way to be badly secured is told apart, and that nothing is read over a connection that did not
// verify.
func TestCertificates(t *testing.T) {
	var specs []demo.Spec
	var watched []domain.Name
	for i, behaviour := range []demo.Behaviour{demo.Well, demo.CertExpired, demo.CertName, demo.CertSelfSigned, demo.CertUntrusted, demo.OldTLS} {
		users := int64(1000 + i)
		specs = append(specs, demo.Spec{Name: fmt.Sprintf("cert-%d.social", i), Users: &users, Behaviour: behaviour})
		watched = append(watched, name(t, specs[i].Name))
	}
	b := newBox(t, demo.WorldOf(specs, start), func(_ *worldtest.Box, c *exporter.Config) { c.Watch = watched })
	for minute := 0; minute <= 480; minute += 6 {
		b.Step(t, start.Add(time.Duration(minute)*time.Minute))
	}
	b.compare(t, b.Truth(b.Now()).HTTPS(), b.Now())
	for i, verdict := range []string{"ok", "expired", "wrong_name", "self_signed", "untrusted", "old_protocol"} {
		if b.Store.Value(t, fmt.Sprintf("count(mastodon_instance_certificate_info{domain=%q,verdict=%q}) or vector(0)", specs[i].Name, verdict), b.Now()) != 1 {
			t.Errorf("%s: %v, want %s", specs[i].Name, b.Store.Series(t, fmt.Sprintf("mastodon_instance_certificate_info{domain=%q}", specs[i].Name), b.Now()), verdict)
		}
	}
	if users := b.Store.Value(t, "mastodon_network_claimed_users", b.Now()); users != 1000 {
		t.Errorf("%v users were read, 1000 of them over connections that verified", users)
	}
	page := b.page(t, "/instance/cert-0.social")
	for _, want := range []string{"HTTPS by MDN", "strict-transport-security", "tls-protocol-1-3", "A&#43;, 130"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of an instance has no %q:\n%s", want, page)
		}
	}
	if page := b.page(t, "/instance/cert-1.social"); !strings.Contains(page, "expired") || strings.Contains(page, "Users") {
		t.Errorf("the page of one whose certificate has expired:\n%s", page)
	}
	if status, _ := b.Get(t, "/instance/nobody.social"); status != http.StatusNotFound {
		t.Errorf("the page of nobody answers %d", status)
	}
}

// TestEverybodyIsLookedAt holds that within a day the page of every instance has been looked at, whatever it runs and whatever
// robots.txt forbids beside it: so everybody has a grade, and who declines on that page is heard.
func TestEverybodyIsLookedAt(t *testing.T) {
	var specs []demo.Spec
	add := func(label, software string, behaviour demo.Behaviour) {
		users := int64(500)
		for i, tag := range []string{"", "noindex"} {
			specs = append(specs, demo.Spec{Name: fmt.Sprintf("%s-%d.social", label, i), Users: &users, Software: software, Behaviour: behaviour, RobotsTag: tag})
		}
	}
	for _, software := range []string{"mastodon", "lemmy", "misskey", "writefreely", "peertube"} {
		add(software, software, demo.Well)
	}
	add("no-api", "mastodon", demo.RobotsNoAPI)
	add("no-nodeinfo", "mastodon", demo.RobotsNoNodeInfo)
	b := newBox(t, demo.WorldOf(specs, start))
	for minute := 0; minute <= 26*60; minute += 30 {
		b.Step(t, start.Add(time.Duration(minute)*time.Minute))
	}
	half := float64(len(specs) / 2)
	if got := b.Store.Value(t, `mastodon_network_instances{state="refused"}`, b.Now()); got != half {
		t.Errorf("%v instances declined, want %v", got, half)
	}
	if got := b.Store.Value(t, `sum(mastodon_https_grade_instances{grade!="unknown"})`, b.Now()); got != half {
		t.Errorf("%v instances have a grade, want %v: %v", got, half, b.Store.Series(t, "mastodon_instance_https_score", b.Now()))
	}
	b.compare(t, b.Truth(b.Now()).HTTPS(), b.Now())
}

// TestAPageTakesNobodyDown holds that a server whose page at / breaks off is up all the same: its answers say so.
func TestAPageTakesNobodyDown(t *testing.T) {
	users := int64(500)
	b := newBox(t, demo.WorldOf([]demo.Spec{{Name: "no-page.social", Users: &users, Behaviour: demo.NoPage}}, start))
	for minute := 0; minute <= 54*60; minute += 6 {
		b.Step(t, start.Add(time.Duration(minute)*time.Minute))
		if up := b.Store.Value(t, `sum(mastodon_instance_up) + sum(mastodon_network_claimed_users)`, b.Now()); up != 501 {
			t.Fatalf("%d minutes after the start up and users are %v, want 501", minute, up)
		}
	}
	if asked := b.Requests().ByKind["https"]; asked < 2 || asked > 4 {
		t.Errorf("its page was asked for %d times in 54 hours", asked)
	}
}
