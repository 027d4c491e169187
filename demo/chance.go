package demo

import (
	"math/bits"
	"math/rand/v2"
)

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

// mix is a draw of two keys, for where there are many to draw.
func mix(a, b uint64) uint64 {
	var p rand.PCG
	p.Seed(a, b)
	return p.Uint64()
}

// dice are a row of chances, the same each time for the same seed.
type dice struct{ rand.PCG }

func roll(seed, about uint64) *dice {
	d := &dice{}
	d.Seed(seed, about)
	return d
}

// in is a chance in [0, n).
func (d *dice) in(n int64) int64 { return int64(d.Uint64() % uint64(n)) }

// percent is true n times in a hundred.
func (d *dice) percent(n int64) bool { return d.in(100) < n }

// zipf is a rank in [0, n): each is drawn about as often as those from it to twice it together with one another are, so that the
// first are drawn most and the last are still drawn.
func (d *dice) zipf(n int64) int64 {
	double := int64(1) << d.in(int64(bits.Len64(uint64(n))))
	return (double - 1 + d.in(double)) % n
}

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
	aboutToots
	aboutAuthor
	aboutHearing
	aboutLive
	aboutTag
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
