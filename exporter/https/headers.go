package https

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// cors judges whom the server lets read its answers, by what it said to Visit.Origin. For the scanner, only an answer that
// says that all is well says whom.
func (v Visit) cors() Result {
	h := v.Answer.Header
	allowed, _ := header(h, "Access-Control-Allow-Origin")
	credentials, _ := header(h, "Access-Control-Allow-Credentials")
	switch {
	case allowed == "", v.Answer.Status >= http.StatusMultipleChoices:
		return corsNone
	case lower(trim(cut(allowed, 256))) == "*":
		return corsPublic
	case v.Origin == allowed && lower(trim(credentials)) == "true":
		return corsUniversal
	}
	return corsRestricted
}

// redirection judges what http://HOST/ answered. Only its first step is known: one that leads to another page over http is
// taken to lead to https later, and one that leads to https to stay there.
func (v Visit) redirection() Result {
	switch {
	case v.Plain == nil:
		return redirectionNotNeeded
	case !slices.Contains([]int{301, 302, 303, 307, 308}, v.Plain.Status):
		return redirectionMissing
	}
	location := strings.Trim(latin1(cut(v.Plain.Location, maxHeader)), " \t")
	if location == "" {
		return redirectionNotHTTPS // the scanner goes round in a circle
	}
	host := v.Host.String()
	to, ok := parseURL(location, &webURL{scheme: "http", host: host})
	switch {
	case !ok, to.scheme != "http" && to.scheme != "https": // the scanner takes its failure to go there for a closed port
		return redirectionNotNeeded
	case to.scheme == "http" && v.circular(location):
		return redirectionNotHTTPS
	case to.host == host && v.Failed != nil:
		return redirectionInvalidCert
	case to.scheme == "http":
		return redirectionFirstPlain
	case to.host != host:
		return redirectionOffHost
	}
	return redirectionHTTPS
}

// circular reports whether a Location leads back to http://HOST/.
func (v Visit) circular(location string) bool {
	from := &url.URL{Scheme: "http", Host: v.Host.String(), Path: "/"}
	to, err := from.Parse(location)
	return err == nil && strings.EqualFold(to.Host, from.Host) && to.Scheme == "http" && to.RequestURI() == "/"
}

// referrerPolicy judges the last policy known to browsers; those of the page come after those of the header.
func referrerPolicy(h http.Header, meta string) Result {
	text, sent := header(h, "Referrer-Policy")
	if !sent && meta == "" {
		return referrerMissing
	}
	result := referrerInvalid
	for part := range strings.SplitSeq(text+","+meta, ",") {
		switch trim(lower(part)) {
		case "no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin":
			result = referrerPrivate
		case "origin", "origin-when-cross-origin", "unsafe-url", "no-referrer-when-downgrade":
			result = referrerUnsafe
		}
	}
	return result
}

// sixMonths is MDN's, in seconds: a little less, for the sake of the many sites that count months of 30 days.
const sixMonths = "15552000"

// hsts judges Strict-Transport-Security, which counts only where the certificate verified.
func (v Visit) hsts() Result {
	text, sent := header(v.Answer.Header, "Strict-Transport-Security")
	text = cut(text, 1024)
	switch {
	case v.Failed != nil:
		return hstsInvalidCert
	case !sent:
		return hstsMissing
	case strings.Contains(text, ","):
		return hstsInvalid
	}
	result := hstsInvalid
	for part := range strings.SplitSeq(text, ";") {
		if age, ok := strings.CutPrefix(lower(trim(part)), "max-age="); ok {
			result = hstsLong
			if short(cut(age, 120)) {
				result = hstsShort
			}
		}
	}
	return result
}

// short reports whether a text begins with a number below sixMonths. A text that begins with no number, as one in quotes,
// is not short: so the scanner has it.
func short(text string) bool {
	text = trim(text)
	digits := strings.TrimLeft(text, "+-")
	if len(text)-len(digits) > 1 {
		return false
	}
	end := strings.IndexFunc(digits+" ", func(r rune) bool { return r < '0' || r > '9' })
	if end == 0 {
		return false
	}
	number := strings.TrimLeft(digits[:end], "0")
	return text[0] == '-' || len(number) < len(sixMonths) || len(number) == len(sixMonths) && number < sixMonths
}

// contentTypeOptions judges X-Content-Type-Options.
func contentTypeOptions(h http.Header) Result {
	switch text, _ := header(h, "X-Content-Type-Options"); {
	case text == "":
		return typeMissing
	case lower(trim(cut(text, 256))) == "nosniff":
		return typeNosniff
	}
	return typeInvalid
}

// frameOptions judges X-Frame-Options, which doesn't matter where the policy says who may frame the page.
func frameOptions(h http.Header, framed bool) Result {
	text, _ := header(h, "X-Frame-Options")
	value := lower(trim(cut(text, 1024)))
	switch {
	case framed:
		return frameCSP
	case text == "":
		return frameMissing
	case value == "deny", value == "sameorigin":
		return frameDeny
	case strings.HasPrefix(value, "allow-from"):
		return frameAllowFrom
	}
	return frameInvalid
}

// resourcePolicy judges Cross-Origin-Resource-Policy.
func resourcePolicy(h http.Header) Result {
	text, _ := header(h, "Cross-Origin-Resource-Policy")
	switch lower(trim(cut(text, 256))) {
	case "":
		return corpMissing
	case "same-site":
		return corpSameSite
	case "same-origin":
		return corpSameOrigin
	case "cross-origin":
		return corpCrossOrigin
	}
	return corpInvalid
}
