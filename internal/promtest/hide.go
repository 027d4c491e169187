package promtest

import (
	"context"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// Without is the same Storage as it would be asked if nothing of a family had ever been scraped, histograms' series included.
// It is for queries only.
func (s *Storage) Without(family string) *Storage {
	not := labels.MustNewMatcher(labels.MatchNotRegexp, model.MetricNameLabel, family+"(_bucket|_sum|_count)?")
	return &Storage{engine: s.engine, queryable: hiding{s.queryable, not}}
}

// hiding is a storage of which only some series are to be seen.
type hiding struct {
	storage.Queryable

	not *labels.Matcher
}

// Querier implements storage.Queryable.
func (h hiding) Querier(from, to int64) (storage.Querier, error) {
	q, err := h.Queryable.Querier(from, to)
	return hidden{q, h.not}, err
}

type hidden struct {
	storage.Querier

	not *labels.Matcher
}

// Select implements storage.Querier.
func (h hidden) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	return h.Querier.Select(ctx, sorted, hints, append(matchers[:len(matchers):len(matchers)], h.not)...)
}
