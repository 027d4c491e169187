package country

import (
	"slices"
	"strings"
	"testing"
)

// m49 are the continents by the United Nations' standard country or area codes for statistical use, typed from its tables;
// Taiwan and Kosovo, which it does not list, stand where they lie.
var m49 = map[string]string{
	"Africa": `DZ EG LY MA SD TN EH  IO BI KM DJ ER ET TF KE MG MW MU YT MZ RE RW SC SO SS UG TZ ZM ZW
		AO CM CF TD CG CD GQ GA ST  BW SZ LS NA ZA  BJ BF CV CI GM GH GN GW LR ML MR NE NG SH SN SL TG`,
	"South America": `AR BO BV BR CL CO EC FK GF GY PY PE GS SR UY VE`,
	"North America": `AI AG AW BS BB BQ VG KY CU CW DM DO GD GP HT JM MQ MS PR BL KN LC MF VC SX TT TC VI
		BZ CR SV GT HN MX NI PA  BM CA GL PM US`,
	"Asia": `KZ KG TJ TM UZ  CN HK MO KP JP MN KR TW  BN KH ID LA MY MM PH SG TH TL VN  AF BD BT IN IR MV NP PK LK
		AM AZ BH CY GE IQ IL JO KW LB OM QA SA PS SY TR AE YE`,
	"Europe": `BY BG CZ HU PL MD RO RU SK UA  AX GG JE DK EE FO FI IS IE IM LV LT NO SJ SE GB
		AL AD BA HR GI GR VA IT MT ME MK PT SM RS SI ES XK  AT BE FR DE LI LU MC NL CH`,
	"Oceania":    `AU CX CC HM NZ NF  FJ NC PG SB VU  GU KI MH FM NR MP PW UM  AS CK PF NU PN WS TK TO TV WF`,
	"Antarctica": `AQ`,
}

func TestContinent(t *testing.T) {
	seen := map[string]bool{}
	for continent, list := range m49 {
		for _, code := range strings.Fields(list) {
			if got := Continent(code); got != continent {
				t.Errorf("%s (%s) lies in %q, want %s", code, Name(code), got, continent)
			}
			seen[code] = true
		}
	}
	for _, code := range Codes() {
		if !seen[code] {
			t.Errorf("%s is not in M49", code)
		}
	}
	if len(seen) != 250 || len(Codes()) != 250 {
		t.Errorf("%d codes, M49 has %d; want 249 of ISO 3166 and XK", len(Codes()), len(seen))
	}
}

func TestName(t *testing.T) {
	for code, want := range map[string]string{
		"DE": "Germany", "GB": "United Kingdom", "US": "United States", "JP": "Japan", "TW": "Taiwan", "XK": "Kosovo", "AQ": "Antarctica",
		"CI": "Côte d’Ivoire", "MK": "North Macedonia", "SZ": "Eswatini", "TR": "Türkiye", "CZ": "Czechia", "SS": "South Sudan",
		"": "", "unknown": "", "de": "", "UK": "", "EU": "", "SU": "", "AC": "", "ZZ": "", "AN": "", "D": "", "DE ": "",
	} {
		if got := Name(code); got != want {
			t.Errorf("Name(%q) = %q, want %q", code, got, want)
		}
		if Valid(code) != (want != "") || (Continent(code) != "") != (want != "") {
			t.Errorf("%q: valid %v, continent %q", code, Valid(code), Continent(code))
		}
	}
	names := map[string]string{}
	for _, code := range Codes() {
		name := Name(code)
		if name == "" || name == code || names[name] != "" {
			t.Errorf("%s is called %q, as is %q", code, name, names[name])
		}
		names[name] = code
	}
	codes := Codes()
	if !slices.IsSorted(codes) {
		t.Error("the codes are not in order")
	}
	codes[0] = "changed"
	if Codes()[0] != "AD" {
		t.Error("who changes what Codes gave changes the codes")
	}
}
