package main

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// The rules of Grafana's dashboard-linter are held here and in the other tests: template-datasource-rule and uneditable-dashboard
// by TestDashboards and TestLinksBetweenDashboards; template-label-promql-rule and template-on-time-change-reload-rule by
// checkVariable; panel-datasource-rule by checkSource; panel-title-description-rule, panel-no-targets-rule and panel-units-rule by
// checkPanel; target-promql-rule and target-counter-agg-rule by checkQuery; target-rate-interval-rule by checkIntervals. Those
// about Loki have nothing to look at. Left on purpose:
//   - template-job-rule, template-instance-rule, target-job-rule, target-instance-rule: one exporter sees the whole network,
//     so its job and instance say nothing about what is shown, and variables for them would always have one value. Where
//     several exporters write to one Prometheus, a data source for each, or external labels, keep them apart.
//   - target-rate-interval-rule, in part: numbers of a whole time range are asked over $__range, for one moment only.

func TestVariables(t *testing.T) {
	for _, b := range committed(t) {
		t.Run(b.UID, func(t *testing.T) {
			names := map[string]bool{}
			for i, v := range b.Templating.List {
				if names[v.Name] || v.Label == "" || (i > 0 && v.Description == "") {
					t.Errorf("$%s needs a name of its own, a label and a description", v.Name)
				}
				names[v.Name] = true
				if v.Type == "query" {
					checkVariable(t, b, v)
				}
			}
			raw, err := json.Marshal(b)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range b.Templating.List {
				if !regexp.MustCompile(`\$\{?` + v.Name + `\b`).Match(raw) {
					t.Errorf("nothing uses $%s", v.Name)
				}
			}
		})
	}
}

var variableQuery = regexp.MustCompile(`^(?:label_values\((\w+), (\w+)\)|query_result\((.+)\))$`)

// checkVariable holds that a variable lists what there is, anew when the time range changes, and all of it by one pattern.
func checkVariable(t *testing.T, b board, v variableModel) {
	t.Helper()
	checkSource(t, v.Name, v.Datasource)
	if v.Refresh != 2 || v.Query != v.Definition {
		t.Errorf("$%s: refresh %d, which should be 2 (as the time range changes); query %q, definition %q", v.Name, v.Refresh, v.Query, v.Definition)
	}
	hidden := v.Hide == 2 // it is not chosen: it is there to name what there is
	if v.Multi != v.IncludeAll || v.IncludeAll != (v.AllValue == ".*" || hidden) {
		t.Errorf("$%s: several values go with all of them, and all of them is .*", v.Name)
	}
	if all, ok := v.Current.Value.([]any); v.IncludeAll && (!ok || len(all) != 1 || all[0] != "$__all") {
		t.Errorf("$%s must begin with all, not with %v", v.Name, v.Current.Value)
	}
	m := variableQuery.FindStringSubmatch(v.Query)
	switch {
	case m == nil:
		t.Errorf("$%s: cannot read the query %q", v.Name, v.Query)
	case m[3] != "":
		known := checkQuery(t, b, "$"+v.Name, m[3], "")
		taken := regexp.MustCompile(`(\w+)="`).FindAllStringSubmatch(v.Regex, -1)
		if len(taken) == 0 {
			t.Errorf("$%s: the pattern %q takes no label", v.Name, v.Regex)
		}
		for _, l := range taken {
			if !known[l[1]] {
				t.Errorf("$%s: the pattern takes label %q, which nothing in %s has", v.Name, l[1], m[3])
			}
		}
	default:
		if known, _, ok := catalogued(m[1]); !ok || !slices.Contains(known, m[2]) {
			t.Errorf("$%s: there is no family %q with label %q", v.Name, m[1], m[2])
		}
	}
}

var variable = regexp.MustCompile(`\$\{?(\w+)`)

