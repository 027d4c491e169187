package exporter_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mnm-social/mnm/demo"
	"github.com/mnm-social/mnm/exporter"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/internal/worldtest"
)

func figure(n int64) *int64 { return &n }

// TestBadServers gives a healthy network one server of each bad behaviour. Each is counted under a clear reason, and nothing
// else suffers.
func TestBadServers(t *testing.T) {
	for behaviour, reason := range map[demo.Behaviour]string{
		demo.NoName: "no_address", demo.Refusing: "connection", demo.BadGateway: "status_5xx", demo.Unavailable: "status_5xx",
		demo.CertExpired: "cert_expired", demo.CertName: "cert_name", demo.RobotsError: "status_5xx", demo.Gone: "gone",
		demo.Blocked: "denied", demo.RateLimited: "rate_limit", demo.Challenge: "challenge", demo.RobotsNo: "robots",
		demo.RobotsDeny: "robots", demo.Legal: "legal", demo.Hang: "timeout", demo.HangHandshake: "timeout", demo.Drip: "timeout",
		demo.Gigabyte: "too_big", demo.Bomb: "too_big", demo.HTML: "html", demo.Empty: "empty", demo.Half: "not_json",
		demo.RedirectLoop: "redirect", demo.RedirectPrivate: "redirect", demo.PrivateAddress: "address",
	} {
		t.Run(string(behaviour), func(t *testing.T) {
			t.Parallel()
			b := newBox(t, demo.WorldOf([]demo.Spec{
				{Name: "oak.social", Users: figure(100), Statuses: figure(1000)},
				{Name: "bad.social", Users: figure(7), Behaviour: behaviour},
				{Name: "elm.social", Users: figure(20)},
			}, start))
			b.Step(t, start)
			if got := b.Store.Value(t, fmt.Sprintf(`mnm_exporter_visit_failures_total{reason="%s"}`, reason), start); got != 1 {
				t.Errorf("visits that failed for %q: %v, want 1; all: %v", reason, got, b.Store.Series(t, `mnm_exporter_visit_failures_total > 0`, start))
			}
			if got := b.Store.Value(t, `mastodon_network_claimed_users`, start); got != 120 {
				t.Errorf("users %v, want 120", got)
			}
			if got := b.Store.Value(t, `mastodon_network_instances{state="up"}`, start); got != 2 {
				t.Errorf("instances up %v, want 2", got)
			}
		})
	}
}

// TestAbsurdNumbers holds that an absurd figure is unknown and counted, and costs neither the others nor the page.
func TestAbsurdNumbers(t *testing.T) {
	for behaviour, row := range map[demo.Behaviour]struct{ users, refused float64 }{
		demo.Negative: {100, 1}, demo.Absurd: {100, 1}, demo.Text: {107, 0},
	} {
		t.Run(string(behaviour), func(t *testing.T) {
			b := newBox(t, demo.WorldOf([]demo.Spec{
				{Name: "oak.social", Users: figure(100)}, {Name: "bad.social", Users: figure(7), Behaviour: behaviour},
			}, start))
			b.Step(t, start)
			if got := b.Store.Value(t, `mastodon_network_claimed_users`, start); got != row.users {
				t.Errorf("users %v, want %v", got, row.users)
			}
			refused := b.Store.Value(t, `mnm_exporter_figures_refused_total`, start)
			if (refused > 0) != (row.refused > 0) {
				t.Errorf("%v figures refused", refused)
			}
		})
	}
}

// TestNothingKnownIsLost holds that a visit that fails takes no figure away before its time.
func TestNothingKnownIsLost(t *testing.T) {
	for _, behaviour := range []demo.Behaviour{demo.Refusing, demo.HTML, demo.Half, demo.BadGateway, demo.Blocked, demo.Gigabyte} {
		t.Run(string(behaviour), func(t *testing.T) {
			t.Parallel()
			b := newBox(t, demo.WorldOf([]demo.Spec{
				{Name: "oak.social", Users: figure(100)},
				{Name: "bad.social", Users: figure(7), Turns: time.Hour, Then: &demo.Spec{Users: figure(8), Behaviour: behaviour}},
			}, start))
			b.Step(t, start)
			for _, minute := range []int{120, 130, 180, 24 * 60} { // the last visit before it turned was the first one
				at := start.Add(time.Duration(minute)*time.Minute - time.Second)
				b.Step(t, at)
				if got := b.Store.Value(t, `mastodon_network_claimed_users`, at); got != 107 {
					t.Fatalf("after %d minutes users are %v, want 107", minute, got)
				}
			}
			at := start.Add(24 * time.Hour)
			b.Step(t, at)
			if got := b.Store.Value(t, `mastodon_network_claimed_users`, at); got != 100 {
				t.Fatalf("after a day users are %v, want 100", got)
			}
		})
	}
}

