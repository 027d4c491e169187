//go:build external

package deploy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// These checks need promtool, prometheus, amtool, prometheus-alertmanager, victoria-metrics, vmagent and vmalert in PATH;
// make check-external runs them. They fail where a program is missing.

func TestExternalPromtool(t *testing.T) {
	run(t, nil, "promtool", "check", "config", "../provisioning/prometheus/prometheus.yml")
	for _, file := range matches(t, "../provisioning/prometheus/rules/*.yml") {
		run(t, nil, "promtool", "check", "rules", file)
	}
	for _, file := range matches(t, "../provisioning/prometheus/tests/*.yml") {
		t.Run(filepath.Base(file), func(t *testing.T) { run(t, nil, "promtool", "test", "rules", file) })
	}
}

// TestExternalDemo runs the program's demo and a real Prometheus with the provisioned configuration, in which nothing but
// the address is replaced, and asks that Prometheus everything that the dashboards ask.
func TestExternalDemo(t *testing.T) {
	t.Parallel() // most of it is waiting for rules that are judged once a minute
	exporter, engine := freeAddress(t), freeAddress(t)

	path := program(t)
	start(t, path, "--demo", "--web.listen-address="+exporter)
	await(t, "the demo to be visited", time.Minute, func() error {
		_, err := get(t, "http://"+exporter+"/-/ready")
		return err
	})
	run(t, nil, path, "healthcheck", "--url=http://"+exporter+"/-/healthy")
	page, err := get(t, "http://"+exporter+"/metrics")
	if err != nil {
		t.Fatal(err)
	}
	run(t, page, "promtool", "check", "metrics")

	manager := freeAddress(t)
	startAlertmanager(t, manager)
	folder, err := filepath.Abs("../provisioning/prometheus")
	if err != nil {
		t.Fatal(err)
	}
	config := read(t, "../provisioning/prometheus/prometheus.yml")
	for ours, here := range map[string]string{"mnm-exporter:13121": exporter, "alertmanager:9093": manager, " rules/": " " + folder + "/rules/"} {
		if !strings.Contains(config, ours) {
			t.Fatalf("the configuration has no %s", ours)
		}
		config = strings.ReplaceAll(config, ours, here)
	}
	file := filepath.Join(t.TempDir(), "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, "prometheus", asComposed(t, "prometheus", map[string]string{
		"--config.file": file, "--storage.tsdb.path": t.TempDir(), "--web.listen-address": engine,
	})...)

	// The World goes on while Prometheus scrapes, so the total lies between that of a page before and of one after.
	before := total(t, page)
	var got float64
	await(t, "a total in Prometheus", time.Minute, func() error {
		values, err := query(t, engine, "sum(mastodon_network_instances)")
		if err == nil && len(values) != 1 {
			err = fmt.Errorf("%d values", len(values))
		}
		if err == nil {
			got = values[0]
		}
		return err
	})
	page, err = get(t, "http://"+exporter+"/metrics")
	if err != nil {
		t.Fatal(err)
	}
	after := total(t, page)
	if got < min(before, after) || got > max(before, after) || got < 100 {
		t.Errorf("Prometheus counts %v instances, the pages around it %v and %v", got, before, after)
	}
	t.Logf("%v instances, by Prometheus", got)

	checkRules(t, engine)
	body, err := get(t, "http://"+engine+"/api/v1/alertmanagers")
	if err != nil || !strings.Contains(string(body), `"activeAlertmanagers":[{`) {
		t.Errorf("it knows no Alertmanager: %v %s", err, body)
	}
	askAll(t, engine)
}

// askAll asks all that the dashboards ask, for now.
func askAll(t *testing.T, engine string) {
	t.Helper()
	for _, b := range dashboards(t) {
		questions, _ := b.questions(t)
		for _, q := range questions {
			expr := used.ReplaceAllStringFunc(q.expr, chosen)
			if _, err := query(t, engine, expr); err != nil {
				t.Errorf("%s: %s: %v", q.where, expr, err)
			}
		}
	}
}

// chosen is what a person may have chosen for a variable: a time, a number, or all.
func chosen(name string) string {
	switch name = strings.Trim(name, "${}"); {
	case strings.HasPrefix(name, "__"):
		return "1m"
	case name == "growth":
		return "10m"
	case name == "rows":
		return "10"
	}
	return ".*"
}

// total adds up a page's mastodon_network_instances.
func total(t *testing.T, page []byte) (sum float64) {
	t.Helper()
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "mastodon_network_instances{") {
			v, err := strconv.ParseFloat(strings.Fields(line)[1], 64)
			if err != nil {
				t.Fatal(err)
			}
			sum += v
		}
	}
	return sum
}

// query asks Prometheus for values of now.
func query(t *testing.T, engine, expr string) ([]float64, error) {
	t.Helper()
	body, err := get(t, "http://"+engine+"/api/v1/query?query="+url.QueryEscape(expr))
	if err != nil {
		return nil, err
	}
	var answer struct {
		Status string
		Data   struct {
			Result []struct{ Value [2]any }
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, err
	}
	if answer.Status != "success" {
		return nil, fmt.Errorf("it answers %s", body)
	}
	var values []float64
	for _, r := range answer.Data.Result {
		v, err := strconv.ParseFloat(fmt.Sprint(r.Value[1]), 64)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, nil
}

func get(t *testing.T, address string) ([]byte, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s: %.200s", address, resp.Status, body)
	}
	return body, err
}

// await tries until it works, or fails the test with the last reason why it did not.
func await(t *testing.T, what string, limit time.Duration, try func() error) {
	t.Helper()
	deadline, tick := time.After(limit), time.NewTicker(200*time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waiting for %s: %v", what, err)
		}
	}
}

// start runs a program until the test ends; it is ended by its own process, and its words are shown if the test fails.
func start(t *testing.T, path string, args ...string) {
	t.Helper()
	var words bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = &words, &words
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		kill := time.AfterFunc(10*time.Second, func() {
			t.Errorf("%s had to be killed", filepath.Base(path))
			_ = cmd.Process.Kill()
		})
		_ = cmd.Process.Signal(syscall.SIGTERM)
		err := cmd.Wait()
		kill.Stop()
		if err != nil {
			t.Errorf("%s ended with %v", filepath.Base(path), err)
		}
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(path), words.Bytes())
		}
	})
}

// asComposed is the command line that docker-compose.yml has for a service, with what is of this machine in its place.
func asComposed(t *testing.T, service string, here map[string]string) []string {
	t.Helper()
	args := slices.Clone([]string(project(t, nil).Services[service].Command))
	for i, arg := range args {
		flag, _, _ := strings.Cut(arg, "=")
		if value, ok := here[flag]; ok {
			args[i] = flag + "=" + value
			delete(here, flag)
		}
	}
	for flag, value := range here {
		args = append(args, flag+"="+value)
	}
	return args
}

// run runs a program to its end.
func run(t *testing.T, input []byte, path string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Stdin = bytes.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s %v: %v\n%s", filepath.Base(path), args, err, out)
	}
}

// freeAddress is one on loopback where nobody listened a moment ago.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
