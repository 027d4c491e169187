package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// networkOverview is the home page: the whole network at a glance, one section per question.
func networkOverview() (dashboard.Dashboard, error) {
	p := newPage(frame("network-overview", "Network overview",
		"The Mastodon network as its instances report it: how large it is, where it runs, on what, and how well it is kept."))
	tiles(p)
	growth(p)
	countries(p)
	versions(p)
	upkeep(p)
	exporterItself(p)
	p.annotate(watchedMarks(), "Changes")
	p.annotate(releaseMarks(), "Mastodon versions over time", "Update status")
	return p.build()
}

func tiles(p *page) {
	p.line(4, []uint32{3, 3, 3, 3, 3, 3, 3, 3},
		number("Instances up", "Instances that answered their latest confirmed visit; each is visited about once an hour.", whole,
			`sum(mastodon_network_instances{state="up"})`),
		number("Users", "Accounts, as claimed by all instances with a good visit in the last 24 hours.", short,
			`sum(mastodon_network_claimed_users)`).Decimals(2),
		number("Active users", "Accounts active in the last 30 days, as claimed by instances that say so.", short,
			`sum(mastodon_network_claimed_active_users)`).Decimals(2),
		number("Statuses", "Statuses written by local accounts, as claimed by all instances with a good visit in the last 24 hours.", short,
			`sum(mastodon_network_claimed_statuses)`).Decimals(2),
		number("Countries", "Countries in which at least one instance is known to run.", whole,
			`count(sum by (country) (mastodon_country_instances{country!="unknown"}) > 0)`),
		number("Up to date", "Share of Mastodon instances that run the newest release of a supported branch.", percent,
			`sum(mastodon_update_instances{update="current"}) / sum(mastodon_update_instances)`).Decimals(1).Min(0).Max(1),
		label("Newest Mastodon", "The newest stable release of Mastodon.",
			`max by (version) (mastodon_latest_release_info{channel="stable"})`,
			"{{version}}"),
		meaning("What you see", "Whether these figures are the real network's, a demo's invented ones, or old because the exporter's own network is down.",
			`(max(mnm_exporter_demo) or vector(0)) + 2 * (1 - max(mnm_exporter_online))`,
			word{0, "real network", "green"}, word{1, "demo", "purple"}, word{2, "offline", "red"}, word{3, "offline", "red"}).
			NoValue("no exporter"),
	)
}

func growth(p *page) {
	p.heading("How large is it?")
	p.line(9, []uint32{6, 6, 6, 6},
		trend("Users over time", "Accounts, as claimed by instances with fresh figures.", short, "blue",
			series{`sum(mastodon_network_claimed_users)`, "users"}).Decimals(2),
		trend("Active users over time", "Accounts active in the last 30 days, as claimed by instances with fresh figures.", short, "green",
			series{`sum(mastodon_network_claimed_active_users)`, "active in 30 days"}).Decimals(1),
		trend("Statuses over time", "Statuses written by local accounts, as claimed by instances with fresh figures.", short, "purple",
			series{`sum(mastodon_network_claimed_statuses)`, "statuses"}).Decimals(1),
		shares("Instances by state", "Every known instance, by the first state that fits: refused, gone, new, up or down.",
			"mastodon_network_instances", "state",
			part{"up", "green"}, part{"new", "blue"}, part{"down", "red"}, part{"gone", grey}, part{"refused", "orange"}),
	)
	p.heading("What happens, and is something wrong?")
	p.line(9, []uint32{12, 12},
		bars("Changes", "Changes seen from one good visit to the next, by kind, in each step of the time axis.", whole,
			series{`sum by (change) (increase(mastodon_network_changes_total[$__rate_interval])) > 0`, "{{change}}"}).
			OverrideByName(paint("up", "green")).OverrideByName(paint("down", "red")).OverrideByName(paint("new", "blue")).
			OverrideByName(paint("gone", grey)).OverrideByName(paint("version", "purple")).
			OverrideByName(paint("software", "orange")).OverrideByName(paint("registrations", "yellow")).
			OverrideByName(paint("country", "super-light-blue")).OverrideByName(paint("certificate", "dark-orange")).
			OverrideByName(paint("users", "super-light-purple")),
		firing("Alerts that fire now and since when, but for mere news; an alert's name leads to what to do about it.", "",
			column{"domain", "Instance", leadsToInstance("${__value.raw}")},
			column{"subject", "About", wide(110)}),
	)
}

// named joins a family by country with the countries' names and continents.
func named(family string) string {
	return `sum by (country, country_name, continent) (` + family +
		` * on (country) group_left (country_name, continent) mastodon_country_info)`
}

