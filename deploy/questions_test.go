package deploy_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
)

// board is a dashboard, as far as it asks for something.
type board struct {
	UID        string
	Templating struct {
		List []struct {
			Name, Type, Query, Regex, AllValue string
			IncludeAll                         bool
			Current                            struct{ Value any }
		}
	}
	Annotations struct {
		List []struct {
			Name, TitleFormat, TextFormat string
			Target                        asked
		}
	}
	Panels []json.RawMessage
}

// panel is one, or a row that has some folded into it.
type panel struct {
	Title           string
	Targets         []asked
	Panels          []json.RawMessage
	Transformations []struct {
		Options struct{ RenameByName map[string]string }
	}
}

// asked is a query of a panel or an annotation.
type asked struct {
	Expr, LegendFormat, RefID string
	Instant                   bool
}

// question is a query as a dashboard has it.
type question struct {
	where   string // dashboard/panel/query
	expr    string
	instant bool
	labels  []string // that each of its series must have
	// filled is the query with values in the place of its variables. A row is a way to choose: everything, or one value of
	// one variable; then it has a query for each value, and one of them must have an answer.
	filled [][]string
}

// panel is the panel that asks.
func (q question) panel() string { return q.where[:strings.LastIndexByte(q.where, '/')] }

// placed are labels that are to be filled in: of a legend or an annotation, and of a link.
var placed = regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}|\$\{__field\.labels\.(\w+)\}`)

func labelsIn(text string) (all []string) {
	for _, m := range placed.FindAllStringSubmatch(text, -1) {
		all = append(all, m[1]+m[2])
	}
	return all
}

// questions are all queries of the panels and annotations of a dashboard, and, by panel, the labels of which its table makes
// columns.
func (b *board) questions(t *testing.T) (all []question, columns map[string][]string) {
	t.Helper()
	columns = map[string][]string{}
	for _, a := range b.Annotations.List {
		if a.Target.Expr != "" {
			all = append(all, question{where: b.UID + "/" + a.Name, expr: a.Target.Expr, instant: a.Target.Instant, labels: labelsIn(a.TitleFormat + a.TextFormat)})
		}
	}
	var read func(panels []json.RawMessage)
	read = func(panels []json.RawMessage) {
		for _, text := range panels {
			var p panel
			if err := json.Unmarshal(text, &p); err != nil {
				t.Fatalf("%s: %v", b.UID, err)
			}
			read(p.Panels)
			where := b.UID + "/" + p.Title
			for _, q := range p.Targets {
				labels := labelsIn(q.LegendFormat)
				if len(p.Transformations) == 0 {
					labels = append(labels, labelsIn(strings.Join(regexp.MustCompile(`"url": *"[^"]*"`).FindAllString(string(text), -1), " "))...)
				}
				all = append(all, question{where: where + "/" + q.RefID, expr: q.Expr, instant: q.Instant, labels: labels})
			}
			for _, one := range p.Transformations {
				for column := range one.Options.RenameByName {
					if column != "Time" && !strings.HasPrefix(column, "Value") {
						columns[where] = append(columns[where], column)
					}
				}
			}
		}
	}
	read(b.Panels)
	return all, columns
}

// dashboards reads the dashboards.
func dashboards(t *testing.T) (all []board) {
	t.Helper()
	for _, file := range matches(t, "../dashboards/*.json") {
		var b board
		if err := json.Unmarshal([]byte(read(t, file)), &b); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, b)
	}
	return all
}

// used is a variable in a query.
var used = regexp.MustCompile(`\$\{?([A-Za-z_]\w*)(?::\w+)?\}?`)

// ask puts a question to Prometheus as Grafana does for a time range with a point in each step.
func (p proof) ask(expr string, instant bool, step time.Duration) (promql.Matrix, error) {
	if !instant {
		return p.store.Over(expr, p.from, p.to, step)
	}
	samples, err := p.store.Instant(expr, p.to)
	var all promql.Matrix
	for _, s := range samples {
		all = append(all, promql.Series{Metric: s.Metric, Floats: []promql.FPoint{{T: s.T, F: s.F}}})
	}
	return all, err
}

