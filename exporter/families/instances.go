package families

import (
	"math"

	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/https"
	"github.com/mnm-social/mnm/exporter/instance"
	"github.com/mnm-social/mnm/exporter/metric"
	"github.com/mnm-social/mnm/exporter/network"
)

// changes is the family with several samples of one instance, a kind of change each; so it has a bound.
const changes = "mastodon_instance_change_timestamp_seconds"

// Instances are the families with a series per instance, labelled by its domain and little else. The first seven are
// there for every instance; those made by detail and info only for the watched and the largest.
func Instances() metric.Table[*network.View] {
	const largest = "; for watched and the largest instances."
	return table{
		each("up", "Whether the instance answered its latest confirmed visit (1, 0). Visited once an hour; a failure is confirmed five minutes later, so an outage is seen within 65 minutes.",
			func(e *network.Instance) float64 { return where(e.Up != census.Unseen, truth(e.Up == census.Yes)) }),
		gauge("mastodon_instance_info", "What the instance runs and where its server is; always 1. Past the limit software and version are \"other\", an unknown country is \"unknown\"."+hourly,
			[]string{"domain", "software", "version", "country"}, func(v view, w writer) {
				for i := range v.Instances {
					if e := &v.Instances[i]; e.Fresh() {
						w.Emit(1, e.Domain, e.Software, e.Version, e.Country)
					}
				}
			}),
		each("users", "Accounts registered on the instance, as it says."+hourly,
			func(e *network.Instance) float64 { return figure(e.Users) }),
		each("statuses", "Statuses written on the instance, as it says; absent for servers of fewer than 5 users."+hourly,
			func(e *network.Instance) float64 { return figure(e.Statuses) }),
		each("connections", "Other domains that the instance knows, as it says."+hourly,
			func(e *network.Instance) float64 { return figure(e.Connections) }),
		each("active_users", "Accounts active in the last 30 days, as the instance says; absent for servers of fewer than 5 users."+hourly,
			func(e *network.Instance) float64 { return figure(e.ActiveUsers) }),
		each("registrations_open", "Whether a stranger may register (1, 0); needing approval counts as open."+hourly,
			func(e *network.Instance) float64 {
				return where(e.Registrations != instance.PolicyUnknown, truth(e.Registrations != instance.PolicyClosed))
			}),
		gauge(changes, "Unix time of the latest change of a kind; shown for 7 days. What the first round found is no change.",
			[]string{"domain", "change"}, func(v view, w writer) {
				for _, c := range v.Recent {
					w.Emit(float64(c.At), c.Domain, c.Kind.String())
				}
			}),
		listed("watched", "Whether the instance is on the watch list of this exporter; always 1.",
			func(e *network.Instance) float64 { return where(e.Watched, 1) }),
		listed("last_success_timestamp_seconds", "Unix time of the latest good visit"+largest,
			func(e *network.Instance) float64 { return seconds(e.Entry.LastGood) }),
		detail("visit_duration_seconds", "How long the latest good visit took, all its requests together"+largest,
			func(e *network.Instance) float64 { return e.Entry.Took.Seconds() }),
		week("last_week_statuses", "Statuses written in the last complete week", func(w instance.Week) instance.Count { return w.Statuses }),
		week("last_week_logins", "Accounts that logged in during the last complete week", func(w instance.Week) instance.Count { return w.Logins }),
		week("last_week_registrations", "Accounts registered in the last complete week", func(w instance.Week) instance.Count { return w.Registrations }),
		info("update_info", "update", "How the instance's Mastodon stands to the releases of its own branch: current, behind, security_missing, unsupported or unknown; always 1"+largest+hourly,
			func(e *network.Instance) string { return string(e.Update) }),
		detail("certificate_expiry_timestamp_seconds", "Unix time at which the certificate that the instance served expires"+largest+hourly,
			func(e *network.Instance) float64 { return seconds(e.Entry.TLS.Expiry) }),
		info("tls_info", "version", "Version of TLS in which the instance was read; always 1"+largest+hourly,
			func(e *network.Instance) string { return e.Entry.TLS.Name() }),
		detail("https_score", "How well the instance's pages are secured, from 0 to 140, above 100 by extra credit, by the method of MDN's HTTP Observatory"+largest+daily,
			func(e *network.Instance) float64 { return score(e.Entry.HTTPS.Observatory) }),
		info("https_grade_info", "grade", "Grade of that score, A+ to F; always 1"+largest+daily,
			func(e *network.Instance) string { return e.Entry.HTTPS.Observatory.Grade }),
		listed("tls_score", "How good the instance's TLS is, from 0 to 100: protocol, key, chain, expiry and HSTS preload eligibility, by the table in docs/https-score.md; of the latest page, or of a handshake that failed since"+largest,
			func(e *network.Instance) float64 { return score(e.Entry.HTTPS.TLS) }),
		gauge("mastodon_instance_tls_grade_info", "Grade of that score, A+ to F; always 1"+largest, []string{"domain", "grade"}, func(v view, w writer) {
			for _, e := range v.Detailed {
				if m := e.Entry.HTTPS.TLS; m.Judged() {
					w.Emit(1, e.Domain, m.Grade)
				}
			}
		}),
		gauge("mastodon_instance_certificate_info", "What became of the certificate in the latest handshake, whether the visit was good or not: ok, expired, wrong_name, self_signed, untrusted, old_protocol; always 1"+largest,
			[]string{"domain", "verdict"}, func(v view, w writer) {
				for _, e := range v.Detailed {
					if e.Entry.Certificate != "" {
						w.Emit(1, e.Domain, string(e.Entry.Certificate))
					}
				}
			}),
		gauge("mastodon_instance_failure_info", "Why the latest visit to a watched instance was not good; always 1.",
			[]string{"domain", "reason"}, func(v view, w writer) {
				for _, e := range v.Detailed {
					if e.Watched && e.Entry.Reason != "" {
						w.Emit(1, e.Domain, e.Entry.Reason)
					}
				}
			}),
		detail("ipv6", "Whether the instance publishes an IPv6 address (1, 0)"+largest+hourly,
			func(e *network.Instance) float64 { return truth(e.Entry.IPv6) }),
	}
}

