package deploy_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// cluster is what kubectl apply -k would make.
type cluster struct {
	sets     []apps.StatefulSet
	services []core.Service
	monitors []monitoring.ServiceMonitor
	rules    []monitoring.PrometheusRule
	configs  []core.ConfigMap
}

// rendered runs kustomize over a folder, and decodes each object into its own type: keys that this has not are refused.
func rendered(t *testing.T, folder string) (c cluster) {
	t.Helper()
	all, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all.Resources() {
		text, err := one.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		// kubectl apply writes the object down in an annotation of itself, and those may have 256 KiB.
		if short, err := one.MarshalJSON(); err != nil || len(short) > 250_000 {
			t.Errorf("%s has %d bytes (%v)", one.CurId(), len(short), err)
		}
		switch id := one.GetApiVersion() + " " + one.GetKind(); id {
		case "apps/v1 StatefulSet":
			c.sets = append(c.sets, strictly[apps.StatefulSet](t, text))
		case "v1 Service":
			c.services = append(c.services, strictly[core.Service](t, text))
		case "monitoring.coreos.com/v1 ServiceMonitor":
			c.monitors = append(c.monitors, strictly[monitoring.ServiceMonitor](t, text))
		case "monitoring.coreos.com/v1 PrometheusRule":
			c.rules = append(c.rules, strictly[monitoring.PrometheusRule](t, text))
		case "v1 ConfigMap":
			c.configs = append(c.configs, strictly[core.ConfigMap](t, text))
		default:
			t.Errorf("%s is not known here", id)
		}
	}
	if len(c.sets) != 1 || len(c.services) != 1 || len(c.monitors) > 1 || len(c.rules) != len(c.monitors) {
		t.Fatalf("%d StatefulSets, %d Services, %d ServiceMonitors, %d PrometheusRules", len(c.sets), len(c.services), len(c.monitors), len(c.rules))
	}
	return c
}

func strictly[T any](t *testing.T, text []byte) (object T) {
	t.Helper()
	if err := yaml.UnmarshalStrict(text, &object); err != nil {
		t.Error(err)
	}
	return object
}

// TestKubernetesExporter: the pod is as locked up as docker-compose.yml's, and its configuration and arguments are good.
func TestKubernetesExporter(t *testing.T) {
	c, compose := rendered(t, "../provisioning/kubernetes"), project(t, nil).Services["mnm-exporter"]
	set := c.sets[0].Spec
	pod := set.Template.Spec
	if *set.Replicas != 1 || len(pod.Containers) != 1 || pod.HostNetwork || pod.HostPID || pod.HostIPC || *pod.AutomountServiceAccountToken {
		t.Fatalf("%+v", set)
	}
	const user = 65532
	if s := pod.SecurityContext; compose.User != "65532:65532" || !*s.RunAsNonRoot || *s.RunAsUser != user || *s.RunAsGroup != user || *s.FSGroup != user ||
		s.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault {
		t.Errorf("pod %+v, compose runs as %s", s, compose.User)
	}
	one := pod.Containers[0]
	if s := one.SecurityContext; *s.AllowPrivilegeEscalation || !*s.ReadOnlyRootFilesystem || s.Privileged != nil ||
		!reflect.DeepEqual(s.Capabilities, &core.Capabilities{Drop: []core.Capability{"ALL"}}) {
		t.Errorf("container %+v", s)
	}
	if one.Image != compose.Image {
		t.Errorf("image %s, docker-compose.yml has %s", one.Image, compose.Image)
	}
	if live, ready := one.LivenessProbe.HTTPGet, one.ReadinessProbe.HTTPGet; live.Path != "/-/healthy" || ready.Path != "/-/ready" || live.Port.StrVal != "http" || ready.Port.StrVal != "http" {
		t.Errorf("probes %+v %+v", live, ready)
	}
	if _, limited := one.Resources.Limits["memory"]; !limited || one.Resources.Requests.Cpu().IsZero() {
		t.Errorf("resources %+v", one.Resources)
	}

	volumes := map[string]core.Volume{}
	for _, v := range pod.Volumes {
		volumes[v.Name] = v
	}
	at := map[string]string{}
	for _, m := range one.VolumeMounts {
		at[m.Name] = m.MountPath
	}
	config := c.configs[slices.IndexFunc(c.configs, func(m core.ConfigMap) bool { return strings.HasPrefix(m.Name, "mnm-exporter-") })]
	if volumes["config"].ConfigMap.Name != config.Name || !*volumes["secrets"].Secret.Optional || at["secrets"] != "/run/secrets/mnm" || set.VolumeClaimTemplates[0].Name != "state" {
		t.Errorf("volumes %+v", volumes)
	}
	file := filepath.Join(t.TempDir(), "mnm.yml")
	if err := os.WriteFile(file, []byte(config.Data["mnm.yml"]), 0o600); err != nil {
		t.Fatal(err)
	}
	if want := []string{"--config.file=" + at["config"] + "/mnm.yml", "--state.dir=" + at["state"]}; !slices.Equal(one.Args, want) {
		t.Errorf("arguments %q, want %q", one.Args, want)
	}
	if out, err := exec.CommandContext(t.Context(), program(t), "--config.check", "--config.file="+file, "--state.dir="+t.TempDir()).CombinedOutput(); err != nil {
		t.Errorf("its configuration: %v\n%s", err, out)
	}
}

