package country

import (
	_ "embed"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
)

// delivered reports whether the headers of an answer were written by a delivery network, so that the server itself may be
// anywhere. Each line is a header that the network documents or that only it sends.
func delivered(h http.Header) bool {
	for _, name := range []string{
		"Cf-Ray",         // Cloudflare
		"X-Amz-Cf-Id",    // Amazon CloudFront
		"X-Azure-Ref",    // Azure Front Door
		"X-Iinfo",        // Imperva
		"X-Sucuri-Id",    // Sucuri
		"Akamai-Grn",     // Akamai
		"Fly-Request-Id", // Fly.io
	} {
		if h.Get(name) != "" {
			return true
		}
	}
	server := strings.ToLower(h.Get("Server"))
	for _, prefix := range []string{"cloudflare", "bunnycdn-", "ddos-guard", "sucuri/"} {
		if strings.HasPrefix(server, prefix) {
			return true
		}
	}
	// Varnish alone is also what people put in front of their own server; with a cache's name it is Fastly.
	return strings.HasPrefix(h.Get("X-Served-By"), "cache-") && strings.Contains(strings.ToLower(h.Get("Via")), "varnish")
}

// cdnText is the table that gen makes: which networks are in it, and why not the others, is said there.
//
//go:embed data/cdn.txt
var cdnText string

// span is a range of addresses of one family.
type span struct{ first, last netip.Addr }

// cdnSpans are the ranges in order; no two share an address.
var cdnSpans = sync.OnceValue(func() []span {
	var all []span
	for line := range strings.Lines(cdnText) {
		if first, last, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "-"); ok && line[0] != '#' {
			all = append(all, span{netip.MustParseAddr(first), netip.MustParseAddr(last)})
		}
	}
	slices.SortFunc(all, func(a, b span) int { return a.first.Compare(b.first) })
	return all
})

// ofCDN reports whether an address belongs to a delivery network, or to a hoster whose addresses are all over the world.
func ofCDN(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	_, found := slices.BinarySearchFunc(cdnSpans(), a, func(s span, a netip.Addr) int {
		if s.last.Less(a) {
			return -1
		}
		return max(0, s.first.Compare(a)) // 0: within
	})
	return found
}
