// Package https says how well an instance is secured, from what one polite visit saw of it: the answer to https://HOST/,
// that to http://HOST/, and the handshake. It fetches nothing and remembers nothing: Score is a pure function.
//
// It keeps two scores apart. One is that of MDN's HTTP Observatory (figures and rules of npm's
// @mdn/mdn-http-observatory 1.4.8): ten tests of redirects, headers, cookies and the page, so that ours can be compared
// with theirs. The other is ours: protocol, certificate and eligibility for the HSTS preload list. docs/https-score.md
// has both tables and says where the first differs from MDN's; the expectations in testdata come from MDN's own scanner,
// run on the same sites (reference/README.md).
//
// Oddities of the scanner are kept where they decide a result, and named where they are: a fair comparison needs the
// same answer to the same question, not a better one.
//
// All input is a stranger's. No more than 1 MiB of a page is read, by the tokenizer of golang.org/x/net/html: its parser
// can be made to build gigabytes of tree from that much. Other bounds stand beside what they bound.
package https

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"time"

	"github.com/mnm-social/mnm/exporter/domain"
)

// Visit is what was seen of a host. Every part of it may be missing.
type Visit struct {
	Host domain.Name
	// At is when it was seen: certificates and cookies are judged by it.
	At time.Time
	// Origin is what the request for https://HOST/ said in its Origin header; without it, a server that lets in every
	// origin with its cookies can't be told from one that lets in some.
	Origin string
	// Answer is the final answer to https://HOST/, after redirects; nil: there was none.
	Answer *Answer
	// Before are the answers that redirected there, in order, as far as known; of these only the URL and the cookies
	// count.
	Before []Answer
	// Plain is what http://HOST/ answered; nil: it was asked, and nothing there speaks HTTP.
	Plain *Plain
	// TLS is the only handshake with HOST; nil: there was none, or it failed.
	TLS *tls.ConnectionState
	// Failed is why the handshake failed, or why its certificate did not verify; nil: it verified. The certificates of a
	// failed handshake are taken from the *tls.CertificateVerificationError in it.
	Failed error
}

// Answer is an answer over https.
type Answer struct {
	URL    *url.URL
	Status int
	Header http.Header
	Body   []byte // decoded; what is past 1 MiB is not read
}

// Plain is an answer over http. It is not followed.
type Plain struct {
	Status   int
	Location string
}

// Report is the judgement of a Visit.
type Report struct {
	// Observatory is by MDN's method; not judged if https://HOST/ gave no answer, or one that MDN's scanner refuses to
	// judge: below 200, or from 400 up but for 401 and 403.
	Observatory Marks
	// TLS is by the table in docs/https-score.md; not judged if neither a certificate nor a protocol was seen.
	TLS Marks
	// Verdict is what became of the certificate.
	Verdict Verdict
	// Expiry is when the certificate that was served expires; zero if none was seen.
	Expiry time.Time
	// Protocol is the version that was agreed on: "TLS 1.3", "TLS 1.2", "TLS 1.1", "TLS 1.0", or "" if none was.
	Protocol string
}

// Marks are a score and what it is made of. The zero Marks are of what was not judged.
type Marks struct {
	Score   int      // 0 to 140: above 100 by extra credit, of which TLS has none
	Grade   string   // one of Grades, or "" if not judged
	Results []Result // one for each test, in the order of the table
}

// Judged reports whether there is a score.
func (m Marks) Judged() bool { return m.Grade != "" }

// Score judges a visit. It changes and keeps nothing of it, and may be called from many goroutines at once.
func Score(v Visit) Report {
	r := Report{Observatory: v.observatory()}
	seen := v.handshake()
	r.Verdict, r.Protocol = seen.verdict(), seen.protocolName()
	if leaf := seen.leaf(); leaf != nil {
		r.Expiry = leaf.NotAfter
	}
	r.TLS = seen.marks(v)
	return r
}

// observatory is MDN's ten tests.
func (v Visit) observatory() Marks {
	if v.Answer == nil || !judgeable(v.Answer.Status) {
		return Marks{}
	}
	h, p := v.Answer.Header, v.page()
	csp, framed := judgeCSP(h, p.policies)
	hsts := v.hsts()
	return mark([]Result{
		csp,
		v.cookies(hsts.Pass()),
		v.cors(),
		v.redirection(),
		referrerPolicy(h, p.referrer),
		hsts,
		v.integrity(p),
		contentTypeOptions(h),
		frameOptions(h, framed),
		resourcePolicy(h),
	})
}

// judgeable reports whether MDN's scanner judges an answer with that status.
func judgeable(status int) bool {
	return status >= 200 && status < 400 || status == http.StatusUnauthorized || status == http.StatusForbidden
}
