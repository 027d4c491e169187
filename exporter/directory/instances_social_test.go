package directory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mnm-social/mnm/exporter/outbound"
)

const secret = "s3cr3t-Token_of.the/operator+=="

func haveToken() (string, error) { return secret + "\n", nil }

// TestInstancesSocialPages has the list of 2025-11-09 served over TLS as instances.social serves it.
func TestInstancesSocialPages(t *testing.T) {
	api := &instancesAPI{names: column(t, "list-instances.social-2025-11-09.csv.gz", "name")}
	server := httptest.NewTLSServer(api)
	t.Cleanup(server.Close)
	get := func(ctx context.Context, r outbound.Request) (*outbound.Response, error) {
		if r.Purpose != outbound.PurposeDirectory || !r.SameHost {
			return nil, fmt.Errorf("asked as something else: %+v", r)
		}
		path, ours := strings.CutPrefix(r.URL, "https://instances.social/")
		req, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/"+path, nil)
		if err != nil || !ours {
			return nil, fmt.Errorf("asked for something else: %s, %w", r.URL, err)
		}
		req.Header = r.Header
		resp, err := server.Client().Do(req)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if int64(len(body)) > r.MaxBody {
			return nil, &outbound.Error{Reason: outbound.ReasonTooBig}
		}
		return &outbound.Response{Status: resp.StatusCode, Body: body}, err
	}
	l, err := InstancesSocial(context.Background(), get, haveToken)
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Names) != 8092 || l.Refused != 3 || l.Names[0].String() != "share.elouworld.org" {
		t.Errorf("%d names, %d refused, the first %s; want 8092, 3, share.elouworld.org", len(l.Names), l.Refused, l.Names[0])
	}
	if want := []int{1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 101}; !slices.Equal(api.pages, want) {
		t.Errorf("pages of %v, want %v", api.pages, want)
	}
	_, err = InstancesSocial(context.Background(), get, func() (string, error) { return "another", nil })
	if ReasonOf(err) != ReasonToken {
		t.Errorf("another token: %v has reason %q, want %q", err, ReasonOf(err), ReasonToken)
	}
}

// instancesAPI answers as the API's own code does.
type instancesAPI struct {
	names []string
	pages []int // entries of each page served
}

func (a *instancesAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	refuse := func(why string) {
		w.WriteHeader(400)
		fmt.Fprintf(w, `{"error":{"message":%q}}`, why)
	}
	if r.Header.Get("Authorization") != "Bearer "+secret {
		refuse("Invalid token.")
		return
	}
	count, from := 20, 0
	for key, values := range r.URL.Query() {
		var err error
		switch key {
		case "count":
			count, err = strconv.Atoi(values[0])
		case "min_id":
			_, err = fmt.Sscanf(values[0], "58e1ffff%016x", &from)
		case "include_dead", "include_down", "include_closed":
			_, err = strconv.ParseBool(values[0])
		default:
			refuse(fmt.Sprintf("Parameter %q is not accepted here.", key))
			return
		}
		if err != nil {
			refuse(err.Error())
			return
		}
	}
	entries := []any{}
	for i, name := range a.names[from:min(from+count, len(a.names))] {
		entries = append(entries, map[string]any{
			"id": fmt.Sprintf("58e1ffff%016x", from+i), "name": name, "added_at": nil, "checked_at": "2025-11-09T00:00:00.000Z",
			"uptime": 1, "up": i%7 != 0, "dead": false, "version": nil, "ipv6": true, "https_score": nil, "https_rank": nil,
			"users": "1893", "statuses": "20134", "connections": "0", "open_registrations": false, "active_users": nil,
			"info": map[string]any{"short_description": "<p>\u2028\"quoted\"</p>", "languages": []string{"en"}, "name": "not this one"},
		})
	}
	a.pages = append(a.pages, len(entries))
	pagination := map[string]any{"total": len(a.names)}
	if from+count < len(a.names) {
		pagination["next_id"] = fmt.Sprintf("58e1ffff%016x", from+count)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"instances": entries, "pagination": pagination})
}

// pages answers the first page with body[""], others with body[min_id]; a page that is not there is a 500.
func pages(body map[string]string) Get {
	return func(_ context.Context, r outbound.Request) (*outbound.Response, error) {
		u, err := url.Parse(r.URL)
		if err != nil {
			return nil, err
		}
		b, ok := body[u.Query().Get("min_id")]
		if !ok {
			return &outbound.Response{Status: 500, Body: []byte(`Internal Server Error`)}, nil
		}
		return &outbound.Response{Status: 200, Body: []byte(b)}, nil
	}
}

func says(status int, body string) Get {
	return func(context.Context, outbound.Request) (*outbound.Response, error) {
		return &outbound.Response{Status: status, Body: []byte(body)}, nil
	}
}

// endless serves pages that never end, each leading to one never seen, with the entries that of has for it.
func endless(of func(page int) string) Get {
	page := 0
	return func(context.Context, outbound.Request) (*outbound.Response, error) {
		page++
		body := fmt.Sprintf(`{"instances":[%s],"pagination":{"total":1,"next_id":"%d"}}`, of(page), page)
		return &outbound.Response{Status: 200, Body: []byte(body)}, nil
	}
}

