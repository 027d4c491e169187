package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// Width is that of Grafana's grid.
const width = 24

// page lays panels out from left to right and top to bottom, and numbers them. The SDK leaves panels without an id
// and gives every row id 0, for which Grafana then guesses ids of its own: links to a panel would not last.
type page struct {
	board dashboard.Dashboard
	y     uint32
	ids   uint32
	errs  []error
}

// panel is what every builder of the SDK's panel packages is.
type panel = cog.Builder[dashboard.Panel]

// newPage takes over what b has but for panels.
func newPage(b *dashboard.DashboardBuilder) *page {
	board, err := b.Build()
	return &page{board: board, errs: appendError(nil, "dashboard", err)}
}

// heading starts a section.
func (p *page) heading(title string) {
	row := dashboard.NewRowPanel()
	row.Title, row.Id, row.GridPos = &title, p.id(), &dashboard.GridPos{X: 0, Y: p.y, W: width, H: 1}
	p.board.Panels = append(p.board.Panels, dashboard.PanelOrRowPanel{RowPanel: row})
	p.y++
}

// line puts panels side by side, all of one height in grid units (30 pixels each), each as wide as its share of shares;
// the shares must add up to the width of the grid.
func (p *page) line(height uint32, shares []uint32, panels ...panel) {
	if len(shares) != len(panels) {
		p.errs = append(p.errs, fmt.Errorf("%d widths for %d panels", len(shares), len(panels)))
		return
	}
	var x uint32
	for i, b := range panels {
		built, err := b.Build()
		if err != nil {
			p.errs = appendError(p.errs, "panel", err)
			continue
		}
		id := p.id()
		built.Id, built.GridPos = &id, &dashboard.GridPos{X: x, Y: p.y, W: shares[i], H: height}
		p.board.Panels = append(p.board.Panels, dashboard.PanelOrRowPanel{Panel: &built})
		x += shares[i]
	}
	if x != width {
		p.errs = append(p.errs, fmt.Errorf("widths %v add up to %d, not to %d", shares, x, width))
	}
	p.y += height
}

// annotate draws marks on the panels of these titles only.
func (p *page) annotate(marks *dashboard.AnnotationQueryBuilder, titles ...string) {
	filter := dashboard.NewAnnotationPanelFilter()
	for _, one := range p.board.Panels {
		if one.Panel != nil && slices.Contains(titles, *one.Panel.Title) {
			filter.Ids = append(filter.Ids, uint8(*one.Panel.Id))
		}
	}
	if len(filter.Ids) != len(titles) {
		p.errs = append(p.errs, fmt.Errorf("annotating %q: the page has %d such panels", titles, len(filter.Ids)))
	}
	built, err := marks.Build()
	p.errs = appendError(p.errs, "annotation", err)
	built.Filter = filter
	p.board.Annotations.List = append(p.board.Annotations.List, built)
}

// build is the dashboard, or all that is wrong with it.
func (p *page) build() (dashboard.Dashboard, error) {
	return p.board, errors.Join(p.errs...)
}

func (p *page) id() uint32 {
	p.ids++
	return p.ids
}

func appendError(errs []error, what string, err error) []error {
	if err == nil {
		return errs
	}
	return append(errs, fmt.Errorf("building a %s: %w", what, err))
}
