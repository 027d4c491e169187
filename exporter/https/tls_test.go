package https

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/mnm-social/mnm/exporter/domain"
)

var oak = func() domain.Name {
	n, err := domain.Parse("oak.social")
	if err != nil {
		panic(err)
	}
	return n
}()

// shake makes a handshake with a server over a pipe, and a Visit of what came of it.
func shake(t *testing.T, ca testCA, server *tls.Config) Visit {
	t.Helper()
	mine, its := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = tls.Server(its, server).Handshake()
		its.Close()
	}()
	client := tls.Client(mine, &tls.Config{RootCAs: ca.pool, ServerName: oak.String()})
	err := client.Handshake()
	mine.Close()
	<-done
	v := Visit{Host: oak, At: time.Now(), Failed: err}
	if err == nil {
		state := client.ConnectionState()
		v.TLS = &state
		v.Answer = &Answer{Status: http.StatusOK, Header: http.Header{
			"Strict-Transport-Security": {"max-age=31536000; includeSubDomains; preload"},
		}}
	} else {
		v.Failed = fmt.Errorf("asking %s: %w", oak, err) // as it comes from the way out
	}
	return v
}

// TestHandshakes tells apart what can be wrong with a certificate, by what crypto/tls says of real handshakes.
func TestHandshakes(t *testing.T) {
	const day = 24 * time.Hour
	ca, other, key := newCA(t), newCA(t), newKey(t)
	self := sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "me"}, DNSNames: []string{"oak.social"},
		NotBefore: time.Now().Add(-day), NotAfter: time.Now().Add(90 * day),
	}, nil, key, key)
	good := ca.leaf(t, day, 90*day, "oak.social")
	four := good
	four.Certificate = append(slices.Clone(good.Certificate), slices.Repeat([][]byte{ca.cert.Raw}, 3)...)
	five := four
	five.Certificate = append(slices.Clone(four.Certificate), ca.cert.Raw)
	ok := []string{"tls-protocol-1-3", "tls-key-strong", "tls-signature-strong", "tls-chain-verified", "tls-name-matches", "tls-expiry-later", "tls-preload-eligible"}
	with := func(changes ...string) []string {
		all := slices.Clone(ok)
		for _, c := range changes {
			var r Result
			if err := r.UnmarshalText([]byte(c)); err != nil {
				t.Fatal(err)
			}
			i := slices.Index([]string{"tls-protocol", "tls-key", "tls-signature", "tls-chain", "tls-name", "tls-expiry", "tls-preload"}, r.Test())
			all[i] = c
		}
		return all
	}
	failed := func(changes ...string) []string {
		return with(append(changes, "tls-protocol-unknown", "tls-preload-not-eligible")...)
	}
	config := func(c tls.Certificate) *tls.Config { return &tls.Config{Certificates: []tls.Certificate{c}} }
	for _, row := range []struct {
		name    string
		server  *tls.Config
		verdict Verdict
		version string
		score   int
		grade   string
		results []string
	}{
		{"good", config(good), VerdictOK, "TLS 1.3", 100, "A+", ok},
		{"TLS 1.2", &tls.Config{Certificates: []tls.Certificate{good}, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256}},
			VerdictOK, "TLS 1.2", 95, "A", with("tls-protocol-1-2")},
		{"TLS 1.2 with CBC", &tls.Config{Certificates: []tls.Certificate{good}, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}},
			VerdictOK, "TLS 1.2", 85, "A-", with("tls-protocol-1-2-without-aead")},
		{"TLS 1.1", &tls.Config{Certificates: []tls.Certificate{good}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
			VerdictOldProtocol, "", 40, "D+", []string{"tls-protocol-old"}},
		{"four certificates", config(four), VerdictOK, "TLS 1.3", 100, "A+", ok},
		{"five certificates", config(five), VerdictOK, "TLS 1.3", 95, "A", with("tls-chain-verified-but-long")},
		{"soon over", config(ca.leaf(t, 80*day, 10*day, "oak.social")), VerdictOK, "TLS 1.3", 90, "A", with("tls-expiry-soon")},
		{"nearly over", config(ca.leaf(t, 88*day, 2*day, "oak.social")), VerdictOK, "TLS 1.3", 80, "B+", with("tls-expiry-imminent")},
		{"expired", config(ca.leaf(t, 90*day, -time.Hour, "oak.social")), VerdictExpired, "", 0, "F", failed("tls-chain-not-verified", "tls-expiry-passed")},
		{"not yet valid", config(ca.leaf(t, -day, 90*day, "oak.social")), VerdictExpired, "", 0, "F", failed("tls-chain-not-verified", "tls-expiry-passed")},
		{"wrong name", config(ca.leaf(t, day, 90*day, "elm.social")), VerdictWrongName, "", 0, "F", failed("tls-chain-not-verified", "tls-name-differs")},
		{"self-signed", config(tls.Certificate{Certificate: [][]byte{self.Raw}, PrivateKey: key}), VerdictSelfSigned, "", 0, "F", failed("tls-chain-self-signed")},
		{"untrusted", config(other.leaf(t, day, 90*day, "oak.social")), VerdictUntrusted, "", 0, "F", failed("tls-chain-untrusted")},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := Score(shake(t, ca, row.server))
			if got.Verdict != row.verdict || got.Protocol != row.version || got.TLS.Score != row.score || got.TLS.Grade != row.grade {
				t.Errorf("%q, %q, %d %s; want %q, %q, %d %s", got.Verdict, got.Protocol, got.TLS.Score, got.TLS.Grade,
					row.verdict, row.version, row.score, row.grade)
			}
			if names := names(got.TLS.Results); !slices.Equal(names, row.results) {
				t.Errorf("%v\nwant %v", names, row.results)
			}
			if !slices.Contains(Verdicts(), got.Verdict) {
				t.Errorf("%q is no verdict", got.Verdict)
			}
		})
	}
}

