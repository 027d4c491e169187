package country

import (
	"bytes"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// record makes what one publisher says of an address in a country.
type record func(code string) mmdbtype.Map

func str(s string) mmdbtype.DataType { return mmdbtype.String(s) }

// names are longer than codes, in every layout.
func named(code string) mmdbtype.Map { return mmdbtype.Map{"en": str("Name of " + code)} }

// The layouts, from the publishers' documentation.
var records = map[string]record{
	"GeoLite2-Country": func(code string) mmdbtype.Map {
		return mmdbtype.Map{
			"continent":          mmdbtype.Map{"code": str("EU"), "geoname_id": mmdbtype.Uint32(6255148)},
			"country":            mmdbtype.Map{"geoname_id": mmdbtype.Uint32(1), "iso_code": str(code), "names": named(code)},
			"registered_country": mmdbtype.Map{"iso_code": str("US"), "names": named("US")},
		}
	},
	"GeoIP2-City": func(code string) mmdbtype.Map {
		return mmdbtype.Map{
			"city":               mmdbtype.Map{"names": named("city")},
			"country":            mmdbtype.Map{"iso_code": str(code), "names": named(code), "is_in_european_union": mmdbtype.Bool(true)},
			"registered_country": mmdbtype.Map{"iso_code": str("US")},
			"location":           mmdbtype.Map{"latitude": mmdbtype.Float64(1.5), "time_zone": str("Europe/Berlin")},
			"subdivisions":       mmdbtype.Slice{mmdbtype.Map{"iso_code": str("AT")}},
		}
	},
	"DBIP-Country-Lite": func(code string) mmdbtype.Map {
		return mmdbtype.Map{
			"continent": mmdbtype.Map{"code": str("EU")},
			"country":   mmdbtype.Map{"iso_code": str(code), "names": named(code)},
		}
	},
	"ipinfo lite": func(code string) mmdbtype.Map {
		return mmdbtype.Map{"asn": str("AS64496"), "continent_code": str("EU"), "country": str("Name of " + code), "country_code": str(code)}
	},
	"ipinfo country": func(code string) mmdbtype.Map {
		return mmdbtype.Map{"continent": str("EU"), "country": str(code), "country_name": str("Name of " + code)}
	},
	"ipinfo location": func(code string) mmdbtype.Map {
		return mmdbtype.Map{"city": str("Somewhere"), "country": str(code), "lat": str("1.5"), "region": str("AT")}
	},
}

// built is when the databases of the tests were.
var built = time.Date(2026, 11, 1, 2, 3, 4, 0, time.UTC)

// database writes one with MaxMind's own library.
func database(tb testing.TB, kind string, r record, networks map[string]string, changes ...func(*mmdbwriter.Options)) []byte {
	tb.Helper()
	options := mmdbwriter.Options{DatabaseType: kind, BuildEpoch: built.Unix(), IncludeReservedNetworks: true, RecordSize: 28}
	for _, change := range changes {
		change(&options)
	}
	tree, err := mmdbwriter.New(options)
	if err != nil {
		tb.Fatal(err)
	}
	for network, code := range networks {
		_, n, err := net.ParseCIDR(network)
		if err == nil {
			err = tree.Insert(n, r(code))
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	var b bytes.Buffer
	if _, err := tree.WriteTo(&b); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// put writes a file as programs do that bring new data: by renaming. minute tells its time.
func put(tb testing.TB, path string, b []byte, minute int) {
	tb.Helper()
	at := built.Add(time.Duration(minute) * time.Minute)
	if err := errors.Join(os.WriteFile(path+".new", b, 0o600), os.Chtimes(path+".new", at, at), os.Rename(path+".new", path)); err != nil {
		tb.Fatal(err)
	}
}

var addr = netip.MustParseAddr

func TestFileLayouts(t *testing.T) {
	for kind, r := range records {
		t.Run(kind, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "data.mmdb")
			put(t, path, database(t, kind, r, map[string]string{
				"95.216.0.0/16": "DE", "37.187.0.0/16": "FR", "2a01:4f8::/32": "NL", "198.51.100.0/24": "AN", "203.0.113.0/24": "",
			}), 0)
			f, err := OpenFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for in, want := range map[string]string{
				"95.216.1.2": "DE", "37.187.255.255": "FR", "2a01:4f8:1::": "NL", "37.188.0.0": "", "2a01:4f9::": "",
				"198.51.100.1": "", "203.0.113.1": "", // no country any more; none
			} {
				if got := at(f, addr(in)); got != want {
					t.Errorf("%s is in %q, want %q", in, got, want)
				}
			}
			if !f.Date().Equal(built) || f.Name() != ProviderMMDB {
				t.Errorf("%s of %s", f.Name(), f.Date())
			}
		})
	}
}

// TestFileOddities: a record without a country among others; registered somewhere is not being there; IPv4 only.
func TestFileOddities(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.mmdb")
	r := func(code string) mmdbtype.Map {
		if code == "US" {
			return mmdbtype.Map{"registered_country": mmdbtype.Map{"iso_code": str("US")}}
		}
		return records["GeoLite2-Country"](code)
	}
	put(t, path, database(t, "GeoLite2-Country", r, map[string]string{"95.216.0.0/16": "FI", "37.187.0.0/16": "US"}, func(o *mmdbwriter.Options) {
		o.IPVersion, o.RecordSize = 4, 24
	}), 0)
	f, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{"95.216.1.2": "FI", "37.187.0.1": "", "2a01:4f8::1": ""} {
		if got := at(f, addr(in)); got != want {
			t.Errorf("%s is in %q, want %q", in, got, want)
		}
	}
	if got := at(f, netip.Addr{}); got != "" {
		t.Errorf("nothing is in %q", got)
	}
}

// TestFileRefresh replaces the file, by good ones and by bad ones, while others ask.
func TestFileRefresh(t *testing.T) {
	where := func(code string) []byte {
		return database(t, "ipinfo country", records["ipinfo country"], map[string]string{"95.216.0.0/16": code, "2000::/3": "US"})
	}
	path := filepath.Join(t.TempDir(), "data.mmdb")
	put(t, path, where("DE"), 0)
	f, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var asking sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		asking.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if got := at(f, addr("95.216.0.1")); len(got) != 2 {
					t.Errorf("an answer in between: %q", got)
					return
				}
			}
		})
	}
	defer func() { close(done); asking.Wait() }()
	noCountry := func(string) mmdbtype.Map { return mmdbtype.Map{"asn": str("AS64496"), "domain": str("DE")} }
	for i, row := range []struct {
		what string
		b    []byte
		want string
		bad  string // part of the error
	}{
		{"the same", where("DE"), "DE", ""},
		{"another", where("FI"), "FI", ""},
		{"empty", nil, "FI", "invalid MaxMind DB"},
		{"cut short", where("FR")[:200], "FI", "invalid MaxMind DB"},
		{"text", []byte("<html>404</html>"), "FI", "invalid MaxMind DB"},
		{"another layout", database(t, "GeoIP2-City", records["GeoIP2-City"], map[string]string{"95.216.0.0/16": "SE"}), "SE", ""},
		{"without countries", database(t, "asn", noCountry, map[string]string{"95.216.0.0/16": ""}), "SE", "no country in it"},
		{"without a date", database(t, "x", records["ipinfo country"], map[string]string{"95.216.0.0/16": "NO"}, func(o *mmdbwriter.Options) { o.BuildEpoch = 7 }), "SE", "when it was built"},
		{"with a hole", damaged(where("PL")), "SE", "damaged"},
		{"a network twice", folded(where("PL")), "SE", "damaged"},
		{"mended", where("DK"), "DK", ""},
	} {
		put(t, path, row.b, i+1)
		err := f.Refresh()
		if row.bad == "" && err != nil || row.bad != "" && (err == nil || !strings.Contains(err.Error(), row.bad) || !strings.Contains(err.Error(), path)) {
			t.Errorf("%s: %v, want %q", row.what, err, row.bad)
		}
		if again := f.Refresh(); again != err { //nolint:errorlint // the very same one is promised
			t.Errorf("%s: another look says %v", row.what, again)
		}
		if got := at(f, addr("95.216.0.1")); got != row.want {
			t.Errorf("%s: %q, want %q", row.what, got, row.want)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := f.Refresh(); !errors.Is(err, fs.ErrNotExist) || at(f, addr("95.216.0.1")) != "DK" {
		t.Errorf("gone: %v", err)
	}
	put(t, path, where("DK"), 20)
	if err := f.Refresh(); err != nil {
		t.Errorf("back: %v", err)
	}
}

// damaged is a database whose records were overwritten; tree and metadata are whole.
func damaged(b []byte) []byte {
	b = bytes.Clone(b)
	end := bytes.LastIndex(b, []byte("\xab\xcd\xefMaxMind.com"))
	for i := end - 60; i < end; i++ {
		b[i] = 0xff
	}
	return b
}

// folded is a database in which many ways lead to the same network: both branches of each of the first 20 nodes go to the next.
func folded(b []byte) []byte {
	b = bytes.Clone(b)
	for i := range 20 { // of 28 bits a record: the 4 highest bits of both share the byte in the middle
		copy(b[i*7:], []byte{0, 0, byte(i + 1), 0, 0, 0, byte(i + 1)})
	}
	return b
}

func TestOpenFileErrors(t *testing.T) {
	dir := t.TempDir()
	for what, path := range map[string]string{"none": filepath.Join(dir, "none"), "a folder": dir} {
		if f, err := OpenFile(path); err == nil || f != nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, %v", what, f, err)
		}
	}
	large := filepath.Join(dir, "large")
	if err := errors.Join(os.WriteFile(large, nil, 0o600), os.Truncate(large, maxFile+1)); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenFile(large); err == nil || !strings.Contains(err.Error(), "at most 512 are read") {
		t.Errorf("too large: %v", err)
	}
}

// FuzzFile: whatever bytes a database has, it is refused or it answers, and never with anything but a code.
func FuzzFile(f *testing.F) {
	for kind, r := range records {
		b := database(f, kind, r, map[string]string{"95.216.0.0/16": "DE", "2a01:4f8::/32": "NL"}, func(o *mmdbwriter.Options) { o.RecordSize = 24 })
		f.Add(b)
		f.Add(damaged(b))
		f.Add(folded(b))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := read(b)
		if err != nil {
			return
		}
		d.Date()
		for _, a := range []string{"95.216.0.1", "0.0.0.0", "255.255.255.255", "2a01:4f8::1", "ffff::"} {
			code, err := d.Country(t.Context(), addr(a))
			if err != nil && (code != "" || strings.Contains(err.Error(), a)) || code != "" && !Valid(code) {
				t.Fatalf("%s: %q, %v", a, code, err)
			}
		}
	})
}
