// Package demo is the fediverse in a box: a made-up network of servers that lives, is served by the real protocols on
// loopback, and tells what a crawler of it must find.
//
//   - World is who there is and what becomes of them: a pure function of a seed and a time.
//   - Network serves a World by DNS, TLS and HTTP, and keeps a journal of what it served when.
//   - Truth is what must be known at a time, from the World, the journal and the rules of the figures alone. It imports
//     nothing of the code that it judges.
//
// Instances toot: which toot it is (TootID) decides all else about it, so toots are written out when somebody asks for them and kept
// nowhere. Timelines, streams and tokens speak Mastodon's API; Live says how an instance serves them, and in a Spec's Live a
// test writes its toots itself.
//
// All times are the World's; only the caller's clock says how fast it lives. Nothing in it is real: names are invented,
// figures are those of a public list of 2022, addresses are public ones that never leave the machine.
package demo

// Figure is a count that a server may keep to itself.
type Figure int64

// Unknown is the figure of a server that doesn't say it.
const Unknown Figure = -1

// Known reports whether the figure is there.
func (f Figure) Known() bool { return f >= 0 }

// or is f if it is known, else g.
func (f Figure) or(g Figure) Figure {
	if f.Known() {
		return f
	}
	return g
}

// answer is a yes or no that a server may keep to itself.
type answer uint8

const (
	silent answer = iota
	no
	yes
)

func answerOf(b bool) answer {
	if b {
		return yes
	}
	return no
}

// or is a if it was given, else b.
func (a answer) or(b answer) answer {
	if a != silent {
		return a
	}
	return b
}

// policy is the value of the label "policy": who may register.
func policy(open, approval answer) string {
	switch {
	case open == no:
		return "closed"
	case open == yes && approval == yes:
		return "approval"
	case open == yes:
		return "open"
	}
	return unknown
}

const unknown = "unknown"
