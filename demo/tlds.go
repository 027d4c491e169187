package demo

import "strings"

// boundTLD is the country to which a top-level domain is bound, by its registry's rules and by its use; "" for those that
// are no country's, or are sold to everybody.
func boundTLD(tld string) string {
	switch {
	case tld == "uk":
		return "GB"
	case tld == "xn--p1ai":
		return "RU"
	case tld == "xn--y9a3aq":
		return "AM"
	case len(tld) != 2 || strings.Contains(soldTLDs, " "+tld+" "):
		return ""
	}
	return strings.ToUpper(tld)
}

// soldTLDs are the ccTLDs that are used without regard to their country: those that Google Search treats as generic, those
// that were given away free, those with hardly any inhabitants, and those that are sold as words.
const soldTLDs = " ac ad ag ai am as bz cc cd cf co cv cx dj eu fm ga gd gg gl gq gs im io is la lc li ly md me ml mn ms mu nf nu" +
	" pm pn pw re sc sh so sr st su sx tc tf tk tl to tv vc vg vu wf ws yt "

// regions are the top-level domains of places that the World's instances have, and the country in which each lies.
var regions = map[string]string{
	"bayern": "DE", "berlin": "DE", "boston": "US", "cat": "ES", "cologne": "DE", "eus": "ES", "ist": "TR", "joburg": "ZA", "nyc": "US",
	"okinawa": "JP", "osaka": "JP", "saarland": "DE", "scot": "GB", "tokyo": "JP", "vlaanderen": "BE", "wales": "GB", "yokohama": "JP",
}

// bound is the country to which a top-level domain is bound, as that of the country or of a place in it, and the rule that says
// so as the label "source" has it; nothing if it is bound to none.
func bound(tld string) (country, source string) {
	if country = boundTLD(tld); country != "" {
		return country, "tld"
	}
	if country = regions[tld]; country != "" {
		return country, "region_tld"
	}
	return "", ""
}
