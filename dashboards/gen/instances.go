package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// matching are the instances that the filters let through.
const matching = `mastodon_instance_info{country=~"$country",software=~"$software",version=~"$version",domain=~".*$search.*"}`

// shown are the largest of them: a table of 30,000 rows would be slow and of no use.
const shown = `topk($rows, mastodon_instance_users and on (domain) ` + matching + `)`

// gained is how many accounts each instance has won.
const gained = `(mastodon_instance_users - on (domain) mastodon_instance_users offset $growth)`

// instancesBoard is the list of instances.
func instancesBoard() (dashboard.Dashboard, error) {
	p := newPage(frame("instances", "Instances",
		"All instances of the Mastodon network: the largest, those that grow or shrink, newcomers, and those that have vanished.").
		WithVariable(pickCountry()).WithVariable(pickSoftware()).WithVariable(pickVersion()).
		WithVariable(dashboard.NewTextBoxVariableBuilder("search").Label("Name has").Description("Part of the domain, or a regular expression.").
			DefaultValue(dashboard.StringOrMap{String: cog.ToPtr("")})).
		WithVariable(pickGrowth()).
		WithVariable(choose("rows", "Rows", "How many instances the table shows, the largest first.", "50,100,300,1000", "100", "100")))
	instancesTiles(p)
	instancesTable(p)
	instancesMovers(p)
	instancesComing(p)
	return p.build()
}

// filtered is a family of those that match.
func filtered(family string) string { return `(` + family + ` and on (domain) ` + matching + `)` }

// instancesTiles are of one moment: over a time range sums of what a filter lets through would be slow with 30,000 instances.
func instancesTiles(p *page) {
	p.line(4, []uint32{4, 4, 4, 4, 4, 4},
		moment("Instances", "Instances that match the filters and had a good visit in the last 24 hours.", whole, `count(`+matching+`)`).NoValue("none matches"),
		moment("Up", "Share of the matching instances that answered their latest confirmed visit.", percent, `avg(`+filtered("mastodon_instance_up")+`)`).
			Decimals(1).NoValue("none matches"),
		moment("Users", "Accounts of the matching instances, as they say.", short, `sum(`+filtered("mastodon_instance_users")+`)`).Decimals(2).NoValue("none matches"),
		moment("Active users", "Accounts of the matching instances that were active in the last 30 days, as those of at least 5 users say.", short,
			`sum(`+filtered("mastodon_instance_active_users")+`)`).Decimals(2).NoValue("none matches"),
		moment("Growth in ${growth:text}", "Accounts that the matching instances have won over the time chosen, of those known then and now.", short,
			`sum(`+filtered(gained)+`)`).Decimals(1).NoValue("not known for so long"),
		moment("Open registrations", "Share of the matching instances on which a stranger may register, at once or after approval.", percent,
			`avg(`+filtered("mastodon_instance_registrations_open")+`)`).Decimals(1).NoValue("none matches"),
	)
}

func instancesTable(p *page) {
	column1 := func(expr string) string { return `max by (domain) (` + expr + ` and on (domain) ` + shown + `)` }
	p.heading("Which are the largest?")
	p.line(17, []uint32{24},
		listing("Instances by size", "The largest instances that match the filters, by accounts; click a name for all about it, a column's title to sort.",
			[]string{
				`topk($rows, max by (domain, software, version, country) (mastodon_instance_users * on (domain) group_left (software, version, country) ` + matching + `))`,
				column1("mastodon_instance_active_users"),
				column1(gained),
				column1("(mastodon_instance_users / on (domain) mastodon_instance_users offset $growth - 1)"),
				column1("mastodon_instance_statuses"),
				column1("mastodon_instance_up"),
				`max by (domain, grade) (mastodon_instance_https_grade_info and on (domain) ` + shown + `)`,
			}, "Users",
			instanceColumn(200),
			column{"Value #F", "State", cell(wide(75), wordCell(upWords()...))},
			column{"Value #A", "Users", barCell(whole, "blue")},
			column{"Value #B", "Active", barCell(whole, "green")},
			column{"Value #C", "Growth", cell(wide(95), limitCell(whole, limit{-1, "red"}, limit{0, "text"}, limit{1, "green"}))},
			column{"Value #D", "Growth %", cell(wide(95), limitCell(percent, limit{-1, "red"}, limit{0, "text"}, limit{0.00001, "green"}), decimals(1))},
			column{"Value #E", "Statuses", cell(wide(100), unitCell(short), decimals(1))},
			column{"software", "Software", cell(wide(110), leadsToInstances("software", "${__value.raw}"))},
			column{"version", "Version", cell(wide(130), leadsToInstances("version", "${__value.raw}"))},
			column{"country", "Country", cell(wide(85), leadsToInstances("country", "${__value.raw}"))},
			column{"grade", "HTTPS", cell(wide(75), nameCell(grades()...))},
			column{"Value #G", "", nil}).NoValue("no instance matches the filters"),
	)
}

func instancesMovers(p *page) {
	p.heading("Which grow, which shrink?")
	known := filtered(gained)
	bars := func(title, help, unit, expr, color string) panel {
		return ranking(title, help, unit, expr, "{{domain}}", color).NoValue("none, or not known for so long: choose a shorter time above").
			OverrideByFieldType(numbers, leadsToInstance("${__field.labels.domain}"))
	}
	p.line(11, []uint32{8, 8, 8},
		bars("Most gained in ${growth:text}", "The 15 matching instances that have won the most accounts over the time chosen.", whole, `topk(15, max by (domain) (`+known+`) > 0)`, "green"),
		bars("Grown the most for their size in ${growth:text}", "The 15 matching instances of at least 100 users that have grown by the largest share of what they had.", percent,
			`topk(15, max by (domain) (`+known+` / on (domain) (mastodon_instance_users offset $growth >= 100)) > 0)`, "blue"),
		bars("Most lost in ${growth:text}", "The 15 matching instances that have lost the most accounts over the time chosen.", whole, `topk(15, -max by (domain) (`+known+`) > 0)`, "red"),
	)
}

func instancesComing(p *page) {
	p.heading("Which come, which go?")
	changed := func(change string) string {
		return `mastodon_instance_change_timestamp_seconds{change="` + change + `",domain=~".*$search.*"}`
	}
	times := func(change string) string { return `topk(100, max by (domain) (1000 * ` + changed(change) + `))` }
	latest := func(title, help, change, none string) panel {
		return listing(title, help, []string{times(change), `max by (domain) (mastodon_instance_users and on (domain) ` + changed(change) + `)`}, "When",
			instanceColumn(180),
			column{"Value #A", "When", cell(wide(160), unitCell(dateMs))},
			column{"Value #B", "Users", unitCell(short)}).NoValue(none)
	}
	p.line(11, []uint32{8, 8, 8},
		latest("Newcomers", "Instances first seen in the last 7 days, the newest first; by name only, the other filters don't apply.", "new", "no newcomers in the last 7 days"),
		listing("Vanished", "Instances that said they are gone, or were silent for 30 days, in the last 7 days; nothing else is told of them.", []string{times("gone")}, "When",
			instanceColumn(180),
			column{"Value", "When", cell(wide(160), unitCell(dateMs))}).NoValue("none has vanished in the last 7 days"),
		latest("Down lately", "Instances that went down in the last 7 days, the latest first; they may be up again.", "down", "none went down in the last 7 days"),
	)
}
