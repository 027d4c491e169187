package demo

import "strconv"

// object is a JSON object; its keys are written in order.
type object = map[string]any

// document is what an answer says, as a careful reader takes it. The handlers write answers from it and the journal keeps
// it, so that what was said and what is known of it cannot drift apart.
type document struct {
	Software, Version                    string // labels; "" if the answer doesn't say
	Mastodon                             bool
	Users, Statuses, Connections, Active Figure
	Registers, Approval                  answer
}

// sayNothing is a document without content.
func sayNothing() document {
	return document{Users: Unknown, Statuses: Unknown, Connections: Unknown, Active: Unknown}
}

// spoil makes a document's figures what a reader makes of those of a server that sends absurd ones.
func (d *document) spoil(b Behaviour) {
	if b == Negative || b == Absurd {
		d.Users, d.Statuses, d.Connections, d.Active = Unknown, Unknown, Unknown, Unknown
	}
}

// nodeinfoOf is what an instance's nodeinfo says.
func nodeinfoOf(st *State) document {
	s := &softwares[st.software]
	d := sayNothing()
	d.Software, d.Version, d.Mastodon, d.Registers = st.Software, st.Version, st.Mastodon, st.registers
	if !s.keeps {
		d.Users, d.Statuses = st.Users, st.Statuses
		if !s.noActive {
			d.Active = st.ActiveMonth
		}
	}
	d.spoil(st.Behaviour)
	return d
}

// v1Of is what its /api/v1/instance says. Whether that names the software depends on the reader, and matters only where
// there is no nodeinfo, which only Mastodons of the World lack: a version alone is theirs.
func v1Of(st *State) document {
	s := &softwares[st.software]
	d := sayNothing()
	d.Software, d.Version, d.Mastodon = "mastodon", st.Version, true
	if !s.mastodon {
		d.Software, d.Version, d.Mastodon = st.Software, st.Version, false
	}
	if !s.noStats {
		d.Users, d.Statuses, d.Connections = st.Users, st.Statuses, st.Connections
		if s.known {
			d.Users, d.Statuses = Unknown, Unknown // they are of everybody it has heard of
		}
	}
	if s.mau {
		d.Active = st.ActiveMonth
	}
	if !s.mastodon || atLeast(st, 3, 0) {
		d.Registers = st.registers
		if !s.noStats {
			d.Approval = answerOf(st.Approval)
		}
	}
	d.spoil(st.Behaviour)
	return d
}

// v2Of is what its /api/v2/instance says.
func v2Of(st *State) document {
	d := sayNothing()
	d.Active, d.Registers, d.Approval = st.ActiveMonth, st.registers, answerOf(st.Approval)
	d.spoil(st.Behaviour)
	return d
}

// atLeast reports whether the Mastodon that st runs is of a version or newer; other software never is.
func atLeast(st *State, major, minor int) bool {
	v, ok := parseVersion(st.Version)
	return st.Mastodon && ok && compare(v.branch(), version{major: major, minor: minor}) >= 0
}

// hasNodeInfo reports whether an instance has nodeinfo: Mastodon since 3.0.
func hasNodeInfo(st *State) bool {
	return st.Behaviour != NoNodeInfo && (!st.Mastodon || atLeast(st, 3, 0))
}

func hasV1(st *State) bool { return softwares[st.software].compat != "" }

func hasV2(st *State) bool {
	s := &softwares[st.software]
	return s.v2 && (!s.mastodon || atLeast(st, 4, 0))
}

// figures writes figures as a server does.
type figures struct {
	behaviour Behaviour
	text      bool
}

// put sets a key of o to a figure, and nothing if it isn't known.
func (f figures) put(o object, key string, n Figure) {
	switch {
	case f.behaviour == Negative:
		o[key] = -1 - int64(max(n, 0))
	case f.behaviour == Absurd:
		o[key] = uint64(1) << 63
	case !n.Known():
	case f.behaviour == Text || f.text:
		o[key] = strconv.FormatInt(int64(n), 10)
	default:
		o[key] = int64(n)
	}
}
