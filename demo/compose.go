package demo

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// toot writes a toot out.
func (w *World) toot(s spark) Toot {
	live := w.instances[s.Instance].fate.lives(s.Minute * minute)
	d := roll(s.chance, aboutToots)
	t := Toot{TootID: s.TootID, At: time.Duration(s.chance%60_000) * time.Millisecond, Author: w.author(s.Instance, d.zipf(live.authors))}
	if s.change > 0 && !s.gone {
		t.Edited = time.Duration(s.change) * time.Millisecond
	} else if s.gone {
		t.Deleted = time.Duration(s.change) * time.Millisecond
	}
	t.Language = d.language(live.Language)
	w.text(d, &t)
	if d.percent(8) {
		t.Warning = strings.TrimSpace(d.word(syllablesOf(t.Language), 2) + " " + d.word(syllablesOf(t.Language), 1))
	}
	for range d.attachments() {
		m := Media{Kind: []string{"image", "image", "image", "image", "image", "image", "gifv", "video", "audio", "unknown"}[d.in(10)]}
		if d.percent(55) {
			m.Description = d.word(syllables["latin"], 2) + " & " + d.word(syllables["latin"], 2)
		}
		t.Media = append(t.Media, m)
	}
	t.Sensitive = t.Warning != "" && len(t.Media) > 0 || len(t.Media) > 0 && d.percent(5)
	t.Poll, t.Quote, t.Reply = len(t.Media) == 0 && d.percent(2), d.percent(3), d.percent(9)
	t.Card = t.count(Link) > 0 && len(t.Media) == 0 && d.percent(70)
	if !d.percent(4) {
		t.Application = clients[d.zipf(int64(len(clients)))].name
	}
	if live.Compose != nil {
		live.Compose(&t)
		t.TootID = s.TootID
	}
	return t
}

// author is one of those who write on an instance, the busiest first.
func (w *World) author(i int, rank int64) Author {
	d := roll(mix(w.instances[i].chance, uint64(rank)), aboutAuthor)
	name := d.word(syllables["latin"], 2)
	a := Author{Name: fmt.Sprintf("%s%d", name, rank), DisplayName: strings.ToUpper(name[:1]) + name[1:] + " " + d.word(syllables["latin"], 2)}
	if d.percent(10) {
		a.DisplayName += " 🐘 <3"
	}
	a.Bot, a.Hidden, a.NoIndex = d.percent(4), d.percent(35), d.percent(6)
	return a
}

// language is what most write in where the toot is written, or another, or none.
func (d *dice) language(most string) string {
	switch luck := d.in(1000); {
	case luck < 40:
		return ""
	case luck < 45:
		return exotic
	case luck < 300:
		return further[d.zipf(int64(len(further)))]
	}
	return cmp.Or(most, "en")
}

// attachments is how many a toot has.
func (d *dice) attachments() int64 {
	if d.percent(70) {
		return 0
	}
	return 1 + d.zipf(4)
}

// size is how many characters a toot's words have: few have hardly any, many a sentence or two, some all that Mastodon
// allows, and a few what only other servers allow.
func (d *dice) size() int {
	switch luck := d.in(1000); {
	case luck < 20:
		return 0
	case luck < 80:
		return int(1 + d.in(15))
	case luck < 560:
		return int(16 + d.in(125))
	case luck < 900:
		return int(141 + d.in(260))
	case luck < 985:
		return int(401 + d.in(99))
	case luck < 996:
		return 500
	}
	return 5000
}

// text writes a toot's text: whom it mentions, its words and links, and its hashtags.
func (w *World) text(d *dice, t *Toot) {
	if d.percent(15) {
		for range 1 + d.zipf(5) {
			i := t.Instance
			m := Part{Kind: Mention}
			if d.percent(70) {
				i = int(d.in(int64(w.Len())))
				if i != t.Instance {
					m.Host = w.Name(i).String()
				}
			}
			m.Text = w.author(i, d.zipf(w.instances[i].fate.lives(0).authors)).Name
			t.Text = append(t.Text, m, Part{Text: " "})
		}
	}
	d.words(t, d.size())
	if d.percent(20) {
		for range 1 + d.zipf(3) {
			t.space(" ")
			t.Text = append(t.Text, Part{Kind: Link, Text: d.link()})
		}
	}
	if d.percent(38) {
		t.space("\n\n")
		for k := range 1 + d.zipf(12) {
			if k > 0 {
				t.space(" ")
			}
			seconds := t.Minute*minute + w.zone(t.Instance)
			t.Text = append(t.Text, d.topic(t, strings.ToUpper(w.label(t.Instance)[:1])+w.label(t.Instance)[1:], seconds))
		}
	}
	if n := len(t.Text); n > 0 && t.Text[n-1].Kind == Words {
		t.Text[n-1].Text = strings.TrimRight(t.Text[n-1].Text, " \n")
	}
}

// space parts what follows from what is there.
func (t *Toot) space(s string) {
	if n := len(t.Text); n > 0 && t.Text[n-1] != (Part{Text: " "}) {
		t.Text = append(t.Text, Part{Text: s})
	}
}

// words appends words of exactly n characters.
func (d *dice) words(t *Toot, n int) {
	of := syllablesOf(t.Language)
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			t.Text = append(t.Text, Part{Text: b.String()})
			b.Reset()
		}
	}
	for n > 0 {
		word := []rune(d.word(of, 1))
		switch luck := d.in(100); {
		case luck < 3:
			flush()
			t.Text = append(t.Text, Part{Text: clusters[d.in(int64(len(clusters)))], Length: 1})
			word = nil
			n--
		case luck < 4:
			word = []rune(`Q&A "<3"`)
		}
		word = word[:min(len(word), n)]
		n -= len(word)
		b.WriteString(string(word))
		gap := " "
		switch luck := d.in(100); {
		case luck < 2:
			gap = "\n\n"
		case luck < 4:
			gap = "\n"
		}
		if n > utf8.RuneCountInString(gap) {
			b.WriteString(gap)
			n -= utf8.RuneCountInString(gap)
		}
	}
	flush()
}

// link is a URL, short or long.
func (d *dice) link() string {
	prefix := []string{"https://", "https://www.", "http://"}[d.zipf(3)]
	path := ""
	for range d.in(6) {
		path += "/" + d.word(syllables["latin"], 2)
	}
	if d.percent(15) {
		path += "?q=" + d.word(syllables["latin"], 1) + "&page=2"
	}
	return prefix + d.word(syllables["latin"], 2) + ".example" + path
}

// zone is by how many seconds the people of an instance are ahead of UTC.
func (w *World) zone(i int) int64 {
	if l, ok := w.instances[i].fate.(*life); ok {
		return l.zone
	}
	return 0
}

// label is the first label of an instance's name, without its hyphens.
func (w *World) label(i int) string {
	name, _, _ := strings.Cut(w.Name(i).String(), ".")
	return strings.ReplaceAll(name, "-", "")
}
