package demo

import "math/rand/v2"

// draw is the chance of one thing: the same on every machine for the same keys, and unrelated for any others. It lies evenly
// in 64 bits. All of a World's arithmetic is in integers, since floating point differs between processors.
func draw(keys ...uint64) uint64 {
	h := uint64(0x6d6e6d)
	for _, k := range keys {
		h = rand.NewPCG(h, k).Uint64()
	}
	return h
}

// in is a chance in [0, n).
func in(n int64, keys ...uint64) int64 { return int64(draw(keys...) % uint64(n)) }

// What chances are about; the numbers only keep them apart.
const (
	aboutOrder uint64 = iota + 1
	aboutOthers
	aboutFigures
	aboutVersion
	aboutPlace
	aboutCycle
	aboutOutage
	aboutBlip
	aboutDelay
	aboutRelease
	aboutLife
	aboutPage
	aboutJunk
	aboutDirectory
	aboutCertificate
)

// cycle is something that turns over again and again, in seconds. The zero cycle never turns.
type cycle struct{ phase, period int64 }

// turns is how often it has turned over; at the beginning it has not.
func (c cycle) turns(s int64) int64 {
	if c.period <= 0 || s < 0 {
		return 0
	}
	return (s + c.phase) / c.period
}

// turned reports whether it is in its other state.
func (c cycle) turned(s int64) bool { return c.turns(s)%2 == 1 }

const (
	minute = int64(60)
	hour   = 60 * minute
	day    = 24 * hour
)

// rhythm is how busy each hour of a day is: percent of the average.
var rhythm = [24]int64{62, 48, 40, 36, 38, 50, 72, 92, 106, 114, 120, 124, 128, 126, 122, 120, 122, 128, 138, 146, 148, 132, 106, 82}

// busy is the time that has passed in s seconds, as people live it: more by day than by night, and the same in whole days.
func busy(s int64) int64 {
	if s <= 0 {
		return s
	}
	t := s / day * day
	s %= day
	for h := range s / hour {
		t += hour * rhythm[h] / 100
	}
	return t + s%hour*rhythm[s/hour]/100
}
