package demo

// destiny gives the rank-th of n healthy instances what happens to it beside chance. Ranks are in no order that means
// anything; by going round, every kind of thing happens often enough, in a sample of fifty as in the whole World.
func (l *life) destiny(rank, n int, c Config) {
	if c.Hostile && rank%10 == 9 {
		all := Hostiles()
		l.trait, l.steady = all[rank/10%len(all)], true
		return
	}
	l.renewals = l.every(4, 30*hour, 60*hour)
	if l.trait = trait(rank); l.trait != Well {
		l.steady = l.trait == RobotsNo || l.trait == RobotsDeny || l.trait == Legal
		if !softwares[l.software].mastodon && !l.steady && l.trait != Blocked && l.trait != RateLimited && l.trait != Challenge {
			l.trait = Well
		}
		return
	}
	if softwares[l.software].robots == gotosocialRobots {
		l.steady = true // it forbids visits: nobody sees how it is
		return
	}
	if rank%40 == 13 {
		l.robotsTag = [...]string{"noindex", "otherbot: noindex", "MNM-Exporter: noindex", "none"}[rank/40%4]
		l.untagged = l.every(5, 20*hour, 60*hour)
	}
	switch rank % 24 { // in the weeks after the beginning, when most of the deaths and births below are over
	case 23:
		l.until, l.end = l.late(), []Behaviour{NoName, Refusing, Gone}[rank/24%3]
		return
	case 11:
		l.from = l.late()
		return
	}
	few := (n + 11) / 12
	switch rank % 12 {
	case 0:
		l.until, l.end = when(rank/12, few, l.key), Gone
		return
	case 4:
		l.until, l.end = when(rank/12, few, l.key), []Behaviour{Refusing, NoName}[rank/12%2]
		return
	case 8:
		l.from = when(rank/12, few, l.key)
		return
	}
	l.changes(rank, n)
}

// trait is what some instances are like from the beginning.
func trait(rank int) Behaviour {
	switch {
	case rank%50 == 10:
		return Blocked
	case rank%50 == 21:
		return RateLimited
	case rank%50 == 35:
		return Challenge
	case rank%75 == 30:
		return RobotsDeny
	case rank%100 == 41:
		return Legal
	case rank%100 == 42:
		return RobotsNo
	case rank%60 == 45:
		return RobotsNoAPI
	case rank%90 == 47:
		return RobotsNoNodeInfo
	case rank%70 == 49:
		return NoNodeInfo
	}
	return Well
}

// every is something that turns over after a time from lo to hi.
func (l *life) every(about uint64, lo, hi int64) cycle {
	p := lo + in(hi-lo, l.key, aboutCycle, about)
	return cycle{phase: in(p, l.key, aboutCycle, about, 1), period: p}
}

// late is a time from the fourth day to the 44th.
func (l *life) late() int64 { return 4*day + in(40*day, l.key, aboutLife, 3) }

// large is how many accounts only a handful of instances have.
const large = 100_000

// changes are those that go on for ever, and purges of accounts.
func (l *life) changes(rank, n int) {
	switch rank % 12 {
	case 1, 7:
		if l.says {
			l.registrations = l.every(1, 4*hour, 9*hour)
		}
	case 2, 9:
		if l.users < large { // a country's figures should not hang on where the largest is today
			l.at[1] = l.elsewhere()
			l.moves = l.every(2, 4*hour, 8*hour)
		}
	case 3:
		if l.trait == Well && twin(l.software) >= 0 {
			l.turns = l.every(3, 5*hour, 9*hour)
		}
	case 5:
		if rank%36 == 5 {
			l.at[0] = placeOf("", "fastly")
		} else {
			l.at[0] = placeOf("", "cloudflare")
		}
	case 6:
		if l.users >= 40 {
			l.purge = when(rank/12, (n+11)/12, l.key)
		}
	}
	if rank%16 == 3 && twin(l.software) >= 0 {
		l.turns = l.every(3, 5*hour, 9*hour)
	}
}

// elsewhere is a place in another country, with IPv6 if the instance has it now.
func (l *life) elsewhere() *place {
	first := in(homes, l.key, aboutPlace, 1)
	for i := range int64(homes) {
		if p := &places[(first+i)%homes]; p.country != l.at[0].country {
			return p
		}
	}
	return l.at[0]
}

// when spreads n births or deaths: most come early, so that a short test sees some, and they never quite end.
// The i-th comes at a fourth power: among few within 100 h, among many within 2,000.
func when(i, n int, key uint64) int64 {
	span := 100 * hour
	if n >= 50 {
		span = 2000 * hour
	}
	f := int64(i%n)*1024/int64(n) + 512/int64(n) // in 1/1024
	return 20*minute + f*f*f*f/(1<<20)*span/(1<<20) + in(15*minute, key, aboutLife, 2)
}
