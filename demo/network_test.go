package demo

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mattn/go-mastodon"
	"github.com/miekg/dns"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a World's time that a test steps.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) time() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) step(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// box is a served World and a plain visitor of it, who shares no code with the exporter.
type box struct {
	*Network
	*clock
	t      *testing.T
	client *http.Client
}

func serve(t *testing.T, w *World) *box {
	t.Helper()
	c := &clock{t: w.Start()}
	n, err := Serve(w, c.time)
	if err != nil {
		t.Fatal(err)
	}
	b := &box{Network: n, clock: c, t: t}
	transport := &http.Transport{
		DialContext:       b.connect,
		TLSClientConfig:   &tls.Config{RootCAs: n.Net().Roots},
		DisableKeepAlives: true,
	}
	b.client = &http.Client{Transport: transport, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// query asks the World's DNS.
func (b *box) query(network, name string, qtype uint16) (*dns.Msg, error) {
	c := dns.Client{Net: network}
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(name), qtype)
	r, _, err := c.Exchange(m, b.Net().Resolvers[0].String())
	return r, err
}

// connect looks a name up, A and AAAA as a visitor does, and dials its IPv4 address.
func (b *box) connect(ctx context.Context, _, hostport string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return nil, err
	}
	if _, err := b.query("udp", host, dns.TypeAAAA); err != nil {
		return nil, err
	}
	r, err := b.query("udp", host, dns.TypeA)
	if err != nil {
		return nil, err
	}
	if len(r.Answer) == 0 {
		return nil, fmt.Errorf("no address: %s", dns.RcodeToString[r.Rcode])
	}
	addr, _ := netip.AddrFromSlice(r.Answer[0].(*dns.A).A.To4())
	return b.Net().Dial(ctx, netip.AddrPortFrom(addr, map[string]uint16{"443": 443, "80": 80}[port]))
}

// get is a request; the status is 0 where there was no answer.
func (b *box) get(url string, header ...string) (int, http.Header, []byte, error) {
	b.t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := b.client.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	return resp.StatusCode, resp.Header, body, err
}

func TestGoMastodonReadsInstances(t *testing.T) {
	w := NewWorld(Config{Seed: 5, Instances: 120})
	b := serve(t, w)
	b.step(100 * time.Minute)
	read := 0
	for i := range w.Len() {
		st := w.State(i, b.time())
		if !st.Mastodon || !st.Exists || st.Behaviour != Well && st.Behaviour != NoNodeInfo {
			continue
		}
		c := mastodon.NewClient(&mastodon.Config{Server: "https://" + w.Name(i).String()})
		c.Client = *b.client
		got, err := c.GetInstance(t.Context())
		if err != nil {
			t.Errorf("%s: %v", w.Name(i), err)
			continue
		}
		read++
		if got.URI != w.Name(i).String() || got.Stats == nil || got.ContactAccount == nil || got.ContactAccount.Username != "admin" {
			t.Errorf("%s says of itself %+v", w.Name(i), got)
			continue
		}
		if s := got.Stats; s.UserCount != int64(max(st.Users, 0)) || s.StatusCount != int64(max(st.Statuses, 0)) || s.DomainCount != int64(max(st.Connections, 0)) {
			t.Errorf("%s says %+v, it is %+v", w.Name(i), *s, st)
		}
		weeks, err := c.GetInstanceActivity(t.Context())
		if err != nil || len(weeks) != 12 {
			t.Errorf("%s: %d weeks, %v", w.Name(i), len(weeks), err)
			continue
		}
		if got := (Week{weeks[1].Statuses, weeks[1].Logins, weeks[1].Registrations}); got != st.Week {
			t.Errorf("%s: the last complete week was %v, it says %v", w.Name(i), st.Week, got)
		}
	}
	if read < 50 {
		t.Errorf("only %d instances were read", read)
	}
}

