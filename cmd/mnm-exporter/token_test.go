package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mnm-social/mnm/demo"
	"github.com/mnm-social/mnm/exporter"
	"github.com/mnm-social/mnm/exporter/outbound"
)

// operator runs the subcommand, opens the address that it prints, and types in a code.
type operator struct {
	outbound.Net
	tokenOptions
	ctx    context.Context
	browse func(address string) // called while the program waits for the code
	code   string               // what is typed in before the input ends
}

func (f *fake) operator(t *testing.T) *operator {
	return &operator{
		Net: f.Net, tokenOptions: tokenOptions{host: fakeHost, output: filepath.Join(t.TempDir(), "token")},
		ctx: t.Context(), browse: func(address string) { f.browse(t, address) }, code: fakeCode + "\n",
	}
}

var printedURL = regexp.MustCompile(`https://\S+`)

// run returns what was printed. It holds that no secret is in it, nor in the error, nor what a stranger says.
func (o *operator) run(t *testing.T) (string, error) {
	t.Helper()
	in, keyboard := io.Pipe()
	var out output
	ended := make(chan error, 1)
	go func() {
		err := getToken(o.ctx, o.Net, o.tokenOptions, in, &out)
		_ = in.CloseWithError(io.ErrClosedPipe) // whoever types on, types nowhere
		ended <- err
	}()
	typed := make(chan struct{})
	go func() {
		defer close(typed)
		if _, err := keyboard.Write(nil); err != nil { // which waits until somebody reads
			return
		}
		o.browse(printedURL.FindString(out.String()))
		_, _ = io.WriteString(keyboard, o.code)
		_ = keyboard.Close()
	}()
	err := <-ended
	<-typed
	for _, secret := range []string{fakeSecret, fakeToken, fakeCode, fakeWords} {
		if all := out.String() + fmt.Sprint(err); strings.Contains(all, secret) {
			t.Errorf("%s is shown:\n%s", secret, all)
		}
	}
	return out.String(), err
}

