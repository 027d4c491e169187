package toots

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/mattn/go-mastodon"
	"github.com/tidwall/gjson"
	"github.com/valyala/fastjson"

	"github.com/mnm-social/mnm/exporter/domain"
)

// recorded are all statuses of the recorded pages, without white space between tokens, as servers send them.
func recordedStatuses(tb testing.TB) [][]byte {
	var all [][]byte
	files, err := filepath.Glob("testdata/recorded/*.json")
	if err != nil {
		tb.Fatal(err)
	}
	for _, file := range files {
		page, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		var list []json.RawMessage
		if err := json.Unmarshal(page, &list); err != nil {
			tb.Fatal(err)
		}
		for _, status := range list {
			var b bytes.Buffer
			if err := json.Compact(&b, status); err != nil {
				tb.Fatal(err)
			}
			all = append(all, b.Bytes())
		}
	}
	return all
}

// narrow is the struct that a decoder by reflection would fill, with the fields that Toot takes.
type narrow struct {
	ID          string    `json:"id"`
	URI         string    `json:"uri"`
	CreatedAt   time.Time `json:"created_at"`
	InReplyToID *string   `json:"in_reply_to_id"`
	Sensitive   bool      `json:"sensitive"`
	SpoilerText string    `json:"spoiler_text"`
	Language    *string   `json:"language"`
	Content     string    `json:"content"`
	Reblog      *struct{} `json:"reblog"`
	Quote       *struct{} `json:"quote"`
	Card        *struct{} `json:"card"`
	Poll        *struct{} `json:"poll"`
	Application *struct {
		Name string `json:"name"`
	} `json:"application"`
	Account struct {
		Acct      string `json:"acct"`
		URL       string `json:"url"`
		Bot       bool   `json:"bot"`
		Indexable *bool  `json:"indexable"`
		Noindex   *bool  `json:"noindex"`
	} `json:"account"`
	MediaAttachments []struct {
		Type        string  `json:"type"`
		Description *string `json:"description"`
	} `json:"media_attachments"`
	Mentions []struct{} `json:"mentions"`
	Tags     []struct {
		Name string `json:"name"`
	} `json:"tags"`
}

// BenchmarkDecode compares the ways to read a status, over the recorded ones.
func BenchmarkDecode(b *testing.B) {
	statuses := recordedStatuses(b)
	var toot Toot
	var tree fastjson.Parser
	ways := []struct {
		name   string
		decode func([]byte) error
	}{
		{"toots", toot.Decode},
		{"go-mastodon", func(s []byte) error { return json.Unmarshal(s, new(mastodon.Status)) }},
		{"map", func(s []byte) error { var m map[string]any; return json.Unmarshal(s, &m) }},
		{"narrow-struct-v1", func(s []byte) error { return json.Unmarshal(s, new(narrow)) }},
		{"narrow-struct-v2", func(s []byte) error { return jsonv2.Unmarshal(s, new(narrow), lenient...) }},
		{"fastjson", func(s []byte) error { return byFastjson(&tree, s) }},
		{"gjson", byGjson},
	}
	for _, way := range ways {
		b.Run(way.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				_ = way.decode(statuses[i%len(statuses)]) // go-mastodon refuses some of them
			}
		})
	}
}

// byFastjson takes what Decode takes, into strings that live on.
func byFastjson(p *fastjson.Parser, status []byte) error {
	v, err := p.ParseBytes(status)
	if err != nil {
		return err
	}
	var n narrow
	n.ID, n.URI = string(v.GetStringBytes("id")), string(v.GetStringBytes("uri"))
	if err := n.CreatedAt.UnmarshalText(v.GetStringBytes("created_at")); err != nil {
		return err
	}
	n.SpoilerText, n.Content = string(v.GetStringBytes("spoiler_text")), string(v.GetStringBytes("content"))
	n.Account.Acct, n.Account.Bot = string(v.GetStringBytes("account", "acct")), v.GetBool("account", "bot")
	n.Sensitive = v.GetBool("sensitive")
	for _, key := range []string{"in_reply_to_id", "language", "reblog", "quote", "card", "poll", "application"} {
		v.Get(key)
	}
	for _, key := range []string{"url", "indexable", "noindex"} {
		v.Get("account", key)
	}
	for _, m := range v.GetArray("media_attachments") {
		m.GetStringBytes("type")
		m.GetStringBytes("description")
	}
	v.GetArray("mentions")
	for _, tag := range v.GetArray("tags") {
		tag.GetStringBytes("name")
	}
	return nil
}

func byGjson(status []byte) error {
	var n narrow
	gjson.ParseBytes(status).ForEach(func(key, v gjson.Result) bool {
		switch key.Str {
		case "id":
			n.ID = v.Str
		case "uri":
			n.URI = v.Str
		case "content":
			n.Content = v.Str
		case "spoiler_text":
			n.SpoilerText = v.Str
		case "created_at":
			_ = n.CreatedAt.UnmarshalText([]byte(v.Str))
		case "account":
			v.ForEach(func(key, v gjson.Result) bool {
				switch key.Str {
				case "acct":
					n.Account.Acct = v.Str
				case "bot":
					n.Account.Bot = v.Bool()
				}
				return true
			})
		case "media_attachments", "tags":
			v.ForEach(func(_, v gjson.Result) bool { v.Get("name"); return true })
		}
		return true
	})
	return nil
}

func benchTally() (*Tally, *Origin) {
	t := New(Options{
		Names:    testNames,
		Now:      time.Now,
		Country:  func(string) string { return "DE" },
		Hashtags: HashtagRules{Top: 100, MinAuthors: 20, MinServers: 3},
	})
	host, err := domain.Parse("mastodon.social")
	if err != nil {
		panic(err)
	}
	return t, t.Origin(host, "mastodon.social/federated")
}

var testNames = Names{
	Length: "mastodon_toot_length_characters", Hashtags: "mastodon_toot_hashtags", Mentions: "mastodon_toot_mentions",
	Links: "mastodon_toot_links", Media: "mastodon_toot_media_attachments", Delay: "mastodon_toot_federation_delay_seconds",
}

// newURIs are more than a Tally remembers, so that one after the other is new however often they go round.
func newURIs() []string {
	uris := make([]string, 1<<20)
	for i := range uris {
		uris[i] = fmt.Sprint("https://mastodon.social/users/somebody/statuses/", 110000000000000000+i)
	}
	return uris
}

// BenchmarkTake counts recorded toots, each as a new one.
func BenchmarkTake(b *testing.B) {
	tally, origin := benchTally()
	var all []*Toot
	for _, s := range recordedStatuses(b) {
		toot := new(Toot)
		if err := toot.Decode(s); err != nil {
			b.Fatal(err)
		}
		all = append(all, toot)
	}
	uris := newURIs()
	b.Run("first", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			toot := all[i%len(all)]
			toot.URI = uris[i%len(uris)]
			tally.Take(origin, toot, true)
		}
	})
	b.Run("again", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			toot := all[i%len(all)]
			toot.URI = uris[i%len(all)]
			tally.Take(origin, toot, true)
		}
	})
}

// BenchmarkDecodeAndTake is the whole way of a new toot from its bytes.
func BenchmarkDecodeAndTake(b *testing.B) {
	tally, origin := benchTally()
	statuses, uris := recordedStatuses(b), newURIs()
	var toot Toot
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := toot.Decode(statuses[i%len(statuses)]); err != nil {
			b.Fatal(err)
		}
		toot.URI = uris[i%len(uris)]
		tally.Take(origin, &toot, true)
	}
}
