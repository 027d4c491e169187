package instance

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// NodeInfo is what a server says in its nodeinfo document, versions 1.0, 1.1, 2.0 and 2.1
// (https://github.com/jhass/nodeinfo/blob/main/PROTOCOL.md). What it leaves out is unknown or "".
type NodeInfo struct {
	Software       string // normalised, "" if it names none
	Version        string // of the software, cleaned, as served: "4.5.1+glitch", "1.0.7+3.5.5"
	Users          Count  // usage.users.total: accounts of its own
	ActiveMonth    Count  // usage.users.activeMonth: seen in the last 30 days
	ActiveHalfYear Count  // usage.users.activeHalfyear: in the last 180 days
	Statuses       Count  // usage.localPosts
	Open           Tri    // openRegistrations; Mastodon says yes also where new accounts need approval
	Refused        uint8  // figures that were there and absurd; each is unknown
}

// ReadNodeInfo reads a nodeinfo document. Its error has a reason, see ReasonOf.
func ReadNodeInfo(body []byte) (NodeInfo, error) {
	var w struct {
		Software struct {
			Name    string `json:"name"`
			Version string `json:"version"`
		} `json:"software"`
		Usage *struct {
			Users struct {
				Total          figure `json:"total"`
				ActiveMonth    figure `json:"activeMonth"`
				ActiveHalfYear figure `json:"activeHalfyear"`
			} `json:"users"`
			LocalPosts figure `json:"localPosts"`
		} `json:"usage"`
		OpenRegistrations flag `json:"openRegistrations"`
	}
	if err := decode(body, '{', &w); err != nil {
		return NodeInfo{}, err
	}
	if w.Software.Name == "" && w.Usage == nil {
		return NodeInfo{}, &Error{ReasonShape, errNothing}
	}
	n := NodeInfo{
		Software: softwareName(w.Software.Name),
		Version:  clean(w.Software.Version),
		Open:     w.OpenRegistrations.Tri,
	}
	if u := w.Usage; u != nil {
		n.Users = u.Users.Total.count(MaxUsers, &n.Refused)
		n.ActiveMonth = u.Users.ActiveMonth.count(MaxUsers, &n.Refused)
		n.ActiveHalfYear = u.Users.ActiveHalfYear.count(MaxUsers, &n.Refused)
		n.Statuses = u.LocalPosts.count(MaxStatuses, &n.Refused)
	}
	return n, nil
}

// maxLinks is how many links of a well-known document are looked at, maxLink how many bytes an address can have.
const (
	maxLinks = 16
	maxLink  = 2048
)

type link struct {
	Rel  string `json:"rel"`
	Href string `json:"href"`
}

// links are a list of links, or, from an old Hubzilla, one link that is not in a list.
type links [maxLinks]link

// UnmarshalJSON never fails, so that what is not as expected is as good as missing.
func (l *links) UnmarshalJSON(b []byte) error {
	if b[0] == '{' {
		_ = json.Unmarshal(b, &l[0])
		return nil
	}
	_ = json.Unmarshal(b, (*[maxLinks]link)(l)) // what is past the array's end is skipped
	return nil
}

// schemas are the relations of nodeinfo, best first.
var schemas = [...]string{"2.1", "2.0", "1.1", "1.0"}

// ReadWellKnown reads /.well-known/nodeinfo and returns the address of the best nodeinfo document that it links: 2.1, then
// 2.0, 1.1, 1.0. It is an absolute http or https URL as served; the caller checks scheme and host. No such link is an
// error with reason shape.
func ReadWellKnown(body []byte) (href string, err error) {
	var w struct {
		Links  links `json:"links"`
		Second link  `json:"0"` // Hubzilla again
	}
	if err := decode(body, '{', &w); err != nil {
		return "", err
	}
	best := len(schemas)
	for _, l := range append(w.Links[:], w.Second) {
		if n := rank(l.Rel); n < best && isURL(l.Href, "https", "http") {
			best, href = n, l.Href
		}
	}
	if href == "" {
		return "", &Error{ReasonShape, errNothing}
	}
	return href, nil
}

// rank is the place of a relation in schemas, len(schemas) if it is none of nodeinfo's.
func rank(rel string) int {
	rel = strings.TrimPrefix(strings.TrimPrefix(rel, "https:"), "http:")
	version, ok := strings.CutPrefix(rel, "//nodeinfo.diaspora.software/ns/schema/")
	for n, s := range schemas {
		if ok && s == version {
			return n
		}
	}
	return len(schemas)
}

// isURL says whether s is an absolute URL of one of the schemes, of a length that one keeps.
func isURL(s string, schemes ...string) bool {
	if len(s) > maxLink {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && slices.Contains(schemes, u.Scheme) && u.Host != ""
}
