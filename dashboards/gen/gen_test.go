package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// board is what Grafana reads of a dashboard, written down apart from the SDK that made it.
type board struct {
	UID           string `json:"uid"`
	Title         string `json:"title"`
	SchemaVersion int    `json:"schemaVersion"`
	Editable      bool   `json:"editable"`
	Tags          []string
	Inputs        any `json:"__inputs"`
	Links         []struct {
		Type                  string
		Tags                  []string
		KeepTime, IncludeVars bool
	}
	Panels     []gridy `json:"panels"`
	Templating struct {
		List []variableModel
	}
	Annotations struct {
		List []struct {
			Name                    string
			Expr                    string
			TitleFormat, TextFormat string
			Datasource              ref
			Target                  target
			Filter                  struct{ IDs []int }
		}
	}
}

type gridy struct {
	ID          int    `json:"id"`
	Type        string `json:"type"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Datasource  ref
	GridPos     struct{ X, Y, W, H int }
	Targets     []target
	Panels      []gridy
	Options     struct {
		Legend *struct{ ShowLegend bool }
	}
	FieldConfig struct {
		Defaults  struct{ Unit, NoValue string }
		Overrides []struct {
			Matcher    struct{ ID, Options string }
			Properties []struct {
				ID    string
				Value json.RawMessage
			}
		}
	}
	Transformations []struct {
		ID      string
		Options struct {
			ExcludeByName map[string]bool
			RenameByName  map[string]string
		}
	}
}

type variableModel struct {
	Name, Type, Label, Description string
	Query, Definition              string
	Regex, AllValue                string
	Datasource                     ref
	Refresh, Hide                  int
	Multi, IncludeAll              bool
	Current                        struct{ Text, Value any }
}

type target struct {
	Datasource                ref
	Expr, RefID, LegendFormat string
	Instant, Range            bool
	Format                    string
}

type ref struct{ Type, UID string }

func TestCommittedFilesAreCurrent(t *testing.T) {
	fresh := t.TempDir()
	if err := write(fresh); err != nil {
		t.Fatal(err)
	}
	made, committed := names(t, fresh), names(t, "..")
	if !slices.Equal(made, committed) {
		t.Errorf("committed %v, made %v", committed, made)
	}
	for _, name := range made {
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Error(err)
			continue
		}
		want, err := os.ReadFile(filepath.Join(fresh, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the code makes; run go generate ./dashboards/...", name)
		}
	}
}

func names(t *testing.T, folder string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range paths {
		paths[i] = filepath.Base(p)
	}
	return paths
}

// committed reads every dashboard as Grafana would.
func committed(t *testing.T) []board {
	t.Helper()
	var all []board
	for _, name := range names(t, "..") {
		raw, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		var b board
		if err := json.Unmarshal(raw, &b); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if b.UID != "mnm-"+strings.TrimSuffix(name, ".json") {
			t.Errorf("%s has uid %q: links by uid and the file's name should agree", name, b.UID)
		}
		all = append(all, b)
	}
	if len(all) == 0 {
		t.Fatal("there is no dashboard")
	}
	return all
}

func TestDashboards(t *testing.T) {
	uids := map[string]bool{}
	for _, b := range committed(t) {
		t.Run(b.UID, func(t *testing.T) {
			if uids[b.UID] {
				t.Error("its uid is used twice")
			}
			uids[b.UID] = true
			if b.SchemaVersion != 42 {
				t.Errorf("schemaVersion %d", b.SchemaVersion)
			}
			if l := b.Templating.List; len(l) == 0 || l[0].Name != "datasource" || l[0].Type != "datasource" || l[0].Query != "prometheus" || l[0].Label != "Data source" {
				t.Errorf("the first variable must be the data source, got %+v", l)
			}
			checkLayout(t, b)
			for _, p := range b.Panels {
				if p.Type != "row" {
					checkPanel(t, b, p)
				}
			}
		})
	}
}

// checkLayout holds ids unique and panels on the grid, apart from each other.
func checkLayout(t *testing.T, b board) {
	t.Helper()
	ids := map[int]string{}
	for i, p := range b.Panels {
		if other, taken := ids[p.ID]; taken || p.ID < 1 {
			t.Errorf("%q has id %d, which must be positive and its own (also of %q)", p.Title, p.ID, other)
		}
		ids[p.ID] = p.Title
		g := p.GridPos
		if g.X < 0 || g.Y < 0 || g.W < 1 || g.H < 1 || g.X+g.W > 24 {
			t.Errorf("%q is off the grid: %+v", p.Title, g)
		}
		for _, q := range b.Panels[:i] {
			o := q.GridPos
			if g.X < o.X+o.W && o.X < g.X+g.W && g.Y < o.Y+o.H && o.Y < g.Y+g.H {
				t.Errorf("%q at %+v overlaps %q at %+v", p.Title, g, q.Title, o)
			}
		}
	}
}

var oneSentence = regexp.MustCompile(`^[A-Z][^.]*(\.\d[^.]*)*\.$`)

func checkPanel(t *testing.T, b board, p gridy) {
	t.Helper()
	if p.Title == "" {
		t.Errorf("panel %d has no title", p.ID)
	}
	if !oneSentence.MatchString(p.Description) {
		t.Errorf("%q: the description must be one sentence: %q", p.Title, p.Description)
	}
	if d := p.FieldConfig.Defaults; d.Unit == "" || d.NoValue == "" {
		t.Errorf("%q needs a unit and words for no value, has %+v", p.Title, d)
	} else {
		checkUnit(t, p.Title, d.Unit)
	}
	for _, o := range p.FieldConfig.Overrides {
		for _, property := range o.Properties {
			if property.ID == "unit" {
				checkUnit(t, p.Title+": "+o.Matcher.Options, strings.Trim(string(property.Value), `"`))
			}
		}
	}
	if l := p.Options.Legend; p.Type == "timeseries" && (l == nil || !l.ShowLegend) {
		t.Errorf("%q hides its legend, which is the SDK's default", p.Title)
	}
	if len(p.Targets) == 0 {
		t.Errorf("%q asks nothing", p.Title)
	}
	checkSource(t, p.Title, p.Datasource)
	refs, labels := map[string]bool{}, map[string]bool{}
	for _, q := range p.Targets {
		checkSource(t, p.Title, q.Datasource)
		if q.RefID == "" || refs[q.RefID] {
			t.Errorf("%q: refId %q is empty or used twice", p.Title, q.RefID)
		}
		refs[q.RefID] = true
		if q.Range == q.Instant {
			t.Errorf("%q: a query asks either for a range or for now", p.Title)
		}
		maps.Copy(labels, checkQuery(t, b, p.Title, q.Expr, q.LegendFormat))
		checkIntervals(t, b, p.Title, q)
	}
	checkColumns(t, p, labels)
	checkLinks(t, p, labels)
}