func TestDocumentsSayWhatTheStateIs(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	full := Spec{Users: n(1200), Statuses: n(34567), Connections: n(890), ActiveMonth: n(77), Open: new(true), Approval: true}
	with := func(f func(*Spec)) Spec { s := full; f(&s); return s }
	for name, row := range map[string]struct {
		spec Spec
		path string
		want map[string]string // a path of keys, and the JSON there; "" is nothing
	}{
		"nodeinfo of Mastodon": {full, "/nodeinfo/2.0", map[string]string{
			"software.name": `"mastodon"`, "software.version": `"4.7.0"`, "usage.users.total": "1200", "usage.localPosts": "34567",
			"usage.users.activeMonth": "77", "openRegistrations": "true", "version": `"2.0"`,
		}},
		"nodeinfo of one that doesn't say": {Spec{}, "/nodeinfo/2.0", map[string]string{"usage.users.total": "", "usage.localPosts": "", "openRegistrations": ""}},
		"glitch": {with(func(s *Spec) { s.Software, s.Version = "glitch", "4.5.2" }), "/nodeinfo/2.0", map[string]string{
			"software.name": `"mastodon"`, "software.version": `"4.5.2+glitch"`,
		}},
		"old hometown": {with(func(s *Spec) { s.Software, s.Version = "hometown", "3.5.5" }), "/nodeinfo/2.0", map[string]string{
			"software.name": `"hometown"`, "software.version": `"1.0.7+3.5.5"`,
		}},
		"v1 of Mastodon": {full, "/api/v1/instance", map[string]string{
			"stats.user_count": "1200", "stats.status_count": "34567", "stats.domain_count": "890", "registrations": "true",
			"approval_required": "true", "version": `"4.7.0"`, "uri": `"one.social"`,
		}},
		"v1 of an old Mastodon": {with(func(s *Spec) { s.Version = "2.4.0" }), "/api/v1/instance", map[string]string{
			"stats.user_count": "1200", "registrations": "", "approval_required": "", "configuration": "",
		}},
		"v2 of Mastodon": {full, "/api/v2/instance", map[string]string{
			"usage.users.active_month": "77", "registrations.enabled": "true", "registrations.approval_required": "true", "api_versions.mastodon": "2",
		}},
		"v1 of Akkoma": {with(func(s *Spec) { s.Software, s.Version = "akkoma", "3.12.2" }), "/api/v1/instance", map[string]string{
			"version": `"2.7.2 (compatible; Akkoma 3.12.2)"`, "pleroma.stats.mau": "77", "uri": `"https://one.social"`,
		}},
		"v1 of Mitra":         {with(func(s *Spec) { s.Software = "mitra" }), "/api/v1/instance", map[string]string{"stats": "", "registrations": "true"}},
		"v1 of Firefish":      {with(func(s *Spec) { s.Software = "firefish" }), "/api/v1/instance", map[string]string{"stats.user_count": "116813"}},
		"nodeinfo of Misskey": {with(func(s *Spec) { s.Software = "misskey" }), "/nodeinfo/2.1", map[string]string{"usage.users.total": "1200", "usage.users.activeMonth": "null"}},
		"nodeinfo of Friendica": {with(func(s *Spec) { s.Software = "friendica" }), "/nodeinfo/2.0", map[string]string{
			"usage.users": "{}", "usage.localPosts": "",
		}},
		"well-known of WordPress": {with(func(s *Spec) { s.Software = "wordpress" }), "/.well-known/nodeinfo", map[string]string{
			"links": `[{"href":"https://one.social/wp-json/activitypub/1.0/nodeinfo/2.0","rel":"http://nodeinfo.diaspora.software/ns/schema/2.0"},{"href":"https://one.social/wp-json/activitypub/1.0/application","rel":"https://www.w3.org/ns/activitystreams#Application"}]`,
		}},
		"strings":  {with(func(s *Spec) { s.Behaviour = Text }), "/nodeinfo/2.0", map[string]string{"usage.users.total": `"1200"`}},
		"negative": {with(func(s *Spec) { s.Behaviour = Negative }), "/api/v1/instance", map[string]string{"stats.user_count": "-1"}},
		"absurd":   {with(func(s *Spec) { s.Behaviour = Absurd }), "/api/v1/instance", map[string]string{"stats.user_count": "9223372036854775808"}},
	} {
		t.Run(name, func(t *testing.T) {
			row.spec.Name = "one.social"
			b := serve(t, WorldOf([]Spec{row.spec}, defaultStart))
			code, h, body, err := b.get("https://one.social" + row.path)
			if err != nil || code != 200 || h.Get("X-Demo") == "" {
				t.Fatalf("%d, %v, %v", code, h, err)
			}
			for path, want := range row.want {
				var at any
				dec := json.NewDecoder(strings.NewReader(string(body)))
				dec.UseNumber()
				if err := dec.Decode(&at); err != nil {
					t.Fatal(err)
				}
				there := true
				for _, k := range strings.Split(path, ".") {
					o, _ := at.(map[string]any)
					at, there = o[k]
				}
				got := ""
				if there {
					j, _ := json.Marshal(at)
					got = string(j)
				}
				if got != want {
					t.Errorf("%s is %s, want %s", path, got, want)
				}
			}
		})
	}
}