// TestBadDirectory holds that a directory which is down, lies or names private addresses is counted and asked again, and
// that what was known of the network stays.
func TestBadDirectory(t *testing.T) {
	for behaviour, reason := range map[demo.Behaviour]string{
		demo.BadGateway: "status", demo.HTML: "shape", demo.Half: "shape", demo.Empty: "shape", demo.Gigabyte: "too_big",
		demo.RedirectPrivate: "redirect", demo.RateLimited: "status",
	} {
		t.Run(string(behaviour), func(t *testing.T) {
			t.Parallel()
			w := demo.WorldOf([]demo.Spec{{Name: "oak.social", Users: figure(100), Unlisted: true}}, start)
			w.Directory = behaviour
			b := newBox(t, w, func(_ *worldtest.Box, c *exporter.Config) {
				n, err := domain.Parse("oak.social")
				if err != nil {
					t.Fatal(err)
				}
				c.Directories.Domains = []domain.Name{n}
			})
			b.Step(t, start)
			if got := b.Store.Value(t, fmt.Sprintf(`mastodon_directory_failures_total{directory="joinmastodon",reason="%s"}`, reason), start); got != 1 {
				t.Errorf("failures for %q: %v", reason, b.Store.Series(t, `mastodon_directory_failures_total`, start))
			}
			if got := b.Store.Value(t, `mastodon_network_claimed_users`, start); got != 100 {
				t.Errorf("users %v, want 100", got)
			}
		})
	}
}

// TestJunkInTheDirectory holds that names that must not be visited are not, and that the others are.
func TestJunkInTheDirectory(t *testing.T) {
	t.Parallel()
	w := demo.NewWorld(demo.Config{Seed: 3, Start: start, Instances: 60, Hostile: true})
	if len(w.Junk) < 20 {
		t.Fatalf("the World has only %d junk names", len(w.Junk))
	}
	b := newBox(t, w)
	b.Step(t, start)
	if got := b.Store.Value(t, `mnm_exporter_names_refused_total{directory="joinmastodon"}`, start); got < 20 {
		t.Errorf("%v names refused", got)
	}
	if got, want := b.Store.Value(t, `mastodon_directory_instances`, start), b.Truth(start).Series()[`mastodon_directory_instances{directory="joinmastodon"}`]; got != want {
		t.Errorf("the directory lists %v, want %v", got, want)
	}
	if up := b.Store.Value(t, `mastodon_network_instances{state="up"}`, start); up < 20 {
		t.Errorf("only %v instances are up", up)
	}
}

// TestGitHubLimit holds that a rate limit is counted, shown and waited for, and that what was known stays.
func TestGitHubLimit(t *testing.T) {
	w := demo.WorldOf([]demo.Spec{{Name: "oak.social", Users: figure(100)}}, start)
	b := newBox(t, w)
	b.Step(t, start)
	known := b.Store.Value(t, `count(mastodon_release_info)`, start)
	if known < 10 {
		t.Fatalf("%v releases known", known)
	}
	limit := b.Store.Value(t, `mnm_exporter_github_rate_limit`, start)
	if limit != 60 {
		t.Fatalf("GitHub's limit is %v, want 60", limit)
	}
	// Somebody else at this address uses GitHub up.
	b.ExhaustGitHub(t)
	at := start.Add(6 * time.Minute)
	b.Step(t, at)
	if got := b.Store.Value(t, `mnm_exporter_release_failures_total{reason="rate_limit"}`, at); got != 1 {
		t.Errorf("failures %v", b.Store.Series(t, `mnm_exporter_release_failures_total`, at))
	}
	if got := b.Store.Value(t, `count(mastodon_release_info)`, at); got != known {
		t.Errorf("%v releases known, want %v", got, known)
	}
	at = start.Add(70 * time.Minute)
	b.Step(t, at)
	if got := b.Store.Value(t, `mnm_exporter_release_failures_total{reason="rate_limit"}`, at); got != 1 {
		t.Errorf("asked again before the limit was over: %v failures", got)
	}
}