func entries(n int, name func(i int) string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"name":%q},`, name(i))
	}
	return strings.TrimSuffix(b.String(), ",")
}

func TestInstancesSocial(t *testing.T) {
	last := `],"pagination":{"total":1}}`
	for name, row := range map[string]struct {
		get     Get
		names   int
		refused int
		reason  Reason
		says    string // part of the error
	}{
		"one page":          {get: says(200, `{"instances":[{"name":"oak.social","users":"5"}`+last), names: 1},
		"pagination first":  {get: says(200, `{"pagination":{"total":1,"next_id":null},"instances":[{"name":"oak.social"}]}`), names: 1},
		"unknown keys":      {get: says(200, `{"a":{"b":[1,{}]},"instances":[{"name":"oak.social","x":[[]]}],"pagination":{},"z":null}`), names: 1},
		"two pages":         {get: pages(map[string]string{"": `{"instances":[{"name":"oak.social"}],"pagination":{"next_id":"a/b&c"}}`, "a/b&c": `{"instances":[{"name":"elm.social"},{"name":"OAK.social"}` + last}), names: 2},
		"numbers as ids":    {get: pages(map[string]string{"": `{"instances":[],"pagination":{"next_id":17}}`, "17": `{"instances":[{"name":"elm.social"}` + last}), names: 1},
		"odd entries":       {get: says(200, `{"instances":[{"name":"oak.social"},7,null,"x",{"name":5},[[]],{},{"name":null}`+last), names: 1, refused: 7},
		"huge name":         {get: says(200, `{"instances":[{"name":"oak.social"},{"name":"`+strings.Repeat("a", 8<<20)+`"}`+last), names: 1, refused: 1},
		"401":               {get: says(401, `{"error":{"message":"`+secret+`"}}`), reason: ReasonToken, says: "page 1: it answers 401"},
		"403":               {get: says(403, secret), reason: ReasonToken, says: "it answers 403"},
		"invalid token":     {get: says(400, `{"error":{"message":"Invalid token."}}`), reason: ReasonToken, says: "does not take the token"},
		"missing token":     {get: says(400, `{"error":{"message":"Missing Authorization header."}}`), reason: ReasonToken},
		"refused parameter": {get: says(400, `{"error":{"message":"Parameter \"count\" is not accepted here."}}`), reason: ReasonStatus, says: "it answers 400"},
		"too many requests": {get: says(429, secret), reason: ReasonStatus},
		"down":              {get: says(503, ``), reason: ReasonStatus},
		"no answer": {get: func(context.Context, outbound.Request) (*outbound.Response, error) {
			return nil, &outbound.Error{Reason: outbound.ReasonTimeout}
		}, reason: Reason(outbound.ReasonTimeout), says: "page 1"},
		"second page fails":    {get: pages(map[string]string{"": `{"instances":[{"name":"oak.social"}],"pagination":{"next_id":"a"}}`}), reason: ReasonStatus, says: "page 2: it answers 500"},
		"second page is half":  {get: pages(map[string]string{"": `{"instances":[{"name":"oak.social"}],"pagination":{"next_id":"a"}}`, "a": `{"instances":[{"name":"elm.s`}), reason: ReasonShape, says: "page 2: the array of servers breaks off after 0"},
		"half a pagination":    {get: says(200, `{"instances":[{"name":"oak.social"}],"pagination":{"next_`), reason: ReasonShape},
		"unclosed":             {get: says(200, `{"instances":[{"name":"oak.social"}],"pagination":{}`), reason: ReasonShape},
		"HTML":                 {get: says(200, `<!doctype html><title>Just a moment...</title>`), reason: ReasonShape},
		"nothing":              {get: says(200, ``), reason: ReasonShape},
		"an array":             {get: says(200, `[{"name":"oak.social"}]`), reason: ReasonShape},
		"an error":             {get: says(200, `{"error":{"message":"x"}}`), reason: ReasonShape},
		"instances are null":   {get: says(200, `{"instances":null,"pagination":{}}`), reason: ReasonShape},
		"no pagination":        {get: says(200, `{"instances":[{"name":"oak.social"}]}`), reason: ReasonShape, says: "no pagination"},
		"pagination is null":   {get: says(200, `{"instances":[],"pagination":null}`), reason: ReasonShape},
		"pagination is a list": {get: says(200, `{"instances":[],"pagination":[]}`), reason: ReasonShape},
		"next_id is an object": {get: says(200, `{"instances":[],"pagination":{"next_id":{}}}`), reason: ReasonShape, says: "next_id"},
		"next_id is huge":      {get: says(200, `{"instances":[],"pagination":{"next_id":"`+strings.Repeat("5", 1<<20)+`"}}`), reason: ReasonShape, says: "1048576 bytes"},
		"empty list":           {get: says(200, `{"instances":[`+last), reason: ReasonEmpty},
		"only private names":   {get: says(200, `{"instances":[{"name":"10.0.0.1"}`+last), refused: 1, reason: ReasonEmpty, says: "in 1 entries"},
		"a circle of one":      {get: pages(map[string]string{"": `{"instances":[],"pagination":{"next_id":"a"}}`, "a": `{"instances":[{"name":"oak.social"}],"pagination":{"next_id":"a"}}`}), reason: ReasonShape, says: "page 2: it leads back"},
		"a circle of two":      {get: pages(map[string]string{"": `{"instances":[],"pagination":{"next_id":"a"}}`, "a": `{"instances":[],"pagination":{"next_id":"b"}}`, "b": `{"instances":[],"pagination":{"next_id":"a"}}`}), reason: ReasonShape, says: "page 3: it leads back"},
		"a spiral":             {get: endless(func(int) string { return `{"name":"oak.social"}` }), reason: ReasonShape, says: "page 100: the list goes on"},
		"more than we believe": {get: endless(func(page int) string {
			return entries(7000, func(i int) string { return fmt.Sprintf("i%d.p%d.social", i, page) })
		}), names: MaxNames},
		"as much in one page":     {get: says(200, `{"instances":[`+entries(MaxNames+10, func(i int) string { return fmt.Sprintf("i%d.social", i) })+last), names: MaxNames},
		"exactly what we believe": {get: says(200, `{"instances":[`+entries(MaxNames, func(i int) string { return fmt.Sprintf("i%d.social", i) })+last), names: MaxNames},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := InstancesSocial(context.Background(), row.get, haveToken)
			if ReasonOf(err) != row.reason || (row.reason == "" && err != nil) {
				t.Fatalf("error %v has reason %q, want %q", err, ReasonOf(err), row.reason)
			}
			if len(l.Names) != row.names || l.Refused != row.refused {
				t.Errorf("%d names, %d refused; want %d, %d", len(l.Names), l.Refused, row.names, row.refused)
			}
			if err != nil && (!strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), secret) || len(err.Error()) > 200) {
				t.Errorf("the error is %q, want %q in it and no secret", err, row.says)
			}
		})
	}
}

func TestInstancesSocialToken(t *testing.T) {
	none := errors.New("open /run/secrets/x: no such file")
	for name, row := range map[string]struct {
		token string
		err   error
		sent  string // "": nothing is sent
		says  string
	}{
		"plain":          {token: secret, sent: "Bearer " + secret},
		"of a file":      {token: "\t" + secret + "\r\n", sent: "Bearer " + secret},
		"none":           {err: none, says: "no such file"},
		"empty file":     {token: "\n", says: "there is none"},
		"two lines":      {token: secret + "\n" + secret, says: "63 bytes"},
		"header in it":   {token: secret + "\r\nX: y", says: "37 bytes"},
		"not ASCII":      {token: secret + "é", says: "33 bytes"},
		"something long": {token: strings.Repeat("x", 1025), says: "1025 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			var sent []string
			calls := 0
			_, err := InstancesSocial(context.Background(), func(_ context.Context, r outbound.Request) (*outbound.Response, error) {
				sent = append(sent, r.Header.Values("Authorization")...)
				return &outbound.Response{Status: 200, Body: []byte(`{"instances":[{"name":"oak.social"}],"pagination":{}}`)}, nil
			}, func() (string, error) { calls++; return row.token, row.err })
			if row.sent != "" {
				if err != nil || len(sent) != 1 || sent[0] != row.sent || calls != 1 {
					t.Fatalf("sent %q after %d calls, error %v; want %q after 1", sent, calls, err, row.sent)
				}
				return
			}
			if len(sent) > 0 || ReasonOf(err) != ReasonToken || !strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), secret) {
				t.Fatalf("sent %q, error %v; want none sent and %q in the error", sent, err, row.says)
			}
			if row.err != nil && !errors.Is(err, none) {
				t.Fatalf("%v does not wrap %v", err, none)
			}
		})
	}
}

func FuzzReadPage(f *testing.F) {
	f.Add([]byte(`{"instances":[{"name":"oak.social"}],"pagination":{"next_id":"58e1"}}`), 5)
	f.Add([]byte(`{"pagination":{"next_id":7},"instances":[{"name":5},[[[[`), 1)
	f.Add([]byte(`{"instances":[{},{}],"instances":[{},{}],"pagination":{}}`), 3)
	f.Add([]byte(`{"instances":[{"name":"`+strings.Repeat("a", maxEntry+1)+`"}],"pagination":{}}`), 1)
	f.Fuzz(func(t *testing.T, body []byte, room int) {
		if room < 1 || room > MaxNames {
			return
		}
		names, next, err := readPage(body, room)
		if len(names) > room || len(names) > len(body) || len(next) > instancesSocialID || err != nil && (len(names) > 0 || next != "") {
			t.Fatalf("%d names and next %q out of %d bytes, room for %d, error %v", len(names), next, len(body), room, err)
		}
		if err != nil && ReasonOf(err) != ReasonShape {
			t.Fatalf("%v has reason %q", err, ReasonOf(err))
		}
		if slices.ContainsFunc(names, func(s string) bool { return len(s) > maxEntry }) {
			t.Fatal("a huge name was kept")
		}
	})
}
