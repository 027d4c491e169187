//go:build figures

package country

import (
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestFigureAccuracy prints how the embedded data does on addresses whose country is known, and beside it each database that
// COUNTRY_MMDB names (files, with ":" between them), and how often each two of them agree.
func TestFigureAccuracy(t *testing.T) {
	rows := knownAddresses(t)
	providers := map[string]Provider{ProviderEmbedded + " " + data(t).Date().Format(time.DateOnly): data(t)}
	for _, path := range filepath.SplitList(os.Getenv("COUNTRY_MMDB")) {
		began := time.Now()
		f, err := OpenFile(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s, built on %s, was opened in %d ms", filepath.Base(path), f.Date().Format(time.DateOnly), time.Since(began).Milliseconds())
		providers[filepath.Base(path)+" "+f.Date().Format(time.DateOnly)] = f
	}
	names := slices.Sorted(maps.Keys(providers))
	for _, name := range names {
		scores := judge(t, providers[name], rows, func(k known, got string) {
			if len(names) == 1 {
				t.Logf("%s is in %q, should be %s: %s", k.addr, got, k.country, k.source)
			}
		})
		for _, group := range slices.Sorted(maps.Keys(scores)) {
			s := scores[group]
			t.Logf("%s: %-10s %3d right, %2d wrong, %2d unknown: %.1f %%", name, group, s.right, s.wrong, s.unknown, s.percent())
		}
	}
	for i, a := range names {
		for _, b := range names[i+1:] {
			known := agreement(t, providers[a], providers[b], func(i int) (netip.Addr, bool) {
				if i >= len(rows) {
					return netip.Addr{}, false
				}
				return rows[i].addr, true
			})
			random := rand.New(rand.NewPCG(1, 2))
			anywhere := agreement(t, providers[a], providers[b], func(i int) (netip.Addr, bool) {
				n := random.Uint32()
				return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}), i < 200_000
			})
			t.Logf("%s and %s agree on %.1f %% of the known addresses, %.1f %% of 200,000 random IPv4 addresses", a, b, known.percent(), anywhere.percent())
		}
	}
}

// agreement is how often two providers say the same, of the addresses for which both say something.
func agreement(t *testing.T, a, b Provider, address func(i int) (netip.Addr, bool)) (s score) {
	t.Helper()
	for i := 0; ; i++ {
		x, ok := address(i)
		if !ok {
			return s
		}
		switch first, second := at(a, x), at(b, x); {
		case first == "" || second == "":
			s.unknown++
		case first == second:
			s.right++
		default:
			s.wrong++
		}
	}
}

// TestFigureCDN prints the size of the table of delivery networks, and how long it takes to read it.
func TestFigureCDN(t *testing.T) {
	began := time.Now()
	all := cdnSpans()
	t.Logf("%d bytes, %d ranges, read in %.1f ms", len(cdnText), len(all), float64(time.Since(began).Microseconds())/1000)
}
