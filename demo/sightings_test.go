package demo

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// newest asks for the newest page of a timeline and returns the largest id.
func (b *box) newest(url string) string {
	b.t.Helper()
	if _, ids := b.ids(url); len(ids) > 0 {
		return ids[0]
	}
	return ""
}

// shapes are toots of three servers: of one.fr everything a toot can have, of far.social words, of three.io a link and a picture.
func shapes() []Spec {
	return []Spec{
		{Name: "one.fr", Live: Live{Rate: 1, Delay: time.Hour, Compose: everything}},
		{Name: "far.social", Country: "JP", Live: Live{Rate: 1, Delay: 7 * time.Second, Compose: func(t *Toot) {
			*t = Toot{TootID: t.TootID, At: 10 * time.Second, Author: Author{Name: "bob"}, Language: "zh-TW", Text: []Part{{Text: "hello"}}, Application: "Web"}
			switch t.Minute {
			case 1:
				t.Edited = time.Minute
			case 2:
				t.Deleted = time.Minute
			}
		}}},
		{Name: "three.io", Live: Live{Rate: 1, Delay: 200 * time.Second, Compose: func(t *Toot) {
			*t = Toot{
				TootID: t.TootID, At: 20 * time.Second, Author: Author{Name: "eve", Bot: true}, Language: "tlh",
				Text: []Part{{Kind: Link, Text: "https://a.example/"}}, Application: "Horn", Media: []Media{{Kind: "image"}},
			}
		}}},
	}
}

