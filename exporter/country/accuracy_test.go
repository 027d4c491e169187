package country

import (
	"net/netip"
	"os"
	"strings"
	"testing"
)

// known is a row of testdata/addresses.tsv.
type known struct {
	addr                  netip.Addr
	country, kind, source string
}

func knownAddresses(t *testing.T) []known {
	t.Helper()
	b, err := os.ReadFile("testdata/addresses.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var all []known
	seen := map[netip.Addr]bool{}
	for line := range strings.Lines(string(b)) {
		if line[0] == '#' {
			continue
		}
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 4 || !Valid(f[1]) || len(f[3]) < 10 {
			t.Fatalf("no row: %q", line)
		}
		k := known{netip.MustParseAddr(f[0]), f[1], f[2], f[3]}
		if seen[k.addr] {
			t.Errorf("%s is there twice", k.addr)
		}
		seen[k.addr] = true
		all = append(all, k)
	}
	return all
}

// score is how a provider did.
type score struct{ right, wrong, unknown int }

func (s *score) add(got, want string) {
	switch got {
	case want:
		s.right++
	case "":
		s.unknown++
	default:
		s.wrong++
	}
}

func (s score) all() int { return s.right + s.wrong + s.unknown }

// percent of what it answered that is right.
func (s score) percent() float64 { return 100 * float64(s.right) / float64(max(1, s.right+s.wrong)) }

// judge has a provider answer every row: by kind, by family, and in all; each tells of the wrong ones.
func judge(t *testing.T, p Provider, rows []known, each func(k known, got string)) map[string]*score {
	t.Helper()
	scores := map[string]*score{}
	for _, k := range rows {
		got, err := p.Country(t.Context(), k.addr)
		if err != nil {
			t.Fatal(err)
		}
		family := "IPv6"
		if k.addr.Is4() {
			family = "IPv4"
		}
		for _, group := range []string{"all", k.kind, family} {
			if scores[group] == nil {
				scores[group] = &score{}
			}
			scores[group].add(got, k.country)
		}
		if got != k.country {
			each(k, got)
		}
	}
	return scores
}

// TestAccuracy holds the embedded data against addresses whose country is known from elsewhere.
func TestAccuracy(t *testing.T) {
	rows := knownAddresses(t)
	scores := judge(t, data(t), rows, func(k known, got string) {
		t.Logf("%s is in %q, should be %s: %s", k.addr, got, k.country, k.source)
	})
	for group, least := range map[string]float64{"all": 95, "university": 98, "hoster": 90, "cloud": 95, "IPv4": 95, "IPv6": 90} {
		s := scores[group]
		t.Logf("%s: %d of %d right, %d wrong, %d unknown: %.1f %%", group, s.right, s.all(), s.wrong, s.unknown, s.percent())
		if s.percent() < least || s.unknown > s.all()/50 {
			t.Errorf("%s: %.1f %% right, want %v", group, s.percent(), least)
		}
	}
	countries := map[string]bool{}
	for _, k := range rows {
		if countries[k.country] = true; ofCDN(k.addr) {
			t.Errorf("%s is taken for a delivery network's: %s", k.addr, k.source)
		}
	}
	if len(rows) < 400 || len(countries) < 50 {
		t.Errorf("%d rows in %d countries", len(rows), len(countries))
	}
}
