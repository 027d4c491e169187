package main

import "github.com/grafana/grafana-foundation-sdk/go/dashboard"

// self picks the series that the scrape and client_golang make for every program, of the exporter only. It goes by
// the series that no other program has, since the job's name is the operator's.
const self = ` and on (job, instance) mnm_exporter_build_info`

// exporterBoard is how the exporter itself fares.
func exporterBoard() (dashboard.Dashboard, error) {
	p := newPage(frame("exporter", "Exporter",
		"How the exporter itself fares: its visits, what others refuse it or it refuses itself, its sources of data, and what it needs."))
	exporterTiles(p)
	exporterVisits(p)
	exporterSources(p)
	exporterNeeds(p)
	return p.build()
}

func exporterTiles(p *page) {
	p.line(4, []uint32{3, 3, 3, 3, 4, 4, 4},
		meaning("Network", "Whether the exporter's own way to the internet works; while it does not, no instance is reported down.", `min(mnm_exporter_online)`,
			word{1, "online", "green"}, word{0, "offline", "red"}).NoValue("no exporter"),
		meaning("Kind", "Whether its figures are the real network's or a demo's invented ones.", `max(mnm_exporter_demo)`,
			word{0, "real", "green"}, word{1, "demo", "purple"}).NoValue("no exporter"),
		meaning("Configuration", "Whether the latest attempt to load the configuration was good; after a bad one the old one stays in force.", `min(mnm_exporter_config_last_reload_successful)`,
			word{1, "good", "green"}, word{0, "refused", "red"}).NoValue("no exporter"),
		label("Version", "Version of the exporter.", `max by (version) (mnm_exporter_build_info)`, "{{version}}").NoValue("no exporter"),
		moment("First round", "Share of the instances first named that have been tried once.", percent, `min(mnm_exporter_first_round_ratio)`,
			limit{0, "orange"}, limit{1, "green"}).Decimals(0).NoValue("no exporter"),
		moment("Most overdue visit", "How late the most overdue visit is; above ten minutes there is more to visit than time for it.", seconds, `max(mnm_exporter_visit_overdue_seconds)`,
			limit{0, "green"}, limit{600, "orange"}, limit{3600, "red"}).Decimals(0).NoValue("no exporter"),
		moment("State saved", "Time since the state was last saved, so that a restart loses no more than that.", seconds,
			`time() - max(mnm_exporter_state_saved_timestamp_seconds > 0)`, limit{0, "green"}, limit{1800, "orange"}, limit{7200, "red"}).Decimals(0).NoValue("kept in memory only"),
	)
}

func exporterVisits(p *page) {
	p.heading("How do its visits go?")
	p.line(9, []uint32{8, 8, 8},
		visitLines(),
		failureLines(),
		requestBars(),
	)
	p.line(8, []uint32{6, 6, 6, 6},
		bars("Requests not sent", "Requests per second that were held back or came to nothing before they were sent, by reason.", "reqps",
			series{`sum by (reason) (rate(mnm_exporter_requests_refused_total[$__rate_interval])) > 0`, "{{reason}}"}).NoValue("none in this time range"),
		lines("Overdue", "How late the most overdue visit is.", seconds, series{`max(mnm_exporter_visit_overdue_seconds)`, "overdue"}),
		course("Online", "Whether the exporter's own way to the internet worked.", `min(mnm_exporter_online)`, "network", word{1, "online", "green"}, word{0, "offline", "red"}),
		bars("Left out", "Figures of instances left out as absurd, and names left out of directories as junk, in each step of the time axis.", short,
			series{`sum(increase(mnm_exporter_figures_refused_total[$__rate_interval]))`, "figures"},
			series{`sum(increase(mnm_exporter_names_refused_total[$__rate_interval]))`, "names"}).Decimals(0).AxisSoftMax(10),
	)
}

