package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/geomap"
	"github.com/grafana/grafana-foundation-sdk/go/heatmap"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
)

// worldMap has a circle for each country, as large as its value is beside the largest. The land is the GeoJSON file that Grafana itself serves:
// its usual base layers ask servers elsewhere. The countries' places are Grafana's own table of ISO codes, its default.
func worldMap(title, help, unit, expr, color string) *geomap.PanelBuilder {
	land := common.NewMapLayerOptionsBuilder().Type("geojson").Name("Land").Config(map[string]any{
		"src": "public/maps/countries.geojson", "rules": []any{},
		"style": map[string]any{"color": map[string]string{"fixed": grey}, "opacity": 0.25},
	})
	circles := common.NewMapLayerOptionsBuilder().Type("markers").Name("Countries").Tooltip(true).
		Location(common.NewFrameGeometrySourceBuilder().Mode(common.FrameGeometrySourceModeLookup).Lookup("country")).
		Config(map[string]any{"showLegend": false, "style": map[string]any{
			"size":    map[string]any{"field": "Value", "min": 4, "max": 32, "fixed": 5},
			"color":   map[string]string{"fixed": color},
			"opacity": 0.6,
			"symbol":  map[string]string{"mode": "fixed", "fixed": "img/icons/marker/circle.svg"},
		}})
	return geomap.NewPanelBuilder().Title(title).Description(help).Datasource(source()).Unit(unit).Min(0).NoValue("no data yet").
		WithTarget(series{expr, ""}.query(0).Instant().Format(prometheus.PromQueryFormatTable)).
		Basemap(land).Layers([]cog.Builder[common.MapLayerOptions]{circles}).
		View(geomap.NewMapViewConfigBuilder().Id("fit").AllLayers(false).LastOnly(false).Layer("Countries").Padding(5).MaxZoom(5)).
		Controls(geomap.NewControlsOptionsBuilder().ShowZoom(true).MouseWheelZoom(false).ShowAttribution(false)).
		Tooltip(geomap.NewTooltipOptionsBuilder().Mode(geomap.TooltipModeDetails))
}

// heat is the course of a histogram: the further from the background, the more fell between two bounds in a step of the time axis.
func heat(title, help, unit, family string) *heatmap.PanelBuilder {
	expr := `sum by (le) (increase(` + family + `_bucket[$__rate_interval]))`
	return heatmap.NewPanelBuilder().Title(title).Description(help).Datasource(source()).Unit(unit).NoValue("no data in this time range").
		WithTarget(series{expr, "{{le}}"}.query(0).Range().Format(prometheus.PromQueryFormatHeatmap)).
		Calculate(false).ShowLegend().CellGap(1).
		Color(heatmap.NewHeatmapColorOptionsBuilder().Mode(heatmap.HeatmapColorModeScheme).Scheme("Blues").Steps(64).
			Fill("blue").Exponent(0.5).Reverse(false).Scale(heatmap.HeatmapColorScaleExponential)).
		CellValues(heatmap.NewCellValuesBuilder().Unit(short).Decimals(0)).
		YAxis(heatmap.NewYAxisConfigBuilder().Unit(unit).AxisPlacement(common.AxisPlacementLeft).Reverse(false)).
		FilterValues(heatmap.NewFilterValueRangeBuilder().Le(1e-9)).
		Tooltip(heatmap.NewHeatmapTooltipBuilder().Mode(common.TooltipDisplayModeSingle).YHistogram(false).ShowColorScale(false))
}

// quantiles are the median and the 90th percentile of a histogram over time.
func quantiles(title, help, unit, family string) panel {
	of := func(q string) string {
		return `histogram_quantile(` + q + `, sum by (le) (rate(` + family + `_bucket[$__rate_interval])))`
	}
	return lines(title, help, unit, series{of("0.5"), "median"}, series{of("0.9"), "90th percentile"}).
		OverrideByName(paint("median", "blue")).OverrideByName(paint("90th percentile", "orange"))
}
