package exporter_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mnm-social/mnm/demo"
	"github.com/mnm-social/mnm/exporter"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/state"
	"github.com/mnm-social/mnm/internal/worldtest"
)

func name(t *testing.T, s string) domain.Name {
	t.Helper()
	n, err := domain.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// want asks Prometheus for each expression.
func (b *box) want(t *testing.T, values map[string]float64) {
	t.Helper()
	for _, expr := range slices.Sorted(maps.Keys(values)) {
		if got := b.Store.Value(t, expr, b.Now()); got != values[expr] {
			t.Errorf("%s after the start, %s is %v, want %v", b.Now().Sub(start), expr, got, values[expr])
		}
	}
}

// TestWatch holds that a watched instance is visited though nobody lists it, and has the detailed families whatever its size.
func TestWatch(t *testing.T) {
	b := newBox(t, demo.WorldOf([]demo.Spec{
		{Name: "large.social", Users: figure(1000), Statuses: figure(5)},
		{Name: "small.social", Users: figure(10), Statuses: figure(5)},
		{Name: "mine.social", Users: figure(1), Statuses: figure(42), ActiveMonth: figure(1), Unlisted: true},
		{Name: "broken.social", Unlisted: true, Behaviour: demo.BadGateway},
	}, start), func(_ *worldtest.Box, c *exporter.Config) {
		c.Instances.Detailed = 1
		c.Watch = []domain.Name{name(t, "mine.social"), name(t, "broken.social")}
	})
	b.Step(t, start)
	b.want(t, map[string]float64{
		`count(mastodon_instance_watched)`:                                                            2,
		`mastodon_instance_failure_info{domain="broken.social",reason="status_5xx"}`:                  1,
		`count(mastodon_instance_up)`:                                                                 3, // broken.social is neither up nor down yet
		`mastodon_instance_watched{domain="mine.social"}`:                                             1,
		`count(mastodon_instance_last_success_timestamp_seconds)`:                                     2, // the largest, and the watched one
		`mastodon_instance_last_success_timestamp_seconds{domain="mine.social"}`:                      float64(start.Unix()),
		`mastodon_instance_statuses{domain="mine.social"}`:                                            42, // of one person, who watches it
		`mastodon_directory_instances{directory="joinmastodon"}`:                                      2,
		`count(mastodon_instance_last_success_timestamp_seconds{domain="small.social"}) or vector(0)`: 0,
	})
	b.Step(t, start.Add(6*time.Minute))
	b.want(t, map[string]float64{
		`mastodon_instance_watched{domain="broken.social"}`:                          1,
		`mastodon_instance_up{domain="broken.social"}`:                               0,
		`mastodon_instance_failure_info{domain="broken.social",reason="status_5xx"}`: 1,
	})
}

// TestSmallServers holds that what a server of fewer than five users does is shown in the sums, and not by name.
func TestSmallServers(t *testing.T) {
	week := demo.Week{Statuses: 9, Logins: 2, Registrations: 1}
	b := newBox(t, demo.WorldOf([]demo.Spec{
		{Name: "four.social", Users: figure(4), Statuses: figure(100), ActiveMonth: figure(3), Week: week},
		{Name: "five.social", Users: figure(5), Statuses: figure(1000), ActiveMonth: figure(4), Week: week},
	}, start))
	b.Step(t, start)
	for _, hours := range []int{2, 3} {
		b.Step(t, start.Add(time.Duration(hours)*time.Hour))
	}
	b.want(t, map[string]float64{
		`mastodon_network_claimed_statuses`:     1100,
		`mastodon_network_claimed_active_users`: 7,
		`count(mastodon_instance_users)`:        2,
	})
	for _, family := range []string{"statuses", "active_users", "last_week_statuses", "last_week_logins", "last_week_registrations"} {
		for domain := range b.Store.Series(t, "mastodon_instance_"+family, b.Now()) {
			if strings.Contains(domain, "four.social") {
				t.Errorf("%s is shown", domain)
			}
		}
		if got := b.Store.Value(t, "count(mastodon_instance_"+family+")", b.Now()); got != 1 {
			t.Errorf("%s has %v series, want that of five.social", family, got)
		}
	}
}

// TestExclude holds that who is excluded is never visited, leaves nothing by name, and is counted.
func TestExclude(t *testing.T) {
	w := demo.WorldOf([]demo.Spec{
		{Name: "oak.social", Users: figure(100)}, {Name: "bad.social", Users: figure(7)}, {Name: "a.bad.social", Users: figure(7)},
	}, start)
	b := newBox(t, w, func(_ *worldtest.Box, c *exporter.Config) { c.Exclude = []domain.Name{name(t, "bad.social")} })
	b.Step(t, start)
	b.Step(t, start.Add(2*time.Hour))
	b.want(t, map[string]float64{
		`mastodon_network_instances{state="refused"}`: 2, `mastodon_network_claimed_users`: 100, `count(mastodon_instance_up)`: 1,
		`mnm_exporter_first_round_ratio`: 1,
	})
	if times := b.Times("bad.social"); len(times) != 0 {
		t.Errorf("bad.social was visited at %v", times)
	}
}

// TestReload holds that a good file is applied to what is running, and a bad one changes nothing.
func TestReload(t *testing.T) {
	w := demo.WorldOf([]demo.Spec{
		{Name: "oak.social", Users: figure(100)}, {Name: "elm.social", Users: figure(20), Unlisted: true}, {Name: "fir.social", Users: figure(3), Unlisted: true},
	}, start)
	b := newBox(t, w)
	file := filepath.Join(t.TempDir(), "mnm.yml")
	reload := func(text string) error {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return b.Reload(func() (exporter.Config, error) { return exporter.LoadFile(file) })
	}
	b.Step(t, start)
	b.want(t, map[string]float64{`mastodon_network_claimed_users`: 100, `mnm_exporter_config_last_reload_successful`: 1})

	if err := reload("watch: [elm.social]\ndirectories: {domains: [fir.social]}\nexclude: []\n"); err != nil {
		t.Fatal(err)
	}
	b.Step(t, start.Add(time.Minute))
	b.want(t, map[string]float64{
		`mastodon_network_claimed_users`: 123, `mastodon_instance_watched{domain="elm.social"}`: 1,
		`mnm_exporter_config_last_reload_successful`:                      1,
		`mnm_exporter_config_last_reload_success_timestamp_seconds`:       float64(start.Unix()),
		`mastodon_directory_instances{directory="domains"}`:               1,
		`count(mastodon_instance_change_timestamp_seconds{change="new"})`: 1, // a directory's first list is no news
	})
	if err := reload("watch: [elm.social]\nnonsense: 1\n"); err == nil || !strings.Contains(err.Error(), file) {
		t.Fatalf("a bad file was taken: %v", err)
	}
	b.Step(t, start.Add(2*time.Minute))
	b.want(t, map[string]float64{
		`mastodon_network_claimed_users`: 123, `mastodon_instance_watched{domain="elm.social"}`: 1,
		`mnm_exporter_config_last_reload_successful`:                0,
		`mnm_exporter_config_last_reload_success_timestamp_seconds`: float64(start.Unix()),
	})
	if err := reload("exclude: [oak.social]\n"); err != nil {
		t.Fatal(err)
	}
	b.Step(t, start.Add(3*time.Minute))
	b.want(t, map[string]float64{`mastodon_network_claimed_users`: 23, `mastodon_network_instances{state="refused"}`: 1, `mnm_exporter_config_last_reload_successful`: 1})
	if err := reload("directories: {joinmastodon: true}\n"); err != nil {
		t.Fatal(err)
	}
	b.Step(t, start.Add(3*time.Hour)) // its next visit is due an hour after the last one, not before
	b.want(t, map[string]float64{`mastodon_network_claimed_users`: 123, `mastodon_network_instances{state="refused"}`: 0})
	if err := b.Reload(exporter.NoFile); err == nil {
		t.Error("a program without a file reloads")
	}
	b.manners(t, w)
}

// TestDomainsFile holds that a file of domains is read again when it changes.
func TestDomainsFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "domains.txt")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("oak.social\n")
	b := newBox(t, demo.WorldOf([]demo.Spec{{Name: "oak.social", Users: figure(100), Unlisted: true}, {Name: "elm.social", Users: figure(20), Unlisted: true}}, start),
		func(_ *worldtest.Box, c *exporter.Config) {
			c.Contact, c.Directories.JoinMastodon, c.Directories.DomainsFile = "ops@example.org", false, file
		})
	b.Step(t, start)
	b.want(t, map[string]float64{`mastodon_network_claimed_users`: 100})
	write("oak.social\nElm.Social.\n")
	b.Step(t, start.Add(time.Minute))
	b.want(t, map[string]float64{`mastodon_network_claimed_users`: 120, `mastodon_directory_instances{directory="domains_file"}`: 2})
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	b.Step(t, start.Add(2*time.Minute))
	b.want(t, map[string]float64{
		`mastodon_network_claimed_users`: 120, `mastodon_directory_instances{directory="domains_file"}`: 2,
		`mastodon_directory_failures_total{directory="domains_file",reason="file"}`: 1,
	})
}

