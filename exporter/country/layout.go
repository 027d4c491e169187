package country

import (
	"errors"
	"fmt"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"
)

// layout is the path to a country's code in the records of a database.
type layout []any

// The layouts in use, in the order in which they are tried. Where a record says both where an address is and where it is
// registered (MaxMind's registered_country), only the former counts.
var (
	nested = layout{"country", "iso_code"} // MaxMind's GeoLite2 and GeoIP2, Country and City; DB-IP's, Lite or not
	flat   = layout{"country_code"}        // IPinfo Lite, whose country is a name; and what we embed
	plain  = layout{"country"}             // IPinfo's others

	layouts = []layout{nested, flat, plain}
)

// read is the code in a record, "" if it has none of Codes.
func (l layout) read(r maxminddb.Result) (string, error) {
	var code string
	if err := r.DecodePath(&code, l...); err != nil {
		return "", err
	}
	if !Valid(code) {
		return "", nil
	}
	return code, nil
}

// oldest is a time before which no database of this format was built.
var oldest = time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC)

// detect reads the whole of a strange database once: it is sound if everything can be read, and its layout is the one that
// finds countries in most records. It takes about a tenth of a second for a million networks.
func detect(r *maxminddb.Reader) (layout, error) {
	if time.Unix(int64(r.Metadata.BuildEpoch), 0).Before(oldest) {
		return nil, errors.New("it does not say when it was built")
	}
	votes, read := make([]int, len(layouts)), map[uintptr]bool{}
	// A tree of n nodes has n+1 leaves. In a broken one they may be without end.
	limit := r.Metadata.NodeCount + 1
	for n := range r.Networks(maxminddb.IncludeNetworksWithoutData()) {
		if err := n.Err(); err != nil {
			return nil, fmt.Errorf("it is damaged: %w", err)
		}
		if limit == 0 {
			return nil, errors.New("it is damaged: a network is in it twice")
		}
		limit--
		if !n.Found() || read[n.Offset()] {
			continue
		}
		read[n.Offset()] = true
		for i, l := range layouts {
			code, err := l.read(n)
			if broken := (maxminddb.InvalidDatabaseError{}); errors.As(err, &broken) {
				return nil, fmt.Errorf("it is damaged: %w", err)
			}
			if code != "" {
				votes[i]++
			}
		}
	}
	best := 0
	for i := range layouts {
		if votes[i] > votes[best] {
			best = i
		}
	}
	if votes[best] == 0 {
		return nil, errors.New("no country in it, as MaxMind, DB-IP or IPinfo write it")
	}
	return layouts[best], nil
}
