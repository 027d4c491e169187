package demo

import (
	"fmt"
	"io"
	"net/http"
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
	case socialHost.name:
		n.serveSocial(w, r, now)
		return
	case githubHost.name:
		n.serveGitHub(w, r, now)
		return
	}
	i := n.world.Find(name)
	streams := i < 0
	if streams {
		if i = n.world.streamer(name, now); i < 0 {
			http.NotFound(w, r)
			return
		}
		name = n.world.Name(i).String()
	}
	if r.TLS == nil {
		n.plainly(w, r, i, now, streams)
		return
	}
	st := n.world.State(i, now)
	v := &visitOf{n: n, w: w, r: r, i: i, name: name, st: &st, now: now, kind: kindOf(r.URL.Path, &st), live: n.world.Live(i, now), streams: streams}
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

	live    Live
	streams bool // it came to the host that has streams only
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
	if v.streams && v.kind != KindStream {
		http.NotFound(v.w, v.r)
		return
	}
	if v.r.Method != http.MethodGet && v.r.Method != http.MethodHead && (v.r.Method != http.MethodPost || v.kind != KindToken) {
		v.status(http.StatusMethodNotAllowed, failed)
		return
	}
	if v.trouble() {
		return
	}
	switch v.st.Behaviour {
	case NoPage:
		if v.kind == KindHome {
			v.note(failed, nil)
			panic(http.ErrAbortHandler)
		}
		v.well()
	case Blocked, RateLimited, Challenge:
		if v.kind == KindRobots || v.kind == KindHome || v.kind == KindOther {
			v.well()
			return
		}
		v.block()
	case Hang, HangHandshake, Drip, Gigabyte, Bomb, HTML, Empty, RedirectLoop, RedirectPrivate:
		v.attack()
	default:
		v.well()
	}
}

// trouble answers for a server that gives the same status to every request, or another status than 200 to one for robots.txt.
func (v *visitOf) trouble() bool {
	robots := v.kind == KindRobots
	switch b := v.st.Behaviour; {
	case b == BadGateway, b == AppDown && !robots:
		v.status(http.StatusBadGateway, failed)
	case v.st.MovedTo != "" && !robots:
		v.w.Header().Set("Location", "https://"+v.st.MovedTo+v.r.URL.RequestURI())
		v.status(http.StatusFound, fine)
	case b == Unavailable:
		v.status(http.StatusServiceUnavailable, failed)
	case b == RetryAfter:
		v.w.Header().Set("Retry-After", "7200")
		v.status(http.StatusServiceUnavailable, failed)
	case b == Gone:
		v.status(http.StatusGone, gone)
	case b == Legal:
		v.status(http.StatusUnavailableForLegalReasons, refused)
	case b == RobotsDeny && robots:
		v.status(http.StatusForbidden, refused)
	case b == RobotsError && robots:
		v.status(http.StatusInternalServerError, failed)
	case b == NoRobots && robots:
		v.status(http.StatusNotFound, fine)
	default:
		return false
	}
	return true
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
		v.limits(0, v.now.Add(5*time.Minute))
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
	if v.kind == KindHome && code >= 400 {
		v.n.journal.shown(v.i, v.now, nil)
	}
	v.note(r, nil)
	v.page(code, fmt.Sprintf("<title>%d</title><h1>%s</h1>", code, http.StatusText(code)))
}

// page writes HTML.
func (v *visitOf) page(code int, body string) {
	v.w.Header().Set("Content-Type", htmlType)
	v.w.WriteHeader(code)
	_, _ = io.WriteString(v.w, v.html(body))
}

const (
	htmlType = "text/html; charset=utf-8"
	jsonType = "application/json; charset=utf-8"
)

// html is a page that says that it is not real.
func (v *visitOf) html(body string) string {
	return "<!doctype html>" + body + v.notReal()
}

func (v *visitOf) notReal() string {
	return "<p>" + v.name + " is a made-up server of a demo world.</p>\n"
}
