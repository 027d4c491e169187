package demo

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed data/releases.tsv.gz
var releaseData []byte

// Release is a release of Mastodon in the World.
type Release struct {
	Tag       string // as in its repository: "v4.3.0-rc.2", earlier "v4.1.0rc1"
	Version   string // canonical: "4.3.0-rc.2"
	Channel   string // stable, rc, beta or alpha
	Published time.Time
	Security  bool // its notes have a section on security

	version version
}

// listedReleases bounds what the World's GitHub lists: the newest releases, and the newest advisories.
const listedReleases = 300

// calendar has the releases by time of publication: Mastodon's own history, from 3.5.0 to 4.7.0, and after that invented ones,
// without end: a new one every two and a half hours or so.
type calendar struct {
	seed  uint64
	still bool      // nothing is invented
	from  time.Time // when invention begins

	mu     sync.Mutex
	all    []Release
	events int
	plan   plan
}

// plan is where the invented branches stand.
type plan struct {
	supported [3]version // the newest first
	pre       int        // pre-releases of the next branch so far
}

// newCalendar is pure in its arguments; that it grows while it is read shows nowhere.
func newCalendar(seed uint64, start time.Time, still bool) *calendar {
	c := &calendar{seed: seed, still: still, from: start}
	for line := range strings.Lines(unzip(releaseData)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		at, err := time.Parse(time.DateOnly, f[1])
		if err != nil {
			panic(fmt.Sprintf("embedded release %q: %v", line, err))
		}
		c.add(f[0], at, f[2] == "1")
	}
	slices.SortStableFunc(c.all, func(a, b Release) int {
		return cmp.Or(a.Published.Compare(b.Published), compare(a.version, b.version))
	})
	last := c.all[len(c.all)-1]
	if last.Published.After(c.from) {
		c.from = last.Published
	}
	c.plan.supported[0] = c.newest(last.version.branch())
	c.plan.supported[1] = c.newest(version{major: 4, minor: 6})
	c.plan.supported[2] = c.newest(version{major: 4, minor: 5})
	return c
}

func (c *calendar) add(tag string, at time.Time, security bool) {
	v, ok := parseVersion(tag)
	if !ok {
		panic(fmt.Sprintf("embedded release %q is no version", tag))
	}
	c.all = append(c.all, Release{Tag: tag, Version: v.String(), Channel: v.channel(), Published: at, Security: security, version: v})
}

// newest is the newest stable version of a branch.
func (c *calendar) newest(branch version) version {
	var best version
	for _, r := range c.all {
		if r.version.stage == stable && r.version.branch() == branch && compare(r.version, best) > 0 {
			best = r.version
		}
	}
	return best
}

// until is what has been published by t, oldest first. The slice is not to be changed.
func (c *calendar) until(t time.Time) []Release {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.still {
		at := c.from.Add(time.Duration(40*minute+150*minute*int64(c.events)+in(20*minute, c.seed, aboutRelease, uint64(c.events))) * time.Second)
		if at.After(t) {
			break
		}
		c.invent(c.events, at)
		c.events++
	}
	n, _ := slices.BinarySearchFunc(c.all, t, func(r Release, t time.Time) int {
		if r.Published.After(t) {
			return 1
		}
		return -1
	})
	return c.all[:n:n]
}

// invent publishes what the k-th event brings: patches of one, two or all three supported branches, or a pre-release of the
// next one, which comes out after 72 events.
func (c *calendar) invent(k int, at time.Time) {
	p := &c.plan
	next := version{major: p.supported[0].major, minor: p.supported[0].minor + 1}
	patched, security := 0, false
	switch k % 8 {
	case 0:
		patched = 3
	case 4:
		patched, security = 3, true
	case 6:
		patched = 2
	case 2:
		patched = 1
	case 7:
		if k/8%9 == 8 {
			next.stage = stable
			p.supported = [3]version{next, p.supported[0], p.supported[1]}
			p.pre = 0
			c.add("v"+next.String(), at, false)
			return
		}
		fallthrough
	default:
		p.pre++
		next.stage, next.rest = beta, fmt.Sprint(p.pre)
		if p.pre > 18 {
			next.stage, next.rest = candidate, fmt.Sprint(p.pre-18)
		}
		c.add("v"+next.String(), at, false)
	}
	for i := patched - 1; i >= 0; i-- {
		p.supported[i].patch++
		c.add("v"+p.supported[i].String(), at, security)
	}
}

// track says which releases an operator installs.
type track struct {
	fixed  string  // never anything else than this
	branch version // patches of this branch only
	pre    bool    // pre-releases too
	key    uint64  // draws how long each release takes the operator
}

// slowest is how long an operator takes at most.
const slowest = 72 * time.Hour

// installed is the tag that runs at t, without its v.
func (c *calendar) installed(k track, t time.Time) string {
	if k.fixed != "" {
		return k.fixed
	}
	out := c.until(t)
	best := -1
	for i := len(out) - 1; i >= 0; i-- {
		r := &out[i]
		if k.branch != (version{}) && r.version.branch() != k.branch || !k.pre && r.version.stage != stable {
			continue
		}
		if best >= 0 && compare(r.version, out[best].version) <= 0 {
			continue
		}
		u := in(1<<10, k.key, aboutDelay, uint64(i))
		wait := time.Duration(10*minute+u*u*u*(slowest.Milliseconds()/1000-10*minute)>>30) * time.Second
		if !r.Published.Add(wait).After(t) {
			best = i
		}
	}
	if best < 0 {
		return "3.4.6" // the last one before the calendar begins
	}
	return strings.TrimPrefix(out[best].Tag, "v")
}
