package deploy_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/mnm-social/mnm/demo"
)

const (
	minute = time.Minute
	hour   = time.Hour
	day    = 24 * time.Hour
)

// seen is how long it takes at most until a visit has seen what has changed, a step included; confirmed, until a failure was.
// forgotten is how much later than what it tells an alert ends.
const (
	seen      = 68 * minute
	confirmed = 76 * minute
	forgotten = 12 * minute
	late      = 15 * minute // more, where steps are longer
)

// days are eight days in the lives of watched servers, each with a trouble of its own. They are in 2100: certificates are judged by
// the clock on the wall, and must expire after its time. The data of countries is old by then.
func days() *play {
	p := &play{
		name: "days", start: time.Date(2100, 3, 1, 12, 0, 0, 0, time.UTC), last: 181 * hour,
		step: func(at time.Duration) time.Duration {
			switch {
			case at < 34*hour:
				return 8 * minute
			case at < 96*hour:
				return 10 * minute
			case at < 165*hour:
				return 30 * minute // a week is to pass
			}
			return 12 * minute
		},
		want: []expectation{{`MNMCountryDataOld{provider="embedded"}`, hour, hour, 181 * hour, 0}},
	}
	troubles(p)
	certificates(p)
	changes(p)
	unmeasured(p)
	shrinking(p)
	return p
}

func troubles(p *play) {
	well, dead := demo.Spec{Users: number(100)}, demo.Spec{Behaviour: demo.Refusing}
	p.specs = append(p.specs,
		script(demo.Spec{Name: "well.social", Users: number(100)}),
		script(demo.Spec{Name: "down.social", Users: number(100)}, 30*hour, dead, 50*hour, well),
		script(demo.Spec{Name: "flaps.social", Users: number(100)}, 6*hour, dead, 8*hour, well, 10*hour, dead, 12*hour, well),
		script(demo.Spec{Name: "old.social", Users: number(100), Version: "4.6.3"}, 176*hour, demo.Spec{Users: number(100), Version: "4.7.0"}),
		// What happens to whom nobody watches is nobody's business.
		script(demo.Spec{Name: "other-old.social", Users: number(1000), Version: "4.6.3"}, 20*hour, demo.Spec{Users: number(7), Software: "misskey"},
			30*hour, demo.Spec{Behaviour: demo.CertExpired}),
	)
	p.want = append(p.want,
		expectation{`MastodonInstanceDown{domain="down.social"}`, 30 * hour, 30*hour + confirmed, 50 * hour, 50*hour + seen + forgotten + late},
		expectation{`MastodonInstanceDown{domain="flaps.social"}`, 6 * hour, 6*hour + confirmed, 8 * hour, 8*hour + seen + forgotten},
		expectation{`MastodonInstanceDown{domain="flaps.social"}`, 10 * hour, 10*hour + confirmed, 12 * hour, 12*hour + seen + forgotten},
		expectation{`MastodonInstanceFlapping{domain="flaps.social"}`, 12 * hour, 12*hour + seen, 30 * hour, 30*hour + confirmed + hour + forgotten},
		expectation{`MastodonInstanceSecurityReleaseMissing{domain="old.social",update="security_missing"}`, day, day, 176 * hour, 178 * hour},
		expectation{`MastodonInstanceSecurityReleaseLongMissing{domain="old.social",update="security_missing"}`, 7 * day, 7*day + 12*minute, 176 * hour, 178 * hour},
		changed("Version", "DE", "old.social", "mastodon", "4.7.0", 176*hour),
	)
}

func certificates(p *play) {
	later := demo.Spec{Expires: 100 * day}
	p.specs = append(p.specs,
		script(demo.Spec{Name: "soon.social", Expires: 16 * day}, 60*hour, later),
		script(demo.Spec{Name: "very.social", Expires: 5 * day}, 60*hour, later),
	)
	p.want = append(p.want,
		expectation{`MastodonInstanceCertificateExpiresSoon{domain="soon.social"}`, 2 * day, 2*day + 10*minute, 60 * hour, 60*hour + seen + forgotten + late},
		expectation{`MastodonInstanceCertificateExpiresSoon{domain="very.social"}`, 0, 0, 60 * hour, 60*hour + seen + forgotten + late},
		expectation{`MastodonInstanceCertificateExpiresVerySoon{domain="very.social"}`, 2 * day, 2*day + 10*minute, 60 * hour, 60*hour + seen + forgotten + late},
	)
	for _, row := range []struct {
		verdict   string
		behaviour demo.Behaviour
	}{
		{"expired", demo.CertExpired}, {"wrong_name", demo.CertName}, {"self_signed", demo.CertSelfSigned},
		{"untrusted", demo.CertUntrusted}, {"old_protocol", demo.OldTLS},
	} {
		name := strings.ReplaceAll(row.verdict, "_", "-") + ".social"
		p.specs = append(p.specs, script(demo.Spec{Name: name}, 24*hour, demo.Spec{Behaviour: row.behaviour}, 30*hour, demo.Spec{}))
		p.want = append(p.want,
			expectation{fmt.Sprintf("MastodonInstanceCertificateWrong{domain=%q,verdict=%q}", name, row.verdict), 24 * hour, 24*hour + seen + 20*minute, 30 * hour, 30*hour + seen + forgotten},
			expectation{fmt.Sprintf("MastodonInstanceDown{domain=%q}", name), 24 * hour, 24*hour + confirmed, 30 * hour, 30*hour + seen + forgotten},
		)
	}
}

