package exporter

import (
	"fmt"
	"io"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/common/expfmt"

	"github.com/mnm-social/mnm/exporter/country"
	"github.com/mnm-social/mnm/exporter/directory"
	"github.com/mnm-social/mnm/exporter/families"
	"github.com/mnm-social/mnm/exporter/outbound"
	"github.com/mnm-social/mnm/exporter/releases"
)

// self is what the program counts about itself, in client_golang's registry. Names and help are families.Own's.
type self struct {
	registry *prometheus.Registry
	known    map[string]families.Description

	visits, figuresRefused, saveFailures                prometheus.Counter
	visitFailures, requests, refused, directoryFailures *prometheus.CounterVec
	namesRefused, releaseFailures, lookupFailures       *prometheus.CounterVec
	countryData                                         *prometheus.GaugeVec
}

func newSelf() *self {
	s := &self{registry: prometheus.NewRegistry(), known: map[string]families.Description{}}
	for _, d := range families.Own() {
		s.known[d.Name] = d
	}
	s.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		version.NewCollector("mnm_exporter"),
	)
	s.visits = s.counter(families.Visits).WithLabelValues()
	s.figuresRefused = s.counter(families.FiguresRefused).WithLabelValues()
	s.saveFailures = s.counter(families.StateSaveFailures).WithLabelValues()
	s.visitFailures = s.counter(families.VisitFailures)
	s.requests = s.counter(families.Requests)
	s.refused = s.counter(families.RequestsRefused)
	s.directoryFailures = s.counter(families.DirectoryFailures)
	s.namesRefused = s.counter(families.NamesRefused)
	s.releaseFailures = s.counter(families.ReleaseFailures)
	s.lookupFailures = s.counter(families.CountryLookupFailures)
	for _, p := range []string{country.ProviderMMDB, country.ProviderAPI, country.ProviderEmbedded} {
		s.lookupFailures.WithLabelValues(p)
	}
	s.countryData = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: families.CountryData, Help: s.known[families.CountryData].Help,
	}, s.known[families.CountryData].Labels)
	s.registry.MustRegister(s.countryData)
	// A closed set is there from the beginning, so that rate() sees the first event.
	for _, r := range visitReasons() {
		s.visitFailures.WithLabelValues(r)
	}
	for _, p := range outbound.Purposes() {
		s.requests.WithLabelValues(string(p))
	}
	for _, r := range outbound.Reasons() {
		s.refused.WithLabelValues(string(r))
	}
	for _, r := range releases.Reasons() {
		s.releaseFailures.WithLabelValues(r)
	}
	return s
}

// directory makes the families of a directory be there from the beginning.
func (s *self) directory(name string) {
	s.namesRefused.WithLabelValues(name)
	for _, r := range directory.Reasons() {
		s.directoryFailures.WithLabelValues(name, string(r))
	}
}

func (s *self) counter(name string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: s.known[name].Help}, s.known[name].Labels)
	s.registry.MustRegister(c)
	return c
}

// gauge is a family that is read when somebody looks.
func (s *self) gauge(name string, read func() float64) {
	s.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: s.known[name].Help}, read))
}

// write writes the registry as text. A family that cannot be gathered costs itself only.
func (s *self) write(w io.Writer) error {
	all, err := s.registry.Gather()
	for _, family := range all {
		if _, err := expfmt.MetricFamilyToText(w, family); err != nil {
			return fmt.Errorf("writing %s: %w", family.GetName(), err)
		}
	}
	if err != nil {
		return fmt.Errorf("gathering our own metrics: %w", err)
	}
	return nil
}

// gauges are the figures about ourselves that are read when somebody looks.
func (e *Exporter) gauges() {
	locked := func(read func() float64) func() float64 {
		return func() float64 {
			e.mu.Lock()
			defer e.mu.Unlock()
			return read()
		}
	}
	truth := func(b bool) float64 {
		if b {
			return 1
		}
		return 0
	}
	e.self.gauge(families.Demo, func() float64 { return truth(e.setup.Load().config.Demo) })
	e.self.gauge(families.Online, locked(func() float64 { return truth(e.works(e.now())) }))
	e.self.gauge(families.FirstRound, func() float64 {
		s := e.Status()
		return s.Ratio()
	})
	e.self.gauge(families.ConfigReloadSuccessful, func() float64 { return truth(e.reloadGood.Load()) })
	e.self.gauge(families.ConfigReloadSuccessTime, locked(func() float64 { return float64(e.reloaded.Unix()) }))
	e.self.gauge(families.StateSaved, locked(func() float64 {
		if e.saved.IsZero() {
			return 0
		}
		return float64(e.saved.Unix())
	}))
	e.self.gauge(families.VisitOverdue, locked(func() float64 { return e.overdue.Seconds() }))
	e.self.gauge(families.GitHubLimit, locked(func() float64 { return float64(e.rate.Limit) }))
	e.self.gauge(families.GitHubRemaining, locked(func() float64 { return float64(e.rate.Remaining) }))
	e.self.gauge(families.GitHubReset, locked(func() float64 {
		if !e.rate.Known {
			return 0
		}
		return float64(e.rate.Reset.Unix())
	}))
}
