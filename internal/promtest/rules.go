package promtest

import (
	"context"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
)

// Rules are rule files that Prometheus' own engine of rules evaluates over a Storage, into which it writes what they record.
type Rules struct {
	groups []*rules.Group // by file, in their order there
}

// LoadRules reads rule files.
func (s *Storage) LoadRules(t testing.TB, files ...string) *Rules {
	t.Helper()
	manager := rules.NewManager(&rules.ManagerOptions{
		NameValidationScheme: model.UTF8Validation,
		ExternalURL:          &url.URL{},
		QueryFunc:            rules.EngineQueryFunc(s.engine, s.db),
		NotifyFunc:           func(context.Context, string, ...*rules.Alert) {},
		Context:              context.Background(),
		AppendableV2:         s.db,
		Queryable:            s.db,
		Logger:               slog.New(slog.DiscardHandler),
		Registerer:           prometheus.NewRegistry(),
		Parser:               parser.NewParser(parser.Options{}),
	})
	var r Rules
	for _, file := range files {
		groups, errs := manager.LoadGroups(time.Minute, labels.EmptyLabels(), "", nil, false, file)
		for _, err := range errs {
			t.Fatalf("loading rules: %v", err)
		}
		inOrder, errs := rulefmt.ParseFile(file, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
		for _, err := range errs {
			t.Fatalf("loading rules: %v", err)
		}
		for _, g := range inOrder.Groups {
			group := groups[rules.GroupKey(file, g.Name)]
			for _, rule := range group.AlertingRules() {
				rule.SetRestored(true) // nothing came before; until then it writes no ALERTS
			}
			r.groups = append(r.groups, group)
		}
	}
	return &r
}

// Eval evaluates all rules at that time, which is after that of the previous evaluation. A rule that can't be fails the test.
func (r *Rules) Eval(t testing.TB, at time.Time) {
	t.Helper()
	for _, g := range r.groups {
		g.Eval(context.Background(), at)
		for _, rule := range g.Rules() {
			if err := rule.LastError(); err != nil {
				t.Fatalf("evaluating %s at %s: %v", rule.Name(), at, err)
			}
		}
	}
}

// Firing are the alerts that fire since the latest evaluation, sorted by their labels.
func (r *Rules) Firing() []*rules.Alert {
	var firing []*rules.Alert
	for _, g := range r.groups {
		for _, rule := range g.AlertingRules() {
			for _, a := range rule.ActiveAlerts() {
				if a.State == rules.StateFiring {
					firing = append(firing, a)
				}
			}
		}
	}
	slices.SortFunc(firing, func(a, b *rules.Alert) int { return strings.Compare(a.Labels.String(), b.Labels.String()) })
	return firing
}
