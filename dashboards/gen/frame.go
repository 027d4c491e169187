package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
)

// tag marks all dashboards of the project; their links to each other go by it.
const tag = "mnm"

// prefix begins all their UIDs, which share a Grafana with other people's; a file's name is the rest.
const prefix = tag + "-"

// frame is what all dashboards of the project have in common: tags, time, links to each other, the data source.
func frame(name, title, help string) *dashboard.DashboardBuilder {
	return dashboard.NewDashboardBuilder(title).Uid(prefix+name).Description(help).Tags([]string{"mastodon", tag}).
		Time("now-3h", "now").Refresh("1m").Timezone("browser").Readonly().
		Tooltip(dashboard.DashboardCursorSyncCrosshair).Link(others{}).
		WithVariable(dashboard.NewDatasourceVariableBuilder("datasource").Label("Data source").Type("prometheus"))
}

// others is a menu of all dashboards of the project.
type others struct{}

// Build makes the link. Without a placement it stands above the panels; the SDK's default hides it in a menu.
func (others) Build() (dashboard.DashboardLink, error) {
	return dashboard.DashboardLink{
		Title: "MNM dashboards", Type: dashboard.DashboardLinkTypeDashboards, Icon: "dashboard", Tooltip: "All dashboards of MNM",
		Tags: []string{tag}, AsDropdown: true, KeepTime: true, IncludeVars: true,
	}, nil
}

// releaseMarks are lines at the times when Mastodon published a release.
func releaseMarks() *dashboard.AnnotationQueryBuilder {
	return marks("Mastodon releases", "purple",
		`1000 * mastodon_release_published_timestamp_seconds * on (version) group_left () mastodon_release_info{channel="stable"}`).
		TitleFormat("Mastodon {{version}}").TextFormat("released")
}

// watchedMarks are lines at the latest change of each kind of every watched instance.
func watchedMarks() *dashboard.AnnotationQueryBuilder {
	return marks("Watched instances", "orange",
		`1000 * mastodon_instance_change_timestamp_seconds and on (domain) mastodon_instance_watched`).
		TitleFormat("{{domain}}").TextFormat("{{change}}")
}

// marks are lines at the times, in milliseconds, that a query gives as values.
func marks(name, color, expr string) *dashboard.AnnotationQueryBuilder {
	return dashboard.NewAnnotationQueryBuilder().Name(name).Datasource(source()).Enable(true).Hide(false).IconColor(color).
		Expr(expr).Target(prometheus.NewDataqueryBuilder().Datasource(source()).RefId("Marks").Range().Expr(expr)).
		UseValueForTime(true)
}

// Variables that several dashboards have.

// pickCountry lists countries by name; their codes are what queries get.
func pickCountry() *dashboard.QueryVariableBuilder {
	return pick("country", "Country", "Country of the server.", `query_result(max by (country, country_name) (mastodon_country_info))`).
		Regex(`/country="(?<value>[^"]+)", *country_name="(?<text>[^"]+)"/`)
}

func pickSoftware() *dashboard.QueryVariableBuilder {
	return pick("software", "Software", "What the instance runs.", `label_values(mastodon_software_instances, software)`)
}

func pickVersion() *dashboard.QueryVariableBuilder {
	return pick("version", "Version", "Version of Mastodon or a fork of it.", `label_values(mastodon_version_instances, version)`).
		Sort(dashboard.VariableSortNaturalDesc)
}

// pick is a variable of several values or all of them; all of them is one pattern, however many there are. It must be said
// that they are picked to begin with: Grafana would take the first one.
func pick(name, label, help, query string) *dashboard.QueryVariableBuilder {
	return every(name, label, help, query).AllValue(".*")
}

// watchedDomains are the names of the watched instances, for a query over time: to join the few with a family of all would read
// tens of thousands of series at each point.
func watchedDomains() *dashboard.QueryVariableBuilder {
	return every("watched", "Watched", "The watched instances.", `label_values(mastodon_instance_watched, domain)`).Hide(dashboard.VariableHideHideVariable)
}

// every is a variable of all values.
func every(name, label, help, query string) *dashboard.QueryVariableBuilder {
	return one(name, label, help, query).Multi(true).IncludeAll(true).Current(dashboard.VariableOption{
		Text:  dashboard.StringOrArrayOfString{ArrayOfString: []string{"All"}},
		Value: dashboard.StringOrArrayOfString{ArrayOfString: []string{"$__all"}},
	})
}

// one is a variable of one value.
func one(name, label, help, query string) *dashboard.QueryVariableBuilder {
	return dashboard.NewQueryVariableBuilder(name).Label(label).Description(help).Datasource(source()).
		Query(dashboard.StringOrMap{String: cog.ToPtr(query)}).Definition(query).
		Refresh(dashboard.VariableRefreshOnTimeRangeChanged).Sort(dashboard.VariableSortAlphabeticalAsc)
}

// pickGrowth is the time over which growth is measured; any other may be typed. It begins with one that is known after an hour.
func pickGrowth() *dashboard.CustomVariableBuilder {
	return choose("growth", "Growth over", "Time over which growth is measured.", "10 minutes : 10m,1 hour : 1h,1 day : 1d,1 week : 7d,30 days : 30d", "1 hour", "1h")
}

// choose is a variable of fixed values; text and value are the one at the beginning.
func choose(name, label, help, values, text, value string) *dashboard.CustomVariableBuilder {
	return dashboard.NewCustomVariableBuilder(name).Label(label).Description(help).AllowCustomValue(true).
		Values(dashboard.StringOrMap{String: &values}).
		Current(dashboard.VariableOption{Text: dashboard.StringOrArrayOfString{String: &text}, Value: dashboard.StringOrArrayOfString{String: &value}})
}

// Links from a value to the dashboard that tells more about it.

func leadsToInstance(domain string) []dashboard.DynamicConfigValue {
	return leads("Open this instance", "instance", "domain", domain)
}

// leadsToInstances lists the instances of one country, software or version.
func leadsToInstances(variable, value string) []dashboard.DynamicConfigValue {
	return leads("List these instances", "instances", variable, value)
}

func leads(title, name, variable, value string) []dashboard.DynamicConfigValue {
	return []dashboard.DynamicConfigValue{{Id: "links", Value: []map[string]string{{
		"title": title, "url": "/d/" + prefix + name + "?${datasource:queryparam}&var-" + variable + "=" + value + "&${__url_time_range}",
	}}}}
}

// leadsToRunbook opens what to do about an alert, by its name.
func leadsToRunbook() []dashboard.DynamicConfigValue {
	return []dashboard.DynamicConfigValue{{Id: "links", Value: []map[string]string{{
		"title": "What to do", "url": "https://github.com/mnm-social/mnm/blob/main/docs/runbooks/${__value.raw}.md",
	}}}}
}

// numbers is the matcher of a panel's values, for links on all of them.
const numbers = "number"
