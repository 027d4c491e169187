//go:build figures && linux

package exporter

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/miekg/dns"
)

// TestFigureCrawl prints what the first round of a crawl of healthy servers costs the exporter's process alone: the servers,
// their DNS and GitHub are another process of this binary, and so is the exporter, anew for each size.
func TestFigureCrawl(t *testing.T) {
	if part(t) {
		return
	}
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "instances\tread\twall\tCPU\tCPU/host\tpeak RSS\tRSS at start\trequests/host\tservers' CPU\t")
	for _, n := range []int{1000, 10_000, 30_000, 100_000} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			s, end := openStreet(t, n)
			var m crawled
			play(t, "crawler", errand{Street: s, Instances: n}, &m)
			served := end()
			each := m.CPU / time.Duration(n)
			fmt.Fprintf(w, "%d\t%d\t%.1fs\t%.1fs\t%.2fms\t%.0fMB\t%.0fMB\t%.2f\t%.1fs\t\n", n, m.Up, m.Wall.Seconds(), m.CPU.Seconds(),
				float64(each)/1e6, float64(m.PeakRSS)/1e6, float64(m.StartRSS)/1e6, float64(served.total())/float64(n), served.CPU.Seconds())
			t.Logf("asked by path: %v; connections: %d", served.Asked, served.Connections)
			if m.Up != n || m.Users != usersOfAll(n) || m.Leaked != "" {
				t.Errorf("%d of %d are read, with %d users of %d; visits that were not good: %v; left behind: %q",
					m.Up, n, m.Users, usersOfAll(n), m.Reasons, m.Leaked)
			}
			if each > 2*time.Millisecond || n == 30_000 && m.PeakRSS > 300e6 {
				t.Errorf("%v of CPU a host and a peak of %d MB; the goals are 2ms, and 300 MB at 30,000", each, m.PeakRSS/1e6)
			}
		})
	}
	_ = w.Flush()
	t.Log("\n" + table.String())
}

// street is where a row of servers, oak-0.social to oak-N.social, is to be found. All are Mastodons of the same few kinds.
type street struct {
	DNS     netip.AddrPort
	Secure  []netip.AddrPort // any of them serves any name
	RootPEM string
}

// served is what the servers counted.
type served struct {
	Asked       map[string]int64 // by path
	Connections int64
	CPU         time.Duration
}

func (s *served) total() (n int64) {
	for _, k := range s.Asked {
		n += k
	}
	return n
}

// kinds is how many kinds of servers there are; they differ in version and figures.
const kinds = 64

func usersOfAll(n int) (sum int64) {
	for i := range n {
		sum += int64(usersOf(i % kinds))
	}
	return sum
}

func usersOf(kind int) int { return 5 + 3*kind*kind }

// versionOf is what a kind runs, before and after it is brought up to date.
func versionOf(kind int, renewed bool) string {
	if renewed {
		return "4.5.1"
	}
	return []string{"4.5.0", "4.4.8", "4.3.15", "4.2.27+glitch", "4.6.0-nightly.2025-11-01"}[kind%5]
}

// paper is one document as it is sent.
type paper struct {
	etag, mime    string
	plain, zipped []byte // zipped is nil where it is not worth it
}

func paperOf(mime string, body []byte) *paper {
	p := &paper{etag: fmt.Sprintf(`W/"%x"`, md5.Sum(body)), mime: mime, plain: body}
	if len(body) >= 1024 { // as nginx is told to
		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		_, _ = z.Write(body)
		_ = z.Close()
		p.zipped = zipped.Bytes()
	}
	return p
}

