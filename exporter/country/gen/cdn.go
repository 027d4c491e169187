package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"
)

const cdnFile = "cdn.txt"

// systems are the autonomous systems whose addresses stand for servers that are elsewhere. Amazon, Google and Microsoft run
// networks for delivery too, but in the systems in which they host. Akamai's 63949 is Linode, a hoster, and not here.
var systems = map[string]string{
	"13335":  "Cloudflare",
	"209242": "Cloudflare",
	"54113":  "Fastly",
	"200325": "bunny.net",
	"19551":  "Imperva",
	"30148":  "Sucuri",
	"57724":  "DDoS-Guard",
	"20940":  "Akamai",
	"16625":  "Akamai",
	"15133":  "Edgecast",
	"40509":  "Fly.io", // a hoster, but all its addresses lead to the nearest of its sites
}

// published are the ranges that two networks publish for everybody's firewalls, announced at the moment or not; from copies of
// the lists made since 2024-12.
var published = map[string]string{
	"Cloudflare": // www.cloudflare.com/ips
	`103.21.244.0/22 103.22.200.0/22 103.31.4.0/22 104.16.0.0/13 104.24.0.0/14 108.162.192.0/18 131.0.72.0/22 141.101.64.0/18
	162.158.0.0/15 172.64.0.0/13 173.245.48.0/20 188.114.96.0/20 190.93.240.0/20 197.234.240.0/22 198.41.128.0/17
	2400:cb00::/32 2405:8100::/32 2405:b500::/32 2606:4700::/32 2803:f800::/32 2a06:98c0::/29 2c0f:f248::/32`,
	"Fastly": // api.fastly.com/public-ip-list
	`23.235.32.0/20 43.249.72.0/22 103.244.50.0/24 103.245.222.0/23 103.245.224.0/24 104.156.80.0/20 140.248.64.0/18
	140.248.128.0/17 146.75.0.0/17 151.101.0.0/16 157.52.64.0/18 167.82.0.0/17 167.82.128.0/20 167.82.160.0/20
	167.82.224.0/20 172.111.64.0/18 185.31.16.0/22 199.27.72.0/21 199.232.0.0/16 2a04:4e40::/32 2a04:4e42::/32`,
}

// table has the ranges of each network.
type table map[string]*netipx.IPSetBuilder

func (t table) of(name string) *netipx.IPSetBuilder {
	if t[name] == nil {
		t[name] = &netipx.IPSetBuilder{}
	}
	return t[name]
}

// add takes what belongs to one of systems from rows of first address, last address, number of the system, its name.
func (t table) add(rows []byte) error {
	r := csv.NewReader(bytes.NewReader(rows))
	r.ReuseRecord = true
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(row) < 3 {
			return fmt.Errorf("a row of %d columns", len(row))
		}
		name, ok := systems[row[2]]
		if !ok {
			continue
		}
		first, err1 := netip.ParseAddr(row[0])
		last, err2 := netip.ParseAddr(row[1])
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		t.of(name).AddRange(netipx.IPRangeFrom(first, last))
	}
}

// text is the file: the networks in order, each with its ranges, from the first to the last address; no address is in two.
func (t table) text(date string) ([]byte, error) {
	for name, list := range published {
		for _, s := range strings.Fields(list) {
			t.of(name).AddPrefix(netip.MustParsePrefix(s))
		}
	}
	var taken netipx.IPSetBuilder
	out := bytes.NewBufferString("# Addresses that delivery networks announced on " + date + "; made by go generate, see NOTICE.\n")
	for _, name := range slices.Sorted(maps.Keys(t)) {
		before, err := taken.IPSet()
		if err != nil {
			return nil, err
		}
		t[name].RemoveSet(before)
		set, err := t[name].IPSet()
		if err != nil {
			return nil, err
		}
		taken.AddSet(set)
		fmt.Fprintf(out, "# %s\n", name)
		for _, r := range set.Ranges() {
			fmt.Fprintln(out, r)
		}
	}
	return out.Bytes(), nil
}
