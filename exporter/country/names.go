package country

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// codes are the officially assigned alpha-2 codes of ISO 3166-1, sorted, and XK: Kosovo has no official code, and XK is the
// user-assigned one by which the European Commission, Unicode's CLDR and all data on addresses call it.
var codes = strings.Fields(`
	AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD
	CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF
	GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN
	KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA
	NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI
	SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI
	VN VU WF WS XK YE YT ZA ZM ZW`)

// Codes lists every country that an Answer may name, in order.
func Codes() []string { return slices.Clone(codes) }

// Valid reports whether code is one of Codes. Lower case is not.
func Valid(code string) bool {
	_, ok := slices.BinarySearch(codes, code)
	return ok
}

// renamed are the countries that took another name after the version of Unicode's CLDR that golang.org/x/text carries (32).
var renamed = map[string]string{"MK": "North Macedonia", "SZ": "Eswatini", "TR": "Türkiye"}

// Name is the country's English name by Unicode's CLDR, "" for what is not one of Codes.
func Name(code string) string {
	if !Valid(code) {
		return ""
	}
	if name, ok := renamed[code]; ok {
		return name
	}
	return display.English.Regions().Name(language.MustParseRegion(code))
}

// continents by the United Nations' M49 groups.
var continents = []struct {
	name  string
	group language.Region
}{
	{"Africa", language.MustParseRegion("002")},
	{"Asia", language.MustParseRegion("142")},
	{"Europe", language.MustParseRegion("150")},
	{"North America", language.MustParseRegion("003")}, // with Central America and the Caribbean
	{"South America", language.MustParseRegion("005")},
	{"Oceania", language.MustParseRegion("009")},
}

// moved are the places for which CLDR knows no continent of M49's and says "outlying Oceania"; M49 itself puts the four islands
// where they stand here and leaves Antarctica alone.
var moved = map[string]string{
	"AQ": "Antarctica",
	"BV": "South America", "GS": "South America",
	"IO": "Africa", "TF": "Africa",
}

// Continent is the English name of the country's continent, one of seven; "" for what is not one of Codes.
func Continent(code string) string {
	if !Valid(code) {
		return ""
	}
	if name, ok := moved[code]; ok {
		return name
	}
	region := language.MustParseRegion(code)
	for _, c := range continents {
		if c.group.Contains(region) {
			return c.name
		}
	}
	return ""
}