// score is absent where nothing was judged.
func score(m https.Marks) float64 { return where(m.Judged(), float64(m.Score)) }

// each is a family with a sample for every instance that may be named.
func each(name, help string, value func(*network.Instance) float64) family {
	return gauge("mastodon_instance_"+name, help, []string{"domain"}, func(v view, w writer) {
		for i := range v.Instances {
			e := &v.Instances[i]
			w.Emit(value(e), e.Domain)
		}
	})
}

// listed is a family of the watched and the largest instances.
func listed(name, help string, value func(*network.Instance) float64) family {
	return gauge("mastodon_instance_"+name, help, []string{"domain"}, func(v view, w writer) {
		for _, e := range v.Detailed {
			w.Emit(value(e), e.Domain)
		}
	})
}

// detail is a family of what was read of them lately.
func detail(name, help string, value func(*network.Instance) float64) family {
	return listed(name, help, func(e *network.Instance) float64 {
		if !e.Fresh() {
			return math.NaN()
		}
		return value(e)
	})
}

// info is a family of a word that was read of them lately.
func info(name, label, help string, word func(*network.Instance) string) family {
	return gauge("mastodon_instance_"+name, help, []string{"domain", label}, func(v view, w writer) {
		for _, e := range v.Detailed {
			if e.Fresh() && word(e) != "" {
				w.Emit(1, e.Domain, word(e))
			}
		}
	})
}

// week is a family of the last complete week's activity.
func week(name, what string, count func(instance.Week) instance.Count) family {
	return detail(name, what+", as the instance says; for watched and the largest instances."+daily, func(e *network.Instance) float64 {
		if e.Private() {
			return math.NaN()
		}
		return figure(count(e.Entry.Figures.Week))
	})
}
