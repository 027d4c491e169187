//go:build figures

package deploy_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// The network that the exporter is made for, and how long a query over it may take on two cores, with others at work beside it: of
// one moment, and of a time range in 1,000 steps, which is about as many as Grafana ever asks for.
const (
	manyInstances = 30_000
	shownHours    = 3 * time.Hour // what a dashboard shows at first
	manySteps     = 1000
	momentLimit   = 2 * time.Second
	rangeLimit    = 5 * time.Second
)

// timed is a question and how long its answer took.
type timed struct {
	question

	took   time.Duration
	series int
}

// time asks a question three times; the least time counts, since others are at work beside us. Where something must be chosen it
// is the first choice that has an answer.
func (p proof) time(q question) (timed, error) {
	one := timed{question: q}
	for _, expr := range q.filled[0] {
		one.took = time.Hour
		for range 3 {
			asked := time.Now()
			matrix, err := p.ask(expr, q.instant, shownHours/manySteps)
			if err != nil {
				return one, err
			}
			one.took, one.series = min(one.took, time.Since(asked)), len(matrix)
		}
		if one.series > 0 {
			break
		}
	}
	return one, nil
}

// TestFigurePanels prints how long each query of the dashboards takes where Prometheus has 30,000 instances, scraped each
// minute for three hours from an exporter that visits them all, the dearest first.
func TestFigurePanels(t *testing.T) {
	began := time.Now()
	p := prove(t, manyInstances, shownHours)
	t.Logf("the run took %s; a page has %v samples", time.Since(began).Round(time.Second), p.store.Value(t, "scrape_samples_scraped", p.to))
	if up := p.store.Value(t, `mastodon_network_instances{state="up"}`, p.to); up < 0.98*manyInstances {
		t.Errorf("only %v instances are up", up)
	}
	var all []timed
	for _, b := range dashboards(t) {
		questions, _ := b.questions(t)
		p.fill(t, &b, questions, shownHours/manySteps)
		for _, q := range questions {
			one, err := p.time(q)
			if err != nil {
				t.Errorf("%s: %v", q.where, err)
			}
			all = append(all, one)
		}
	}
	slices.SortFunc(all, func(a, b timed) int { return cmp.Compare(b.took, a.took) })
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', tabwriter.AlignRight)
	sum := map[bool]time.Duration{}
	for _, q := range all {
		kind, limit := "range", rangeLimit
		if q.instant {
			kind, limit = "moment", momentLimit
		}
		sum[q.instant] += q.took
		fmt.Fprintf(w, "%.1fms\t%s\t%d series\t %s\n", float64(q.took.Microseconds())/1000, kind, q.series, q.where)
		if q.took > limit {
			t.Errorf("%s takes %s, more than %s: %s", q.where, q.took, limit, q.filled[0][0])
		}
	}
	_ = w.Flush()
	t.Logf("%d queries; those of a moment take %s in all, those over time %s\n%s", len(all), sum[true], sum[false], table.String())
}