func TestToken(t *testing.T) {
	f := newFake(t)
	f.lists["/api/v1/blocks"], f.lists["/api/v1/mutes"] = 2, 80
	f.instead["/api/v1/domain_blocks"] = answer(http.StatusForbidden, `{"error": "`+fakeWords+`"}`)
	o := f.operator(t)
	o.host = "https://Example.COM/"
	o.browse = func(address string) {
		f.browse(t, address)
		private(t, o.output, "")
	}
	out, err := o.run(t)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	private(t, o.output, fakeToken+"\n")
	for _, want := range []string{
		`the token of "alice"`, "blocked accounts: 2\n", "muted accounts: 80 or more\n", "blocked domains: not known, for it answers 403 Forbidden\n", "Filter languages",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}

	_, yaml, _ := strings.Cut(out, "\ntimelines:")
	c, err := exporter.LoadFile(write(t, "timelines:"+yaml))
	if err != nil {
		t.Fatal(err)
	}
	if s := c.Timelines.Servers; len(s) != 1 || s[0].Host.String() != fakeHost || s[0].Scope != "local" || s[0].TokenFile != o.output {
		t.Errorf("the lines for the configuration say %+v", s)
	}
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// TestTokenTrouble holds that whatever a server answers, the error says at which step and what to do, and no file is left.
func TestTokenTrouble(t *testing.T) {
	const apps, oauth, verify = "/api/v1/apps", "/oauth/token", "/api/v1/accounts/verify_credentials"
	html := answer(http.StatusOK, "<!DOCTYPE html><title>"+fakeWords+"</title>")
	said := func(status int) http.HandlerFunc { return answer(status, `{"error": "`+fakeWords+`"}`) }
	huge := answer(http.StatusOK, `{"client_id": "`+strings.Repeat("x", 2<<20))
	for name, row := range map[string]struct {
		path    string
		instead http.HandlerFunc
		want    string
	}{
		"no Mastodon":         {apps, said(http.StatusNotFound), "registering with example.com: it answers 404 Not Found; see that this is the name"},
		"HTML":                {apps, html, "registering with example.com: its answer is not Mastodon's; see"},
		"refused scopes":      {apps, said(http.StatusUnprocessableEntity), "registering with example.com: it answers 422 Unprocessable Entity; see"},
		"a strange status":    {apps, said(599), "registering with example.com: it answers 599; see"},
		"endless":             {apps, huge, "registering with example.com: too_big:"},
		"elsewhere":           {apps, http.RedirectHandler("https://social.example.com/api/v1/apps", http.StatusTemporaryRedirect).ServeHTTP, "registering with example.com: redirect: not followed; see"},
		"no id":               {apps, answer(http.StatusOK, `{"client_secret": "`+fakeSecret+`"}`), "its answer is not Mastodon's"},
		"a long id":           {apps, answer(http.StatusOK, `{"client_id": "`+strings.Repeat("x", 1025)+`", "client_secret": "x"}`), "its answer is not Mastodon's"},
		"an id with controls": {apps, answer(http.StatusOK, `{"client_id": "x\u001b[2J", "client_secret": "x"}`), "its answer is not Mastodon's"},
		"a secret number":     {apps, answer(http.StatusOK, `{"client_id": "x", "client_secret": 12345678}`), "its answer is not Mastodon's"},

		"no token":            {oauth, answer(http.StatusOK, `{}`), "getting the token from example.com: its answer is not Mastodon's; a code works once and for ten minutes"},
		"a token in lines":    {oauth, answer(http.StatusOK, `{"access_token": "TOKEN\nof"}`), "its answer is not Mastodon's"},
		"a token of HTML":     {oauth, html, "its answer is not Mastodon's"},
		"an endless token":    {oauth, huge, "getting the token from example.com: too_big"},
		"too many tokens":     {oauth, said(http.StatusTooManyRequests), "getting the token from example.com: it answers 429 Too Many Requests; "},
		"a token from others": {oauth, http.RedirectHandler("https://other.example.net/", http.StatusPermanentRedirect).ServeHTTP, "redirect: not followed; "},

		"an app's token":         {verify, said(http.StatusUnprocessableEntity), "the token from example.com has no user, and such tokens are refused by its stream; run this again"},
		"an app's token, later":  {verify, said(http.StatusUnauthorized), "has no user"},
		"a user without a name":  {verify, answer(http.StatusOK, `{"id": "1"}`), "has no user"},
		"a user not approved":    {verify, said(http.StatusForbidden), "asking example.com whose token it is: it lets the user do nothing; see that the e-mail address is confirmed"},
		"a server in trouble":    {verify, said(http.StatusServiceUnavailable), "asking example.com whose token it is: it answers 503 Service Unavailable; try again later"},
		"too many requests":      {verify, said(http.StatusTooManyRequests), "it answers 429 Too Many Requests; try again later"},
		"a user of HTML":         {verify, html, "asking example.com whose token it is: its answer is not Mastodon's; try again later"},
		"an endless user":        {verify, huge, "asking example.com whose token it is: too_big"},
		"a user from elsewhere":  {verify, http.RedirectHandler("https://other.example.net/"+fakeWords, http.StatusFound).ServeHTTP, "asking example.com whose token it is: redirect: to another domain; "},
		"a user who is a number": {verify, answer(http.StatusOK, `{"username": 7}`), "its answer is not Mastodon's"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.instead[row.path] = row.instead
			o := f.operator(t)
			out, err := o.run(t)
			if err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line with %q; output:\n%s", err, row.want, out)
			}
			alone(t, filepath.Dir(o.output))
			if last := f.asked[len(f.asked)-1]; last != row.path {
				t.Errorf("after %s it went on to %s", row.path, last)
			}
		})
	}
}

