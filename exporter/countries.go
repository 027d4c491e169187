package exporter

import (
	"context"
	"net/http"
	"sort"
	"strings"
	"time"

	"github.com/mnm-social/mnm/exporter/country"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/outbound"
)

// locator tells countries as a configuration wants it. What a service has said is remembered over a reload.
func (e *Exporter) locator(s, before *setup) *country.Locator {
	c := s.config.Country
	l := &country.Locator{Overrides: c.Overrides, Data: e.countries, Failed: func(provider string) {
		e.self.lookupFailures.WithLabelValues(provider).Inc()
	}}
	if c.MMDB != "" {
		file, err := country.OpenFile(c.MMDB)
		if err != nil {
			e.log.Error("The database of countries cannot be read; the program's own data stands in", "err", err)
			e.self.lookupFailures.WithLabelValues(country.ProviderMMDB).Inc()
		} else {
			s.mmdb = file
			l.Before = append(l.Before, file)
		}
	}
	e.dateCountries(s)
	switch {
	case c.API == "":
	case before != nil && before.api != nil && before.config.Country.API == c.API:
		s.api = before.api
	default:
		api, err := country.NewAPI(c.API, e.askCountry, e.now)
		if err != nil { // the file was checked, a Config made in code was not
			e.log.Error("The service of countries cannot be asked", "err", err)
			break
		}
		s.api = api
	}
	if s.api != nil {
		l.Before = append(l.Before, s.api)
	}
	return l
}

// askCountry asks the service of countries.
func (e *Exporter) askCountry(ctx context.Context, url string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return e.client().RoundTripper(outbound.PurposeCountry).RoundTrip(req)
}

// dateCountries shows how old the data of countries is.
func (e *Exporter) dateCountries(s *setup) {
	e.self.countryData.WithLabelValues(country.ProviderEmbedded).Set(float64(e.countries.Date().Unix()))
	if s.mmdb == nil {
		e.self.countryData.DeleteLabelValues(country.ProviderMMDB)
		return
	}
	e.self.countryData.WithLabelValues(country.ProviderMMDB).Set(float64(s.mmdb.Date().Unix()))
}

// refreshCountries reads the operator's database again if it has changed, and returns when to look again.
func (e *Exporter) refreshCountries(context.Context) time.Time {
	s, next := e.setup.Load(), e.now().Add(time.Minute)
	if s.mmdb == nil {
		return next
	}
	err := s.mmdb.Refresh()
	e.mu.Lock()
	known := e.badCountries != nil
	e.badCountries = err
	e.mu.Unlock()
	if err != nil && !known {
		e.self.lookupFailures.WithLabelValues(country.ProviderMMDB).Inc()
		e.log.Error("The new database of countries cannot be read; the one before stays", "err", err)
	}
	e.dateCountries(s)
	return next
}

// countryOf is the country of a server as it is known now, else that of its top-level domain; "" where neither is known.
func (e *Exporter) countryOf(host string) string {
	v := e.View()
	i, known := sort.Find(len(v.Instances), func(i int) int { return strings.Compare(host, v.Instances[i].Domain) })
	if known && v.Instances[i].Fresh() {
		if code := v.Instances[i].Country; country.Valid(code) {
			return code
		}
		return ""
	}
	if overrides := e.setup.Load().config.Country.Overrides; len(overrides) > 0 {
		if n, err := domain.Parse(host); err == nil && overrides[n] != "" {
			return overrides[n]
		}
	}
	tld := host[strings.LastIndexByte(host, '.')+1:]
	if code := country.OfTLD(tld); code != "" {
		return code
	}
	return country.OfRegion(tld)
}
