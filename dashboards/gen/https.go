package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// httpsBoard is how well instances are secured and how many are up.
func httpsBoard() (dashboard.Dashboard, error) {
	p := newPage(frame("https", "HTTPS and availability",
		"How many instances are up, how well their pages and certificates are kept, and which of the watched and the largest do worst.").
		WithVariable(watchedDomains()))
	httpsTiles(p)
	availability(p)
	gradesOf(p)
	certificates(p)
	worst(p)
	watchedOnes(p)
	return p.build()
}

// grades, best first, from green to red.
func grades() []part {
	return []part{
		{"A+", "dark-green"}, {"A", "semi-dark-green"}, {"A-", "green"}, {"B+", "light-green"}, {"B", "dark-yellow"}, {"B-", "semi-dark-yellow"},
		{"C+", "yellow"}, {"C", "light-orange"}, {"C-", "orange"}, {"D+", "semi-dark-orange"}, {"D", "dark-orange"}, {"D-", "light-red"},
		{"F", "dark-red"}, {"unknown", grey},
	}
}

const upShare = `sum(mastodon_network_instances{state="up"}) / sum(mastodon_network_instances{state=~"up|down"})`

func httpsTiles(p *page) {
	p.line(4, []uint32{4, 4, 4, 4, 4, 4},
		number("Up", "Share of the instances that answered their latest confirmed visit, of those up or down.", percent, upShare).Decimals(1),
		moment("Grade A or better", "Share of the judged instances with A-, A or A+ by the method of MDN's HTTP Observatory.", percent,
			`sum(mastodon_https_grade_instances{grade=~"A.*"}) / sum(mastodon_https_grade_instances{grade!="unknown"})`).Decimals(1).NoValue("none judged yet"),
		moment("Grade F", "Share of the judged instances with the worst grade by the method of MDN's HTTP Observatory.", percent,
			`(sum(mastodon_https_grade_instances{grade="F"}) or vector(0)) / sum(mastodon_https_grade_instances{grade!="unknown"})`,
			limit{0, "green"}, limit{0.1, "orange"}, limit{0.3, "red"}).Decimals(1).NoValue("none judged yet"),
		moment("Bad certificates", "Certificates that were not accepted in the latest handshake, of watched and the largest instances.", whole,
			`count(mastodon_instance_certificate_info{verdict!="ok"}) or vector(0)`, limit{0, "green"}, limit{1, "orange"}),
		moment("Expiring in 14 days", "Certificates that expire within 14 days, of watched and the largest instances; most renew earlier.", whole,
			`count(0 < mastodon_instance_certificate_expiry_timestamp_seconds - time() < 14 * 86400) or vector(0)`, limit{0, "green"}, limit{1, "orange"}),
		number("With IPv6", "Share of the instances that publish an IPv6 address.", percent,
			`sum(mastodon_ipv6_instances{ipv6="true"}) / sum(mastodon_ipv6_instances)`).Decimals(1),
	)
}

func availability(p *page) {
	p.heading("How many are up?")
	p.line(9, []uint32{8, 8, 8},
		trend("Share that is up", "Share of the instances that answered their latest confirmed visit, of those up or down.", percent, "green",
			series{upShare, "up"}).Decimals(1),
		graph("Ups and downs", "Instances that came up again, above the axis, and that went down, below it, in each step of the time axis.", short,
			series{`sum(increase(mastodon_network_changes_total{change="down"}[$__rate_interval]))`, "down"},
			series{`sum(increase(mastodon_network_changes_total{change="up"}[$__rate_interval]))`, "up"}).Decimals(0).
			DrawStyle(common.GraphDrawStyleBars).LineWidth(0).FillOpacity(80).OverrideByName(paint("up", "green")).
			OverrideByName("down", append(fixedCell("red"), dashboard.DynamicConfigValue{Id: "custom.transform", Value: "negative-Y"})),
		ranking("Why visits fail", "Visits of the time range that were not good, by reason, the 12 most frequent.", whole,
			`topk(12, sum by (reason) (increase(mnm_exporter_visit_failures_total[$__range])) > 0)`, "{{reason}}", "orange").Decimals(0).NoValue("no failures in this time range"),
	)
}

func gradesOf(p *page) {
	p.heading("How well are their pages secured?")
	p.line(13, []uint32{8, 16},
		ladder("HTTPS grades", "Instances by grade of their HTTPS, by the method of MDN's HTTP Observatory; unknown where it was not judged yet.",
			"mastodon_https_grade_instances", "grade", grades()...),
		shares("HTTPS grades over time", "Instances by grade of their HTTPS, the best at the bottom; each is judged once a day.", "mastodon_https_grade_instances", "grade", grades()...),
	)
	p.line(7, []uint32{6, 6, 12},
		paintBars(ranking("TLS grades", "Watched and the largest instances by grade of protocol, key, chain, expiry and HSTS, by the project's own table.", whole,
			`sort_desc(count by (grade) (mastodon_instance_tls_grade_info))`, "{{grade}}", "green"), grades()).NoValue("none judged yet"),
		ranking("TLS versions", "Watched and the largest instances by the version of TLS in which they were read.", whole,
			`sort_desc(count by (version) (mastodon_instance_tls_info))`, "TLS {{version}}", "blue"),
		layers("IPv6", "Instances by whether they publish an IPv6 address beside the old one.", whole,
			series{`sum(mastodon_ipv6_instances{ipv6="true"})`, "has IPv6"}, series{`sum(mastodon_ipv6_instances{ipv6="false"})`, "IPv4 only"}).
			OverrideByName(paint("has IPv6", "green")).OverrideByName(paint("IPv4 only", grey)),
	)
}

