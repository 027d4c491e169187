package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/mnm-social/mnm/exporter/families"
)

// The times that stand in a query for Grafana's own variables, odd so that nobody writes them.
const (
	rateInterval = 61 * time.Second
	wholeRange   = 3607 * time.Second
)

// filled puts values where a query has variables outside of strings. Those in strings can stay: they are patterns.
func filled(b board, expr string) string {
	pairs := []string{"$__rate_interval", "61s", "$__range", "3607s"}
	for _, v := range b.Templating.List {
		if value, ok := v.Current.Value.(string); v.Type == "custom" && ok {
			pairs = append(pairs, "$"+v.Name, value)
		}
	}
	return strings.NewReplacer(pairs...).Replace(expr)
}

// catalogued looks a series' name up: its labels, and whether it only grows. Job and instance come from the scrape.
func catalogued(name string) (labels []string, counter, ok bool) {
	scraped := []string{"job", "instance"}
	if name == "ALERTS" || name == "ALERTS_FOR_STATE" { // Prometheus and vmalert make them, of the project's rules
		return append(scraped, "alertname", "alertstate", "severity", "component", "domain", "source", "directory", "version"), false, true
	}
	if grows, ok := everyProgram()[name]; ok {
		return scraped, grows, true
	}
	for _, f := range families.All() {
		labels := slices.Concat(f.Labels, scraped)
		if f.Type == "histogram" {
			switch strings.TrimPrefix(name, f.Name) {
			case "_bucket":
				return append(labels, "le"), true, true
			case "_sum", "_count":
				return labels, true, true
			}
		} else if f.Name == name {
			return labels, f.Type == "counter", true
		}
	}
	return nil, false, false
}

// everyProgram are the series that Prometheus and client_golang make for every program, and whether they only grow.
func everyProgram() map[string]bool {
	return map[string]bool{
		"scrape_duration_seconds": false, "scrape_samples_scraped": false,
		"process_resident_memory_bytes": false, "process_cpu_seconds_total": true, "process_open_fds": false, "process_start_time_seconds": false,
		"go_memstats_heap_inuse_bytes": false, "go_goroutines": false,
	}
}

var placeholder = regexp.MustCompile(`{{\s*(\w+)\s*}}`)

// checkQuery holds that a query is PromQL, that it names only families and labels which the exporter has, that counters
// and only counters are read by their growth, and that the legend names labels which the result can have. It gives all
// labels that the result can have.
func checkQuery(t *testing.T, b board, title, expr, legend string) map[string]bool {
	t.Helper()
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(filled(b, expr))
	if err != nil {
		t.Errorf("%q: %s: %v", title, expr, err)
		return nil
	}
	labels := map[string]bool{}
	parser.Inspect(tree, func(node parser.Node, path []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			checkSelector(t, title, n, path, labels)
		case *parser.Call:
			if n.Func.Name == "label_replace" || n.Func.Name == "label_join" {
				labels[n.Args[1].(*parser.StringLiteral).Val] = true
			}
		}
		return nil
	})
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		var wanted []string
		switch n := node.(type) {
		case *parser.AggregateExpr:
			wanted = n.Grouping
		case *parser.BinaryExpr:
			if n.VectorMatching != nil {
				wanted = append(n.VectorMatching.MatchingLabels, n.VectorMatching.Include...)
			}
		}
		for _, l := range wanted {
			if !labels[l] {
				t.Errorf("%q: nothing in %s has label %q", title, expr, l)
			}
		}
		return nil
	})
	for _, m := range placeholder.FindAllStringSubmatch(legend, -1) {
		if !labels[m[1]] {
			t.Errorf("%q: the legend names label %q, which nothing in %s has", title, m[1], expr)
		}
	}
	checkVariableUse(t, b, title, expr, tree)
	return labels
}

// checkSelector looks one selector up in the catalogue and adds its family's labels to labels.
func checkSelector(t *testing.T, title string, s *parser.VectorSelector, path []parser.Node, labels map[string]bool) {
	t.Helper()
	known, counter, ok := catalogued(s.Name)
	if !ok {
		t.Errorf("%q: there is no family %q", title, s.Name)
		return
	}
	for _, l := range known {
		labels[l] = true
	}
	for _, m := range s.LabelMatchers {
		if m.Name != "__name__" && !slices.Contains(known, m.Name) {
			t.Errorf("%q: %s has no label %q", title, s.Name, m.Name)
		}
	}
	growth := slices.ContainsFunc(path, func(n parser.Node) bool {
		call, ok := n.(*parser.Call)
		return ok && (call.Func.Name == "rate" || call.Func.Name == "increase")
	})
	if counter != growth {
		t.Errorf("%q: %s is read by its growth: %t; is a counter: %t", title, s.Name, growth, counter)
	}
}

// checkIntervals holds that growth is taken over Grafana's rate interval, or over the whole range where a query asks for
// one moment: for the end of the range, that is.
func checkIntervals(t *testing.T, b board, title string, q target) {
	t.Helper()
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(filled(b, q.Expr))
	if err != nil {
		return // checkQuery has said so
	}
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		if m, ok := node.(*parser.MatrixSelector); ok {
			moment := q.Instant || m.VectorSelector.(*parser.VectorSelector).StartOrEnd == parser.END
			if m.Range != rateInterval && (m.Range != wholeRange || !moment) {
				t.Errorf("%q: %s looks at neither $__rate_interval nor, for one moment, $__range", title, q.Expr)
			}
		}
		return nil
	})
}
