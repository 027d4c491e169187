package main

import (
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
)

// mine picks the series of the instance that was chosen.
const mine = `{domain="$domain"}`

// instanceBoard is one instance: all that is known of it, beside its peers.
func instanceBoard() (dashboard.Dashboard, error) {
	p := newPage(frame("instance", "Instance",
		"One instance of the Mastodon network: how it is, how large, on what it runs, how well it is secured, and how it stands beside its peers.").
		WithVariable(pickDomain()))
	instanceTiles(p)
	instanceGrowth(p)
	instancePeers(p)
	instanceSoftware(p)
	instanceSecurity(p)
	p.annotate(marks("Changes of this instance", "orange", `1000 * mastodon_instance_change_timestamp_seconds{domain="$domain"}`).
		TitleFormat("{{change}}").TextFormat("{{domain}}"), "Up", "Users over time", "Statuses over time")
	return p.build()
}

// pickDomain lists the instances of which details are known, the watched ones first, then the largest: some 1,000 that a
// person can look through. Any other domain may be typed: that is a custom value, and no text box beside it is needed.
func pickDomain() *dashboard.QueryVariableBuilder {
	return one("domain", "Instance", "Watched instances first, then the largest; any other domain can be typed.",
		`query_result(sort_desc(max by (domain) (mastodon_instance_users + on (domain) 1e12 * mastodon_instance_watched or 1e12 * mastodon_instance_watched or mastodon_instance_users and on (domain) mastodon_instance_visit_duration_seconds)))`).
		Regex(`/domain="([^"]+)"/`).Sort(dashboard.VariableSortDisabled).AllowCustomValue(true)
}

// newest is the latest value of one family of this instance.
func newest(title, help, unit, family string) *stat.PanelBuilder {
	return number(title, help, unit, `max(`+family+mine+`)`).NoValue("not known")
}

// says is what a label of one family says of this instance.
func says(title, help, family, label string) *stat.PanelBuilder {
	return worded(title, help, `max by (`+label+`) (`+family+mine+`)`, "{{"+label+"}}")
}

func worded(title, help, expr, legend string) *stat.PanelBuilder {
	return label(title, help, expr, legend).NoValue("not known")
}

func upWords() []word { return []word{{1, "up", "green"}, {0, "down", "red"}} }

func instanceTiles(p *page) {
	p.line(4, []uint32{3, 4, 4, 3, 4, 3, 3},
		meaning("Now", "Whether the instance answered its latest confirmed visit, which may be up to an hour old.",
			`max(mastodon_instance_up`+mine+`)`, upWords()...).NoValue("not known here"),
		says("Software", "What the instance runs, as its nodeinfo says.", "mastodon_instance_info", "software"),
		says("Version", "Version that the instance says it runs.", "mastodon_instance_info", "version"),
		worded("Country", "Country in which its server stands, if that can be told.",
			`max by (country_name) (mastodon_instance_info`+mine+` * on (country) group_left (country_name) mastodon_country_info)`, "{{country_name}}"),
		painted(says("Update status", "How its Mastodon stands to the newest release of its own branch; for watched and the largest instances.",
			"mastodon_instance_update_info", "update"), updates()...),
		meaning("Registrations", "Whether a stranger may register, at once or after approval.",
			`max(mastodon_instance_registrations_open`+mine+`)`, word{1, "open", "green"}, word{0, "closed", "orange"}).NoValue("not known"),
		moment("Rank by users", "Its place among all instances by accounts; 1 is the largest.", whole,
			`1 + (count(mastodon_instance_users > `+myUsers+`) or 0 * max(mastodon_instance_users`+mine+`))`).
			NoValue("not known"),
	)
	p.line(4, []uint32{4, 4, 4, 4, 4, 4},
		newest("Users", "Accounts registered on the instance, as it says.", whole, "mastodon_instance_users"),
		newest("Active users", "Accounts active in the last 30 days, as it says; not told of servers of fewer than 5 users.", whole, "mastodon_instance_active_users"),
		newest("Statuses", "Statuses written on the instance, as it says; not told of servers of fewer than 5 users.", short, "mastodon_instance_statuses").Decimals(2),
		newest("Connections", "Other domains that the instance knows, as it says.", whole, "mastodon_instance_connections"),
		moment("Up in this time range", "Share of the time range in which the instance was up.", percent,
			`max(avg_over_time(mastodon_instance_up`+mine+`[$__range]))`, limit{0, "red"}, limit{0.95, "orange"}, limit{0.99, "green"}).
			Decimals(2).NoValue("not known"),
		moment("Last good visit", "Time since the exporter last read the instance; for watched and the largest instances.", seconds,
			`time() - max(mastodon_instance_last_success_timestamp_seconds`+mine+`)`, limit{0, "green"}, limit{7200, "orange"}, limit{86400, "red"}).
			Decimals(0).NoValue("not among the detailed"),
	)
}

