package outbound

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestRedirects(t *testing.T) {
	rows := []struct {
		name    string
		purpose Purpose
		from    string            // URL asked for
		to      map[string]string // "host/path" to Location; a leading number is the status, else 302
		want    Reason
		end     string // URL of the answer
		status  int
		sends   map[string]int // what counts against each host
	}{
		{"to www", PurposeNodeInfo, "https://oak.social/n", map[string]string{"oak.social/n": "https://www.oak.social/n2"},
			"", "https://www.oak.social/n2", 200, map[string]int{"oak.social": 1, "www.oak.social": 1}},
		{"relative", PurposeNodeInfo, "https://oak.social/a/b", map[string]string{"oak.social/a/b": "../c?q=1#f"},
			"", "https://oak.social/c?q=1", 200, map[string]int{"oak.social": 2}},
		{"every status", PurposeDirectory, "https://oak.social/1", map[string]string{
			"oak.social/1": "301 /2", "oak.social/2": "307 /3", "oak.social/3": "308 /4"},
			"", "https://oak.social/4", 200, map[string]int{"oak.social": 0}},
		{"303", PurposeNodeInfo, "https://oak.social/1", map[string]string{"oak.social/1": "303 /2"},
			"", "https://oak.social/2", 200, map[string]int{"oak.social": 2}},
		{"300 is an answer", PurposeNodeInfo, "https://oak.social/1", map[string]string{"oak.social/1": "300 /2"},
			"", "https://oak.social/1", 300, map[string]int{"oak.social": 1}},
		{"without a place", PurposeNodeInfo, "https://oak.social/1", map[string]string{"oak.social/1": "302 "},
			"", "https://oak.social/1", 302, map[string]int{"oak.social": 1}},
		{"three", PurposeHTTPS, "https://oak.social/1", map[string]string{
			"oak.social/1": "/2", "oak.social/2": "/3", "oak.social/3": "/4"},
			"", "https://oak.social/4", 200, map[string]int{"oak.social": 4}},
		{"four", PurposeDirectory, "https://oak.social/1", map[string]string{
			"oak.social/1": "/2", "oak.social/2": "/3", "oak.social/3": "/4", "oak.social/4": "/5"},
			ReasonRedirect, "", 0, nil},
		{"in a circle", PurposeHTTPS, "https://oak.social/1", map[string]string{"oak.social/1": "/2", "oak.social/2": "/1"},
			ReasonRedirect, "", 0, map[string]int{"oak.social": 2}},
		{"to itself", PurposeHTTPS, "https://oak.social/1", map[string]string{"oak.social/1": "/1#x"},
			ReasonRedirect, "", 0, map[string]int{"oak.social": 1}},
		{"to another domain", PurposeHTTPS, "https://oak.social/", map[string]string{"oak.social/": "https://elm.social/"},
			ReasonRedirect, "", 0, map[string]int{"oak.social": 1, "elm.social": 0}},
		{"to another tenant of a public suffix", PurposeHTTPS, "https://oak.ynh.fr/",
			map[string]string{"oak.ynh.fr/": "https://elm.ynh.fr/"}, ReasonRedirect, "", 0, map[string]int{"elm.ynh.fr": 0}},
		{"a directory moves", PurposeDirectory, "https://oak.social/", map[string]string{"oak.social/": "https://elm.social/"},
			"", "https://elm.social/", 200, nil},
		{"to http", PurposeHTTPS, "https://oak.social/", map[string]string{"oak.social/": "http://oak.social/"}, ReasonRedirect, "", 0, nil},
		{"to http, a directory", PurposeDirectory, "https://oak.social/", map[string]string{"oak.social/": "http://oak.social/"}, ReasonRedirect, "", 0, nil},
		{"to another port", PurposeHTTPS, "https://oak.social/", map[string]string{"oak.social/": "https://oak.social:8443/"}, ReasonRedirect, "", 0, nil},
		{"with a user", PurposeHTTPS, "https://oak.social/", map[string]string{"oak.social/": "https://a:b@oak.social/"}, ReasonRedirect, "", 0, nil},
		{"to a file", PurposeDirectory, "https://oak.social/", map[string]string{"oak.social/": "file:///etc/passwd"}, ReasonRedirect, "", 0, nil},
		{"to loopback", PurposeDirectory, "https://oak.social/", map[string]string{"oak.social/": "https://127.0.0.1/"}, ReasonRedirect, "", 0, nil},
		{"to metadata", PurposeDirectory, "https://oak.social/", map[string]string{"oak.social/": "//169.254.169.254/x"}, ReasonRedirect, "", 0, nil},
		{"to localhost", PurposeDirectory, "https://oak.social/", map[string]string{"oak.social/": "https://localhost/"}, ReasonRedirect, "", 0, nil},
		{"to a private name of its own", PurposeHTTPS, "https://oak.social/",
			map[string]string{"oak.social/": "https://inside.oak.social/"}, ReasonAddress, "", 0, map[string]int{"inside.oak.social": 0}},
		{"to a private name, a directory", PurposeDirectory, "https://oak.social/",
			map[string]string{"oak.social/": "https://inside.oak.social/"}, ReasonAddress, "", 0, nil},
		{"to a name that does not exist", PurposeHTTPS, "https://oak.social/",
			map[string]string{"oak.social/": "https://none.oak.social/"}, ReasonNoAddress, "", 0, nil},
		{"to nonsense", PurposeHTTPS, "https://oak.social/", map[string]string{"oak.social/": "https://%zz/"}, ReasonRedirect, "", 0, nil},
		{"to a long URL", PurposeHTTPS, "https://oak.social/", map[string]string{"oak.social/": "/" + strings.Repeat("x", 3000)}, ReasonRedirect, "", 0, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			b := newBox(t)
			handler := func(w http.ResponseWriter, r *http.Request) {
				to, moved := row.to[r.Host+r.URL.Path]
				if !moved {
					return
				}
				status := http.StatusFound
				if _, err := fmt.Sscanf(to, "%d", &status); err == nil {
					_, to, _ = strings.Cut(to, " ")
				}
				if to != "" {
					w.Header().Set("Location", to)
				}
				w.WriteHeader(status)
			}
			for i, host := range []string{"oak.social", "www.oak.social", "elm.social", "oak.ynh.fr", "elm.ynh.fr"} {
				b.serve(host, fmt.Sprintf("95.216.6.%d", i), handler)
			}
			b.name("inside.oak.social", "10.0.0.1")
			c := b.client()
			resp, err := c.Get(t.Context(), Request{Purpose: row.purpose, URL: row.from})
			wantReason(t, err, row.want)
			if err == nil && (resp.URL.String() != row.end || resp.Status != row.status) {
				t.Errorf("%d from %s", resp.Status, resp.URL)
			}
			if err != nil && (b.refused[row.want] != 1 || len(err.Error()) > 250) {
				t.Errorf("counted %v; %v", b.refused, err)
			}
			for host, n := range row.sends {
				wantSends(t, c, host, n)
			}
			if len(c.places.at) != 0 {
				t.Error("a place was kept")
			}
		})
	}
}

