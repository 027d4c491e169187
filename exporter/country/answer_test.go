package country

import (
	"strings"
	"testing"
)

func TestReadAnswer(t *testing.T) {
	for _, row := range []struct{ what, body, want string }{
		{"FreeGeoIP", `{"ip":"95.216.0.1","country_code":"FI","country_name":"Finland","region_code":"18","city":"Helsinki","latitude":60.1,"metro_code":0}`, "FI"},
		{"ipapi.co", `{"ip":"95.216.0.1","country":"FI","country_name":"Finland","country_code":"FI","country_code_iso3":"FIN"}`, "FI"},
		{"ip-api.com", `{"status":"success","country":"Finland","countryCode":"FI","region":"18","lat":60.1,"query":"95.216.0.1"}`, "FI"},
		{"ipinfo.io", `{"ip":"95.216.0.1","city":"Helsinki","region":"Uusimaa","country":"FI","loc":"60.1,24.9"}`, "FI"},
		{"IPinfo Lite", `{"ip":"95.216.0.1","asn":"AS24940","country_code":"FI","country":"Finland","continent_code":"EU"}`, "FI"},
		{"country.is", `{"ip":"95.216.0.1","country":"FI"}`, "FI"},
		{"ipwho.is", `{"success":true,"type":"IPv4","country":"Finland","country_code":"FI","connection":{"asn":24940}}`, "FI"},
		{"ipgeolocation.io", `{"country_code2":"FI","country_code3":"FIN","country_name":"Finland"}`, "FI"},
		{"ipapi.is", `{"is_bogon":false,"location":{"country":"Finland","country_code":"FI"},"asn":{"country":"de"}}`, "FI"},
		{"MaxMind's", `{"continent":{"code":"EU"},"country":{"iso_code":"FI","names":{"en":"Finland"}},"registered_country":{"iso_code":"DE"}}`, "FI"},
		{"small letters", `{"country":"fi"}`, "FI"},
		{"a wrong kind beside the right one", `{"country_code":"FI","country":7,"location":"60.1,24.9"}`, "FI"},
		{"a number for a code, and a code", `{"country_code":246,"country":"FI"}`, "FI"},

		{"FreeGeoIP knows none", `{"ip":"192.0.2.1","country_code":"","country_name":""}`, ""},
		{"null", `{"country_code":null,"country":null}`, ""},
		{"Europe", `{"country_code":"EU"}`, ""},
		{"not known", `{"country":"ZZ"}`, ""},
		{"a dash", `{"country_code":"-","country_name":"-"}`, ""},

		{"a failure", `{"status":"fail","message":"invalid query"}`, "!"},
		{"too many", `{"error":true,"reason":"RateLimited"}`, "!"},
		{"a name only", `{"country":"Finland"}`, "!"},
		{"no code", `{"country_code":"QQ"}`, "!"},
		{"a code of yesterday", `{"country_code":"AN"}`, "!"},
		{"three letters", `{"country_code":"FIN"}`, "!"},
		{"the first place has no code", `{"country_code":"QQ","country":"FI"}`, "!"},
		{"other letters", `{"country_code":"ﬁ"}`, "!"},
		{"an object without", `{"country":{}}`, "!"},
		{"numbers", `{"country_code":246}`, "!"},
		{"a list", `["FI"]`, "!"},
		{"a string", `"FI"`, "!"},
		{"text", "FI\n", "!"},
		{"a page", "<html><title>Sign in</title>", "!"},
		{"nothing", "", "!"},
		{"cut off", `{"country_code":"FI"`, "!"},
		{"two", `{"country_code":"FI"}{"country_code":"DE"}`, "!"},
		{"deep", strings.Repeat(`{"country":`, 20000) + "1" + strings.Repeat("}", 20000), "!"},
	} {
		got, err := readAnswer([]byte(row.body))
		if (err != nil) != (row.want == "!") || err == nil && got != row.want || err != nil && got != "" {
			t.Errorf("%s: %q, %v; want %q", row.what, got, err, row.want)
		}
	}
}

func FuzzReadAnswer(f *testing.F) {
	f.Add([]byte(`{"country_code":"FI","country":"Finland","countryCode":"FI","location":{"country_code":"FI"}}`))
	f.Add([]byte(`{"country":{"iso_code":null}}`))
	f.Add([]byte(`{"country_code2":"secret words"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		code, err := readAnswer(b)
		if code != "" && (err != nil || !Valid(code)) {
			t.Fatalf("%q, %v", code, err)
		}
		if err != nil && len(err.Error()) > 50 {
			t.Fatalf("%v quotes the answer", err)
		}
	})
}