// TestRestart holds that after a restart nobody is visited before it is due, and that no figure, change or state is false.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	w := demo.NewWorld(demo.Config{Seed: 8, Start: start, Instances: 150})
	keep := func(b *worldtest.Box, c *exporter.Config) {
		d, err := state.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		c.State = d
	}
	b := newBox(t, w, keep)
	for minute := 0; minute <= 130; minute++ {
		b.Step(t, start.Add(time.Duration(minute)*time.Minute))
	}
	shown := func(b *box) map[string]float64 {
		return b.Store.Series(t, `{__name__=~"mastodon_.*",__name__!~"mastodon_directory_failures_total|mastodon_network_changes_total"}`, b.Now())
	}
	before, asked := shown(b), b.Requests().Total
	b.Stop(t)

	again := b.restart(t, keep)
	at := start.Add(130*time.Minute + 30*time.Second)
	again.Step(t, at)
	after := shown(again)
	for series, was := range before {
		if is, ok := after[series]; !ok || is != was {
			t.Errorf("%s is %v (there: %t) after the restart, was %v", series, is, ok, was)
		}
	}
	for series := range after {
		if _, ok := before[series]; !ok {
			t.Errorf("%s is new after the restart", series)
		}
	}
	if n := again.Requests().Total - asked; n != 0 {
		t.Errorf("%d requests were made right after the restart", n)
	}
	for minute := 131; minute <= 260; minute++ {
		at := start.Add(time.Duration(minute) * time.Minute)
		again.Step(t, at)
		truth := again.Truth(at).Series()
		maps.DeleteFunc(truth, func(series string, _ float64) bool { // the program counts them since its start
			return strings.HasPrefix(series, "mastodon_network_changes_total")
		})
		again.compare(t, truth, at)
	}
	again.manners(t, w)
}