// TestKubernetesScrape: the Service finds the pod, the ServiceMonitor the Service, and the alerts the job.
func TestKubernetesScrape(t *testing.T) {
	c := rendered(t, "../provisioning/kubernetes")
	set, service, monitor := c.sets[0], c.services[0], c.monitors[0]
	pod := set.Spec.Template
	for what, pair := range map[string][2]map[string]string{
		"the StatefulSet its pods":       {set.Spec.Selector.MatchLabels, pod.Labels},
		"the Service its pod":            {service.Spec.Selector, pod.Labels},
		"the ServiceMonitor the Service": {monitor.Spec.Selector.MatchLabels, service.Labels},
	} {
		for key, value := range pair[0] {
			if pair[1][key] != value {
				t.Errorf("%s: wanted %s=%s, there is %v", what, key, value, pair[1])
			}
		}
		if len(pair[0]) == 0 {
			t.Errorf("%s: everything", what)
		}
	}
	port, inside := service.Spec.Ports[0], pod.Spec.Containers[0].Ports[0]
	if set.Spec.ServiceName != service.Name || len(monitor.Spec.Endpoints) != 1 || monitor.Spec.Endpoints[0].Port != port.Name ||
		port.TargetPort.StrVal != inside.Name || inside.ContainerPort != 13121 {
		t.Errorf("%+v, %+v, %+v", inside, service.Spec, monitor.Spec)
	}
	e := monitor.Spec.Endpoints[0]
	interval, err := model.ParseDuration(string(e.Interval))
	if err != nil {
		t.Fatal(err)
	}
	timeout, err := model.ParseDuration(string(e.ScrapeTimeout))
	if err != nil || timeout > interval || time.Duration(interval) > 2*time.Minute {
		t.Errorf("scraped every %s, for at most %s (%v)", interval, timeout, err)
	}
	if len(e.RelabelConfigs) != 1 || e.RelabelConfigs[0].TargetLabel != "instance" || e.RelabelConfigs[0].SourceLabels[0] != "__meta_kubernetes_pod_name" {
		t.Errorf("after a restart all series begin anew: %+v", e.RelabelConfigs)
	}
	job := regexp.MustCompile(`job=~"([^"]+)"`).FindStringSubmatch(alerts(t)["MNMExporterDown"].Expr)
	if !slices.Contains(strings.Split(job[1], "|"), service.Name) {
		t.Errorf("MNMExporterDown is about the jobs %s, Prometheus Operator calls it %s", job[1], service.Name)
	}
}

// TestKubernetesRules: the rules are those of the files, as they were last generated and for another Grafana.
func TestKubernetesRules(t *testing.T) {
	checkGroups(t, groupsOf(t, rendered(t, "../provisioning/kubernetes").rules[0]), groupsOfFiles(t, nil, nil))
	if read(t, "../provisioning/kubernetes/prometheusrule.yaml") != ruleObject(t, nil) {
		t.Error("prometheusrule.yaml is not what prometheusrule.jsonnet makes; run go generate ./deploy")
	}
	const theirs = "https://grafana.example.org"
	object := strictly[monitoring.PrometheusRule](t, []byte(ruleObject(t, map[string]string{"grafanaUrl": theirs})))
	checkGroups(t, groupsOf(t, object), groupsOfFiles(t, []string{"http://127.0.0.1:3000"}, []string{theirs}))
}

// ruleObject is prometheusrule.yaml, made anew.
func ruleObject(t *testing.T, arguments map[string]string) (text string) {
	t.Helper()
	result := evaluate(t, `import 'github.com/mnm-social/mnm/provisioning/kubernetes/prometheusrule.jsonnet'`, arguments)
	if err := json.Unmarshal([]byte(result), &text); err != nil {
		t.Fatal(err)
	}
	return text + "\n" // the program ends its output so
}

func groupsOf(t *testing.T, object monitoring.PrometheusRule) map[string]rulefmt.RuleGroup {
	t.Helper()
	text, err := yaml.Marshal(object.Spec)
	if err != nil {
		t.Fatal(err)
	}
	return groups(t, string(text))
}

// TestKubernetesDashboards: each dashboard is a ConfigMap that Grafana's sidecar finds.
func TestKubernetesDashboards(t *testing.T) {
	got, want := map[string]string{}, map[string]string{}
	for _, m := range rendered(t, "../provisioning/kubernetes").configs {
		if m.Labels["grafana_dashboard"] == "1" {
			maps.Copy(got, m.Data)
		}
	}
	for _, file := range matches(t, "../dashboards/*.json") {
		want[filepath.Base(file)] = read(t, file)
	}
	if !maps.Equal(got, want) {
		t.Errorf("there are %v, in dashboards/ %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}