// papers are those of a kind, by path.
func papers(t *testing.T, kind int, renewed bool) map[string]*paper {
	type object = map[string]any
	const mime = "application/json; charset=utf-8"
	edit := func(file string, change func(o object)) *paper {
		text, err := os.ReadFile("instance/testdata/recorded/mastodon.social-" + file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if change != nil {
			o := object{}
			if err := json.Unmarshal(text, &o); err != nil {
				t.Fatal(err)
			}
			change(o)
			text, _ = json.Marshal(o)
		}
		return paperOf(mime, text)
	}
	version, users := versionOf(kind, renewed), usersOf(kind)
	robots := "# See https://www.robotstxt.org/robotstxt.html for documentation on how to use the robots.txt file\n\n" +
		"User-agent: GPTBot\nDisallow: /\n\nUser-agent: *\nDisallow: /media_proxy/\nDisallow: /interact/\n"
	home := "<!DOCTYPE html><html lang='en'>" + strings.Repeat("<link rel='modulepreload' href='/packs/vendor.js' crossorigin='anonymous'>\n", 300) + "</html>"
	return map[string]*paper{
		pathRobots: paperOf("text/plain", []byte(robots)),
		"/":        paperOf("text/html; charset=utf-8", []byte(home)),
		pathNodeInfo: edit("nodeinfo-2.0", func(o object) {
			o["software"] = object{"name": "mastodon", "version": version}
			o["usage"] = object{"users": object{"total": users, "activeMonth": users / 3, "activeHalfyear": users / 2}, "localPosts": 70 * users}
		}),
		pathV1: edit("api-v1-instance", func(o object) {
			o["version"], o["stats"] = version, object{"user_count": users, "status_count": 70 * users, "domain_count": 9000 + kind}
		}),
		pathV2: edit("api-v2-instance", func(o object) {
			o["version"], o["usage"] = version, object{"users": object{"active_month": users / 3}}
		}),
		pathActivity: edit("api-v1-instance-activity", nil),
	}
}

// row is the servers of a street, at work.
type row struct {
	kinds, renewed [kinds]map[string]*paper
	reads          []atomic.Int32 // of nodeinfo, by server
	asked          map[string]*atomic.Int64
	connections    atomic.Int64

	key    *ecdsa.PrivateKey
	root   *x509.Certificate
	leaves sync.Map // by name
	serial atomic.Int64
}

// serveStreet is the other process: it says where it is, serves until its input ends, and says what it served.
func serveStreet(t *testing.T, n int, input io.Reader, output *json.Encoder) {
	r := &row{reads: make([]atomic.Int32, n), asked: map[string]*atomic.Int64{}}
	for kind := range kinds {
		r.kinds[kind], r.renewed[kind] = papers(t, kind, false), papers(t, kind, true)
	}
	for _, path := range []string{pathRobots, "/", pathWellKnown, pathNodeInfo, pathV1, pathV2, pathActivity} {
		r.asked[path] = &atomic.Int64{}
	}
	s := street{RootPEM: r.certify(t)}
	packets, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.DNS = packets.LocalAddr().(*net.UDPAddr).AddrPort()
	names := &dns.Server{PacketConn: packets, Handler: dns.HandlerFunc(r.resolve)}
	started := make(chan struct{})
	names.NotifyStartedFunc = func() { close(started) }
	go func() { _ = names.ActivateAndServe() }()
	<-started
	server := &http.Server{Handler: r, ErrorLog: log.New(io.Discard, "", 0), ConnState: func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			r.connections.Add(1)
		}
	}}
	for range 8 { // so many, for there are only so many ports on our side for each of them
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s.Secure = append(s.Secure, l.Addr().(*net.TCPAddr).AddrPort())
		go func() {
			_ = server.Serve(tls.NewListener(l, &tls.Config{GetCertificate: r.leaf, NextProtos: []string{"http/1.1"}}))
		}()
	}
	_ = output.Encode(s)
	_, _ = io.Copy(io.Discard, input)
	_, _ = server.Close(), names.Shutdown()
	all := served{Asked: map[string]int64{}, Connections: r.connections.Load(), CPU: cpuTime(t)}
	for path, count := range r.asked {
		all.Asked[path] = count.Load()
	}
	_ = output.Encode(all)
}

// number is that of a name, -1 if it is nobody's here.
func (r *row) number(name string) int {
	digits, ok := strings.CutSuffix(strings.TrimPrefix(strings.TrimSuffix(name, "."), "oak-"), ".social")
	if i, err := strconv.Atoi(digits); ok && err == nil && i < len(r.reads) {
		return i
	}
	return -1
}

const gitHub = "api.github.com"

