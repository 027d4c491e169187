package directory

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/mnm-social/mnm/exporter/outbound"
)

func answer(status int, body string) func(context.Context, outbound.Request) (*outbound.Response, error) {
	return func(_ context.Context, r outbound.Request) (*outbound.Response, error) {
		if r.URL != "https://api.joinmastodon.org/servers" || r.Purpose != outbound.PurposeDirectory {
			return nil, errors.New("asked for something else: " + r.URL)
		}
		return &outbound.Response{Status: status, Body: []byte(body)}, nil
	}
}

func TestJoinMastodon(t *testing.T) {
	recorded := func(name string) string {
		b, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for name, row := range map[string]struct {
		status  int
		body    string
		names   int
		refused int
		reason  Reason
	}{
		"recorded 2022-07":     {200, recorded("joinmastodon-2022-07-servers.json"), 1, 0, ""},
		"recorded 2022-11":     {200, recorded("joinmastodon-2022-11-servers.json"), 2, 0, ""},
		"recorded neodb":       {200, recorded("neodb-2026-08-servers.json"), 9, 0, ""},
		"two spellings":        {200, `[{"domain":"Oak.social"},{"domain":"oak.social."}]`, 1, 0, ""},
		"names no host":        {200, `[{"domain":"oak.social"},{"domain":"127.0.0.1"},{"domain":"a.internal"},{"domain":""},{}]`, 1, 4, ""},
		"odd entries":          {200, `[{"domain":"oak.social"},7,null,"x",{"domain":5},[[]]]`, 1, 5, ""},
		"down":                 {503, `Service Unavailable`, 0, 0, ReasonStatus},
		"not found":            {404, `[]`, 0, 0, ReasonStatus},
		"nothing":              {200, ``, 0, 0, ReasonShape},
		"HTML":                 {200, `<!doctype html><title>Hi</title>`, 0, 0, ReasonShape},
		"an object":            {200, `{"servers":[]}`, 0, 0, ReasonShape},
		"an error":             {200, `{"error":"too many requests"}`, 0, 0, ReasonShape},
		"half":                 {200, `[{"domain":"oak.social"},{"dom`, 0, 0, ReasonShape},
		"unclosed":             {200, `[{"domain":"oak.social"}`, 0, 0, ReasonShape},
		"empty list":           {200, `[]`, 0, 0, ReasonEmpty},
		"only private names":   {200, `[{"domain":"10.0.0.1"},{"domain":"localhost"}]`, 0, 2, ReasonEmpty},
		"more than we believe": {200, "[" + strings.Repeat(`{"domain":"oak.social"},`, MaxNames+10) + `{"domain":"elm.social"}]`, 1, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := JoinMastodon(context.Background(), answer(row.status, row.body))
			if ReasonOf(err) != row.reason || (row.reason == "" && err != nil) {
				t.Fatalf("error %v has reason %q, want %q", err, ReasonOf(err), row.reason)
			}
			if len(l.Names) != row.names || l.Refused != row.refused {
				t.Fatalf("%d names, %d refused; want %d, %d", len(l.Names), l.Refused, row.names, row.refused)
			}
		})
	}
}

func FuzzReadServers(f *testing.F) {
	f.Add([]byte(`[{"domain":"oak.social"}]`))
	f.Add([]byte(`[{"domain":5},[[[[`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if names, err := readServers(body); err == nil && len(names) > len(body) {
			t.Fatalf("%d names out of %d bytes", len(names), len(body))
		}
	})
}
