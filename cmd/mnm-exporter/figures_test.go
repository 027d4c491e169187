//go:build figures && unix

package main

import (
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestFigureStart prints what the demo costs until its first round is done. The World runs in the same process.
func TestFigureStart(t *testing.T) {
	program := filepath.Join(t.TempDir(), "mnm-exporter")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	info, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("binary: %.1f MiB", float64(info.Size())/(1<<20))
	for range 3 {
		once(t, program)
	}
}

func once(t *testing.T, program string) {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_ = free.Close()
	began := time.Now()
	demo := exec.CommandContext(t.Context(), program, "--demo", "--log.level=error", "--web.listen-address="+address)
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Timeout: 10 * time.Second}
	answers := func(path string) func() bool {
		return func() bool {
			resp, err := client.Get("http://" + address + path)
			if err != nil {
				return false
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			return resp.StatusCode == http.StatusOK
		}
	}
	await(t, answers("/metrics"), func() string { return "no /metrics" })
	first := time.Since(began)
	await(t, answers("/-/ready"), func() string { return "not ready" })
	ready := time.Since(began)
	if err := demo.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := demo.Wait(); err != nil {
		t.Fatal(err)
	}
	usage := demo.ProcessState.SysUsage().(*syscall.Rusage)
	t.Logf("first /metrics %.2f s, ready %.2f s, CPU %.1f s, peak memory %.0f MiB", first.Seconds(), ready.Seconds(),
		(demo.ProcessState.UserTime() + demo.ProcessState.SystemTime()).Seconds(), float64(usage.Maxrss)/1024)
}
