package exporter

import (
	"time"

	"github.com/mnm-social/mnm/exporter/census"
)

// due is when an instance is to be visited next: a pure function of its entry, and of whether it is watched.
//
// A first visit is due at once, so that a round is over soon. The second is at the first offset of the instance's own,
// a hash of its name, at least one interval later: from then on the visits of all instances are spread over the hour.
// A failure is confirmed after ConfirmAfter. Who is down is visited again after as long as it has been silent, so ever more
// rarely, up to a week; not who is watched: somebody waits for its return. Who declined or is gone is asked once a day, and no
// more than that takes; who is excluded, never.
func due(e *census.Entry, c Instances, watched bool) time.Time {
	var at time.Time
	switch {
	case e.Excluded:
		return never
	case e.Visits == 0:
	case e.Declines() && e.Repeats():
		at = e.LastVisit.Add(c.Daily)
	case e.Repeats():
		at = e.Failing.Add(c.ConfirmAfter)
	case e.Up == census.No && !e.Failing.IsZero() && !watched:
		at = e.LastVisit.Add(min(max(e.LastVisit.Sub(e.Failing), c.Every), weekOf(c)))
	case e.Visits == 1:
		at = slot(e.LastVisit.Add(c.Every), e.Name.Hash(), c.Every)
	default:
		at = e.LastVisit.Add(c.Every)
	}
	if at.Before(e.NotBefore) {
		return e.NotBefore
	}
	return at
}

// never is later than any clock shows.
var never = time.Unix(1<<40, 0)

// weekOf is the longest time between two visits: seven days, where a day has 24 visits.
func weekOf(c Instances) time.Duration { return 7 * c.Daily }

// slot is the first time not before t that lies at the hash's offset in an interval.
func slot(t time.Time, hash uint64, every time.Duration) time.Time {
	offset := time.Duration(hash % uint64(every))
	next := t.Truncate(every).Add(offset)
	if next.Before(t) {
		next = next.Add(every)
	}
	return next
}

// dailySteps says which of the daily questions are due: two in the first visit, later one at a time, so that a request is left
// for a confirmation; two if visits are so rare that a day has not enough of them. The order is that of their use.
func dailySteps(e *census.Entry, now time.Time, c Instances) map[census.Step]bool {
	steps := map[census.Step]bool{}
	most := 1
	if e.Visits == 0 || c.Daily < 6*c.Every {
		most = 2
	}
	for _, s := range []census.Step{census.StepRobots, census.StepWellKnown, census.StepV2, census.StepActivity, census.StepHTTP, census.StepHTTPS} {
		// What would be older than a day at the next visit is due now.
		if len(steps) < most && now.Sub(e.Asked[s]) > c.Daily-c.Every && possible(e, s) {
			steps[s] = true
		}
	}
	return steps
}

// possible reports whether a daily question can be asked: what cannot must not stand before those that can for ever.
func possible(e *census.Entry, s census.Step) bool {
	switch s {
	case census.StepWellKnown:
		return e.Robots.Allows(pathWellKnown)
	case census.StepV2:
		return e.Answers.V1 != nil && e.Robots.Allows(pathV2)
	case census.StepActivity:
		return e.Answers.V1 != nil && e.Robots.Allows(pathActivity)
	case census.StepHTTP, census.StepHTTPS:
		return e.Robots.Allows("/")
	}
	return true
}