// checkUnit holds that Grafana knows a unit: what it doesn't know it would write behind the number, as it stands.
func checkUnit(t *testing.T, title, unit string) {
	t.Helper()
	known := []string{"none", "string", "short", "locale", "percentunit", "bytes", "s", "reqps", "dateTimeAsIso"}
	if suffix, own := strings.CutPrefix(unit, "suffix:"); !slices.Contains(known, unit) && (!own || suffix == "") {
		t.Errorf("%q has unit %q, which Grafana doesn't know", title, unit)
	}
}

func checkSource(t *testing.T, title string, r ref) {
	t.Helper()
	if r != (ref{"prometheus", "${datasource}"}) {
		t.Errorf("%q must ask the data source that was picked, not %+v", title, r)
	}
}

func TestAnnotations(t *testing.T) {
	for _, b := range committed(t) {
		for _, a := range b.Annotations.List {
			checkSource(t, a.Name, a.Datasource)
			if a.Expr != a.Target.Expr {
				t.Errorf("%q: old and new Grafana would ask different things: %q and %q", a.Name, a.Expr, a.Target.Expr)
			}
			checkQuery(t, b, a.Name, a.Expr, a.TitleFormat+a.TextFormat)
			drawn := 0
			for _, p := range b.Panels {
				if slices.Contains(a.Filter.IDs, p.ID) && slices.Contains([]string{"timeseries", "state-timeline"}, p.Type) {
					drawn++
				}
			}
			if drawn == 0 || drawn != len(a.Filter.IDs) {
				t.Errorf("%s: %q is for the panels %v, of which Grafana draws it on %d", b.UID, a.Name, a.Filter.IDs, drawn)
			}
		}
	}
}
