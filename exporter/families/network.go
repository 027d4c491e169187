package families

import (
	"strconv"

	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/country"
	"github.com/mnm-social/mnm/exporter/metric"
	"github.com/mnm-social/mnm/exporter/network"
	"github.com/mnm-social/mnm/exporter/releases"
)

// Network are the families about the network as a whole. Each is one partition: sum() over it is true.
// directory_instances is the exception, since lists overlap.
func Network() metric.Table[*network.View] {
	const over = " Over instances with a good visit in the last 24 hours."
	const mastodon = " Mastodon and its forks only."
	return table{
		gauge("mastodon_network_instances", "Known instances by state, the first that fits: refused, gone, new (not read yet), up, down.", []string{"state"},
			func(v view, w writer) {
				for state, n := range v.States {
					w.Emit(float64(n), census.State(state).String())
				}
			}),
		sum("mastodon_network_claimed_users", "Accounts, as the instances say."+over, func(v view) network.Sum { return v.Users }),
		sum("mastodon_network_claimed_statuses", "Statuses, as the instances say."+over, func(v view) network.Sum { return v.Statuses }),
		sum("mastodon_network_claimed_active_users", "Accounts active in the last 30 days, as the instances say."+over, func(v view) network.Sum { return v.ActiveUsers }),
		{Name: "mastodon_network_changes_total", Help: "Changes seen on instances since the start, by kind.", Type: metric.Counter, Labels: []string{"change"},
			Read: func(v view, w writer) {
				for kind, n := range v.Changes {
					w.Emit(float64(n), census.Change(kind).String())
				}
			}},
		instances("mastodon_country_instances", "Instances by country of the server."+over, "country", countries),
		users("mastodon_country_users", "Accounts by country of the server."+over, "country", countries),
		activeUsers("mastodon_country_active_users", "Accounts active in the last 30 days, by country of the server."+over, "country", countries),
		gauge("mastodon_country_info", "English name and continent of each country that is counted; always 1.", []string{"country", "country_name", "continent"},
			func(v view, w writer) {
				for _, g := range v.Countries {
					if g.Label != network.Unknown {
						w.Emit(1, g.Label, country.Name(g.Label), country.Continent(g.Label))
					}
				}
			}),
		instances("mastodon_country_source_instances", "Instances by the rule that told their country: override, tld, region_tld, address, unknown."+over, "source",
			func(v view) []network.Group { return v.Sources }),
		instances("mastodon_country_unknown_instances", "Instances of unknown country, by reason."+over, "reason",
			func(v view) []network.Group { return v.UnknownCountries }),
		instances("mastodon_software_instances", "Instances by software, the 50 most frequent and \"other\"."+over, "software", software),
		users("mastodon_software_users", "Accounts by software, the 50 most frequent and \"other\"."+over, "software", software),
		instances("mastodon_version_instances", "Instances by Mastodon version, the 200 most frequent and \"other\"."+mastodon+over, "version", versions),
		users("mastodon_version_users", "Accounts by Mastodon version, the 200 most frequent and \"other\"."+mastodon+over, "version", versions),
		instances("mastodon_update_instances", "Instances by how they stand to the releases of their own branch: current, behind, security_missing, unsupported, unknown."+mastodon+over, "update",
			func(v view) []network.Group { return v.Updates }),
		instances("mastodon_registration_instances", "Instances by registration policy: open, approval, closed, unknown."+over, "policy",
			func(v view) []network.Group { return v.Policies }),
		instances("mastodon_https_grade_instances", "Instances by grade of their HTTPS, by the method of MDN's HTTP Observatory: A+ to F, and unknown where it was not judged."+over, "grade",
			func(v view) []network.Group { return v.Grades }),
		instances("mastodon_ipv6_instances", "Instances by whether they publish an IPv6 address: true, false."+over, "ipv6",
			func(v view) []network.Group { return v.IPv6 }),
		gauge("mastodon_directory_instances", "Instances that a directory listed in its last good answer. Directories overlap.", []string{"directory"},
			func(v view, w writer) {
				for _, d := range v.Directories {
					w.Emit(where(!d.LastSuccess.IsZero(), float64(d.Instances)), d.Name)
				}
			}),
		gauge("mastodon_directory_last_success_timestamp_seconds", "Unix time of a directory's last good answer.", []string{"directory"},
			func(v view, w writer) {
				for _, d := range v.Directories {
					w.Emit(seconds(d.LastSuccess), d.Name)
				}
			}),
		gauge("mastodon_release_info", "Releases of Mastodon that are known; always 1. security says whether its notes or an advisory name a security fix.", []string{"version", "channel", "security"},
			func(v view, w writer) {
				for _, r := range v.Releases.All() {
					w.Emit(1, r.Version.String(), string(r.Channel), strconv.FormatBool(r.Security))
				}
			}),
		gauge("mastodon_release_published_timestamp_seconds", "Unix time at which a release was published.", []string{"version"},
			func(v view, w writer) {
				for _, r := range v.Releases.All() {
					w.Emit(seconds(r.Published), r.Version.String())
				}
			}),
		latest(),
		gauge("mnm_exporter_left_out_series", "Series left out to keep the page small, by family: where changes are too many, the oldest are not shown.", []string{"family"},
			func(v view, w writer) { w.Emit(float64(v.LeftOut), changes) }),
	}
}

func countries(v view) []network.Group { return v.Countries }
func software(v view) []network.Group  { return v.Software }
func versions(v view) []network.Group  { return v.Versions }

// sum is a family of one sample, absent while nobody has said a figure.
func sum(name, help string, read func(view) network.Sum) family {
	return gauge(name, help, nil, func(v view, w writer) { w.Emit(total(read(v))) })
}

// instances is a family that counts the instances of each group.
func instances(name, help, label string, groups func(view) []network.Group) family {
	return gauge(name, help, []string{label}, func(v view, w writer) {
		for _, g := range groups(v) {
			w.Emit(float64(g.Instances), g.Label)
		}
	})
}

// users is a family that adds up the accounts of each group.
func users(name, help, label string, groups func(view) []network.Group) family {
	return gauge(name, help, []string{label}, func(v view, w writer) {
		for _, g := range groups(v) {
			w.Emit(total(g.Users), g.Label)
		}
	})
}

// activeUsers is a family that adds up the active accounts of each group.
func activeUsers(name, help, label string, groups func(view) []network.Group) family {
	return gauge(name, help, []string{label}, func(v view, w writer) {
		for _, g := range groups(v) {
			w.Emit(total(g.ActiveUsers), g.Label)
		}
	})
}

func total(s network.Sum) float64 { return where(s.Known, float64(s.N)) }

// latest names the newest release of each channel, and of each supported branch under the branch's name.
func latest() family {
	return gauge("mastodon_latest_release_info",
		"Newest release of each channel (stable, rc, beta, alpha) and, with its name in the place of the channel, newest stable one of each supported branch (4.6); always 1.",
		[]string{"channel", "version"}, func(v view, w writer) {
			for _, c := range releases.Channels() {
				if r, ok := v.Releases.Latest(c); ok {
					w.Emit(1, string(c), r.Version.String())
				}
			}
			for _, r := range v.Releases.Newest(v.At) {
				if r.Channel == releases.Stable {
					w.Emit(1, r.Version.Branch(), r.Version.String())
				}
			}
		})
}