func exporterSources(p *page) {
	p.heading("Does it get its data?")
	p.line(8, []uint32{9, 7, 8},
		listing("Directories", "What each directory listed in its last good answer, how long ago, and failures and names refused in the time range.",
			[]string{
				`sum by (directory) (mastodon_directory_instances)`,
				`time() - max by (directory) (mastodon_directory_last_success_timestamp_seconds)`,
				`sum by (directory) (increase(mastodon_directory_failures_total[$__range]))`,
				`sum by (directory) (increase(mnm_exporter_names_refused_total[$__range]))`,
			}, "Instances",
			column{"directory", "Directory", wide(140)},
			column{"Value #A", "Instances", unitCell(whole)},
			column{"Value #B", "Answered", cell(limitCell(seconds, limit{0, "green"}, limit{7200, "orange"}, limit{86400, "red"}), decimals(0))},
			column{"Value #C", "Failures", cell(limitCell(short, limit{0, "text"}, limit{1, "orange"}), decimals(0))},
			column{"Value #D", "Refused", cell(unitCell(short), decimals(0))}),
		lines("GitHub requests left", "Requests that GitHub still allows in this hour for looking up releases, beside those it allows in all.", whole,
			series{`min(mnm_exporter_github_rate_limit_remaining)`, "left"}, series{`min(mnm_exporter_github_rate_limit)`, "allowed"}).
			OverrideByName(paint("left", "blue")).OverrideByName(paint("allowed", grey)).NoValue("not asked yet"),
		bars("Failures of look-ups", "Look-ups of releases and of addresses' countries that failed, in each step of the time axis.", short,
			series{`sum by (reason) (increase(mnm_exporter_release_failures_total[$__rate_interval])) > 0`, "releases: {{reason}}"},
			series{`sum by (provider) (increase(mnm_exporter_country_lookup_failures_total[$__rate_interval])) > 0`, "country: {{provider}}"}).
			NoValue("no failures in this time range"),
	)
	p.line(4, []uint32{6, 6, 6, 6},
		moment("Age of the country data", "Age of the data that tells an address's country, the oldest in use.", seconds,
			`time() - min(mnm_exporter_country_data_timestamp_seconds)`, limit{0, "green"}, limit{180 * 86400, "orange"}, limit{365 * 86400, "red"}).Decimals(0).NoValue("none in use"),
		moment("GitHub's hour is over in", "Time until GitHub allows a full hour's requests again.", seconds,
			`max(mnm_exporter_github_rate_limit_reset_timestamp_seconds) - time() > 0`).Decimals(0).NoValue("it is over"),
		moment("Configuration loaded", "Time since the configuration in force was loaded.", seconds,
			`time() - max(mnm_exporter_config_last_reload_success_timestamp_seconds)`).Decimals(0),
		moment("State not saved", "Attempts to save the state that failed in the time range.", whole,
			`sum(increase(mnm_exporter_state_save_failures_total[$__range]))`, limit{0, "green"}, limit{1, "red"}).Decimals(0),
	)
}

func exporterNeeds(p *page) {
	p.heading("What does it need?")
	p.line(9, []uint32{6, 6, 6, 6},
		lines("Memory", "Memory that the process holds, and what Go's heap has in use.", size,
			series{`sum(process_resident_memory_bytes` + self + `)`, "resident"}, series{`sum(go_memstats_heap_inuse_bytes` + self + `)`, "heap"}).Decimals(0).
			OverrideByName(paint("resident", "blue")).OverrideByName(paint("heap", "green")),
		lines("CPU", "Processor cores that the process keeps busy.", "suffix: cores",
			series{`sum(rate(process_cpu_seconds_total[$__rate_interval])` + self + `)`, "cores"}).Decimals(2),
		lines("Goroutines and files", "Goroutines, and files and connections that are open.", whole,
			series{`sum(go_goroutines` + self + `)`, "goroutines"}, series{`sum(process_open_fds` + self + `)`, "open files"}).FillOpacity(0),
		lines("Duration of a scrape", "How long Prometheus needs to read the exporter's page.", seconds,
			series{`max(scrape_duration_seconds` + self + `)`, "scrape"}),
	)
	p.line(7, []uint32{12, 12},
		lines("Series of a scrape", "Samples on the exporter's page.", whole, series{`max(scrape_samples_scraped` + self + `)`, "samples"}),
		lines("Series left out", "Series left out to keep the page small, by family; the oldest changes go first.", whole,
			series{`sum by (family) (mnm_exporter_left_out_series)`, "{{family}}"}).AxisSoftMax(10),
	)
}

// Panels that the overview has as well.

func visitLines() panel {
	return lines("Visits", "Visits to instances that ended, per second, and the failed ones among them.", perSec,
		series{`sum(rate(mnm_exporter_visits_total[$__rate_interval]))`, "all"},
		series{`sum(rate(mnm_exporter_visit_failures_total[$__rate_interval]))`, "failed"}).
		OverrideByName(paint("all", "blue")).OverrideByName(paint("failed", "red"))
}

func failureLines() panel {
	return lines("Failed visits by reason", "Visits per second without a readable answer, by what went wrong.", perSec,
		series{`sum by (reason) (rate(mnm_exporter_visit_failures_total[$__rate_interval])) > 0`, "{{reason}}"}).
		NoValue("no failures in this time range")
}

func requestBars() panel {
	return bars("Requests by purpose", "Requests sent, per second, by what they ask for.", "reqps",
		series{`sum by (purpose) (rate(mnm_exporter_requests_total[$__rate_interval])) > 0`, "{{purpose}}"})
}
