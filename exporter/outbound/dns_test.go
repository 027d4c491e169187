package outbound

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func TestLookup(t *testing.T) {
	rcode := func(code int) func(dns.ResponseWriter, *dns.Msg) {
		return func(w dns.ResponseWriter, q *dns.Msg) { _ = w.WriteMsg(new(dns.Msg).SetRcode(q, code)) }
	}
	records := func(lines ...string) func(dns.ResponseWriter, *dns.Msg) {
		return func(w dns.ResponseWriter, q *dns.Msg) { _ = w.WriteMsg(reply(q, lines...)) }
	}
	many := make([]string, 40)
	for i := range many {
		many[i] = fmt.Sprintf("oak.social. 60 IN A 95.216.1.%d", i)
	}
	rows := []struct {
		name    string
		answers map[string]func(dns.ResponseWriter, *dns.Msg) // keys "A" and "AAAA" for oak.social, or "name. A"
		want    Reason
		addrs   string
	}{
		{"both families", map[string]func(dns.ResponseWriter, *dns.Msg){
			"A":    records("oak.social. 60 IN A 95.216.1.1", "oak.social. 60 IN A 95.216.1.2"),
			"AAAA": records("oak.social. 60 IN AAAA 2a01:4f8::1"),
		}, "", "[95.216.1.1 95.216.1.2] [2a01:4f8::1]"},
		{"the case of letters", map[string]func(dns.ResponseWriter, *dns.Msg){
			"A": records("OAK.Social. 60 IN A 95.216.1.1")}, "", "[95.216.1.1] []"},
		{"no such name", map[string]func(dns.ResponseWriter, *dns.Msg){"A": rcode(dns.RcodeNameError), "AAAA": rcode(dns.RcodeNameError)}, ReasonNoAddress, ""},
		{"no record", nil, ReasonNoAddress, ""},
		{"no such name, with an address", map[string]func(dns.ResponseWriter, *dns.Msg){
			"A": func(w dns.ResponseWriter, q *dns.Msg) {
				m := reply(q, "oak.social. 60 IN A 95.216.1.1")
				m.Rcode = dns.RcodeNameError
				_ = w.WriteMsg(m)
			}}, ReasonNoAddress, ""},
		{"SERVFAIL", map[string]func(dns.ResponseWriter, *dns.Msg){"A": rcode(dns.RcodeServerFailure), "AAAA": rcode(dns.RcodeServerFailure)}, ReasonDNS, ""},
		{"REFUSED", map[string]func(dns.ResponseWriter, *dns.Msg){"A": rcode(dns.RcodeRefused), "AAAA": rcode(dns.RcodeRefused)}, ReasonDNS, ""},
		{"SERVFAIL for one", map[string]func(dns.ResponseWriter, *dns.Msg){
			"A": records("oak.social. 60 IN A 95.216.1.1"), "AAAA": rcode(dns.RcodeServerFailure)}, "", "[95.216.1.1] []"},
		{"nothing and SERVFAIL", map[string]func(dns.ResponseWriter, *dns.Msg){"AAAA": rcode(dns.RcodeServerFailure)}, ReasonDNS, ""},
		{"aliases in one answer", map[string]func(dns.ResponseWriter, *dns.Msg){
			"A": records("b.elm.social. 60 IN A 95.216.1.1", "oak.social. 60 IN CNAME a.elm.social.", "a.elm.social. 60 IN CNAME b.elm.social.")},
			"", "[95.216.1.1] []"},
		{"an alias left to us", map[string]func(dns.ResponseWriter, *dns.Msg){
			"A": records("oak.social. 60 IN CNAME a.elm.social."), "a.elm.social. A": records("a.elm.social. 60 IN A 95.216.1.1")},
			"", "[95.216.1.1] []"},
		{"an alias to nothing", map[string]func(dns.ResponseWriter, *dns.Msg){"A": records("oak.social. 60 IN CNAME a.elm.social.")}, ReasonNoAddress, ""},
		{"an alias to a private address", map[string]func(dns.ResponseWriter, *dns.Msg){
			"A": records("oak.social. 60 IN CNAME a.elm.social.", "a.elm.social. 60 IN A 10.0.0.1")}, ReasonAddress, ""},
		{"aliases in a circle", map[string]func(dns.ResponseWriter, *dns.Msg){
			"A": records("oak.social. 60 IN CNAME elm.social.", "elm.social. 60 IN CNAME oak.social.")}, ReasonDNS, ""},
		{"aliases in a circle of answers", map[string]func(dns.ResponseWriter, *dns.Msg){
			"A": records("oak.social. 60 IN CNAME elm.social."), "elm.social. A": records("elm.social. 60 IN CNAME oak.social.")}, ReasonDNS, ""},
		{"an alias to itself", map[string]func(dns.ResponseWriter, *dns.Msg){"A": records("oak.social. 60 IN CNAME oak.social.")}, ReasonDNS, ""},
		{"somebody else's address", map[string]func(dns.ResponseWriter, *dns.Msg){"A": records("elm.social. 60 IN A 95.216.1.1")}, ReasonNoAddress, ""},
		{"another class", map[string]func(dns.ResponseWriter, *dns.Msg){"A": records("oak.social. 60 CH A 95.216.1.1")}, ReasonNoAddress, ""},
		{"the other family", map[string]func(dns.ResponseWriter, *dns.Msg){"A": records("oak.social. 60 IN AAAA 2a01:4f8::1")}, ReasonNoAddress, ""},
		{"an answer to another question", map[string]func(dns.ResponseWriter, *dns.Msg){
			"A": func(w dns.ResponseWriter, q *dns.Msg) {
				other := new(dns.Msg).SetQuestion("elm.social.", dns.TypeA)
				other.Id = q.Id
				_ = w.WriteMsg(reply(other, "elm.social. 60 IN A 95.216.1.1"))
			}}, ReasonDNS, ""},
		{"another number first", map[string]func(dns.ResponseWriter, *dns.Msg){
			"A": func(w dns.ResponseWriter, q *dns.Msg) {
				forged := reply(q, "oak.social. 60 IN A 95.216.6.6")
				forged.Id++
				_ = w.WriteMsg(forged)
				_ = w.WriteMsg(reply(q, "oak.social. 60 IN A 95.216.1.1"))
			}}, "", "[95.216.1.1] []"},
		{"a question for an answer", map[string]func(dns.ResponseWriter, *dns.Msg){
			"A": func(w dns.ResponseWriter, q *dns.Msg) { _ = w.WriteMsg(q) }}, ReasonDNS, ""},
		{"bytes that are no message", map[string]func(dns.ResponseWriter, *dns.Msg){
			"A": func(w dns.ResponseWriter, q *dns.Msg) { _, _ = w.Write([]byte("\xff\xff\xff\xff")) }}, ReasonDNS, ""},
		{"cut short over UDP", map[string]func(dns.ResponseWriter, *dns.Msg){
			"A": func(w dns.ResponseWriter, q *dns.Msg) {
				m := reply(q, many...)
				if _, udp := w.RemoteAddr().(*net.UDPAddr); udp {
					m.Answer, m.Truncated = m.Answer[:1], true
				}
				_ = w.WriteMsg(m)
			}}, "", "16 [95.216.1.0 95.216.1.1"},
		{"a private one far down the list", map[string]func(dns.ResponseWriter, *dns.Msg){
			"A": records(append(many[:30:30], "oak.social. 60 IN A 192.168.0.1")...)}, ReasonAddress, ""},
		{"silence", map[string]func(dns.ResponseWriter, *dns.Msg){"A": func(dns.ResponseWriter, *dns.Msg) {}}, ReasonDNS, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			b := newBox(t)
			b.special("oak.social. A", records())
			b.special("oak.social. AAAA", records())
			for key, f := range row.answers {
				if !strings.Contains(key, " ") {
					key = "oak.social. " + key
				}
				b.special(key, f)
			}
			c := b.client()
			c.limits.attempt = 300 * time.Millisecond
			for range 2 { // the second from the cache
				addrs, err := c.Lookup(t.Context(), "oak.social")
				wantReason(t, err, row.want)
				got := fmt.Sprint(addrs.V4, addrs.V6)
				if strings.HasPrefix(row.addrs, "16 ") {
					got = fmt.Sprint(len(addrs.V4), " ", got)
				}
				if err == nil && !strings.HasPrefix(got, row.addrs) {
					t.Errorf("got %s", got)
				}
				if err != nil && (addrs.V4 != nil || addrs.V6 != nil) {
					t.Errorf("addresses beside an error: %v", addrs)
				}
				if err != nil && len(err.Error()) > 250 {
					t.Errorf("%d bytes of error", len(err.Error()))
				}
			}
			if n := b.questions("oak.social. A"); n < 1 || n > 5 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

func TestLookupAsksWithEDNS(t *testing.T) {
	b := newBox(t)
	size := make(chan uint16, 1)
	b.special("oak.social. A", func(w dns.ResponseWriter, q *dns.Msg) {
		if o := q.IsEdns0(); o != nil && q.RecursionDesired {
			size <- o.UDPSize()
		}
		_ = w.WriteMsg(reply(q, "oak.social. 60 IN A 95.216.1.1"))
	})
	if _, err := b.client().Lookup(t.Context(), "oak.social"); err != nil {
		t.Fatal(err)
	}
	if got := <-size; got != 1232 {
		t.Errorf("takes %d bytes", got)
	}
}

func TestLookupGoesOnToTheNextResolver(t *testing.T) {
	b := newBox(t)
	b.name("oak.social", "95.216.1.1")
	b.name("elm.social", "95.216.1.2")
	broken := serveDNS(t, dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		_ = w.WriteMsg(new(dns.Msg).SetRcode(q, dns.RcodeServerFailure))
	}))
	gone, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := netip.MustParseAddrPort(gone.LocalAddr().String())
	gone.Close()
	var asked atomic.Int32
	mute := serveDNS(t, dns.HandlerFunc(func(dns.ResponseWriter, *dns.Msg) { asked.Add(1) }))
	c := b.client(func(o *Options) { o.Net.Resolvers = []netip.AddrPort{broken, closed, mute, b.dns} })
	c.limits.attempt = 200 * time.Millisecond
	for _, host := range []string{"oak.social", "elm.social"} {
		if _, err := c.Lookup(t.Context(), host); err != nil {
			t.Fatal(err)
		}
	}
	if n := asked.Load(); n != 2 { // A and AAAA of the first name; then the one that answered is asked first
		t.Errorf("the mute resolver was asked %d times", n)
	}
}

func TestSystemResolvers(t *testing.T) {
	conf := filepath.Join(t.TempDir(), "resolv.conf")
	d := newDNS(nil, &limits{})
	d.conf = conf
	check := func(content string, at time.Time, want string) {
		t.Helper()
		if content != "" {
			if err := os.WriteFile(conf, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(conf, at, at); err != nil {
				t.Fatal(err)
			}
		}
		if got := fmt.Sprint(d.servers()); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	t0 := time.Unix(1_700_000_000, 0)
	check("", t0, "[]")
	check("nameserver 9.9.9.9\n", t0, "[]") // not looked at so soon again
	d.looked = time.Time{}
	check("nameserver 9.9.9.9\n", t0, "[9.9.9.9:53]")
	d.looked = time.Time{}
	check("# new network\nnameserver 10.0.0.1\nnameserver fe80::1%eth0\nnameserver oops\n", t0.Add(time.Hour), "[10.0.0.1:53 [fe80::1%eth0]:53]")
	d.looked = time.Time{}
	check("options edns0\n", t0.Add(2*time.Hour), "[]")
}

func TestGoResolverWhereThereIsNoConfiguration(t *testing.T) {
	b := newBox(t)
	b.name("oak.social", "95.216.1.1", "2a01:4f8::1")
	b.name("elm.social", "2a01:4f8::2")
	b.name("in.oak.social", "10.0.0.1")
	fails := func(w dns.ResponseWriter, q *dns.Msg) {
		_ = w.WriteMsg(new(dns.Msg).SetRcode(q, dns.RcodeServerFailure))
	}
	b.special("ash.social. A", fails)
	b.special("ash.social. AAAA", fails)
	c := b.client(func(o *Options) { o.Net.Resolvers = nil })
	d := newDNS(nil, &c.limits)
	d.conf = filepath.Join(t.TempDir(), "none")
	d.other = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, network, b.dns.String())
	}}
	c.resolver.ask = d.ask
	for host, want := range map[string]string{
		"oak.social": "{[95.216.1.1] [2a01:4f8::1] false false}", "elm.social": "{[] [2a01:4f8::2] false false}",
		"in.oak.social": "address", "none.social": "no_address", "ash.social": "dns",
	} {
		addrs, err := c.Lookup(t.Context(), host)
		got := fmt.Sprint(addrs)
		if err != nil {
			got = string(ReasonOf(err))
		}
		if got != want {
			t.Errorf("%s: %s, want %s (%v)", host, got, want, err)
		}
	}
}
