package demo

import (
	"slices"
	"time"
	"unicode/utf8"
)

// TootID is which toot it is: the number in its minute, counted from 0, that the instance wrote. Minutes are counted from the World's
// beginning; those before are negative. All else follows from it.
type TootID struct {
	Instance int
	Minute   int64
	Number   int
}

// Toot is what somebody wrote. It is written out when it is asked for, and kept nowhere.
type Toot struct {
	TootID
	At          time.Duration // after the beginning of its minute, less than a minute, in whole milliseconds
	Author      Author
	Language    string // as its server says it; "" for none
	Text        []Part
	Warning     string // of what it holds; of characters of one code point each
	Sensitive   bool
	Media       []Media
	Reply       bool // to an earlier toot of its author's
	Quote       bool // of another toot
	Poll, Card  bool
	Application string // as it calls itself; "" for none. Only the toot's own server says it

	Edited, Deleted time.Duration // after it was written, up to 15 minutes; 0: never. Of both, Deleted holds
}

// Author is who wrote a toot.
type Author struct {
	Name        string // of the account, without its host
	DisplayName string
	Bot         bool
	Hidden      bool // indexable is false
	NoIndex     bool // noindex, which only its own server says
}

// Media is an attachment.
type Media struct {
	Kind        string // image, gifv, video, audio or unknown
	URL         string // "": it is made up
	Description string // "" for none
}

// PartKind is what a part of a text is.
type PartKind uint8

// The kinds of part.
const (
	Words   PartKind = iota // plain text; a line break is "\n", a paragraph ends with "\n\n"
	Link                    // an http or https URL
	Mention                 // of an account; without a host it is one of the author's server
	Hashtag
)

// Part is a piece of a text. Parts follow each other without a space.
type Part struct {
	Kind   PartKind
	Text   string // words, URL, name of an account, hashtag without its #
	Host   string // of a mention
	Fold   string // of a hashtag: what it is counted as; "": it is so already
	Length int    // in characters as people see them, where those of Text are not one code point each; 0: they are
}

// linkLength is how many characters a link counts, whatever its length.
const linkLength = 23

// length is how many characters it counts in Mastodon's rule: of a mention the host counts nothing.
func (p *Part) length() int {
	n := p.Length
	if n == 0 {
		n = utf8.RuneCountInString(p.Text)
	}
	switch p.Kind {
	case Link:
		return linkLength
	case Mention, Hashtag:
		return n + 1
	}
	return n
}

// Length is how many characters the toot has in Mastodon's rule, content warning included, as it was composed.
func (t *Toot) Length() int {
	n := utf8.RuneCountInString(t.Warning)
	for i := range t.Text {
		n += t.Text[i].length()
	}
	return n
}

// count is how many parts are of a kind.
func (t *Toot) count(k PartKind) int {
	n := 0
	for i := range t.Text {
		if t.Text[i].Kind == k {
			n++
		}
	}
	return n
}

// hashtags are the toot's hashtags, each once, as it spells them first.
func (t *Toot) hashtags() []Part {
	var tags []Part
	for _, p := range t.Text {
		if p.Kind == Hashtag && !slices.ContainsFunc(tags, func(other Part) bool { return other.folded() == p.folded() }) {
			tags = append(tags, p)
		}
	}
	return tags
}

// folded is what a hashtag is counted as.
func (p *Part) folded() string {
	if p.Fold != "" {
		return p.Fold
	}
	return p.Text
}

// afterthought is what an edit adds.
const afterthought = " (mended)"

// edit is the toot as its author has changed it.
func (t *Toot) edit() { t.Text = append(slices.Clone(t.Text), Part{Text: afterthought}) }
