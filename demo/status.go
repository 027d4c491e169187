package demo

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// status is a toot as Mastodon's API has it.
type status struct {
	ID                 string       `json:"id"`
	CreatedAt          string       `json:"created_at"`
	InReplyToID        *string      `json:"in_reply_to_id"`
	InReplyToAccountID *string      `json:"in_reply_to_account_id"`
	Sensitive          bool         `json:"sensitive"`
	SpoilerText        string       `json:"spoiler_text"`
	Visibility         string       `json:"visibility"`
	Language           *string      `json:"language"`
	URI                string       `json:"uri"`
	URL                string       `json:"url"`
	RepliesCount       int          `json:"replies_count"`
	ReblogsCount       int          `json:"reblogs_count"`
	FavouritesCount    int          `json:"favourites_count"`
	EditedAt           *string      `json:"edited_at"`
	Content            string       `json:"content"`
	Reblog             *status      `json:"reblog"`
	Application        any          `json:"application,omitempty"` // only the toot's own server has it, if as null
	Account            profile      `json:"account"`
	MediaAttachments   []attachment `json:"media_attachments"`
	Mentions           []mentioned  `json:"mentions"`
	Tags               []tag        `json:"tags"`
	Emojis             []object     `json:"emojis"`
	Quote              any          `json:"quote,omitempty"` // there since Mastodon 4.4, if as null
	Card               object       `json:"card"`
	Poll               object       `json:"poll"`
}

type profile struct {
	ID             string   `json:"id"`
	Username       string   `json:"username"`
	Acct           string   `json:"acct"`
	DisplayName    string   `json:"display_name"`
	Locked         bool     `json:"locked"`
	Bot            bool     `json:"bot"`
	Discoverable   bool     `json:"discoverable"`
	Indexable      *bool    `json:"indexable,omitempty"` // since Mastodon 4.2
	Group          bool     `json:"group"`
	CreatedAt      string   `json:"created_at"`
	Note           string   `json:"note"`
	URL            string   `json:"url"`
	URI            string   `json:"uri"`
	Avatar         string   `json:"avatar"`
	AvatarStatic   string   `json:"avatar_static"`
	Header         string   `json:"header"`
	HeaderStatic   string   `json:"header_static"`
	FollowersCount int      `json:"followers_count"`
	FollowingCount int      `json:"following_count"`
	StatusesCount  int      `json:"statuses_count"`
	LastStatusAt   string   `json:"last_status_at"`
	NoIndex        *bool    `json:"noindex,omitempty"` // of accounts of its own, since Mastodon 4.0
	Emojis         []object `json:"emojis"`
	Fields         []object `json:"fields"`
}

type attachment struct {
	ID          string  `json:"id"`
	Type        string  `json:"type"`
	URL         string  `json:"url"`
	PreviewURL  string  `json:"preview_url"`
	RemoteURL   *string `json:"remote_url"`
	Meta        object  `json:"meta"`
	Description *string `json:"description"`
	Blurhash    *string `json:"blurhash"`
}

type mentioned struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	URL      string `json:"url"`
	Acct     string `json:"acct"`
}

type tag struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// stamp is the form of Mastodon's times.
const stamp = "2006-01-02T15:04:05.000Z"

// null is what a key has that is there and says nothing.
var null = json.RawMessage("null")

// speaker is a server that shows toots, as it is at a time.
type speaker struct {
	w     *World
	i     int
	name  string
	st    *State
	dates func(time.Time) time.Time
}

// writes is a toot as the server has it: s says so, and t is what it wrote.
func (s *speaker) writes(s1 shown, t *Toot) *status {
	home, own := s.w.Name(t.Instance).String(), t.Instance == s.i
	id := strconv.FormatUint(s1.id, 10)
	a := s.profile(t)
	out := &status{
		ID: id, CreatedAt: s.time(s1.at), Sensitive: t.Sensitive, SpoilerText: t.Warning, Visibility: "public", Language: some(t.Language),
		URI: a.URI + "/statuses/" + s.homeID(s1), URL: a.URL + "/" + s.homeID(s1), FavouritesCount: int(s1.chance % 7), Content: markup(t.Text, home, own),
		Account: a, MediaAttachments: s.media(t), Mentions: []mentioned{}, Tags: []tag{}, Emojis: []object{},
	}
	if s1.edited {
		out.EditedAt = some(s.time(s1.arrive + s1.change))
	}
	if t.Reply {
		out.InReplyToID, out.InReplyToAccountID = some(strconv.FormatUint(s1.id-3_600_000<<16, 10)), &out.Account.ID
	}
	for _, p := range t.Text {
		if p.Kind == Mention {
			out.Mentions = append(out.Mentions, s.mention(p, t))
		}
	}
	for _, p := range t.hashtags() {
		out.Tags = append(out.Tags, tag{p.Text, tagPage(s.name, &p)})
	}
	if own {
		out.Application = null
		if t.Application != "" {
			out.Application = object{"name": t.Application, "website": nil}
		}
	}
	if atLeast(s.st, 4, 4) {
		out.Quote = null
		if t.Quote {
			out.Quote = object{"state": "accepted", "quoted_status": s.quoted(out)}
		}
	}
	if t.Card {
		out.Card = card(t)
	}
	if t.Poll {
		out.Poll = object{
			"id": id, "expires_at": s.time(s1.at + 86_400_000), "expired": false, "multiple": false, "votes_count": 3, "voters_count": 3,
			"options": []object{{"title": "ba", "votes_count": 1}, {"title": "bo", "votes_count": 2}}, "emojis": []object{},
		}
	}
	return out
}

