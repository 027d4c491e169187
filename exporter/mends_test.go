package exporter_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/mnm-social/mnm/demo"
	"github.com/mnm-social/mnm/exporter"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/internal/worldtest"
)

// resolver answers every question for an address with the same, or, with no address, that there is no such name.
func resolver(t *testing.T, address string) netip.AddrPort {
	return serveDNS(t, func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		switch {
		case address == "":
			m.Rcode = dns.RcodeNameError
		case q.Question[0].Qtype == dns.TypeA:
			m.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 5}, A: net.ParseIP(address)}}
		}
		_ = w.WriteMsg(m) // who asked may have gone
	})
}

// relay passes questions on to the resolver that to names at the time.
func relay(t *testing.T, to func() netip.AddrPort) netip.AddrPort {
	return serveDNS(t, func(w dns.ResponseWriter, q *dns.Msg) {
		if m, err := dns.ExchangeContext(context.Background(), q, to().String()); err == nil {
			_ = w.WriteMsg(m)
		}
	})
}

// serveDNS answers on loopback until the test ends.
func serveDNS(t *testing.T, answer dns.HandlerFunc) netip.AddrPort {
	t.Helper()
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan struct{})
	server := &dns.Server{PacketConn: c, NotifyStartedFunc: func() { close(started) }, Handler: answer}
	ended := make(chan error, 1)
	go func() { ended <- server.ActivateAndServe() }()
	<-started
	t.Cleanup(func() {
		_ = server.Shutdown()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return c.LocalAddr().(*net.UDPAddr).AddrPort()
}

// TestKindsOfOutage holds that whatever our own network does when it does not work, nobody is reported down for it: with a
// network as with one watched host.
func TestKindsOfOutage(t *testing.T) {
	for name, address := range map[string]string{
		"names do not exist":                         "",
		"a portal with a private address":            "192.168.1.1",
		"a portal that answers in everybody's place": "93.184.216.34",
	} {
		for _, hosts := range []int{1, 40} {
			t.Run(fmt.Sprintf("%s, %d hosts", name, hosts), func(t *testing.T) {
				t.Parallel()
				var specs []demo.Spec
				for i := range hosts {
					specs = append(specs, demo.Spec{Name: fmt.Sprintf("oak-%d.social", i), Users: figure(10)})
				}
				good, bad := netip.AddrPort{}, resolver(t, address)
				b := newBox(t, demo.WorldOf(specs, start), func(b *worldtest.Box, c *exporter.Config) {
					// The resolver that the exporter asks is the World's until the cut.
					good = c.Net.Resolvers[0]
					c.Net.Resolvers = []netip.AddrPort{relay(t, func() netip.AddrPort {
						if b.Cut.Load() {
							return bad
						}
						return good
					})}
				})
				b.Step(t, start)
				b.Cut.Store(true)
				for minute := 1; minute <= 180; minute++ {
					b.Step(t, start.Add(time.Duration(minute)*time.Minute))
				}
				b.want(t, map[string]float64{
					`mastodon_network_instances{state="up"}`: float64(hosts), `sum(mastodon_network_changes_total)`: 0, `mnm_exporter_online`: 0,
				})
				b.Cut.Store(false)
				for minute := 181; minute <= 250; minute++ {
					b.Step(t, start.Add(time.Duration(minute)*time.Minute))
				}
				b.want(t, map[string]float64{
					`mastodon_network_instances{state="up"}`: float64(hosts), `sum(mastodon_network_changes_total)`: 0, `mnm_exporter_online`: 1,
					`mastodon_network_claimed_users`: float64(10 * hosts),
				})
			})
		}
	}
}

// TestOutageWhileGitHubIsSilent holds that with few hosts a failure is not believed on the word of an old look-up: GitHub,
// which may not be asked for releases at its limit, is asked how it is.
func TestOutageWhileGitHubIsSilent(t *testing.T) {
	w := demo.WorldOf([]demo.Spec{{Name: "oak.social", Users: figure(100)}}, start)
	b := newBox(t, w)
	b.Step(t, start)
	b.ExhaustGitHub(t)
	b.Step(t, start.Add(6*time.Minute)) // it says that there is a limit
	b.Cut.Store(true)
	for minute := 7; minute <= 130; minute++ {
		b.Step(t, start.Add(time.Duration(minute)*time.Minute))
	}
	b.want(t, map[string]float64{`mastodon_network_instances{state="up"}`: 1, `sum(mastodon_network_changes_total)`: 0, `mnm_exporter_online`: 0})
}

// TestOneHostDown holds the other side: when our network works, one watched host that is down goes down, within 65 minutes.
func TestOneHostDown(t *testing.T) {
	for _, behaviour := range []demo.Behaviour{demo.Refusing, demo.NoName, demo.CertExpired, demo.BadGateway, demo.HTML, demo.Half, demo.RobotsError, demo.RedirectLoop} {
		t.Run(string(behaviour), func(t *testing.T) {
			t.Parallel()
			b := newBox(t, demo.WorldOf([]demo.Spec{
				{Name: "oak.social", Users: figure(100), Turns: 3 * time.Hour, Then: &demo.Spec{Users: figure(101), Behaviour: behaviour}},
			}, start))
			at := start
			for ; at.Before(start.Add(3 * time.Hour)); at = at.Add(time.Minute) {
				b.Step(t, at)
			}
			limit := 66 * time.Minute
			switch behaviour {
			case demo.RobotsError: // a copy of robots.txt holds for a day
				limit = 26 * time.Hour
			case demo.RedirectLoop: // a circle takes all the requests of an hour
				limit = 4 * time.Hour
			}
			for b.Store.Value(t, `mastodon_instance_up`, b.Now()) == 1 {
				if at = at.Add(time.Minute); at.Sub(start.Add(3*time.Hour)) > limit {
					t.Fatalf("not down %s after it failed: %s", limit, b.Entry(t, "oak.social"))
				}
				b.Step(t, at)
			}
		})
	}
}

// TestFilesFromDisk holds that a server whose robots.txt is served while the application behind it is dead is down, not for
// ever new, and not up on the strength of a file.
func TestFilesFromDisk(t *testing.T) {
	b := newBox(t, demo.WorldOf([]demo.Spec{
		{Name: "dead.social", Behaviour: demo.AppDown},
		{Name: "died.social", Users: figure(5), Turns: 2 * time.Hour, Then: &demo.Spec{Behaviour: demo.AppDown}},
	}, start))
	for minute := 0; minute <= 240; minute++ {
		b.Step(t, start.Add(time.Duration(minute)*time.Minute))
	}
	b.want(t, map[string]float64{`mastodon_network_instances{state="down"}`: 2})
}

// TestAsksForRest holds that 429, and 503 with Retry-After, end a visit, and that nobody is asked before the time named.
func TestAsksForRest(t *testing.T) {
	for behaviour, wait := range map[demo.Behaviour]time.Duration{demo.RateLimited: time.Hour, demo.RetryAfter: 2 * time.Hour} {
		t.Run(string(behaviour), func(t *testing.T) {
			w := demo.WorldOf([]demo.Spec{
				{Name: "oak.social", Users: figure(100), Turns: 30 * time.Minute, Then: &demo.Spec{Users: figure(101), Behaviour: behaviour}},
			}, start)
			b := newBox(t, w)
			for minute := 0; minute <= 12*60; minute++ {
				b.Step(t, start.Add(time.Duration(minute)*time.Minute))
			}
			times := b.Times("oak.social")
			after := times[4:] // the first visit took four
			if len(after) == 0 {
				t.Fatal("it was not asked again")
			}
			for i := 1; i < len(after); i++ {
				if gap := after[i].Sub(after[i-1]); gap < wait {
					t.Fatalf("asked again after %s, want at least %s: %v", gap, wait, after)
				}
			}
		})
	}
}

// TestOtherHost holds that an instance that is served from another host of its owner is read there, and only if that host's
// robots.txt allows.
func TestOtherHost(t *testing.T) {
	b := newBox(t, demo.WorldOf([]demo.Spec{
		{Name: "oak.social", Users: figure(100), MovedTo: "web.oak.social"}, {Name: "web.oak.social", Users: figure(100), Unlisted: true},
		{Name: "elm.social", Users: figure(7), MovedTo: "web.elm.social"}, {Name: "web.elm.social", Users: figure(7), Unlisted: true, Behaviour: demo.RobotsNo},
	}, start))
	for minute := 0; minute <= 180; minute++ {
		b.Step(t, start.Add(time.Duration(minute)*time.Minute))
	}
	b.want(t, map[string]float64{
		`mastodon_network_claimed_users`: 100, `mastodon_instance_up{domain="oak.social"}`: 1, `mastodon_network_instances{state="refused"}`: 1,
	})
	if n := len(b.Times("web.elm.social")); n == 0 || n > 2 {
		t.Errorf("web.elm.social, which declines, was asked %d times, want for robots.txt only", n)
	}
	for _, name := range []string{"oak.social", "web.oak.social", "elm.social", "web.elm.social"} {
		times := b.Times(name)
		for j := 4; j < len(times); j++ {
			if times[j].Sub(times[j-4]) < time.Hour {
				t.Errorf("%s was asked five times from %s to %s", name, times[j-4], times[j])
			}
		}
	}
}

// TestFirstListIsNoNews holds that a directory which answers late makes no news of all that it lists.
func TestFirstListIsNoNews(t *testing.T) {
	w := demo.WorldOf([]demo.Spec{{Name: "oak.social", Users: figure(100)}, {Name: "elm.social", Users: figure(7), Unlisted: true}}, start)
	b := newBox(t, w, func(b *worldtest.Box, c *exporter.Config) {
		c.Directories.Domains = []domain.Name{name(t, "elm.social")}
		dial := c.Net.Dial
		c.Net.Dial = func(ctx context.Context, a netip.AddrPort) (net.Conn, error) {
			if b.Now().Before(start.Add(time.Minute)) && !strings.HasPrefix(a.Addr().String(), addressOf(w, "elm.social", b.Now())) {
				return nil, &net.OpError{Op: "dial", Err: net.UnknownNetworkError("down")}
			}
			return dial(ctx, a)
		}
	})
	for minute := range 12 {
		b.Step(t, start.Add(time.Duration(minute)*time.Minute))
	}
	b.want(t, map[string]float64{
		`mastodon_network_claimed_users`: 107, `mastodon_network_changes_total{change="new"}`: 0, `mnm_exporter_first_round_ratio`: 1,
	})
}

// addressOf is the address of an instance of the World.
func addressOf(w *demo.World, name string, at time.Time) string {
	return w.State(w.Find(name), at).V4.String()
}
