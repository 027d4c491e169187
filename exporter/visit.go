package exporter

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/country"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/instance"
	"github.com/mnm-social/mnm/exporter/outbound"
)

// hostTimeout bounds a visit, all its requests together.
const hostTimeout = 20 * time.Second

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
// nodeinfo and /api/v1/instance, and at most two of the daily questions.
func (v *visitor) visit(ctx context.Context, e *census.Entry, now time.Time) census.Observation {
	ctx, cancel := context.WithTimeout(ctx, hostTimeout)
	defer cancel()
	session := v.client.Session()
	defer session.Close()
	began := time.Now()
	c := &call{
		ctx: ctx, session: session, entry: e, robots: e.Robots, nodeInfo: e.NodeInfoURL,
		seen: census.Observation{Confirmation: e.Confirming()},
	}
	if c.seen.Confirmation {
		c.confirm()
	} else {
		c.all(dailySteps(e, now, v.config), now, v.config)
	}
	c.judge(now)
	c.seen.Took = time.Since(began)
	c.seen.At = v.now() // the end: an hour from it, none of its requests counts any more
	if c.seen.Outcome == census.Good {
		v.place(c, e.Name)
	}
	return c.seen
}

// place tells where the server is; its addresses are looked up once, for the requests and for this.
func (v *visitor) place(c *call, name domain.Name) {
	addrs, err := v.client.Lookup(c.ctx, name.String())
	if err != nil {
		return // it was reached a moment ago: what was known stays
	}
	all := make([]netip.Addr, 0, len(addrs.V4)+len(addrs.V6))
	all = append(append(all, addrs.V4...), addrs.V6...)
	answer := v.where.Locate(name, all, c.header)
	c.seen.Country, c.seen.IPv6 = &answer, len(addrs.V6) > 0
}

// call is one visit under way.
type call struct {
	ctx      context.Context
	session  *outbound.Session
	entry    *census.Entry
	robots   outbound.Robots
	nodeInfo string // where its nodeinfo is

	seen     census.Observation
	header   http.Header // of the latest answer
	answered bool        // by anything, whatever it said
	wait     time.Duration
	verdicts []verdict // of the questions whose answers decide about the visit
}

// all asks everything that is due. It stops where going on would be rude or in vain.
func (c *call) all(daily map[census.Step]bool, now time.Time, config Instances) {
	e := c.entry
	if daily[census.StepRobots] && !c.askRobots(now.Sub(e.Asked[census.StepRobots]) > config.Daily) {
		return
	}
	if !c.mayAsk() {
		c.verdicts = append(c.verdicts, verdict{census.Declined, "robots"})
		return
	}
	// Who declined by a tag on its page is asked for the page, and for nothing else while the tag is there.
	declined := e.Refused && e.Reason == reasonTag
	if (declined || daily[census.StepHTTPS]) && !c.askPage() {
		return
	}
	if daily[census.StepWellKnown] && c.robots.Allows(pathWellKnown) && !c.askWellKnown() {
		return
	}
	if !c.askNodeInfo() || (!hasNoV1(e, now, config) && !c.askV1()) {
		return
	}
	if daily[census.StepV2] && c.seen.Answers.V1 != nil {
		c.askV2()
	}
	if daily[census.StepActivity] && c.seen.Answers.V1 != nil {
		c.askActivity()
	}
}

// hasNoV1 reports whether other software than Mastodon said lately that it has no such API: then a day passes before we ask again.
func hasNoV1(e *census.Entry, now time.Time, config Instances) bool {
	return e.Answers.NodeInfo != nil && e.Answers.V1 == nil && !e.Figures.Mastodon &&
		now.Sub(e.Asked[census.StepV1]) < config.Daily-config.Every/2
}

// confirm repeats one request: that for nodeinfo where its address is known and it may be asked, else that for robots.txt.
func (c *call) confirm() {
	if c.nodeInfo != "" && c.robots.Allows(c.nodeInfoPath()) {
		c.askNodeInfo()
		return
	}
	c.askRobots(true)
}

