package country

import (
	"net/http"
	"net/netip"
	"strings"
)

// delivered reports whether the headers of an answer were written by a delivery network, so that the server itself may be
// anywhere. Each line is a header that the network documents or that only it sends.
func delivered(h http.Header) bool {
	for _, name := range []string{"Cf-Ray", "X-Amz-Cf-Id", "X-Iinfo", "X-Sucuri-Id", "Akamai-Grn"} {
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

// ofCDN reports whether an address belongs to Cloudflare or Fastly.
func ofCDN(a netip.Addr) bool {
	for _, p := range cdnRanges {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// cdnRanges are the ranges that the two publish for everybody's firewalls. They change about once a year; these are from copies of
// the lists made since 2024-12.
var cdnRanges = prefixes(
	// Cloudflare: www.cloudflare.com/ips
	"103.21.244.0/22 103.22.200.0/22 103.31.4.0/22 104.16.0.0/13 104.24.0.0/14 108.162.192.0/18 131.0.72.0/22 141.101.64.0/18",
	"162.158.0.0/15 172.64.0.0/13 173.245.48.0/20 188.114.96.0/20 190.93.240.0/20 197.234.240.0/22 198.41.128.0/17",
	"2400:cb00::/32 2405:8100::/32 2405:b500::/32 2606:4700::/32 2803:f800::/32 2a06:98c0::/29 2c0f:f248::/32",
	// Fastly: api.fastly.com/public-ip-list
	"23.235.32.0/20 43.249.72.0/22 103.244.50.0/24 103.245.222.0/23 103.245.224.0/24 104.156.80.0/20 140.248.64.0/18",
	"140.248.128.0/17 146.75.0.0/17 151.101.0.0/16 157.52.64.0/18 167.82.0.0/17 167.82.128.0/20 167.82.160.0/20",
	"167.82.224.0/20 172.111.64.0/18 185.31.16.0/22 199.27.72.0/21 199.232.0.0/16 2a04:4e40::/32 2a04:4e42::/32",
)

func prefixes(lines ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range strings.Fields(strings.Join(lines, " ")) {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}
