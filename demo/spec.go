package demo

import (
	"cmp"
	"strings"
	"time"

	"github.com/mnm-social/mnm/exporter/domain"
)

// Spec is an instance as a test wants it. Zero fields are those of a small healthy Mastodon in Germany that says no figures.
type Spec struct {
	Name     string // as directories spell it; one that is no domain name is listed but is no instance
	Software string // "" is "mastodon"; "glitch" is the fork that calls itself mastodon; else one of the World's softwares
	Version  string // for Mastodon and forks a version of Mastodon, as a tag without its v; "" is the newest stable at the start

	Users, Statuses, Connections, ActiveMonth *int64 // nil: it doesn't say
	Open                                      *bool  // whether strangers may register; nil: it doesn't say
	Approval                                  bool
	Week                                      Week

	Country   string // where its server stands, of those in which the World has places: DE FI FR JP US CA KR IN; "" is DE
	CDN       string // "cloudflare" or "fastly": its address is theirs, its country nobody's
	IPv6      bool   // where the place has IPv6 at all: not in FI and KR
	Behaviour Behaviour
	MovedTo   string // the host to which everything but robots.txt is redirected
	Unlisted  bool   // joinmastodon doesn't name it
	Social    bool   // instances.social names it
	RobotsTag string // X-Robots-Tag of its page at /; "" for none
	Renewal   int    // of its certificate: each has another expiry
	// Expires is how long after the World's beginning its certificate expires; 0: not in this century. Visitors judge
	// certificates by the clock on their wall, so a World in which some expire lies ahead of it.
	Expires time.Duration
	Site    string // how the page at / and port 80 are set up, of the recorded sites that the World has; "" is "mastodon"
	Live    Live   // how it toots and serves its timelines

	// Then is what it turns into, Turns after the World's beginning; its Name doesn't count.
	Turns time.Duration
	Then  *Spec
}

// WorldOf is a still World of given instances: nothing changes in it but by Spec.Then, and no release is invented.
// Names that are no domain names become Junk; of several spellings of one name the first Spec stands, and each is listed.
func WorldOf(specs []Spec, start time.Time) *World {
	w := &World{start: start, calendar: newCalendar(0, start, true)}
	seen := map[domain.Name]bool{}
	for _, s := range specs {
		name, err := domain.Parse(s.Name)
		if err != nil || seen[name] {
			w.Junk = append(w.Junk, s.Name)
			continue
		}
		seen[name] = true
		w.instances = append(w.instances, member{name: name, spelling: s.Name, fate: newScript(w, s, len(w.instances))})
	}
	w.index()
	return w
}

// script is the fate of a Spec: states and when each begins, in seconds.
type script struct {
	from   []int64
	states []State
	live   []Live
	places []*place
}

func newScript(w *World, s Spec, i int) *script {
	sc := &script{}
	for from := int64(0); ; {
		p := placeOf(s.Country, s.CDN)
		if s.Country == "" && s.CDN == "" {
			p = &places[0]
		}
		sc.from = append(sc.from, from)
		sc.states = append(sc.states, s.state(w, p, i))
		sc.places = append(sc.places, p)
		sc.live = append(sc.live, s.lively(p))
		if s.Then == nil {
			return sc
		}
		from = int64(s.Turns / time.Second)
		name := s.Name
		s = *s.Then
		s.Name = name
	}
}

// lively is the Spec's Live: fifty people write, and it hears of everybody.
func (s *Spec) lively(p *place) Live {
	l := s.Live
	l.authors, l.hears = 50, 100
	if l.Language == "" {
		country := boundTLD(s.Name[strings.LastIndexByte(s.Name, '.')+1:])
		l.Language = tongues[cmp.Or(country, p.country)]
	}
	return l
}

func (s *Spec) state(w *World, p *place, i int) State {
	index, ok := softwareIndex(s.Software)
	soft := &softwares[index]
	v := s.Version
	if v == "" && ok {
		v = "1.0"
		if soft.mastodon {
			v = w.calendar.installed(track{}, w.start)
		} else if len(soft.versions) > 0 {
			v = soft.versions[len(soft.versions)-1]
		}
	}
	st := State{
		Exists: true, MovedTo: s.MovedTo, Listed: !s.Unlisted, Social: s.Social, Behaviour: s.Behaviour, Approval: s.Approval, Week: s.Week,
		RobotsTag: s.RobotsTag, Expiry: expiry(int64(s.Renewal)), Site: siteOf(s.Site).name,
		Users: figureOf(s.Users), Statuses: figureOf(s.Statuses), Connections: figureOf(s.Connections), ActiveMonth: figureOf(s.ActiveMonth),
		Country: p.country, CDN: p.cdn, V4: p.addr4(i),
	}
	if s.IPv6 {
		st.V6 = p.addr6(i)
	}
	if s.Expires != 0 {
		st.Expiry = w.start.Add(s.Expires)
	}
	if s.Open != nil {
		st.Open, st.registers = *s.Open, answerOf(*s.Open)
	}
	st.runs(index, v)
	return st
}

// runs sets what the instance runs; for Mastodon version is a tag without its v.
func (st *State) runs(index int, version string) {
	soft := &softwares[index]
	st.software, st.Software, st.Mastodon = index, soft.name, soft.mastodon
	st.Version, st.serves = version, soft.serves(index, version)
	if v, ok := parseVersion(version); ok && soft.mastodon {
		st.Version = v.String()
	}
}

func figureOf(n *int64) Figure {
	if n == nil {
		return Unknown
	}
	return Figure(*n)
}

func (sc *script) state(_ *World, s int64) State { return sc.states[sc.at(s)] }

// at is which of its states holds.
func (sc *script) at(s int64) int {
	now := 0
	for i, from := range sc.from {
		if from <= s {
			now = i
		}
	}
	return now
}

func (sc *script) homes() []*place { return sc.places }