// fill puts values in the place of variables, as Grafana does for a point in each step: for each of the dashboard's all there is,
// and then its values one by one.
func (p proof) fill(t *testing.T, b *board, all []question, step time.Duration) {
	t.Helper()
	length := p.to.Sub(p.from)
	values := map[string]string{ // a scrape each minute; a rate looks at four of them, or at one more than a step has
		"__interval": seconds(step), "__rate_interval": seconds(max(4*time.Minute, step+time.Minute)), "__range": seconds(length),
		"__range_s": fmt.Sprint(int(length.Seconds())), "__from": fmt.Sprint(p.from.UnixMilli()), "__to": fmt.Sprint(p.to.UnixMilli()),
	}
	choices := map[string][]string{}
	mustChoose := ""
	for _, v := range b.Templating.List {
		current, _ := v.Current.Value.(string)
		switch v.Type {
		case "query":
			choices[v.Name] = p.options(t, b.UID+"/$"+v.Name, v.Query, v.Regex, v.IncludeAll)
			switch {
			case v.AllValue != "":
				values[v.Name] = v.AllValue
			case v.IncludeAll:
				values[v.Name] = "(" + strings.Join(choices[v.Name], "|") + ")"
			case mustChoose != "":
				t.Fatalf("%s: both $%s and $%s have no All", b.UID, mustChoose, v.Name)
			default:
				mustChoose = v.Name
			}
		case "custom", "textbox", "constant", "interval":
			values[v.Name] = current
		case "datasource":
		default:
			t.Fatalf("%s: a variable of type %s is nothing that this test knows", b.UID, v.Type)
		}
	}
	for i := range all {
		q := &all[i]
		names := map[string]bool{}
		for _, m := range used.FindAllStringSubmatch(q.expr, -1) {
			if _, ok := values[m[1]]; !ok && m[1] != mustChoose {
				t.Errorf("%s: there is no variable $%s", q.where, m[1])
			}
			names[m[1]] = true
		}
		if !names[mustChoose] {
			q.filled = append(q.filled, []string{replaced(q.expr, values, "", "")})
		}
		for _, name := range slices.Sorted(maps.Keys(names)) {
			if len(choices[name]) > 0 {
				var row []string
				for _, choice := range choices[name] {
					row = append(row, replaced(q.expr, values, name, choice))
				}
				q.filled = append(q.filled, row)
			}
		}
	}
}

func replaced(expr string, values map[string]string, name, choice string) string {
	return used.ReplaceAllStringFunc(expr, func(text string) string {
		one := used.FindStringSubmatch(text)[1]
		if one == name {
			return choice
		}
		return values[one]
	})
}

func seconds(d time.Duration) string { return fmt.Sprintf("%ds", int(d.Seconds())) }

// quoted is a choice as Grafana writes it into a query.
func quoted(choice string, many bool) string {
	choice = strings.ReplaceAll(choice, `\`, `\\`)
	if many { // in a pattern, in a string
		choice = regexp.MustCompile(`[$^*{}\[\]'+?.()|]`).ReplaceAllString(choice, `\\$0`)
	}
	return choice
}

var labelValues = regexp.MustCompile(`^label_values\((.+), *(\w+)\)$`)

// options are the values of a variable, as Grafana gets them.
func (p proof) options(t *testing.T, where, query, pattern string, many bool) (all []string) {
	t.Helper()
	inner, isResult := strings.CutPrefix(query, "query_result(")
	label := labelValues.FindStringSubmatch(query)
	if label != nil {
		inner = fmt.Sprintf("group by (%s) (last_over_time(%s[%s]))", label[2], label[1], seconds(p.to.Sub(p.from)))
	} else {
		inner = strings.TrimSuffix(inner, ")")
	}
	if label == nil && !isResult {
		t.Fatalf("%s: %s is nothing that this test knows", where, query)
	}
	samples, err := p.store.Instant(inner, p.to)
	if err != nil {
		t.Errorf("%s: %s: %v", where, query, err)
	}
	for _, s := range samples {
		option := s.Metric.String() + fmt.Sprint(" ", s.F, " ", s.T)
		if label != nil {
			option = s.Metric.Get(label[2])
		}
		if pattern != "" {
			cut := regexp.MustCompile(strings.Trim(pattern, "/"))
			m := cut.FindStringSubmatch(option)
			if m == nil {
				continue
			}
			option = m[max(1, cut.SubexpIndex("value"))]
		}
		if option != "" {
			all = append(all, quoted(option, many))
		}
	}
	if len(all) == 0 {
		t.Errorf("%s: %s gives no choice", where, query)
	}
	return all
}
