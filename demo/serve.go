package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ServeHTTP answers for every server of the World.
func (n *Network) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := n.now()
	w.Header().Set("X-Demo", "a made-up world; nothing here is real")
	name := strings.ToLower(r.Host)
	if r.TLS != nil && name != r.TLS.ServerName {
		http.Error(w, "this connection leads to another server", http.StatusMisdirectedRequest)
		return
	}
	switch name {
	case directoryHost.name:
		n.serveDirectory(w, r, now)
		return
	case githubHost.name:
		n.serveGitHub(w, r, now)
		return
	}
	i := n.world.Find(name)
	if i < 0 {
		http.NotFound(w, r)
		return
	}
	st := n.world.State(i, now)
	if r.TLS == nil {
		n.journal.served(i, now, KindHTTP, fine, nil, "")
		http.Redirect(w, r, "https://"+name+r.URL.RequestURI(), http.StatusMovedPermanently)
		return
	}
	v := &visitOf{n: n, w: w, r: r, i: i, name: name, st: &st, now: now, kind: kindOf(r.URL.Path, &st)}
	v.serve()
}

// visitOf is one request to one instance.
type visitOf struct {
	n    *Network
	w    http.ResponseWriter
	r    *http.Request
	i    int
	name string
	st   *State
	now  time.Time
	kind Kind
}

// note writes the request into the journal: what came of it, and the document that was said.
func (v *visitOf) note(r result, doc *document) {
	if v.i < 0 {
		return // a service, which notes for itself
	}
	v.n.journal.served(v.i, v.now, v.kind, r, doc, v.st.CDN)
}

func (v *visitOf) serve() {
	v.headers()
	if v.r.Method != http.MethodGet && v.r.Method != http.MethodHead {
		v.status(http.StatusMethodNotAllowed, failed)
		return
	}
	api := v.kind != KindRobots && v.kind != KindHome && v.kind != KindOther
	switch v.st.Behaviour {
	case BadGateway:
		v.status(http.StatusBadGateway, failed)
	case Unavailable:
		v.status(http.StatusServiceUnavailable, failed)
	case Gone:
		v.status(http.StatusGone, gone)
	case Legal:
		v.status(http.StatusUnavailableForLegalReasons, refused)
	case Blocked, RateLimited, Challenge:
		if !api {
			v.well()
			return
		}
		v.block()
	case RobotsDeny:
		if v.kind == KindRobots {
			v.status(http.StatusForbidden, refused)
			return
		}
		v.well()
	case RobotsError:
		if v.kind == KindRobots {
			v.status(http.StatusInternalServerError, failed)
			return
		}
		v.well()
	case Hang, HangHandshake, Drip, Gigabyte, Bomb, HTML, Empty, RedirectLoop, RedirectPrivate:
		v.attack()
	default:
		v.well()
	}
}

// headers are those of a Mastodon, or of the delivery network before it.
func (v *visitOf) headers() {
	h := v.w.Header()
	h.Set("Server", "Mastodon (demo)")
	switch v.st.CDN {
	case "cloudflare":
		h.Set("Server", "cloudflare")
		h.Set("Cf-Ray", fmt.Sprintf("%016x-AMS", draw(uint64(v.i), uint64(v.now.Unix()))))
	case "fastly":
		h.Set("Via", "1.1 varnish")
		h.Set("X-Served-By", "cache-ams21022-AMS, cache-fra-eddf8230045-FRA")
		h.Set("X-Cache", "MISS, MISS")
	}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
}

func (v *visitOf) block() {
	switch v.st.Behaviour {
	case RateLimited:
		v.w.Header().Set("X-RateLimit-Limit", "300")
		v.w.Header().Set("X-RateLimit-Remaining", "0")
		v.w.Header().Set("X-RateLimit-Reset", v.n.date(v.now.Add(5*time.Minute)).UTC().Format("2006-01-02T15:04:05.000000Z"))
		v.status(http.StatusTooManyRequests, blocked)
	case Challenge:
		v.w.Header().Set("Cf-Mitigated", "challenge")
		v.note(blocked, nil)
		v.page(http.StatusForbidden, "<title>Just a moment...</title><p>Enable JavaScript and cookies to continue.")
	default:
		v.status(http.StatusForbidden, blocked)
	}
}

