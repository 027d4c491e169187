package country

import (
	_ "embed"
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

// Data says in which country an address is. It may be used by many goroutines.
type Data struct {
	reader *maxminddb.Reader
}

// Embedded is the data that the program carries. data/NOTICE has its origin, version and licence; the licence asks
// that whoever shows countries found with it names nro.net. Its makers say that this family of packages is no longer mended
// and has wrong entries; testdata/addresses.tsv is what we check it by.
func Embedded() (*Data, error) { return openEmbedded() }

var openEmbedded = sync.OnceValues(func() (*Data, error) { return open(embedded) })

// open reads a database that has the code of a country at country_code.
func open(b []byte) (*Data, error) {
	r, err := maxminddb.OpenBytes(b)
	if err != nil {
		return nil, fmt.Errorf("reading country data: %w", err)
	}
	return &Data{r}, nil
}

// Date is when the data was built.
func (d *Data) Date() time.Time { return time.Unix(int64(d.reader.Metadata.BuildEpoch), 0).UTC() }

// country is the code of an address, "" if the data has none for it or one that is no country any more (AN).
func (d *Data) country(a netip.Addr) string {
	if d == nil || !a.IsValid() {
		return ""
	}
	var code string
	if err := d.reader.Lookup(a.Unmap().WithZone("")).DecodePath(&code, "country_code"); err != nil || !Valid(code) {
		return ""
	}
	return code
}
