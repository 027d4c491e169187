package exporter

import (
	"cmp"
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/country"
	"github.com/mnm-social/mnm/exporter/https"
	"github.com/mnm-social/mnm/exporter/instance"
	"github.com/mnm-social/mnm/exporter/outbound"
)

// Paths of the questions whose address is fixed.
const (
	pathRobots    = "/robots.txt"
	pathWellKnown = "/.well-known/nodeinfo"
	pathNodeInfo  = "/nodeinfo/2.0" // where almost all software has it; the well-known document decides
	pathV1        = "/api/v1/instance"
	pathV2        = "/api/v2/instance"
	pathActivity  = "/api/v1/instance/activity"
)

// visitor visits one instance at a time; many may be at work at once.
type visitor struct {
	client *outbound.Client
	now    func() time.Time
	where  *country.Locator
	config Instances
}

// visit asks an instance what is due and says what it saw. It is the visit plan of METRICS: robots.txt first, then
// nodeinfo and /api/v1/instance, and some of the daily questions.
func (v *visitor) visit(ctx context.Context, e *census.Entry, now time.Time) census.Observation {
	session := v.client.Session()
	defer session.Close()
	began := time.Now()
	c := &call{
		ctx: ctx, client: v.client, session: session, config: v.config, entry: e, began: now,
		robots: e.Robots, nodeInfo: e.NodeInfoURL, other: e.Other,
		seen: census.Observation{Repetition: e.Repeats()},
	}
	if c.seen.Repetition {
		c.repeat(e.Step)
	} else {
		c.all()
	}
	c.judge(now)
	c.seen.Took = time.Since(began)
	c.seen.At = v.now() // the end: an hour from it, none of its requests counts any more
	if c.seen.Outcome == census.Good {
		v.place(c)
	}
	return c.seen
}

// place tells where the server is; its addresses are looked up once, for the requests and for this.
func (v *visitor) place(c *call) {
	c.seen.IPv6 = c.entry.IPv6
	addrs, err := v.client.Lookup(c.ctx, c.entry.Name.String())
	if err != nil {
		return // it was reached a moment ago: what was known stays
	}
	all := make([]netip.Addr, 0, len(addrs.V4)+len(addrs.V6))
	all = append(append(all, addrs.V4...), addrs.V6...)
	answer, interim := v.where.LocateContext(c.ctx, c.entry.Name, all, c.header)
	if interim = interim || addrs.V4Unknown; !interim || c.entry.Country.Source != country.Address { // else it would seem to move for as long as who knows better is away
		c.seen.Country = &answer
	}
	if !addrs.V6Unknown {
		c.seen.IPv6 = len(addrs.V6) > 0
	}
}

// call is one visit under way.
type call struct {
	ctx      context.Context
	client   *outbound.Client
	session  *outbound.Session
	config   Instances
	entry    *census.Entry
	began    time.Time
	robots   outbound.Robots
	nodeInfo string // where its nodeinfo is
	other    census.Other

	seen      census.Observation
	decided   bool        // some answer has decided about the visit
	header    http.Header // of the latest answer
	answered  bool        // over HTTP, by anything, whatever it said
	resting   bool        // it asked us to leave it alone
	forbidden bool        // a question led to where it must not be asked
	wait      time.Duration
}

// all asks everything that is due. It stops where going on would be rude or in vain.
func (c *call) all() {
	daily := dailySteps(c.entry, c.began, c.config)
	if daily[census.StepRobots] && !c.askRobots() {
		return
	}
	if daily[census.StepHTTPS] && c.mayRead() && !c.askPage() {
		return
	}
	if daily[census.StepWellKnown] && c.mayRead() && c.robots.Allows(pathWellKnown) && !c.askWellKnown() {
		return
	}
	if !c.mayRead() { // now that it is known where its nodeinfo is
		c.decide(census.StepRobots, verdict{census.Declined, reasonRobots})
		return
	}
	if !c.askNodeInfo() || (!c.hasNoV1() && !c.askV1()) {
		return
	}
	if c.seen.Answers.V1 != nil && !c.askMore(daily) {
		return
	}
	if daily[census.StepHTTP] {
		c.askPlain()
	}
}