func TestBehaviours(t *testing.T) {
	var specs []Spec
	type row struct {
		path   string
		status int
		err    func(error) bool
		header string
	}
	rows := map[Behaviour]row{
		NoName:   {err: func(err error) bool { return strings.Contains(err.Error(), "NXDOMAIN") }},
		Refusing: {err: func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }},
		CertExpired: {err: func(err error) bool {
			e, ok := errors.AsType[x509.CertificateInvalidError](err)
			return ok && e.Reason == x509.Expired
		}},
		CertName:         {err: func(err error) bool { _, ok := errors.AsType[x509.HostnameError](err); return ok }},
		BadGateway:       {path: "/robots.txt", status: 502},
		Unavailable:      {path: "/nodeinfo/2.0", status: 503},
		RetryAfter:       {path: "/robots.txt", status: 503, header: "Retry-After"},
		NoRobots:         {path: "/robots.txt", status: 404},
		RobotsError:      {path: "/robots.txt", status: 500},
		Gone:             {path: "/", status: 410},
		Blocked:          {path: "/api/v1/instance", status: 403},
		RateLimited:      {path: "/nodeinfo/2.0", status: 429, header: "X-Ratelimit-Reset"},
		Challenge:        {path: "/api/v1/instance", status: 403, header: "Cf-Mitigated"},
		RobotsDeny:       {path: "/robots.txt", status: 403},
		Legal:            {path: "/nodeinfo/2.0", status: 451},
		NoNodeInfo:       {path: "/nodeinfo/2.0", status: 404},
		HTML:             {path: "/nodeinfo/2.0", status: 200},
		Empty:            {path: "/nodeinfo/2.0", status: 200},
		RedirectLoop:     {path: "/nodeinfo/2.0", status: 302, header: "Location"},
		RedirectPrivate:  {path: "/nodeinfo/2.0", status: 302, header: "Location"},
		Well:             {path: "/", status: 200},
		RobotsNo:         {path: "/robots.txt", status: 200},
		RobotsNoAPI:      {path: "/robots.txt", status: 200},
		RobotsNoNodeInfo: {path: "/robots.txt", status: 200},
		Bomb:             {path: "/nodeinfo/2.0", status: 200},
		Gigabyte:         {path: "/nodeinfo/2.0", status: 200},
		Half:             {path: "/nodeinfo/2.0", status: 200},
	}
	name := func(b Behaviour) string { return "b" + strings.ReplaceAll(string(b), "_", "-") + ".social" }
	for b := range rows {
		specs = append(specs, Spec{Name: name(b), Behaviour: b})
	}
	b := serve(t, WorldOf(specs, defaultStart))
	for behaviour, row := range rows {
		t.Run(string("is "+behaviour), func(t *testing.T) {
			code, h, _, err := b.get("https://" + name(behaviour) + row.path)
			if row.err != nil {
				if err == nil || !row.err(err) {
					t.Fatalf("%d, %v", code, err)
				}
				return
			}
			if err != nil || code != row.status || row.header != "" && h.Get(row.header) == "" {
				t.Fatalf("%d, %v, %v", code, h, err)
			}
		})
	}
}

func TestHangingEndsWithTheVisitorOrTheNetwork(t *testing.T) {
	b := serve(t, WorldOf([]Spec{
		{Name: "hang.social", Behaviour: Hang}, {Name: "shy.social", Behaviour: HangHandshake}, {Name: "drip.social", Behaviour: Drip},
	}, defaultStart))
	for _, name := range []string{"hang.social", "shy.social", "drip.social"} {
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+name+"/robots.txt", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := b.client.Do(req)
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			_ = resp.Body.Close()
		}
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			t.Errorf("%s answers, %v", name, err)
		}
		cancel()
	}
}

func TestDNS(t *testing.T) {
	w := WorldOf([]Spec{
		{Name: "two.social", Country: "FR", IPv6: true}, {Name: "four.social", Country: "FI"}, {Name: "none.social", Behaviour: NoName},
		{Name: "inside.social", Behaviour: PrivateAddress}, {Name: "grün.social"},
	}, defaultStart)
	b := serve(t, w)
	for _, network := range []string{"udp", "tcp"} {
		for name, row := range map[string]struct {
			host  string
			qtype uint16
			rcode int
			want  string
		}{
			"A":           {"two.social", dns.TypeA, dns.RcodeSuccess, "37.187.16.0"},
			"capitals":    {"TWO.Social", dns.TypeA, dns.RcodeSuccess, "37.187.16.0"},
			"AAAA":        {"two.social", dns.TypeAAAA, dns.RcodeSuccess, "2001:41d0::1"},
			"no AAAA":     {"four.social", dns.TypeAAAA, dns.RcodeSuccess, ""},
			"its A":       {"four.social", dns.TypeA, dns.RcodeSuccess, "95.216.128.1"},
			"NXDOMAIN":    {"none.social", dns.TypeA, dns.RcodeNameError, ""},
			"not a name":  {"nobody.example.com", dns.TypeA, dns.RcodeNameError, ""},
			"private":     {"inside.social", dns.TypeA, dns.RcodeSuccess, "169.254.169.254"},
			"private six": {"inside.social", dns.TypeAAAA, dns.RcodeSuccess, "::ffff:127.0.0.1"},
			"GitHub":      {"api.github.com", dns.TypeA, dns.RcodeSuccess, "140.82.112.6"},
			"IDN":         {"xn--grn-ioa.social", dns.TypeA, dns.RcodeSuccess, "49.12.16.4"},
			"MX":          {"two.social", dns.TypeMX, dns.RcodeSuccess, ""},
		} {
			r, err := b.query(network, row.host, row.qtype)
			if err != nil {
				t.Fatalf("%s by %s: %v", name, network, err)
			}
			got := ""
			for _, rr := range r.Answer {
				if rr.Header().Ttl != 2 {
					t.Errorf("%s by %s: TTL %d", name, network, rr.Header().Ttl)
				}
				switch rr := rr.(type) {
				case *dns.A:
					got = rr.A.String()
				case *dns.AAAA:
					a, _ := netip.AddrFromSlice(rr.AAAA)
					got = a.String()
				}
			}
			if r.Rcode != row.rcode || got != row.want {
				t.Errorf("%s by %s: %s %q, want %q", name, network, dns.RcodeToString[r.Rcode], got, row.want)
			}
		}
	}
}

