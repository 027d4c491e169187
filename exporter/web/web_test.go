package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func ask(t *testing.T, s Status, path string) (*http.Response, string) {
	t.Helper()
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "up 1\n") })
	server := httptest.NewServer(Handler(Pages{Metrics: metrics, Status: func() Status { return s }, Contact: func() string { return "ops@example.org" }}))
	defer server.Close()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestPages(t *testing.T) {
	users, lie, statuses := int64(1234567), int64(5), int64(7)
	demo := Status{
		Version: "1.2.3", Demo: true, Known: 2000, Tried: 500, Left: 90 * time.Second, At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		Totals: []Total{{"Users", &users, &users, false}, {"Statuses", &statuses, &lie, true}, {"Active users", &statuses, &lie, false}, {"Unsaid", nil, nil, false}},
	}
	real := Status{Ready: true, Known: 10, Tried: 10, Totals: []Total{{"Users", &statuses, nil, false}}}
	offline := Status{Offline: "No network <here>"}
	for name, row := range map[string]struct {
		status Status
		path   string
		code   int
		has    []string
		hasNot []string
	}{
		"healthy at once":  {Status{}, "/-/healthy", 200, []string{"Healthy."}, nil},
		"not ready":        {demo, "/-/ready", 503, []string{"500 of 2000"}, nil},
		"ready":            {real, "/-/ready", 200, []string{"Ready."}, nil},
		"metrics":          {real, "/metrics", 200, []string{"up 1"}, nil},
		"unknown":          {real, "/nowhere", 404, nil, nil},
		"first round":      {demo, "/", 200, []string{"500 of 2000 instances tried (25 %)", "about 1m30s left", "This is the demo"}, nil},
		"beside the truth": {demo, "/", 200, []string{"1\u202f234\u202f567", "✓", "✗", "…", "–"}, nil},
		"the real network": {real, "/", 200, []string{"Users", "<td>7</td>"}, []string{"Truth", "demo", "First round"}},
		"offline, escaped": {offline, "/", 200, []string{"No network &lt;here&gt;", "No directory has answered yet"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			resp, body := ask(t, row.status, row.path)
			if resp.StatusCode != row.code {
				t.Fatalf("answers %d, want %d", resp.StatusCode, row.code)
			}
			for _, s := range row.has {
				if !strings.Contains(body, s) {
					t.Errorf("%q is not in:\n%s", s, body)
				}
			}
			for _, s := range row.hasNot {
				if strings.Contains(body, s) {
					t.Errorf("%q is in:\n%s", s, body)
				}
			}
			if resp.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(resp.Header.Get("Content-Security-Policy"), "default-src 'none'") {
				t.Errorf("headers %v", resp.Header)
			}
		})
	}
}

func TestReload(t *testing.T) {
	for name, row := range map[string]struct {
		err  error
		code int
		has  string
	}{
		"good": {nil, 200, "Reloaded."},
		"bad":  {errors.New("mnm.yml: line 7"), 500, "mnm.yml: line 7"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(Handler(Pages{Metrics: http.NotFoundHandler(), Reload: func() error { return row.err }}))
			defer server.Close()
			for method, code := range map[string]int{http.MethodPost: row.code, http.MethodGet: http.StatusMethodNotAllowed} {
				req, err := http.NewRequestWithContext(t.Context(), method, server.URL+"/-/reload", nil)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := server.Client().Do(req)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				if err != nil || resp.StatusCode != code || method == http.MethodPost && !strings.Contains(string(body), row.has) {
					t.Errorf("%s answers %d: %s, %v; want %d, %s", method, resp.StatusCode, body, err, code, row.has)
				}
			}
		})
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1\u202f000", -1000: "-1\u202f000", 999999: "999\u202f999", 1234567890: "1\u202f234\u202f567\u202f890"} {
		if got := number(n); got != want {
			t.Errorf("number(%d) = %q, want %q", n, got, want)
		}
	}
}
