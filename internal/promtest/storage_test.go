package promtest

import (
	"fmt"
	"maps"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreCurrent())
}

const text = "text/plain; version=0.0.4; charset=utf-8"

// onPage selects what was on the page, and up.
const onPage = `{job="mnm",__name__!~"scrape_.*"}`

var start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// step is one scrape: a page, or its failure.
type step struct {
	page   string
	failed bool
}

func TestSeriesOverTime(t *testing.T) {
	both := step{page: "users{domain=\"a.example\"} 5\nusers{domain=\"b.example\"} 7\nround 1\n"}
	one := step{page: "users{domain=\"b.example\"} 8\nround 2\n"}
	respelled := step{page: "users { domain = \"b.example\" , } 9\nround 3\n"}
	failed := step{failed: true}
	a, b := `users{domain="a.example"}`, `users{domain="b.example"}`
	tests := []struct {
		name  string
		steps []step // a minute apart, the last one now
		want  map[string]float64
	}{
		{"a page", []step{both}, map[string]float64{"up": 1, "round": 1, a: 5, b: 7}},
		{"a series vanishes", []step{both, one}, map[string]float64{"up": 1, "round": 2, b: 8}},
		{"it stays away", []step{both, one, one}, map[string]float64{"up": 1, "round": 2, b: 8}},
		{"it reappears", []step{both, one, both}, map[string]float64{"up": 1, "round": 1, a: 5, b: 7}},
		{"it vanishes again", []step{both, one, both, one}, map[string]float64{"up": 1, "round": 2, b: 8}},
		{"it vanishes again by a failure", []step{both, failed, both, failed}, map[string]float64{"up": 0}},
		{"another spelling is no vanishing", []step{both, respelled}, map[string]float64{"up": 1, "round": 3, b: 9}},
		{"and back", []step{both, respelled, one}, map[string]float64{"up": 1, "round": 2, b: 8}},
		{"a scrape fails", []step{both, failed}, map[string]float64{"up": 0}},
		{"two scrapes fail", []step{both, failed, failed}, map[string]float64{"up": 0}},
		{"and it comes back", []step{both, failed, one}, map[string]float64{"up": 1, "round": 2, b: 8}},
		{"an empty page", []step{both, {}}, map[string]float64{"up": 1}},
		{"a failure first", []step{failed, both}, map[string]float64{"up": 1, "round": 1, a: 5, b: 7}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := New(t)
			at := start
			for i, step := range test.steps {
				at = start.Add(time.Duration(i) * time.Minute)
				if step.failed {
					s.ScrapeFailed(t, at)
				} else {
					s.Scrape(t, at, []byte(step.page), text)
				}
			}
			if got := s.Series(t, onPage, at); !maps.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// A series that vanished is gone at once; one that nobody scrapes is held for five minutes.
func TestStaleness(t *testing.T) {
	s := New(t)
	s.Scrape(t, start, []byte("a 1\nb 2\n"), text)
	s.Scrape(t, start.Add(time.Minute), []byte("b 2\n"), text)
	tests := []struct {
		name  string
		after time.Duration
		want  map[string]float64
	}{
		{"before", -time.Millisecond, map[string]float64{}},
		{"at the first scrape", 0, map[string]float64{"a": 1, "b": 2}},
		{"just before the second", time.Minute - time.Millisecond, map[string]float64{"a": 1, "b": 2}},
		{"at the second", time.Minute, map[string]float64{"b": 2}},
		{"within the look-back", 6*time.Minute - time.Millisecond, map[string]float64{"b": 2}},
		{"after the look-back", 6 * time.Minute, map[string]float64{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := s.Series(t, `{__name__=~"a|b"}`, start.Add(test.after)); !maps.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestCounters(t *testing.T) {
	s := New(t)
	values := []int{0, 60, 120, 30, 90} // it starts anew between the third and the fourth
	for i, v := range values {
		s.Scrape(t, start.Add(time.Duration(i)*time.Minute), fmt.Appendf(nil, "seen_total %d\n", v), text)
	}
	if got := s.Value(t, "rate(seen_total[2m1s])", start.Add(2*time.Minute)); math.Abs(got-1) > 0.01 {
		t.Errorf("the rate is %v, want about 1 a second", got)
	}
	if got := s.Value(t, "resets(seen_total[5m])", start.Add(4*time.Minute)); got != 1 {
		t.Errorf("there are %v resets, want 1", got)
	}
	if got := s.Value(t, "1 + 1", start); got != 2 {
		t.Errorf("a scalar is %v, want 2", got)
	}
}

func TestRange(t *testing.T) {
	s := New(t)
	s.Scrape(t, start, []byte("a{x=\"2\"} 5\na{x=\"1\"} 1\n"), text)
	s.Scrape(t, start.Add(time.Minute), []byte("a{x=\"1\"} 2\n"), text)
	s.Scrape(t, start.Add(2*time.Minute), []byte("a{x=\"1\"} 3\n"), text)
	matrix := s.Range(t, "a", start, start.Add(2*time.Minute), time.Minute)
	s.Range(t, "a + 100", start, start.Add(2*time.Minute), time.Minute) // leaves the points of the first alone
	var got []string
	for _, one := range matrix {
		line := Key(one.Metric)
		for _, point := range one.Floats {
			line += fmt.Sprintf(" %d:%v", (point.T-start.UnixMilli())/60_000, point.F)
		}
		got = append(got, line)
	}
	if want := "a{x=\"1\"} 0:1 1:2 2:3\na{x=\"2\"} 0:5"; strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

// Weeks of time fit, at steps of an hour, and old samples are there to be asked for.
func TestWeeks(t *testing.T) {
	s := New(t)
	const hours = 24 * 7 * 8
	for hour := range hours {
		s.Scrape(t, start.Add(time.Duration(hour)*time.Hour), fmt.Appendf(nil, "hour %d\n", hour), text)
	}
	for _, hour := range []int{0, 1, hours / 2, hours - 1} {
		if got := s.Value(t, "hour", start.Add(time.Duration(hour)*time.Hour)); got != float64(hour) {
			t.Errorf("hour %d has %v", hour, got)
		}
	}
}

// spy is a test that is told to fail.
type spy struct {
	testing.TB
	failure string
}

func (s *spy) Helper() {}

func (s *spy) Fatalf(format string, args ...any) {
	s.failure = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (s *spy) Errorf(format string, args ...any) { s.failure = fmt.Sprintf(format, args...) }

// failure runs f as a test of its own and gives what it failed with.
func failure(t *testing.T, f func(t testing.TB)) string {
	told := &spy{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(told)
	}()
	<-done
	return told.failure
}

func TestBadPagesFailTheTest(t *testing.T) {
	const good = "a{x=\"1\"} 1\n"
	tests := []struct{ name, page, contentType, want string }{
		{"nonsense", "<html>", text, "reading the page"},
		{"Go's escapes are cut", "a{x=\"\\", text, "reading the page"},
		{"no number", "a{x=\"1\"} one\n", text, "reading the page"},
		{"invalid UTF-8", "a{x=\"\xff\"} 1\n", text, "invalid"},
		{"an unknown type", good, "text/html", "content type"},
		{"no type", good, "", "content type"},
		{"twice", good + good, text, "twice"},
		{"twice in another spelling", good + "a{x=\"1\",} 1\n", text, "twice"},
		{"a timestamp", "a 1 1700000000000\n", text, "timestamp"},
		{"a label of the target", "a{instance=\"b\"} 1\n", text, "instance"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := New(t)
			s.Scrape(t, start, []byte("before 1\n"), text)
			got := failure(t, func(t testing.TB) {
				s.Scrape(t, start.Add(time.Minute), []byte(test.page), test.contentType)
			})
			if !strings.Contains(got, test.want) {
				t.Errorf("the test failed with %q, want something with %q", got, test.want)
			}
			if now := s.Series(t, onPage, start.Add(time.Minute)); !maps.Equal(now, map[string]float64{"up": 1, "before": 1}) {
				t.Errorf("the bad page left %v", now)
			}
		})
	}
}

func TestMisuseFailsTheTest(t *testing.T) {
	tests := []struct {
		name string
		do   func(t testing.TB, s *Storage)
		want string
	}{
		{"back in time", func(t testing.TB, s *Storage) { s.Scrape(t, start.Add(-time.Minute), []byte("a 1\n"), text) }, "out of order"},
		{"back in time, a new series", func(t testing.TB, s *Storage) {
			s.Scrape(t, start.Add(-time.Minute), []byte("new 1\n"), text)
		}, "out of order"},
		{"a failure back in time", func(t testing.TB, s *Storage) { s.ScrapeFailed(t, start.Add(-time.Minute)) }, "out of order"},
		{"no expression", func(t testing.TB, s *Storage) { s.Query(t, "sum(", start) }, "parse error"},
		{"no value", func(t testing.TB, s *Storage) { s.Value(t, "nothing", start) }, "0 samples"},
		{"two values", func(t testing.TB, s *Storage) { s.Value(t, onPage, start) }, "2 samples"},
		{"no range", func(t testing.TB, s *Storage) { s.Range(t, "sum(", start, start, time.Minute) }, "parse error"},
		{"a matrix at a time", func(t testing.TB, s *Storage) { s.Query(t, "a[5m]", start) }, "querying"},
		{"lint", func(t testing.TB, _ *Storage) { Lint(t, []byte("# TYPE a_count gauge\na_count 1\n")) }, "a_count"},
		{"lint of nonsense", func(t testing.TB, _ *Storage) { Lint(t, []byte("<html>")) }, "linting"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := New(t)
			s.Scrape(t, start, []byte("a 1\n"), text)
			got := failure(t, func(t testing.TB) { test.do(t, s) })
			if !strings.Contains(got, test.want) {
				t.Errorf("the test failed with %q, want something with %q", got, test.want)
			}
		})
	}
}

func TestKey(t *testing.T) {
	s := New(t)
	s.Scrape(t, start, []byte("a{b=\"x\",a=\"\\\"\\n\\\\ü\"} 1\n"), text)
	for expr, want := range map[string]string{
		"a":            `a{a="\"\n\\ü",b="x"}`,
		"sum(a)":       "",
		"sum by(b)(a)": `{b="x"}`,
		"up":           "up",
	} {
		if got := s.Series(t, expr, start); !maps.Equal(got, map[string]float64{want: 1}) {
			t.Errorf("%s is %v, want %s", expr, got, want)
		}
	}
}

// BenchmarkScrape is a minute of a network that has 25,000 series; the race detector makes it some 18 times as dear.
func BenchmarkScrape(b *testing.B) {
	const instances = 25_000
	s := New(b)
	var page []byte
	for step := 0; b.Loop(); step++ {
		b.StopTimer()
		page = page[:0]
		for i := range instances {
			page = fmt.Appendf(page, "users{domain=\"instance-%d.example\"} %d\n", i, step*i)
		}
		b.StartTimer()
		s.Scrape(b, start.Add(time.Duration(step)*time.Minute), page, text)
	}
}
