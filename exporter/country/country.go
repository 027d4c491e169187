// Package country says in which country a server is: by its operator's word, by a top-level domain that is bound to one
// country, else by its address; and where nothing can be known, why not. It never looks at users.
package country

import (
	"net/http"
	"net/netip"

	"github.com/mnm-social/mnm/exporter/domain"
)

// Source is the rule that decided.
type Source string

// The closed set of Source.
const (
	Override  Source = "override"   // the operator of this exporter says so
	TLD       Source = "tld"        // a country-code top-level domain
	RegionTLD Source = "region_tld" // a top-level domain of a place in a country, such as .berlin; reserved, nothing answers it yet
	Address   Source = "address"    // the address of the server
	Unknown   Source = "unknown"
)

// Sources lists the closed set of Source, the rule that is asked first before the others.
func Sources() []Source { return []Source{Override, TLD, RegionTLD, Address, Unknown} }

// Reason is why a country is unknown.
type Reason string

// The closed set of Reason.
const (
	NoAddress Reason = "no_address"  // no address was handed over
	NotInData Reason = "not_in_data" // no address is in the data, or there is no data
	CDN       Reason = "cdn"         // the address is that of a delivery network in front of the server
	Conflict  Reason = "conflict"    // its addresses are in different countries
)

// Reasons lists the closed set of Reason.
func Reasons() []Reason { return []Reason{NoAddress, NotInData, CDN, Conflict} }

// Answer is what is known of one server.
type Answer struct {
	Country string // a code of Codes; "" if Source is Unknown
	Source  Source
	Reason  Reason // only if Source is Unknown
}

// Locator finds countries. It may be used by many goroutines as long as nobody changes its fields; the zero Locator knows
// top-level domains only.
type Locator struct {
	Overrides map[domain.Name]string // codes of Codes; others are passed over
	Data      *Data                  // countries of addresses; nil: none
}

// Locate says where the server of a name is. addrs are all addresses of the name, header is that of any answer the server
// gave over the web (nil: none yet); neither is kept. The first rule that decides wins: override, top-level domain, address.
// An address decides only if no delivery network answers in the server's place and all addresses in the data agree.
func (l *Locator) Locate(name domain.Name, addrs []netip.Addr, header http.Header) Answer {
	if code := l.Overrides[name]; Valid(code) {
		return Answer{Country: code, Source: Override}
	}
	if code := OfTLD(name.TLD()); code != "" {
		return Answer{Country: code, Source: TLD}
	}
	if delivered(header) {
		return unknown(CDN)
	}
	if len(addrs) == 0 {
		return unknown(NoAddress)
	}
	found := ""
	for _, a := range addrs {
		a = a.Unmap()
		if ofCDN(a) {
			return unknown(CDN)
		}
		code := l.Data.country(a)
		if code != "" && found != "" && code != found {
			// Keep looking: an address of a delivery network further on is the better reason.
			found = conflicting
		} else if code != "" {
			found = code
		}
	}
	switch found {
	case "":
		return unknown(NotInData)
	case conflicting:
		return unknown(Conflict)
	}
	return Answer{Country: found, Source: Address}
}

// conflicting stands in the place of a code when addresses disagree. It equals no code, so it stays once it is there.
const conflicting = "?"

func unknown(r Reason) Answer { return Answer{Source: Unknown, Reason: r} }
