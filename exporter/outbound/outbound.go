// Package outbound is the only way out of the program: every look-up of a name and every connection to somebody
// else's server is made here, under one set of rules that no flag, build or test can switch off.
//
// A request goes through, in this order: the budget of its host, the resolver, the address policy on every address
// that the name has, a place at the address, the policy once more at the dial, TLS that is always verified, HTTP/1.1
// with bounds on time, headers, bytes on the wire and decoded bytes. A redirect goes through all of it again.
//
// # Numbers
//
//   - at most 4 requests to one host name in any hour, redirects included (not for directories and releases, nor for
//     timelines, streams and tokens, whose pace their askers hold)
//   - at most 2 connections at a time to one address (IPv4 /32, IPv6 /64), streams aside
//   - waits of ours, for a place at the addresses of a host and for one to look it up: 5 s each (ReasonCrowded)
//   - look-up, dial, TLS handshake, response headers: 5 s each; the dial's are shared by up to 2 addresses of each family
//   - a request 10 s, a Session 20 s (ReasonTimeout): of dials, handshakes and exchanges, without look-ups and waits of
//     ours, so that nobody is called slow for those; of a Stream, until its head is there
//   - response headers 64 KiB, decoded body 1 MiB unless asked otherwise (robots.txt 500 KiB), 8 MiB on the wire; the body
//     of a Stream has no bound here
//   - the body of a POST 64 KiB
//   - at most 3 redirects, to https only, within the same registrable domain
//   - 128 look-ups at a time, 64 Ki names remembered for 2 s to 1 h, failures for at most 60 s
package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Net is the network that a Client uses; the zero value is the real one. The demo plugs in here and nowhere else:
// the policy on resolved addresses holds for both.
type Net struct {
	// Resolvers are asked for names; empty: the system's, from /etc/resolv.conf, or Go's own resolver where that
	// file is missing or names none.
	Resolvers []netip.AddrPort
	// Dial connects to an address that the policy has let through. nil: the real dialer, which checks the address
	// again just before it connects.
	Dial func(ctx context.Context, addr netip.AddrPort) (net.Conn, error)
	// Roots verify certificates; nil: the system's.
	Roots *x509.CertPool
}

// Options make a Client. The zero value is of use: the real network, the real clock.
type Options struct {
	Net       Net
	UserAgent string           // who we are; UserAgent makes it. Empty: "MNM-Exporter"
	Now       func() time.Time // for the budget and the cache of names only; nil: time.Now
	Hour      time.Duration    // the window of the budget; 0: 1 h
	Before    *Client          // whose counts of requests and connections go on in this one; may be nil
	Sent      func(Purpose)    // called for each request sent; may be nil; must be safe for concurrent use
	Refused   func(Reason)     // called for each request that was not sent, with the reason; same rules
}

// UserAgent is how this program introduces itself: "MNM-Exporter/VERSION (+URL; CONTACT)". An empty contact is left
// out. Bytes that have no place in a header are left out too.
func UserAgent(version, url, contact string) string {
	about := "+" + url
	if contact != "" {
		about += "; " + contact
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, fmt.Sprintf("MNM-Exporter/%s (%s)", version, about))
}

// Purpose says what a request is for. The set is closed: it becomes a label.
type Purpose string

// The purposes.
const (
	PurposeRobots    Purpose = "robots"
	PurposeWellKnown Purpose = "well_known"
	PurposeNodeInfo  Purpose = "nodeinfo"
	PurposeAPIV1     Purpose = "api_v1"
	PurposeAPIV2     Purpose = "api_v2"
	PurposeActivity  Purpose = "activity"
	PurposeHTTPS     Purpose = "https" // the page at / by https
	PurposeHTTP      Purpose = "http"  // the page at / by http: the only use of port 80; its redirect is the answer
	PurposeDirectory Purpose = "directory"
	PurposeReleases  Purpose = "releases"
	PurposeCountry   Purpose = "country"  // the service that tells the country of an address
	PurposeTimeline  Purpose = "timeline" // pages of a timeline that is followed, and what is asked for following it
	PurposeStream    Purpose = "stream"   // a timeline that comes as it is written: for Client.Stream, and only for that
	PurposeToken     Purpose = "token"    // registering an app and getting a token, by the operator's own hand
)

// Purposes lists all purposes.
func Purposes() []Purpose {
	return []Purpose{
		PurposeRobots, PurposeWellKnown, PurposeNodeInfo, PurposeAPIV1, PurposeAPIV2, PurposeActivity,
		PurposeHTTPS, PurposeHTTP, PurposeDirectory, PurposeReleases, PurposeCountry, PurposeTimeline, PurposeStream, PurposeToken,
	}
}

// ours reports whether the host is no stranger but a service that we live by: redirects lead to other domains too.
func (p Purpose) ours() bool {
	return p == PurposeDirectory || p == PurposeReleases || p == PurposeCountry
}

// budgeted reports whether requests count against the 4 an hour.
func (p Purpose) budgeted() bool { return !p.ours() && !p.private() }

// private reports whether answers hold people's words, or secrets: nothing of them may get into an error or a log.
func (p Purpose) private() bool {
	return p == PurposeTimeline || p == PurposeStream || p == PurposeToken
}

// Request is one GET, or one POST for a token.
type Request struct {
	Purpose Purpose
	// URL is absolute and https; http for PurposeHTTP. Its host is a public domain name, its port the scheme's own.
	URL string
	// Method is GET or empty, which is GET; for PurposeToken it may be POST, whose redirect is the answer.
	Method string
	// Header has further headers, such as If-None-Match. Authorization is not sent to where a redirect leads.
	Header http.Header
	// Body is what a POST sends, at most 64 KiB; its Content-Type is in Header.
	Body []byte
	// MaxBody bounds the decoded body, in bytes. 0: 1 MiB, or 500 KiB for robots.txt, of which what is past that is
	// cut off (RFC 9309, 2.5); any other body past its bound is ReasonTooBig. It does not bound a Stream.
	MaxBody int64
	// SameHost holds redirects of a directory or of releases to the registrable domain too; a stranger's always are.
	SameHost bool
	// Allowed is asked about the target of each redirect that would be followed, and never about URL itself; false ends
	// the request with ReasonRobots. What robots.txt judges of the target is its RequestURI, path and query. nil: all
	// are allowed.
	Allowed func(*url.URL) bool

	stay bool // a redirect is the answer
}

const (
	defaultBody = 1 << 20
	robotsBody  = 500 << 10
	postBody    = 64 << 10
)

// follows reports whether a redirect is followed.
func (r Request) follows() bool {
	return r.Purpose != PurposeHTTP && r.Method != http.MethodPost && !r.stay
}

func (r Request) maxBody() int64 {
	switch {
	case r.MaxBody > 0:
		return r.MaxBody
	case r.Purpose == PurposeRobots:
		return robotsBody
	}
	return defaultBody
}

// Response is any complete HTTP answer, whatever its status.
type Response struct {
	Status int
	Header http.Header
	Body   []byte // decoded
	URL    *url.URL
	// TLS is the state of the connection that served it; nil for http.
	TLS *tls.ConnectionState
	// Addr is the address that served it.
	Addr netip.Addr
}

// Addrs are the addresses of a name, in the resolver's order, all of them allowed by the policy; at most 16 of each.
type Addrs struct {
	V4, V6 []netip.Addr
	// V4Unknown and V6Unknown say that no resolver gave an answer for that family, while one did for the other: the
	// name may have such addresses.
	V4Unknown, V6Unknown bool
}
