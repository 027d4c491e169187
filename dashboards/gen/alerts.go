package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
)

// firing are the alerts of the project's rules that fire, the critical ones first, as Prometheus and vmalert write them
// down. Those of severity info are news, which other panels have.
func firing(help, matchers string, about ...column) panel {
	expr := `1000 * max by (severity, alertname, domain, subject) (label_join(ALERTS_FOR_STATE and ignoring (alertstate) ` +
		`ALERTS{alertname=~"(MNM|Mastodon).+",alertstate="firing",severity!="info"` + matchers + `}, "subject", " ", "source", "directory", "version"))`
	columns := append([]column{
		{"severity", "Severity", cell(wide(85), nameCell(part{"critical", "red"}, part{"warning", "orange"}))},
		{"alertname", "Alert", cell(wide(280), leadsToRunbook())},
		{"Value", "Since", cell(wide(160), unitCell(dateMs))},
	}, about...)
	return listing("Firing alerts", help, []string{expr}, "", columns...).NoValue("no alert fires, or the alert rules are not loaded").
		SortBy([]cog.Builder[common.TableSortByFieldState]{common.NewTableSortByFieldStateBuilder().DisplayName("Severity")})
}
