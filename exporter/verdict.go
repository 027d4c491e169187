package exporter

import (
	"errors"
	"slices"
	"time"

	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/instance"
	"github.com/mnm-social/mnm/exporter/outbound"
)

// verdict is what the answer to one question means for the visit.
type verdict struct {
	outcome census.Outcome
	reason  string
}

// Reasons of visits that were not good, beside those of outbound and instance.
const (
	reasonClient    = "status_4xx"   // a status that says that there is no such thing
	reasonServer    = "status_5xx"   // the server is in trouble
	reasonStatus    = "status"       // any other status but 200
	reasonRobots    = "robots"       // robots.txt leaves nothing to ask
	reasonTag       = "x_robots_tag" // X-Robots-Tag says none or noindex
	reasonLegal     = "legal"        // 451
	reasonGone      = "gone"         // 410
	reasonDenied    = "denied"       // 401 or 403
	reasonRate      = "rate_limit"   // 429
	reasonChallenge = "challenge"    // a page that wants to see a browser
	reasonOffline   = "offline"      // our own network is down
	reasonNothing   = "nothing"      // there was no question left to ask
)

// visitReasons is the closed set of the label.
func visitReasons() []string {
	all := []string{
		reasonClient, reasonServer, reasonStatus, reasonRobots, reasonTag, reasonLegal, reasonGone, reasonDenied, reasonRate,
		reasonChallenge, reasonOffline, reasonNothing,
	}
	for _, r := range outbound.Reasons() {
		all = append(all, string(r))
	}
	all = append(all, instance.Reasons()...)
	slices.Sort(all)
	return slices.Compact(all)
}

// judgeStatus says what a status means for the visit; Good is a document to be read.
func judgeStatus(resp *outbound.Response) verdict {
	switch s := resp.Status; {
	case resp.Header.Get("Cf-Mitigated") == "challenge":
		return verdict{census.Blocked, reasonChallenge}
	case s == 200:
		return verdict{outcome: census.Good}
	case s == 401 || s == 403:
		return verdict{census.Blocked, reasonDenied}
	case s == 429:
		return verdict{census.Blocked, reasonRate}
	case s == 410:
		return verdict{census.Departed, reasonGone}
	case s == 451:
		return verdict{census.Declined, reasonLegal}
	case s >= 500:
		return verdict{census.Failed, reasonServer}
	case s >= 400:
		return verdict{census.Failed, reasonClient}
	}
	return verdict{census.Failed, reasonStatus}
}

// judgeError says what no answer means for the visit.
func (c *call) judgeError(err error) verdict {
	reason := outbound.ReasonOf(err)
	switch reason {
	case outbound.ReasonBudget:
		// A chain of redirects needs all of the host's requests at once: wait for a whole window, not for the next free one.
		c.wait = max(c.wait, c.config.Every)
		return verdict{census.Unjudged, string(reason)}
	case outbound.ReasonCrowded, outbound.ReasonCanceled:
		if e := (*outbound.Error)(nil); errors.As(err, &e) {
			c.wait = max(c.wait, e.Wait)
		}
		return verdict{census.Unjudged, string(reason)}
	case outbound.ReasonNoIPv6Route:
		c.wait = max(c.wait, c.config.Every)
		return verdict{census.Unjudged, string(reason)}
	}
	v := verdict{census.Failed, string(reason)}
	c.answered = c.answered || v.overHTTP()
	return v
}

// overHTTP reports whether what failed was an answer all the same: too large, or one that led astray.
func (v verdict) overHTTP() bool {
	switch outbound.Reason(v.reason) {
	case outbound.ReasonTooBig, outbound.ReasonRedirect, outbound.ReasonProtocol, outbound.ReasonRobots:
		return v.outcome == census.Failed
	}
	return false
}

// precedence of outcomes where questions were answered differently: a refusal is heeded whatever else was said,
// a good answer makes a good visit, and a failure is one only if nothing better was said.
// What could not be asked for want of requests decides nothing.
var precedence = []census.Outcome{
	census.Declined, census.Good, census.Answered, census.Departed, census.Blocked, census.Failed, census.Unjudged,
}

// decide enters what the answer to a question means for the visit.
func (c *call) decide(step census.Step, v verdict) {
	if v.outcome == census.Failed && v.reason == string(outbound.ReasonRobots) {
		c.forbidden = true // by the robots.txt of the host to which it led: as if it had not been asked
		return
	}
	if c.decided && slices.Index(precedence, v.outcome) >= slices.Index(precedence, c.seen.Outcome) {
		return
	}
	c.decided = true
	c.seen.Outcome, c.seen.Reason, c.seen.Step = v.outcome, v.reason, step
}

// judge makes the outcome of the visit out of the verdicts on its questions.
func (c *call) judge(now time.Time) {
	if !c.decided {
		if c.forbidden {
			c.decide(census.StepRobots, verdict{census.Declined, reasonRobots})
		} else {
			c.decide(census.StepRobots, verdict{census.Failed, reasonNothing})
		}
	}
	if c.seen.Repetition && c.seen.Outcome == census.Good {
		c.seen.Outcome = census.Answered
	}
	c.seen.Silent = !c.answered
	if c.wait > 0 {
		c.seen.NotBefore = now.Add(c.wait)
	}
}

// asksForRest reports whether an answer asks us to leave the server alone, and notes for how long.
func (c *call) asksForRest(resp *outbound.Response) bool {
	wait, says := outbound.RetryAfter(resp.Header, c.began)
	switch {
	case resp.Status == 429:
	case resp.Status == 503 && resp.Header.Get("Retry-After") != "":
	default:
		return false
	}
	if says {
		c.wait = max(c.wait, wait)
	}
	return true
}
