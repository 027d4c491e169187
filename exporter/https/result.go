package https

import "fmt"

// Result is what came out of one test. The set is closed. The zero Result is none.
type Result uint8

// The tests, in the order of their results in Marks: first MDN's, as MDN names them, then those of TLS.
const (
	testCSP         = "content-security-policy"
	testCookies     = "cookies"
	testCORS        = "cross-origin-resource-sharing"
	testRedirection = "redirection"
	testReferrer    = "referrer-policy"
	testHSTS        = "strict-transport-security"
	testSRI         = "subresource-integrity"
	testType        = "x-content-type-options"
	testFrame       = "x-frame-options"
	testCORP        = "cross-origin-resource-policy"

	testProtocol  = "tls-protocol"
	testKey       = "tls-key"
	testSignature = "tls-signature"
	testChain     = "tls-chain"
	testName      = "tls-name"
	testExpiry    = "tls-expiry"
	testPreload   = "tls-preload"
)

const (
	_ Result = iota

	cspDefaultNone
	cspSafe
	cspUnsafeStyle
	cspRepeated
	cspInsecurePassive
	cspUnsafeEval
	cspUnsafeInline
	cspInsecureScheme
	cspInvalid
	cspMissing
	cspReportOnly

	cookiesSameSite
	cookiesSafe
	cookiesNone
	cookiesInsecureHSTS
	cookiesInsecure
	cookiesSessionInsecureHSTS
	cookiesSameSiteInvalid
	cookiesAntiCSRF
	cookiesSessionScript
	cookiesSessionInsecure

	corsNone
	corsPublic
	corsRestricted
	corsUniversal

	redirectionHTTPS
	redirectionNotNeeded
	redirectionOffHost
	redirectionFirstPlain
	redirectionNotHTTPS
	redirectionMissing
	redirectionInvalidCert

	referrerPrivate
	referrerMissing
	referrerUnsafe
	referrerInvalid

	hstsLong
	hstsShort
	hstsMissing
	hstsInvalid
	hstsInvalidCert

	sriAll
	sriExternal
	sriNotHTML
	sriNoScripts
	sriSameOrigin
	sriInsecure
	sriMissing
	sriMissingInsecure

	typeNosniff
	typeMissing
	typeInvalid

	frameCSP
	frameDeny
	frameAllowFrom
	frameMissing
	frameInvalid

	corpSameOrigin
	corpSameSite
	corpCrossOrigin
	corpMissing
	corpInvalid

	protocol13
	protocol12
	protocol12CBC
	protocolOld
	protocolUnknown

	keyStrong
	keyShort
	keyBroken
	keyUnknown

	signatureStrong
	signatureSHA1
	signatureBroken

	chainVerified
	chainLong
	chainUnknown
	chainSelfSigned
	chainUntrusted

	nameMatches
	nameDiffers

	expiryLater
	expirySoon
	expiryImminent
	expiryPassed

	preloadEligible
	preloadNot
)

