package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// private holds what is in a file, that only its owner may read it, and that nothing is beside it.
func private(t *testing.T, name, want string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil || string(text) != want {
		t.Errorf("the file has %q, %v; want %q", text, err, want)
	}
	info, err := os.Stat(name)
	if err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("the file's mode is %v, %v; want 0600", info.Mode(), err)
	}
	alone(t, filepath.Dir(name), filepath.Base(name))
}

// alone holds what is in a folder.
func alone(t *testing.T, folder string, want ...string) {
	t.Helper()
	files, err := os.ReadDir(folder)
	var got []string
	for _, f := range files {
		got = append(got, f.Name())
	}
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("in the folder are %v, %v; want %v", got, err, want)
	}
}

func TestTokenFile(t *testing.T) {
	for name, row := range map[string]struct {
		before, want string // what is in the file, and what the error says
		force, fail  bool
	}{
		"new with force": {"", "", true, false},
		"there":          {"old\n", "is there already; name another one, or replace it with --force", false, false},
		"replaced":       {"old\n", "", true, false},
		"not replaced":   {"old\n", "its answer is not Mastodon's", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			o := f.operator(t)
			o.force = row.force
			if row.before != "" {
				if err := os.WriteFile(o.output, []byte(row.before), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if row.fail {
				f.instead["/oauth/token"] = answer(http.StatusOK, "{}")
			}
			_, err := o.run(t)
			if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
				t.Errorf("error %v, want %q", err, row.want)
			}
			if err == nil {
				private(t, o.output, fakeToken+"\n")
				return
			}
			if text, err := os.ReadFile(o.output); err != nil || string(text) != row.before {
				t.Errorf("the file has %q, %v; want %q", text, err, row.before)
			}
			alone(t, filepath.Dir(o.output), "token")
			if !row.fail && len(f.asked) > 0 {
				t.Errorf("asked for %v, and nobody had to be", f.asked)
			}
		})
	}
}

// TestTokenRefused holds that what cannot be done is refused before anybody is asked.
func TestTokenRefused(t *testing.T) {
	folder := t.TempDir()
	for name, row := range map[string]struct {
		args []string
		want string
	}{
		"no host":       {[]string{"--output=" + folder + "/token"}, "required argument 'host' not provided; try --help"},
		"no file":       {[]string{fakeHost}, "required flag(s) '--output' not provided; try --help"},
		"an address":    {[]string{"203.0.113.7", "--output=" + folder + "/token"}, `the host: an address is no domain name: "203.0.113.7"; write the name of a server`},
		"a path":        {[]string{"example.com/@alice", "--output=" + folder + "/token"}, "the host: a port, path or user is no part of a domain name"},
		"no folder":     {[]string{fakeHost, "--output=" + folder + "/none/token"}, "there is no folder \"" + folder + "/none\"; make it first"},
		"a folder":      {[]string{fakeHost, "--output=" + folder}, "is there already"},
		"over a folder": {[]string{fakeHost, "--force", "--output=" + folder}, "is no regular file; name another one"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs output
			err := run(t.Context(), append([]string{"token"}, row.args...), &out, &errs)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error %v, want one with %q", err, row.want)
			}
			alone(t, folder)
		})
	}
	o := newFake(t).operator(t)
	o.host = "nobody.example.com"
	if _, err := o.run(t); err == nil || !strings.Contains(err.Error(), "registering with nobody.example.com: no_address: ") {
		t.Errorf("a name that leads nowhere: %v", err)
	}
}
