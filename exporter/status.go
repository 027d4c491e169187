package exporter

import (
	"time"

	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/web"
)

// Status is what the page at / shows.
func (e *Exporter) Status() web.Status {
	entries, _ := e.book.Entries()
	v := e.View()
	now := e.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	s := web.Status{Version: "mnm-exporter " + agentVersion(), Demo: e.setup.Load().config.Demo, Ready: e.firstRoundDone, Known: len(entries), At: v.At}
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
	add := func(name, family string, n int64) {
		t := web.Total{Name: name, Value: n}
		if want, ok := e.truth[family]; ok {
			is := int64(want)
			t.Truth = &is
		}
		s.Totals = append(s.Totals, t)
	}
	add("Instances up", `mastodon_network_instances{state="up"}`, int64(v.States[census.StateUp]))
	add("Instances down", `mastodon_network_instances{state="down"}`, int64(v.States[census.StateDown]))
	add("Users", "mastodon_network_claimed_users", v.Users.N)
	add("Active users", "mastodon_network_claimed_active_users", v.ActiveUsers.N)
	add("Statuses", "mastodon_network_claimed_statuses", v.Statuses.N)
	return s
}

// Contact is who answers for this crawler, as the configuration says.
func (e *Exporter) Contact() string { return e.setup.Load().config.Contact }
