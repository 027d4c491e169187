package exporter

import (
	"cmp"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/https"
	"github.com/mnm-social/mnm/exporter/instance"
	"github.com/mnm-social/mnm/exporter/network"
	"github.com/mnm-social/mnm/exporter/web"
)

// Instance is what the page of an instance shows: what /metrics says of it by name, and what its scores are made of. false: it
// is not known, or not shown.
func (e *Exporter) Instance(name string) (web.Instance, bool) {
	n, err := domain.Parse(name)
	if err != nil {
		return web.Instance{}, false
	}
	v := e.View()
	i, ok := sort.Find(len(v.Instances), func(i int) int { return strings.Compare(n.String(), v.Instances[i].Domain) })
	if !ok {
		return web.Instance{}, false
	}
	one := &v.Instances[i]
	page := web.Instance{Domain: n.Unicode(), Rows: rows(one, v.At)}
	if one.Fresh() {
		page.Scores = score("HTTPS by MDN's method", one.Entry.HTTPS.Observatory)
	}
	page.Scores = append(page.Scores, score("TLS", one.Entry.HTTPS.TLS)...)
	return page, true
}

// rows are the figures that are known.
func rows(i *network.Instance, now time.Time) []web.Row {
	entry := i.Entry
	up := map[census.Up]string{census.Yes: "yes", census.No: "no"}
	all := []web.Row{{Name: "Up", Value: cmp.Or(up[i.Up], network.Unknown)}}
	add := func(name, value string) {
		if value != "" {
			all = append(all, web.Row{Name: name, Value: value})
		}
	}
	if !entry.LastGood.IsZero() {
		add("Last good visit", now.Sub(entry.LastGood).Round(time.Minute).String()+" ago")
	}
	add("Certificate", string(entry.Certificate))
	if !i.Fresh() {
		return all
	}
	add("Software", strings.TrimSpace(i.Software+" "+i.Version))
	add("Update", string(i.Update))
	if entry.Country.Country == "" {
		add("Country of the server", strings.TrimSuffix(network.Unknown+": "+string(entry.Country.Reason), ": "))
	} else {
		add("Country of the server", i.Country+", by "+string(entry.Country.Source))
	}
	add("Users", count(i.Users))
	add("Active in 30 days", count(i.ActiveUsers))
	add("Statuses", count(i.Statuses))
	add("Domains known", count(i.Connections))
	add("Registrations", i.Registrations.String())
	return all
}

func count(c instance.Count) string {
	if n, ok := c.Get(); ok {
		return strconv.FormatInt(n, 10)
	}
	return ""
}

// score is nothing where nothing was judged.
func score(name string, m https.Marks) []web.Score {
	if !m.Judged() {
		return nil
	}
	s := web.Score{Name: name, Grade: m.Grade, Score: m.Score}
	for _, r := range m.Results {
		s.Tests = append(s.Tests, web.Test{Name: r.Test(), Result: r.String(), Pass: r.Pass(), Points: r.Modifier()})
	}
	return []web.Score{s}
}
