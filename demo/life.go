package demo

// life is the fate of an instance that was thought up. Its times are seconds after the World's beginning.
type life struct {
	key                                  uint64 // its chances
	index                                int
	software                             int
	version                              int // of other software: the one at the beginning
	track                                track
	users, statuses, connections, active Figure
	rate                                 int64 // statuses an active user writes in ten days
	growth                               int64 // users, in millionths an hour
	says                                 bool  // whether strangers may register
	open                                 bool
	approval                             bool
	v6                                   bool
	at                                   [2]*place // home, and where it moves to

	trait  Behaviour // for ever
	steady bool      // has no outages
	from   int64     // set up then; 0: before the World began
	until  int64     // ends then; 0: never
	end    Behaviour // how

	registrations, moves, turns cycle

	purge     int64  // accounts are purged then, four in ten; 0: never
	robotsTag string // X-Robots-Tag, there at the beginning
	untagged  cycle  // without it
	renewals  cycle  // of its certificate
	sites     [2]int // how the page at / and port 80 are set up, and how some set them up later
	resets    cycle

	live  Live
	toots int64 // millionths a minute, on average
	zone  int64 // seconds by which its people are ahead of UTC
}

func (l *life) homes() []*place {
	if l.at[1] == nil {
		return l.at[:1]
	}
	return l.at[:]
}

// listed reports whether joinmastodon and instances.social name it: not before it has been set up for a while, and no longer
// when it has been dead for some days, which instances.social notices after two weeks. A twentieth is on the latter alone.
func (l *life) listed(s int64) (joinmastodon, social bool) {
	const most = 1 << 62
	begin, end, later := int64(0), int64(most), int64(most)
	if l.from > 0 {
		begin = l.from + in(20*minute, l.key, aboutLife)
	}
	switch {
	case l.until > 0:
		end = l.until
	case l.trait.Failing() && !l.steady: // since before the beginning
		end = 1
	}
	if end < most {
		end, later = end+3*day+in(7*day, l.key, aboutDirectory, 1), end+14*day
	}
	kind := in(20, l.key, aboutDirectory)
	return kind > 0 && s >= begin && s < end, kind < 12 && s >= begin && s < later
}

func (l *life) state(w *World, s int64) State {
	st := State{
		Exists: s >= l.from, Approval: l.approval, CDN: l.at[0].cdn, Behaviour: l.behaviour(s), Expiry: expiry(l.renewals.turns(s)),
		Site: sites[l.sites[l.resets.turns(s)%2]].name,
	}
	st.Listed, st.Social = l.listed(s)
	if !st.Exists {
		st.Behaviour = NoName
	}
	if !l.untagged.turned(s) {
		st.RobotsTag = l.robotsTag
	}
	l.figures(&st, s)
	at := l.at[0]
	if l.at[1] != nil && l.moves.turned(s) {
		at = l.at[1]
	}
	st.Country, st.V4 = at.country, at.addr4(l.index)
	if l.v6 {
		st.V6 = at.addr6(l.index)
	}
	st.Open = l.open != l.registrations.turned(s)
	if l.says {
		st.registers = answerOf(st.Open)
	}
	software := l.software
	if l.turns.turned(s) {
		software = twin(software)
	}
	if softwares[software].mastodon {
		st.runs(software, w.calendar.installed(l.track, w.start.Add(seconds(s))))
	} else {
		versions := softwares[software].versions
		st.runs(software, versions[min(int64(len(versions)-1), int64(l.version)+(s+in(40*hour, l.key, aboutVersion))/(40*hour))])
	}
	return st
}

// figures grow with the days: people come and write more by day than by night.
func (l *life) figures(st *State, s int64) {
	zone := in(day, l.key, aboutFigures)
	lived := busy(s+zone) - busy(zone)
	if s < 0 {
		lived = 0
	}
	st.Users, st.Statuses, st.Connections, st.ActiveMonth = l.users, l.statuses, l.connections, l.active
	if l.users.Known() {
		st.Users += Figure(int64(l.users) * l.growth / 1000 * lived / hour / 1000)
		st.ActiveMonth += Figure(int64(l.active) * l.growth / 1000 * lived / hour / 1000)
		st.Statuses += Figure(int64(l.active) * l.rate * lived / (10 * day))
		st.Connections += Figure(int64(l.connections) * 10 * lived / hour / 1e6)
		if l.purge > 0 && s >= l.purge {
			st.Users = st.Users * 6 / 10
			st.ActiveMonth = min(st.ActiveMonth, st.Users) // those who write are not purged
		}
		a := int64(st.ActiveMonth)
		st.Week = Week{Statuses: a * l.rate * 7 / 10, Logins: a * 6 / 10, Registrations: int64(st.Users) * l.growth * 7 * 24 / 1e6}
	}
}

// behaviour is the trouble that an instance is in, if any.
func (l *life) behaviour(s int64) Behaviour {
	switch {
	case l.until > 0 && s >= l.until:
		return l.end
	case l.trait.Failing() || l.steady:
		return l.trait
	}
	if b := l.outage(s); b != Well {
		return b
	}
	return l.trait
}

// An instance may fail once in each outageEvery, for a quarter of an hour to a bit more than an hour, and once in each
// blipEvery, for less than five minutes. Each lies within its period, so that looking at one period is enough.
const (
	outageEvery = 5 * hour
	outageOne   = 3 // of so many periods, one has an outage
	blipEvery   = 2 * hour
	blipOne     = 4
)

func (l *life) outage(s int64) Behaviour {
	if s < 0 {
		return Well
	}
	for _, kind := range []struct {
		about              uint64
		every, one, lo, hi int64
	}{
		{aboutOutage, outageEvery, outageOne, 15 * minute, 70 * minute},
		{aboutBlip, blipEvery, blipOne, minute, 5 * minute},
	} {
		t := s + in(kind.every, l.key, kind.about)
		n := uint64(t / kind.every)
		if in(kind.one, l.key, kind.about, n, 1) != 0 {
			continue
		}
		begin := in(kind.every-kind.hi, l.key, kind.about, n, 2)
		if t %= kind.every; t >= begin && t < begin+kind.lo+in(kind.hi-kind.lo, l.key, kind.about, n, 3) {
			all := troubles()
			return all[in(int64(len(all)), l.key, kind.about, n, 4)]
		}
	}
	return Well
}
