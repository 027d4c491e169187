package outbound

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func TestLookupRemembers(t *testing.T) {
	soa := func(q *dns.Msg, code int, minimum uint32) *dns.Msg {
		m := new(dns.Msg).SetRcode(q, code)
		m.Ns = []dns.RR{&dns.SOA{
			Hdr: dns.RR_Header{Name: "social.", Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: 86400},
			Ns:  "a.social.", Mbox: "a.social.", Minttl: minimum,
		}}
		return m
	}
	yes := func(ttl uint32) func(*dns.Msg) *dns.Msg {
		return func(q *dns.Msg) *dns.Msg {
			if q.Question[0].Qtype == dns.TypeA {
				return reply(q, fmt.Sprintf("oak.social. %d IN A 95.216.1.1", ttl))
			}
			return reply(q, fmt.Sprintf("oak.social. %d IN AAAA 2a01:4f8::1", ttl))
		}
	}
	for _, row := range []struct {
		name   string
		answer func(*dns.Msg) *dns.Msg
		want   time.Duration // for how long the answer is believed
	}{
		{"TTL", yes(300), 300 * time.Second},
		{"TTL 0", yes(0), 2 * time.Second},
		{"TTL of a day", yes(86400), time.Hour},
		{"TTL below zero", yes(1 << 31), 2 * time.Second},
		{"no such name", func(q *dns.Msg) *dns.Msg { return soa(q, dns.RcodeNameError, 30) }, 30 * time.Second},
		{"no such name for a day", func(q *dns.Msg) *dns.Msg { return soa(q, dns.RcodeNameError, 86400) }, time.Minute},
		{"no record", func(q *dns.Msg) *dns.Msg { return soa(q, dns.RcodeSuccess, 20) }, 20 * time.Second},
		{"SERVFAIL", func(q *dns.Msg) *dns.Msg { return new(dns.Msg).SetRcode(q, dns.RcodeServerFailure) }, 5 * time.Second},
		{"private", func(q *dns.Msg) *dns.Msg { return reply(q, "oak.social. 3600 IN A 10.0.0.1") }, 2 * time.Second},
		{"SERVFAIL for IPv6", func(q *dns.Msg) *dns.Msg {
			if q.Question[0].Qtype == dns.TypeAAAA {
				return new(dns.Msg).SetRcode(q, dns.RcodeServerFailure)
			}
			return yes(3600)(q)
		}, time.Minute},
		{"no IPv6", func(q *dns.Msg) *dns.Msg {
			if q.Question[0].Qtype == dns.TypeAAAA {
				return soa(q, dns.RcodeSuccess, 10)
			}
			return yes(900)(q)
		}, 900 * time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBox(t)
			for _, key := range []string{"oak.social. A", "oak.social. AAAA"} {
				b.special(key, func(w dns.ResponseWriter, q *dns.Msg) { _ = w.WriteMsg(row.answer(q)) })
			}
			c := b.client()
			look := func() int {
				_, _ = c.Lookup(t.Context(), "oak.social")
				return b.questions("oak.social. A")
			}
			first := look()
			b.pass(row.want - time.Second)
			if look() != first {
				t.Error("asked again too early")
			}
			b.pass(time.Second)
			if look() == first {
				t.Error("believed too long")
			}
		})
	}
}

func TestLookupDoesNotRememberTheCallersEnd(t *testing.T) {
	b := newBox(t)
	begun := make(chan struct{}, 8)
	b.special("oak.social. A", func(dns.ResponseWriter, *dns.Msg) { begun <- struct{}{} })
	c := b.client()
	c.limits.attempt, c.limits.lookup = time.Minute, time.Minute
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-begun; cancel() }()
	begin := time.Now()
	_, err := c.Lookup(ctx, "oak.social")
	wantReason(t, err, ReasonCanceled)
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("took %v to end", took)
	}
	b.special("oak.social. A", nil)
	b.name("oak.social", "95.216.1.1")
	_, err = c.Lookup(t.Context(), "oak.social")
	wantReason(t, err, "")
}

