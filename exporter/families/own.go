package families

import (
	"slices"

	"github.com/mnm-social/mnm/exporter/metric"
)

// Names of the families that the program keeps about itself in client_golang's registry.
const (
	BuildInfo               = "mnm_exporter_build_info"
	Demo                    = "mnm_exporter_demo"
	Online                  = "mnm_exporter_online"
	FirstRound              = "mnm_exporter_first_round_ratio"
	ConfigReloadSuccessful  = "mnm_exporter_config_last_reload_successful"
	ConfigReloadSuccessTime = "mnm_exporter_config_last_reload_success_timestamp_seconds"
	StateSaved              = "mnm_exporter_state_saved_timestamp_seconds"
	StateSaveFailures       = "mnm_exporter_state_save_failures_total"
	Visits                  = "mnm_exporter_visits_total"
	VisitFailures           = "mnm_exporter_visit_failures_total"
	VisitOverdue            = "mnm_exporter_visit_overdue_seconds"
	Requests                = "mnm_exporter_requests_total"
	RequestsRefused         = "mnm_exporter_requests_refused_total"
	FiguresRefused          = "mnm_exporter_figures_refused_total"
	NamesRefused            = "mnm_exporter_names_refused_total"
	GitHubLimit             = "mnm_exporter_github_rate_limit"
	GitHubRemaining         = "mnm_exporter_github_rate_limit_remaining"
	GitHubReset             = "mnm_exporter_github_rate_limit_reset_timestamp_seconds"
	ReleaseFailures         = "mnm_exporter_release_failures_total"
	CountryData             = "mnm_exporter_country_data_timestamp_seconds"
	CountryLookupFailures   = "mnm_exporter_country_lookup_failures_total"
	DirectoryFailures       = "mastodon_directory_failures_total"
)

// Description is a family without its values.
type Description struct {
	Name, Help string
	Type       metric.Type
	Labels     []string
	Part       Part
}

// Own are the families that the program keeps about itself.
func Own() []Description {
	return []Description{
		{BuildInfo, "Version, revision and Go version that the program was built from; always 1.", metric.Gauge,
			[]string{"branch", "goarch", "goos", "goversion", "revision", "tags", "version"}, PartExporter},
		{Demo, "Whether this is the demo, an invented network (1, 0).", metric.Gauge, nil, PartExporter},
		{Online, "Whether our own network works (1, 0); while it does not, no instance is reported down.", metric.Gauge, nil, PartExporter},
		{FirstRound, "Part of the first round of visits that is done, from 0 to 1.", metric.Gauge, nil, PartExporter},
		{ConfigReloadSuccessful, "Whether the latest attempt to load the configuration was good (1, 0).", metric.Gauge, nil, PartExporter},
		{ConfigReloadSuccessTime, "Unix time at which the configuration in force was loaded.", metric.Gauge, nil, PartExporter},
		{StateSaved, "Unix time at which the state was last saved; 0 if it never was, or is kept in memory only.", metric.Gauge, nil, PartExporter},
		{StateSaveFailures, "Attempts to save the state that failed.", metric.Counter, nil, PartExporter},
		{Visits, "Visits to instances, confirmations included.", metric.Counter, nil, PartExporter},
		{VisitFailures, "Visits that were not good, by reason.", metric.Counter, []string{"reason"}, PartExporter},
		{VisitOverdue, "How late the most overdue visit is.", metric.Gauge, nil, PartExporter},
		{Requests, "Requests sent, by purpose.", metric.Counter, []string{"purpose"}, PartExporter},
		{RequestsRefused, "Requests that were not sent, by reason.", metric.Counter, []string{"reason"}, PartExporter},
		{FiguresRefused, "Figures of instances that were left out as absurd: negative, fractional or too large.", metric.Counter, nil, PartExporter},
		{NamesRefused, "Names in directories that were left out: no public domain names, known junk, or a flood of names below one domain.", metric.Counter, []string{"directory"}, PartExporter},
		{GitHubLimit, "Requests that the GitHub API allows in an hour.", metric.Gauge, nil, PartExporter},
		{GitHubRemaining, "Requests that the GitHub API still allows in this hour.", metric.Gauge, nil, PartExporter},
		{GitHubReset, "Unix time at which the GitHub API's hour is over.", metric.Gauge, nil, PartExporter},
		{ReleaseFailures, "Look-ups of releases that failed, by reason.", metric.Counter, []string{"reason"}, PartExporter},
		{CountryData, "Unix time of the data that tells an address's country, by provider.", metric.Gauge, []string{"provider"}, PartExporter},
		{CountryLookupFailures, "Look-ups of an address's country that a provider could not answer: mmdb, api, embedded.", metric.Counter, []string{"provider"}, PartExporter},
		{DirectoryFailures, "Answers of directories that could not be used, by reason.", metric.Counter, []string{"directory", "reason"}, PartExporter},
	}
}

// All describes every family there is, part by part.
func All() []Description {
	return slices.Concat(describe(PartInstances, Instances()), describe(PartNetwork, Network()), describe(PartTimelines, Timelines()), Own())
}

func describe[T any](part Part, t metric.Table[T]) []Description {
	var all []Description
	for _, f := range t {
		all = append(all, Description{f.Name, f.Help, f.Type, f.Labels, part})
	}
	return all
}
