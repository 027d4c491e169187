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
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, "docker-compose.yml")
	content, err := os.ReadFile(file) // here, so that go test sees which file this rests on
	if err != nil {
		t.Fatal(err)
	}
	p, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  root,
		ConfigFiles: []types.ConfigFile{{Filename: file, Content: content}},
		Environment: env,
	}, func(o *loader.Options) { o.SetProjectName("mnm", false) })
	if err != nil {
		t.Fatalf("loading docker-compose.yml: %v", err)
	}
	return p
}

func TestServices(t *testing.T) {
	p := project(t, nil)
	got := slices.Sorted(maps.Keys(p.Services))
	if want := []string{"grafana", "mnm-exporter", "prometheus"}; !slices.Equal(got, want) {
		t.Fatalf("services %v, want %v", got, want)
	}
	for name, s := range p.Services {
		t.Run(name, func(t *testing.T) {
			checkImage(t, s)
			checkHardened(t, s)
			checkPorts(t, s)
			checkMounts(t, s)
		})
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
	want := map[string]string{"mnm-exporter": "13121", "prometheus": "9090", "grafana": "3000"}[s.Name]
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
		name, password, wantDisabled string
	}{
		{"no password", "", ""},
		{"a password", "of my own", "false"},
	} {
		t.Run(row.name, func(t *testing.T) {
			env := project(t, types.Mapping{"GRAFANA_ADMIN_PASSWORD": row.password}).Services["grafana"].Environment
			if got := *env["GF_SECURITY_ADMIN_PASSWORD"]; got != row.password {
				t.Errorf("password %q, want %q", got, row.password)
			}
			if got := *env["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"]; got != row.wantDisabled {
				t.Errorf("disable_initial_admin_creation %q, want %q", got, row.wantDisabled)
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
