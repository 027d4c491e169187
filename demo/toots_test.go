package demo

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"golang.org/x/text/unicode/norm"
)

// tootsOf are all toots that a World writes from a minute on until another.
func tootsOf(w *World, from, to int64) []Toot {
	var all []Toot
	var sparks []spark
	for m := from; m < to; m++ {
		for i := range w.Len() {
			sparks = w.sparks(i, m, sparks[:0])
			for _, s := range sparks {
				all = append(all, w.toot(s))
			}
		}
	}
	return all
}

// busiest are the instances that toot, those with the most active users first.
func busiest(w *World) []int {
	var all []int
	for i, m := range w.instances {
		if l, ok := m.fate.(*life); ok && l.toots > 0 {
			all = append(all, i)
		}
	}
	active := func(i int) Figure { return w.instances[i].fate.(*life).active }
	slices.SortFunc(all, func(a, b int) int { return int(active(b) - active(a)) })
	return all
}

func TestTootsArePure(t *testing.T) {
	c := Config{Seed: 7, Instances: 300}
	print := func(w *World, minutes ...int64) string {
		h := fnv.New64a()
		for _, m := range minutes {
			for _, toot := range tootsOf(w, m, m+1) {
				fmt.Fprintf(h, "%+v\n", toot)
			}
			i := busiest(w)[0]
			for _, s := range w.page(query{server: i, scope: federated, now: w.start.Add(seconds(m * minute)), limit: 40}) {
				fmt.Fprintln(h, s)
			}
		}
		return fmt.Sprintf("%016x", h.Sum64())
	}
	one, other := NewWorld(c), NewWorld(c)
	late := print(other, 90*60) // asked out of order first
	minutes := []int64{-30, 0, 1, 1000}
	a := print(one, minutes...)
	if b := print(other, minutes...); a != b {
		t.Errorf("the same seed makes %s and %s", a, b)
	}
	if b := print(one, 90*60); b != late {
		t.Errorf("90 hours on it is %s, asked before it was %s", b, late)
	}
	if b := print(NewWorld(Config{Seed: 8, Instances: 300}), minutes...); a == b {
		t.Error("another seed makes the same toots")
	}
	// The figure is this World's on any machine: arithmetic is in integers.
	if want := "69ff9f935b4022b8"; a != want {
		t.Errorf("seed 7 toots %s, was %s", a, want)
	}
}

func TestRates(t *testing.T) {
	w := NewWorld(Config{Seed: 1})
	big := busiest(w)[0]
	small := busiest(w)[500]
	rate := func(hour int) (fed, own float64) {
		from := w.start.Add(time.Duration(hour) * time.Hour)
		n := 0
		var sparks []spark
		for m := range int64(30) {
			sparks = w.written(big, federated, int64(hour)*60+m, sparks[:0])
			n += len(sparks)
		}
		return float64(n) / 30, float64(w.LocalToots(big, from, from.Add(30*time.Minute))) / 30
	}
	var peak, low, peakOwn float64 = 0, 1e9, 0
	for hour := range 24 {
		fed, own := rate(hour)
		peak, low, peakOwn = max(peak, fed), min(low, fed), max(peakOwn, own)
	}
	if peak < 60 || peak > 120 || low > peak*7/10 {
		t.Errorf("the federated timeline of a big server has %.0f toots a minute at its peak, and %.0f at least", peak, low)
	}
	if peakOwn < 5 || peakOwn > 40 {
		t.Errorf("the local timeline of a big server has %.0f toots a minute at its peak", peakOwn)
	}
	if n := w.LocalToots(small, w.start, w.start.Add(24*time.Hour)); n == 0 || n > 200 {
		t.Errorf("a small server writes %d toots a day", n)
	}
	if all, few := len(w.heard(big)), len(w.heard(small)); few*2 > all {
		t.Errorf("a small server hears %d others, a big one %d", few, all)
	}
	late := 0
	missed, all := w.Missed(big, w.start.Add(10*time.Hour), w.start.Add(12*time.Hour), time.Minute, 2*time.Minute)
	never, _ := w.Missed(big, w.start.Add(10*time.Hour), w.start.Add(12*time.Hour), time.Minute, time.Hour)
	if share := float64(missed) / float64(all); share < 0.002 || share > 0.03 || never != 0 {
		t.Errorf("a visitor who goes back two minutes misses %d of %d, one who goes back an hour %d", missed, all, never)
	}
	for _, s := range w.written(big, remote, 100, nil) {
		d := w.delay(big, &s)
		if d < 1000 || d > latest {
			t.Errorf("a toot takes %d ms", d)
		}
		if d > 60_000 {
			late++
		}
	}
	if late > 20 {
		t.Errorf("%d toots of a minute take more than one", late)
	}
}