func TestSecretsAndSameHostOnRedirects(t *testing.T) {
	b := newBox(t)
	var mu sync.Mutex
	got := map[string]string{}
	handler := func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		got[r.Host+r.URL.Path] = r.Header.Get("Authorization") + "|" + r.Header.Get("If-None-Match")
		mu.Unlock()
		switch r.URL.Path {
		case "/1":
			http.Redirect(w, r, "/2", http.StatusFound)
		case "/2":
			http.Redirect(w, r, "https://elm.social/3", http.StatusFound)
		}
	}
	b.serve("oak.social", "95.216.6.1", handler)
	b.serve("elm.social", "95.216.6.2", handler)
	c := b.client()
	r := Request{Purpose: PurposeReleases, URL: "https://oak.social/1", Header: http.Header{"authorization": {"Bearer s"}, "If-None-Match": {"e"}}}
	if _, err := c.Get(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"oak.social/1": "Bearer s|e", "oak.social/2": "|e", "elm.social/3": "|e"}
	for key, value := range want {
		if got[key] != value {
			t.Errorf("%s got %q", key, got[key])
		}
	}
	r.SameHost = true
	_, err := c.Get(t.Context(), r)
	wantReason(t, err, ReasonRedirect)
}

func TestRedirectsAreFollowedWhereAllowed(t *testing.T) {
	for _, row := range []struct {
		name    string
		forbids string // this target
		want    Reason
		asked   []string // what Allowed is asked about
		sent    []string // what the server is
	}{
		{"all", "", "", []string{"oak.social/2?q=%41", "www.oak.social/"}, []string{"oak.social/1", "oak.social/2?q=%41", "www.oak.social/"}},
		{"all but another", "oak.social/1", "", []string{"oak.social/2?q=%41", "www.oak.social/"},
			[]string{"oak.social/1", "oak.social/2?q=%41", "www.oak.social/"}}, // the first URL is the caller's own
		{"not the first", "oak.social/2?q=%41", ReasonRobots, []string{"oak.social/2?q=%41"}, []string{"oak.social/1"}},
		{"not the second", "www.oak.social/", ReasonRobots, []string{"oak.social/2?q=%41", "www.oak.social/"},
			[]string{"oak.social/1", "oak.social/2?q=%41"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBox(t)
			var asked, sent []string
			handler := func(w http.ResponseWriter, r *http.Request) {
				sent = append(sent, r.Host+r.RequestURI)
				if to := map[string]string{"/1": "/2?q=%41#f", "/2": "https://www.oak.social"}[r.URL.Path]; to != "" {
					w.Header().Set("Location", to)
					w.WriteHeader(http.StatusFound)
				}
			}
			b.serve("oak.social", "95.216.6.1", handler)
			b.serve("www.oak.social", "95.216.6.2", handler)
			c := b.client()
			_, err := c.Get(t.Context(), Request{Purpose: PurposeNodeInfo, URL: "https://oak.social/1", Allowed: func(u *url.URL) bool {
				at := u.Host + u.RequestURI()
				u.Path = "/elsewhere" // it is the caller's own
				asked = append(asked, at)
				return at != row.forbids
			}})
			wantReason(t, err, row.want)
			if !slices.Equal(asked, row.asked) || !slices.Equal(sent, row.sent) {
				t.Errorf("asked about %q, sent %q", asked, sent)
			}
			if n := b.refused[ReasonRobots]; (n == 1) != (row.want != "") {
				t.Errorf("counted %v", b.refused)
			}
			if len(c.places.at) != 0 {
				t.Error("a place was kept")
			}
		})
	}
}