func certificates(p *page) {
	p.heading("How well are their certificates kept?")
	p.line(10, []uint32{7, 8, 9},
		paintBars(ranking("Verdicts", "What became of the certificate in the latest handshake, of watched and the largest instances.", whole,
			`sort_desc(count by (verdict) (mastodon_instance_certificate_info))`, "{{verdict}}", "blue"), verdicts()),
		timeLeft(),
		listing("Next to expire", "The 100 certificates that expire next or have expired, of watched and the largest instances.",
			[]string{`bottomk(100, max by (domain) (mastodon_instance_certificate_expiry_timestamp_seconds - time()) / 86400)`}, "",
			instanceColumn(200),
			column{"Value", "Expires in", cell(limitCell(days, limit{-1e9, "red"}, limit{7, "orange"}, limit{21, "green"}), decimals(0))}),
	)
}

// verdicts of a certificate.
func verdicts() []part {
	return []part{
		{"ok", "green"}, {"expired", "red"}, {"wrong_name", "orange"}, {"self_signed", "yellow"}, {"untrusted", "purple"}, {"old_protocol", "dark-red"},
	}
}

// timeLeft counts certificates by how long they are still good.
func timeLeft() panel {
	b := ranking("Time left", "Certificates by the time until they expire, of watched and the largest instances; ninety-day ones are mostly renewed 30 days before.",
		whole, "", "", "text").Targets(nil)
	bands := []struct{ name, after, until, color string }{
		{"expired", "-Inf", "0", "red"}, {"up to 7 days", "0", "7", "orange"}, {"7 to 14 days", "7", "14", "yellow"}, {"14 to 30 days", "14", "30", "super-light-green"},
		{"30 to 60 days", "30", "60", "light-green"}, {"60 to 90 days", "60", "90", "green"}, {"over 90 days", "90", "+Inf", "dark-green"},
	}
	for i, band := range bands {
		b = b.WithTarget(series{`count(` + band.after + ` < (mastodon_instance_certificate_expiry_timestamp_seconds - time()) / 86400 <= ` + band.until + `) or vector(0)`,
			band.name}.now(i)).OverrideByName(paint(band.name, band.color))
	}
	return b
}

func worst(p *page) {
	p.heading("Which do worst?")
	p.line(12, []uint32{12, 12},
		listing("Lowest HTTPS scores", "The 100 lowest HTTPS scores among watched and the largest instances, with users and TLS score.",
			[]string{
				`bottomk(100, max by (domain) (mastodon_instance_https_score))`,
				`max by (domain, grade) (mastodon_instance_https_grade_info) and on (domain) bottomk(100, max by (domain) (mastodon_instance_https_score))`,
				`max by (domain) (mastodon_instance_tls_score) and on (domain) bottomk(100, max by (domain) (mastodon_instance_https_score))`,
				`max by (domain) (mastodon_instance_users) and on (domain) bottomk(100, max by (domain) (mastodon_instance_https_score))`,
			}, "",
			instanceColumn(200),
			column{"grade", "Grade", nameCell(grades()...)},
			column{"Value #A", "HTTPS score", limitCell(text, limit{0, "red"}, limit{50, "orange"}, limit{90, "green"})},
			column{"Value #B", "", nil},
			column{"Value #C", "TLS score", limitCell(text, limit{0, "red"}, limit{50, "orange"}, limit{80, "green"})},
			column{"Value #D", "Users", unitCell(short)}).NoValue("none judged yet"),
		listing("Bad certificates and instances down", "The largest of the watched and the largest instances that are down or whose certificate was not accepted.",
			[]string{
				`max by (domain, verdict) (mastodon_instance_certificate_info and on (domain) (mastodon_instance_up == 0 or mastodon_instance_certificate_info{verdict!="ok"}))`,
				`max by (domain) (mastodon_instance_up and on (domain) mastodon_instance_certificate_info and on (domain) (mastodon_instance_up == 0 or mastodon_instance_certificate_info{verdict!="ok"}))`,
				`max by (domain) (mastodon_instance_users and on (domain) mastodon_instance_certificate_info and on (domain) (mastodon_instance_up == 0 or mastodon_instance_certificate_info{verdict!="ok"}))`,
			}, "Users",
			instanceColumn(200),
			column{"verdict", "Certificate", nameCell(verdicts()...)},
			column{"Value #B", "State", cell(wide(80), wordCell(upWords()...))},
			column{"Value #C", "Users", unitCell(short)},
			column{"Value #A", "", nil}).NoValue("all are up and have good certificates"),
	)
}

func watchedOnes(p *page) {
	p.heading("And those that are watched?")
	p.line(7, []uint32{15, 9},
		course("Watched instances", "Whether each watched instance was up, over time.", `max by (domain) (mastodon_instance_up{domain=~"$watched"})`, "{{domain}}", upWords()...).
			NoValue("no instance is watched; name some under watch: in the configuration").OverrideByFieldType(numbers, leadsToInstance("${__field.labels.domain}")),
		listing("Failures of watched instances", "Why the latest visit to a watched instance was not good.", []string{`max by (domain, reason) (mastodon_instance_failure_info)`}, "",
			instanceColumn(280), column{"reason", "Reason", nil}, column{"Value", "", nil}).NoValue("no watched instance fails"),
	)
}
