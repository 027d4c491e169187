package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// located is the countries that were picked, without the unknown one, which is on no map.
const located = `{country=~"$country",country!="unknown"}`

// countriesBoard is where the network runs.
func countriesBoard() (dashboard.Dashboard, error) {
	p := newPage(frame("countries", "Countries",
		"Where the servers of the Mastodon network stand, how many people use them, and how sure that is; never where people live.").
		WithVariable(pickCountry()).WithVariable(pickGrowth()))
	countryTiles(p)
	countryMap(p)
	countryGrowth(p)
	continents(p)
	countrySources(p)
	return p.build()
}

func countryTiles(p *page) {
	p.line(4, []uint32{4, 4, 4, 4, 4, 4},
		number("Countries", "Countries in which at least one instance is known to run.", whole, `count(sum by (country) (mastodon_country_instances`+located+`) > 0)`),
		number("Instances", "Instances in the countries chosen, of those with a good visit in the last 24 hours.", whole, `sum(mastodon_country_instances`+located+`)`),
		number("Users", "Accounts on servers in the countries chosen; their owners may live elsewhere.", short, `sum(mastodon_country_users`+located+`)`).Decimals(2),
		number("Active users", "Accounts active in the last 30 days on servers in the countries chosen.", short, `sum(mastodon_country_active_users`+located+`)`).Decimals(2),
		judge(number("Country unknown", "Share of all instances whose country cannot be told, whatever countries are chosen.", percent,
			`sum(mastodon_country_instances{country="unknown"}) / sum(mastodon_country_instances)`).Decimals(1),
			limit{0, "text"}, limit{0.5, "orange"}),
		number("Behind a CDN", "Share of all instances that hide behind a content delivery network, so that their address tells no country.", percent,
			`(sum(mastodon_country_unknown_instances{reason="cdn"}) or vector(0)) / sum(mastodon_country_instances)`).Decimals(1),
	)
}

func countryMap(p *page) {
	p.heading("Where does it run?")
	bars := func(title, help, unit, family, color string) panel {
		return ranking(title, help, unit, `topk(20, `+named(family+located)+`)`, "{{country_name}}", color).
			OverrideByFieldType(numbers, leadsToInstances("country", "${__field.labels.country}"))
	}
	p.line(16, []uint32{14, 10},
		worldMap("Instances on the map", "Servers by country, the circle as large as their number; instances of unknown country are not on it.", whole,
			`sum by (country) (mastodon_country_instances`+located+`)`, "blue"),
		bars("Instances", "The 20 countries with the most servers; a click lists a country's instances.", whole, "mastodon_country_instances", "blue"),
	)
	p.line(14, []uint32{6, 6, 12},
		bars("Users", "The 20 countries whose servers hold the most accounts; their owners may live elsewhere.", short, "mastodon_country_users", "green"),
		bars("Active users", "The 20 countries whose servers hold the most accounts active in the last 30 days.", short, "mastodon_country_active_users", "purple"),
		listing("All countries", "Every country chosen with its servers, accounts, those active in 30 days, and accounts for each server.",
			[]string{
				named("mastodon_country_instances" + located), named("mastodon_country_users" + located), named("mastodon_country_active_users" + located),
				named("(mastodon_country_users" + located + " / on (country) mastodon_country_instances)"),
			}, "Instances",
			column{"country", "Code", cell(wide(60), leadsToInstances("country", "${__value.raw}"))},
			column{"country_name", "Country", wide(130)},
			column{"continent", "Continent", wide(120)},
			column{"Value #A", "Instances", unitCell(whole)},
			column{"Value #B", "Users", unitCell(short)},
			column{"Value #C", "Active", unitCell(short)},
			column{"Value #D", "Per server", cell(unitCell(whole), decimals(0))}),
	)
}

func countryGrowth(p *page) {
	p.heading("Where does it grow?")
	// The ten are those of the end of the time range, so that a course doesn't begin where its country joins them.
	over := func(family string) series {
		all := named(family + located)
		return series{all + ` and on (country) topk(10, sum by (country) (` + family + located + ` @ end()))`, "{{country_name}}"}
	}
	grown := named(`(mastodon_country_users` + located + ` - mastodon_country_users offset $growth)`)
	p.line(10, []uint32{8, 8, 8},
		lines("Instances over time", "Servers of the ten countries that have the most now.", whole, over("mastodon_country_instances")),
		lines("Users over time", "Accounts on the servers of the ten countries that hold the most now.", short, over("mastodon_country_users")),
		ranking("Users won in ${growth:text}", "The 15 countries whose servers have won the most accounts over the time chosen, found by comparing then and now.", whole,
			`topk(15, `+grown+` > 0)`, "{{country_name}}", "green").NoValue("none, or not known for so long: choose a shorter time above").
			OverrideByFieldType(numbers, leadsToInstances("country", "${__field.labels.country}")),
	)
}

func continents(p *page) {
	by := func(family string) series {
		return series{`sum by (continent) (` + family + located + ` * on (country) group_left (continent) mastodon_country_info)`, "{{continent}}"}
	}
	p.heading("On which continents?")
	side := legend(common.LegendPlacementRight, common.LegendDisplayModeTable, "lastNotNull").SortBy("Last *").SortDesc(true)
	p.line(8, []uint32{8, 8, 8},
		layers("Instances by continent", "Servers by the continent of their country.", whole, by("mastodon_country_instances")).Legend(side),
		layers("Users by continent", "Accounts by the continent of the country in which their server stands.", short, by("mastodon_country_users")).Legend(side),
		lines("Active share by continent", "Share of the accounts that were active in the last 30 days, as far as the servers say.", percent,
			series{by("mastodon_country_active_users").expr + ` / ` + by("mastodon_country_users").expr, "{{continent}}"}).Decimals(1),
	)
}

func countrySources(p *page) {
	p.heading("How sure is that?")
	p.line(8, []uint32{8, 8, 8},
		layers("How the country was found", "Instances by the rule that decided: the operator's word, the top-level domain, a region's domain, or the address.", whole,
			series{`sum by (source) (mastodon_country_source_instances)`, "{{source}}"}).
			OverrideByName(paint("address", "blue")).OverrideByName(paint("tld", "green")).OverrideByName(paint("region_tld", "super-light-green")).
			OverrideByName(paint("override", "purple")).OverrideByName(paint("unknown", grey)),
		ranking("Why a country is unknown", "Instances of unknown country by reason; behind a content delivery network (cdn) the address says nothing.", whole,
			`sort_desc(sum by (reason) (mastodon_country_unknown_instances))`, "{{reason}}", "orange").NoValue("every country is known"),
		layers("Unknown over time", "Share of all instances whose country is unknown, by reason.", percent,
			series{`sum by (reason) (mastodon_country_unknown_instances) / on () group_left () sum(mastodon_country_instances)`, "{{reason}}"}).Decimals(1).OverrideByName(paint("cdn", "orange")).
			NoValue("every country is known"),
	)
}
