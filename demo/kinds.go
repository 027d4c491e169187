package demo

import "strings"

// Kind is what a request asked for.
type Kind uint8

// The kinds of request.
const (
	KindRobots Kind = iota
	KindWellKnown
	KindNodeInfo
	KindV1
	KindV2
	KindActivity
	KindHome  // https /
	KindHTTP  // anything on port 80
	KindOther // any other path
	KindDirectory
	KindReleases
	KindTimeline // a page of a timeline
	KindStream
	KindToken // getting a token, and what a token is for
	kindCount
)

// String is the kind as the exporter's label "purpose" has it.
func (k Kind) String() string {
	return [kindCount]string{"robots", "well_known", "nodeinfo", "api_v1", "api_v2", "activity", "https", "http", "other", "directory", "releases", "timeline", "stream", "token"}[k]
}

// following reports whether a request of the kind is for following timelines: those have a budget of their own, and are no
// visit.
func (k Kind) following() bool { return k == KindTimeline || k == KindStream || k == KindToken }

// kindOf is what a path of an instance is.
func kindOf(path string, st *State) Kind {
	s := &softwares[st.software]
	switch path {
	case "/robots.txt":
		return KindRobots
	case "/.well-known/nodeinfo":
		return KindWellKnown
	case s.nodeinfo:
		return KindNodeInfo
	case "/nodeinfo/2.0":
		if s.schema == "2.1" {
			return KindNodeInfo
		}
	case "/api/v1/instance":
		return KindV1
	case "/api/v2/instance":
		return KindV2
	case "/api/v1/instance/activity":
		return KindActivity
	case "/":
		return KindHome
	case "/api/v1/timelines/public":
		return KindTimeline
	case "/api/v1/apps", "/api/v1/apps/verify_credentials", "/oauth/authorize", "/oauth/token", "/api/v1/accounts/verify_credentials",
		"/api/v1/blocks", "/api/v1/mutes", "/api/v1/domain_blocks":
		return KindToken
	}
	if strings.HasPrefix(path, "/api/v1/streaming") {
		return KindStream
	}
	return KindOther
}