// TestLateOnesAreMissed counts by hand what a visitor misses: toots are written at 10 s of each minute and take 150 s.
func TestLateOnesAreMissed(t *testing.T) {
	at := func(s time.Duration) func(*Toot) {
		return func(toot *Toot) { toot.At, toot.Edited, toot.Deleted = s, 0, 0 }
	}
	w := WorldOf([]Spec{
		{Name: "here.social", Live: Live{Rate: 1, Compose: at(50 * time.Second)}},
		{Name: "far.social", Live: Live{Rate: 1, Compose: at(10 * time.Second), Delay: 150 * time.Second}},
	}, defaultStart)
	// That of 0:10 arrives at 2:40 and is read at 3:00. At 2:00 the newest was one of here, of 1:50.
	for overlap, want := range map[time.Duration]int{100 * time.Second: 30, 101 * time.Second: 0} {
		if missed, all := w.Missed(0, defaultStart, defaultStart.Add(30*time.Minute), time.Minute, overlap); missed != want || all != 30 {
			t.Errorf("with an overlap of %s, %d of %d are missed, want %d", overlap, missed, all, want)
		}
	}
}

func TestTootsOfAllKinds(t *testing.T) {
	w := NewWorld(Config{Seed: 2})
	n, tags, authors, spellings := map[string]int{}, map[string]map[string]bool{}, map[string]int{}, map[string]map[string]bool{}
	all := tootsOf(w, 600, 660)
	for i := range all {
		toot := &all[i]
		note := func(what string, has bool) {
			if has {
				n[what]++
			}
		}
		length := toot.Length()
		note("short", length <= 20)
		note("of 500", length >= 480 && length <= 520)
		note("of 5000", length >= 5000)
		note("with a warning", toot.Warning != "")
		note("sensitive", toot.Sensitive)
		note("replies", toot.Reply)
		note("quotes", toot.Quote)
		note("polls", toot.Poll)
		note("cards", toot.Card)
		note("links", toot.count(Link) > 0)
		note("edited", toot.Edited > 0)
		note("deleted", toot.Deleted > 0)
		note("by bots", toot.Author.Bot)
		note("by hidden authors", toot.Author.Hidden)
		note("noindex", toot.Author.NoIndex)
		note("without an application", toot.Application == "")
		note("with an unknown application", applicationLabel(toot.Application) == "other")
		note("without a language", toot.Language == "")
		note("in a strange language", languageLabel(toot.Language) == "other")
		for _, m := range toot.Media {
			note("media: "+m.Kind, true)
			note("described", m.Description != "")
		}
		for _, p := range toot.Text {
			note("mentions of others", p.Kind == Mention && p.Host != "")
			note("mentions of own", p.Kind == Mention && p.Host == "")
			note("clusters", p.Length > 0)
		}
		host := w.Name(toot.Instance).String()
		authors[toot.Author.Name+"@"+host]++
		for _, p := range toot.hashtags() {
			if tags[p.folded()] == nil {
				tags[p.folded()], spellings[p.folded()] = map[string]bool{}, map[string]bool{}
			}
			tags[p.folded()][toot.Author.Name+"@"+host] = true
			spellings[p.folded()][p.Text] = true
		}
	}
	for what, least := range map[string]int{
		"short": 100, "of 500": 20, "of 5000": 5, "with a warning": 100, "sensitive": 50, "replies": 100, "quotes": 30, "polls": 20, "cards": 100,
		"links": 200, "edited": 20, "deleted": 10, "by bots": 30, "by hidden authors": 300, "noindex": 50, "without an application": 30,
		"with an unknown application": 20, "without a language": 50, "in a strange language": 5, "media: image": 200, "media: gifv": 30, "media: video": 30,
		"media: audio": 30, "media: unknown": 30, "described": 200, "mentions of others": 100, "mentions of own": 50, "clusters": 500,
	} {
		if n[what] < least || n[what] > len(all)*9/10 && what != "clusters" {
			t.Errorf("of %d toots %d are, or have, %q", len(all), n[what], what)
		}
	}
	rare, common := 0, 0
	for _, who := range tags {
		if len(who) < leastAuthors {
			rare++
		} else {
			common++
		}
	}
	if rare < 50 || common < 10 || len(spellings["cafe"]) < 4 || len(spellings["caturday"]) < 4 {
		t.Errorf("%d hashtags are rare, %d common; café is spelled %q", rare, common, slices.Collect(maps.Keys(spellings["cafe"])))
	}
	most := 0
	for _, k := range authors {
		most = max(most, k)
	}
	if len(authors) < 1000 || most < 8 {
		t.Errorf("%d authors, the busiest wrote %d of %d toots", len(authors), most, len(all))
	}
}

