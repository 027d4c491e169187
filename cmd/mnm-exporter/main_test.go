package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/mnm-social/mnm/exporter"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// output is a writer for a program that runs beside the test.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) { o.mu.Lock(); defer o.mu.Unlock(); return o.b.Write(p) }
func (o *output) String() string              { o.mu.Lock(); defer o.mu.Unlock(); return o.b.String() }

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "mnm.yml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestRefused holds that what cannot be done is refused at once, with a word on what to do.
func TestRefused(t *testing.T) {
	bad := write(t, "watching: []\n")
	for name, row := range map[string]struct {
		args []string
		want string
	}{
		"unknown flag":        {[]string{"--nonsense"}, "try --help"},
		"check of nothing":    {[]string{"--config.check"}, "needs --config.file"},
		"no such file":        {[]string{"--config.file=" + bad + ".none"}, "no such file"},
		"bad file":            {[]string{"--config.file=" + bad}, ":1:1: watching: not a known key"},
		"demo and a file":     {[]string{"--demo", "--config.file=" + bad}, "brings its own configuration"},
		"nobody to ask":       {[]string{"healthcheck", "--url=http://127.0.0.1:1/-/healthy"}, "asking http://127.0.0.1:1/-/healthy"},
		"bad address":         {[]string{"--demo", "--web.listen-address=nowhere:port"}, "serving"},
		"URL without a host":  {[]string{"--demo", "--web.external-url=mnm.example.org"}, "with http:// or https://"},
		"URL with a password": {[]string{"--demo", "--web.external-url=https://me:secret@mnm.example.org"}, `https://me:xxxxx@mnm.example.org`},
		"URL with a query":    {[]string{"--demo", "--web.external-url=https://mnm.example.org/?a=b"}, "has no place in it"},
		"demo with a state":   {[]string{"--demo", "--state.dir=" + t.TempDir()}, "leave --state.dir away"},
		"bad web config file": {[]string{"--demo", "--web.listen-address=127.0.0.1:0", "--web.config.file=" + bad}, "serving"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs output
			if err := run(context.Background(), row.args, &out, &errs); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Fatalf("error %v, want one with %q; output:\n%s%s", err, row.want, out.String(), errs.String())
			}
		})
	}
}

var update = flag.Bool("update", false, "write docs/configuration.md")

// TestDocument holds docs/configuration.md to the flags and the table of keys.
func TestDocument(t *testing.T) {
	var o options
	var flags []exporter.Flag
	for _, f := range o.app().Model().Flags {
		if !f.Hidden {
			flags = append(flags, exporter.Flag{Name: f.Name, Default: strings.Join(f.Default, ", "), Help: f.Help})
		}
	}
	var b bytes.Buffer
	if err := exporter.DocumentConfig(&b, flags); err != nil {
		t.Fatal(err)
	}
	const name = "../../docs/configuration.md"
	if *update {
		if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Fatalf("%s is not current (go generate ./cmd/mnm-exporter). Got:\n%s", name, b.Bytes())
	}
}

func TestCheck(t *testing.T) {
	var out, errs output
	good := write(t, "directories: {domains: [mastodon.social]}\n")
	if err := run(context.Background(), []string{"--config.check", "--config.file=" + good}, &out, &errs); err != nil || !strings.Contains(out.String(), "good") {
		t.Fatalf("%v: %s%s", err, out.String(), errs.String())
	}
}

// TestDemo runs the program as the README's first command does, on the wall clock, until every instance was tried.
func TestDemo(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_ = free.Close()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var out, errs output
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, []string{"--demo", "--web.listen-address=" + address}, &out, &errs) }()

	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	ready := func() bool {
		resp, err := client.Get("http://" + address + "/-/ready")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}
	await(t, ready, func() string { return errs.String() })
	if err := run(ctx, []string{"healthcheck", fmt.Sprintf("--url=http://%s/-/healthy", address)}, &out, &errs); err != nil {
		t.Error(err)
	}
	if !strings.Contains(errs.String(), "This is the demo") {
		t.Errorf("the log does not say that this is the demo:\n%s", errs.String())
	}
	began := time.Now()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the end took %s", took)
	}
}

// await polls until the condition holds. Under the race detector on a busy machine a round takes a while.
func await(t *testing.T, condition func() bool, say func() string) {
	t.Helper()
	tick, late := time.NewTicker(100*time.Millisecond), time.After(2*time.Minute)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited too long:\n%s", say())
		}
	}
}