func TestTruthOfToots(t *testing.T) {
	b := serve(t, WorldOf(shapes(), defaultStart))
	const path = "/api/v1/timelines/public?local=true"
	b.visit("far.social") // so that its country is known
	b.step(30 * time.Second)
	after := map[string]string{}
	for _, name := range []string{"one.fr", "far.social", "three.io"} {
		after[name] = b.newest("https://" + name + path)
	}
	b.listen("https://one.fr/api/v1/streaming/public", "Authorization", userHeader)
	b.want(b.Truth(b.time()).Toots(), nil, "") // first pages count nothing
	b.step(time.Minute)
	b.catchUp() // 1:30: that of 1:05, and far's of 1:10, which is 20 seconds old
	for name, id := range after {
		if texts, _ := b.ids("https://" + name + path + "&min_id=" + id); len(texts) != 1 {
			t.Errorf("%s shows %q", name, texts)
		}
	}
	b.want(b.Truth(b.time()).Toots(), map[string]float64{
		`mastodon_timeline_events_total{event="update",source="one.fr/federated"}`: 2,
		`mastodon_timeline_events_total{event="update",source="one.fr/local"}`:     1,
		`mastodon_timeline_events_total{event="update",source="far.social/local"}`: 1,
		`mastodon_timeline_events_total{event="update",source="three.io/local"}`:   1,
		`mastodon_timeline_duplicates_total{source="one.fr/local"}`:                1,
		`mastodon_timeline_duplicates_total{source="far.social/local"}`:            1,
		`mastodon_toots_total{origin="local"}`:                                     2,
		`mastodon_toots_total{origin="remote"}`:                                    1,
		`mastodon_language_toots_total{language="de"}`:                             1,
		`mastodon_language_toots_total{language="zh"}`:                             1,
		`mastodon_language_toots_total{language="other"}`:                          1,
		`mastodon_country_toots_total{country="FR"}`:                               1, // by its name
		`mastodon_country_toots_total{country="JP"}`:                               1, // by its address
		`mastodon_country_toots_total{country="unknown"}`:                          1,
		`mastodon_application_toots_total{application="Tusky"}`:                    1,
		`mastodon_application_toots_total{application="other"}`:                    1,
		`mastodon_application_toots_total{application="unknown"}`:                  1, // one.fr doesn't say it of far's
		`mastodon_toot_replies_total`:                                              1,
		`mastodon_toot_quotes_total`:                                               1,
		`mastodon_toot_sensitive_total`:                                            1,
		`mastodon_toot_content_warnings_total`:                                     1,
		`mastodon_toot_polls_total`:                                                1,
		`mastodon_toot_cards_total`:                                                1,
		`mastodon_toot_bots_total`:                                                 2,
		`mastodon_toot_media_total{media="image"}`:                                 2,
		`mastodon_toot_media_total{media="video"}`:                                 1,
		`mastodon_toot_media_total{media="audio"}`:                                 1,
		`mastodon_toot_media_described_total{media="image"}`:                       1,
	}, "mastodon_timeline", "mastodon_toots", "mastodon_language", "mastodon_country", "mastodon_application", "mastodon_toot_replies", "mastodon_toot_quotes",
		"mastodon_toot_sensitive", "mastodon_toot_content", "mastodon_toot_polls", "mastodon_toot_cards", "mastodon_toot_bots", "mastodon_toot_media_total",
		"mastodon_toot_media_described")
	got := b.Truth(b.time()).Toots()
	for _, row := range []struct {
		family          string
		sum, count      float64
		buckets, counts []float64
	}{
		{"mastodon_toot_length_characters", 119 + 5 + 23, 3, []float64{0, 10, 25, 100, 150, 10000}, []float64{0, 1, 2, 2, 3, 3}},
		{"mastodon_toot_hashtags", 2, 3, []float64{0, 1, 2, 50}, []float64{2, 2, 3, 3}},
		{"mastodon_toot_mentions", 2, 3, []float64{0, 1, 2, 50}, []float64{2, 2, 3, 3}},
		{"mastodon_toot_links", 3, 3, []float64{0, 1, 2, 50}, []float64{1, 2, 3, 3}},
		{"mastodon_toot_media_attachments", 4, 3, []float64{0, 1, 2, 3, 50}, []float64{1, 2, 2, 3, 3}},
	} {
		if got[row.family+"_sum"] != row.sum || got[row.family+"_count"] != row.count || got[row.family+`_bucket{le="+Inf"}`] != row.count {
			t.Errorf("%s has sum %v and count %v, want %v and %v", row.family, got[row.family+"_sum"], got[row.family+"_count"], row.sum, row.count)
		}
		for i, le := range row.buckets {
			if k := fmt.Sprintf(`%s_bucket{le="%v"}`, row.family, le); got[k] != row.counts[i] {
				t.Errorf("%s is %v, want %v", k, got[k], row.counts[i])
			}
		}
	}
	// 5:40: four more of one.fr, four of far (210, 150, 90 and 30 seconds old), and of three those of 0:20 (320), 1:20, which its own
	// server has shown, and 2:20 (200).
	b.step(250 * time.Second)
	b.catchUp()
	const source = `source="one.fr/federated"`
	want := map[string]float64{
		`mastodon_timeline_events_total{event="update",` + source + `}`:            13,
		`mastodon_timeline_events_total{event="edit",` + source + `}`:              1,
		`mastodon_timeline_events_total{event="delete",` + source + `}`:            1,
		`mastodon_timeline_events_total{event="update",source="one.fr/local"}`:     1,
		`mastodon_timeline_events_total{event="update",source="far.social/local"}`: 1,
		`mastodon_timeline_events_total{event="update",source="three.io/local"}`:   1,
		`mastodon_timeline_duplicates_total{` + source + `}`:                       1,
		`mastodon_timeline_duplicates_total{source="one.fr/local"}`:                1,
		`mastodon_timeline_duplicates_total{source="far.social/local"}`:            1,
		`mastodon_toots_total{origin="local"}`:                                     6,
		`mastodon_toots_total{origin="remote"}`:                                    7,
		`mastodon_toot_federation_delay_seconds_sum{` + source + `}`:               1020,
		`mastodon_toot_federation_delay_seconds_count{` + source + `}`:             7,
		`mastodon_toot_federation_delay_seconds_bucket{le="+Inf",` + source + `}`:  7,
	}
	for le, n := range map[int]float64{1: 0, 2: 0, 5: 0, 10: 0, 30: 2, 60: 2, 120: 3, 300: 6, 600: 7, 1800: 7, 3600: 7, 10800: 7, 21600: 7, 43200: 7, 86400: 7} {
		want[fmt.Sprintf(`mastodon_toot_federation_delay_seconds_bucket{le="%d",%s}`, le, source)] = n
	}
	b.want(b.Truth(b.time()).Toots(), want, "mastodon_timeline", "mastodon_toots", "mastodon_toot_federation")
}

