package https

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/mnm-social/mnm/exporter/domain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// authority signs certificates for tests.
type testCA struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newCA(t testing.TB) testCA {
	key := newKey(t)
	c := sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "CA"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}, nil, key, key)
	pool := x509.NewCertPool()
	pool.AddCert(c)
	return testCA{c, key, pool}
}

// sign makes a certificate; parent nil: it is signed by its own key.
func sign(t testing.TB, template, parent *x509.Certificate, key, by *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	template.SerialNumber = big.NewInt(1)
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// leaf is a server's certificate for names, valid from now less before to now plus after.
func (ca testCA) leaf(t testing.TB, before, after time.Duration, names ...string) tls.Certificate {
	key := newKey(t)
	c := sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "leaf"}, DNSNames: names,
		NotBefore: time.Now().Add(-before), NotAfter: time.Now().Add(after),
	}, ca.cert, key, ca.key)
	return tls.Certificate{Certificate: [][]byte{c.Raw}, PrivateKey: key, Leaf: c}
}

// TestOverLoopback visits the named sites over real connections and demands the scanner's results once more: so nothing
// hangs on how the other test makes headers.
func TestOverLoopback(t *testing.T) {
	all := load(t, "observatory.json")
	ca, names := newCA(t), []string{}
	for _, c := range all.Cases {
		for page := range c.Pages {
			_, host, _ := strings.Cut(page, "://")
			host, _, _ = strings.Cut(host, "/")
			_, parent, _ := strings.Cut(strings.ToLower(strings.TrimSuffix(host, ":443")), ".")
			names = append(names, "*."+parent)
		}
	}
	leaf := ca.leaf(t, time.Hour, 24*time.Hour, slices.Compact(slices.Sorted(slices.Values(names)))...)
	var now recorded
	answer := func(w http.ResponseWriter, r *http.Request) {
		scheme := "http://"
		if r.TLS != nil {
			scheme = "https://"
		}
		p, ok := now.Pages[scheme+strings.ToLower(r.Host)+r.RequestURI]
		if !ok {
			p.Status = http.StatusNotFound
		}
		h := w.Header()
		h["Content-Type"] = nil
		for key, values := range p.header(r.Header.Get("Origin")) {
			h[key] = values
		}
		w.WriteHeader(p.Status)
		_, _ = io.WriteString(w, p.Body)
	}
	secure, plain := httptest.NewUnstartedServer(http.HandlerFunc(answer)), httptest.NewServer(http.HandlerFunc(answer))
	secure.TLS = &tls.Config{Certificates: []tls.Certificate{leaf}}
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	defer plain.Close()
	for _, now = range all.Cases {
		if now.SelfSigned {
			continue
		}
		t.Run(now.Name, func(t *testing.T) {
			report := Score(now.walk(t, all.Origin, ca.pool, secure.Listener.Addr(), plain.Listener.Addr()))
			now.compare(t, report.Observatory, all.Tests)
			if report.Verdict != VerdictOK || report.Protocol != "TLS 1.3" || report.TLS.Score < 75 {
				t.Errorf("verdict %q, protocol %q, TLS %v", report.Verdict, report.Protocol, report.TLS)
			}
			if !report.Expiry.Equal(leaf.Leaf.NotAfter) {
				t.Errorf("expires %v", report.Expiry)
			}
		})
	}
}

// walk visits a site by net/http.
func (c recorded) walk(t *testing.T, origin string, roots *x509.CertPool, secure, plain net.Addr) Visit {
	host, err := domain.Parse(c.Host)
	if err != nil {
		t.Fatal(err)
	}
	v := Visit{Host: host, At: time.Now(), Origin: origin}
	transport := &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			to := plain
			if strings.HasSuffix(addr, ":443") {
				to = secure
			}
			return (&net.Dialer{}).DialContext(ctx, "tcp", to.String())
		},
	}
	client := http.Client{Transport: transport, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		v.Before = append(v.Before, Answer{URL: r.Response.Request.URL, Status: r.Response.StatusCode, Header: r.Response.Header})
		return nil
	}}
	defer client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+c.Host+"/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Origin", origin)
	resp, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	v.TLS = resp.TLS
	v.Answer = &Answer{URL: resp.Request.URL, Status: resp.StatusCode, Header: resp.Header, Body: body.Bytes()}
	if _, open := c.Pages["http://"+c.Host+"/"]; open {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+c.Host+"/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := transport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		v.Plain = &Plain{Status: resp.StatusCode, Location: resp.Header.Get("Location")}
	}
	return v
}
