package demo

import (
	"net/http"
	"strings"
	"time"
)

// site is how an operator has set up the page at / and port 80: one of the sites that MDN's scanner was run on, with what it said.
type site struct {
	name  string // of the recorded site
	score int    // by MDN's method
	grade string

	off, credit int // points taken away but for port 80, and given beside 100 where they count

	headers []string // of the page: names and values in turn; {host} is the instance's name
	body    string

	status   int // of http://, 0: port 80 is closed
	location string
}

// siteOf finds a site by its name; "" and what is none is the first, a Mastodon as it comes.
func siteOf(name string) *site {
	for i := range sites {
		if sites[i].name == name {
			return &sites[i]
		}
	}
	return &sites[0]
}

// way is what port 80 does.
type way uint8

const (
	unseen    way = iota
	closed        // refuses connections
	redirects     // to https on the same host
	elsewhere     // redirects to https on another host
	nowhere       // shows a page and leads nowhere
)

// way is what the site does on port 80.
func (s *site) way() way {
	switch {
	case s.status == 0:
		return closed
	case s.location == "":
		return nowhere
	case strings.HasPrefix(s.location, "https://{host}"):
		return redirects
	}
	return elsewhere
}

// marks are what a page is judged to be; without a grade it is not judged.
type marks struct {
	score int
	grade string
}

// rungs are the grades and the lowest score of each, best first.
var rungs = []marks{
	{100, "A+"}, {90, "A"}, {85, "A-"}, {80, "B+"}, {70, "B"}, {65, "B-"}, {60, "C+"}, {50, "C"}, {45, "C-"}, {40, "D+"}, {30, "D"}, {25, "D-"}, {0, "F"},
}

// marks judges the site by the documented method, together with what port 80 was seen to do: that may be another day's.
func (s *site) marks(at way) marks {
	m := marks{score: 100 - s.off - [...]int{elsewhere: 5, nowhere: 20}[at]}
	if m.score >= 90 {
		m.score += s.credit
	}
	m.score = max(m.score, 0)
	for _, r := range rungs {
		if m.score >= r.score {
			m.grade = r.grade
			break
		}
	}
	return m
}

// put sets the site's headers in place of those that other answers have.
func (s *site) put(h http.Header, host string) {
	for _, name := range []string{"X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy"} {
		h.Del(name)
	}
	for i := 0; i < len(s.headers); i += 2 {
		h.Add(s.headers[i], strings.ReplaceAll(s.headers[i+1], "{host}", host))
	}
}

// plainly answers on port 80.
func (n *Network) plainly(w http.ResponseWriter, r *http.Request, i int, now time.Time, streams bool) {
	s, host := siteOf(""), strings.ToLower(r.Host)
	if !streams {
		s = siteOf(n.world.State(i, now).Site)
	}
	if s.status == 0 {
		panic(http.ErrAbortHandler) // it was closed while the connection was open
	}
	n.journal.served(i, now, KindHTTP, fine, nil, "")
	if !streams {
		n.journal.plain(i, now, s.way())
	}
	location := strings.ReplaceAll(s.location, "{host}", host)
	switch {
	case s.way() == nowhere:
		w.Header().Set("Content-Type", htmlType)
		w.WriteHeader(s.status)
		return
	case s.way() == redirects && r.URL.RequestURI() != "/":
		location = "https://" + host + r.URL.RequestURI()
	}
	http.Redirect(w, r, location, s.status)
}

// https is what a visitor saw of an instance's https: it is kept as long as what the instance says.
type https struct {
	plain   way
	marks   marks  // of the page at / when it was shown last
	looked  bool   // there was an answer to https /, judged or not
	verdict string // on its certificate, as the label "verdict" has it; "" for none
}

// take replaces what was seen again.
func (k *https) take(v *https) {
	if v.plain != unseen {
		k.plain = v.plain
	}
	if v.looked {
		k.marks, k.looked = v.marks, true
	}
	if v.verdict != "" {
		k.verdict = v.verdict
	}
}

// plain notes what port 80 of instance i does. That it is closed is no sign of a visit, and no failure.
func (j *journal) plain(i int, now time.Time, at way) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.current(i, now).open.plain = at
}

// shown notes a complete answer of instance i to https /: the site that it showed, nil for an answer that isn't judged. It is judged
// together with what port 80 did at the latest look before; without one it isn't.
func (j *journal) shown(i int, now time.Time, s *site) {
	j.mu.Lock()
	defer j.mu.Unlock()
	h := j.touch(i, now)
	at := h.open.plain
	if at == unseen {
		at = h.known.plain
	}
	h.open.looked, h.open.marks = true, marks{}
	if s != nil && at != unseen {
		h.open.marks = s.marks(at)
	}
}

// HTTPS are the series about how each instance is secured:
//
//   - mastodon_instance_https_score and _https_grade_info, while its figures stand and if its site is judged: that is done at each complete
//     answer to https /, together with what port 80 last did (an answer, or a connection refused), and not if nobody had looked there;
//     an answer that the method doesn't judge takes the judgement away, a redirect and what never ends change nothing.
//   - mastodon_instance_certificate_info, by the latest handshake of a visit that showed something, of those that are up or down.
//
// Of those who refused or answered 410 nothing of it is kept.
func (t Truth) HTTPS() map[string]float64 {
	all := map[string]float64{}
	for i := range t.instances {
		w := &t.instances[i]
		if state := w.state(t.at); state != "up" && state != "down" {
			continue
		}
		if w.verdict != "" {
			all[key("mastodon_instance_certificate_info", "domain", w.name, "verdict", w.verdict)] = 1
		}
		if w.marks.grade != "" && w.fresh(t.at) {
			all[key("mastodon_instance_https_score", "domain", w.name)] = float64(w.marks.score)
			all[key("mastodon_instance_https_grade_info", "domain", w.name, "grade", w.marks.grade)] = 1
		}
	}
	return all
}
