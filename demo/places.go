package demo

import (
	"encoding/binary"
	"net/netip"
)

// place is where a server can stand: an allocation of a hoster whose country is publicly documented, or the addresses of a
// delivery network, behind which it can stand anywhere.
type place struct {
	country string // ISO 3166 alpha-2; "" for a delivery network
	cdn     string // "cloudflare", "fastly" or ""
	v4      netip.Prefix
	v6      netip.Prefix // not valid where no allocation of v6 is known
}

// places is written by hand: hosters' regions and delivery networks' published ranges. It does not come from any data set,
// so that it can judge one. The first home places are those of hosters, the delivery networks follow.
var places = []place{
	{country: "DE", v4: netip.MustParsePrefix("49.12.16.0/20"), v6: netip.MustParsePrefix("2a01:4f8::/32")},       // Hetzner, Falkenstein
	{country: "FI", v4: netip.MustParsePrefix("95.216.128.0/20")},                                                 // Hetzner, Helsinki
	{country: "FR", v4: netip.MustParsePrefix("37.187.16.0/20"), v6: netip.MustParsePrefix("2001:41d0::/32")},     // OVH, Gravelines
	{country: "JP", v4: netip.MustParsePrefix("133.242.16.0/20"), v6: netip.MustParsePrefix("2403:3a00::/32")},    // Sakura, Ishikari
	{country: "US", v4: netip.MustParsePrefix("5.161.16.0/20"), v6: netip.MustParsePrefix("2600:3c00::/32")},      // Hetzner, Ashburn; Linode, Dallas
	{country: "CA", v4: netip.MustParsePrefix("15.235.16.0/20"), v6: netip.MustParsePrefix("2607:5300::/32")},     // OVH, Beauharnois
	{country: "DE", v4: netip.MustParsePrefix("18.194.16.0/20")},                                                  // AWS, Frankfurt
	{country: "JP", v4: netip.MustParsePrefix("54.238.16.0/20"), v6: netip.MustParsePrefix("2406:da14::/36")},     // AWS, Tokyo
	{country: "FR", v4: netip.MustParsePrefix("52.47.16.0/20")},                                                   // AWS, Paris
	{country: "KR", v4: netip.MustParsePrefix("140.238.0.0/20")},                                                  // Oracle, Seoul
	{country: "IN", v4: netip.MustParsePrefix("139.59.0.0/20"), v6: netip.MustParsePrefix("2400:6180:100::/40")},  // DigitalOcean, Bangalore
	{cdn: "cloudflare", v4: netip.MustParsePrefix("104.16.16.0/20"), v6: netip.MustParsePrefix("2606:4700::/32")}, // www.cloudflare.com/ips
	{cdn: "fastly", v4: netip.MustParsePrefix("151.101.16.0/20"), v6: netip.MustParsePrefix("2a04:4e42::/32")},    // api.fastly.com/public-ip-list
}

// homes is how many of places are hosters'.
const homes = 11

// room is how many servers have addresses of their own in one place.
const room = 1 << 12

// placeOf finds the place of a country or delivery network, the first where none is known.
func placeOf(country, cdn string) *place {
	for i := range places {
		if p := &places[i]; p.cdn == cdn && (cdn != "" || p.country == country) {
			return p
		}
	}
	return &places[0]
}

// addr4 is the address of the i-th server.
func (p *place) addr4(i int) netip.Addr {
	b := p.v4.Addr().As4()
	binary.BigEndian.PutUint32(b[:], binary.BigEndian.Uint32(b[:])+uint32(i%room))
	return netip.AddrFrom4(b)
}

// addr6 is the IPv6 address of the i-th server, which has a network of its own, or the zero Addr.
func (p *place) addr6(i int) netip.Addr {
	if !p.v6.IsValid() {
		return netip.Addr{}
	}
	b := p.v6.Addr().As16()
	binary.BigEndian.PutUint16(b[6:], uint16(i%room))
	b[15] = 1
	return netip.AddrFrom16(b)
}