// TestWhereAFollowerBegins counts what pages have shown when, from the first one on.
func TestWhereAFollowerBegins(t *testing.T) {
	b := serve(t, WorldOf([]Spec{
		{Name: "one.social", Live: Live{Rate: 1, Compose: plain}},
		{Name: "late.social", Turns: 90 * time.Second, Then: &Spec{Live: Live{Rate: 1, Compose: plain}}},
		{Name: "junk.social", Live: Live{Rate: 2, Compose: plain, Trick: TrickJunk}},
		{Name: "endless.social", Live: Live{Rate: 2, Compose: plain, Trick: TrickEndless}},
	}, defaultStart))
	updates := func(source string) (n, duplicates float64) {
		all := b.Truth(b.time()).Toots()
		return all[`mastodon_timeline_events_total{event="update",source="`+source+`"}`], all[`mastodon_timeline_duplicates_total{source="`+source+`"}`]
	}
	want := func(source string, n, duplicates float64) {
		t.Helper()
		if a, b := updates(source); a != n || b != duplicates {
			t.Errorf("%s has shown %v toots, %v of them before, want %v and %v", source, a, b, n, duplicates)
		}
	}
	const late = "https://late.social/api/v1/timelines/public?local=true"
	b.step(61 * time.Second)
	first := b.newest(oneLocal)
	if b.newest(late) != "" {
		t.Fatal("late.social has toots")
	}
	b.step(3 * time.Minute)
	b.newest(oneLocal + "&min_id=" + first)
	want("one.social/local", 3, 0)
	b.newest(oneLocal + "&min_id=1") // of before the first page, too
	want("one.social/local", 6, 3)
	b.newest(oneLocal) // without min_id only what is newer than all
	want("one.social/local", 6, 3)
	b.step(time.Minute)
	b.newest(oneLocal)
	want("one.social/local", 7, 3)
	b.newest(late) // of 2:00 to 5:00
	want("late.social/local", 4, 0)
	b.newest("https://one.social/api/v1/timelines/public") // its first
	want("one.social/federated", 0, 0)

	const junk = "https://junk.social/api/v1/timelines/public?local=true&limit=40"
	good := func() (ids []string) {
		_, _, body, _ := b.get(junk)
		var page []json.RawMessage
		if err := json.Unmarshal(body, &page); err != nil {
			t.Fatal(err)
		}
		for _, one := range page {
			if s := (saidToot{}); json.Unmarshal(one, &s) == nil {
				ids = append(ids, s.ID)
			}
		}
		return ids
	}
	before := good()
	b.step(10 * time.Minute)
	after := good()
	if n := len(after) - len(before); n < 5 || n > 18 { // it has no more than 40 toots yet
		t.Errorf("of 20 toots %d can be read", n)
	} else {
		want("junk.social/local", float64(n), 0)
	}
	for range 2 {
		_, _, _, _ = b.get("https://endless.social/api/v1/timelines/public")
	}
	want("endless.social/federated", 0, 0)

	b.step(25 * time.Hour)
	b.newest(oneLocal + "&min_id=1") // of 0:00 to 19:00, of which those of 2:00 to 5:00 are not forgotten
	want("one.social/local", 7+18, 3+4)
}

