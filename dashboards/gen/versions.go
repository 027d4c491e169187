package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// versionsBoard is what Mastodon releases there are, and who runs them.
func versionsBoard() (dashboard.Dashboard, error) {
	p := newPage(frame("versions", "Versions and releases",
		"How fast the network takes up Mastodon's releases, and who is behind the latest one and the latest security fix.").
		WithVariable(pickVersion()).WithVariable(pickSoftware()))
	versionTiles(p)
	adoption(p)
	behind(p)
	releaseTables(p)
	otherSoftware(p)
	p.annotate(releaseMarks(), "Adoption of each release", "Adoption by accounts", "Release branches", "Behind", "Update status")
	return p.build()
}

// onNewest is the part of a family by version that runs the newest stable release.
func onNewest(family string) string {
	return `(sum(` + family + ` and on (version) mastodon_latest_release_info{channel="stable"}) or vector(0)) / sum(` + family + `)`
}

func updateShare(which string) string {
	return `sum(mastodon_update_instances{update=~"` + which + `"}) / sum(mastodon_update_instances)`
}

func versionTiles(p *page) {
	p.line(4, []uint32{4, 4, 4, 4, 4, 4},
		label("Newest Mastodon", "The newest stable release of Mastodon.", `max by (version) (mastodon_latest_release_info{channel="stable"})`, "{{version}}"),
		moment("Out for", "Time since the newest stable release was published.", seconds,
			`time() - max(mastodon_release_published_timestamp_seconds and on (version) mastodon_latest_release_info{channel="stable"})`).Decimals(0).NoValue("not known yet"),
		number("On the newest", "Share of the instances of Mastodon and its forks that run exactly the newest stable release.", percent,
			onNewest("mastodon_version_instances")).Decimals(1).Min(0).Max(1),
		number("Accounts on the newest", "Share of the accounts that are on instances of exactly the newest stable release.", percent,
			onNewest("mastodon_version_users")).Decimals(1).Min(0).Max(1),
		judge(number("Security fix missing", "Share of instances that lack a security fix which their own branch already has.", percent,
			updateShare("security_missing")).Decimals(1).Min(0).Max(1), limit{0, "green"}, limit{0.05, "orange"}, limit{0.2, "red"}).NoValue("none"),
		judge(number("Unsupported", "Share of instances on a branch that gets no security fixes any more.", percent,
			updateShare("unsupported")).Decimals(1).Min(0).Max(1), limit{0, "green"}, limit{0.05, "orange"}, limit{0.2, "red"}).NoValue("none"),
	)
}

func adoption(p *page) {
	p.heading("How fast are releases taken up?")
	side := legend(common.LegendPlacementRight, common.LegendDisplayModeTable, "lastNotNull").SortBy("Last *").SortDesc(true)
	// The twelve are those of the end of the time range; pick versions above to see others.
	curve := func(family string) series {
		all := `sum by (version) (` + family + `{version=~"$version"})`
		return series{all + ` / on () group_left () sum(` + family + `) and on (version) topk(12, sum by (version) (` + family + `{version=~"$version"} @ end()))`, "{{version}}"}
	}
	p.line(11, []uint32{12, 12},
		lines("Adoption of each release", "Share of the instances of Mastodon and its forks that run a version, of the 12 that lead now; lines mark releases.", percent,
			curve("mastodon_version_instances")).Decimals(1).FillOpacity(0).Legend(side),
		lines("Adoption by accounts", "Share of the accounts on instances that run a version, of the 12 versions that lead now; lines mark releases.", percent,
			curve("mastodon_version_users")).Decimals(1).FillOpacity(0).Legend(side),
	)
	versionBars := func(title, help, unit, family, color string) panel {
		return ranking(title, help, unit, `topk(15, sum by (version) (`+family+`{version=~"$version"}))`, "{{version}}", color).
			OverrideByFieldType(numbers, leadsToInstances("version", "${__field.labels.version}"))
	}
	p.line(11, []uint32{12, 6, 6},
		layers("Release branches", "Instances of Mastodon and its forks by release branch; lines mark releases.", whole, series{byBranch, "{{branch}}"}).Legend(side),
		versionBars("Instances by version", "The 15 versions that the most instances run; a click lists them.", whole, "mastodon_version_instances", "blue"),
		versionBars("Users by version", "The 15 versions whose instances hold the most accounts; a click lists them.", short, "mastodon_version_users", "green"),
	)
}

