package exporter_test

import (
	"testing"
	"time"

	"github.com/mnm-social/mnm/demo"
)

// needed are the families whose totals must be in the Truth: a Truth that says nothing would prove nothing.
var needed = []string{
	`mastodon_network_instances{state="up"}`, `mastodon_network_instances{state="down"}`, `mastodon_network_instances{state="refused"}`,
	`mastodon_network_claimed_users`, `mastodon_network_claimed_statuses`, `mastodon_network_claimed_active_users`,
	`mastodon_country_instances{country="DE"}`, `mastodon_country_users{country="DE"}`, `mastodon_country_active_users{country="DE"}`,
	`mastodon_country_source_instances{source="tld"}`, `mastodon_country_source_instances{source="address"}`,
	`mastodon_country_unknown_instances{reason="cdn"}`,
	`mastodon_software_instances{software="mastodon"}`, `mastodon_software_users{software="misskey"}`,
	`mastodon_update_instances{update="behind"}`, `mastodon_registration_instances{policy="open"}`, `mastodon_ipv6_instances{ipv6="true"}`,
	`mastodon_directory_instances{directory="joinmastodon"}`,
}

// TestThreeHours steps the whole World by minutes; at each, every total that Prometheus has equals the Truth.
func TestThreeHours(t *testing.T) {
	w := demo.NewWorld(demo.Config{Seed: 1, Start: start})
	b := newBox(t, w)
	for minute := 0; minute <= 180; minute++ {
		at := start.Add(time.Duration(minute) * time.Minute)
		b.step(t, at)
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
	changes := b.store.Value(t, `count(mastodon_network_changes_total > 0)`, b.now())
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
			b.step(t, at)
			truth := b.Truth(at)
			b.compare(t, truth.Series(), at)
			b.compare(t, truth.Instances(), at)
		}
	}
	b.manners(t, w)
}
