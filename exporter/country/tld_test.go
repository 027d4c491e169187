package country

import (
	"strings"
	"testing"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/mnm-social/mnm/exporter/domain"
)

func TestTLD(t *testing.T) {
	for in, want := range map[string]string{
		"a.de": "DE", "a.fr": "FR", "a.jp": "JP", "a.uk": "GB", "a.co.uk": "GB", "a.us": "US", "a.ch": "CH", "a.tw": "TW", "a.ca": "CA",
		"a.nz": "NZ", "a.com.br": "BR", "A.DE.": "DE",
		"a.рф": "RU", "a.xn--p1ai": "RU", "a.中国": "CN", "a.中國": "CN", "a.台灣": "TW", "a.한국": "KR", "a.भारत": "IN", "a.ไทย": "TH",
		"a.امارات": "AE", "a.ລາວ": "LA", "a.укр": "UA", "a.ελ": "GR",
		"a.ею": "", "a.ευ": "",
		"a.io": "", "a.me": "", "a.tv": "", "a.ai": "", "a.co": "", "a.cc": "", "a.fm": "", "a.to": "", "a.im": "",
		"a.eu": "", "a.su": "", "a.ac": "", "a.aq": "", "a.social": "", "a.com": "", "a.berlin": "", "a.みんな": "",
		"a.xk": "XK", // not delegated, so no server has it
		"a.zz": "", "a.de.com": "",
	} {
		name, err := domain.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := OfTLD(name.TLD()); got != want {
			t.Errorf("%s is in %q, want %q", in, got, want)
		}
	}
	if OfTLD("") != "" || OfTLD("d") != "" {
		t.Error("what is no top-level domain is somewhere")
	}
}

// delegated reports whether a top-level domain is known to the public suffix list as one of ICANN's.
func delegated(tld string) bool {
	suffix, icann := publicsuffix.PublicSuffix("example." + tld)
	return icann && (suffix == tld || strings.HasSuffix(suffix, "."+tld))
}

// TestTables holds the tables against the public suffix list and each A-label against its own Unicode.
func TestTables(t *testing.T) {
	for label, code := range idn {
		unicode, err := idna.ToUnicode(label)
		if back, err2 := idna.ToASCII(unicode); err != nil || err2 != nil || back != label || unicode == label {
			t.Errorf("%s is no A-label", label)
		}
		if !Valid(code) {
			t.Errorf("%s is in %q", unicode, code)
		}
		if !delegated(label) {
			t.Errorf("%s (%s) is not delegated", label, unicode)
		}
	}
	for tld, why := range generic {
		if len(tld) != 2 || !delegated(tld) {
			t.Errorf(".%s is no country-code top-level domain", tld)
		}
		if why == "" || strings.Contains(why, "\n") {
			t.Errorf(".%s is generic for no reason", tld)
		}
		if OfTLD(tld) != "" {
			t.Errorf(".%s is bound", tld)
		}
	}
	if len(idn) != 61 {
		t.Errorf("%d top-level domains in other scripts", len(idn))
	}
}
