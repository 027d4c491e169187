package main

import (
	"fmt"
	"strconv"

	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// Units that the panels use, by Grafana's names.
const (
	whole   = "locale" // 12,345
	short   = "short"  // 1.23 Mil
	percent = "percentunit"
	perSec  = "suffix:/s"
	dateMs  = "dateTimeAsIso"
	text    = "none"
	words   = "string" // even where it looks like a number, such as 4.6
	seconds = "s"
	size    = "bytes"
	days    = "suffix: days"
)

// series is one query and the name of what it gives.
type series struct{ expr, legend string }

// source is the data source that the person at the dashboard has picked.
func source() common.DataSourceRef {
	kind, uid := "prometheus", "${datasource}"
	return common.DataSourceRef{Type: &kind, Uid: &uid}
}

// overTime asks for the whole time range, now for its end only.
func (s series) overTime(i int) *prometheus.DataqueryBuilder {
	return s.query(i).Range().Format(prometheus.PromQueryFormatTimeSeries)
}

func (s series) now(i int) *prometheus.DataqueryBuilder {
	return s.query(i).Instant().Format(prometheus.PromQueryFormatTimeSeries)
}

func (s series) query(i int) *prometheus.DataqueryBuilder {
	return prometheus.NewDataqueryBuilder().Datasource(source()).RefId(string(rune('A' + i))).
		EditorMode(prometheus.QueryEditorModeCode).Expr(s.expr).LegendFormat(s.legend)
}

// number is a tile: the latest value, large, over its course.
func number(title, help, unit, expr string) *stat.PanelBuilder {
	return stat.NewPanelBuilder().Title(title).Description(help).Datasource(source()).Unit(unit).NoValue("no data yet").
		WithTarget(series{expr, title}.overTime(0)).
		ColorMode(common.BigValueColorModeNone).GraphMode(common.BigValueGraphModeArea).
		TextMode(common.BigValueTextModeValue).JustifyMode(common.BigValueJustifyModeAuto).
		Orientation(common.VizOrientationAuto).WideLayout(true).ReduceOptions(last()).
		ColorScheme(fixed("blue"))
}

// moment is a tile of what holds at the end of the time range; limits, if any, give it a colour that says how good it is.
func moment(title, help, unit, expr string, all ...limit) *stat.PanelBuilder {
	b := number(title, help, unit, expr).Targets(nil).WithTarget(series{expr, title}.now(0)).GraphMode(common.BigValueGraphModeNone)
	if len(all) == 0 {
		return b
	}
	return judge(b, all...)
}

// judge gives a tile a colour that says how good its number is; the first limit's holds below it as well.
func judge(b *stat.PanelBuilder, all ...limit) *stat.PanelBuilder {
	return b.Thresholds(limits(all...)).ColorScheme(byThreshold()).ColorMode(common.BigValueColorModeValue)
}

// label is a tile that shows the name of what is there, not its value.
func label(title, help, expr, legend string) *stat.PanelBuilder {
	return stat.NewPanelBuilder().Title(title).Description(help).Datasource(source()).Unit(text).NoValue("not known yet").
		WithTarget(series{expr, legend}.now(0)).
		ColorMode(common.BigValueColorModeNone).GraphMode(common.BigValueGraphModeNone).
		TextMode(common.BigValueTextModeName).JustifyMode(common.BigValueJustifyModeAuto).
		Orientation(common.VizOrientationAuto).WideLayout(true).ReduceOptions(last()).
		ColorScheme(fixed("text"))
}

// painted is a label whose colour says how good it is.
func painted(b *stat.PanelBuilder, parts ...part) *stat.PanelBuilder {
	for _, p := range parts {
		b = b.OverrideByName(paint(p.value, p.color))
	}
	return b.ColorMode(common.BigValueColorModeValue)
}

// meaning is a tile for a number that stands for a word.
func meaning(title, help, expr string, words ...word) *stat.PanelBuilder {
	return stat.NewPanelBuilder().Title(title).Description(help).Datasource(source()).Unit(text).NoValue("no data yet").
		WithTarget(series{expr, title}.now(0)).Mappings(mappings(words)).
		ColorMode(common.BigValueColorModeValue).GraphMode(common.BigValueGraphModeNone).
		TextMode(common.BigValueTextModeValue).JustifyMode(common.BigValueJustifyModeAuto).
		Orientation(common.VizOrientationAuto).WideLayout(true).ReduceOptions(last()).
		ColorScheme(fixed("text"))
}

// course is a band whose colour is the word that a number stands for, over time.
func course(title, help, expr, name string, words ...word) *statetimeline.PanelBuilder {
	return statetimeline.NewPanelBuilder().Title(title).Description(help).Datasource(source()).Unit(text).
		NoValue("no data in this time range").WithTarget(series{expr, name}.overTime(0)).Mappings(mappings(words)).
		MergeValues(true).ShowValue(common.VisibilityModeAuto).AlignValue(common.TimelineValueAlignmentCenter).
		RowHeight(0.6).FillOpacity(75).LineWidth(0).ColorScheme(fixed("text")).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeSingle).Sort(common.SortOrderNone)).
		Legend(legend(common.LegendPlacementBottom, common.LegendDisplayModeList))
}

// lines are courses beside each other, over an axis that begins at 0.
func lines(title, help, unit string, all ...series) *timeseries.PanelBuilder {
	return graph(title, help, unit, all...).Min(0).FillOpacity(8).GradientMode(common.GraphGradientModeOpacity)
}

// trend is one course over an axis that need not begin at 0, so that slow growth shows.
func trend(title, help, unit, color string, one series) *timeseries.PanelBuilder {
	return graph(title, help, unit, one).FillOpacity(0).ColorScheme(fixed(color))
}

