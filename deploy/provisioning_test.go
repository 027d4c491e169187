package deploy_test

import (
	"net"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	"go.yaml.in/yaml/v3"
)

// TestPrometheusConfig reads the file by Prometheus' own loader, which refuses keys that it doesn't know.
func TestPrometheusConfig(t *testing.T) {
	c, err := config.Load(read(t, "../provisioning/prometheus/prometheus.yml"), promslog.NewNopLogger())
	if err != nil {
		t.Fatal(err)
	}
	scrapes, err := c.GetScrapeConfigs()
	if err != nil {
		t.Fatal(err)
	}
	var targets int
	for _, s := range scrapes {
		// Prometheus calls a series dead after five minutes; two scrapes must fit in, one of them lost.
		if d := time.Duration(s.ScrapeInterval); d > 2*time.Minute {
			t.Errorf("%s is scraped every %s", s.JobName, d)
		}
		for _, d := range s.ServiceDiscoveryConfigs {
			for _, group := range d.(discovery.StaticConfig) {
				for _, target := range group.Targets {
					targets++
					checkReaches(t, string(target["__address__"]))
				}
			}
		}
	}
	if targets == 0 {
		t.Error("nothing is scraped")
	}
	for _, rules := range c.RuleFiles {
		if found, err := filepath.Glob(filepath.Join("../provisioning/prometheus", rules)); err != nil || len(found) == 0 {
			t.Errorf("rule_files: %s matches nothing (%v)", rules, err)
		}
	}
	for _, a := range c.AlertingConfig.AlertmanagerConfigs {
		for _, d := range a.ServiceDiscoveryConfigs {
			for _, group := range d.(discovery.StaticConfig) {
				for _, target := range group.Targets {
					targets--
					checkReaches(t, string(target["__address__"]))
				}
			}
		}
	}
	if targets != 0 {
		t.Error("there is not one Alertmanager to one exporter")
	}
	checkMounted(t, "prometheus", flagOf(t, "prometheus", "--config.file"), "../provisioning/prometheus/prometheus.yml")
}

func TestGrafanaDatasource(t *testing.T) {
	for _, row := range []struct {
		file, scrape string
		project      *types.Project
	}{
		{"../provisioning/grafana/datasources/prometheus.yml", "../provisioning/prometheus/prometheus.yml", project(t, nil)},
		{"../provisioning/victoriametrics/datasources/victoriametrics.yml", "../provisioning/victoriametrics/scrape.yml", withVictoria(t)},
	} {
		t.Run(filepath.Base(row.file), func(t *testing.T) {
			checkDatasource(t, row.project, row.file, row.scrape)
			checkMountedIn(t, row.project, "grafana", "/etc/grafana/provisioning/datasources", filepath.Dir(row.file))
		})
	}
}

// checkDatasource holds that a data source is a service's, and that Grafana knows the scrape interval.
func checkDatasource(t *testing.T, p *types.Project, name, scrapes string) {
	t.Helper()
	var file struct {
		APIVersion  int `yaml:"apiVersion"`
		Datasources []struct {
			Name, UID, Type, Access, URL string
			IsDefault                    bool `yaml:"isDefault"`
			Editable                     bool
			JSONData                     struct {
				HTTPMethod     string `yaml:"httpMethod"`
				PrometheusType string `yaml:"prometheusType"`
				TimeInterval   string `yaml:"timeInterval"`
			} `yaml:"jsonData"`
		}
	}
	decode(t, name, &file)
	if file.APIVersion != 1 || len(file.Datasources) != 1 {
		t.Fatalf("%+v", file)
	}
	d := file.Datasources[0]
	if d.Type != "prometheus" || d.UID != "mnm-prometheus" || !d.IsDefault || d.Editable {
		t.Errorf("%+v", d)
	}
	u, err := url.Parse(d.URL)
	if err != nil {
		t.Fatal(err)
	}
	checkReachesIn(t, p, u.Host)
	var scrape struct {
		Global struct {
			Interval string `yaml:"scrape_interval"`
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, scrapes)), &scrape); err != nil {
		t.Fatal(err)
	}
	if d.JSONData.TimeInterval != scrape.Global.Interval {
		t.Errorf("Grafana thinks the scrape interval is %s, it is %s", d.JSONData.TimeInterval, scrape.Global.Interval)
	}
}

