package exporter

import (
	"net/http"
	"strings"

	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/https"
	"github.com/mnm-social/mnm/exporter/instance"
	"github.com/mnm-social/mnm/exporter/outbound"
)

// maxETag is in bytes; longer ones are not worth keeping.
const maxETag = 128

// get asks one question. It returns no response where there was no answer, and then why. have says that what was
// answered the last time is still there, so that the server may say that nothing has changed.
func (c *call) get(step census.Step, purpose outbound.Purpose, url string, have bool) (*outbound.Response, verdict) {
	r := outbound.Request{Purpose: purpose, URL: url, Allowed: c.mayFollow}
	tag := c.entry.ETags[step]
	if have && tag != "" {
		r.Header = http.Header{"If-None-Match": {tag}}
	}
	if step == census.StepHTTPS {
		r.Header = http.Header{"Origin": {origin}}
	}
	resp, err := c.session.Get(c.ctx, r)
	if err != nil {
		if report := https.Score(https.Visit{Host: c.entry.Name, At: c.began, Failed: err}); !c.answered && report.Verdict != "" && strings.HasPrefix(url, c.base()+"/") {
			c.seen.Certificate, c.seen.Handshake = report.Verdict, &report.TLS
		}
		return nil, c.judgeError(err)
	}
	c.answered, c.header = true, resp.Header
	c.resting = c.asksForRest(resp) || c.resting
	c.seen.Asked[step] = true
	switch got := resp.Header.Get("ETag"); {
	case resp.Status == http.StatusNotModified:
		c.seen.ETags[step] = tag
	case resp.Status == http.StatusOK && len(got) <= maxETag:
		c.seen.ETags[step] = got
	}
	if t := resp.TLS; t != nil && len(t.PeerCertificates) > 0 {
		if resp.URL.Hostname() == c.entry.Name.String() {
			c.seen.Certificate = https.VerdictOK // it verified
		}
		c.seen.TLS = census.TLS{Version: t.Version, Expiry: t.PeerCertificates[0].NotAfter}
	}
	return resp, verdict{}
}

// askNodeInfo reports whether to go on: not where nobody answered at all.
func (c *call) askNodeInfo() bool {
	const step = census.StepNodeInfo
	if c.nodeInfo == "" || !c.mayAsk(c.nodeInfo) {
		return true
	}
	old := c.entry.Answers
	resp, v := c.get(step, outbound.PurposeNodeInfo, c.nodeInfo, old.NodeInfo != nil)
	if resp != nil {
		c.seen.Answers.NodeInfo, v = read(c, step, resp, old.NodeInfo, instance.ReadNodeInfo)
	}
	c.decide(step, v)
	return resp != nil && !c.resting || c.forbidden
}

// askV1 reports whether to go on.
func (c *call) askV1() bool {
	const step = census.StepV1
	if !c.robots.Allows(pathV1) {
		return true
	}
	old := c.entry.Answers
	resp, v := c.get(step, outbound.PurposeAPIV1, c.base()+pathV1, old.V1 != nil)
	if resp != nil {
		c.seen.Answers.V1, v = read(c, step, resp, old.V1, instance.ReadV1)
	}
	c.decide(step, v)
	return resp != nil && !c.resting
}

// askV2 and askActivity ask for more; what they answer decides nothing about the visit.
func (c *call) askV2() bool {
	const step = census.StepV2
	if !c.robots.Allows(pathV2) {
		return true
	}
	old := c.entry.Answers
	if resp, _ := c.get(step, outbound.PurposeAPIV2, c.base()+pathV2, old.V2 != nil); resp != nil {
		c.seen.Answers.V2, _ = read(c, step, resp, old.V2, instance.ReadV2)
	}
	return !c.resting
}

func (c *call) askActivity() bool {
	const step = census.StepActivity
	if !c.robots.Allows(pathActivity) {
		return true
	}
	old := c.entry.Answers
	if resp, _ := c.get(step, outbound.PurposeActivity, c.base()+pathActivity, old.Week != nil); resp != nil {
		c.seen.Answers.Week, _ = read(c, step, resp, old.Week, instance.ReadActivity)
	}
	return !c.resting
}

// read takes a document out of an answer, nil where there is none, and says what the answer means for the visit. The tag of
// a document that could not be read is not kept: the next question must bring it whole.
func read[T any](c *call, step census.Step, resp *outbound.Response, old *T, decode func([]byte) (T, error)) (*T, verdict) {
	if resp.Status == http.StatusNotModified && old != nil {
		return old, verdict{outcome: census.Good}
	}
	if v := judgeStatus(resp); v.outcome != census.Good {
		return nil, v
	}
	doc, err := decode(resp.Body)
	if err != nil {
		c.seen.ETags[step] = ""
		return nil, verdict{census.Failed, instance.ReasonOf(err)}
	}
	return &doc, verdict{outcome: census.Good}
}
