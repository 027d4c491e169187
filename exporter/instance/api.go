package instance

import (
	"cmp"
	"slices"
)

// V1 is what a server says at /api/v1/instance (https://docs.joinmastodon.org/entities/V1_Instance/).
type V1 struct {
	Version       string // cleaned, as served; other software puts itself in brackets: "2.7.2 (compatible; Pixelfed 0.11.4)"
	Users         Count  // stats.user_count: accounts of its own, but see Answers.Figures
	Statuses      Count  // stats.status_count
	Connections   Count  // stats.domain_count: other domains it knows
	ActiveMonth   Count  // pleroma.stats.mau: Pleroma's and Akkoma's alone
	Registrations Tri    // whether a stranger may register
	Approval      Tri    // whether somebody must approve
	Refused       uint8  // figures that were there and absurd; each is unknown
}

// ReadV1 reads an answer of /api/v1/instance. Its error has a reason, see ReasonOf.
func ReadV1(body []byte) (V1, error) {
	var w struct {
		Version string `json:"version"`
		Stats   *struct {
			Users    figure `json:"user_count"`
			Statuses figure `json:"status_count"`
			Domains  figure `json:"domain_count"`
		} `json:"stats"`
		Registrations flag `json:"registrations"`
		Approval      flag `json:"approval_required"`
		Pleroma       struct {
			Stats struct {
				MAU figure `json:"mau"`
			} `json:"stats"`
		} `json:"pleroma"`
	}
	if err := decode(body, '{', &w); err != nil {
		return V1{}, err
	}
	if w.Version == "" && w.Stats == nil {
		return V1{}, &Error{ReasonShape, errNothing}
	}
	v := V1{Version: clean(w.Version), Registrations: w.Registrations.Tri, Approval: w.Approval.Tri}
	if s := w.Stats; s != nil {
		v.Users = s.Users.count(MaxUsers, &v.Refused)
		v.Statuses = s.Statuses.count(MaxStatuses, &v.Refused)
		v.Connections = s.Domains.count(MaxUsers, &v.Refused)
	}
	v.ActiveMonth = w.Pleroma.Stats.MAU.count(MaxUsers, &v.Refused)
	return v, nil
}

// V2 is what a server says at /api/v2/instance (https://docs.joinmastodon.org/entities/Instance/), since Mastodon 4.0.
type V2 struct {
	Version       string // as that of V1
	Streaming     string // configuration.urls.streaming: where to stream from, "" if it names none
	ActiveMonth   Count  // usage.users.active_month
	API           Count  // api_versions.mastodon, since Mastodon 4.3
	Registrations Tri
	Approval      Tri
	Timelines     Timelines
	Limited       bool  // configuration.limited_federation: Mastodon then puts 0 for ActiveMonth
	Refused       uint8 // figures that were there and absurd; each is unknown
}

// Timelines say who may read which public timeline: configuration.timelines_access, since Mastodon 4.5.
type Timelines struct {
	Local, Remote               Access // the live feeds
	HashtagLocal, HashtagRemote Access
}

// Access is who may read a timeline. The zero Access is unknown: the server is older, or says something new.
type Access uint8

// Who may read.
const (
	AccessUnknown       Access = iota
	AccessPublic               // everybody
	AccessAuthenticated        // with a user's token
	AccessDisabled             // nobody
)

// accessOf knows Mastodon's words.
func accessOf(word string) Access {
	switch word {
	case "public":
		return AccessPublic
	case "authenticated":
		return AccessAuthenticated
	case "disabled":
		return AccessDisabled
	}
	return AccessUnknown
}

type feeds struct {
	Local  string `json:"local"`
	Remote string `json:"remote"`
}

// ReadV2 reads an answer of /api/v2/instance. Its error has a reason, see ReasonOf.
func ReadV2(body []byte) (V2, error) {
	var w struct {
		Version string `json:"version"`
		Usage   *struct {
			Users struct {
				ActiveMonth figure `json:"active_month"`
			} `json:"users"`
		} `json:"usage"`
		Configuration struct {
			URLs struct {
				Streaming string `json:"streaming"`
			} `json:"urls"`
			Limited   flag `json:"limited_federation"`
			Timelines struct {
				Live    feeds `json:"live_feeds"`
				Hashtag feeds `json:"hashtag_feeds"`
			} `json:"timelines_access"`
		} `json:"configuration"`
		Registrations struct {
			Enabled  flag `json:"enabled"`
			Approval flag `json:"approval_required"`
		} `json:"registrations"`
		API struct {
			Mastodon figure `json:"mastodon"`
		} `json:"api_versions"`
	}
	if err := decode(body, '{', &w); err != nil {
		return V2{}, err
	}
	if w.Version == "" && w.Usage == nil {
		return V2{}, &Error{ReasonShape, errNothing}
	}
	live, hashtag := w.Configuration.Timelines.Live, w.Configuration.Timelines.Hashtag
	v := V2{
		Version:       clean(w.Version),
		Registrations: w.Registrations.Enabled.Tri,
		Approval:      w.Registrations.Approval.Tri,
		Limited:       w.Configuration.Limited.Tri == Yes,
		Timelines:     Timelines{accessOf(live.Local), accessOf(live.Remote), accessOf(hashtag.Local), accessOf(hashtag.Remote)},
	}
	if s := w.Configuration.URLs.Streaming; isURL(s, "wss", "ws", "https", "http") {
		v.Streaming = s
	}
	if u := w.Usage; u != nil {
		v.ActiveMonth = u.Users.ActiveMonth.count(MaxUsers, &v.Refused)
	}
	v.API = w.API.Mastodon.count(maxAPI, &v.Refused)
	return v, nil
}

// maxAPI is the highest api_versions that is believed; Mastodon 4.6 is at 11.
const maxAPI = 1e6

// Week is what a server counted in its last complete week, Monday to Sunday.
type Week struct {
	Statuses, Logins, Registrations Count
	Refused                         uint8 // figures that were there and absurd; each is unknown
}

// maxWeeks is how many weeks are looked at; Mastodon sends twelve.
const maxWeeks = 16

type week struct {
	Week          figure `json:"week"`
	Statuses      figure `json:"statuses"`
	Logins        figure `json:"logins"`
	Registrations figure `json:"registrations"`
}

// ReadActivity reads an answer of /api/v1/instance/activity: twelve weeks, figures as strings, of which the newest is
// still running. The last complete one is the second newest: element 1 as Mastodon sends them; if a server says its weeks in
// another order, their own dates decide. With fewer than two weeks all is unknown. Its error has a reason, see ReasonOf.
func ReadActivity(body []byte) (Week, error) {
	var w [maxWeeks]week
	if err := decode(body, '[', &w); err != nil {
		return Week{}, err
	}
	slices.SortStableFunc(w[:], func(a, b week) int { return cmp.Compare(b.Week.n, a.Week.n) })
	var last Week
	last.Statuses = w[1].Statuses.count(MaxStatuses, &last.Refused)
	last.Logins = w[1].Logins.count(MaxUsers, &last.Refused)
	last.Registrations = w[1].Registrations.count(MaxUsers, &last.Refused)
	return last, nil
}
