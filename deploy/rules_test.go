package deploy_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

const (
	runbooks  = "https://github.com/mnm-social/mnm/blob/main/docs/runbooks/"
	grafanaAt = "http://127.0.0.1:3000/d/mnm-"
)

// rules are all rules that Prometheus is provisioned with.
func rules(t *testing.T) (all []rulefmt.Rule) {
	t.Helper()
	for _, file := range matches(t, "../provisioning/prometheus/rules/*.yml") {
		groups, errs := rulefmt.Parse([]byte(read(t, file)), false, model.UTF8Validation, parser.NewParser(parser.Options{}), promslog.NewNopLogger())
		for _, err := range errs {
			t.Errorf("%s: %v", file, err)
		}
		for _, g := range groups.Groups {
			all = append(all, g.Rules...)
		}
	}
	if len(all) == 0 {
		t.Fatal("there are no rules")
	}
	return all
}

// alerts are the rules that alert, by name: an alert has one rule.
func alerts(t *testing.T) map[string]rulefmt.Rule {
	t.Helper()
	all := map[string]rulefmt.Rule{}
	for _, r := range rules(t) {
		if r.Alert == "" {
			continue
		}
		if _, twice := all[r.Alert]; twice {
			t.Errorf("%s is there twice", r.Alert)
		}
		all[r.Alert] = r
	}
	return all
}

// TestRulesAskForWhatThereIs: metrics and labels are those of the catalogue, and annotations use only labels of the result.
func TestRulesAskForWhatThereIs(t *testing.T) {
	known := catalogue()
	for _, r := range rules(t) {
		t.Run(r.Alert+r.Record, func(t *testing.T) {
			expr, err := parser.NewParser(parser.Options{}).ParseExpr(r.Expr)
			if err != nil {
				t.Fatal(err)
			}
			has, err := known.labels(expr)
			if err != nil {
				t.Fatalf("%s: %v", r.Expr, err)
			}
			if r.Record != "" {
				known[r.Record] = has // rules that are recorded come before those that use them
			}
			for name, text := range r.Annotations {
				for _, used := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(text, -1) {
					if !slices.Contains(has, used[1]) {
						t.Errorf("%s uses the label %s; the result has %v", name, used[1], has)
					}
				}
				for _, asked := range regexp.MustCompile(`\b(?:mastodon|mnm_exporter)_\w+`).FindAllString(text, -1) {
					if _, there := known[asked]; !there {
						t.Errorf("%s asks for %s, which there is not", name, asked)
					}
				}
			}
		})
	}
}

func TestAlertsAreComplete(t *testing.T) {
	boards := []string{"instance", "instances", "network-overview", "versions", "timelines", "exporter", "https", "countries", "hashtags"}
	all, list := alerts(t), read(t, "../docs/alerts.md")
	for name, r := range all {
		t.Run(name, func(t *testing.T) {
			if keys := slices.Sorted(maps.Keys(r.Labels)); !slices.Equal(keys, []string{"component", "severity"}) ||
				!slices.Contains([]string{"critical", "warning", "info"}, r.Labels["severity"]) ||
				!slices.Contains([]string{"instance", "network", "timelines", "exporter"}, r.Labels["component"]) {
				t.Errorf("labels %v", r.Labels)
			}
			if keys := slices.Sorted(maps.Keys(r.Annotations)); !slices.Equal(keys, []string{"dashboard_url", "description", "runbook_url", "summary"}) {
				t.Errorf("annotations %v", keys)
			}
			if got := r.Annotations["runbook_url"]; got != runbooks+name+".md" {
				t.Errorf("runbook %s", got)
			}
			page := read(t, "../docs/runbooks/"+name+".md")
			for _, part := range []string{"# " + name + "\n", "\n## What it means\n", "\n## How to check\n", "\n## What to do\n"} {
				if !strings.Contains(page, part) {
					t.Errorf("the runbook has no %q", strings.TrimSpace(part))
				}
			}
			board, query, _ := strings.Cut(strings.TrimPrefix(r.Annotations["dashboard_url"], grafanaAt), "?")
			if !slices.Contains(boards, board) || (r.Labels["component"] == "instance") != (query == "var-domain={{ $labels.domain }}") {
				t.Errorf("dashboard %s", r.Annotations["dashboard_url"])
			}
			if !strings.Contains(list, "["+name+"](runbooks/"+name+".md) | "+r.Labels["severity"]+" |") {
				t.Errorf("docs/alerts.md does not list %s as %s", name, r.Labels["severity"])
			}
		})
	}
	for _, page := range matches(t, "../docs/runbooks/*.md") {
		if _, there := all[strings.TrimSuffix(filepath.Base(page), ".md")]; !there {
			t.Errorf("%s is of no alert", page)
		}
	}
}

