package toots

import (
	"bytes"
	"errors"
	"io"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Bounds of what is taken of one status. What is past them is left out, not refused.
const (
	maxText = 1 << 20  // bytes of a text, and likewise of any other string
	maxURI  = 2 << 10  // bytes; a longer URI counts as none
	maxID   = 64       // bytes; a longer id is none
	maxAcct = 512      // bytes; a longer name of an author is none
	maxTags = 64       // hashtags that are looked at one by one; all are counted
	maxTag  = 256      // bytes of such a hashtag
	keep    = 32 << 10 // bytes of a buffer that is kept for the next status
)

// Errors of Decode and DecodePage. Their text says nothing of what was read.
var (
	ErrSyntax = errors.New("not well-formed JSON")
	ErrShape  = errors.New("JSON, but not what a timeline consists of")
)

// Toot is what is taken of one status. Its zero value is ready; it is reused for one status after the other, by one goroutine at a
// time, and is never copied. What isn't exported is for Take.
//
// Its length is that which Mastodon's own counter (StatusLengthValidator) shows to the author: the grapheme clusters of the content
// warning and the text, where a link counts 23 whatever its length, and a mention as "@user" without the server. The text is what
// the author typed, as far as the HTML tells: a line break is one character, a new paragraph two, what the server added (the
// link to a quoted toot) and white space at both ends none.
type Toot struct {
	ID        string    // of the server that was asked; letters, digits, "-" and "_", at most 64
	URI       string    // the same on every server; "" if there is none
	CreatedAt time.Time // what the author's server says
	Boost     bool      // somebody's boost of a status, which is not counted as a toot

	figures
	acct    []byte   // "user" or "user@host", ASCII letters small
	home    []byte   // host of the author's URI, which servers verify, else of the author's page
	spoiler []byte   // content warning, plain text
	content []byte   // HTML
	tags    []string // names, as served

	dec     jsontext.Decoder
	src     bytes.Buffer // what dec reads
	scratch []byte       // a string that is looked at and not kept; then the text without HTML
}

// figures are the plain values of a Toot.
type figures struct {
	has         [traits]bool
	language    int // in languages
	application int // in applications
	mentions    int
	hashtags    int
	media       [kinds]int // attachments by kind
	described   [kinds]int // those with a description
	private     bool       // the author doesn't want to be found by search
	byURI       bool       // home is of the URI
}

// nothing is a status of which nothing is known.
var nothing = figures{language: languages.unknown, application: applications.unknown}

// lenient takes what servers send: repeated keys (the last one counts) and bytes that are not UTF-8 (each counts as one character).
var lenient = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// Decode reads one status, overwriting all of t. A field of an unexpected type is as if it were missing; without a usable id and time
// of creation it is no status (ErrShape). After an error t is empty.
func (t *Toot) Decode(body []byte) error {
	t.open(body)
	err := t.status()
	if err == nil && !t.usable() {
		err = ErrShape
	}
	if _, end := t.dec.ReadToken(); !errors.Is(end, io.EOF) {
		err = ErrSyntax
	}
	t.shut()
	if err != nil {
		t.Forget()
	}
	return err
}

// DecodePage reads a page of a timeline: a list of statuses. It calls each with t for one after the other, in the order in which they
// are served, and counts in bad those that are none. When the list breaks off or isn't JSON, those before have been handed on.
// Afterwards t is empty.
func DecodePage(body []byte, t *Toot, each func(*Toot)) (bad int, err error) {
	t.open(body)
	defer t.Forget()
	defer t.shut()
	switch t.dec.PeekKind() {
	case '[':
	case jsontext.KindInvalid:
		return 0, ErrSyntax
	default:
		return 0, ErrShape
	}
	if _, err := t.dec.ReadToken(); err != nil {
		return 0, ErrSyntax
	}
	for t.dec.PeekKind() != ']' {
		t.Forget()
		if err := t.status(); err != nil {
			return bad, err
		}
		if !t.usable() {
			bad++
			continue
		}
		each(t)
	}
	_, _ = t.dec.ReadToken() // the bracket that was just seen
	if _, end := t.dec.ReadToken(); !errors.Is(end, io.EOF) {
		return bad, ErrSyntax
	}
	return bad, nil
}

func (t *Toot) open(body []byte) {
	t.Forget()
	t.src = *bytes.NewBuffer(body)
	t.dec.Reset(&t.src, lenient...)
}

// shut lets go of what was read.
func (t *Toot) shut() {
	t.src = bytes.Buffer{}
	t.dec.Reset(&t.src)
}

func (t *Toot) usable() bool { return t.ID != "" && !t.CreatedAt.IsZero() }

// Forget empties t, so that nothing of a status stays in memory until the next one comes.
func (t *Toot) Forget() {
	t.ID, t.URI, t.CreatedAt, t.Boost, t.figures = "", "", time.Time{}, false, nothing
	for _, b := range [...]*[]byte{&t.acct, &t.home, &t.spoiler, &t.content, &t.scratch} {
		if cap(*b) > keep {
			*b = nil
		}
		*b = wipe(*b)
	}
	clear(t.tags)
	t.tags = t.tags[:0]
}

// wipe overwrites b and returns its empty beginning.
func wipe(b []byte) []byte {
	clear(b)
	return b[:0]
}