func names(results []Result) []string {
	all := make([]string, len(results))
	for i, r := range results {
		all[i] = r.String()
	}
	return all
}

// TestHandshakeSeen judges a handshake that came to its end although nothing verified, as one that only looks does.
func TestHandshakeSeen(t *testing.T) {
	c := &x509.Certificate{
		DNSNames: []string{"oak.social"}, PublicKey: ed25519.PublicKey(make([]byte, 32)), SignatureAlgorithm: x509.PureEd25519,
		NotBefore: time.Unix(0, 0), NotAfter: time.Now().Add(1e4 * time.Hour),
	}
	v := Visit{Host: oak, At: time.Now(), TLS: &tls.ConnectionState{Version: tls.VersionTLS10, PeerCertificates: []*x509.Certificate{c}}}
	if got := Score(v); got.Verdict != VerdictOldProtocol || got.Protocol != "TLS 1.0" || got.TLS.Score != 35 {
		t.Errorf("%q, %q, %v", got.Verdict, got.Protocol, got.TLS)
	}
	v.Answer = &Answer{Status: http.StatusOK, Header: http.Header{"Strict-Transport-Security": {"max-age=31536000; includeSubDomains; preload"}}}
	v.Failed = x509.UnknownAuthorityError{Cert: c}
	got := Score(v)
	if got.Verdict != VerdictUntrusted || got.TLS.Score != 0 || !got.Expiry.Equal(c.NotAfter) || got.TLS.Results[6] != preloadNot {
		t.Errorf("%q, %v, %v", got.Verdict, got.TLS, got.Expiry)
	}
	// What a certificate says is quoted in errors, and must not pass for what crypto/tls says.
	c.DNSNames = []string{"tls: protocol version not supported"}
	v.TLS, v.Failed = nil, &tls.CertificateVerificationError{
		UnverifiedCertificates: []*x509.Certificate{c}, Err: x509.HostnameError{Certificate: c, Host: "oak.social"},
	}
	if got := Score(v); got.Verdict != VerdictWrongName || got.TLS.Results[0] != protocolUnknown {
		t.Errorf("%q, %v", got.Verdict, got.TLS)
	}
}

