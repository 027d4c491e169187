package deploy_test

import (
	"strings"
	"testing"
	"time"
)

// plays are all Worlds.
func plays(t *testing.T) []*play {
	t.Helper()
	news := func(alert string, lasts time.Duration) expectation {
		return expectation{alert, 2 * hour, 2*hour + 12*minute, 2*hour + lasts - 4*minute, 2*hour + lasts + forgotten}
	}
	return []*play{
		days(), exporters(), states(t), silent(), lateVisits(), timelines(), quiet(t),
		releases("release", time.Date(2026, 6, 17, 0, 0, 0, 0, time.UTC), news(`MastodonReleaseNew{version="4.6.0"}`, day)),
		releases("security release", time.Date(2026, 7, 3, 0, 0, 0, 0, time.UTC), news(`MastodonSecurityReleaseNew{version="4.6.3"}`, 3*day)),
	}
}

func TestAlertsOnTheWorld(t *testing.T) {
	for _, p := range plays(t) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			p.hold(t)
		})
	}
}

// unplayed are the alerts that no World lets fire, and why.
func unplayed() map[string]string {
	return map[string]string{
		"MNMSeriesLeftOut": "changes are left out of a page that names 30,000 instances and more: to visit so many takes minutes of the processor",
	}
}

// TestAlertsHaveAWorld: each alert fires on a World, or it is said why it does not.
func TestAlertsHaveAWorld(t *testing.T) {
	fires, all, excused := map[string]bool{}, alerts(t), unplayed()
	for _, p := range plays(t) {
		for _, w := range p.want {
			name, _, _ := strings.Cut(w.alert, "{")
			fires[name] = true
		}
	}
	for name := range all {
		if fires[name] == (excused[name] != "") {
			t.Errorf("%s fires on a World: %t; why not: %q", name, fires[name], excused[name])
		}
	}
	for name := range excused {
		if _, there := all[name]; !there {
			t.Errorf("there is no %s", name)
		}
	}
}
