package deploy_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// withoutData are queries that cannot have an answer within the run, and why.
func withoutData() map[string]string {
	const grade = "no site of the World has that grade"
	return map[string]string{
		"mnm-https/HTTPS grades over time/B": grade, "mnm-https/HTTPS grades over time/C": grade, "mnm-https/HTTPS grades over time/F": grade,
	}
}

// TestEveryQuery runs the exporter over two hours of a World in which everything happens, and asks the real Prometheus all that
// the dashboards and the rules ask. Then it hides each family, and somebody must miss it.
func TestEveryQuery(t *testing.T) {
	t.Parallel()
	p := prove(t, 300, 2*time.Hour)
	for kind := range turns() {
		if n := p.store.Value(t, fmt.Sprintf("sum(increase(mastodon_network_changes_total{change=%q}[2h]))", kind), p.to); n <= 0 {
			t.Errorf("in two hours nothing has changed by %q", kind)
		}
	}
	if all := p.store.Series(t, "mastodon_network_changes_total", p.to); len(all) != len(turns()) {
		t.Errorf("there are other kinds of change: %v", all)
	}
	var all []question
	for _, b := range dashboards(t) {
		questions, columns := b.questions(t)
		p.fill(t, &b, questions, time.Minute)
		all = append(all, questions...)
		t.Run(b.UID, func(t *testing.T) {
			for _, q := range questions {
				has, err := p.check(q)
				reason, excused := withoutData()[q.where]
				switch {
				case errors.Is(err, errNoData) && excused:
				case err != nil:
					t.Errorf("%s: %v", q.where, err)
				case excused:
					t.Errorf("%s has an answer, but is listed: %s", q.where, reason)
				}
				columns[q.panel()] = slices.DeleteFunc(columns[q.panel()], func(c string) bool { return slices.Contains(has, c) })
			}
			for panel, missing := range columns {
				if len(missing) > 0 {
					t.Errorf("%s: its table has columns of %v, which no series has as a label", panel, missing)
				}
			}
		})
	}
	for where := range withoutData() {
		if !slices.ContainsFunc(all, func(q question) bool { return q.where == where }) {
			t.Errorf("%s is listed, and is no query", where)
		}
	}
	t.Run("rules", func(t *testing.T) {
		for _, r := range rules(t) {
			if err := p.checkRule(r); err != nil {
				t.Errorf("%s%s: %v", r.Alert, r.Record, err)
			}
			if r.Record != "" && len(p.store.Query(t, r.Record, p.to)) == 0 {
				t.Errorf("%s was not recorded", r.Record)
			}
		}
	})
	t.Run("mutations", func(t *testing.T) { p.mutate(t, all) })
}

var errNoData = errors.New("no data")

// check asks a question in every way to choose. Each must have an answer in which every series has the labels that are put into its
// name. It gives the labels of the answer.
func (p proof) check(q question) (has []string, err error) {
	for _, row := range q.filled {
		for _, expr := range row {
			if has, err = p.answer(expr, q); err == nil || !errors.Is(err, errNoData) {
				break
			}
		}
		if err != nil {
			return has, err
		}
	}
	return has, nil
}

// answer asks one query; an answer has a number in it.
func (p proof) answer(expr string, q question) (has []string, err error) {
	matrix, err := p.ask(expr, q.instant, time.Minute)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", expr, err)
	}
	numbers := 0
	for _, series := range matrix {
		for _, point := range series.Floats {
			if !math.IsNaN(point.F) {
				numbers++
			}
		}
		for _, label := range q.labels {
			if series.Metric.Get(label) == "" {
				return nil, fmt.Errorf("%s: %s has no label %s", expr, series.Metric, label)
			}
		}
		series.Metric.Range(func(l labels.Label) { has = append(has, l.Name) })
	}
	if numbers == 0 {
		return nil, fmt.Errorf("%s: %w", expr, errNoData)
	}
	return has, nil
}

// checkRule asks what a rule asks. What is recorded must be there, with the labels that stand before the colon of its name; of an
// alert, which may be quiet, every selector must find something.
func (p proof) checkRule(r rulefmt.Rule) error {
	samples, err := p.store.Instant(r.Expr, p.to)
	if err != nil {
		return err
	}
	if r.Record == "" {
		return p.checkSelectors(r.Expr)
	}
	if len(samples) == 0 {
		return errNoData
	}
	level, _, _ := strings.Cut(r.Record, ":")
	for _, s := range samples {
		if s.Metric.Get(level) == "" {
			return fmt.Errorf("%s has no label %s", s.Metric, level)
		}
	}
	return nil
}

func (p proof) checkSelectors(expr string) error {
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return err
	}
	for _, s := range selectors(tree) {
		found, err := p.store.Instant(fmt.Sprintf("last_over_time(%s[%s])", s, seconds(p.to.Sub(p.from))), p.to)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return fmt.Errorf("%s: %w", s, errNoData)
		}
	}
	return nil
}

// selectors are all selectors of an expression, without ranges and offsets.
func selectors(tree parser.Expr) (all []*parser.VectorSelector) {
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		if s, ok := node.(*parser.VectorSelector); ok {
			all = append(all, &parser.VectorSelector{Name: s.Name, LabelMatchers: s.LabelMatchers})
		}
		return nil
	})
	return all
}

// asksFor reports whether an expression asks for a family, by its name or by a pattern.
func asksFor(tree parser.Expr, family string) bool {
	return slices.ContainsFunc(selectors(tree), func(s *parser.VectorSelector) bool {
		return slices.ContainsFunc(s.LabelMatchers, func(m *labels.Matcher) bool {
			return m.Name == model.MetricNameLabel && slices.ContainsFunc([]string{"", "_bucket", "_sum", "_count"}, func(end string) bool { return m.Matches(family + end) })
		})
	})
}
