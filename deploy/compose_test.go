package deploy_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

// project loads docker-compose.yml as docker compose does.
func project(t *testing.T, env types.Mapping) *types.Project {
	t.Helper()
	return load(t, env, "docker-compose.yml")
}

// withVictoria is the same with VictoriaMetrics in the place of Prometheus.
func withVictoria(t *testing.T) *types.Project {
	t.Helper()
	return load(t, nil, "docker-compose.yml", "compose.victoriametrics.yml")
}

func load(t *testing.T, env types.Mapping, names ...string) *types.Project {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	var files []types.ConfigFile
	for _, name := range names {
		file := filepath.Join(root, name)
		content, err := os.ReadFile(file) // here, so that go test sees which file this rests on
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, types.ConfigFile{Filename: file, Content: content})
	}
	p, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir: root, ConfigFiles: files, Environment: env,
	}, func(o *loader.Options) { o.SetProjectName("mnm", false) })
	if err != nil {
		t.Fatalf("loading %v: %v", names, err)
	}
	return p
}

func TestServices(t *testing.T) {
	for _, row := range []struct {
		name    string
		project *types.Project
		want    []string
	}{
		{"Prometheus", project(t, nil), []string{"alertmanager", "grafana", "mnm-exporter", "prometheus"}},
		{"VictoriaMetrics", withVictoria(t), []string{"alertmanager", "grafana", "mnm-exporter", "victoriametrics", volumeOwner, "vmagent", "vmalert"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := slices.Sorted(maps.Keys(row.project.Services)); !slices.Equal(got, row.want) {
				t.Fatalf("services %v, want %v", got, row.want)
			}
			for name, s := range row.project.Services {
				t.Run(name, func(t *testing.T) {
					checkMounts(t, s)
					checkDependencies(t, row.project, s)
					if name == volumeOwner {
						checkVolumeOwner(t, s, row.project.Services["victoriametrics"])
						return
					}
					checkImage(t, s)
					checkHardened(t, s)
					checkPorts(t, s)
				})
			}
		})
	}
}

// volumeOwner is the one service that runs as root: it hands a new volume over to its user, and ends.
const volumeOwner = "victoriametrics-volume"

func checkVolumeOwner(t *testing.T, s, user types.ServiceConfig) {
	t.Helper()
	want := types.ShellCommand{"chown", user.User, s.Volumes[0].Target}
	if !slices.Equal(s.Entrypoint, want) || len(s.Command) > 0 || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.CapAdd, []string{"CHOWN"}) ||
		!s.ReadOnly || s.NetworkMode != "none" || len(s.Ports) > 0 || s.Restart != "no" || s.Image != user.Image {
		t.Errorf("it may do more than %q: %+v", want, s)
	}
	if len(s.Volumes) != 1 || s.Volumes[0].Source != user.Volumes[0].Source || user.Volumes[0].Target != s.Volumes[0].Target {
		t.Errorf("volumes %+v, those of its user are %+v", s.Volumes, user.Volumes)
	}
}

func checkDependencies(t *testing.T, p *types.Project, s types.ServiceConfig) {
	t.Helper()
	for name, d := range s.DependsOn {
		want := types.ServiceConditionHealthy
		if name == volumeOwner {
			want = types.ServiceConditionCompletedSuccessfully
		}
		if _, there := p.Services[name]; !there || d.Condition != want {
			t.Errorf("depends on %s (%t), %s", name, there, d.Condition)
		}
	}
}

var (
	pinned  = regexp.MustCompile(`^[a-z0-9./-]+:v?\d+\.\d+\.\d+([-@].+)?$`)
	nonRoot = regexp.MustCompile(`^[1-9]\d*:\d+$`)
)

func checkImage(t *testing.T, s types.ServiceConfig) {
	t.Helper()
	if s.Build == nil && !pinned.MatchString(s.Image) {
		t.Errorf("image %q is not pinned to a version", s.Image)
	}
	h := s.HealthCheck
	if h == nil || h.Disable || len(h.Test) < 2 || h.Test[0] != "CMD" || h.Interval == nil || h.Timeout == nil || h.Retries == nil {
		t.Errorf("health check %+v: wanted one without a shell, with interval, time-out and retries", h)
	}
}

func checkHardened(t *testing.T, s types.ServiceConfig) {
	t.Helper()
	if !nonRoot.MatchString(s.User) {
		t.Errorf("runs as user %q; wanted a number, and not root's", s.User)
	}
	if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || s.Privileged {
		t.Errorf("read-only %t, cap_drop %v, security_opt %v, privileged %t", s.ReadOnly, s.CapDrop, s.SecurityOpt, s.Privileged)
	}
	if s.Restart != "unless-stopped" {
		t.Errorf("restart %q", s.Restart)
	}
}

func checkPorts(t *testing.T, s types.ServiceConfig) {
	t.Helper()
	want := map[string]string{
		"mnm-exporter": "13121", "prometheus": "9090", "alertmanager": "9093", "grafana": "3000",
		"victoriametrics": "8428", "vmagent": "8429", "vmalert": "8880",
	}[s.Name]
	if len(s.Ports) != 1 || s.Ports[0].HostIP != "127.0.0.1" || s.Ports[0].Published != want {
		t.Errorf("ports %+v, wanted 127.0.0.1:%s alone", s.Ports, want)
	}
}

