package promtest

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestRules(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(file, []byte(`
groups:
  - name: second
    rules:
      - record: doubled
        expr: 2 * a
  - name: first
    rules:
      - alert: High
        expr: doubled > 4
        for: 2m
        annotations: {summary: "{{ $labels.x }} is {{ $value }}"}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := New(t)
	r := s.LoadRules(t, file)
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for minute, row := range []struct {
		page string
		want int
	}{{"a{x=\"1\"} 1\n", 0}, {"a{x=\"1\"} 3\n", 0}, {"a{x=\"1\"} 3\n", 0}, {"a{x=\"1\"} 4\n", 1}, {"a{x=\"1\"} 1\n", 0}} {
		at := begin.Add(time.Duration(minute) * time.Minute)
		s.Scrape(t, at, []byte(row.page), text)
		r.Eval(t, at)
		firing := r.Firing()
		if len(firing) != row.want {
			t.Errorf("minute %d: %d alerts fire, want %d", minute, len(firing), row.want)
		}
		for _, a := range firing {
			if got := a.Annotations.Get("summary"); got != "1 is 8" {
				t.Errorf("its summary is %q", got)
			}
		}
	}
	at := begin.Add(3 * time.Minute)
	if got := s.Value(t, `doubled`, at); got != 8 {
		t.Errorf("doubled is %v, want 8", got)
	}
	if got := s.Value(t, `ALERTS{alertname="High",alertstate="firing"}`, at); got != 1 {
		t.Errorf("ALERTS is %v", got)
	}
}