// changed is news about what a server is: for two hours.
func changed(what, country, domain, software, version string, at time.Duration) expectation {
	alert := fmt.Sprintf("MastodonInstance%sChanged{country=%q,domain=%q,software=%q,version=%q}", what, country, domain, software, version)
	return expectation{alert, at, at + seen + 8*minute, at + 2*hour, at + seen + 2*hour + 24*minute}
}

func changes(p *play) {
	p.specs = append(p.specs,
		script(demo.Spec{Name: "opens.social", Open: flag(false)}, 12*hour, demo.Spec{Open: flag(true), Approval: true}),
		script(demo.Spec{Name: "updates.social", Version: "4.6.6"}, 12*hour, demo.Spec{Version: "4.7.0"}),
		script(demo.Spec{Name: "moves.social"}, 16*hour, demo.Spec{Country: "FR"}),
		script(demo.Spec{Name: "turns.social", Software: "pleroma", Version: "2.7.0"}, 14*hour, demo.Spec{Software: "akkoma", Version: "3.15.0"}),
		script(demo.Spec{Name: "purges.social", Users: number(1000)}, 26*hour, demo.Spec{Users: number(700)}, 32*hour, demo.Spec{Users: number(1000)}),
		script(demo.Spec{Name: "blocks.social", Connections: number(8000)}, 26*hour, demo.Spec{Connections: number(5000)}),
	)
	p.want = append(p.want,
		expectation{`MastodonInstanceRegistrationsChanged{domain="opens.social"}`, 12 * hour, 12*hour + seen, 14 * hour, 12*hour + seen + 2*hour + forgotten},
		changed("Version", "DE", "updates.social", "mastodon", "4.7.0", 12*hour),
		changed("Country", "FR", "moves.social", "mastodon", "4.7.0", 16*hour),
		changed("Software", "DE", "turns.social", "akkoma", "3.15.0", 14*hour),
		changed("Version", "DE", "turns.social", "akkoma", "3.15.0", 14*hour),
		expectation{`MastodonInstanceUsersDropped{domain="purges.social"}`, 27 * hour, 26*hour + seen + 74*minute, 32 * hour, 32*hour + seen + forgotten},
		// Half a day later, when more samples have it than not, it is the usual figure.
		expectation{`MastodonInstanceConnectionsDropped{domain="blocks.social"}`, 27 * hour, 26*hour + seen + 74*minute, 37 * hour, 42 * hour},
	)
}

// unmeasured are those whom no visit reads, and who are not down.
func unmeasured(p *play) {
	p.specs = append(p.specs,
		script(demo.Spec{Name: "never.social", Behaviour: demo.Blocked}, 10*hour, demo.Spec{}),
		script(demo.Spec{Name: "shut.social"}, 20*hour, demo.Spec{Behaviour: demo.Blocked}, 40*hour, demo.Spec{}),
		script(demo.Spec{Name: "gone.social"}, 20*hour, demo.Spec{Behaviour: demo.Gone}, 60*hour, demo.Spec{}),
		script(demo.Spec{Name: "declines.social"}, 20*hour, demo.Spec{Behaviour: demo.RobotsNo}, 60*hour, demo.Spec{}),
	)
	p.want = append(p.want,
		expectation{`MastodonInstanceNotMeasured{domain="never.social"}`, hour, hour + 4*minute, 10 * hour, 10*hour + seen + forgotten},
		expectation{`MastodonInstanceNotMeasured{domain="shut.social"}`, 20*hour + 2*hour - 8*minute, 23*hour + forgotten, 40 * hour, 40*hour + seen + forgotten + late},
		expectation{`MastodonInstanceNotMeasured{domain="gone.social"}`, 21 * hour, 21*hour + seen + 20*minute, 60 * hour, 84*hour + 2*seen + forgotten + late},
		// Its robots.txt is read once a day. A day after it was named last nobody knows that it was.
		expectation{`MastodonInstanceNotMeasured{domain="declines.social"}`, 22 * hour, 28 * hour, 46 * hour, 50 * hour},
	)
}

// shrinking is a directory that loses a third of its names for some hours.
func shrinking(p *play) {
	for i := range 20 {
		p.specs = append(p.specs, script(demo.Spec{Name: fmt.Sprintf("other-%d.social", i), Users: number(10)},
			72*hour, demo.Spec{Users: number(10), Unlisted: true}, 78*hour, demo.Spec{Users: number(10)}, 84*hour, demo.Spec{Behaviour: demo.Gone}))
	}
	p.want = append(p.want,
		expectation{`MastodonDirectoryShrunk{directory="joinmastodon"}`, 72 * hour, 72*hour + seen + 20*minute + late, 78 * hour, 78*hour + seen + forgotten + late})
}
