package toots

import "slices"

// crowd is who used a tag lately: as many authors as the rules ask for, those seen last, and likewise servers. Each is a
// stamp: the minute of Unix time in which it was last seen, whether it is an author or a server, and 37 bits of its keyed
// hash. Two of 20 authors who have those in common, one in a thousand million crowds, are taken for one: the tag is shown
// later. Minutes have 26 bits, which last until 2097.
//
// So many authors used the tag since a minute if and only if the oldest of so many that were seen last was seen since:
// that is why no more need be kept to know it exactly.
type crowd []uint64

// kind is the part of a stamp that says of what it is.
type kind uint64

const (
	minuteShift = 38
	kindBit     = 1 << (minuteShift - 1)
	whoMask     = 1<<minuteShift - 1 // kind and hash

	authors kind = 0
	servers kind = kindBit
)

// see stamps somebody, in the place of the one of that kind that was not seen for longest if there are as many as need be.
func (c crowd) see(k kind, hash uint64, minute int64, need int) crowd {
	who := uint64(k) | hash&(kindBit-1)
	stamp := uint64(minute)<<minuteShift | who
	n, oldest := 0, 0
	for i, s := range c {
		switch {
		case s&whoMask == who:
			c[i] = stamp
			return c
		case s&kindBit != uint64(k):
		case n == 0 || s < c[oldest]:
			oldest = i
			fallthrough
		default:
			n++
		}
	}
	if n < need {
		return append(c, stamp)
	}
	c[oldest] = stamp
	return c
}

// since is how many of each there are that were seen in that minute or later.
func (c crowd) since(minute int64) (nAuthors, nServers int) {
	for _, s := range c {
		switch {
		case s < uint64(minute)<<minuteShift:
		case s&kindBit == uint64(authors):
			nAuthors++
		default:
			nServers++
		}
	}
	return nAuthors, nServers
}

func (c crowd) pass(rules HashtagRules, since int64) bool {
	nAuthors, nServers := c.since(since)
	return nAuthors >= rules.MinAuthors && nServers >= rules.MinServers
}

// newest is the minute in which the tag was last used.
func (c crowd) newest() int64 { return int64(slices.Max(c) >> minuteShift) }

// rank is higher the more servers, and then authors, used the tag since a minute, and then the later it was used.
func (c crowd) rank(since int64) uint64 {
	nAuthors, nServers := c.since(since)
	return uint64(nServers)<<48 | uint64(nAuthors)<<32 | uint64(c.newest())
}