// TestNothingSeen has no score, no grade and no verdict.
func TestNothingSeen(t *testing.T) {
	for name, v := range map[string]Visit{
		"nothing":         {},
		"refused":         {Host: oak, Failed: errors.New("connection refused")},
		"no certificates": {Host: oak, TLS: nil, Failed: &tls.CertificateVerificationError{Err: errors.New("x")}},
	} {
		got := Score(v)
		if got.Observatory.Judged() || got.TLS.Judged() || got.Verdict != "" || got.Protocol != "" || !got.Expiry.IsZero() {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestKeys(t *testing.T) {
	bits := func(n int) *big.Int { return new(big.Int).Lsh(big.NewInt(1), uint(n-1)) }
	for _, row := range []struct {
		name string
		key  any
		want Result
	}{
		{"RSA 4096", &rsa.PublicKey{N: bits(4096)}, keyStrong},
		{"RSA 2048", &rsa.PublicKey{N: bits(2048)}, keyStrong},
		{"RSA 2047", &rsa.PublicKey{N: bits(2047)}, keyShort},
		{"RSA 1024", &rsa.PublicKey{N: bits(1024)}, keyShort},
		{"RSA 1023", &rsa.PublicKey{N: bits(1023)}, keyBroken},
		{"P-256", &ecdsa.PublicKey{Curve: elliptic.P256()}, keyStrong},
		{"P-521", &ecdsa.PublicKey{Curve: elliptic.P521()}, keyStrong},
		{"P-224", &ecdsa.PublicKey{Curve: elliptic.P224()}, keyStrong},
		{"Ed25519", ed25519.PublicKey(make([]byte, 32)), keyStrong},
		{"DSA", struct{}{}, keyUnknown},
		{"none", nil, keyUnknown},
	} {
		if got := keyOf(&x509.Certificate{PublicKey: row.key}); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
}

func TestSignatures(t *testing.T) {
	by := func(algorithm x509.SignatureAlgorithm, issuer string) *x509.Certificate {
		return &x509.Certificate{SignatureAlgorithm: algorithm, RawSubject: []byte("me"), RawIssuer: []byte(issuer)}
	}
	leaf := by(x509.ECDSAWithSHA256, "ca")
	for _, row := range []struct {
		name  string
		certs []*x509.Certificate
		want  Result
	}{
		{"good", []*x509.Certificate{leaf, by(x509.SHA384WithRSA, "root")}, signatureStrong},
		{"root by SHA-1", []*x509.Certificate{leaf, by(x509.SHA1WithRSA, "me")}, signatureStrong},
		{"authority by SHA-1", []*x509.Certificate{leaf, by(x509.SHA1WithRSA, "root")}, signatureSHA1},
		{"own by SHA-1", []*x509.Certificate{by(x509.ECDSAWithSHA1, "me")}, signatureSHA1},
		{"own by MD5", []*x509.Certificate{by(x509.MD5WithRSA, "ca"), by(x509.SHA1WithRSA, "root")}, signatureBroken},
		{"own by nobody knows", []*x509.Certificate{by(x509.UnknownSignatureAlgorithm, "ca")}, signatureBroken},
	} {
		if got := signatureOf(row.certs); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
}

func TestExpiry(t *testing.T) {
	const day = 24 * time.Hour
	begin := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		life, age time.Duration
		want      Result
	}{
		{90 * day, 76 * day, expiryLater}, {90 * day, 76*day + 1, expirySoon},
		{90 * day, 87 * day, expirySoon}, {90 * day, 87*day + 1, expiryImminent},
		{90 * day, 90 * day, expiryImminent}, {90 * day, 90*day + 1, expiryPassed}, {90 * day, -1, expiryPassed},
		{6 * day, 5 * day, expiryLater}, {6 * day, 5*day + 1, expirySoon}, {6 * day, 6*day - 7*time.Hour, expiryImminent},
		{398 * day, 380 * day, expiryLater}, {398 * day, 385 * day, expirySoon},
	} {
		c := &x509.Certificate{NotBefore: begin, NotAfter: begin.Add(row.life)}
		if got := expiryOf(c, begin.Add(row.age)); got != row.want {
			t.Errorf("of %v after %v: %s, want %s", row.life, row.age, got, row.want)
		}
	}
}

func TestPreloadable(t *testing.T) {
	for header, want := range map[string]bool{
		"max-age=31536000; includeSubDomains; preload":                   true,
		" PRELOAD;INCLUDESUBDOMAINS ; Max-Age=063072000 ;; x=y":          true,
		"max-age=31536000; includeSubDomains; preload; max-age=1":        true,
		"max-age=1; includeSubDomains; preload; max-age=31536000":        false,
		"max-age=31535999; includeSubDomains; preload":                   false,
		"max-age=31536000; includeSubDomains":                            false,
		"max-age=31536000; preload":                                      false,
		`max-age="31536000"; includeSubDomains; preload`:                 false,
		"max-age=31536000; includeSubDomains; preload; max-age":          false,
		"max-age=; includeSubDomains; preload":                           false,
		"max-age=99999999999999999999999999; includeSubDomains; preload": true,
		"includeSubDomains; preload":                                     false,
		"":                                                               false,
	} {
		if got := preloadable(header); got != want {
			t.Errorf("%q: %t", header, got)
		}
	}
}