// TestDamagedState holds that a program starts whatever is in its state directory.
func TestDamagedState(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "state-v1.1"), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := newBox(t, demo.WorldOf([]demo.Spec{{Name: "oak.social", Users: figure(100)}}, start), func(_ *worldtest.Box, c *exporter.Config) {
		d, err := state.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		c.State = d
	})
	b.Step(t, start)
	b.want(t, map[string]float64{`mastodon_network_claimed_users`: 100})
	if damaged, err := filepath.Glob(filepath.Join(dir, "*corrupt*")); err != nil || len(damaged) != 1 {
		t.Errorf("the damaged file was not set aside: %v, %v", damaged, err)
	}
	b.Stop(t)
	if _, err := state.Open(dir); err != nil && errors.Is(err, state.ErrLocked) {
		t.Error("the directory is still locked")
	}
}

// TestBackOff counts the requests to hosts that are down: ever fewer, but to those that are watched.
func TestBackOff(t *testing.T) {
	w := demo.WorldOf([]demo.Spec{
		{Name: "oak.social", Users: figure(100)},
		{Name: "dead.social", Users: figure(7), Turns: 90 * time.Minute, Then: &demo.Spec{Behaviour: demo.BadGateway}},
		{Name: "mine.social", Users: figure(7), Turns: 90 * time.Minute, Then: &demo.Spec{Behaviour: demo.BadGateway}},
	}, start)
	b := newBox(t, w, func(_ *worldtest.Box, c *exporter.Config) { c.Watch = []domain.Name{name(t, "mine.social")} })
	b.Step(t, start)
	for hour := range 24 * 10 {
		for _, minute := range []int{0, 6} {
			b.Advance(start.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute))
		}
	}
	times := b.Times("dead.social")
	if n := len(times); n < 10 || n > 32 { // some three for each doubling from an hour to a week
		t.Errorf("dead.social was asked %d times in ten days: %v", n, times)
	}
	if last := times[len(times)-1]; b.Now().Sub(last) > 8*24*time.Hour {
		t.Errorf("dead.social was last asked %s", last)
	}
	last := b.Now().Add(-12 * time.Hour) // the journal has the latest times only
	for _, at := range append(b.Times("mine.social"), b.Now()) {
		if pause := at.Sub(last); pause > 61*time.Minute {
			t.Errorf("mine.social, which is watched, was left alone for %s until %s", pause, at)
		}
		last = at
	}
	b.manners(t, w)
	fmt.Fprintln(t.Output(), "requests to who is down:", len(times))
}

