package exporter

import (
	"net/url"

	"golang.org/x/net/publicsuffix"

	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/outbound"
)

// An instance of one name is often served from another name of the same owner: example.org's accounts from
// social.example.org. It is followed there, by redirects and by the link to nodeinfo, if that host's robots.txt allows.

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

// mayAsk reports whether the robots.txt of a link's host allows it.
func (c *call) mayAsk(link string) bool {
	u, err := url.Parse(link)
	return err == nil && c.mayFollow(u)
}

// mayFollow reports whether robots.txt of the host to which an address leads allows to ask there.
func (c *call) mayFollow(u *url.URL) bool {
	host, err := domain.Parse(u.Hostname())
	if err != nil {
		return false
	}
	if host == c.entry.Name {
		return c.robots.Allows(u.RequestURI())
	}
	rules, ok := c.rulesOfOther(host)
	return ok && rules.Allows(u.RequestURI())
}

// rulesOfOther are the rules of the other host of the instance; of one such host they are kept for a day. false: they
// cannot be had, so nothing may be asked there now.
func (c *call) rulesOfOther(host domain.Name) (outbound.Robots, bool) {
	if c.other.Name == host && c.began.Sub(c.other.Asked) <= c.config.Daily-c.config.Every {
		return c.other.Robots, true
	}
	resp, err := c.client.Get(c.ctx, outbound.Request{Purpose: outbound.PurposeRobots, URL: "https://" + host.String() + pathRobots})
	if err != nil {
		return outbound.Robots{}, false
	}
	rules, ok := rulesOf(resp)
	if ok {
		c.other = census.Other{Name: host, Robots: rules, Asked: c.began}
		c.seen.Other = &c.other
	}
	return rules, ok
}
