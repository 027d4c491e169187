package deploy_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-jsonnet"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/config"
)

// fence is a piece of code on a page. One that is a file begins with a comment that has its name.
var fence = regexp.MustCompile("(?m)^```(\\w+)\n((?:(?:#|//) (\\S+\\.\\w+)\n)?(?s:.*?))^```$")

// follow does what a page tells: it writes each file, looks at it, and gives the commands, if a shell is there for them. All
// in a folder with this repository as mnm, and where jsonnet-bundler would put it.
func follow(t *testing.T, page string, shell func(folder, commands string)) {
	t.Helper()
	folder := beside(t, "vendor/github.com/mnm-social/mnm")
	if err := os.Symlink("vendor/github.com/mnm-social/mnm", filepath.Join(folder, "mnm")); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, f := range fence.FindAllStringSubmatch(read(t, page), -1) {
		language, text, name := f[1], f[2], f[3]
		seen++
		if language == "sh" {
			shell(folder, text)
			continue
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatalf("%s: code without the name of its file? %v", page, err)
		}
		checkFile(t, folder, name)
	}
	if seen < 3 {
		t.Errorf("%s has only %d pieces of code", page, seen)
	}
}

// checkFile loads a file as its own program would.
func checkFile(t *testing.T, folder, name string) {
	t.Helper()
	path := filepath.Join(folder, name)
	switch name {
	case "prometheus.yml":
		c, err := config.Load(read(t, path), promslog.NewNopLogger())
		if err != nil {
			t.Fatal(err)
		}
		jobs := regexp.MustCompile(`job=~"([^"]+)"`).FindStringSubmatch(alerts(t)["MNMExporterDown"].Expr)[1]
		if job := c.ScrapeConfigs[0].JobName; !slices.Contains(strings.Split(jobs, "|"), job) {
			t.Errorf("MNMExporterDown is about the jobs %s, not %s", jobs, job)
		}
	case "alertmanager.yml":
		var c alertmanager
		decode(t, path, &c)
		checkRoutes(t, c)
	case "scrape.yml":
		// vmagent alone knows all of its keys.
	case "mnm.yml":
		out, err := exec.CommandContext(t.Context(), program(t), "--config.check", "--config.file="+path).CombinedOutput()
		// The file with the token is not on this machine; all else is good.
		if complaints := strings.Count(strings.TrimSpace(string(out)), "\n") + 1; err == nil || complaints != 1 || !strings.Contains(string(out), `no such file in "/run/secrets/mnm"`) {
			t.Errorf("%v: %s", err, out)
		}
	case "mnm.jsonnet":
		vm := jsonnet.MakeVM()
		vm.Importer(&jsonnet.FileImporter{JPaths: []string{filepath.Join(folder, "vendor")}})
		if _, err := vm.EvaluateFileMulti(path); err != nil {
			t.Error(err)
		}
	case "kustomization.yaml":
		made := filepath.Join(folder, "prometheusrule.yaml")
		if _, err := os.Stat(made); err != nil { // nobody gave the command
			at := map[string]string{"grafanaUrl": "https://grafana.example.org"}
			if err := os.WriteFile(made, []byte(ruleObject(t, at)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		checkOverlay(t, rendered(t, folder))
	default:
		t.Errorf("%s is of a kind that is not known here", name)
	}
}

// checkOverlay: what somebody puts over our kustomization arrives.
func checkOverlay(t *testing.T, c cluster) {
	t.Helper()
	set := c.sets[0]
	if set.Namespace != "monitoring" || c.services[0].Namespace != set.Namespace {
		t.Errorf("namespaces %s and %s", set.Namespace, c.services[0].Namespace)
	}
	if len(c.monitors) == 0 && len(c.rules) == 0 {
		return // without the operator
	}
	one := set.Spec.Template.Spec.Containers[0]
	if !strings.HasPrefix(one.Image, "registry.example.org/") || !slices.Contains(one.Args, "--web.external-url=https://mnm.example.org") || len(one.Args) != 3 {
		t.Errorf("%s %q", one.Image, one.Args)
	}
	if len(c.monitors[0].Labels) != 2 || len(c.rules[0].Labels) != 2 {
		t.Errorf("labels %v, %v", c.monitors[0].Labels, c.rules[0].Labels)
	}
	checkGroups(t, groupsOf(t, c.rules[0]), groupsOfFiles(t, []string{"http://127.0.0.1:3000"}, []string{"https://grafana.example.org"}))
	for _, m := range c.configs {
		if m.Name == set.Spec.Template.Spec.Volumes[0].ConfigMap.Name && strings.Contains(m.Data["mnm.yml"], "ops@example.org") {
			return
		}
	}
	t.Error("the pod has another configuration")
}

// TestPages: each file that the pages for other people's stacks show is good. External tests give the commands too.
func TestPages(t *testing.T) {
	for _, page := range []string{"prometheus", "victoriametrics", "kubernetes"} {
		t.Run(page, func(t *testing.T) {
			follow(t, fmt.Sprintf("../docs/%s.md", page), func(_, _ string) {})
		})
	}
}