func TestGrafanaDashboards(t *testing.T) {
	var file struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct {
			Name, Folder, Type    string
			FolderUID             string `yaml:"folderUid"`
			DisableDeletion       bool   `yaml:"disableDeletion"`
			AllowUIUpdates        bool   `yaml:"allowUiUpdates"`
			UpdateIntervalSeconds int    `yaml:"updateIntervalSeconds"`
			Options               struct{ Path string }
		}
	}
	decode(t, "../provisioning/grafana/dashboards/mnm.yml", &file)
	if file.APIVersion != 1 || len(file.Providers) != 1 || file.Providers[0].Type != "file" || file.Providers[0].AllowUIUpdates {
		t.Fatalf("%+v", file)
	}
	checkMounted(t, "grafana", file.Providers[0].Options.Path, "../dashboards")

	ini := settings(t)
	checkMounted(t, "grafana", ini["dashboards.default_home_dashboard_path"], "../dashboards/network-overview.json")
	for key, want := range map[string]string{
		"auth.anonymous.enabled":       "true",
		"auth.anonymous.org_role":      "Viewer",
		"users.allow_sign_up":          "false",
		"analytics.reporting_enabled":  "false",
		"plugins.preinstall_disabled":  "true",
		"analytics.check_for_updates":  "false",
		"plugins.plugin_admin_enabled": "false",
		"security.disable_gravatar":    "true",
		"news.news_feed_enabled":       "false",
	} {
		if ini[key] != want {
			t.Errorf("grafana.ini has %s = %q, want %q", key, ini[key], want)
		}
	}
}

// settings are grafana.ini's, as section.key.
func settings(t *testing.T) map[string]string {
	t.Helper()
	all, section := map[string]string{}, ""
	for line := range strings.Lines(read(t, "../provisioning/grafana/grafana.ini")) {
		line = strings.TrimSpace(line)
		switch key, value, found := strings.Cut(line, "="); {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			section = strings.Trim(line, "[]")
		case found:
			all[section+"."+strings.TrimSpace(key)] = strings.TrimSpace(value)
		default:
			t.Errorf("grafana.ini: %q is no setting", line)
		}
	}
	return all
}

// checkReaches holds that an address is that of a service in the compose file, and its port the one it publishes.
func checkReaches(t *testing.T, address string) {
	t.Helper()
	checkReachesIn(t, project(t, nil), address)
}

func checkReachesIn(t *testing.T, p *types.Project, address string) {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Error(err)
		return
	}
	service, ok := p.Services[host]
	if !ok || len(service.Ports) != 1 || strconv.Itoa(int(service.Ports[0].Target)) != port {
		t.Errorf("no service listens at %s", address)
	}
}

// checkMounted holds that a path in a service's container is the given file of ours.
func checkMounted(t *testing.T, service, inside, ours string) {
	t.Helper()
	checkMountedIn(t, project(t, nil), service, inside, ours)
}

func checkMountedIn(t *testing.T, p *types.Project, service, inside, ours string) {
	t.Helper()
	want, err := filepath.Abs(ours)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(want); err != nil {
		t.Error(err)
	}
	for _, v := range p.Services[service].Volumes {
		if v.Type != types.VolumeTypeBind {
			continue
		}
		rest, ok := strings.CutPrefix(path.Clean(inside)+"/", path.Clean(v.Target)+"/")
		if ok && filepath.Join(v.Source, rest) == want {
			return
		}
	}
	t.Errorf("%s in %s is not %s", inside, service, ours)
}

// flagOf is the value of a flag on a service's command line.
func flagOf(t *testing.T, service, flag string) string {
	t.Helper()
	return flagOfIn(t, project(t, nil), service, flag)
}

func flagOfIn(t *testing.T, p *types.Project, service, flag string) string {
	t.Helper()
	for _, arg := range p.Services[service].Command {
		if value, ok := strings.CutPrefix(arg, flag+"="); ok {
			return value
		}
	}
	t.Errorf("%s is started without %s", service, flag)
	return ""
}

// decode refuses keys that into doesn't have: Grafana would ignore them without a word.
func decode(t *testing.T, file string, into any) {
	t.Helper()
	d := yaml.NewDecoder(strings.NewReader(read(t, file)))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}
