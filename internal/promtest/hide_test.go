package promtest

import (
	"maps"
	"testing"
	"time"
)

func TestWithout(t *testing.T) {
	s := New(t)
	s.Scrape(t, start, []byte("a 1\na_up 2\nb_bucket{le=\"+Inf\"} 3\nb_sum 4\nb_count 5\n"), text)
	a, b := map[string]float64{"a": 1, "a_up": 2}, map[string]float64{`b_bucket{le="+Inf"}`: 3, "b_sum": 4, "b_count": 5}
	for _, test := range []struct {
		family, asked string
		want          map[string]float64
	}{
		{"a", `{__name__=~"a.*"}`, map[string]float64{"a_up": 2}},
		{"a", `a`, map[string]float64{}},
		{"a", `{__name__=~"b.*"}`, b},
		{"b", `{__name__=~"b.*"}`, map[string]float64{}},
		{"b", `{__name__=~"a.*"}`, a},
	} {
		if got := s.Without(test.family).Series(t, test.asked, start); !maps.Equal(got, test.want) {
			t.Errorf("without %s, %s is %v, want %v", test.family, test.asked, got, test.want)
		}
	}
	if got := s.Series(t, "a", start); len(got) != 1 {
		t.Errorf("afterwards a is %v", got)
	}
}

// A scrape says how it went, a query that warns is none.
func TestOwnSeries(t *testing.T) {
	s := New(t)
	s.Scrape(t, start, []byte("a 1\nb 2\n"), text)
	if got := s.Value(t, "scrape_samples_scraped", start); got != 2 {
		t.Errorf("%v samples were scraped, want 2", got)
	}
	if got := s.Value(t, "scrape_duration_seconds", start); got <= 0 || got > 60 {
		t.Errorf("it took %v seconds", got)
	}
	later := start.Add(time.Minute)
	s.Scrape(t, later, []byte("a 2\n"), text)
	for _, expr := range []string{"rate(a[5m])", "quantile(2, a)", "sum("} {
		if _, err := s.Instant(expr, later); err == nil {
			t.Errorf("nothing is wrong with %s", expr)
		}
		if _, err := s.Over(expr, later, later, time.Minute); err == nil {
			t.Errorf("over time nothing is wrong with %s", expr)
		}
	}
}