func TestDialKnowsOnlyTheWorld(t *testing.T) {
	b := serve(t, WorldOf([]Spec{{Name: "one.social"}}, defaultStart))
	for addr, ok := range map[string]bool{
		"49.12.16.0:443": true, "49.12.16.0:80": true, "49.12.16.0:22": false, "49.12.16.1:443": false, "127.0.0.1:443": false, "140.82.112.6:443": true,
	} {
		c, err := b.Net().Dial(t.Context(), netip.MustParseAddrPort(addr))
		if (err == nil) != ok {
			t.Errorf("%s: %v", addr, err)
		}
		if err == nil {
			_ = c.Close()
		}
	}
}

func TestServicesInTrouble(t *testing.T) {
	for behaviour, want := range map[Behaviour]string{
		NoName: "NXDOMAIN", Refusing: "refused", CertExpired: "expired", CertName: "parked-domains.net", CertSelfSigned: "unknown authority", CertUntrusted: "unknown authority", OldTLS: "protocol version", Unavailable: "503", BadGateway: "502",
		Blocked: "403", RateLimited: "403", HTML: "200", Half: "200", RedirectPrivate: "302",
	} {
		w := WorldOf(nil, defaultStart)
		w.Directory, w.Social, w.GitHub = behaviour, behaviour, behaviour
		b := serve(t, w)
		for _, url := range []string{releasesURL, advisoriesURL, "https://api.joinmastodon.org/servers", socialURL} {
			code, _, _, err := b.get(url)
			if got := fmt.Sprint(code, err); !strings.Contains(got, want) {
				t.Errorf("%s is %s: %s", url, behaviour, got)
			}
		}
		b.want(b.Truth(b.time()).Series(), nil, "mastodon_")
	}
}

func TestPlainHTTPRedirects(t *testing.T) {
	b := serve(t, WorldOf([]Spec{{Name: "one.social"}}, defaultStart))
	code, h, _, err := b.get("http://one.social/about?x=1")
	if err != nil || code != 301 || h.Get("Location") != "https://one.social/about?x=1" {
		t.Fatalf("%d to %q, %v", code, h.Get("Location"), err)
	}
}

func TestDeliveryNetworks(t *testing.T) {
	b := serve(t, WorldOf([]Spec{{Name: "one.social", CDN: "cloudflare"}, {Name: "two.social", CDN: "fastly"}}, defaultStart))
	for name, header := range map[string]string{"one.social": "Cf-Ray", "two.social": "X-Served-By"} {
		if _, h, _, err := b.get("https://" + name + "/nodeinfo/2.0"); err != nil || h.Get(header) == "" {
			t.Errorf("%s: %v, %v", name, h, err)
		}
	}
}

func TestTheWholeWorldIsReadyAtOnce(t *testing.T) {
	begin := time.Now()
	b := serve(t, NewWorld(Config{Seed: 1}))
	code, _, body, err := b.get("https://api.joinmastodon.org/servers")
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
	var servers []struct {
		Domain  string `json:"domain"`
		Version string `json:"version"`
	}
	if err != nil || code != 200 || json.Unmarshal(body, &servers) != nil {
		t.Fatalf("%d, %v", code, err)
	}
	if len(servers) < 2000 || servers[0].Domain == "" || servers[0].Version == "" {
		t.Errorf("%d servers are listed, the first is %+v", len(servers), servers[0])
	}
	if len(body) > 1<<20 {
		t.Errorf("the list has %d bytes", len(body))
	}
}