func TestHashtagsOfACrowd(t *testing.T) {
	live := func(name string) Live {
		return Live{Rate: 10, Delay: time.Second, Compose: func(t *Toot) {
			plain(t)
			t.Author = Author{Name: fmt.Sprint("u", t.Number)}
			tag := func(name string, of bool) {
				if of {
					t.Text = append(t.Text, Part{Text: " "}, Part{Kind: Hashtag, Text: strings.ToUpper(name), Fold: name}, Part{Text: " "}, Part{Kind: Hashtag, Text: name, Fold: name})
				}
			}
			begin, second := t.Minute == 0, t.Minute == 1
			tag("common", begin)                                                                  // 30 authors
			tag("enough", second && (t.Number < 6 || t.Number == 6 && name != "c"))               // 7, 7 and 6
			tag("few", second && (t.Number < 6 || t.Number == 6 && name == "a"))                  // 19
			tag("two", second && name != "c")                                                     // 20, on two servers
			tag("often", t.Minute < 3 && t.Number < 5)                                            // 15 authors, three times
			tag("slow", begin && t.Number < 4 || t.Minute == 50 && t.Number >= 4 && t.Number < 8) // 12, and 12 others
			if begin && t.Number == 9 {
				t.Author.Hidden = true
			}
			if begin && t.Number == 8 {
				t.Author.NoIndex = true // which a.social says only of its own
			}
		}}
	}
	still := &Spec{}
	b := serve(t, WorldOf([]Spec{
		{Name: "a.social", Live: live("a"), Turns: 52 * time.Minute, Then: still}, {Name: "b.social", Live: live("b"), Turns: 52 * time.Minute, Then: still},
		{Name: "c.social", Live: live("c"), Turns: 52 * time.Minute, Then: still},
	}, defaultStart))
	b.listen("https://a.social/api/v1/streaming/public", "Authorization", userHeader)
	// What comes in the first minute is taken at 0:01:00. The toot of a.social of 0:00:00 was there before the stream.
	inHour, inDay := map[string]float64{}, map[string]float64{}
	at := func(d time.Duration) {
		t.Helper()
		for next := b.time(); next.Before(defaultStart.Add(min(d, 53*time.Minute))); next = b.time() {
			b.step(time.Minute)
			b.catchUp()
		}
		b.step(defaultStart.Add(d).Sub(b.time()))
		b.catchUp()
		want := map[string]float64{}
		for tag, n := range inHour {
			want[`mastodon_hashtag_toots_last_hour{hashtag="`+tag+`"}`] = n
		}
		for tag, n := range inDay {
			want[`mastodon_hashtag_toots_last_day{hashtag="`+tag+`"}`] = n
		}
		b.want(b.Truth(b.time()).Toots(), want, "mastodon_hashtag")
	}
	inHour["common"], inDay["common"] = 25, 25 // without three that hide, one of a.social that says noindex, and the one before
	at(time.Minute)
	inHour["enough"], inDay["enough"] = 20, 20
	at(10 * time.Minute)
	inHour["slow"], inDay["slow"] = 23, 23
	at(51 * time.Minute)
	at(60*time.Minute + 59*time.Second)
	delete(inHour, "common")
	delete(inHour, "slow")
	delete(inHour, "enough") // the first of a.social was taken when it was written, at 0:01:00
	at(61 * time.Minute)
	at(24*time.Hour - time.Second)
	clear(inDay) // of slow twelve are left
	at(24 * time.Hour)
	at(26 * time.Hour)
}

// TestFollowingIsNoVisit follows a timeline and visits its server beside that: neither disturbs the count of the other.
func TestFollowingIsNoVisit(t *testing.T) {
	n := int64(100)
	b := serve(t, WorldOf([]Spec{
		seq(Spec{Name: "one.social", Users: &n, Live: Live{Rate: 1, Compose: plain}}, 90*time.Minute, Spec{Behaviour: BadGateway}, 135*time.Minute, Spec{Behaviour: NoName}),
		seq(Spec{Name: "two.social", Users: &n, Live: Live{Rate: 1, Compose: plain}}, 130*time.Minute, Spec{Behaviour: NoName}),
	}, defaultStart))
	b.list()
	follow := func(minutes int) {
		for range minutes {
			b.step(time.Minute)
			_, _, _, _ = b.get(oneLocal)
		}
	}
	b.visit("one.social", "two.social")
	follow(60)
	b.visit("one.social")
	follow(60)
	b.visit("one.social") // it fails
	b.wantStates(map[string]float64{"up": 2})
	_, _, _, _ = b.get(strings.Replace(oneLocal, "one", "two", 1))
	follow(6)
	b.wantStates(map[string]float64{"up": 2})
	b.ask("one.social", "/robots.txt") // and that is confirmed
	follow(3)
	b.wantStates(map[string]float64{"up": 1, "down": 1})
	if r := b.Requests(); r.Total != 14 || r.MostInHour != 4 || r.ByKind["timeline"] != 130 || r.MostPages != 15 {
		t.Errorf("%+v", r)
	}
	// Their names are no more: after a quarter of an hour without a page, asking for one is a visit that fails.
	for range 40 {
		b.step(time.Minute)
		_, _, _, _ = b.get(oneLocal)
		_, _, _, _ = b.get(strings.Replace(oneLocal, "one", "two", 1))
	}
	b.wantStates(map[string]float64{"down": 2})
	b.wantChanges(map[string]float64{"down": 2})
}
