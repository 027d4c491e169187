package families

import (
	"fmt"
	"io"
	"strings"
)

//go:generate go test . -run TestDocument -update

// Document writes the reference of all families, docs/metrics.md.
func Document(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Metrics\n\n" +
		"Every family that `/metrics` can have. This page is generated from the catalogue in `exporter/families`\n" +
		"(`go generate ./exporter/families`); a test holds it against a live scrape.\n\n" +
		"Figures of instances are what the instances say of themselves. A figure that is not known is absent, never 0.\n" +
		"We visit on a timer of our own, once an hour, whatever the scrape interval; scrape at least every two minutes,\n" +
		"since Prometheus forgets a series after five. `collect[]=instances`, `network`, `timelines` or `exporter` picks parts of the page.\n")
	part := Part("")
	for _, d := range All() {
		if d.Part != part {
			part = d.Part
			fmt.Fprintf(&b, "\n## %s\n\n| family | type | labels | what |\n|---|---|---|---|\n", headings[part])
		}
		labels := "–"
		if len(d.Labels) > 0 {
			labels = "`" + strings.Join(d.Labels, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", d.Name, d.Type, labels, strings.ReplaceAll(d.Help, "|", "\\|"))
	}
	b.WriteString("\nBeside these, `exporter` has client_golang's families of the Go runtime (`go_…`) and of the process (`process_…`).\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// headings are those of the parts.
var headings = map[Part]string{
	PartInstances: "Instances (`collect[]=instances`)",
	PartNetwork:   "The network (`collect[]=network`)",
	PartTimelines: "Timelines and toots (`collect[]=timelines`)",
	PartExporter:  "The exporter itself (`collect[]=exporter`)",
}
