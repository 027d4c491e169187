package exporter

import (
	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/instance"
	"github.com/mnm-social/mnm/exporter/outbound"
)

// get asks one question. It returns no response where there was no answer, and then why.
func (c *call) get(step census.Step, purpose outbound.Purpose, url string) (*outbound.Response, verdict) {
	resp, err := c.session.Get(c.ctx, outbound.Request{Purpose: purpose, URL: url})
	if err != nil {
		return nil, c.judgeError(err)
	}
	c.answered, c.header = true, resp.Header
	c.seen.Asked[step] = true
	if t := resp.TLS; t != nil && len(t.PeerCertificates) > 0 {
		c.seen.TLS = census.TLS{Version: t.Version, Expiry: t.PeerCertificates[0].NotAfter}
	}
	return resp, verdict{}
}

// askNodeInfo reports whether to go on: not where nobody answered at all.
func (c *call) askNodeInfo() bool {
	if c.nodeInfo == "" || !c.robots.Allows(c.nodeInfoPath()) {
		return true
	}
	resp, v := c.get(census.StepNodeInfo, outbound.PurposeNodeInfo, c.nodeInfo)
	if resp != nil {
		c.seen.Answers.NodeInfo, v = read(resp, instance.ReadNodeInfo)
	}
	c.verdicts = append(c.verdicts, v)
	return resp != nil
}

// askV1 reports whether to go on.
func (c *call) askV1() bool {
	if !c.robots.Allows(pathV1) {
		return true
	}
	resp, v := c.get(census.StepV1, outbound.PurposeAPIV1, c.base()+pathV1)
	if resp != nil {
		c.seen.Answers.V1, v = read(resp, instance.ReadV1)
	}
	c.verdicts = append(c.verdicts, v)
	return resp != nil
}

// askV2 and askActivity ask for more; what they answer decides nothing about the visit.
func (c *call) askV2() {
	if !c.robots.Allows(pathV2) {
		return
	}
	if resp, _ := c.get(census.StepV2, outbound.PurposeAPIV2, c.base()+pathV2); resp != nil {
		c.seen.Answers.V2, _ = read(resp, instance.ReadV2)
	}
}

func (c *call) askActivity() {
	if !c.robots.Allows(pathActivity) {
		return
	}
	if resp, _ := c.get(census.StepActivity, outbound.PurposeActivity, c.base()+pathActivity); resp != nil {
		c.seen.Answers.Week, _ = read(resp, instance.ReadActivity)
	}
}

// read takes a document out of an answer, nil where there is none, and says what the answer means for the visit.
func read[T any](resp *outbound.Response, decode func([]byte) (T, error)) (*T, verdict) {
	if v := judgeStatus(resp); v.outcome != census.Good {
		return nil, v
	}
	doc, err := decode(resp.Body)
	if err != nil {
		return nil, verdict{census.Failed, instance.ReasonOf(err)}
	}
	return &doc, verdict{outcome: census.Good}
}
