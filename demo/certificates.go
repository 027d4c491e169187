package demo

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"sync"
	"time"
)

// authority signs the certificates of the World: one key, and for each name the latest leaf, made when it is first asked for.
type authority struct {
	key   *ecdsa.PrivateKey
	root  *x509.Certificate // nil: each leaf signs itself
	roots *x509.CertPool

	mu     sync.Mutex
	serial int64
	leaves map[string]leaf
}

// leaf is the certificate of a name.
type leaf struct {
	until time.Time
	*tls.Certificate
}

// The World's certificates hold whatever the time is there and on the visitor's wall; expired ones have expired everywhere.
var (
	validFrom = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	validTo   = time.Date(2120, 1, 1, 0, 0, 0, 0, time.UTC)
	expiredAt = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
)

// authorities are that which everybody trusts, one that nobody knows, and those who sign for themselves.
type authorities struct{ trusted, strange, own *authority }

func newAuthorities() (a authorities, err error) {
	if a.trusted, err = newAuthority("Demo world, nothing here is real"); err != nil {
		return a, err
	}
	if a.strange, err = newAuthority("An authority of the demo world that nobody knows"); err != nil {
		return a, err
	}
	a.own = &authority{key: a.strange.key, leaves: map[string]leaf{}}
	return a, nil
}

// of is who signs for a server that behaves so.
func (a *authorities) of(b Behaviour) *authority {
	switch b {
	case CertUntrusted:
		return a.strange
	case CertSelfSigned:
		return a.own
	}
	return a.trusted
}

func newAuthority(name string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	a := &authority{key: key, serial: 1, roots: x509.NewCertPool(), leaves: map[string]leaf{}}
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: validFrom, NotAfter: validTo,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, root, root, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("signing the root: %w", err)
	}
	if a.root, err = x509.ParseCertificate(der); err != nil {
		return nil, fmt.Errorf("reading the root: %w", err)
	}
	a.roots.AddCert(a.root)
	return a, nil
}

// lifetime is how much later a certificate expires than the one before it.
const lifetime = 60 * 24 * time.Hour

// expiry is when the n-th certificate of a name expires, renewed n times.
func expiry(n int64) time.Time { return validTo.Add(time.Duration(n) * lifetime) }

// leaf is the certificate of a name that expires at a time.
func (a *authority) leaf(name string, until time.Time) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c, ok := a.leaves[name]; ok && c.until.Equal(until) {
		return c.Certificate, nil
	}
	a.serial++
	one := &x509.Certificate{
		SerialNumber: big.NewInt(a.serial), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: validFrom, NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, one, cmp.Or(a.root, one), &a.key.PublicKey, a.key)
	if err != nil {
		return nil, fmt.Errorf("signing for %s: %w", name, err)
	}
	c := &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.key}
	a.leaves[name] = leaf{until, c}
	return c, nil
}
