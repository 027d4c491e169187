package country

import (
	"encoding/json"
	"errors"
	"strings"
)

// answer is what APIs of addresses answer, as far as it tells a country. Each has the code at one of these places; several
// have the country's name at another of them.
type answer struct {
	CountryCode  text    `json:"country_code"`  // FreeGeoIP and its kin, ipapi.co, ipwho.is, GeoJS, IP2Location, IPinfo Lite
	CountryCode1 text    `json:"countryCode"`   // ip-api.com, DB-IP
	CountryCode2 text    `json:"country_code2"` // ipgeolocation.io
	Country      country `json:"country"`       // ipinfo.io, country.is; MaxMind's in an object
	Location     struct {
		CountryCode text `json:"country_code"` // ipapi.is
	} `json:"location"`
}

// text is a string, or nothing. Another kind of value is not this API's.
type text struct {
	is    bool
	value string
}

// UnmarshalJSON takes a string, or null for no country, and passes over anything else.
func (t *text) UnmarshalJSON(b []byte) error {
	*t = text{}
	if string(b) == "null" {
		t.is = true
		return nil
	}
	t.is = json.Unmarshal(b, &t.value) == nil
	return nil
}

// country is a code, a name or an object with a code.
type country struct{ text }

// UnmarshalJSON takes a string or MaxMind's object.
func (c *country) UnmarshalJSON(b []byte) error {
	var object struct {
		Code text `json:"iso_code"`
	}
	if json.Unmarshal(b, &object) == nil && object.Code.is {
		c.text = object.Code
		return nil
	}
	return c.text.UnmarshalJSON(b)
}

// readAnswer is the code in an answer, in capital letters, "" if the API says that it knows none: by an empty code or null, or
// by one of those that stand for no country. Anything else that is no code is an error, which does not quote it.
func readAnswer(body []byte) (string, error) {
	var a answer
	// A place may hold another kind of value: then it tells nothing.
	var other *json.UnmarshalTypeError
	if err := json.Unmarshal(body, &a); err != nil && !errors.As(err, &other) {
		return "", errors.New("the answer cannot be read")
	}
	// A name is longer than a code, and only country has names.
	if len(a.Country.value) > 2 {
		a.Country.is = false
	}
	for _, t := range []text{a.CountryCode, a.CountryCode1, a.CountryCode2, a.Country.text, a.Location.CountryCode} {
		if !t.is {
			continue
		}
		code := strings.ToUpper(t.value)
		switch {
		case Valid(code):
			return code, nil
		case none[code]:
			return "", nil
		}
		return "", errors.New("the answer has a country that is none")
	}
	return "", errors.New("the answer has no country")
}

// none are the codes that data on addresses has for no country: MaxMind's for Europe, the Asia-Pacific region, proxies and
// satellites, ISO 3166's for unknown, and those of users' own that mean it.
var none = map[string]bool{"": true, "-": true, "EU": true, "AP": true, "A1": true, "A2": true, "O1": true, "ZZ": true, "XX": true}