func graph(title, help, unit string, all ...series) *timeseries.PanelBuilder {
	b := timeseries.NewPanelBuilder().Title(title).Description(help).Datasource(source()).Unit(unit).
		NoValue("no data in this time range").
		DrawStyle(common.GraphDrawStyleLine).LineInterpolation(common.LineInterpolationLinear).LineWidth(2).
		ShowPoints(common.VisibilityModeNever).AxisPlacement(common.AxisPlacementAuto).
		ColorScheme(dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdPaletteClassic)).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderDescending)).
		Legend(legend(common.LegendPlacementBottom, common.LegendDisplayModeList))
	for i, s := range all {
		b = b.WithTarget(s.overTime(i))
	}
	return b
}

// layers are parts of one whole, on top of each other.
func layers(title, help, unit string, all ...series) *timeseries.PanelBuilder {
	return lines(title, help, unit, all...).LineWidth(1).FillOpacity(55).GradientMode(common.GraphGradientModeNone).
		Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNormal).Group("A"))
}

// part is one value of a label, and the colour that means it on every panel.
type part struct{ value, color string }

// shares are the parts of a family by a label of few values, stacked in the order given, the first at the bottom.
func shares(title, help, family, label string, parts ...part) *timeseries.PanelBuilder {
	all := make([]series, len(parts))
	for i, p := range parts {
		all[i] = series{fmt.Sprintf(`sum(%s{%s=%q})`, family, label, p.value), p.value}
	}
	b := layers(title, help, whole, all...)
	for _, p := range parts {
		b = b.OverrideByName(paint(p.value, p.color))
	}
	return b
}

// bars are what happened in each step, on top of each other.
func bars(title, help, unit string, all ...series) *timeseries.PanelBuilder {
	return layers(title, help, unit, all...).DrawStyle(common.GraphDrawStyleBars).LineWidth(0).FillOpacity(80)
}

// ranking is a list of bars, the longest first: the query should be a topk, which Prometheus sorts.
func ranking(title, help, unit, expr, legend, color string) *bargauge.PanelBuilder {
	return bargauge.NewPanelBuilder().Title(title).Description(help).Datasource(source()).Unit(unit).
		NoValue("no data yet").Min(0).WithTarget(series{expr, legend}.now(0)).
		DisplayMode(common.BarGaugeDisplayModeBasic).ValueMode(common.BarGaugeValueModeText).
		NamePlacement(common.BarGaugeNamePlacementLeft).ShowUnfilled(false).Sizing(common.BarGaugeSizingManual).
		MinVizWidth(8).MinVizHeight(12).MaxVizHeight(26).
		Text(common.NewVizTextDisplayOptionsBuilder().TitleSize(13).ValueSize(13)).
		Orientation(common.VizOrientationHorizontal).ReduceOptions(last()).ColorScheme(fixed(color))
}

// paintBars gives bars the colours that their names have on every panel.
func paintBars(b *bargauge.PanelBuilder, parts []part) *bargauge.PanelBuilder {
	for _, p := range parts {
		b = b.OverrideByName(paint(p.value, p.color))
	}
	return b
}

// ladder are bars of a family by a label of few values in the order given, those that are missing at 0.
func ladder(title, help, family, label string, parts ...part) *bargauge.PanelBuilder {
	b := ranking(title, help, whole, "", "", "text").Targets(nil)
	for i, p := range parts {
		b = b.WithTarget(series{fmt.Sprintf(`sum(%s{%s=%q}) or vector(0)`, family, label, p.value), p.value}.now(i))
	}
	return paintBars(b, parts)
}

// grey is for what is not known, in both themes.
const grey = "#8e8e8e"

// paint gives a series, by the name in its legend, a colour of its own.
func paint(name, color string) (string, []dashboard.DynamicConfigValue) {
	return name, fixedCell(color)
}

func fixedCell(color string) []dashboard.DynamicConfigValue {
	return []dashboard.DynamicConfigValue{{Id: "color", Value: map[string]string{"mode": "fixed", "fixedColor": color}}}
}

// word is what a value stands for.
type word struct {
	value       int
	text, color string
}

func mappings(words []word) []dashboard.ValueMapping {
	options := make(map[string]dashboard.ValueMappingResult, len(words))
	for i, w := range words {
		index := int32(i)
		options[strconv.Itoa(w.value)] = dashboard.ValueMappingResult{Text: &w.text, Color: &w.color, Index: &index}
	}
	return []dashboard.ValueMapping{{ValueMap: &dashboard.ValueMap{Type: dashboard.MappingTypeValueToText, Options: options}}}
}

// limit is the value from which on a colour holds.
type limit struct {
	from  float64
	color string
}

// limits are thresholds; the first one's colour holds below it as well.
func limits(all ...limit) *dashboard.ThresholdsConfigBuilder {
	steps := make([]dashboard.Threshold, len(all))
	for i, l := range all {
		steps[i].Color = l.color
		if i > 0 {
			steps[i].Value = &l.from
		}
	}
	return dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(steps)
}

func byThreshold() *dashboard.FieldColorBuilder {
	return dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdThresholds)
}

func last() *common.ReduceDataOptionsBuilder {
	return common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"}).Values(false).Fields("")
}

func fixed(color string) *dashboard.FieldColorBuilder {
	return dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdFixed).FixedColor(color)
}

// legend is shown: the SDK's default is to hide it.
func legend(where common.LegendPlacement, how common.LegendDisplayMode, calcs ...string) *common.VizLegendOptionsBuilder {
	return common.NewVizLegendOptionsBuilder().ShowLegend(true).Placement(where).DisplayMode(how).Calcs(append([]string{}, calcs...))
}
