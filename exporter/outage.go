package exporter

import (
	"context"
	"time"

	"github.com/mnm-social/mnm/exporter/outbound"
)

// worksNow judges our own network for a visit that heard nothing. No failure is confirmed unless somebody was heard of since it
// began: sixteen silent visits may take half an hour to come. Where nobody was, GitHub is asked how it is: by the one question
// that does not count against its limit.
func (e *Exporter) worksNow(ctx context.Context, s *setup, confirms bool, failing time.Time) bool {
	judge := func() (works, sure bool) {
		works, sure = e.online.works(e.now())
		return works, sure && (!works || e.online.heardSince(failing))
	}
	works, sure := judge()
	if sure || !confirms {
		return works
	}
	e.probing.Lock() // once for all that wait
	defer e.probing.Unlock()
	if works, sure = judge(); sure {
		return works
	}
	_, err := s.client.Get(ctx, outbound.Request{Purpose: outbound.PurposeReleases, URL: "https://api.github.com/rate_limit"})
	e.online.service("github", e.now(), heard(err))
	works, _ = e.online.works(e.now())
	return works && e.online.heardSince(failing)
}

// works judges our own network, and says so when it changes. e.mu is held.
func (e *Exporter) works(now time.Time) bool {
	works, _ := e.online.works(now)
	if works == e.offline {
		if works {
			e.log.Info("The network is back")
		} else {
			e.log.Warn(offlineHint)
		}
	}
	e.offline = !works
	return works
}

// offlineHint is for log and page.
const offlineHint = "Instances, directories and GitHub do not answer: this machine seems to have no internet. " +
	"Check its network and DNS, or see an invented network with --demo. Nobody is reported down; it goes on trying"
