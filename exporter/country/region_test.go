package country

import (
	"testing"

	"golang.org/x/net/idna"
)

func TestOfRegion(t *testing.T) {
	for tld, want := range map[string]string{
		"berlin": "DE", "bzh": "FR", "cat": "ES", "tokyo": "JP", "wales": "GB", "nyc": "US", "wien": "AT", "xn--80adxhks": "RU", "zuerich": "CH",
		"de": "", "uk": "", "social": "", "africa": "", "lat": "", "asia": "", "kiwi": "", "eu": "", "roma": "", "doha": "", "Berlin": "", "": "",
	} {
		if got := OfRegion(tld); got != want {
			t.Errorf(".%s is in %q, want %q", tld, got, want)
		}
	}
}

// TestRegions holds the table against the public suffix list.
func TestRegions(t *testing.T) {
	for tld, at := range regions {
		if !delegated(tld) {
			t.Errorf(".%s is not delegated", tld)
		}
		if !Valid(at.country) || at.place == "" {
			t.Errorf(".%s is %+v", tld, at)
		}
		if OfTLD(tld) != "" {
			t.Errorf(".%s is bound to a country already", tld)
		}
		if unicode, err := idna.ToUnicode(tld); err != nil || (unicode == tld) != (tld[:min(4, len(tld))] != "xn--") {
			t.Errorf(".%s is %q: %v", tld, unicode, err)
		}
	}
	if len(regions) != 63 {
		t.Errorf("%d places", len(regions))
	}
}
