package deploy_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-jsonnet"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// mixin is what a monitoring mixin exports.
type mixin struct {
	Dashboards map[string]any
	Alerts     json.RawMessage
	Rules      json.RawMessage
}

func TestMixin(t *testing.T) {
	const ours = `(import 'github.com/mnm-social/mnm/mixin.libsonnet')`
	for _, row := range []struct {
		name, code string
		was, is    []string // what the configuration replaces in the rules
		more       bool     // another mixin's dashboard and group are there too
	}{
		{"as it is", ours, nil, nil, false},
		{
			"configured",
			ours + ` { _config+:: { grafanaUrl: 'https://grafana.example.org/x', runbookUrl: 'https://wiki.example.org/mnm', job: 'fediverse' } }`,
			[]string{"http://127.0.0.1:3000/d/", "https://github.com/mnm-social/mnm/blob/main/docs/runbooks/", "mnm|mnm-exporter"},
			[]string{"https://grafana.example.org/x/d/", "https://wiki.example.org/mnm/", "fediverse"},
			false,
		},
		{
			"beside another",
			`{ grafanaDashboards+:: { 'other.json': {} }, prometheusAlerts+:: { groups+: [{ name: 'other', rules: [] }] } } + ` + ours,
			nil, nil, true,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got mixin
			result := evaluate(t, `local m = `+row.code+`; { dashboards: m.grafanaDashboards, alerts: m.prometheusAlerts, rules: m.prometheusRules }`, nil)
			if err := json.Unmarshal([]byte(result), &got); err != nil {
				t.Fatal(err)
			}
			want := map[string]any{}
			for _, file := range matches(t, "../dashboards/*.json") {
				var board any
				if err := json.Unmarshal([]byte(read(t, file)), &board); err != nil {
					t.Fatal(err)
				}
				want[filepath.Base(file)] = board
			}
			wanted := groupsOfFiles(t, row.was, row.is)
			if row.more {
				want["other.json"] = map[string]any{}
				wanted["other"] = rulefmt.RuleGroup{Name: "other", Rules: []rulefmt.Rule{}}
			}
			if !reflect.DeepEqual(got.Dashboards, want) {
				t.Errorf("it has other dashboards than the folder: %v", slices.Sorted(maps.Keys(got.Dashboards)))
			}
			all := groups(t, string(got.Alerts))
			maps.Copy(all, groups(t, string(got.Rules)))
			checkGroups(t, all, wanted)
		})
	}
}

// evaluate runs jsonnet with this repository at the place where jsonnet-bundler would put it.
func evaluate(t *testing.T, code string, arguments map[string]string) string {
	t.Helper()
	vm := jsonnet.MakeVM()
	vm.Importer(&jsonnet.FileImporter{JPaths: []string{beside(t, "github.com/mnm-social/mnm")}})
	for name, value := range arguments {
		vm.TLAVar(name, value)
	}
	result, err := vm.EvaluateAnonymousSnippet("test", code)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// beside is a new folder in which this repository has the given name.
func beside(t *testing.T, name string) string {
	t.Helper()
	folder := t.TempDir()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(folder, filepath.Dir(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(root, filepath.Join(folder, name)); err != nil {
		t.Fatal(err)
	}
	return folder
}

// groups reads rules by Prometheus' own loader.
func groups(t *testing.T, text string) map[string]rulefmt.RuleGroup {
	t.Helper()
	parsed, errs := rulefmt.Parse([]byte(text), false, model.UTF8Validation, parser.NewParser(parser.Options{}), promslog.NewNopLogger())
	for _, err := range errs {
		t.Error(err)
	}
	all := map[string]rulefmt.RuleGroup{}
	for _, g := range parsed.Groups {
		all[g.Name] = g
	}
	return all
}

// groupsOfFiles are those of provisioning/prometheus/rules, with other words in the place of some.
func groupsOfFiles(t *testing.T, was, is []string) map[string]rulefmt.RuleGroup {
	t.Helper()
	all := map[string]rulefmt.RuleGroup{}
	for _, file := range matches(t, "../provisioning/prometheus/rules/*.yml") {
		text := read(t, file)
		for i := range was {
			text = strings.ReplaceAll(text, was[i], is[i])
		}
		maps.Copy(all, groups(t, text))
	}
	return all
}

func checkGroups(t *testing.T, got, want map[string]rulefmt.RuleGroup) {
	t.Helper()
	for name, g := range want {
		if !reflect.DeepEqual(got[name], g) {
			t.Errorf("the group %s is %+v, in the files %+v", name, got[name], g)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d groups, the files have %d", len(got), len(want))
	}
}