// TestLengthIsWhatPeopleSee holds the length that was composed against grapheme clusters of what was composed, and the hashtags
// against their folding by other means.
func TestLengthIsWhatPeopleSee(t *testing.T) {
	w := NewWorld(Config{Seed: 3, Instances: 400})
	for _, toot := range tootsOf(w, 600, 640) {
		text := toot.Warning
		for _, p := range toot.Text {
			switch p.Kind {
			case Words:
				text += p.Text
			case Link:
				text += strings.Repeat("x", 23)
			case Mention:
				text += "@" + p.Text
			case Hashtag:
				text += "#" + p.Text
				flat := strings.Map(func(r rune) rune {
					if r >= 0x300 && r < 0x370 {
						return -1
					}
					return r
				}, norm.NFKD.String(strings.ToLower(norm.NFKC.String(p.Text))))
				if flat = norm.NFC.String(flat); flat != p.folded() {
					t.Errorf("%q folds to %q, not %q", p.Text, flat, p.folded())
				}
			}
		}
		n := 0
		for clusters := graphemes.FromString(text); clusters.Next(); {
			n++
		}
		if got := toot.Length(); got != n {
			t.Errorf("%q counts %d, want %d", text, got, n)
		}
		if strings.TrimSpace(text) != text && toot.Warning == "" {
			t.Errorf("%q has space at its ends", text)
		}
	}
}

func TestIDsAreUnique(t *testing.T) {
	w := NewWorld(Config{Seed: 4})
	server := busiest(w)[0]
	seen := map[uint64]bool{}
	var sparks []spark
	for m := range int64(60) {
		sparks = w.written(server, federated, m, sparks[:0])
		for _, s := range sparks {
			toot, _ := w.show(server, s, s.at)
			if seen[toot.id] || int64(toot.id>>16) != s.at {
				t.Errorf("id %d of a toot written at %d", toot.id, s.at)
			}
			seen[toot.id] = true
		}
	}
	if len(seen) < 2000 {
		t.Errorf("%d toots in an hour", len(seen))
	}
}

func BenchmarkPage(b *testing.B) {
	w := NewWorld(Config{Seed: 1})
	server := busiest(w)[0]
	now := w.start.Add(20 * time.Hour)
	st := w.State(server, now)
	s := &speaker{w: w, i: server, name: w.Name(server).String(), st: &st}
	b.ReportAllocs()
	for b.Loop() {
		var page []*status
		for _, t := range w.page(query{server: server, scope: federated, now: now, min: uint64(now.Add(-3*time.Minute).UnixMilli()) << 16, limit: 40}) {
			page = append(page, s.status(t))
		}
		if _, err := encode(page); err != nil {
			b.Fatal(err)
		}
	}
}
