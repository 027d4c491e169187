package deploy_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/mnm-social/mnm/exporter/families"
)

// target are the labels that a scrape adds.
var target = []string{"instance", "job"}

// shapes are the labels of each metric there is.
type shapes map[string][]string

func catalogue() shapes {
	all := shapes{"up": target}
	for _, d := range families.All() {
		all[d.Name] = slices.Concat(d.Labels, target)
	}
	return all
}

// labels are those that every series of an expression's result may have; an error says what it asks for that is not there.
// It knows the kinds of expression that our rules are made of, and refuses others.
func (s shapes) labels(e parser.Expr) ([]string, error) {
	switch e := e.(type) {
	case *parser.NumberLiteral, *parser.StringLiteral:
		return nil, nil
	case *parser.ParenExpr:
		return s.labels(e.Expr)
	case *parser.MatrixSelector:
		return s.labels(e.VectorSelector)
	case *parser.VectorSelector:
		has, known := s[e.Name]
		if !known {
			return nil, fmt.Errorf("there is no %s", e.Name)
		}
		for _, m := range e.LabelMatchers {
			if m.Name != model.MetricNameLabel {
				if err := within([]string{m.Name}, has); err != nil {
					return nil, fmt.Errorf("%s: %w", e.Name, err)
				}
			}
		}
		return has, nil
	case *parser.AggregateExpr:
		has, err := s.labels(e.Expr)
		if err == nil {
			err = within(e.Grouping, has)
		}
		if e.Without {
			err = errors.New("without (…) is not understood here")
		}
		return e.Grouping, err
	case *parser.Call:
		return s.call(e)
	case *parser.BinaryExpr:
		return s.binary(e)
	}
	return nil, fmt.Errorf("%T is not understood here", e)
}

func (s shapes) call(e *parser.Call) (has []string, err error) {
	for _, arg := range e.Args {
		of, err := s.labels(arg)
		if err != nil {
			return nil, err
		}
		has = append(has, of...)
	}
	switch e.Func.Name {
	case "absent":
		return nil, nil
	case "label_replace":
		return append(has, e.Args[1].(*parser.StringLiteral).Val), within([]string{e.Args[3].(*parser.StringLiteral).Val}, has)
	}
	return has, nil
}

func (s shapes) binary(e *parser.BinaryExpr) ([]string, error) {
	left, err := s.labels(e.LHS)
	if err != nil {
		return nil, err
	}
	right, err := s.labels(e.RHS)
	if err != nil {
		return nil, err
	}
	m := e.VectorMatching
	switch {
	case m == nil && left == nil: // a number and a vector
		return right, nil
	case m == nil:
		return left, nil
	case !m.On: // all labels match, or nothing does
		if strings.Join(slices.Sorted(slices.Values(left)), " ") != strings.Join(slices.Sorted(slices.Values(right)), " ") {
			return nil, fmt.Errorf("%v and %v never match", left, right)
		}
		return left, nil
	}
	for _, side := range [][]string{left, right} {
		if err := within(m.MatchingLabels, side); err != nil {
			return nil, err
		}
	}
	if err := within(m.Include, right); err != nil {
		return nil, err
	}
	switch m.Card {
	case parser.CardOneToOne:
		return m.MatchingLabels, nil
	case parser.CardManyToOne:
		return slices.Concat(left, m.Include), nil
	case parser.CardManyToMany:
		return left, nil
	}
	return nil, errors.New("group_right is not understood here")
}

func within(wanted, has []string) error {
	for _, w := range wanted {
		if !slices.Contains(has, w) {
			return fmt.Errorf("it has no label %s, only %v", w, has)
		}
	}
	return nil
}

func TestLabels(t *testing.T) {
	known := shapes{"a": {"x", "y", "job"}, "b": {"x", "job"}, "up": {"job"}}
	for expr, want := range map[string]string{
		`a`:                           "job x y",
		`a{x="1"}`:                    "job x y",
		`a{z="1"}`:                    "! no label z",
		`c`:                           "! no c",
		`time() - a < 3`:              "job x y",
		`max_over_time(a[5m])`:        "job x y",
		`sum by (x) (a)`:              "x",
		`sum by (z) (a)`:              "! no label z",
		`sum without (x) (a)`:         "! not understood",
		`a and on (x) b`:              "job x y",
		`a and on (y) b`:              "! no label y",
		`a and b`:                     "! never match",
		`a / on (x) b`:                "x",
		`b * on (x) group_left (y) a`: "job x y",
		`a * on (x) group_left (z) b`: "! no label z",
		`absent(a)`:                   "",
		`label_replace(b, "z", "$1", "x", "(.*)")`: "job x z",
		`label_replace(b, "z", "$1", "y", "(.*)")`: "! no label y",
	} {
		parsed, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
		if err != nil {
			t.Fatal(err)
		}
		has, err := maps.Clone(known).labels(parsed)
		got := strings.Join(slices.Sorted(slices.Values(has)), " ")
		if message, bad := strings.CutPrefix(want, "! "); bad {
			if err == nil || !strings.Contains(err.Error(), message) {
				t.Errorf("%s: %v, want %q", expr, err, message)
			}
		} else if err != nil || got != want {
			t.Errorf("%s has %q (%v), want %q", expr, got, err, want)
		}
	}
}
