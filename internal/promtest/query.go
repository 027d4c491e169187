package promtest

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
)

// Query gives the samples of an instant query, sorted by their labels; a scalar is one sample without labels. An expression
// that can't be evaluated, or warns, fails the test.
func (s *Storage) Query(t testing.TB, expr string, at time.Time) promql.Vector {
	t.Helper()
	samples, err := s.Instant(expr, at)
	if err != nil {
		t.Fatalf("querying %s at %s: %v", expr, at, err)
	}
	slices.SortStableFunc(samples, func(a, b promql.Sample) int { return labels.Compare(a.Metric, b.Metric) })
	return samples
}

// Instant is an instant query: its samples in the order in which the engine gives them. That it warns is an error.
func (s *Storage) Instant(expr string, at time.Time) (promql.Vector, error) {
	query, err := s.engine.NewInstantQuery(context.Background(), s.queryable, nil, expr, at)
	if err != nil {
		return nil, err
	}
	defer query.Close()
	result := query.Exec(context.Background())
	if err := fault(result); err != nil {
		return nil, err
	}
	if scalar, ok := result.Value.(promql.Scalar); ok {
		return promql.Vector{{T: scalar.T, F: scalar.V}}, nil
	}
	return result.Vector()
}

// fault is why a query failed, or the first of what the engine finds fault with in it.
func fault(result *promql.Result) error {
	if result.Err != nil {
		return result.Err
	}
	for _, warning := range result.Warnings.AsErrors() {
		return warning
	}
	return nil
}

// Value gives the one sample that the expression has; none, or more, fail the test.
func (s *Storage) Value(t testing.TB, expr string, at time.Time) float64 {
	t.Helper()
	samples := s.Query(t, expr, at)
	if len(samples) != 1 {
		t.Fatalf("querying %s at %s: %d samples instead of one: %.500s", expr, at, len(samples), samples)
	}
	return samples[0].F
}

// Range gives the series of a range query, both ends included, sorted by their labels. An expression that can't be
// evaluated, or warns, fails the test.
func (s *Storage) Range(t testing.TB, expr string, from, to time.Time, step time.Duration) promql.Matrix {
	t.Helper()
	matrix, err := s.Over(expr, from, to, step)
	if err != nil {
		t.Fatalf("querying %s from %s to %s: %v", expr, from, to, err)
	}
	return matrix
}

// Over is a range query, both ends included: its series, sorted by their labels. That it warns is an error.
func (s *Storage) Over(expr string, from, to time.Time, step time.Duration) (promql.Matrix, error) {
	query, err := s.engine.NewRangeQuery(context.Background(), s.queryable, nil, expr, from, to, step)
	if err != nil {
		return nil, err
	}
	defer query.Close()
	result := query.Exec(context.Background())
	if err := fault(result); err != nil {
		return nil, err
	}
	matrix, err := result.Matrix()
	if err != nil {
		return nil, err
	}
	kept := make(promql.Matrix, len(matrix)) // Close takes the points back
	for i, one := range matrix {
		kept[i] = promql.Series{Metric: one.Metric, Floats: slices.Clone(one.Floats), Histograms: slices.Clone(one.Histograms)}
	}
	return kept, nil
}

// Series gives the value of each series that a selector (or any other expression) has at that time, by Key.
func (s *Storage) Series(t testing.TB, selector string, at time.Time) map[string]float64 {
	t.Helper()
	samples := s.Query(t, selector, at)
	values := make(map[string]float64, len(samples))
	for _, sample := range samples {
		values[Key(sample.Metric)] = sample.F
	}
	if len(values) != len(samples) {
		t.Fatalf("querying %s at %s: %d samples have %d keys", selector, at, len(samples), len(values))
	}
	return values
}

// Key writes a series as name{label="value",...}, sorted by label, without the target's labels job and instance; without a
// label it is the name alone. Values are quoted as Go does.
func Key(metric labels.Labels) string {
	var key strings.Builder
	separator := "{"
	key.WriteString(metric.Get(model.MetricNameLabel))
	metric.Range(func(label labels.Label) {
		switch label.Name {
		case model.MetricNameLabel, "job", "instance":
			return
		}
		key.WriteString(separator + label.Name + "=" + strconv.Quote(label.Value))
		separator = ","
	})
	if separator == "," {
		key.WriteByte('}')
	}
	return key.String()
}
