package exporter

import (
	"cmp"
	"time"

	"github.com/prometheus/common/version"

	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/network"
	"github.com/mnm-social/mnm/exporter/web"
)

// Status is what the page at / shows.
func (e *Exporter) Status() web.Status {
	entries, _ := e.book.Entries()
	v := e.View()
	now := e.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	s := web.Status{Version: "mnm-exporter " + cmp.Or(version.Version, "dev"), Demo: e.setup.Load().config.Demo, Ready: e.firstRoundDone, Known: len(entries), At: v.At}
	if !e.works(now) {
		s.Offline = offlineHint
	}
	for _, entry := range entries {
		if entry.Tried() {
			s.Tried++
		}
	}
	if took := now.Sub(e.began); !s.Ready && s.Tried > 0 {
		s.Left = time.Duration(float64(took) / float64(s.Tried) * float64(s.Known-s.Tried))
	}
	for _, t := range totals(v) {
		if want, ok := e.truth[t.family]; ok {
			is := int64(want)
			t.Truth, t.Wrong = &is, s.Ready && e.wrong[t.family] >= patience
		}
		s.Totals = append(s.Totals, t.Total)
	}
	local, remote := e.following.tally.Toots()
	toots := int64(local + remote)
	s.Totals = append(s.Totals, web.Total{Name: "Toots counted since the start", Value: &toots})
	return s
}

// total is a row of the page, and the series that it shows.
type total struct {
	web.Total
	family string
}

// totals are the rows of the page.
func totals(v *network.View) []total {
	state := func(s census.State) *int64 { n := int64(v.States[s]); return &n }
	sum := func(s network.Sum) *int64 {
		if !s.Known {
			return nil
		}
		return &s.N
	}
	return []total{
		{web.Total{Name: "Instances up", Value: state(census.StateUp)}, `mastodon_network_instances{state="up"}`},
		{web.Total{Name: "Instances down", Value: state(census.StateDown)}, `mastodon_network_instances{state="down"}`},
		{web.Total{Name: "Users", Value: sum(v.Users)}, "mastodon_network_claimed_users"},
		{web.Total{Name: "Active users", Value: sum(v.ActiveUsers)}, "mastodon_network_claimed_active_users"},
		{web.Total{Name: "Statuses", Value: sum(v.Statuses)}, "mastodon_network_claimed_statuses"},
	}
}

// patience is for how many Views a total of the demo may differ from the Truth: that a timeline's server is gone shows in the
// Truth some twenty minutes of the World later.
const patience = 30

// compare counts for how many Views in a row each total has not been what it must be: while visits are under way, the World
// is ahead of the book. e.mu is held.
func (e *Exporter) compare(v *network.View) {
	for _, t := range totals(v) {
		if want, ok := e.truth[t.family]; ok && (t.Value == nil || *t.Value != int64(want)) {
			e.wrong[t.family]++
		} else {
			e.wrong[t.family] = 0
		}
	}
}

// Contact is who answers for this crawler, as the configuration says.
func (e *Exporter) Contact() string { return e.setup.Load().config.Contact }
