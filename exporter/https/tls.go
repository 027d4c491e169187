package https

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"
	"time"
)

// Verdict is what became of a certificate, by the first that fits. The set is closed: it becomes a label.
type Verdict string

// The verdicts. The empty one is that neither a certificate nor a protocol was seen.
const (
	VerdictExpired     Verdict = "expired"      // or not yet valid
	VerdictWrongName   Verdict = "wrong_name"   // it is for other names
	VerdictSelfSigned  Verdict = "self_signed"  // by its own key
	VerdictUntrusted   Verdict = "untrusted"    // no chain leads to an authority that is trusted here
	VerdictOldProtocol Verdict = "old_protocol" // nothing newer than TLS 1.1 is spoken, whatever the certificate is like
	VerdictOK          Verdict = "ok"
)

// Verdicts lists all verdicts.
func Verdicts() []Verdict {
	return []Verdict{
		VerdictOK, VerdictExpired, VerdictWrongName, VerdictSelfSigned, VerdictUntrusted, VerdictOldProtocol,
	}
}

// handshake is what was seen of one, whether it came to its end or not.
type handshake struct {
	state  tls.ConnectionState // zero: it came to no end
	certs  []*x509.Certificate // as they were sent, the server's own first
	failed error
}

func (v Visit) handshake() handshake {
	s := handshake{failed: v.Failed}
	if v.TLS != nil {
		s.state, s.certs = *v.TLS, v.TLS.PeerCertificates
	}
	var unverified *tls.CertificateVerificationError
	if len(s.certs) == 0 && errors.As(v.Failed, &unverified) {
		s.certs = unverified.UnverifiedCertificates
	}
	return s
}

// leaf is the server's own certificate; nil: none was seen.
func (s handshake) leaf() *x509.Certificate {
	if len(s.certs) == 0 {
		return nil
	}
	return s.certs[0]
}

func (s handshake) protocolName() string {
	if s.state.Version == 0 {
		return ""
	}
	return tls.VersionName(s.state.Version)
}

// old reports whether the server speaks only what is older than TLS 1.2. Where we offer nothing that old, it is known by
// the text of the error, for which crypto/tls has no type.
func (s handshake) old() bool {
	if s.state.Version != 0 {
		return s.state.Version < tls.VersionTLS12
	}
	return s.failed != nil && s.leaf() == nil && strings.Contains(s.failed.Error(), "protocol version")
}

func (s handshake) verdict() Verdict {
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	switch {
	case s.leaf() == nil:
	case s.failed == nil:
	case errors.As(s.failed, &invalid) && invalid.Reason == x509.Expired:
		return VerdictExpired
	case errors.As(s.failed, &name):
		return VerdictWrongName
	case selfSigned(s.leaf()):
		return VerdictSelfSigned
	default:
		return VerdictUntrusted
	}
	switch {
	case s.old():
		return VerdictOldProtocol
	case s.leaf() == nil:
		return ""
	}
	return VerdictOK
}

// selfSigned reports whether a certificate is signed by its own key.
func selfSigned(c *x509.Certificate) bool {
	return bytes.Equal(c.RawIssuer, c.RawSubject) &&
		c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}

// marks judges a handshake by our own table.
func (s handshake) marks(v Visit) Marks {
	leaf := s.leaf()
	switch {
	case leaf == nil && s.old():
		return mark([]Result{protocolOld})
	case leaf == nil:
		return Marks{}
	}
	name := nameMatches
	if leaf.VerifyHostname(v.Host.String()) != nil {
		name = nameDiffers
	}
	preload := preloadNot
	if v.Answer != nil && v.Failed == nil {
		if text, _ := header(v.Answer.Header, "Strict-Transport-Security"); preloadable(text) {
			preload = preloadEligible
		}
	}
	return mark([]Result{
		s.protocol(), keyOf(leaf), signatureOf(s.certs), s.chain(), name, expiryOf(leaf, v.At), preload,
	})
}

