package families

import (
	"time"

	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/instance"
	"github.com/mnm-social/mnm/exporter/metric"
	"github.com/mnm-social/mnm/exporter/network"
)

// changesKept is how long a change is shown by name.
const changesKept = 7 * 24 * time.Hour

// Instances are the families with a series per instance, labelled by its domain and little else. The first seven are
// there for every instance; those made by detail only for the largest.
func Instances() metric.Table[*network.View] {
	return table{
		each("up", "Whether the instance answered its latest confirmed visit (1, 0). Visited once an hour; a failure is confirmed five minutes later.",
			func(e *network.Instance, r *row) {
				if e.Up != census.Unseen {
					r.emit(truth(e.IsUp()))
				}
			}),
		fresh("info", "What the instance runs and where its server is; always 1. Past the limit software and version are \"other\", an unknown country is \"unknown\"."+hourly,
			func(e *network.Instance, r *row) { r.emit(1, e.Software, e.Version, e.Country) }, "software", "version", "country"),
		count("users", "Accounts registered on the instance, as it says."+hourly,
			func(e *network.Instance) instance.Count { return e.Figures.Users }),
		count("statuses", "Statuses written on the instance, as it says; absent for servers of fewer than 5 users."+hourly,
			public(func(e *network.Instance) instance.Count { return e.Figures.Statuses })),
		count("connections", "Other domains that the instance knows, as it says."+hourly,
			func(e *network.Instance) instance.Count { return e.Figures.Connections }),
		count("active_users", "Accounts active in the last 30 days, as the instance says; absent for servers of fewer than 5 users."+hourly,
			public(func(e *network.Instance) instance.Count { return e.Figures.ActiveUsers })),
		fresh("registrations_open", "Whether a stranger may register (1, 0); needing approval counts as open."+hourly,
			func(e *network.Instance, r *row) {
				if e.Figures.Registrations != instance.PolicyUnknown {
					r.emit(truth(e.Figures.Registrations != instance.PolicyClosed))
				}
			}),
		changes(),
		each("watched", "Whether the instance is on the watch list of this exporter; always 1.",
			func(e *network.Instance, r *row) {
				if e.Watched {
					r.emit(1)
				}
			}),
		each("last_success_timestamp_seconds", "Unix time of the latest good visit; for watched and the largest instances.",
			func(e *network.Instance, r *row) {
				if e.Detailed && !e.LastGood.IsZero() {
					r.emit(seconds(e.LastGood))
				}
			}),
		detail("visit_duration_seconds", "How long the latest good visit took, all its requests together; for watched and the largest instances.",
			func(e *network.Instance, r *row) { r.emit(e.Took.Seconds()) }),
		week("last_week_statuses", "Statuses written in the last complete week", func(w instance.Week) instance.Count { return w.Statuses }),
		week("last_week_logins", "Accounts that logged in during the last complete week", func(w instance.Week) instance.Count { return w.Logins }),
		week("last_week_registrations", "Accounts registered in the last complete week", func(w instance.Week) instance.Count { return w.Registrations }),
		detail("update_info", "How the instance's Mastodon stands to the releases of its own branch: current, behind, security_missing, unsupported or unknown; always 1; for watched and the largest instances."+hourly,
			func(e *network.Instance, r *row) {
				if e.Mastodon() {
					r.emit(1, string(e.Update))
				}
			}, "update"),
		detail("certificate_expiry_timestamp_seconds", "Unix time at which the certificate that the instance served expires; for watched and the largest instances."+hourly,
			func(e *network.Instance, r *row) {
				if !e.TLS.Expiry.IsZero() {
					r.emit(seconds(e.TLS.Expiry))
				}
			}),
		detail("tls_info", "Version of TLS in which the instance was read; always 1; for watched and the largest instances."+hourly,
			func(e *network.Instance, r *row) {
				if v := e.TLS.Name(); v != "" {
					r.emit(1, v)
				}
			}, "version"),
		each("failure_info", "Why the latest visit to a watched instance was not good; always 1.",
			func(e *network.Instance, r *row) {
				if e.Watched && e.Reason != "" {
					r.emit(1, e.Reason)
				}
			}, "reason"),
		detail("ipv6", "Whether the instance publishes an IPv6 address (1, 0); for watched and the largest instances."+hourly,
			func(e *network.Instance, r *row) { r.emit(truth(e.IPv6)) }),
	}
}

// row writes the samples of one instance: their labels begin with its domain.
type row struct {
	w      writer
	labels [8]string
}

// emit writes a sample with further labels beside the domain.
func (r *row) emit(value float64, labels ...string) {
	n := copy(r.labels[1:], labels)
	r.w.Emit(value, r.labels[:1+n]...)
}

// each is a family with a sample for every instance that may be named.
func each(name, help string, read func(*network.Instance, *row), labels ...string) family {
	return gauge("mastodon_instance_"+name, help, append([]string{"domain"}, labels...), func(v view, w writer) {
		r := row{w: w}
		for i := range v.Instances {
			e := &v.Instances[i]
			r.labels[0] = e.Name.String()
			read(e, &r)
		}
	})
}

// fresh is a family of what was read lately.
func fresh(name, help string, read func(*network.Instance, *row), labels ...string) family {
	return each(name, help, func(e *network.Instance, r *row) {
		if e.Fresh {
			read(e, r)
		}
	}, labels...)
}

// detail is a family of the largest instances.
func detail(name, help string, read func(*network.Instance, *row), labels ...string) family {
	return fresh(name, help, func(e *network.Instance, r *row) {
		if e.Detailed {
			read(e, r)
		}
	}, labels...)
}

// count is a family of a figure that an instance may keep to itself.
func count(name, help string, figure func(*network.Instance) instance.Count) family {
	return fresh(name, help, func(e *network.Instance, r *row) {
		if n, ok := figure(e).Get(); ok {
			r.emit(float64(n))
		}
	})
}

// week is a family of the last complete week's activity.
func week(name, what string, figure func(instance.Week) instance.Count) family {
	help := what + ", as the instance says; for watched and the largest instances."
	return detail(name, help+daily, func(e *network.Instance, r *row) {
		if n, ok := public(func(e *network.Instance) instance.Count { return figure(e.Figures.Week) })(e).Get(); ok {
			r.emit(float64(n))
		}
	})
}

// public leaves a figure out where an instance is so small that it would tell of a person.
func public(figure func(*network.Instance) instance.Count) func(*network.Instance) instance.Count {
	return func(e *network.Instance) instance.Count {
		if e.Private() {
			return instance.Count{}
		}
		return figure(e)
	}
}

// changes is the only family with several samples of one instance: a kind of change each.
func changes() family {
	return gauge("mastodon_instance_change_timestamp_seconds",
		"Unix time of the latest change of a kind; shown for 7 days. What the first round found is no change.",
		[]string{"domain", "change"}, func(v view, w writer) {
			for i := range v.Instances {
				e := &v.Instances[i]
				for kind, at := range e.Changed {
					if !at.IsZero() && v.At.Sub(at) < changesKept {
						w.Emit(seconds(at), e.Name.String(), census.Change(kind).String())
					}
				}
			}
		})
}