// mayAsk reports whether robots.txt leaves any of the two answers by which an instance is read.
func (c *call) mayAsk() bool {
	return c.robots.Allows(pathV1) || c.robots.Allows(c.nodeInfoPath())
}

func (c *call) nodeInfoPath() string {
	if u, err := url.Parse(c.nodeInfo); err == nil && u.Path != "" {
		return u.Path
	}
	return pathNodeInfo
}

// sameSite reports whether a link of the instance leads to a host of the same owner, over HTTPS and the usual port.
func (c *call) sameSite(link string) bool {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "https" || u.User != nil || (u.Port() != "" && u.Port() != "443") {
		return false
	}
	host, err := domain.Parse(u.Hostname())
	if err != nil {
		return false
	}
	if host == c.entry.Name {
		return true
	}
	// A public suffix has no owner, so nothing below it is the same site.
	_, err = publicsuffix.EffectiveTLDPlusOne(host.String())
	return err == nil && host.Registrable() == c.entry.Name.Registrable()
}

// askRobots asks for robots.txt and reports whether to go on. A 5xx leaves the last copy standing while it is young.
func (c *call) askRobots(needed bool) bool {
	resp, v := c.get(census.StepRobots, outbound.PurposeRobots, c.base()+pathRobots, !c.entry.Asked[census.StepRobots].IsZero())
	if resp == nil {
		c.verdicts = append(c.verdicts, v)
		return false
	}
	switch {
	case resp.Status == http.StatusNotModified: // the rules that we have still hold
	case resp.Status == 451 || resp.Status == 410:
		c.verdicts = append(c.verdicts, judgeStatus(resp))
		return false
	case resp.Status == 401 || resp.Status == 403:
		none := outbound.ParseRobots([]byte("User-agent: *\nDisallow: /\n"))
		c.robots, c.seen.Robots = none, &none
	case resp.Status == 200:
		rules := outbound.ParseRobots(resp.Body)
		c.robots, c.seen.Robots = rules, &rules
	case resp.Status == 429 || resp.Status >= 500:
		c.seen.Asked[census.StepRobots] = false
		if needed {
			c.verdicts = append(c.verdicts, judgeStatus(resp))
		}
		return !needed
	default:
		c.robots, c.seen.Robots = outbound.Robots{}, &outbound.Robots{}
	}
	if c.seen.Confirmation {
		c.verdicts = append(c.verdicts, verdict{outcome: census.Answered})
	}
	return true
}

// askWellKnown learns where nodeinfo is and reports whether to go on. It decides nothing about the visit.
func (c *call) askWellKnown() bool {
	resp, v := c.get(census.StepWellKnown, outbound.PurposeWellKnown, c.base()+pathWellKnown, false)
	if resp == nil {
		c.verdicts = append(c.verdicts, v)
		return false
	}
	if resp.Status == 200 {
		if href, err := instance.ReadWellKnown(resp.Body); err == nil && c.sameSite(href) {
			c.nodeInfo, c.seen.NodeInfoURL = href, href
		}
	}
	return true
}

// askPage looks at the headers of the page that people see, and reports whether to go on: not where they decline.
func (c *call) askPage() bool {
	if !c.robots.Allows("/") {
		return true
	}
	resp, v := c.get(census.StepHTTPS, outbound.PurposeHTTPS, c.base()+"/", false)
	if resp == nil {
		c.verdicts = append(c.verdicts, v)
		return v.reason == string(outbound.ReasonTooBig) || v.reason == string(outbound.ReasonRedirect)
	}
	if outbound.TagDeclines(resp.Header) {
		c.verdicts = append(c.verdicts, verdict{census.Declined, reasonTag})
		return false
	}
	return true
}

// base is the beginning of the instance's addresses.
func (c *call) base() string { return "https://" + c.entry.Name.String() }
