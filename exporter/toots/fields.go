package toots

import (
	"bytes"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// trait is something that a toot is or has.
type trait int

const (
	reply trait = iota
	quote
	sensitive
	warning
	poll
	card
	bot
	traits // how many there are
)

// status reads the status that comes next. The error is that of the JSON only: ErrSyntax.
func (t *Toot) status() error {
	if t.object((*Toot).statusField) != nil {
		return ErrSyntax
	}
	return nil
}

//nolint:cyclop // a table of names, which a switch looks up faster than a map
func (t *Toot) statusField(name []byte) (err error) {
	switch string(name) {
	case `"id"`:
		t.ID, err = t.id()
	case `"uri"`:
		t.URI = ""
		if t.scratch, err = t.text(t.scratch); len(t.scratch) <= maxURI {
			t.URI = string(t.scratch)
		}
	case `"created_at"`:
		t.scratch, err = t.text(t.scratch)
		if t.CreatedAt.UnmarshalText(t.scratch) != nil {
			t.CreatedAt = time.Time{}
		}
	case `"content"`:
		t.content, err = t.text(t.content)
	case `"spoiler_text"`:
		t.spoiler, err = t.text(t.spoiler)
		t.has[warning] = len(bytes.TrimSpace(t.spoiler)) > 0
	case `"language"`:
		t.scratch, err = t.text(t.scratch)
		t.language = languageOf(t.scratch)
	case `"reblog"`:
		t.Boost, err = t.present()
	case `"in_reply_to_id"`:
		t.has[reply], err = t.present()
	case `"sensitive"`:
		t.has[sensitive], err = t.is('t')
	case `"card"`:
		t.has[card], err = t.present()
	case `"poll"`:
		t.has[poll], err = t.present()
	case `"quote"`, `"quote_id"`: // quote_id is Fedibird's
		err = t.quoted()
	case `"pleroma"`:
		err = t.object((*Toot).pleromaField)
	case `"application"`:
		err = t.object((*Toot).applicationField)
	case `"account"`:
		err = t.object((*Toot).accountField)
	case `"media_attachments"`:
		t.media, t.described = [kinds]int{}, [kinds]int{}
		err = t.list((*Toot).attachment)
	case `"mentions"`:
		t.mentions = 0
		err = t.list((*Toot).mention)
	case `"tags"`:
		clear(t.tags)
		t.hashtags, t.tags = 0, t.tags[:0]
		err = t.list((*Toot).tag)
	default:
		err = t.skip()
	}
	return err
}

func (t *Toot) pleromaField(name []byte) error {
	switch string(name) {
	case `"quote"`, `"quote_id"`, `"quote_url"`:
		return t.quoted()
	}
	return t.skip()
}

func (t *Toot) applicationField(name []byte) (err error) {
	if string(name) != `"name"` {
		return t.skip()
	}
	t.scratch, err = t.text(t.scratch)
	t.application = applicationOf(t.scratch)
	return err
}

func (t *Toot) accountField(name []byte) (err error) {
	switch string(name) {
	case `"acct"`:
		if t.acct, err = t.text(t.acct); len(t.acct) > maxAcct {
			t.acct = wipe(t.acct)
		}
		lower(t.acct)
	case `"url"`, `"uri"`:
		t.scratch, err = t.text(t.scratch)
		uri := string(name) == `"uri"`
		if host := hostIn(t.scratch); len(host) > 0 && (uri || !t.byURI) {
			t.home, t.byURI = append(wipe(t.home), host...), uri
		}
	case `"bot"`:
		t.has[bot], err = t.is('t')
	case `"indexable"`:
		err = t.hidden('f')
	case `"noindex"`:
		err = t.hidden('t')
	default:
		err = t.skip()
	}
	return err
}

func (t *Toot) attachment() error {
	kind, described := unknownKind, false
	err := t.object(func(t *Toot, name []byte) (err error) {
		switch string(name) {
		case `"type"`:
			t.scratch, err = t.text(t.scratch)
			kind = kindOf(t.scratch)
		case `"description"`:
			t.scratch, err = t.text(t.scratch)
			described = len(bytes.TrimSpace(t.scratch)) > 0
		default:
			err = t.skip()
		}
		return err
	})
	t.media[kind]++
	if described {
		t.described[kind]++
	}
	return err
}

func (t *Toot) mention() error {
	t.mentions++
	return t.skip()
}

func (t *Toot) tag() error {
	t.hashtags++
	return t.object(func(t *Toot, name []byte) (err error) {
		if string(name) != `"name"` || len(t.tags) == maxTags {
			return t.skip()
		}
		if t.scratch, err = t.text(t.scratch); 0 < len(t.scratch) && len(t.scratch) <= maxTag {
			t.tags = append(t.tags, string(t.scratch))
		}
		return err
	})
}

// id reads an id, a string or, from old versions and other software, a number. "" stands for one that can't be used: ids go into
// addresses and into the state.
func (t *Toot) id() (string, error) {
	v, err := t.dec.ReadValue()
	if err != nil {
		return "", err
	}
	switch v.Kind() {
	case '"':
		v = v[1 : len(v)-1]
	case '0':
	default:
		return "", nil
	}
	if len(v) > maxID {
		return "", nil
	}
	for _, c := range v {
		if (c < '0' || '9' < c) && (c < 'A' || 'Z' < c) && (c < 'a' || 'z' < c) && c != '-' && c != '_' {
			return "", nil
		}
	}
	return string(v), nil
}

// quoted notes a quote, in whichever of the fields that can say so.
func (t *Toot) quoted() error {
	is, err := t.present()
	t.has[quote] = t.has[quote] || is
	return err
}

// hidden notes that an author doesn't want to be found if the literal that comes next is this one.
func (t *Toot) hidden(literal jsontext.Kind) error {
	is, err := t.is(literal)
	t.private = t.private || is
	return err
}