func checkMounts(t *testing.T, s types.ServiceConfig) {
	t.Helper()
	for _, v := range s.Volumes {
		if v.Type != types.VolumeTypeBind {
			continue
		}
		if _, err := os.Stat(v.Source); err != nil {
			t.Errorf("mounts what is not there: %v", err)
		}
		if !v.ReadOnly {
			t.Errorf("may write to %s", v.Source)
		}
	}
}

func TestArguments(t *testing.T) {
	for _, row := range []struct {
		name string
		env  types.Mapping
		want []string
	}{
		{"unset", nil, []string{"--state.dir=/state"}},
		{"empty", types.Mapping{"MNM_ARGS": ""}, []string{"--state.dir=/state"}},
		{"the demo", types.Mapping{"MNM_ARGS": "--demo"}, []string{"--demo"}},
		{"several", types.Mapping{"MNM_ARGS": "--demo --log.level=debug"}, []string{"--demo", "--log.level=debug"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := project(t, row.env).Services["mnm-exporter"].Command; !slices.Equal(got, types.ShellCommand(row.want)) {
				t.Errorf("command %q, want %q", got, row.want)
			}
		})
	}
}

// TestAdministrator holds that there is no administrator with a password that everybody knows.
func TestAdministrator(t *testing.T) {
	for _, row := range []struct {
		name                 string
		env                  types.Mapping
		password, secret, no string
	}{
		{"none", nil, "", "/dev/null", ""},
		{"a password", types.Mapping{"GRAFANA_ADMIN_PASSWORD": "of my own"}, "of my own", "/dev/null", "false"},
		{"a file", types.Mapping{"GRAFANA_ADMIN_PASSWORD_FILE": "/etc/password"}, "", "/etc/password", "false"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := project(t, row.env)
			grafana := p.Services["grafana"]
			for key, want := range map[string]string{
				"GF_SECURITY_ADMIN_PASSWORD": row.password, "GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION": row.no,
			} {
				if got := *grafana.Environment[key]; got != want {
					t.Errorf("%s is %q, want %q", key, got, want)
				}
			}
			secret := grafana.Secrets[0].Source
			if got := p.Secrets[secret].File; got != row.secret {
				t.Errorf("the secret is %s, want %s", got, row.secret)
			}
			if got := settings(t)["security.admin_password"]; got != "$__file{/run/secrets/"+secret+"}" {
				t.Errorf("grafana.ini has the password %s", got)
			}
		})
	}
	if got := settings(t)["security.disable_initial_admin_creation"]; got != "true" {
		t.Errorf("grafana.ini has disable_initial_admin_creation %q", got)
	}
}

// TestPrometheusIsTheOneTestedWith: the engine in go.mod, v0.316.0, is Prometheus v3.16.0.
func TestPrometheusIsTheOneTestedWith(t *testing.T) {
	m := regexp.MustCompile(`github.com/prometheus/prometheus v0\.3(\d\d)\.(\d+)`).FindStringSubmatch(read(t, "../go.mod"))
	if m == nil {
		t.Fatal("go.mod has no github.com/prometheus/prometheus of major version 3")
	}
	want := "prom/prometheus:v3." + strings.TrimPrefix(m[1], "0") + "." + m[2]
	if got := project(t, nil).Services["prometheus"].Image; got != want {
		t.Errorf("docker-compose.yml runs %s, the tests %s", got, want)
	}
}

// TestRetention: what is kept has an end, by time and by size.
func TestRetention(t *testing.T) {
	for _, flag := range []string{"--storage.tsdb.retention.time", "--storage.tsdb.retention.size"} {
		if flagOf(t, "prometheus", flag) == "" {
			t.Errorf("Prometheus has no %s", flag)
		}
	}
}

func TestDockerfile(t *testing.T) {
	file := read(t, "../Dockerfile")
	images := regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(file, -1)
	if len(images) != 2 {
		t.Fatalf("stages %v", images)
	}
	build, run := images[0][1], images[1][1]
	needed := regexp.MustCompile(`(?m)^go (\d+\.\d+)\.`).FindStringSubmatch(read(t, "../go.mod"))
	if !strings.HasPrefix(build, "golang:"+needed[1]+".") || !pinned.MatchString(build) {
		t.Errorf("builds with %s; go.mod wants Go %s, pinned to a patch version", build, needed[1])
	}
	if !strings.HasPrefix(run, "gcr.io/distroless/static") || !strings.HasSuffix(run, ":nonroot") {
		t.Errorf("runs on %s", run)
	}
	user := regexp.MustCompile(`(?m)^USER (\S+)`).FindStringSubmatch(file)
	if exporter := project(t, nil).Services["mnm-exporter"]; user == nil || user[1] != exporter.User {
		t.Errorf("USER %v, but compose runs it as %s", user, exporter.User)
	}
	if !strings.Contains(file, `CMD ["/mnm-exporter", "healthcheck"]`) {
		t.Error("no health check by our own subcommand")
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