// askMore asks what only servers with Mastodon's API can answer, and reports whether to go on.
func (c *call) askMore(daily map[census.Step]bool) bool {
	if daily[census.StepV2] && !c.askV2() {
		return false
	}
	return !daily[census.StepActivity] || c.askActivity()
}

// repeat asks one question again: the one that failed, to confirm it, or by whose answer the instance declined.
func (c *call) repeat(step census.Step) {
	// Rules older than a day are asked for first: who declines otherwise may have written some since.
	if step != census.StepRobots && c.began.Sub(c.entry.Asked[census.StepRobots]) > c.config.Daily-c.config.Every {
		if !c.askRobots() {
			return
		}
		if !c.mayRead() {
			c.decide(census.StepRobots, verdict{census.Declined, reasonRobots})
			return
		}
	}
	switch step {
	case census.StepWellKnown:
		c.askWellKnown()
	case census.StepNodeInfo:
		c.askNodeInfo()
	case census.StepV1:
		c.askV1()
	case census.StepHTTPS:
		if c.askPage() {
			c.decide(step, verdict{outcome: census.Answered})
		}
	default:
		switch {
		case !c.askRobots():
		case c.mayRead():
			c.decide(step, verdict{outcome: census.Answered})
		default:
			c.decide(step, verdict{census.Declined, reasonRobots})
		}
	}
}

// hasNoV1 reports whether other software than Mastodon said lately that it has no such API: then a day passes before we ask again.
func (c *call) hasNoV1() bool {
	e := c.entry
	return e.Answers.NodeInfo != nil && e.Answers.V1 == nil && !e.Figures.Mastodon &&
		c.began.Sub(e.Asked[census.StepV1]) < c.config.Daily-c.config.Every/2
}

// mayRead reports whether robots.txt leaves any of the two answers by which an instance is read.
func (c *call) mayRead() bool {
	if c.nodeInfo == "" {
		return c.robots.Allows(pathV1) || c.robots.Allows(pathWellKnown) && c.robots.Allows(pathNodeInfo)
	}
	return c.robots.Allows(pathV1) || c.mayAsk(c.nodeInfo)
}

// askRobots asks for robots.txt and reports whether to go on: only with rules that are no older than a day.
func (c *call) askRobots() bool {
	const step = census.StepRobots
	resp, v := c.get(step, outbound.PurposeRobots, c.base()+pathRobots, !c.entry.Asked[step].IsZero())
	if resp == nil {
		c.decide(step, v)
		return false
	}
	rules, ok := rulesOf(resp)
	switch {
	case resp.Status == http.StatusNotModified: // the rules that we have still hold
	case ok:
		c.robots, c.seen.Robots = rules, &rules
	default:
		// 5xx, 429, 451, 410: the last copy holds while it is young, but not against who declines.
		c.seen.Asked[step] = false
		v := judgeStatus(resp)
		young := c.began.Sub(c.entry.Asked[step]) < c.config.Daily
		if young && !c.resting && !c.seen.Repetition && v.outcome != census.Declined && v.outcome != census.Departed {
			return true
		}
		c.decide(step, v)
		return false
	}
	return !c.resting
}

// rulesOf are the rules that an answer to robots.txt stands for (RFC 9309, 2.3.1): 401 and 403 mean no, as the sites that
// answer so mean it; any other 4xx means that there are none.
func rulesOf(resp *outbound.Response) (outbound.Robots, bool) {
	switch s := resp.Status; {
	case s == 401 || s == 403:
		return outbound.ParseRobots([]byte("User-agent: *\nDisallow: /\n")), true
	case s == 200:
		return outbound.ParseRobots(resp.Body), true
	case s >= 500 || s == 429 || s == 451 || s == 410:
		return outbound.Robots{}, false
	}
	return outbound.Robots{}, true
}