func TestLookupsAreBounded(t *testing.T) {
	b := newBox(t)
	b.name("oak.social", "95.216.1.1")
	c := b.client()
	for range cap(c.resolver.slots) {
		c.resolver.slots <- struct{}{}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := c.Lookup(ctx, "oak.social")
	wantReason(t, err, ReasonCrowded) // our own crowd says nothing about the host
	<-c.resolver.slots
	for _, host := range []string{"oak.social", "elm.social"} { // one after the other, by the one slot that is free
		_, err = c.Lookup(t.Context(), host)
		wantReason(t, err, map[string]Reason{"elm.social": ReasonNoAddress}[host])
	}
}

func TestLookupResultIsTheCallersOwn(t *testing.T) {
	b := newBox(t)
	b.name("oak.social", "95.216.1.1")
	c := b.client()
	for range 2 {
		addrs, err := c.Lookup(t.Context(), "oak.social")
		if err != nil || addrs.V4[0] != addrOf("95.216.1.1") {
			t.Fatal(addrs, err)
		}
		addrs.V4[0] = addrOf("127.0.0.1")
	}
}

func TestRecentIsBounded(t *testing.T) {
	r := newRecent[int](100)
	for i := range 10_000 {
		r.put(fmt.Sprint(i), i)
		if _, ok := r.get("0"); !ok {
			t.Fatalf("what is used was forgotten after %d", i)
		}
		if n := len(r.current) + len(r.older); n > 101 {
			t.Fatalf("%d entries", n)
		}
	}
	if v, ok := r.get("9999"); !ok || v != 9999 {
		t.Error("the newest was forgotten")
	}
	if _, ok := r.get("5000"); ok {
		t.Error("the old was not")
	}
}

func TestLookupTellsWhatItDoesNotKnow(t *testing.T) {
	fails := func(q *dns.Msg) *dns.Msg { return new(dns.Msg).SetRcode(q, dns.RcodeServerFailure) }
	none := func(q *dns.Msg) *dns.Msg { return reply(q) }
	circle := func(q *dns.Msg) *dns.Msg { return reply(q, "oak.social. 60 IN CNAME oak.social.") }
	v4 := func(q *dns.Msg) *dns.Msg { return reply(q, "oak.social. 60 IN A 95.216.1.1") }
	v6 := func(q *dns.Msg) *dns.Msg { return reply(q, "oak.social. 60 IN AAAA 2a01:4f8::1") }
	for _, row := range []struct {
		name     string
		a, aaaa  func(*dns.Msg) *dns.Msg
		want     Reason
		no4, no6 bool // not known
	}{
		{"both", v4, v6, "", false, false},
		{"no IPv6", v4, none, "", false, false},
		{"no IPv4", none, v6, "", false, false},
		{"IPv6 not known", v4, fails, "", false, true},
		{"IPv4 not known", fails, v6, "", true, false},
		{"IPv6 makes no sense", v4, circle, "", false, true},
		{"no IPv4 and IPv6 not known", none, fails, ReasonDNS, false, false},
		{"nothing known", fails, fails, ReasonDNS, false, false},
		{"nothing there", none, none, ReasonNoAddress, false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBox(t)
			b.special("oak.social. A", func(w dns.ResponseWriter, q *dns.Msg) { _ = w.WriteMsg(row.a(q)) })
			b.special("oak.social. AAAA", func(w dns.ResponseWriter, q *dns.Msg) { _ = w.WriteMsg(row.aaaa(q)) })
			c := b.client()
			for range 2 { // the second from the cache
				addrs, err := c.Lookup(t.Context(), "oak.social")
				wantReason(t, err, row.want)
				if addrs.V4Unknown != row.no4 || addrs.V6Unknown != row.no6 {
					t.Errorf("%+v", addrs)
				}
			}
		})
	}
}
