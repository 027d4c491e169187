package country

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"
)

func data(tb testing.TB) *Data {
	tb.Helper()
	d, err := Embedded()
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// at is what a provider says, which must be able to say something.
func at(p Provider, a netip.Addr) string {
	code, err := p.Country(context.Background(), a)
	if err != nil {
		return err.Error()
	}
	return code
}

// TestEmbedded reads the whole file: what it is, that NOTICE tells the truth about it, that it can name no country which is none.
func TestEmbedded(t *testing.T) {
	d := data(t)
	if want := time.Date(2026, 6, 17, 19, 51, 40, 0, time.UTC); !d.Date().Equal(want) {
		t.Errorf("built on %s, want %s", d.Date(), want)
	}
	notice, err := os.ReadFile("data/NOTICE")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{fmt.Sprintf("%x", sha256.Sum256(embedded)), d.Date().Format(time.DateOnly), "nro.net", "Creative Commons Attribution\n4.0"} {
		if !strings.Contains(string(notice), want) {
			t.Errorf("NOTICE does not say %q", want)
		}
	}
	networks, codes := 0, map[string]int{}
	for r := range d.reader.Networks() {
		var code string
		if err := r.DecodePath(&code, "country_code"); err != nil {
			t.Fatalf("%s: %v", r.Prefix(), err)
		}
		codes[code]++
		networks++
	}
	for code := range codes {
		if !Valid(code) && code != "AN" {
			t.Errorf("the data names %q", code)
		}
	}
	if networks < 1_000_000 || len(codes) < 240 {
		t.Errorf("%d networks in %d countries", networks, len(codes))
	}
}

func TestCountry(t *testing.T) {
	d := data(t)
	for in, want := range map[string]string{
		"95.216.0.1": "FI", "2a01:4f8::1": "DE", "127.0.0.1": "", "10.0.0.1": "", "::1": "", "fe80::1": "",
	} {
		if got := at(d, netip.MustParseAddr(in)); got != want {
			t.Errorf("%s is in %q, want %q", in, got, want)
		}
	}
	if at(d, netip.Addr{}) != "" || at((*Data)(nil), netip.MustParseAddr("95.216.0.1")) != "" {
		t.Error("nothing is somewhere")
	}
	// The Netherlands Antilles are no country since 2010; the data still has them.
	for r := range d.reader.Networks(maxminddb.SkipEmptyValues()) {
		var code string
		if err := r.DecodePath(&code, "country_code"); err == nil && code == "AN" {
			if got := at(d, r.Prefix().Addr()); got != "" {
				t.Errorf("%s is in %q", r.Prefix(), got)
			}
			break
		}
	}
}

func TestOpen(t *testing.T) {
	for name, b := range map[string][]byte{"nothing": nil, "text": []byte("hello"), "half": embedded[:len(embedded)/2]} {
		if _, err := open(b, flat); err == nil {
			t.Errorf("%s is read as data", name)
		}
	}
	a, _ := Embedded()
	if b, _ := Embedded(); a != b {
		t.Error("the data is opened twice")
	}
}