func countries(p *page) {
	p.heading("Where does it run?")
	p.line(14, []uint32{12, 6, 6},
		worldMap("Instances on the map", "Servers by country, the circle as large as their number; instances of unknown country are not on it.", whole,
			`sum by (country) (mastodon_country_instances{country!="unknown"})`, "blue"),
		ranking("Instances by country", "The 17 countries with the most servers, by the server's own country.", whole,
			`topk(17, `+named("mastodon_country_instances")+`)`, "{{country_name}}", "blue").
			OverrideByFieldType(numbers, leadsToInstances("country", "${__field.labels.country}")),
		ranking("Users by country", "The 17 countries whose servers hold the most accounts; their owners may live elsewhere.", short,
			`topk(17, `+named("mastodon_country_users")+`)`, "{{country_name}}", "green").
			OverrideByFieldType(numbers, leadsToInstances("country", "${__field.labels.country}")),
	)
	p.line(9, []uint32{12, 6, 6},
		listing("All countries", "Every known country with a server, with the accounts on its servers and those active in 30 days.",
			[]string{named("mastodon_country_instances"), named("mastodon_country_users"), named("mastodon_country_active_users")},
			"Instances",
			column{"country_name", "Country", wide(140)},
			column{"country", "Code", cell(wide(60), leadsToInstances("country", "${__value.raw}"))},
			column{"continent", "Continent", nil},
			column{"Value #A", "Instances", barCell(whole, "blue")},
			column{"Value #B", "Users", barCell(short, "green")},
			column{"Value #C", "Active users", unitCell(short)}),
		ranking("How the country was found", "Instances by the rule that decided on their country: the operator's word, the top-level domain, or the address.", whole,
			`sort_desc(sum by (source) (mastodon_country_source_instances))`, "{{source}}", "purple"),
		ranking("Why a country is unknown", "Instances of unknown country by reason; behind a content delivery network the address says nothing.", whole,
			`sort_desc(sum by (reason) (mastodon_country_unknown_instances))`, "{{reason}}", "orange").NoValue("every country is known"),
	)
}

// byBranch sums versions to branches, such as 4.6; majors before 4 are one branch each.
const byBranch = `sum by (branch) (label_replace(label_replace(mastodon_version_instances, "branch", "$1.x", "version", "([0-3])\\..*"), "branch", "$1", "version", "([4-9]\\.[0-9]+|[1-9][0-9]+\\.[0-9]+|other).*"))`

func versions(p *page) {
	p.heading("What does it run?")
	p.line(11, []uint32{12, 6, 6},
		layers("Mastodon versions over time", "Instances of Mastodon and its forks by release branch; dashed lines mark stable releases.", whole,
			series{byBranch, "{{branch}}"}).
			Legend(legend(common.LegendPlacementRight, common.LegendDisplayModeTable, "lastNotNull").SortBy("Last *").SortDesc(true)),
		ranking("Instances by version", "The 15 versions of Mastodon that the most instances run.", whole,
			`topk(15, sum by (version) (mastodon_version_instances))`, "{{version}}", "blue").
			OverrideByFieldType(numbers, leadsToInstances("version", "${__field.labels.version}")),
		ranking("Users by version", "The 15 versions of Mastodon whose instances hold the most accounts.", short,
			`topk(15, sum by (version) (mastodon_version_users))`, "{{version}}", "green").
			OverrideByFieldType(numbers, leadsToInstances("version", "${__field.labels.version}")),
	)
	p.line(10, []uint32{12, 12},
		softwareTable(),
		newestReleases(),
	)
}

func upkeep(p *page) {
	p.heading("How well is it kept?")
	p.line(9, []uint32{8, 8, 8},
		updateStatus(),
		shares("Registrations", "Instances by their policy: open to strangers, open after approval, or closed.",
			"mastodon_registration_instances", "policy",
			part{"open", "green"}, part{"approval", "yellow"}, part{"closed", "orange"}, part{"unknown", grey}),
		layers("IPv6", "Instances by whether they publish an IPv6 address beside the old one.", whole,
			series{`sum(mastodon_ipv6_instances{ipv6="true"})`, "has IPv6"},
			series{`sum(mastodon_ipv6_instances{ipv6="false"})`, "IPv4 only"}).
			OverrideByName(paint("has IPv6", "green")).OverrideByName(paint("IPv4 only", grey)),
	)
}

func exporterItself(p *page) {
	p.heading("How does the exporter fare?")
	p.line(6, []uint32{10, 4, 6, 4},
		course("Exporter online", "Whether the exporter's own way to the internet works; while it does not, no instance is reported down.",
			`min(mnm_exporter_online)`, "network", word{1, "online", "green"}, word{0, "offline", "red"}),
		number("First round", "Share of the instances first named that have been tried once.", percent,
			`min(mnm_exporter_first_round_ratio)`).Min(0).Max(1).GraphMode(common.BigValueGraphModeNone),
		ranking("Names by directory", "Instances that each directory lists; directories overlap.", whole,
			`sort_desc(sum by (directory) (mastodon_directory_instances))`, "{{directory}}", "blue"),
		number("GitHub requests left", "Requests that GitHub still allows in this hour, for looking up releases.", whole,
			`min(mnm_exporter_github_rate_limit_remaining)`).NoValue("not asked yet"),
	)
	p.line(8, []uint32{8, 8, 8},
		visitLines(),
		failureLines(),
		requestBars(),
	)
}