func behind(p *page) {
	p.heading("Who is behind?")
	p.line(10, []uint32{8, 8, 8},
		lines("Behind", "Share of instances that are not on the newest stable release, and of those that lack a security fix or get none any more.", percent,
			series{`1 - (` + onNewest("mastodon_version_instances") + `)`, "not the newest release"},
			series{updateShare("security_missing"), "security fix missing"},
			series{updateShare("unsupported"), "unsupported"}).Max(1).
			OverrideByName(paint("not the newest release", "blue")).OverrideByName(paint("security fix missing", "red")).OverrideByName(paint("unsupported", "orange")),
		updateStatus(),
		listing("Largest without a security fix", "Instances that lack a security fix of their own branch, the largest first; of watched and the largest instances.",
			[]string{
				`topk(100, max by (domain) (mastodon_instance_users and on (domain) mastodon_instance_update_info{update="security_missing"}))`,
				`max by (domain, version) (mastodon_instance_info and on (domain) mastodon_instance_update_info{update="security_missing"})`,
			}, "Users",
			instanceColumn(190),
			column{"version", "Version", nil},
			column{"Value #A", "Users", unitCell(short)},
			column{"Value #B", "", nil}).NoValue("none: all have their fixes"),
	)
}

func releaseTables(p *page) {
	p.heading("What has been released?")
	p.line(12, []uint32{15, 9},
		listing("Releases", "Every release of Mastodon that is known, the newest first, and how many instances run exactly it.",
			[]string{
				`1000 * max by (version) (mastodon_release_published_timestamp_seconds)`,
				`max by (version, channel, security) (mastodon_release_info)`,
				`sum by (version) (mastodon_version_instances and on (version) mastodon_release_info)`,
			}, "Published",
			column{"version", "Version", cell(wide(130), leadsToInstances("version", "${__value.raw}"))},
			column{"Value #A", "Published", cell(wide(170), unitCell(dateMs))},
			column{"channel", "Channel", cell(wide(90), nameCell(part{"stable", "green"}, part{"rc", "yellow"}, part{"beta", "orange"}, part{"alpha", "orange"}))},
			column{"security", "Security fix", cell(wide(110), nameCell(part{"true", "red"}, part{"false", grey}))},
			column{"Value #C", "Instances", barCell(whole, "blue")},
			column{"Value #B", "", nil}).NoValue("no releases known yet"),
		newestReleases(),
	)
}

func otherSoftware(p *page) {
	p.heading("What else is run?")
	p.line(10, []uint32{12, 12},
		lines("Software over time", "Instances by what they run, of the software chosen, but for Mastodon, which would flatten all others.", whole,
			series{`sum by (software) (mastodon_software_instances{software=~"$software",software!="mastodon"})` +
				` and on (software) topk(12, sum by (software) (mastodon_software_instances{software=~"$software",software!="mastodon"} @ end()))`, "{{software}}"}).
			FillOpacity(0).Legend(legend(common.LegendPlacementRight, common.LegendDisplayModeTable, "lastNotNull").SortBy("Last *").SortDesc(true)).
			NoValue("nothing but Mastodon is chosen"),
		softwareTable(),
	)
}

// Panels that the overview has as well.
func softwareTable() panel {
	return listing("Software", "What the visited instances run, Mastodon or not: the 50 most frequent, and all other together.",
		[]string{`sum by (software) (mastodon_software_instances)`, `sum by (software) (mastodon_software_users)`},
		"Instances",
		column{"software", "Software", leadsToInstances("software", "${__value.raw}")},
		column{"Value #A", "Instances", barCell(whole, "blue")},
		column{"Value #B", "Users", barCell(short, "green")})
}

func newestReleases() panel {
	return listing("Newest releases", "The newest release of Mastodon in each channel and supported branch, and when it was published.",
		[]string{`1000 * max by (channel, version) (mastodon_latest_release_info * on (version) group_left () max by (version) (mastodon_release_published_timestamp_seconds))`},
		"Published",
		column{"version", "Version", nil},
		column{"channel", "Channel or branch", nil},
		column{"Value", "Published", cell(wide(165), unitCell(dateMs))}).NoValue("no releases known yet")
}

func updateStatus() panel {
	return shares("Update status", "Instances of Mastodon and its forks, each judged by the newest release of its own branch.",
		"mastodon_update_instances", "update",
		updates()...)
}

func updates() []part {
	return []part{{"current", "green"}, {"behind", "yellow"}, {"security_missing", "red"}, {"unsupported", "orange"}, {"unknown", grey}}
}
