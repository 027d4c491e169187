package exporter

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/instance"
	"github.com/mnm-social/mnm/exporter/network"
	"github.com/mnm-social/mnm/exporter/outbound"
	"github.com/mnm-social/mnm/exporter/timeline"
)

// choiceOf is how many of the most active instances those are among whose timelines are chosen.
const choiceOf = 50

const pathTimeline, pathStream = "/api/v1/timelines/public", "/api/v1/streaming/public"

// choose makes up for what Timelines.Auto misses, as soon as it is known who there is: at random, so that not all
// installations ask the same servers. f.mu is held.
func (e *Exporter) choose(s *setup) {
	f, auto := e.following, s.config.Timelines.Auto
	f.chosen = slices.DeleteFunc(f.chosen, func(n domain.Name) bool { return f.closed[n] || s.filter.Excludes(n) || e.declines(n) })
	e.mu.Lock()
	ready := e.firstRoundDone
	e.mu.Unlock()
	if len(f.chosen) >= auto || !ready || len(f.closed) >= choiceOf { // it may be that everybody is closed to us
		return
	}
	candidates := f.candidates(e.View())
	for _, i := range rand.Perm(len(candidates)) {
		if len(f.chosen) == auto {
			return
		}
		f.chosen = append(f.chosen, candidates[i])
	}
}

// declines reports whether an instance is known not to want us.
func (e *Exporter) declines(n domain.Name) bool {
	entry := e.book.Entry(n)
	return entry != nil && entry.Declines()
}

// candidates are the instances with the most active users whose federated timeline may be read by anybody as far as is
// known, without those chosen already.
func (f *following) candidates(v *network.View) []domain.Name {
	var open []*network.Instance
	for i := range v.Instances {
		one := &v.Instances[i]
		n := one.Entry.Name
		if _, said := one.Entry.Figures.ActiveUsers.Get(); !said || !one.Fresh() || !one.Mastodon || one.Up == census.No || f.closed[n] || slices.Contains(f.chosen, n) {
			continue
		}
		if v2 := one.Entry.Answers.V2; v2 != nil && accessTo(v2, timeline.Federated) > timeline.AccessPublic || !one.Entry.Robots.Allows(pathTimeline) {
			continue
		}
		open = append(open, one)
	}
	active := func(i *network.Instance) int64 { n, _ := i.Entry.Figures.ActiveUsers.Get(); return n }
	slices.SortFunc(open, func(a, b *network.Instance) int {
		return cmp.Or(cmp.Compare(active(b), active(a)), strings.Compare(a.Domain, b.Domain))
	})
	var names []domain.Name
	for _, one := range open[:min(len(open), choiceOf)] {
		names = append(names, one.Entry.Name)
	}
	return names
}

// facts are what must be known of a server to follow one of its timelines: what its visits have told, else it is asked.
func (e *Exporter) facts(ctx context.Context, source timeline.Source) (timeline.Facts, error) {
	entry := e.book.Entry(source.Host)
	if entry != nil && (entry.Excluded || entry.Declines()) {
		return timeline.Facts{Access: timeline.AccessDisabled}, nil
	}
	session := e.client().Session()
	defer session.Close()
	robots, v2 := outbound.Robots{}, (*instance.V2)(nil)
	if entry != nil {
		v2 = entry.Answers.V2
	}
	if c := e.setup.Load().config.Instances; entry != nil && e.now().Sub(entry.Asked[census.StepRobots]) < c.Daily+c.Every {
		robots = entry.Robots
	} else {
		resp, err := session.Get(ctx, outbound.Request{Purpose: outbound.PurposeTimeline, URL: "https://" + source.Host.String() + pathRobots})
		if err != nil {
			return timeline.Facts{}, fmt.Errorf("asking %s for robots.txt: %w", source.Host, err)
		}
		rules, ok := rulesOf(resp)
		if !ok {
			return timeline.Facts{}, fmt.Errorf("asking %s for robots.txt: it answers %d", source.Host, resp.Status)
		}
		robots = rules
	}
	if v2 == nil && source.Token != nil && robots.Allows(pathV2) { // else the pages themselves tell who may read them
		resp, err := session.Get(ctx, outbound.Request{Purpose: outbound.PurposeTimeline, URL: "https://" + source.Host.String() + pathV2})
		if err != nil {
			return timeline.Facts{}, fmt.Errorf("asking %s about its timelines: %w", source.Host, err)
		}
		if said, err := instance.ReadV2(resp.Body); err == nil && resp.Status == 200 {
			v2 = &said
		}
	}
	facts := timeline.Facts{Timeline: robots.Allows(pathTimeline), Stream: robots.Allows(pathStream)}
	if v2 != nil {
		facts.Streaming, facts.Access = v2.Streaming, accessTo(v2, source.Scope)
	}
	return facts, nil
}

// accessTo is who may read a timeline: of the federated one, who may read both that of the server's own users and that of others
// (app/controllers/api/v1/timelines/public_controller.rb).
func accessTo(v2 *instance.V2, scope timeline.Scope) timeline.Access {
	local := accessOf(v2.Timelines.Local)
	if scope == timeline.Local {
		return local
	}
	return max(local, accessOf(v2.Timelines.Remote))
}

func accessOf(a instance.Access) timeline.Access {
	switch a {
	case instance.AccessPublic:
		return timeline.AccessPublic
	case instance.AccessAuthenticated:
		return timeline.AccessAuthenticated
	case instance.AccessDisabled:
		return timeline.AccessDisabled
	}
	return timeline.AccessUnknown
}
