// Package domain has the one normal form in which the project writes the name of a server.
package domain

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"net/netip"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// Name is a server's domain name in its normal form: lower case, A-label, no trailing dot.
// Only Parse makes one, so that a Name is safe as a map key, a label value and a place to dial.
// The zero Name names nothing.
type Name struct{ s string }

// Errors of Parse. Each says what a person can mend.
var (
	ErrEmpty   = errors.New("no name")
	ErrAddress = errors.New("an address is no domain name")
	ErrSpecial = errors.New("a special-use name is not on the public internet")
	ErrSingle  = errors.New("a single label is no public domain name")
	ErrPort    = errors.New("a port, path or user is no part of a domain name")
	ErrInvalid = errors.New("not a valid domain name")
)

// profile is that of RFC 5891's lookup protocol, with the checks that a resolver relies on.
var profile = idna.New(
	idna.MapForLookup(),
	idna.BidiRule(),
	idna.StrictDomainName(true),
	idna.VerifyDNSLength(true),
)

// special are the names that never lead to a public server: RFC 6761, RFC 6762, RFC 7686, RFC 8375,
// RFC 9476, and ICANN's reserved "internal".
var special = map[string]bool{
	"alt": true, "arpa": true, "corp": true, "example": true, "home": true, "i2p": true, "internal": true,
	"invalid": true, "lan": true, "local": true, "localdomain": true, "localhost": true, "mail": true,
	"onion": true, "test": true,
}

// Parse returns the normal form of s. It takes what people and lists write: capitals, a trailing dot,
// surrounding white space, "https://" before and one "/" after the name, Unicode or A-labels.
// It refuses addresses in any spelling, special-use names, single labels, ports, users and paths.
func Parse(s string) (Name, error) {
	t := strings.TrimSpace(s)
	if rest, ok := cutPrefixFold(t, "https://"); ok {
		t = strings.TrimSuffix(rest, "/")
	} else if rest, ok := cutPrefixFold(t, "http://"); ok {
		t = strings.TrimSuffix(rest, "/")
	}
	if t == "" {
		return Name{}, ErrEmpty
	}
	if len(t) > 1024 || !utf8.ValidString(t) {
		return Name{}, fmt.Errorf("%w: %d bytes", ErrInvalid, len(t))
	}
	if strings.ContainsAny(t, "[]") {
		return Name{}, fmt.Errorf("%w: %q", ErrAddress, t)
	}
	if _, err := netip.ParseAddr(t); err == nil {
		return Name{}, fmt.Errorf("%w: %q", ErrAddress, t)
	}
	if strings.ContainsAny(t, ":/@?#") {
		return Name{}, fmt.Errorf("%w: %q", ErrPort, t)
	}
	ascii, err := profile.ToASCII(strings.TrimSuffix(t, "."))
	if err != nil {
		return Name{}, fmt.Errorf("%w: %q", ErrInvalid, t)
	}
	if err := public(ascii); err != nil {
		return Name{}, fmt.Errorf("%w: %q", err, t)
	}
	return Name{ascii}, nil
}

// public says whether an ASCII name can lead to a server on the public internet.
func public(ascii string) error {
	last := ascii[strings.LastIndexByte(ascii, '.')+1:]
	if last == "" || strings.Contains(ascii, "..") || strings.HasPrefix(ascii, ".") {
		return ErrInvalid
	}
	// The URL standard reads any name whose last label is a number as an IPv4 address (0x7f.1, 2130706433).
	if last[0] >= '0' && last[0] <= '9' {
		return ErrAddress
	}
	if len(last) == len(ascii) {
		return ErrSingle
	}
	if special[last] {
		return ErrSpecial
	}
	return nil
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// String is the A-label form, which is the only one used as identity, label or key.
func (n Name) String() string { return n.s }

// Unicode is the form for people's eyes. Never compare it: different names can look alike.
func (n Name) Unicode() string {
	if u, err := idna.Display.ToUnicode(n.s); err == nil {
		return u
	}
	return n.s
}

// IsZero reports whether n names nothing.
func (n Name) IsZero() bool { return n.s == "" }

// TLD is the last label, as an A-label: "fr", "xn--p1ai".
func (n Name) TLD() string { return n.s[strings.LastIndexByte(n.s, '.')+1:] }

// Registrable is the name that somebody registered: the public suffix and one label more
// (publicsuffix.org). For a public suffix itself it is the name.
func (n Name) Registrable() string {
	if r, err := publicsuffix.EffectiveTLDPlusOne(n.s); err == nil {
		return r
	}
	return n.s
}

// Hash spreads names evenly and is the same on every machine and in every run (FNV-1a).
func (n Name) Hash() uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(n.s))
	return h.Sum64()
}

// Compare orders names by their A-label form.
func Compare(a, b Name) int { return cmp.Compare(a.s, b.s) }

// MarshalText writes the A-label form.
func (n Name) MarshalText() ([]byte, error) { return []byte(n.s), nil }

// UnmarshalText is Parse.
func (n *Name) UnmarshalText(b []byte) error {
	p, err := Parse(string(b))
	if err != nil {
		return err
	}
	*n = p
	return nil
}