// checkVariableUse holds that a query uses variables which the dashboard has, and those of several values as patterns.
func checkVariableUse(t *testing.T, b board, title, expr string, tree parser.Expr) {
	t.Helper()
	model := func(name string) (variableModel, bool) {
		i := slices.IndexFunc(b.Templating.List, func(v variableModel) bool { return v.Name == name })
		if i < 0 {
			return variableModel{}, false
		}
		return b.Templating.List[i], true
	}
	for _, m := range variable.FindAllStringSubmatch(expr, -1) {
		own := slices.Contains([]string{"__rate_interval", "__range"}, m[1]) || m[1] == "1" // of label_replace
		if _, ok := model(m[1]); !ok && !own {
			t.Errorf("%q: the dashboard has no $%s", title, m[1])
		}
	}
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		s, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		for _, matcher := range s.LabelMatchers {
			for _, m := range variable.FindAllStringSubmatch(matcher.Value, -1) {
				v, _ := model(m[1])
				if pattern := matcher.Type == labels.MatchRegexp; pattern != (v.Multi || v.Type == "textbox") {
					t.Errorf("%q: %s: $%s may be several: %t, is matched as a pattern: %t", title, matcher, m[1], v.Multi, pattern)
				}
			}
		}
		return nil
	})
}

// checkColumns holds that a table names columns which it has.
func checkColumns(t *testing.T, p gridy, known map[string]bool) {
	t.Helper()
	for _, tr := range p.Transformations {
		names := []string{}
		for name := range tr.Options.ExcludeByName {
			names = append(names, name)
		}
		for name := range tr.Options.RenameByName {
			names = append(names, name)
		}
		for _, name := range names {
			query, many := strings.CutPrefix(name, "Value #")
			asked := slices.ContainsFunc(p.Targets, func(q target) bool { return q.RefID == query })
			value := many && asked && len(p.Targets) > 1 || name == "Value" && len(p.Targets) == 1
			if name != "Time" && !known[name] && !value {
				t.Errorf("%q has no column %q", p.Title, name)
			}
		}
	}
}

var dataLink = regexp.MustCompile(`^/d/([\w-]+)\?\$\{datasource:queryparam\}&var-(\w+)=(\$\{__value\.raw\}|\$\{__field\.labels\.(\w+)\})&\$\{__url_time_range\}$`)

// checkLinks holds that a link leads to a dashboard of the project, fills a variable which that has, with the label of the
// same meaning, and keeps the data source and the time.
func checkLinks(t *testing.T, p gridy, known map[string]bool) {
	t.Helper()
	for _, o := range p.FieldConfig.Overrides {
		for _, property := range o.Properties {
			if property.ID != "links" {
				continue
			}
			var links []struct{ Title, URL string }
			if err := json.Unmarshal(property.Value, &links); err != nil {
				t.Fatal(err)
			}
			for _, l := range links {
				checkLink(t, p, o.Matcher.Options, l.Title, l.URL, known)
			}
		}
	}
}

const runbooks = "https://github.com/mnm-social/mnm/blob/main/docs/runbooks/"

func checkLink(t *testing.T, p gridy, field, title, url string, known map[string]bool) {
	t.Helper()
	if url == runbooks+"${__value.raw}.md" && field == "Alert" && known["alertname"] { // package deploy holds that each alert has its runbook
		return
	}
	m := dataLink.FindStringSubmatch(url)
	if m == nil || title == "" {
		t.Errorf("%q: link %q to %q: no link within the project that keeps data source and time", p.Title, title, url)
		return
	}
	boards := committed(t)
	at := slices.IndexFunc(boards, func(b board) bool { return b.UID == m[1] })
	if at < 0 {
		t.Errorf("%q: link to dashboard %q, which is none of ours", p.Title, m[1])
		return
	}
	if !slices.ContainsFunc(boards[at].Templating.List, func(v variableModel) bool { return v.Name == m[2] }) {
		t.Errorf("%q: link to %q, which has no variable %q", p.Title, m[1], m[2])
	}
	label := m[4]
	if label == "" { // the value of a table's column: which label is that?
		for _, tr := range p.Transformations {
			for from, to := range tr.Options.RenameByName {
				if to == field {
					label = from
				}
			}
		}
	}
	if label != m[2] || !known[label] {
		t.Errorf("%q: the link fills %q with %q, which should be that label of the panel's series", p.Title, m[2], label)
	}
}

func TestLinksBetweenDashboards(t *testing.T) {
	for _, b := range committed(t) {
		if b.Editable || b.Inputs != nil || !slices.Contains(b.Tags, tag) {
			t.Errorf("%s must have the tag %q, and be neither editable nor in need of inputs", b.UID, tag)
		}
		if len(b.Links) != 1 || b.Links[0].Type != "dashboards" || !slices.Equal(b.Links[0].Tags, []string{tag}) || !b.Links[0].KeepTime || !b.Links[0].IncludeVars {
			t.Errorf("%s must lead to all others by their tag, keeping time and variables: %+v", b.UID, b.Links)
		}
	}
}