// protocol judges the version that was agreed on, which is the best that the server and we both speak.
func (s handshake) protocol() Result {
	switch {
	case s.old():
		return protocolOld
	case s.state.Version == 0:
		return protocolUnknown
	case s.state.Version >= tls.VersionTLS13:
		return protocol13
	}
	for _, c := range tls.CipherSuites() {
		if c.ID == s.state.CipherSuite && (strings.Contains(c.Name, "_GCM_") || strings.Contains(c.Name, "_POLY1305_")) {
			return protocol12
		}
	}
	return protocol12CBC
}

// keyOf judges the server's key: 112 bits of security and more are strong, less than 80 are broken (NIST SP 800-57).
func keyOf(c *x509.Certificate) Result {
	strong, weak, bits := 2048, 1024, 0
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		bits = key.N.BitLen()
	case *ecdsa.PublicKey:
		strong, weak, bits = 224, 160, key.Params().BitSize
	case ed25519.PublicKey:
		return keyStrong
	default:
		return keyUnknown
	}
	switch {
	case bits >= strong:
		return keyStrong
	case bits >= weak:
		return keyShort
	}
	return keyBroken
}

// signatureOf judges the weakest signature of the certificates that were sent. That of an authority under its own name
// doesn't count, unless it is the server's.
func signatureOf(certs []*x509.Certificate) Result {
	worst := signatureStrong
	for i, c := range certs {
		if i > 0 && bytes.Equal(c.RawIssuer, c.RawSubject) {
			continue
		}
		switch c.SignatureAlgorithm {
		case x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.DSAWithSHA1:
			worst = max(worst, signatureSHA1)
		case x509.MD2WithRSA, x509.MD5WithRSA, x509.UnknownSignatureAlgorithm:
			worst = max(worst, signatureBroken)
		}
	}
	return worst
}

// longChain is how many certificates are enough to send.
const longChain = 4

// chain judges whether the certificate leads to an authority that is trusted here. Of one that has expired or is for
// another name, that was not looked into.
func (s handshake) chain() Result {
	switch s.verdict() {
	case VerdictSelfSigned:
		return chainSelfSigned
	case VerdictUntrusted:
		return chainUntrusted
	case VerdictExpired, VerdictWrongName:
		return chainUnknown
	}
	if len(s.certs) > longChain {
		return chainLong
	}
	return chainVerified
}

// expiryOf judges how long the certificate is still valid. It is soon over in its last sixth, but not before 14 days, and
// at any moment in its last twentieth, but not before 3 days: so one of 6 days, which is renewed every 2 or 3, is judged
// as fairly as one of a year.
func expiryOf(c *x509.Certificate, now time.Time) Result {
	const day = 24 * time.Hour
	life, left := c.NotAfter.Sub(c.NotBefore), c.NotAfter.Sub(now)
	switch {
	case left < 0 || now.Before(c.NotBefore):
		return expiryPassed
	case left < min(3*day, life/20):
		return expiryImminent
	case left < min(14*day, life/6):
		return expirySoon
	}
	return expiryLater
}

// preloadable reports whether a Strict-Transport-Security header has what hstspreload.org asks of it: the three
// directives, and a max-age of a year, in digits without quotes. The first max-age counts.
func preloadable(text string) bool {
	var all, preload, long, seen bool
	for part := range strings.SplitSeq(strings.ToLower(text), ";") {
		part = strings.TrimSpace(part)
		age, isAge := strings.CutPrefix(part, "max-age=")
		switch {
		case part == "includesubdomains":
			all = true
		case part == "preload":
			preload = true
		case isAge && (age == "" || strings.Trim(age, "0123456789") != ""), !isAge && strings.HasPrefix(part, "max-age"):
			return false
		case isAge && !seen:
			seen = true
			digits := strings.TrimLeft(age, "0")
			long = len(digits) > 8 || len(digits) == 8 && digits >= "31536000"
		}
	}
	return all && preload && long
}
