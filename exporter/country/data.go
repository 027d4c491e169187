package country

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"
)

//go:generate go run ./gen

// embedded is read where the program's file is mapped: it costs address space, not heap.
//
//go:embed data/geo-whois-asn-country.mmdb
var embedded []byte

// Data says in which country an address is, out of a database in MaxMind's format (MMDB). It may be used by many goroutines.
type Data struct {
	reader *maxminddb.Reader
	layout layout
}

// Embedded is the data that the program carries. data/NOTICE has its origin, version and licence; the licence asks
// that whoever shows countries found with it names nro.net. Its makers say that this family of packages is no longer mended
// and has wrong entries; testdata/addresses.tsv is what we check it by.
func Embedded() (*Data, error) { return openEmbedded() }

// A test reads the whole of the embedded data, so it is not read at every start.
var openEmbedded = sync.OnceValues(func() (*Data, error) { return open(embedded, flat) })

func open(b []byte, at layout) (*Data, error) {
	r, err := maxminddb.OpenBytes(b)
	if err != nil {
		return nil, fmt.Errorf("reading country data: %w", err)
	}
	return &Data{r, at}, nil
}

// Date is when the data was built, in UTC.
func (d *Data) Date() time.Time { return time.Unix(int64(d.reader.Metadata.BuildEpoch), 0).UTC() }

// Name implements Provider.
func (*Data) Name() string { return ProviderEmbedded }

// Country implements Provider; nil knows nothing. It does not wait. A code that is no country any more (AN) is not known.
func (d *Data) Country(_ context.Context, a netip.Addr) (string, error) {
	if d == nil || !a.IsValid() || d.reader.Metadata.IPVersion == 4 && !a.Is4() {
		return "", nil
	}
	code, err := d.layout.read(d.reader.Lookup(a))
	if err != nil {
		return "", errors.New("country data: the record of an address cannot be read") // the library's words may have the address
	}
	return code, nil
}