// TestTokenOfStranger holds that a name cannot do anything to the terminal.
func TestTokenOfStranger(t *testing.T) {
	f := newFake(t)
	f.instead["/api/v1/accounts/verify_credentials"] = answer(http.StatusOK, `{"username": "a\u001b]0;\u202e`+strings.Repeat("b", 100)+`"}`)
	out, err := f.operator(t).run(t)
	if want := `of "a\x1b]0;\u202e` + strings.Repeat("b", 58) + `".`; err != nil || !strings.Contains(out, want) {
		t.Errorf("%v, no %s in\n%q", err, want, out)
	}
}

func TestTokenCode(t *testing.T) {
	for name, row := range map[string]struct{ code, want string }{
		"without an end of line": {fakeCode, ""},
		"with white space":       {"  " + fakeCode + " \r\n", ""},
		"nothing":                {"", "reading the code: there is none"},
		"an empty line":          {"\n" + fakeCode, "reading the code: there is none"},
		"words":                  {fakeCode + " " + fakeCode + "\n", "reading the code: this is none"},
		"controls":               {fakeCode + "\x1b[A\n", "reading the code: this is none"},
		"too much":               {strings.Repeat("x", 1<<20), "reading the code: this is none"},
		"a wrong one":            {"another\n", "getting the token from example.com: it answers 400 Bad Request; a code works once and for ten minutes: run this again for another"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newFake(t).operator(t)
			o.code = row.code
			_, err := o.run(t)
			if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
				t.Errorf("error %v, want %q", err, row.want)
			}
		})
	}
}

// TestTokenInterrupted holds that Ctrl-C works, both while the program waits for the operator and for the server.
func TestTokenInterrupted(t *testing.T) {
	t.Run("by the operator", func(t *testing.T) {
		o := newFake(t).operator(t)
		ctx, stop := context.WithCancel(t.Context())
		o.ctx, o.browse, o.code = ctx, func(string) { stop() }, ""
		if _, err := o.run(t); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "waiting for the code") {
			t.Errorf("error %v", err)
		}
		alone(t, filepath.Dir(o.output))
	})
	t.Run("at the server", func(t *testing.T) {
		f := newFake(t)
		o := f.operator(t)
		ctx, stop := context.WithCancel(t.Context())
		o.ctx = ctx
		f.instead["/oauth/token"] = func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // else net/http does not look whether the connection is closed
			stop()
			<-r.Context().Done()
		}
		if _, err := o.run(t); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		alone(t, filepath.Dir(o.output))
	})
}

// TestTokenDemo gets a token from the demo, whose page with the code is opened as a browser does.
func TestTokenDemo(t *testing.T) {
	now := time.Now()
	box, err := demo.Serve(demo.WorldOf([]demo.Spec{{Name: "oak.social"}, {Name: "elm.social", Software: "misskey"}}, now), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	browser := outbound.New(outbound.Options{Net: box.Net()})
	t.Cleanup(browser.Close)
	o := (&fake{Net: box.Net()}).operator(t)
	o.host = "oak.social"
	o.browse = func(address string) {
		page, err := browser.Get(t.Context(), outbound.Request{Purpose: outbound.PurposeHTTPS, URL: address})
		if err != nil {
			t.Errorf("opening %s: %v", address, err)
			return
		}
		_, code, _ := strings.Cut(string(page.Body), `value="`)
		code, _, _ = strings.Cut(code, `"`)
		o.code = code + "\n"
	}
	out, err := o.run(t)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	private(t, o.output, demo.UserToken+"\n")
	for _, want := range []string{"blocked accounts: 1\n", "muted accounts: 1\n", "blocked domains: 2\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}

	o.host, o.force = "elm.social", true
	if _, err := o.run(t); err == nil || !strings.Contains(err.Error(), "registering with elm.social: it answers 404 Not Found; ") {
		t.Errorf("of a server without this API: %v", err)
	}
	private(t, o.output, demo.UserToken+"\n")
}
