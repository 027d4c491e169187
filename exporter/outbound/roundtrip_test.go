package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	gomastodon "github.com/mattn/go-mastodon"
)

// library is how a library asks: it follows redirects unless it is told not to.
func library(c *Client, p Purpose) *http.Client { return &http.Client{Transport: c.RoundTripper(p)} }

// bodyOf is a request's body that says when it was closed.
type bodyOf struct {
	io.Reader
	closed int
}

func (b *bodyOf) Close() error { b.closed++; return nil }

func TestRoundTripper(t *testing.T) {
	endless := io.MultiReader(strings.NewReader(strings.Repeat("x", 65537)), broken{})
	for _, row := range []struct {
		name    string
		purpose Purpose
		method  string
		path    string
		body    io.Reader
		want    Reason
		status  string
		answer  string // its beginning
		length  int
	}{
		{"GET", PurposeToken, "GET", "/echo?q=1", nil, "", "200 OK", "GET /echo?q=1 of oak.social: ", 29},
		{"POST", PurposeToken, "POST", "/echo", strings.NewReader("a=b"), "", "200 OK", "POST /echo of oak.social: a=b", 29},
		{"a status", PurposeToken, "GET", "/teapot", nil, "", "418 I'm a teapot", "GET /teapot of", 27},
		{"a status that nobody knows", PurposeToken, "GET", "/odd", nil, "", "599 ", "GET /odd of", 24},
		{"a redirect", PurposeToken, "GET", "/moved", nil, "", "302 Found", "GET /moved of", 26},
		{"a big answer", PurposeToken, "GET", "/big?1048576", nil, "", "200 OK", "xxx", 1 << 20},
		{"one too big", PurposeToken, "GET", "/big?1048577", nil, ReasonTooBig, "", "", 0},
		{"a big body", PurposeToken, "POST", "/echo", strings.NewReader(strings.Repeat("x", 65536)), "", "200 OK", "POST /echo of", 26 + 65536},
		{"one too big", PurposeToken, "POST", "/echo", strings.NewReader(strings.Repeat("x", 65537)), ReasonTooBig, "", "", 0},
		{"one without an end", PurposeToken, "POST", "/echo", endless, ReasonTooBig, "", "", 0},
		{"one that breaks", PurposeToken, "POST", "/echo", broken{}, ReasonProtocol, "", "", 0},
		{"PUT", PurposeToken, "PUT", "/echo", nil, ReasonProtocol, "", "", 0},
		{"POST for another purpose", PurposeTimeline, "POST", "/echo", strings.NewReader("a=b"), ReasonProtocol, "", "", 0},
		{"no stream", PurposeStream, "GET", "/echo", nil, ReasonProtocol, "", "", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBox(t)
			b.serve("oak.social", "95.216.1.1", func(w http.ResponseWriter, r *http.Request) {
				if _, n, big := strings.Cut(r.RequestURI, "/big?"); big {
					var size int
					_, _ = fmt.Sscan(n, &size)
					_, _ = io.WriteString(w, strings.Repeat("x", size))
					return
				}
				for key, want := range map[string]string{
					"X-Own": "1", "Accept-Encoding": "gzip", "User-Agent": "MNM-Exporter/1.2.3 (+https://mnm.social; ops@mnm.social)",
				} {
					if got := r.Header.Get(key); got != want {
						t.Errorf("%s: %q", key, got)
					}
				}
				body, _ := io.ReadAll(r.Body)
				w.Header().Set("Location", "https://oak.social/echo")
				w.WriteHeader(map[string]int{"/moved": 302, "/teapot": 418, "/odd": 599, "/echo": 200}[r.URL.Path])
				fmt.Fprintf(w, "%s %s of %s: %s", r.Method, r.RequestURI, r.Host, body)
			})
			req, err := http.NewRequest(row.method, "https://oak.social"+row.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			body := &bodyOf{Reader: row.body}
			if row.body != nil {
				req.Body = body
			}
			req.Host = "elm.social"
			req.Header = http.Header{"X-Own": {"1"}, "User-Agent": {"liar"}, "Accept-Encoding": {"br"}, "Host": {"elm.social"}}
			resp, err := b.client().RoundTripper(row.purpose).RoundTrip(req)
			wantReason(t, err, row.want)
			if row.body != nil && body.closed != 1 {
				t.Errorf("the request's body was closed %d times", body.closed)
			}
			if len(req.Header) != 4 || req.Header.Get("User-Agent") != "liar" {
				t.Errorf("the request was changed: %v", req.Header)
			}
			if err != nil {
				if b.refused[row.want]+b.sent[PurposeToken] != 1 {
					t.Errorf("refused %v, sent %v", b.refused, b.sent)
				}
				return
			}
			answer, err := io.ReadAll(resp.Body)
			if err != nil || resp.Body.Close() != nil {
				t.Error(err)
			}
			if resp.Status != row.status || !strings.HasPrefix(row.status, fmt.Sprint(resp.StatusCode)) || resp.Request != req || resp.TLS == nil {
				t.Errorf("%s (%d)", resp.Status, resp.StatusCode)
			}
			if !strings.HasPrefix(string(answer), row.answer) || len(answer) != row.length || resp.ContentLength != int64(row.length) {
				t.Errorf("%d bytes, %d announced: %.80s", len(answer), resp.ContentLength, answer)
			}
			if b.sent[PurposeToken] != 1 {
				t.Errorf("sent %v", b.sent)
			}
		})
	}
}