// TestOffline holds that without a network nobody is down, the log and the page say what to do, and it goes on trying.
func TestOffline(t *testing.T) {
	w := demo.WorldOf([]demo.Spec{{Name: "oak.social", Users: figure(100)}}, start)
	w.Directory, w.GitHub = demo.Refusing, demo.Refusing
	b := newBox(t, w, func(_ *worldtest.Box, c *exporter.Config) { c.Net.Resolvers = unreachable(t) })
	for minute := range 30 {
		b.Step(t, start.Add(time.Duration(minute)*time.Minute))
	}
	now := b.Now()
	for expr, want := range map[string]float64{
		`mnm_exporter_online`:                      0,
		`mastodon_network_instances{state="down"}`: 0,
		`mnm_exporter_demo`:                        0,
		`mnm_exporter_first_round_ratio`:           0,
		`mastodon_directory_failures_total{directory="joinmastodon",reason="dns"}`: 6, // every five minutes
	} {
		if got := b.Store.Value(t, expr, now); got != want {
			t.Errorf("%s is %v, want %v", expr, got, want)
		}
	}
	if status, _ := b.Get(t, "/-/ready"); status != 503 {
		t.Errorf("/-/ready answers %d, want 503", status)
	}
	if status, _ := b.Get(t, "/-/healthy"); status != 200 {
		t.Errorf("/-/healthy answers %d, want 200", status)
	}
	if _, body := b.Get(t, "/"); !strings.Contains(string(body), "no internet") || !strings.Contains(string(body), "--demo") {
		t.Errorf("the page does not say what to do:\n%s", body)
	}
}

// TestOwnOutage holds that nobody goes down while our own network is, and that all goes on afterwards.
func TestOwnOutage(t *testing.T) {
	var specs []demo.Spec
	for i := range 40 {
		specs = append(specs, demo.Spec{Name: fmt.Sprintf("oak-%d.social", i), Users: figure(10)})
	}
	b := newBox(t, demo.WorldOf(specs, start))
	b.Step(t, start)
	b.Cut.Store(true)
	for minute := 1; minute <= 180; minute++ {
		b.Step(t, start.Add(time.Duration(minute)*time.Minute))
	}
	now := b.Now()
	if up := b.Store.Value(t, `mastodon_network_instances{state="up"}`, now); up != 40 {
		t.Errorf("%v instances are up, want 40: the outage is ours", up)
	}
	if online := b.Store.Value(t, `mnm_exporter_online`, now); online != 0 {
		t.Errorf("online is %v, want 0", online)
	}
	b.Cut.Store(false)
	for minute := 181; minute <= 190; minute++ {
		b.Step(t, start.Add(time.Duration(minute)*time.Minute))
	}
	now = b.Now()
	for expr, want := range map[string]float64{
		`mnm_exporter_online`: 1, `mastodon_network_instances{state="up"}`: 40, `sum(mastodon_network_changes_total)`: 0,
		`mastodon_network_claimed_users`: 400,
	} {
		if got := b.Store.Value(t, expr, now); got != want {
			t.Errorf("%s is %v, want %v", expr, got, want)
		}
	}
}

// TestShortOutage holds that nobody goes down in the minutes of an outage of ours in which most of the latest visits are still from
// before it.
func TestShortOutage(t *testing.T) {
	var specs []demo.Spec
	for i := range 30 {
		specs = append(specs, demo.Spec{Name: fmt.Sprintf("oak-%d.social", i), Users: figure(10)})
	}
	b := newBox(t, demo.WorldOf(specs, start))
	for minute := 0; minute <= 300; minute++ {
		b.Cut.Store(minute >= 240 && minute < 260)
		b.Step(t, start.Add(time.Duration(minute)*time.Minute))
	}
	b.want(t, map[string]float64{
		`mnm_exporter_online`: 1, `mastodon_network_instances{state="up"}`: 30, `sum(mastodon_network_changes_total)`: 0,
	})
}