// TestInstancesSocial holds that the second directory is paged through with its token, and that a bad token is told.
func TestInstancesSocial(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(demo.SocialToken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := newBox(t, demo.NewWorld(demo.Config{Seed: 9, Start: start, Instances: 200}), func(_ *worldtest.Box, c *exporter.Config) {
		c.Contact, c.Directories.InstancesSocial.TokenFile = "ops@example.org", token
	})
	for _, minute := range []int{0, 6, 12} {
		at := start.Add(time.Duration(minute) * time.Minute)
		b.Step(t, at)
		b.compare(t, b.Truth(at).Series(), at)
	}
	if got := b.Store.Value(t, `mastodon_directory_instances{directory="instances_social"}`, b.Now()); got < 50 {
		t.Errorf("instances.social lists %v", got)
	}
	if err := os.WriteFile(token, []byte("wrong\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.Step(t, start.Add(time.Hour))
	b.want(t, map[string]float64{`mastodon_directory_failures_total{directory="instances_social",reason="token"}`: 1})
}

// TestDirectoryShrinks holds that a directory that loses more than half of its names at once is not believed at once.
func TestDirectoryShrinks(t *testing.T) {
	var specs []demo.Spec
	for i := range 20 {
		s := demo.Spec{Name: fmt.Sprintf("oak-%d.social", i), Users: figure(10)}
		if i > 5 {
			s.Turns, s.Then = 30*time.Minute, &demo.Spec{Users: figure(10), Unlisted: true}
		}
		specs = append(specs, s)
	}
	b := newBox(t, demo.WorldOf(specs, start))
	listed := func(hour int, want float64) {
		t.Helper()
		b.Step(t, start.Add(time.Duration(hour)*time.Hour))
		b.want(t, map[string]float64{`mastodon_directory_instances{directory="joinmastodon"}`: want})
	}
	listed(0, 20)
	listed(1, 20)
	listed(2, 20)
	listed(3, 6) // the third time in a row
}

// TestCrash kills the program again and again without its having saved: no host is asked more than four times in an hour all
// the same.
func TestCrash(t *testing.T) {
	dir := t.TempDir()
	w := demo.WorldOf([]demo.Spec{
		{Name: "oak.social", Users: figure(100), MovedTo: "web.oak.social"}, {Name: "web.oak.social", Users: figure(100)}, {Name: "elm.social", Users: figure(7)},
	}, start)
	var d *state.Dir
	keep := func(b *worldtest.Box, c *exporter.Config) {
		var err error
		if d, err = state.Open(dir); err != nil {
			t.Fatal(err)
		}
		c.State = d
	}
	b := newBox(t, w, keep)
	for minute := 0; minute <= 240; minute++ {
		b.Set(start.Add(time.Duration(minute) * time.Minute))
		b.Save()
		b.Exporter.Step(context.Background())
		if minute%7 == 3 { // gone without a word; what the last save had is all there is
			b.Exporter.Close()
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			b = b.restart(t, keep)
		}
	}
	b.manners(t, w)
	if most := b.Requests().MostInHour; most > 4 {
		t.Errorf("a host was asked %d times in an hour", most)
	}
}

// TestReloadsKeepTheBudget holds that reloads give nobody more requests, nor connections.
func TestReloadsKeepTheBudget(t *testing.T) {
	w := demo.WorldOf([]demo.Spec{
		{Name: "oak.social", Users: figure(100), MovedTo: "web.oak.social"}, {Name: "web.oak.social", Users: figure(100)},
	}, start)
	b := newBox(t, w)
	for minute := 0; minute <= 180; minute++ {
		b.Step(t, start.Add(time.Duration(minute)*time.Minute))
		if minute%5 == 0 {
			if err := b.Reload(func() (exporter.Config, error) { return exporter.DefaultConfig(), nil }); err != nil {
				t.Fatal(err)
			}
		}
	}
	if most := b.Requests().MostInHour; most > 4 {
		t.Errorf("a host was asked %d times in an hour", most)
	}
}

// TestShrinksOverARestart holds that a directory which has shrunk while we were away is not believed at once either.
func TestShrinksOverARestart(t *testing.T) {
	dir := t.TempDir()
	var specs []demo.Spec
	for i := range 20 {
		s := demo.Spec{Name: fmt.Sprintf("oak-%d.social", i), Users: figure(10)}
		if i > 5 {
			s.Turns, s.Then = 30*time.Minute, &demo.Spec{Users: figure(10), Unlisted: true}
		}
		specs = append(specs, s)
	}
	keep := func(_ *worldtest.Box, c *exporter.Config) {
		d, err := state.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		c.State = d
	}
	b := newBox(t, demo.WorldOf(specs, start), keep)
	b.Step(t, start)
	b.Stop(t)
	again := b.restart(t, keep)
	again.Step(t, start.Add(2*time.Hour))
	again.want(t, map[string]float64{`mastodon_directory_instances{directory="joinmastodon"}`: 20})
}

// TestHostersOutage holds that many instances of one hoster that fail together are down, and not taken for an outage of ours.
func TestHostersOutage(t *testing.T) {
	var specs []demo.Spec
	for i := range 25 {
		specs = append(specs, demo.Spec{
			Name: fmt.Sprintf("oak-%d.social", i), Users: figure(10), Turns: 90 * time.Minute, Then: &demo.Spec{Users: figure(10), Behaviour: demo.Refusing},
		})
	}
	b := newBox(t, demo.WorldOf(specs, start))
	for minute := 0; minute <= 300; minute++ {
		b.Step(t, start.Add(time.Duration(minute)*time.Minute))
	}
	b.want(t, map[string]float64{`mastodon_network_instances{state="down"}`: 25, `mnm_exporter_online`: 1})
}
