// Package country says in which country a server is: by its operator's word, by a top-level domain that is bound to one
// country or to a place in one, else by its address; and where nothing can be known, why not. It never looks at users.
package country

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"slices"

	"github.com/mnm-social/mnm/exporter/domain"
)

// Source is the rule that decided.
type Source string

// The closed set of Source.
const (
	Override  Source = "override"   // the operator of this exporter says so
	TLD       Source = "tld"        // a country-code top-level domain
	RegionTLD Source = "region_tld" // a top-level domain of a place in a country, such as .berlin
	Address   Source = "address"    // the address of the server
	Unknown   Source = "unknown"
)

// Sources lists the closed set of Source, the rule that is asked first before the others.
func Sources() []Source { return []Source{Override, TLD, RegionTLD, Address, Unknown} }

// Reason is why a country is unknown.
type Reason string

// The closed set of Reason.
const (
	NoAddress    Reason = "no_address"    // no address was handed over
	NotInData    Reason = "not_in_data"   // no provider knows any of its addresses
	LookupFailed Reason = "lookup_failed" // the same, and at least one provider could not say
	CDN          Reason = "cdn"           // the address is that of a delivery network in front of the server
	Conflict     Reason = "conflict"      // its addresses (the IPv4 ones, if any of them is known) are in different countries
)

// Reasons lists the closed set of Reason.
func Reasons() []Reason { return []Reason{NoAddress, NotInData, LookupFailed, CDN, Conflict} }

// Answer is what is known of one server.
type Answer struct {
	Country string // a code of Codes; "" if Source is Unknown
	Source  Source
	Reason  Reason // only if Source is Unknown
}

// maxAsked is how many addresses of a server and family a provider is asked about: a real server has one, and a provider may be
// far away.
const maxAsked = 8

// Locator finds countries. It may be used by many goroutines as long as nobody changes its fields; the zero Locator knows
// top-level domains only.
type Locator struct {
	Overrides map[domain.Name]string // codes of Codes; others are passed over
	Before    []Provider             // asked before Data, the one to trust most first
	Data      *Data                  // asked last; nil: none

	// Failed, if there is one, is told the name of each provider that could not say; once for a family of addresses, from any goroutine.
	Failed func(provider string)
}

// Locate is LocateContext without an end, for whoever asks only providers on this machine.
func (l *Locator) Locate(name domain.Name, addrs []netip.Addr, header http.Header) Answer {
	answer, _ := l.LocateContext(context.Background(), name, addrs, header)
	return answer
}

// LocateContext says where the server of a name is. addrs are all addresses of the name, header is that of any answer the
// server gave over the web (nil: none yet); neither is kept. The first rule that decides wins: override, country's top-level
// domain, place's top-level domain, address. An address decides only if no delivery network answers in the server's place.
// Then the first provider that knows any of the IPv4 addresses decides for all of them: if it sees them in different countries,
// that is a conflict, and no other is asked until one is found who doesn't. IPv6 addresses count where no IPv4 address is known:
// all data we have seen knows those worse, down to whole sites of large hosters in the wrong country (docs/country.md), and a
// server does not stand in two. ctx ends a provider's work, not that of Data.
//
// interim: a provider that would have been asked before could not be, by its pace or a failure. Who has an answer by
// address for the name already does well to keep it, lest the name seem to move for as long as a provider is away.
func (l *Locator) LocateContext(ctx context.Context, name domain.Name, addrs []netip.Addr, header http.Header) (answer Answer, interim bool) {
	if code := l.Overrides[name]; Valid(code) {
		return Answer{Country: code, Source: Override}, false
	}
	tld := name.TLD()
	if code := OfTLD(tld); code != "" {
		return Answer{Country: code, Source: TLD}, false
	}
	if code := OfRegion(tld); code != "" {
		return Answer{Country: code, Source: RegionTLD}, false
	}
	if delivered(header) || slices.ContainsFunc(addrs, ofCDN) {
		return unknown(CDN), false
	}
	if len(addrs) == 0 {
		return unknown(NoAddress), false
	}
	var v4, v6 []netip.Addr
	for _, a := range addrs {
		if a = a.Unmap().WithZone(""); a.Is4() {
			v4 = append(v4, a)
		} else {
			v6 = append(v6, a)
		}
	}
	answer, interim = l.ofAddresses(ctx, v4)
	if answer.Country != "" || answer.Reason == Conflict || len(v6) == 0 {
		return answer, interim
	}
	failed := answer.Reason == LookupFailed
	answer, more := l.ofAddresses(ctx, v6)
	if failed && answer.Reason == NotInData {
		answer.Reason = LookupFailed
	}
	return answer, interim || more
}

// ofAddresses asks one provider after the other about addresses of one family.
func (l *Locator) ofAddresses(ctx context.Context, addrs []netip.Addr) (answer Answer, interim bool) {
	answer = unknown(NotInData)
	addrs = addrs[:min(len(addrs), maxAsked)]
	for i := range len(l.Before) + 1 {
		p := Provider(l.Data)
		if i < len(l.Before) {
			p = l.Before[i]
		}
		found, err := agreed(ctx, p, addrs)
		switch {
		case err == nil:
		case errors.Is(err, errLater) || ctx.Err() != nil: // it was not asked: that says nothing about it
			interim = true
		default:
			interim = true
			if answer.Reason = LookupFailed; l.Failed != nil {
				l.Failed(p.Name())
			}
		}
		switch {
		case found == conflicting:
			return unknown(Conflict), interim
		case found != "":
			return Answer{Country: found, Source: Address}, interim
		}
	}
	return answer, interim
}

// conflicting stands in the place of a code when addresses disagree. It equals no code.
const conflicting = "?"

// agreed is where one provider says that all addresses are, as far as it knows them: a code, conflicting, or "". It gives up
// at the first error; what was found before that holds.
func agreed(ctx context.Context, p Provider, addrs []netip.Addr) (found string, err error) {
	for _, a := range addrs {
		code, err := p.Country(ctx, a)
		switch {
		case code == "":
		case found == "":
			found = code
		case found != code:
			return conflicting, err
		}
		if err != nil {
			return found, err
		}
	}
	return found, nil
}

func unknown(r Reason) Answer { return Answer{Source: Unknown, Reason: r} }