func instanceGrowth(p *page) {
	p.heading("How does it grow?")
	p.line(9, []uint32{8, 8, 8},
		trend("Users over time", "Accounts registered on the instance, as it says; lines mark changes of the instance.", whole, "blue",
			series{`max(mastodon_instance_users` + mine + `)`, "users"}),
		trend("Active users over time", "Accounts active in the last 30 days, as the instance says.", whole, "green",
			series{`max(mastodon_instance_active_users` + mine + `)`, "active in 30 days"}),
		trend("Statuses over time", "Statuses written on the instance, as it says; lines mark changes of the instance.", short, "purple",
			series{`max(mastodon_instance_statuses` + mine + `)`, "statuses"}).Decimals(2),
	)
	p.line(5, []uint32{8, 4, 4, 4, 4},
		course("Up", "Whether the instance answered its latest confirmed visit; a failure counts after a second one five minutes later.",
			`max(mastodon_instance_up`+mine+`)`, "state", upWords()...),
		newest("Statuses last week", "Statuses written in the last complete week; for watched and the largest instances, asked once a day.", whole,
			"mastodon_instance_last_week_statuses").NoValue("not told"),
		newest("Logins last week", "Accounts that logged in during the last complete week; for watched and the largest instances, asked once a day.", whole,
			"mastodon_instance_last_week_logins").NoValue("not told"),
		newest("Registrations last week", "Accounts registered in the last complete week; for watched and the largest instances, asked once a day.", whole,
			"mastodon_instance_last_week_registrations").NoValue("not told"),
		newest("Visit duration", "How long its latest good visit took, all requests together; for watched and the largest instances.", seconds,
			"mastodon_instance_visit_duration_seconds").NoValue("not among the detailed"),
	)
}

// peers are the instances of a third to three times as many users that run the same software. It is asked for one moment
// only: over a time range it would be slow with 30,000 instances.
const (
	peers        = likeSize + ` and on (domain) ` + sameSoftware
	likeSize     = `(mastodon_instance_users > ` + myUsers + ` / 3 < 3 * ` + myUsers + `)`
	sameSoftware = `(mastodon_instance_info and on (software) mastodon_instance_info` + mine + `)`
)

// myUsers is a scalar: to compare with it takes a fraction of the time that matching with a series does.
const myUsers = `scalar(max(mastodon_instance_users` + mine + `))`

// measures are the figures by which instances are compared, of those that matchers pick, under a label "measure". They are
// asked of the sized ones only, a family of users, and before they are labelled: with 30,000 instances that halves the time.
func measures(matchers, sized string) string {
	named := func(name, expr string) string {
		return fmt.Sprintf(`label_replace(%s, "measure", %q, "", "")`, expr, name)
	}
	return named("Active users, % of all", "100 * mastodon_instance_active_users"+matchers+" / on (domain) "+sized) +
		` or ` + named("Statuses per user", "mastodon_instance_statuses"+matchers+" / on (domain) "+sized) +
		` or ` + named("Connections", "mastodon_instance_connections"+matchers+" and on (domain) "+sized) +
		` or (` + named("HTTPS score", "mastodon_instance_https_score"+matchers) +
		` or ` + named("TLS score", "mastodon_instance_tls_score"+matchers) + `) and on (domain) ` + sized
}

