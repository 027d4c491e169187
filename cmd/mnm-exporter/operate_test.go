//go:build unix

package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// program is the program under way, on an address of its own.
type program struct {
	address string
	out     output
	stop    context.CancelFunc
	ended   chan error
}

func start(t *testing.T, args ...string) *program {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &program{address: free.Addr().String(), ended: make(chan error, 1)}
	_ = free.Close()
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	t.Cleanup(stop)
	go func() { p.ended <- run(ctx, append(args, "--web.listen-address="+p.address), &p.out, &p.out) }()
	await(t, func() bool { _, err := p.get("/-/healthy"); return err == nil }, p.out.String)
	return p
}

// end ends the program as a signal does, and holds that it takes less than five seconds.
func (p *program) end(t *testing.T) {
	t.Helper()
	began := time.Now()
	p.stop()
	if err := <-p.ended; err != nil {
		t.Errorf("%v\n%s", err, p.out.String())
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the end took %s", took)
	}
}

func (p *program) get(path string) (string, error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	resp, err := client.Get("http://" + p.address + path)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

// shows waits until a line is on /metrics.
func (p *program) shows(t *testing.T, line string) {
	t.Helper()
	await(t, func() bool {
		page, err := p.get("/metrics")
		return err == nil && strings.Contains(page, "\n"+line+"\n")
	}, func() string { return "no " + line + "\n" + p.out.String() })
}

// nobody is a configuration that asks nobody: no directory, and a resolver that is not there.
const nobody = "directories: {joinmastodon: false, domains: [oak.social]}\ndns: {resolvers: ['127.0.0.1:1']}\n"

// TestOperate runs the program with a configuration file and a state directory, as an operator does.
func TestOperate(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "mnm.yml")
	configure := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	configure(nobody)
	args := []string{"--config.file=" + file, "--state.dir=" + filepath.Join(dir, "state"), "--web.enable-lifecycle", "--web.external-url=http://mnm.example.org/under"}
	p := start(t, args...)
	if page, err := p.get("/under/about"); err != nil || !strings.Contains(page, "MNM-Exporter") {
		t.Errorf("/under/about: %v\n%s", err, page)
	}
	prefixed := &program{address: p.address + "/under"}
	prefixed.shows(t, "mnm_exporter_config_last_reload_successful 1")

	configure(nobody + "nonsense: 1\n")
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	prefixed.shows(t, "mnm_exporter_config_last_reload_successful 0")
	configure(nobody + "watch: [elm.social]\n")
	resp, err := http.Post("http://"+p.address+"/under/-/reload", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("/-/reload answers %s", resp.Status)
	}
	prefixed.shows(t, "mnm_exporter_config_last_reload_successful 1")
	prefixed.shows(t, `mastodon_instance_watched{domain="elm.social"} 1`)

	var second output
	if err := run(context.Background(), append(args, "--web.listen-address=127.0.0.1:0"), &second, &second); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second process on one state directory: %v", err)
	}
	p.end(t)
	if files, err := filepath.Glob(filepath.Join(dir, "state", "state-v*")); err != nil || len(files) == 0 {
		t.Errorf("nothing was saved: %v, %v", files, err)
	}
	again := start(t, args...)
	if !strings.Contains(again.out.String(), "Took over what was known") {
		t.Errorf("after a restart:\n%s", again.out.String())
	}
	again.end(t)
}

// TestEndInTheMiddle ends the demo while its hostile servers hang.
func TestEndInTheMiddle(t *testing.T) {
	p := start(t, "--demo.hostile")
	await(t, func() bool {
		page, err := p.get("/metrics")
		return err == nil && strings.Contains(page, "\nmnm_exporter_first_round_ratio 0.") && !strings.Contains(page, "\nmnm_exporter_visits_total 0\n")
	}, p.out.String)
	p.end(t)
}