// homeID is a toot's id on its own server.
func (s *speaker) homeID(t shown) string {
	home, _ := s.w.show(t.Instance, t.spark, t.at)
	return strconv.FormatUint(home.id, 10)
}

// time is a time as the server writes it.
func (s *speaker) time(ms int64) string {
	t := time.UnixMilli(ms)
	if s.dates != nil {
		t = s.dates(t)
	}
	return t.UTC().Format(stamp)
}

// some is a string, or nil for none.
func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// acct is an account as the server names it, with the host as people write it.
func (s *speaker) acct(name string, i int) string {
	if i == s.i {
		return name
	}
	return name + "@" + s.w.Name(i).Unicode()
}

// accountID is the id of an account in the server's own books.
func (s *speaker) accountID(name, host string) string {
	h := mix(uint64(s.i), uint64(len(host)))
	for _, c := range []byte(name + "@" + host) {
		h = mix(h, uint64(c))
	}
	return strconv.FormatUint(109e15+h%1e15, 10)
}

func (s *speaker) profile(t *Toot) profile {
	host, name := s.w.Name(t.Instance).String(), t.Author.Name
	page := "https://" + host + "/@" + name
	avatar := "https://" + s.name + "/avatars/original/missing.png"
	p := profile{
		ID: s.accountID(name, host), Username: name, Acct: s.acct(name, t.Instance), DisplayName: t.Author.DisplayName, Bot: t.Author.Bot, Discoverable: true,
		CreatedAt: "2022-11-20T00:00:00.000Z", Note: "<p>" + people + "</p>", URL: page, URI: "https://" + host + "/users/" + name,
		Avatar: avatar, AvatarStatic: avatar, Header: avatar, HeaderStatic: avatar, FollowersCount: len(name), FollowingCount: 3,
		StatusesCount: 42, LastStatusAt: "2026-01-01", Emojis: []object{}, Fields: []object{},
	}
	if atLeast(s.st, 4, 2) {
		p.Indexable = new(!t.Author.Hidden)
	}
	if t.Instance == s.i && atLeast(s.st, 4, 0) {
		p.NoIndex = new(t.Author.NoIndex)
	}
	return p
}

func (s *speaker) mention(p Part, t *Toot) mentioned {
	host, acct := p.Host, p.Text
	if host == "" {
		host = s.w.Name(t.Instance).String()
	}
	if i := s.w.Find(host); i >= 0 {
		acct = s.acct(p.Text, i)
	} else {
		acct += "@" + host
	}
	return mentioned{s.accountID(p.Text, host), p.Text, "https://" + host + "/@" + p.Text, acct}
}

// extensions are those of media.
var extensions = map[string]string{"image": "jpeg", "gifv": "mp4", "video": "mp4", "audio": "mp3"}

func (s *speaker) media(t *Toot) []attachment {
	all := []attachment{}
	for k, m := range t.Media {
		id := strconv.FormatUint(mix(uint64(t.Minute), uint64(t.Number*16+k))>>4, 10)
		url := m.URL
		if url == "" {
			url = "https://files." + s.w.Name(t.Instance).String() + "/media/" + id + "/original." + extensions[m.Kind]
		}
		a := attachment{ID: id, Type: m.Kind, URL: url, PreviewURL: strings.Replace(url, "original", "small", 1), Description: some(m.Description)}
		if m.Kind != "unknown" {
			a.Meta = object{"original": object{"width": 640, "height": 480, "size": "640x480", "aspect": 1.3333333333333333}}
		}
		if t.Instance != s.i {
			a.RemoteURL = &url
		}
		all = append(all, a)
	}
	return all
}

// quoted is the toot that one quotes: an older one of the same author's, which has hashtags and media of its own.
func (s *speaker) quoted(by *status) status {
	q := *by
	q.ID, q.URI, q.URL = by.ID[:len(by.ID)-1], by.URI[:len(by.URI)-1], by.URL[:len(by.URL)-1]
	q.Content, q.SpoilerText, q.Sensitive, q.Quote = "<p>An older one.</p>", "older", true, nil
	q.Tags = []tag{{"older", "https://" + s.name + "/tags/older"}}
	return q
}

// card is the preview of a toot's first link.
func card(t *Toot) object {
	for _, p := range t.Text {
		if p.Kind == Link {
			return object{
				"url": p.Text, "title": "A page of a demo world", "description": people, "type": "link", "author_name": "", "author_url": "",
				"provider_name": "", "provider_url": "", "html": "", "width": 0, "height": 0, "image": nil, "embed_url": "", "blurhash": nil,
			}
		}
	}
	return object{"url": "https://page.example", "title": "A page of a demo world", "description": people, "type": "link"}
}