func instancePeers(p *page) {
	quartile := func(q string) string {
		return `quantile by (measure) (` + q + `, (` + measures("", likeSize) + `) and on (domain) ` + sameSoftware + `)`
	}
	p.heading("How does it stand beside its peers?")
	p.line(8, []uint32{3, 13, 8},
		moment("Peers", "Instances of the same software that have between a third and three times as many users, itself included.", whole,
			`count(`+peers+`)`).NoValue("not known"),
		listing("Beside its peers", "Figures of this instance, and what a quarter, half and three quarters of its peers stay below; HTTPS and TLS scores are known of watched and the largest instances only.",
			[]string{
				`max by (measure) (` + measures(mine, "mastodon_instance_users"+mine) + `)`,
				quartile("0.25"), quartile("0.5"), quartile("0.75"),
			}, "",
			column{"measure", "Figure", wide(170)},
			column{"Value #A", "This instance", unitCell(short)},
			column{"Value #B", "Lower quartile", unitCell(short)},
			column{"Value #C", "Median", unitCell(short)},
			column{"Value #D", "Upper quartile", unitCell(short)}),
		ranking("Largest peers", "The 10 largest of its peers; a click opens one of them.", short,
			`topk(10, max by (domain) (`+peers+`))`, "{{domain}}", "blue").
			OverrideByFieldType(numbers, leadsToInstance("${__field.labels.domain}")),
	)
}

func instanceSoftware(p *page) {
	p.heading("What does it run, and what has changed?")
	p.line(9, []uint32{8, 6, 10},
		listing("Versions seen", "Software and version that the instance has shown in this time range, and how it stood to the releases.",
			[]string{`max by (software, version) (last_over_time(mastodon_instance_info` + mine + `[$__range]))`,
				`1000 * max by (version) (mastodon_release_published_timestamp_seconds)` +
					` and on (version) last_over_time(mastodon_instance_info` + mine + `[$__range])`},
			"Published",
			column{"software", "Software", leadsToInstances("software", "${__value.raw}")},
			column{"version", "Version", leadsToInstances("version", "${__value.raw}")},
			column{"Value #A", "", nil},
			column{"Value #B", "Published", cell(wide(165), unitCell(dateMs))}).NoValue("not known"),
		listing("Changes", "The latest change of each kind, for 7 days; what the first round found is no change.",
			[]string{`1000 * max by (change) (mastodon_instance_change_timestamp_seconds` + mine + `)`}, "When",
			column{"change", "Change", nil},
			column{"Value", "When", cell(wide(165), unitCell(dateMs))}).NoValue("no change in the last 7 days"),
		firing("Alerts about this instance that fire now and since when, but for mere news, if it is watched; an alert's name leads to what to do about it.",
			`,domain="$domain"`, column{"domain", "", nil}, column{"subject", "", nil}),
	)
}

func instanceSecurity(p *page) {
	p.heading("How well is it secured?")
	p.line(5, []uint32{4, 4, 4, 4, 4, 4},
		painted(says("HTTPS grade", "Grade by the method of MDN's HTTP Observatory; for watched and the largest instances.",
			"mastodon_instance_https_grade_info", "grade"), grades()...).NoValue("not judged yet"),
		painted(says("TLS grade", "Grade of protocol, key, chain, expiry and HSTS by the project's own table; for watched and the largest instances.",
			"mastodon_instance_tls_grade_info", "grade"), grades()...).NoValue("not judged yet"),
		says("TLS version", "Version of TLS in which the instance was read; for watched and the largest instances.", "mastodon_instance_tls_info", "version"),
		painted(says("Certificate", "What became of its certificate in the latest handshake; for watched and the largest instances.",
			"mastodon_instance_certificate_info", "verdict"), verdicts()...),
		moment("Certificate expires in", "Days until the certificate that it served expires; for watched and the largest instances.", days,
			`(max(mastodon_instance_certificate_expiry_timestamp_seconds`+mine+`) - time()) / 86400`,
			limit{0, "red"}, limit{7, "orange"}, limit{21, "green"}).Decimals(0).NoValue("not known"),
		meaning("IPv6", "Whether it publishes an IPv6 address; for watched and the largest instances.",
			`max(mastodon_instance_ipv6`+mine+`)`, word{1, "yes", "green"}, word{0, "no", "orange"}).NoValue("not known"),
	)
	p.line(8, []uint32{12, 12},
		lines("Scores", "HTTPS score by the method of MDN's HTTP Observatory, above 100 by extra credit, and TLS score from 0 to 100.", text,
			series{`max(mastodon_instance_https_score` + mine + `)`, "HTTPS"},
			series{`max(mastodon_instance_tls_score` + mine + `)`, "TLS"}).Max(140).
			OverrideByName(paint("HTTPS", "blue")).OverrideByName(paint("TLS", "green")),
		lines("Visit duration over time", "How long each good visit took, all its requests together; for watched and the largest instances.", seconds,
			series{`max(mastodon_instance_visit_duration_seconds` + mine + `)`, "visit"}),
	)
}