// resolve gives each server an address of its own, and every third an IPv6 one too.
func (r *row) resolve(w dns.ResponseWriter, q *dns.Msg) {
	m := new(dns.Msg).SetReply(q)
	name := q.Question[0].Name
	head := dns.RR_Header{Name: name, Rrtype: q.Question[0].Qtype, Class: dns.ClassINET, Ttl: 300}
	i := r.number(name)
	switch {
	case i < 0 && name != gitHub+".":
		m.Rcode = dns.RcodeNameError
	case head.Rrtype == dns.TypeA:
		i++
		m.Answer = []dns.RR{&dns.A{Hdr: head, A: net.IPv4(49, byte(12+i>>16), byte(i>>8), byte(i))}}
	case head.Rrtype == dns.TypeAAAA && i%3 == 0:
		m.Answer = []dns.RR{&dns.AAAA{Hdr: head, AAAA: net.ParseIP(fmt.Sprintf("2a01:4f8:%x:%x::1", i>>16, i&0xffff))}}
	}
	m.SetEdns0(1232, false)
	_ = w.WriteMsg(m)
}

// ServeHTTP answers for every server. Every tenth is brought up to date before its nodeinfo is read a third time.
func (r *row) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	h := w.Header()
	i := r.number(req.Host)
	if i < 0 {
		text := []byte("[]")
		if strings.HasSuffix(req.URL.Path, "/releases") {
			text, _ = os.ReadFile("releases/testdata/github-releases-mastodon-2025-11-14-built.json")
		}
		h.Set("Content-Type", "application/json")
		_, _ = w.Write(text)
		return
	}
	if count := r.asked[req.URL.Path]; count != nil {
		count.Add(1)
	}
	all := r.kinds[i%kinds]
	if req.URL.Path == pathNodeInfo {
		r.reads[i].Add(1)
	}
	if i%10 == 0 && r.reads[i].Load() > 2 {
		all = r.renewed[i%kinds]
	}
	p := all[req.URL.Path]
	if req.URL.Path == pathWellKnown {
		p = paperOf("application/json; charset=utf-8", fmt.Appendf(nil,
			`{"links":[{"rel":"http://nodeinfo.diaspora.software/ns/schema/2.0","href":"https://%s%s"}]}`, req.Host, pathNodeInfo))
	}
	if p == nil {
		http.NotFound(w, req)
		return
	}
	for key, value := range mastodonHeaders {
		h[key] = value
	}
	h["Etag"], h["Content-Type"] = []string{p.etag}, []string{p.mime}
	if slices.Contains(req.Header["If-None-Match"], p.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := p.plain
	if strings.Contains(req.Header.Get("Accept-Encoding"), "gzip") && p.zipped != nil {
		h["Content-Encoding"], body = []string{"gzip"}, p.zipped
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	_, _ = w.Write(body)
}

// mastodonHeaders are what a Mastodon behind nginx sends with everything.
var mastodonHeaders = http.Header{
	"Server": {"Mastodon"}, "X-Frame-Options": {"DENY"}, "X-Content-Type-Options": {"nosniff"}, "X-Xss-Protection": {"0"},
	"Permissions-Policy": {"interest-cohort=()"}, "Referrer-Policy": {"same-origin"}, "Vary": {"Accept, Accept-Language, Cookie, Origin"},
	"Cache-Control": {"max-age=180, public, stale-while-revalidate=30, stale-if-error=86400"}, "X-Runtime": {"0.008211"},
	"X-Request-Id": {"6a1f5bd3-0f5c-4a2e-9a57-1f1c0b7ad0e2"}, "Strict-Transport-Security": {"max-age=63072000; includeSubDomains"},
	"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'; form-action 'none'"}, "X-Cached": {"MISS"},
}

// certify makes the key of all and the root, which it returns.
func (r *row) certify(t *testing.T) (pemText string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r.key, r.root = key, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Street"}, NotBefore: time.Unix(0, 0), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, r.root, r.root, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// leaf is the certificate of a name, signed when it is first asked for.
func (r *row) leaf(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if c, ok := r.leaves.Load(hello.ServerName); ok {
		return c.(*tls.Certificate), nil
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(1 + r.serial.Add(1)), DNSNames: []string{hello.ServerName}, NotBefore: time.Unix(0, 0), NotAfter: r.root.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, r.root, &r.key.PublicKey, r.key)
	c := &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: r.key}
	r.leaves.Store(hello.ServerName, c)
	return c, err
}
