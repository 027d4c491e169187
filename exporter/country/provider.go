package country

import (
	"context"
	"errors"
	"net/netip"
)

// Provider knows in which countries addresses are. It may be used by many goroutines. The package has three: Data, which
// the program carries, File, which its operator brings, and API.
type Provider interface {
	// Name is a label of the closed set ProviderMMDB, ProviderAPI, ProviderEmbedded.
	Name() string

	// Country is the code (one of Codes) of an address, "" if it is known to be in none or is not known at all. The error
	// says that the provider could not say; it names no address. a is IPv4 or IPv6, without a zone.
	Country(ctx context.Context, a netip.Addr) (string, error)
}

// The names of providers, in the order in which they are asked: the data that somebody chose and keeps up before what we
// bring; of two that somebody chose the file, since it answers all addresses, always, and to one date, where the API is asked
// about a few and may change its mind between two of them.
const (
	ProviderMMDB     = "mmdb"
	ProviderAPI      = "api"
	ProviderEmbedded = "embedded"
)

// errLater says that a provider was not asked, because it must not be yet.
var errLater = errors.New("not yet")