// table is what results are called and what they cost: MDN's names and figures (its src/grader/charts.js and the lists
// of what passes at the end of each of its tests), then ours. docs/https-score.md repeats it; a test holds them together.
var table = [...]struct {
	name, test string
	modifier   int
	pass       bool
}{
	cspDefaultNone:     {"csp-implemented-with-no-unsafe-default-src-none", testCSP, 10, true},
	cspSafe:            {"csp-implemented-with-no-unsafe", testCSP, 5, true},
	cspUnsafeStyle:     {"csp-implemented-with-unsafe-inline-in-style-src-only", testCSP, 0, true},
	cspRepeated:        {"csp-implemented-but-duplicate-directives", testCSP, 0, true},
	cspInsecurePassive: {"csp-implemented-with-insecure-scheme-in-passive-content-only", testCSP, -10, true},
	cspUnsafeEval:      {"csp-implemented-with-unsafe-eval", testCSP, -10, false},
	cspUnsafeInline:    {"csp-implemented-with-unsafe-inline", testCSP, -20, false},
	cspInsecureScheme:  {"csp-implemented-with-insecure-scheme", testCSP, -20, false},
	cspInvalid:         {"csp-header-invalid", testCSP, -25, false},
	cspMissing:         {"csp-not-implemented", testCSP, -25, false},
	cspReportOnly:      {"csp-not-implemented-but-reporting-enabled", testCSP, -25, false},

	cookiesSameSite:            {"cookies-secure-with-httponly-sessions-and-samesite", testCookies, 5, true},
	cookiesSafe:                {"cookies-secure-with-httponly-sessions", testCookies, 0, true},
	cookiesNone:                {"cookies-not-found", testCookies, 0, true},
	cookiesInsecureHSTS:        {"cookies-without-secure-flag-but-protected-by-hsts", testCookies, -5, false},
	cookiesInsecure:            {"cookies-without-secure-flag", testCookies, -20, false},
	cookiesSessionInsecureHSTS: {"cookies-session-without-secure-flag-but-protected-by-hsts", testCookies, -10, false},
	cookiesSameSiteInvalid:     {"cookies-samesite-flag-invalid", testCookies, -20, false},
	cookiesAntiCSRF:            {"cookies-anticsrf-without-samesite-flag", testCookies, -20, false},
	cookiesSessionScript:       {"cookies-session-without-httponly-flag", testCookies, -30, false},
	cookiesSessionInsecure:     {"cookies-session-without-secure-flag", testCookies, -40, false},

	corsNone:       {"cross-origin-resource-sharing-not-implemented", testCORS, 0, true},
	corsPublic:     {"cross-origin-resource-sharing-implemented-with-public-access", testCORS, 0, true},
	corsRestricted: {"cross-origin-resource-sharing-implemented-with-restricted-access", testCORS, 0, true},
	corsUniversal:  {"cross-origin-resource-sharing-implemented-with-universal-access", testCORS, -50, false},

	redirectionHTTPS:       {"redirection-to-https", testRedirection, 0, true},
	redirectionNotNeeded:   {"redirection-not-needed-no-http", testRedirection, 0, true},
	redirectionOffHost:     {"redirection-off-host-from-http", testRedirection, -5, false},
	redirectionFirstPlain:  {"redirection-not-to-https-on-initial-redirection", testRedirection, -10, false},
	redirectionNotHTTPS:    {"redirection-not-to-https", testRedirection, -20, false},
	redirectionMissing:     {"redirection-missing", testRedirection, -20, false},
	redirectionInvalidCert: {"redirection-invalid-cert", testRedirection, -20, false},

	referrerPrivate: {"referrer-policy-private", testReferrer, 5, true},
	referrerMissing: {"referrer-policy-not-implemented", testReferrer, 0, true},
	referrerUnsafe:  {"referrer-policy-unsafe", testReferrer, -5, false},
	referrerInvalid: {"referrer-policy-header-invalid", testReferrer, -5, false},

	hstsLong:        {"hsts-implemented-max-age-at-least-six-months", testHSTS, 0, true},
	hstsShort:       {"hsts-implemented-max-age-less-than-six-months", testHSTS, -10, false},
	hstsMissing:     {"hsts-not-implemented", testHSTS, -20, false},
	hstsInvalid:     {"hsts-header-invalid", testHSTS, -20, false},
	hstsInvalidCert: {"hsts-invalid-cert", testHSTS, -20, false},

	sriAll:             {"sri-implemented-and-all-scripts-loaded-securely", testSRI, 5, true},
	sriExternal:        {"sri-implemented-and-external-scripts-loaded-securely", testSRI, 5, true},
	sriNotHTML:         {"sri-not-implemented-response-not-html", testSRI, 0, true},
	sriNoScripts:       {"sri-not-implemented-but-no-scripts-loaded", testSRI, 0, true},
	sriSameOrigin:      {"sri-not-implemented-but-all-scripts-loaded-from-secure-origin", testSRI, 0, true},
	sriInsecure:        {"sri-implemented-but-external-scripts-not-loaded-securely", testSRI, -20, false},
	sriMissing:         {"sri-not-implemented-but-external-scripts-loaded-securely", testSRI, -5, false},
	sriMissingInsecure: {"sri-not-implemented-and-external-scripts-not-loaded-securely", testSRI, -50, false},

	typeNosniff: {"x-content-type-options-nosniff", testType, 0, true},
	typeMissing: {"x-content-type-options-not-implemented", testType, -5, false},
	typeInvalid: {"x-content-type-options-header-invalid", testType, -5, false},

	frameCSP:       {"x-frame-options-implemented-via-csp", testFrame, 5, true},
	frameDeny:      {"x-frame-options-sameorigin-or-deny", testFrame, 0, true},
	frameAllowFrom: {"x-frame-options-allow-from-origin", testFrame, 0, true},
	frameMissing:   {"x-frame-options-not-implemented", testFrame, -20, false},
	frameInvalid:   {"x-frame-options-header-invalid", testFrame, -20, false},

	corpSameOrigin:  {"corp-implemented-with-same-origin", testCORP, 10, true},
	corpSameSite:    {"corp-implemented-with-same-site", testCORP, 10, true},
	corpCrossOrigin: {"corp-implemented-with-cross-origin", testCORP, 0, true},
	corpMissing:     {"corp-not-implemented", testCORP, 0, true},
	corpInvalid:     {"corp-header-invalid", testCORP, -5, false},

	protocol13:      {"tls-protocol-1-3", testProtocol, 0, true},
	protocol12:      {"tls-protocol-1-2", testProtocol, -5, true},
	protocol12CBC:   {"tls-protocol-1-2-without-aead", testProtocol, -15, false},
	protocolOld:     {"tls-protocol-old", testProtocol, -60, false},
	protocolUnknown: {"tls-protocol-unknown", testProtocol, 0, false},

	keyStrong:  {"tls-key-strong", testKey, 0, true},
	keyShort:   {"tls-key-short", testKey, -40, false},
	keyBroken:  {"tls-key-broken", testKey, -100, false},
	keyUnknown: {"tls-key-unknown", testKey, -40, false},

	signatureStrong: {"tls-signature-strong", testSignature, 0, true},
	signatureSHA1:   {"tls-signature-sha1", testSignature, -40, false},
	signatureBroken: {"tls-signature-broken", testSignature, -100, false},

	chainVerified:   {"tls-chain-verified", testChain, 0, true},
	chainLong:       {"tls-chain-verified-but-long", testChain, -5, false},
	chainUnknown:    {"tls-chain-not-verified", testChain, 0, false},
	chainSelfSigned: {"tls-chain-self-signed", testChain, -100, false},
	chainUntrusted:  {"tls-chain-untrusted", testChain, -100, false},

	nameMatches: {"tls-name-matches", testName, 0, true},
	nameDiffers: {"tls-name-differs", testName, -100, false},

	expiryLater:    {"tls-expiry-later", testExpiry, 0, true},
	expirySoon:     {"tls-expiry-soon", testExpiry, -10, false},
	expiryImminent: {"tls-expiry-imminent", testExpiry, -20, false},
	expiryPassed:   {"tls-expiry-passed", testExpiry, -100, false},

	preloadEligible: {"tls-preload-eligible", testPreload, 0, true},
	preloadNot:      {"tls-preload-not-eligible", testPreload, -5, false},
}

// String is the result's name: MDN's own for its tests.
func (r Result) String() string { return table[r.known()].name }

// Test is the name of the test that it is a result of.
func (r Result) Test() string { return table[r.known()].test }

// Modifier is what it adds to the score; what is above 0 is extra credit.
func (r Result) Modifier() int { return table[r.known()].modifier }

// Pass reports whether the test was passed.
func (r Result) Pass() bool { return table[r.known()].pass }

// known is r, or none where r is a number that no result has.
func (r Result) known() Result {
	if int(r) >= len(table) {
		return 0
	}
	return r
}

// MarshalText is the name: numbers may change from version to version.
func (r Result) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText finds a result by its name. A name that no result has is an error, and leaves none.
func (r *Result) UnmarshalText(name []byte) error {
	*r = 0
	for i, row := range table {
		if i > 0 && row.name == string(name) {
			*r = Result(i)
			return nil
		}
	}
	return fmt.Errorf("%d bytes that name no result of a test", len(name))
}