// Alerts about an instance are for those on the watch list.
func TestInstanceAlertsAreForTheWatched(t *testing.T) {
	for name, r := range alerts(t) {
		if watched := strings.Contains(r.Expr, "mastodon_instance_watched") || strings.Contains(r.Expr, ":watched"); watched != (r.Labels["component"] == "instance") {
			t.Errorf("%s of component %s asks %s", name, r.Labels["component"], r.Expr)
		}
	}
}

// ruleTest is what promtool takes.
type ruleTest struct {
	RuleFiles          []string `yaml:"rule_files"`
	EvaluationInterval string   `yaml:"evaluation_interval"`
	Tests              []struct {
		Name, Interval string
		InputSeries    []struct{ Series, Values string } `yaml:"input_series"`
		AlertRuleTest  []struct {
			EvalTime  string `yaml:"eval_time"`
			Alertname string
			ExpAlerts []struct {
				ExpLabels      map[string]string `yaml:"exp_labels"`
				ExpAnnotations map[string]string `yaml:"exp_annotations"`
			} `yaml:"exp_alerts"`
		} `yaml:"alert_rule_test"`
		PromqlExprTest []struct {
			Expr       string
			EvalTime   string `yaml:"eval_time"`
			ExpSamples []struct {
				Labels string
				Value  float64
			} `yaml:"exp_samples"`
		} `yaml:"promql_expr_test"`
	}
}

// TestAlertsAreTested: each alert has a test in which it fires and one in which it doesn't, and all of them are quiet in
// what is nobody's trouble. Whether those tests hold, promtool says.
func TestAlertsAreTested(t *testing.T) {
	fires, quiet := map[string]bool{}, map[string]bool{}
	for _, file := range matches(t, "../provisioning/prometheus/tests/*.yml") {
		var f ruleTest
		decode(t, file, &f)
		for _, group := range f.Tests {
			for _, one := range group.AlertRuleTest {
				if len(one.ExpAlerts) > 0 {
					fires[one.Alertname] = true
				} else {
					quiet[one.Alertname] = true
				}
			}
		}
	}
	all := alerts(t)
	for name := range all {
		if !fires[name] || !quiet[name] {
			t.Errorf("%s: tested firing %t, quiet %t", name, fires[name], quiet[name])
		}
	}
	for name := range fires {
		if _, there := all[name]; !there {
			t.Errorf("%s is tested and not there", name)
		}
	}
}

func TestNobodysTroubleIsTested(t *testing.T) {
	var f ruleTest
	decode(t, "../provisioning/prometheus/tests/quiet.yml", &f)
	for _, file := range matches(t, "../provisioning/prometheus/rules/*.yml") {
		has := strings.Contains(read(t, file), "- alert: ")
		if loaded := slices.Contains(f.RuleFiles, "../rules/"+filepath.Base(file)); loaded != has {
			t.Errorf("%s has alerts: %t; quiet.yml loads it: %t", file, has, loaded)
		}
	}
	asked := map[string]int{}
	for _, group := range f.Tests {
		series := map[string]bool{}
		for _, s := range group.InputSeries {
			name, _, _ := strings.Cut(s.Series, "{")
			series[name] = true
		}
		for name, r := range alerts(t) {
			for _, metric := range regexp.MustCompile(`\b(?:up|(?:mastodon|mnm_exporter)_\w+)\b`).FindAllString(regexp.MustCompile(`domain:(\w+):watched`).ReplaceAllString(r.Expr, "$1"), -1) {
				if !series[metric] {
					t.Errorf("%q has no %s, which %s asks for", group.Name, metric, name)
				}
			}
		}
		for _, one := range group.PromqlExprTest {
			if one.Expr != `count by (alertname) (ALERTS{alertstate="firing"})` {
				t.Errorf("%q asks %s", group.Name, one.Expr)
			}
			for _, s := range one.ExpSamples {
				if group.Name != "an outage of our own" || s.Labels != `{alertname="MNMExporterOffline"}` {
					t.Errorf("%q lets %s fire", group.Name, s.Labels)
				}
			}
			asked[group.Name]++
		}
	}
	for _, name := range []string{"a missed scrape", "a restart", "a restart without state", "one failed visit", "an outage of our own"} {
		if asked[name] < 4 {
			t.Errorf("%q is looked at %d times", name, asked[name])
		}
	}
}

func matches(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) == 0 {
		t.Fatalf("%s matches nothing (%v)", pattern, err)
	}
	for _, file := range found { // so that go test sees which files this rests on
		if _, err := os.Stat(file); err != nil {
			t.Fatal(err)
		}
	}
	return found
}