// askWellKnown learns where nodeinfo is and reports whether to go on. That there is none decides nothing about the visit.
func (c *call) askWellKnown() bool {
	resp, v := c.get(census.StepWellKnown, outbound.PurposeWellKnown, c.base()+pathWellKnown, false)
	if resp == nil {
		if v.overHTTP() && !c.seen.Repetition {
			c.seen.Asked[census.StepWellKnown] = true // it is of no use, and no more than that
			return true
		}
		c.decide(census.StepWellKnown, v)
		return false
	}
	if resp.Status == 200 {
		if href, err := instance.ReadWellKnown(resp.Body); err == nil && c.sameSite(href) {
			c.nodeInfo, c.seen.NodeInfoURL = href, href
		}
	}
	if c.seen.Repetition {
		v := judgeStatus(resp)
		if v.outcome == census.Good || v.reason == reasonClient {
			v = verdict{outcome: census.Answered}
		}
		c.decide(census.StepWellKnown, v)
	}
	if c.resting {
		c.decide(census.StepWellKnown, judgeStatus(resp))
	}
	return !c.resting
}

// askPlain looks where port 80 leads. Whatever it is decides nothing about the visit.
func (c *call) askPlain() {
	if !c.robots.Allows("/") {
		return
	}
	resp, err := c.client.Get(c.ctx, outbound.Request{Purpose: outbound.PurposeHTTP, URL: "http://" + c.entry.Name.String() + "/"})
	switch reason := outbound.ReasonOf(err); reason {
	case "":
		location := resp.Header.Get("Location")
		if len(location) > maxLocation {
			location = ""
		}
		c.seen.Plain = &https.Plain{Status: resp.Status, Location: location}
		c.resting = c.asksForRest(resp) || c.resting
	case outbound.ReasonBudget, outbound.ReasonCrowded, outbound.ReasonCanceled, outbound.ReasonNoIPv6Route, outbound.ReasonDNS, outbound.ReasonNoAddress:
		return // nobody has looked
	case outbound.ReasonTooBig, outbound.ReasonProtocol:
		c.seen.Plain = &https.Plain{Status: http.StatusOK} // something is served there, and leads nowhere
	default:
		c.seen.Plain = &https.Plain{}
	}
	c.seen.Asked[census.StepHTTP] = true
}

// maxLocation is in bytes; longer ones lead nowhere.
const maxLocation = 2048

// origin is what the page at / is told that we are a page of: nobody's, so that who lets it in lets in everybody.
const origin = "https://mnm-exporter.invalid"

// judgePage scores what was seen of the page at /, once it is known where port 80 leads.
func (c *call) judgePage(resp *outbound.Response) {
	if c.seen.Plain == nil && c.entry.Asked[census.StepHTTP].IsZero() {
		return
	}
	v := https.Visit{
		Host: c.entry.Name, At: c.began, Origin: origin,
		Answer: &https.Answer{URL: resp.URL, Status: resp.Status, Header: resp.Header, Body: resp.Body},
	}
	if plain := cmp.Or(c.seen.Plain, &c.entry.Plain); plain.Status != 0 {
		v.Plain = plain
	}
	if resp.URL.Hostname() == c.entry.Name.String() {
		v.TLS = resp.TLS
	}
	report := https.Score(v)
	c.seen.HTTPS = &report
}

// askPage looks at the page that people see, and reports whether to go on: not where its headers decline.
func (c *call) askPage() bool {
	if !c.robots.Allows("/") {
		return true // then nobody looks at it, and what its tag says is not known
	}
	resp, v := c.get(census.StepHTTPS, outbound.PurposeHTTPS, c.base()+"/", false)
	switch {
	case resp != nil && outbound.TagDeclines(resp.Header):
		c.decide(census.StepHTTPS, verdict{census.Declined, reasonTag})
		return false
	case resp != nil:
		c.judgePage(resp)
		return !c.resting
	case !c.seen.Repetition && v.outcome != census.Unjudged:
		c.seen.Asked[census.StepHTTPS] = true // it is only a page: whether the instance is up, its answers tell
		return true
	}
	c.decide(census.StepHTTPS, v)
	return false
}

// base is the beginning of the instance's addresses.
func (c *call) base() string { return "https://" + c.entry.Name.String() }
