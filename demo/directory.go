package demo

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/mnm-social/mnm/exporter/domain"
)

// serveDirectory answers for api.joinmastodon.org/servers: a plain array of all listed servers. The real one lists Mastodon
// only; this one lists other software too, so that a World can be found whole.
func (n *Network) serveDirectory(w http.ResponseWriter, r *http.Request, now time.Time) {
	if b := n.world.Directory; b != Well {
		n.journal.service(KindDirectory)
		n.misbehave(w, r, b)
		return
	}
	if r.URL.Path != "/servers" {
		n.journal.service(KindDirectory)
		http.NotFound(w, r)
		return
	}
	servers, all := []object{}, []listed{}
	list := func(spelling string, st *State, instance int) {
		servers = append(servers, server(spelling, st))
		if name, err := domain.Parse(spelling); err == nil {
			all = append(all, listed{name, instance})
		}
	}
	for i, m := range n.world.instances {
		if st := n.world.State(i, now); st.Listed {
			list(m.spelling, &st, i)
		}
	}
	for _, name := range n.world.Junk {
		list(name, &State{Version: "4.5.0"}, -1)
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(servers); err != nil {
		http.Error(w, "encoding", http.StatusInternalServerError)
		return
	}
	n.journal.service(KindDirectory)
	n.journal.directory(joinMastodon, now, all)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(out.Len()))
	_, _ = w.Write(out.Bytes())
}

// server is an entry of the directory.
func server(name string, st *State) object {
	return object{
		"domain": name, "version": st.Version, "description": "A demo.", "languages": []string{"en"}, "region": "", "categories": []string{"general"},
		"proxied_thumbnail": "", "total_users": max(st.Users, 0), "last_week_users": max(st.ActiveMonth, 0) / 2,
		"approval_required": st.Approval, "language": "en", "category": "general",
	}
}

// misbehave answers for a directory or GitHub when they are in trouble. Of an instance's hostilities they know those that make
// sense for a list; all else is a 503.
func (n *Network) misbehave(w http.ResponseWriter, r *http.Request, b Behaviour) {
	switch b {
	case BadGateway:
		http.Error(w, "bad gateway", http.StatusBadGateway)
	case Blocked:
		http.Error(w, "no", http.StatusForbidden)
	case RateLimited:
		w.Header().Set("X-RateLimit-Limit", "60")
		w.Header().Set("X-RateLimit-Remaining", "0")
		w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(n.date(n.now().Add(time.Hour)).Unix(), 10))
		writeJSON(w, http.StatusForbidden, object{"message": "API rate limit exceeded for 203.0.113.7."})
	case Half:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`[{"domain":"oak-1.social","tag_name":"v4.7.0"`))
	case Hang, Drip, Gigabyte, Bomb, HTML, Empty, RedirectLoop, RedirectPrivate:
		v := &visitOf{n: n, w: w, r: r, i: -1, name: r.Host, st: &State{Behaviour: b}, now: n.now(), kind: KindOther}
		v.attack()
	default:
		http.Error(w, "unavailable", http.StatusServiceUnavailable)
	}
}
