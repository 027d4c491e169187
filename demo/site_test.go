package demo

import (
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// recordedSite is a site that MDN's scanner was run on, and what it said.
type recordedSite struct {
	Name, Host, Grade string
	Score             int
	Pages             map[string]struct {
		Status  int
		Headers [][2]string
		Body    string
	}
	Results [][3]any
}

// recordings are all of them, by name.
func recordings(t *testing.T) map[string]recordedSite {
	t.Helper()
	all := map[string]recordedSite{}
	for _, name := range []string{"observatory.json", "random.json.gz"} {
		f, err := os.Open("../exporter/https/testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var r io.Reader = f
		if strings.HasSuffix(name, ".gz") {
			if r, err = gzip.NewReader(f); err != nil {
				t.Fatal(err)
			}
		}
		var doc struct{ Cases []recordedSite }
		if err := json.NewDecoder(r).Decode(&doc); err != nil {
			t.Fatal(err)
		}
		for _, c := range doc.Cases {
			all[c.Name] = c
		}
	}
	return all
}

func TestSitesAreThoseRecorded(t *testing.T) {
	all, grades := recordings(t), map[string]bool{}
	for _, s := range sites {
		c, ok := all[s.name]
		if !ok {
			t.Errorf("%s was not recorded", s.name)
			continue
		}
		fill := func(text string) string { return strings.ReplaceAll(text, "{host}", c.Host) }
		page, open := c.Pages["https://"+c.Host+"/"], c.Pages["http://"+c.Host+"/"]
		var headers []string
		for _, h := range page.Headers {
			headers = append(headers, h[0], h[1])
		}
		served := slices.Clone(s.headers)
		for i := range served {
			served[i] = fill(served[i])
		}
		if page.Status != 200 || !slices.Equal(served, headers) || fill(s.body) != page.Body {
			t.Errorf("%s: the page is\n%q %q, was recorded as %d\n%q %q", s.name, served, s.body, page.Status, headers, page.Body)
		}
		location := ""
		for _, h := range open.Headers {
			if h[0] == "Location" {
				location = h[1]
			}
		}
		if open.Status != s.status || fill(s.location) != location || open.Body != "" {
			t.Errorf("%s: port 80 says %d %q, was recorded as %d %q", s.name, s.status, s.location, open.Status, location)
		}
		off, credit := 0, 0
		for _, r := range c.Results {
			if points := int(r[2].(float64)); points > 0 {
				credit += points
			} else if !strings.HasPrefix(r[0].(string), "redirection-") {
				off -= points
			}
		}
		if s.off != off || s.credit != credit {
			t.Errorf("%s: %d off and %d credit, the scanner's results make %d and %d", s.name, s.off, s.credit, off, credit)
		}
		want := marks{c.Score, c.Grade}
		if got := s.marks(s.way()); got != want || s.score != c.Score || s.grade != c.Grade {
			t.Errorf("%s: %v, noted as %d %s, the scanner said %v", s.name, got, s.score, s.grade, want)
		}
		grades[c.Grade] = true
	}
	for _, g := range strings.Fields("A+ B+ B C+ C C- D+ D D- F") {
		if !grades[g] {
			t.Errorf("no site has %s", g)
		}
	}
	if siteOf("").name != "mastodon" || siteOf("no such").name != "mastodon" {
		t.Error("the first is not a Mastodon's")
	}
}

func TestMarksOfAnotherDaysPort(t *testing.T) {
	for _, row := range []struct {
		site string
		at   way
		want marks
	}{
		{"mastodon", closed, marks{130, "A+"}}, {"mastodon", elsewhere, marks{125, "A+"}}, {"mastodon", nowhere, marks{80, "B+"}}, // no credit below 90
		{"ninety", redirects, marks{120, "A+"}}, {"ninety", elsewhere, marks{85, "A-"}}, {"ninety", nowhere, marks{70, "B"}},
		{"random-1118", elsewhere, marks{75, "B"}}, {"random-1118", nowhere, marks{60, "C+"}},
		{"redirect-missing", redirects, marks{30, "D"}}, {"cookie-session-script", nowhere, marks{0, "F"}},
	} {
		if got := siteOf(row.site).marks(row.at); got != row.want {
			t.Errorf("%s with port 80 as %d: %v, want %v", row.site, row.at, got, row.want)
		}
	}
}

func TestSitesAreServed(t *testing.T) {
	specs := []Spec{{Name: "cdn.social", Site: "hsts-long", CDN: "cloudflare", RobotsTag: "noindex"}}
	for _, s := range sites {
		specs = append(specs, Spec{Name: s.name + ".social", Site: s.name})
	}
	b := serve(t, WorldOf(specs, defaultStart))
	for _, s := range sites {
		host := s.name + ".social"
		code, h, body, err := b.get("https://" + host + "/")
		if err != nil || code != 200 || !strings.HasPrefix(string(body), strings.ReplaceAll(s.body, "{host}", host)) {
			t.Fatalf("%s: %d, %s, %v", host, code, body, err)
		}
		want := http.Header{}
		for i := 0; i < len(s.headers); i += 2 {
			want.Add(s.headers[i], strings.TrimSpace(strings.ReplaceAll(s.headers[i+1], "{host}", host)))
		}
		for _, name := range []string{"Date", "Etag", "Content-Length", "X-Demo", "Server"} {
			h.Del(name)
		}
		for name := range h {
			if !slices.Equal(h[name], want[name]) {
				t.Errorf("%s: %s is %q, want %q", host, name, h[name], want[name])
			}
		}
		if len(h) != len(want) {
			t.Errorf("%s: %v, want %v", host, h, want)
		}
		code, h, _, err = b.get("http://" + host + "/")
		if s.status == 0 {
			if !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("http://%s/: %d, %v", host, code, err)
			}
			continue
		}
		if to := strings.ReplaceAll(s.location, "{host}", host); err != nil || code != s.status || h.Get("Location") != to {
			t.Errorf("http://%s/: %d to %q, %v; want %d to %q", host, code, h.Get("Location"), err, s.status, to)
		}
	}
	_, h, _, _ := b.get("https://cdn.social/")
	if h.Get("Cf-Ray") == "" || h.Get("X-Robots-Tag") != "noindex" || h.Get("Strict-Transport-Security") != "max-age=63072000" || h.Get("X-Frame-Options") != "" {
		t.Errorf("%v", h)
	}
	if _, h, _, _ := b.get("https://redirect-missing.social/robots.txt"); h.Get("X-Frame-Options") != "DENY" {
		t.Errorf("robots.txt has %v", h)
	}
	if got := b.Requests().ByKind; got["https"] != uint64(len(sites)+1) || got["http"] != uint64(len(sites)-2) {
		t.Errorf("%v", got)
	}
}

func TestSitesOfTheWorld(t *testing.T) {
	w := NewWorld(Config{Seed: 1})
	n, changed := map[string]int{}, 0
	for i := range w.Len() {
		site := w.State(i, w.Start()).Site
		n[site]++
		if w.State(i, w.Start().Add(72*time.Hour)).Site != site {
			changed++
		}
	}
	for _, s := range sites {
		if n[s.name] < w.Len()/50 {
			t.Errorf("%d of %d are like %s", n[s.name], w.Len(), s.name)
		}
	}
	if as := n["mastodon"]; as < w.Len()/4 || as > w.Len()/2 {
		t.Errorf("%d of %d are as Mastodon comes", as, w.Len())
	}
	if changed < w.Len()/100 || changed > w.Len()/20 {
		t.Errorf("%d of %d change in three days", changed, w.Len())
	}
}

func TestANewSiteIsNotWhatWasKept(t *testing.T) {
	b := serve(t, WorldOf([]Spec{seq(Spec{Name: "one.social", Site: "hsts-long"}, time.Hour, Spec{Site: "hsts-below"})}, defaultStart))
	_, h, _, _ := b.get("https://one.social/")
	if code, _, _, err := b.get("https://one.social/", "If-None-Match", h.Get("ETag")); code != 304 {
		t.Error(code, err)
	}
	b.step(time.Hour)
	if code, h, _, err := b.get("https://one.social/", "If-None-Match", h.Get("ETag")); code != 200 || h.Get("Strict-Transport-Security") != "max-age=15551999" {
		t.Error(code, h, err)
	}
}

// certificates are the behaviours that a handshake shows, with what it must be taken for.
var certificates = map[Behaviour]string{
	Well: "ok", CertExpired: "expired", CertName: "wrong_name", CertSelfSigned: "self_signed", CertUntrusted: "untrusted", OldTLS: "old_protocol",
}

func TestHandshakes(t *testing.T) {
	var specs []Spec
	host := func(b Behaviour) string { return "b" + strings.ReplaceAll(string(b), "_", "-") + ".social" }
	for b := range certificates {
		specs = append(specs, Spec{Name: host(b), Behaviour: b})
	}
	b := serve(t, WorldOf(specs, defaultStart))
	shake := func(at Behaviour, c *tls.Config) ([]*x509.Certificate, error) {
		t.Helper()
		st := b.world.State(b.world.Find(host(at)), b.time())
		wire, err := b.Net().Dial(t.Context(), netip.AddrPortFrom(st.V4, 443))
		if err != nil {
			t.Fatal(err)
		}
		defer wire.Close()
		c.ServerName, c.RootCAs = host(at), b.Net().Roots
		conn := tls.Client(wire, c)
		err = conn.HandshakeContext(t.Context())
		return conn.ConnectionState().PeerCertificates, err
	}
	for at, verdict := range certificates {
		_, err := shake(at, &tls.Config{})
		var invalid x509.CertificateInvalidError
		var name x509.HostnameError
		var authority x509.UnknownAuthorityError
		got := "?"
		switch {
		case err == nil:
			got = "ok"
		case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
			got = "expired"
		case errors.As(err, &name):
			got = "wrong_name"
		case errors.As(err, &authority):
			got = "untrusted"
			certs, _ := shake(at, &tls.Config{InsecureSkipVerify: true})
			if certs[0].CheckSignature(certs[0].SignatureAlgorithm, certs[0].RawTBSCertificate, certs[0].Signature) == nil && certs[0].Issuer.String() == certs[0].Subject.String() {
				got = "self_signed"
			}
		case strings.Contains(err.Error(), "protocol version"):
			got = "old_protocol"
		}
		if got != verdict {
			t.Errorf("%s shows %s: %v", at, got, err)
		}
	}
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		if certs, err := shake(OldTLS, &tls.Config{MinVersion: version, MaxVersion: version}); err != nil || len(certs) != 1 {
			t.Errorf("old TLS, %x: %v", version, err)
		}
	}
}
