package deploy_test

import (
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/config"
	"go.yaml.in/yaml/v3"
)

// alertmanager is what its configuration has of what we use.
type alertmanager struct {
	Route        node
	InhibitRules []struct {
		SourceMatchers []string `yaml:"source_matchers"`
		TargetMatchers []string `yaml:"target_matchers"`
		Equal          []string
	} `yaml:"inhibit_rules"`
	Receivers []struct{ Name string }
}

type node struct {
	Receiver       string
	Matchers       []string
	GroupBy        []string `yaml:"group_by"`
	GroupWait      string   `yaml:"group_wait"`
	GroupInterval  string   `yaml:"group_interval"`
	RepeatInterval string   `yaml:"repeat_interval"`
	Routes         []node
}

// all are a node and those below it.
func (n node) all() []node {
	found := []node{n}
	for _, below := range n.Routes {
		found = append(found, below.all()...)
	}
	return found
}

// TestAlertmanagerConfig: what it names are alerts and labels that there are, and as it is it tells nobody: a receiver with
// more than its name does not decode.
func TestAlertmanagerConfig(t *testing.T) {
	var c alertmanager
	decode(t, "../provisioning/alertmanager/alertmanager.yml", &c)
	checkRoutes(t, c)
	p := project(t, nil)
	checkMounted(t, "alertmanager", flagOf(t, "alertmanager", "--config.file"), "../provisioning/alertmanager/alertmanager.yml")
	if v := p.Services["alertmanager"].Volumes; len(v) != 2 || v[1].Target != flagOf(t, "alertmanager", "--storage.path") {
		t.Errorf("silences are lost at a restart: %+v", v)
	}
}

// checkRoutes holds that matchers are met, and that there are the receivers which are named.
func checkRoutes(t *testing.T, c alertmanager) {
	t.Helper()
	var names, matchers []string
	for _, r := range c.Receivers {
		names = append(names, r.Name)
	}
	for _, n := range c.Route.all() {
		if n.Receiver != "" && !slices.Contains(names, n.Receiver) {
			t.Errorf("there is no receiver %s", n.Receiver)
		}
		matchers = append(matchers, n.Matchers...)
	}
	for _, r := range c.InhibitRules {
		matchers = slices.Concat(matchers, r.SourceMatchers, r.TargetMatchers)
	}
	all := alerts(t)
	for _, m := range matchers {
		parts := regexp.MustCompile(`^(\w+) (=|!=|=~) "(.+)"$`).FindStringSubmatch(m)
		if parts == nil {
			t.Errorf("matcher %s", m)
			continue
		}
		matched := 0
		for name, r := range all {
			value := map[string]string{"alertname": name, "severity": r.Labels["severity"], "component": r.Labels["component"]}[parts[1]]
			if regexp.MustCompile("^(?:" + parts[3] + ")$").MatchString(value) {
				matched++
			}
		}
		if alternatives := strings.Count(parts[3], "|") + strings.Count(parts[3], "?") + 1; matched < alternatives {
			t.Errorf("matcher %s is met by %d alerts", m, matched)
		}
	}
}

// TestVictoriaMetrics: the parts of the override reach each other, and scrape and judge what Prometheus does.
func TestVictoriaMetrics(t *testing.T) {
	p := withVictoria(t)
	for _, row := range []struct{ service, flag string }{
		{"vmagent", "-remoteWrite.url"}, {"vmalert", "-datasource.url"}, {"vmalert", "-remoteWrite.url"}, {"vmalert", "-remoteRead.url"}, {"vmalert", "-notifier.url"},
	} {
		u, err := url.Parse(flagOfIn(t, p, row.service, row.flag))
		if err != nil {
			t.Fatal(err)
		}
		checkReachesIn(t, p, u.Host)
	}
	checkMountedIn(t, p, "vmagent", flagOfIn(t, p, "vmagent", "-promscrape.config"), "../provisioning/victoriametrics/scrape.yml")
	checkMountedIn(t, p, "vmalert", strings.TrimSuffix(flagOfIn(t, p, "vmalert", "-rule"), "/*.yml"), "../provisioning/prometheus/rules")
	if got := p.Services["victoriametrics"].Volumes[0].Target; got != flagOfIn(t, p, "victoriametrics", "-storageDataPath") {
		t.Errorf("its data is not in its volume, %s", got)
	}

	scrapes := func(file string) (global map[string]any, jobs any) {
		var all map[string]any
		if err := yaml.Unmarshal([]byte(read(t, file)), &all); err != nil {
			t.Fatal(err)
		}
		return all["global"].(map[string]any), all["scrape_configs"]
	}
	ours, jobs := scrapes("../provisioning/victoriametrics/scrape.yml")
	theirs, same := scrapes("../provisioning/prometheus/prometheus.yml")
	if every := theirs["evaluation_interval"]; flagOfIn(t, p, "vmalert", "-evaluationInterval") != every {
		t.Errorf("Prometheus judges every %v, vmalert doesn't", every)
	}
	delete(theirs, "evaluation_interval")
	if !reflect.DeepEqual(ours, theirs) || !reflect.DeepEqual(jobs, same) {
		t.Errorf("vmagent scrapes %v %v, Prometheus %v %v", ours, jobs, theirs, same)
	}
	if _, err := config.Load(read(t, "../provisioning/victoriametrics/scrape.yml"), promslog.NewNopLogger()); err != nil {
		t.Error(err)
	}
}