// Where we go in no case, nobody is asked whether we may.
func TestAllowedIsNoWayAround(t *testing.T) {
	b := newBox(t)
	b.serve("oak.social", "95.216.6.1", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", r.URL.Query().Get("to"))
		w.WriteHeader(http.StatusFound)
	})
	c := b.client()
	for _, to := range []string{"https://elm.social/", "http://oak.social/", "https://127.0.0.1/"} {
		_, err := c.Get(t.Context(), Request{
			Purpose: PurposeHTTPS, URL: "https://oak.social/?to=" + url.QueryEscape(to),
			Allowed: func(u *url.URL) bool { t.Errorf("asked about %s", u); return true },
		})
		wantReason(t, err, ReasonRedirect)
	}
}

// After Wait one request fits: a chain that needs more is refused again, until a whole window has passed.
func TestBudgetInsideAChain(t *testing.T) {
	b := newBox(t)
	b.serve("oak.social", "95.216.6.1", func(w http.ResponseWriter, r *http.Request) {
		if to := map[string]string{"/1": "/2", "/2": "/3"}[r.URL.Path]; to != "" {
			http.Redirect(w, r, to, http.StatusFound)
		}
	})
	c := b.client()
	for _, row := range []struct {
		after time.Duration
		path  string
		want  time.Duration // Error.Wait; 0: an answer
	}{
		{0, "/3", 0},
		{time.Minute, "/3", 0},
		{9 * time.Minute, "/1", 50 * time.Minute}, // two of three
		{50 * time.Minute, "/1", time.Minute},     // one of three
		{time.Hour, "/1", 0},
	} {
		b.pass(row.after)
		_, err := c.Get(t.Context(), Request{Purpose: PurposeNodeInfo, URL: "https://oak.social" + row.path})
		wait := time.Duration(0)
		if e := (*Error)(nil); errors.As(err, &e) {
			wait = e.Wait
			wantReason(t, err, ReasonBudget)
		}
		if wait != row.want || (err == nil) != (row.want == 0) {
			t.Errorf("%v later, %s: %v, %v to wait", row.after, row.path, err, wait)
		}
	}
}
