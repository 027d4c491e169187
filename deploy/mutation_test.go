package deploy_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/mnm-social/mnm/exporter/families"
)

// onNoDashboard are the families for which neither a panel nor a rule asks, and why.
func onNoDashboard() map[string]string {
	return map[string]string{}
}

// mutate hides each family in turn, those of the Go runtime and of the process for which a panel asks included. Some panel or rule
// that asks for it must miss it, or it is listed.
func (p proof) mutate(t *testing.T, all []question) {
	names := map[string]bool{}
	for _, f := range families.All() {
		names[f.Name] = true
	}
	askers := map[string][]func(proof) error{}
	var trees []parser.Expr
	var ask []func(proof) error
	add := func(expr string, asks func(proof) error) {
		tree, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		trees, ask = append(trees, tree), append(ask, asks)
		for _, s := range selectors(tree) {
			if strings.HasPrefix(s.Name, "go_") || strings.HasPrefix(s.Name, "process_") || strings.HasPrefix(s.Name, "scrape_") {
				names[s.Name] = true
			}
		}
	}
	for _, q := range all {
		if _, excused := withoutData()[q.where]; excused {
			continue
		}
		q.filled = q.filled[:1]
		add(q.filled[0][0], func(p proof) error { _, err := p.check(q); return err })
	}
	for _, r := range rules(t) {
		add(r.Expr, func(p proof) error { return p.checkRule(r) })
	}
	for name := range names {
		for i, tree := range trees {
			if asksFor(tree, name) {
				askers[name] = append(askers[name], ask[i])
			}
		}
	}
	listed := onNoDashboard()
	for _, name := range slices.Sorted(maps.Keys(names)) {
		hidden := proof{p.store.Without(name), p.from, p.to}
		missed := slices.ContainsFunc(askers[name], func(ask func(proof) error) bool { return ask(hidden) != nil })
		reason, excused := listed[name]
		switch {
		case !missed && !excused:
			t.Errorf("%s is hidden, and none of the %d that ask for it misses it", name, len(askers[name]))
		case excused && len(askers[name]) > 0:
			t.Errorf("%s is asked for, but is listed: %s", name, reason)
		}
	}
	for name := range listed {
		if !names[name] {
			t.Errorf("%s is listed, and is no family", name)
		}
	}
}