// broken is a body that can't be read.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("broken") }

// An http.Client would take a form with its secrets wherever a 307 leads.
func TestRoundTripperLeadsNowhere(t *testing.T) {
	b := newBox(t)
	b.serve("oak.social", "95.216.6.1", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "https://elm.social/")
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	b.serve("elm.social", "95.216.6.2", func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s at elm.social", r.Method) })
	c := library(b.client(), PurposeToken)
	_, err := c.Post("https://oak.social/oauth/token", "text/plain", strings.NewReader(secret))
	if ReasonOf(err) != ReasonRedirect || !strings.HasSuffix(err.Error(), ": redirect: not followed") {
		t.Errorf("%v", err)
	}
	if b.sent[PurposeToken] != 1 || b.refused[ReasonRedirect] != 1 {
		t.Errorf("sent %v, refused %v", b.sent, b.refused)
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := c.Post("https://oak.social/oauth/token", "text/plain", strings.NewReader(secret))
	if err != nil || resp.StatusCode != http.StatusTemporaryRedirect || resp.Header.Get("Location") != "https://elm.social/" {
		t.Errorf("%+v, %v", resp, err)
	}
}

func TestRoundTripperHeedsTheContext(t *testing.T) {
	b := newBox(t)
	reached := make(chan struct{})
	b.serve("oak.social", "95.216.1.1", func(_ http.ResponseWriter, r *http.Request) {
		close(reached)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-reached; cancel() }()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://oak.social/", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = library(b.client(), PurposeToken).Do(req)
	if ReasonOf(err) != ReasonCanceled {
		t.Error(err)
	}
}

// The library that gets tokens works through it, from the app's registration to the token's user.
func TestGoMastodonGetsAToken(t *testing.T) {
	b := newBox(t)
	b.serve("oak.social", "95.216.1.1", func(w http.ResponseWriter, r *http.Request) {
		switch r.Method + " " + r.URL.Path {
		case "POST /api/v1/apps":
			fmt.Fprintf(w, `{"id": "1", "redirect_uri": %q, "client_id": "the id", "client_secret": "the secret"}`, r.FormValue("redirect_uris"))
		case "POST /oauth/token":
			if r.FormValue("client_secret") != "the secret" || r.FormValue("code") != "the code" {
				http.Error(w, `{"error": "invalid_grant"}`, http.StatusBadRequest)
				return
			}
			fmt.Fprint(w, `{"access_token": "the token"}`)
		case "GET /api/v1/accounts/verify_credentials":
			if r.Header.Get("Authorization") != "Bearer the token" || r.Header.Get("User-Agent") != "MNM-Exporter/1.2.3 (+https://mnm.social; ops@mnm.social)" {
				http.Error(w, `{"error": "no"}`, http.StatusUnauthorized)
				return
			}
			fmt.Fprint(w, `{"acct": "oak"}`)
		default:
			http.NotFound(w, r)
		}
	})
	c := b.client()
	app, err := gomastodon.RegisterApp(t.Context(), &gomastodon.AppConfig{
		Client: *library(c, PurposeToken), Server: "https://oak.social", ClientName: "MNM", Scopes: "read:statuses",
	})
	if err != nil {
		t.Fatal(err)
	}
	if app.ClientID != "the id" || app.RedirectURI != "urn:ietf:wg:oauth:2.0:oob" {
		t.Errorf("%+v", app)
	}
	m := gomastodon.NewClient(&gomastodon.Config{Server: "https://oak.social", ClientID: app.ClientID, ClientSecret: app.ClientSecret})
	m.Client = *library(c, PurposeToken)
	if err := m.GetUserAccessToken(t.Context(), "another code", app.RedirectURI); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
		t.Errorf("a wrong code: %v", err)
	}
	if err := m.GetUserAccessToken(t.Context(), "the code", app.RedirectURI); err != nil {
		t.Fatal(err)
	}
	account, err := m.GetAccountCurrentUser(t.Context())
	if err != nil || account.Acct != "oak" {
		t.Errorf("%+v, %v", account, err)
	}
	if b.sent[PurposeToken] != 4 || len(c.places.at) != 0 {
		t.Errorf("sent %v, places %v", b.sent, c.places.at)
	}
}
