package main

import (
	"slices"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/table"
)

// column is one column of a table: a label's name, or the value of the query that names it.
type column struct {
	name, title string
	set         []dashboard.DynamicConfigValue
}

// listing is a table of what is true now. Queries that share their labels become one row per set of labels, with the
// columns "Value #A", "Value #B" and so on; with one query only it is "Value". A column without a title is hidden.
// Without sortBy rows stay in the order of the first query.
func listing(title, help string, exprs []string, sortBy string, columns ...column) *table.PanelBuilder {
	b := table.NewPanelBuilder().Title(title).Description(help).Datasource(source()).Unit(words).
		NoValue("no data yet").ShowHeader(true).CellHeight(common.TableCellHeightSm).MinWidth(70)
	if sortBy != "" {
		b = b.SortBy([]cog.Builder[common.TableSortByFieldState]{common.NewTableSortByFieldStateBuilder().DisplayName(sortBy).Desc(true)})
	}
	for i, expr := range exprs {
		b = b.WithTarget(series{expr, ""}.query(i).Instant().Format(prometheus.PromQueryFormatTable))
	}
	hidden, order, names := map[string]bool{"Time": true}, map[string]int{}, map[string]string{}
	for i, c := range columns {
		if c.title == "" {
			hidden[c.name] = true
			continue
		}
		order[c.name], names[c.name] = i, c.title
		b = b.OverrideByName(c.title, cell(c.set, unknownCell())) // the panel's own words for no value are for all of it
	}
	return b.
		WithTransformation(dashboard.DataTransformerConfig{Id: "merge", Options: map[string]any{}}).
		WithTransformation(dashboard.DataTransformerConfig{Id: "organize", Options: map[string]any{
			"excludeByName": hidden,
			"indexByName":   order,
			"renameByName":  names,
		}})
}

// barCell draws a column's values as bars as long as they are large.
func barCell(unit, color string) []dashboard.DynamicConfigValue {
	return []dashboard.DynamicConfigValue{
		{Id: "unit", Value: unit},
		{Id: "min", Value: 0},
		{Id: "fieldMinMax", Value: true}, // as long as this column's largest, not the table's
		{Id: "custom.cellOptions", Value: map[string]string{"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}},
		fixedCell(color)[0],
	}
}

// unknownCell is what a cell shows that has no value.
func unknownCell() []dashboard.DynamicConfigValue {
	return []dashboard.DynamicConfigValue{{Id: "noValue", Value: "–"}}
}

// wide sets a column's width in pixels.
func wide(pixels int) []dashboard.DynamicConfigValue {
	return []dashboard.DynamicConfigValue{{Id: "custom.width", Value: pixels}}
}

func unitCell(unit string) []dashboard.DynamicConfigValue {
	return []dashboard.DynamicConfigValue{{Id: "unit", Value: unit}}
}

func decimals(n int) []dashboard.DynamicConfigValue {
	return []dashboard.DynamicConfigValue{{Id: "decimals", Value: n}}
}

// wordCell shows the words that a column's numbers stand for, in their colours.
func wordCell(all ...word) []dashboard.DynamicConfigValue {
	return []dashboard.DynamicConfigValue{
		{Id: "mappings", Value: mappings(all)},
		{Id: "custom.cellOptions", Value: map[string]string{"type": "color-text"}},
	}
}

// nameCell colours a column's names.
func nameCell(all ...part) []dashboard.DynamicConfigValue {
	options := make(map[string]dashboard.ValueMappingResult, len(all))
	for _, p := range all {
		options[p.value] = dashboard.ValueMappingResult{Text: &p.value, Color: &p.color}
	}
	return []dashboard.DynamicConfigValue{
		{Id: "mappings", Value: []dashboard.ValueMapping{{ValueMap: &dashboard.ValueMap{Type: dashboard.MappingTypeValueToText, Options: options}}}},
		{Id: "custom.cellOptions", Value: map[string]string{"type": "color-text"}},
	}
}

// limitCell colours a column's numbers by limits.
func limitCell(unit string, all ...limit) []dashboard.DynamicConfigValue {
	built, _ := limits(all...).Build()                                                    // fails only where a builder inside it fails, and it has none
	unknown := dashboard.ValueMappingResult{Text: cog.ToPtr("–"), Color: cog.ToPtr(grey)} // not the lowest limit's colour
	return []dashboard.DynamicConfigValue{
		{Id: "mappings", Value: []dashboard.ValueMapping{{SpecialValueMap: &dashboard.SpecialValueMap{
			Type: dashboard.MappingTypeSpecialValue, Options: dashboard.DashboardSpecialValueMapOptions{Match: dashboard.SpecialValueMatchNull, Result: unknown},
		}}}},
		{Id: "unit", Value: unit},
		{Id: "thresholds", Value: built},
		{Id: "color", Value: map[string]string{"mode": "thresholds"}},
		{Id: "custom.cellOptions", Value: map[string]string{"type": "color-text"}},
	}
}

// cell is a cell with several properties.
func cell(all ...[]dashboard.DynamicConfigValue) []dashboard.DynamicConfigValue {
	return slices.Concat(all...)
}

// instanceColumn is the column of a table's domains, which lead to the dashboard of the one that is clicked.
func instanceColumn(pixels int) column {
	return column{"domain", "Instance", cell(wide(pixels), leadsToInstance("${__value.raw}"))}
}