// status answers with a status and no document.
func (v *visitOf) status(code int, r result) {
	v.note(r, nil)
	v.page(code, fmt.Sprintf("<title>%d</title><h1>%s</h1>", code, http.StatusText(code)))
}

// page writes HTML that says that it is not real.
func (v *visitOf) page(code int, body string) {
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(code)
	_, _ = io.WriteString(v.w, "<!doctype html>"+body+"<p>"+v.name+" is a made-up server of a demo world.</p>\n")
}

// well answers as the software does.
func (v *visitOf) well() {
	var doc document
	var body any
	ok := false
	switch v.kind {
	case KindRobots:
		v.robots()
		return
	case KindHome:
		v.home()
		return
	case KindWellKnown:
		if ok = hasNodeInfo(v.st); ok {
			body = wellKnown(v.name, v.st)
		}
	case KindNodeInfo:
		if ok = hasNodeInfo(v.st); ok {
			doc, body = nodeinfoOf(v.st), nodeinfo(v.name, v.st)
		}
	case KindV1:
		if ok = hasV1(v.st); ok {
			doc, body = v1Of(v.st), v1(v.name, v.st)
		}
	case KindV2:
		if ok = hasV2(v.st); ok {
			doc, body = v2Of(v.st), v2(v.name, v.st)
		}
	case KindActivity:
		if ok = v.st.Mastodon; ok {
			body = activity(v.st, v.now)
		}
	}
	if !ok {
		v.status(http.StatusNotFound, failed)
		return
	}
	v.json(body, &doc)
}

// json writes a document; of one that halves its documents only half.
func (v *visitOf) json(body any, doc *document) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		v.status(http.StatusInternalServerError, failed)
		return
	}
	b, r := out.Bytes(), fine
	if v.st.Behaviour == Half {
		b, doc, r = b[:len(b)/2], nil, failed
	}
	if v.kind != KindNodeInfo && v.kind != KindV1 && v.kind != KindV2 {
		doc = nil
	}
	v.note(r, doc)
	v.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	v.w.Header().Set("X-RateLimit-Limit", "300")
	v.w.Header().Set("X-RateLimit-Remaining", "299")
	v.w.Header().Set("X-RateLimit-Reset", v.n.date(v.now.Add(5*time.Minute)).UTC().Format("2006-01-02T15:04:05.000000Z"))
	v.w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	_, _ = v.w.Write(b)
}

// robots answers for robots.txt. Rules that leave neither nodeinfo nor the API refuse the visit.
func (v *visitOf) robots() {
	text, r := softwares[v.st.software].robots, fine
	if text == "" {
		text = mastodonRobots
	}
	switch v.st.Behaviour {
	case RobotsNo:
		text = noRobots
	case RobotsNoAPI:
		text = apiRobots
	case RobotsNoNodeInfo:
		text = nodeinfoRobots
	}
	if text == noRobots || text == gotosocialRobots || text == apiRobots && strings.HasPrefix(softwares[v.st.software].nodeinfo, "/api/") {
		r = refused
	}
	v.note(r, nil)
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(v.w, "# "+v.name+", a made-up server of a demo world\n"+text)
}

// home is the page at /, with the security headers that this operator has set.
func (v *visitOf) home() {
	v.note(fine, nil)
	h := v.w.Header()
	hsts := []string{"", "max-age=31557600", "max-age=63072000; includeSubDomains", "max-age=63072000; includeSubDomains; preload"}
	csp := []string{"", "default-src 'self' https:", "base-uri 'none'; default-src 'none'; frame-ancestors 'none'; form-action 'self'; script-src 'self' 'wasm-unsafe-eval'"}
	if s := hsts[in(4, uint64(v.i), aboutPage, 1)]; s != "" {
		h.Set("Strict-Transport-Security", s)
	}
	if s := csp[in(3, uint64(v.i), aboutPage, 2)]; s != "" {
		h.Set("Content-Security-Policy", s)
	}
	v.page(http.StatusOK, "<title>"+v.name+" (demo)</title>")
}
