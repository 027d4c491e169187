package country

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mnm-social/mnm/exporter/domain"
)

func addrs(list ...string) []netip.Addr {
	var out []netip.Addr
	for _, s := range list {
		out = append(out, netip.MustParseAddr(s))
	}
	return out
}

func header(nameAndValue ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(nameAndValue); i += 2 {
		h.Add(nameAndValue[i], nameAndValue[i+1])
	}
	return h
}

func name(tb testing.TB, s string) domain.Name {
	tb.Helper()
	n, err := domain.Parse(s)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// Addresses of testdata/addresses.tsv, and of networks that the two publish.
const (
	finland, finland2, germany6, france = "95.216.0.1", "65.21.0.1", "2a01:4f8::1", "37.187.0.1"
	france6                             = "2001:41d0::1"
	cloudflare, cloudflare6             = "104.21.3.4", "2606:4700:3030::6815:304"
	fastly, fastly6                     = "151.101.1.6", "2a04:4e42::6"
	nowhere                             = "192.0.2.1"
)

func TestLocate(t *testing.T) {
	l := &Locator{Data: data(t), Overrides: map[domain.Name]string{
		name(t, "moved.social"): "NO", name(t, "moved.de"): "AT", name(t, "moved.berlin"): "AT", name(t, "typo.social"): "no", name(t, "typo.de"): "UK",
	}}
	for _, row := range []struct {
		what, name string
		addrs      []netip.Addr
		header     http.Header
		want       Answer
	}{
		{"override", "moved.social", addrs(finland), nil, Answer{"NO", Override, ""}},
		{"override before TLD and CDN", "moved.de", addrs(cloudflare), header("Cf-Ray", "1"), Answer{"AT", Override, ""}},
		{"override that is no code", "typo.social", addrs(finland), nil, Answer{"FI", Address, ""}},
		{"override that is no code, TLD", "typo.de", nil, nil, Answer{"DE", TLD, ""}},
		{"TLD", "a.fr", nil, nil, Answer{"FR", TLD, ""}},
		{"TLD before address", "a.fr", addrs(finland), nil, Answer{"FR", TLD, ""}},
		{"TLD before CDN", "a.uk", addrs(cloudflare), header("Server", "cloudflare"), Answer{"GB", TLD, ""}},
		{"region TLD", "a.bzh", addrs(finland), header("Cf-Ray", "1"), Answer{"FR", RegionTLD, ""}},
		{"override before region TLD", "moved.berlin", nil, nil, Answer{"AT", Override, ""}},
		{"generic TLD", "a.io", addrs(finland), nil, Answer{"FI", Address, ""}},
		{"address", "a.social", addrs(finland), nil, Answer{"FI", Address, ""}},
		{"IPv6", "a.social", addrs(germany6), nil, Answer{"DE", Address, ""}},
		{"mapped", "a.social", addrs("::ffff:" + finland), nil, Answer{"FI", Address, ""}},
		{"with a zone", "a.social", addrs(germany6 + "%eth0"), nil, Answer{"DE", Address, ""}},
		{"two that agree", "a.social", addrs(finland, finland2), nil, Answer{"FI", Address, ""}},
		{"one not in the data", "a.social", addrs(nowhere, finland, nowhere), nil, Answer{"FI", Address, ""}},
		{"own headers", "a.social", addrs(finland), header("Server", "nginx", "Via", "1.1 varnish"), Answer{"FI", Address, ""}},
		{"IPv4 before IPv6", "a.social", addrs(germany6, finland), nil, Answer{"FI", Address, ""}},
		{"IPv6, where IPv4 is not in the data", "a.social", addrs(nowhere, germany6), nil, Answer{"DE", Address, ""}},
		{"conflict", "a.social", addrs(finland, france), nil, Answer{"", Unknown, Conflict}},
		{"conflict of IPv4 beside IPv6", "a.social", addrs(germany6, finland, france), nil, Answer{"", Unknown, Conflict}},
		{"conflict of IPv6", "a.social", addrs(germany6, france6), nil, Answer{"", Unknown, Conflict}},
		{"conflict of three", "a.social", addrs(finland, france, finland), nil, Answer{"", Unknown, Conflict}},
		{"not in the data", "a.social", addrs(nowhere), nil, Answer{"", Unknown, NotInData}},
		{"no valid address", "a.social", []netip.Addr{{}}, nil, Answer{"", Unknown, NotInData}},
		{"no address", "a.social", nil, nil, Answer{"", Unknown, NoAddress}},
		{"CDN by address", "a.social", addrs(cloudflare), nil, Answer{"", Unknown, CDN}},
		{"CDN by address, mapped", "a.social", addrs("::ffff:" + cloudflare), nil, Answer{"", Unknown, CDN}},
		{"CDN by address, IPv6", "a.social", addrs(cloudflare6), nil, Answer{"", Unknown, CDN}},
		{"Fastly", "a.social", addrs(fastly), nil, Answer{"", Unknown, CDN}},
		{"Fastly, IPv6", "a.social", addrs(fastly6), nil, Answer{"", Unknown, CDN}},
		{"CDN beside a server", "a.social", addrs(finland, cloudflare), nil, Answer{"", Unknown, CDN}},
		{"CDN after a conflict", "a.social", addrs(finland, france, cloudflare), nil, Answer{"", Unknown, CDN}},
		{"CDN by header", "a.social", addrs(finland), header("Cf-Ray", "8a"), Answer{"", Unknown, CDN}},
		{"CDN by header, no address", "a.social", nil, header("Cf-Ray", "8a"), Answer{"", Unknown, CDN}},
	} {
		if got := l.Locate(name(t, row.name), row.addrs, row.header); got != row.want {
			t.Errorf("%s: %+v, want %+v", row.what, got, row.want)
		}
	}
	zero := &Locator{}
	if got := zero.Locate(name(t, "a.social"), addrs(finland), nil); got != (Answer{"", Unknown, NotInData}) {
		t.Errorf("without data: %+v", got)
	}
	if got := zero.Locate(domain.Name{}, nil, nil); got != (Answer{"", Unknown, NoAddress}) {
		t.Errorf("no name: %+v", got)
	}
}

func TestDelivered(t *testing.T) {
	for _, row := range []struct {
		header http.Header
		want   bool
	}{
		{nil, false},
		{header(), false},
		{header("Server", "nginx"), false},
		{header("Server", "Mastodon"), false},
		{header("Server", "not cloudflare"), false},
		{header("Server", "varnish", "Via", "1.1 varnish"), false},
		{header("X-Served-By", "cache-fra-1"), false}, // somebody's own
		{header("X-Served-By", "web-1", "Via", "1.1 varnish"), false},
		{header("X-Served-By", "cache-fra-eddf8230079-FRA", "Via", "1.1 varnish"), true},
		{header("X-Served-By", "cache-hel1410020-HEL, cache-fra-eddf8230079-FRA", "Via", "1.1 varnish, 1.1 varnish"), true},
		{header("Cf-Ray", "8a1b2c3d4e5f6071-FRA"), true},
		{header("Cf-Ray", ""), false},
		{header("Server", "cloudflare"), true},
		{header("Server", "Cloudflare"), true},
		{header("X-Amz-Cf-Id", "x=="), true},
		{header("Server", "BunnyCDN-DE1-1047"), true},
		{header("X-Iinfo", "9-1"), true},
		{header("X-Sucuri-Id", "15015"), true},
		{header("Server", "Sucuri/Cloudproxy"), true},
		{header("Server", "ddos-guard"), true},
		{header("Akamai-Grn", "0.1"), true},
		{header("X-Azure-Ref", "20261124T1"), true},
		{header("Fly-Request-Id", "01J-fra"), true},
	} {
		if got := delivered(row.header); got != row.want {
			t.Errorf("%v: %v", row.header, got)
		}
	}
}

// TestRanges: the first and the last address of a range are in it, their neighbours are not, unless in the next one.
func TestRanges(t *testing.T) {
	for in, want := range map[string]bool{
		"104.15.255.255": false, "104.16.0.0": true, "104.27.255.255": true,
		"172.63.255.255": false, "172.64.0.0": true, "172.71.255.255": true, "172.72.0.0": false,
		"151.100.255.255": false, "151.101.0.0": true, "151.101.255.255": true, "151.102.0.0": false,
		"2606:46ff::1": false, "2606:4700::": true, "2606:4701::": false, "2a06:98bf::": false, "2a06:98c7:ffff::1": true, "2a06:98c8::": false,
		"2a04:4e3f::1": false, "2a04:4e42:600::644": true,
	} {
		if got := ofCDN(netip.MustParseAddr(in)); got != want {
			t.Errorf("%s: %v", in, got)
		}
	}
	// Each network of the table, by an address that its owner publishes or that it is known to serve from.
	for in, owner := range map[string]string{
		"104.16.132.229": "Cloudflare", "2606:4700:4700::1111": "Cloudflare", "151.101.1.140": "Fastly", "2a04:4e42::396": "Fastly",
		"109.224.228.1": "bunny.net", "45.60.10.1": "Imperva", "192.124.249.10": "Sucuri", "185.178.208.10": "DDoS-Guard",
		"23.32.1.1": "Akamai", "2600:1406::1": "Akamai", "117.18.232.200": "Edgecast", "66.241.124.10": "Fly.io", "2a09:8280:1::1": "Fly.io",
	} {
		if !ofCDN(netip.MustParseAddr(in)) {
			t.Errorf("%s of %s is not in the table", in, owner)
		}
	}
	// Akamai's hosting, and hosters beside which a network might be taken for one.
	for in, owner := range map[string]string{
		"45.33.32.156": "Linode", "2600:3c01::f03c:91ff:fe18:bb2f": "Linode", "95.216.0.1": "Hetzner", "3.120.0.1": "Amazon", "34.84.0.1": "Google",
		"192.0.2.1": "nobody", "10.0.0.1": "nobody", "2001:db8::1": "nobody", "0.0.0.0": "nobody", "255.255.255.255": "nobody", "::": "nobody",
	} {
		if ofCDN(netip.MustParseAddr(in)) {
			t.Errorf("%s of %s is in the table", in, owner)
		}
	}
	if ofCDN(netip.Addr{}) {
		t.Error("no address is in the table")
	}
}

// TestCDNTable: what gen made is in order and small, and says how old it is.
func TestCDNTable(t *testing.T) {
	d := data(t)
	if !strings.HasPrefix(cdnText, "# Addresses that delivery networks announced on "+d.Date().Format(time.DateOnly)+";") {
		t.Errorf("it begins with %.90q", cdnText)
	}
	all := cdnSpans()
	for i, s := range all {
		if s.first.Is4() != s.last.Is4() || s.last.Less(s.first) || i > 0 && !all[i-1].last.Less(s.first) {
			t.Errorf("%s-%s is out of order", s.first, s.last)
		}
	}
	if len(all) < 2000 || len(all) > 4000 || len(cdnText) > 128<<10 {
		t.Errorf("%d ranges, %d bytes", len(all), len(cdnText))
	}
}

func FuzzLocate(f *testing.F) {
	f.Add("a.social", []byte{95, 216, 0, 1}, "Server", "cloudflare")
	f.Add("a.рф", []byte{}, "", "")
	f.Add("a.io", []byte("\x2a\x01\x04\xf8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"), "Via", "1.1 varnish")
	d, err := Embedded()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string, ip []byte, key, value string) {
		n, err := domain.Parse(s)
		if err != nil {
			return
		}
		var list []netip.Addr
		if a, ok := netip.AddrFromSlice(ip); ok {
			list = append(list, a, a.Next())
		}
		got := (&Locator{Data: d}).Locate(n, list, http.Header{http.CanonicalHeaderKey(key): {value}})
		known := slices.Contains([]Source{TLD, RegionTLD, Address}, got.Source) && Valid(got.Country) && got.Reason == ""
		unknown := got.Source == Unknown && got.Country == "" && slices.Contains(Reasons(), got.Reason)
		if !known && !unknown {
			t.Fatalf("%s, %v, %q: %q: %+v", n, list, key, value, got)
		}
	})
}

func BenchmarkLocate(b *testing.B) {
	l, n, h := &Locator{Data: data(b)}, name(b, "a.social"), header("Server", "Mastodon")
	list := addrs(finland, "2a01:4f9::1")
	b.ReportAllocs()
	for b.Loop() {
		l.Locate(n, list, h)
	}
}

func BenchmarkOfCDN(b *testing.B) {
	v4, v6 := netip.MustParseAddr(finland), netip.MustParseAddr(germany6)
	b.ReportAllocs()
	for b.Loop() {
		ofCDN(v4)
		ofCDN(v6)
	}
}
