//go:build external

package deploy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestExternalVictoriaMetrics lets VictoriaMetrics watch the demo, as the bundle does, and asks it everything that the
// dashboards ask.
func TestExternalVictoriaMetrics(t *testing.T) {
	t.Parallel() // most of it is waiting for rules that are judged once a minute
	run(t, nil, "vmagent", "-promscrape.config=../provisioning/victoriametrics/scrape.yml", "-dryRun", "-remoteWrite.url=http://127.0.0.1:1/api/v1/write")
	run(t, nil, "vmalert", "-rule=../provisioning/prometheus/rules/*.yml", "-dryRun")

	exporter := freeAddress(t)
	start(t, program(t), "--demo", "--web.listen-address="+exporter)
	await(t, "the demo to be visited", time.Minute, func() error {
		_, err := get(t, "http://"+exporter+"/-/ready")
		return err
	})

	// Each service's own command line, with the addresses, files and folders of this machine.
	p := withVictoria(t)
	address := map[string]string{"victoriametrics": freeAddress(t), "vmagent": freeAddress(t), "vmalert": freeAddress(t)}
	scrape := filepath.Join(t.TempDir(), "scrape.yml")
	if err := os.WriteFile(scrape, []byte(strings.ReplaceAll(read(t, "../provisioning/victoriametrics/scrape.yml"), "mnm-exporter:13121", exporter)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"victoriametrics", "vmagent", "vmalert"} {
		args := slices.Clone([]string(p.Services[name].Command))
		for i, arg := range args {
			args[i] = here(t, arg, address, name)
			if flag, _, _ := strings.Cut(arg, "="); flag == "-promscrape.config" {
				args[i] = flag + "=" + scrape
			}
		}
		path := name
		if name == "victoriametrics" {
			path = "victoria-metrics"
		}
		start(t, path, args...)
		await(t, name, time.Minute, func() error {
			_, err := get(t, "http://"+address[name]+"/health")
			return err
		})
	}
	checkRules(t, address["vmalert"])
	await(t, "a total in VictoriaMetrics", 3*time.Minute, func() error {
		values, err := query(t, address["victoriametrics"], "sum(mastodon_network_instances) > 100")
		if err == nil && len(values) != 1 {
			err = fmt.Errorf("%d values", len(values))
		}
		return err
	})
	askAll(t, address["victoriametrics"])
}

// here is an argument of a service's command line as it is to be on this machine.
func here(t *testing.T, arg string, address map[string]string, service string) string {
	t.Helper()
	name, value, _ := strings.Cut(arg, "=")
	switch {
	case name == "-httpListenAddr":
		value = address[service]
	case name == "-storageDataPath" || name == "-remoteWrite.tmpDataPath":
		value = t.TempDir()
	case strings.HasPrefix(value, "/etc/"):
		path, err := filepath.Abs("../provisioning" + strings.TrimPrefix(value, "/etc"))
		if err != nil {
			t.Fatal(err)
		}
		value = path
	}
	value = strings.ReplaceAll(value, "victoriametrics:8428", address["victoriametrics"])
	return name + "=" + strings.ReplaceAll(value, "alertmanager:9093", "127.0.0.1:9")
}
