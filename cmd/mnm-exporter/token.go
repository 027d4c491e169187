package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	"github.com/mattn/go-mastodon"
	"github.com/prometheus/common/version"

	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/outbound"
)

const (
	projectURL = "https://github.com/mnm-social/mnm"
	// outOfBand makes the server show the code to the user, who types it in here: nobody needs to reach this machine.
	outOfBand = "urn:ietf:wg:oauth:2.0:oob"
	// tokenScopes are what is needed to read pages of timelines with the token, to see that it has a user, and what narrows the
	// stream for that user. The public streams themselves want no scope.
	tokenScopes = "read:accounts read:blocks read:mutes read:statuses"
	// tokenLimit bounds what is typed in and what a server gives us to keep, in bytes. A token of Mastodon has 43.
	tokenLimit = 1024
	// listLimit is the longest page of blocks and mutes that Mastodon gives.
	listLimit = 80
)

// tokenOptions are the flags of the subcommand that gets a token.
type tokenOptions struct {
	host, output string
	force        bool
}

func (o *tokenOptions) command(app *kingpin.Application) {
	c := app.Command("token", "Get a user's token from a server, with which its timelines are streamed.")
	c.Arg("host", "The server, such as mastodon.social.").Required().StringVar(&o.host)
	c.Flag("output", "The file to write the token to; only you may read it.").Required().PlaceHolder("FILE").StringVar(&o.output)
	c.Flag("force", "Replace the file if it is there already.").BoolVar(&o.force)
}

// tokens gets a token from one server.
type tokens struct {
	host   domain.Name
	server string // its URL
	client *outbound.Client
	app    *mastodon.Application
	token  string
}

// getToken leads the operator through getting a token, and writes it to the file. Nothing that the server says gets into an error
// but the status, and of the rest only the user's name and a client's id are shown, escaped.
func getToken(ctx context.Context, net outbound.Net, o tokenOptions, in io.Reader, out io.Writer) error {
	host, err := domain.Parse(o.host)
	if err != nil {
		return fmt.Errorf("the host: %w; write the name of a server, such as mastodon.social", err)
	}
	path, err := filepath.Abs(o.output)
	if err != nil {
		return fmt.Errorf("the file %q: %w", o.output, err)
	}
	file, err := createSecret(path, o.force) // before anybody is asked: a token that cannot be written is lost
	if err != nil {
		return err
	}
	defer file.discard()
	t := &tokens{host: host, server: "https://" + host.String(), client: outbound.New(outbound.Options{
		Net: net, UserAgent: outbound.UserAgent(cmp.Or(version.Version, "dev"), projectURL, ""),
	})}
	defer t.client.Close()

	if err := t.register(ctx); err != nil {
		return err
	}
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format, args...) } // what goes wrong shows in what is missing
	say("Open this in a browser in which you are logged in to %s, best with an account made for this, and allow it to read:\n\n%s\n\nThe code that is shown then, within ten minutes: ",
		host, t.authorizeURL())
	code, err := readCode(ctx, in)
	if err != nil {
		return err
	}
	say("\n")
	if err := t.exchange(ctx, code); err != nil {
		return err
	}
	user, err := t.user(ctx)
	if err != nil {
		return err
	}
	say("%s", t.narrowed(ctx, user))
	if err := file.keep(t.token); err != nil {
		return err
	}
	say(tokenWritten, path, host, path)
	return nil
}

const tokenWritten = `
The token is in %s. Only you may read it, so run the exporter as the same user or give it the file.
Put this into the configuration, with scope local, or federated, or one item for each:

timelines:
  servers:
    - host: %s
      scope: local
      token_file: %q
`

// libraryClient is for go-mastodon, which is trusted with the two requests that it does not repeat.
func (t *tokens) libraryClient() http.Client {
	return http.Client{Transport: t.client.RoundTripper(outbound.PurposeToken)}
}

// register registers an app of its own for this token, so that it can be revoked alone.
func (t *tokens) register(ctx context.Context) error {
	app, err := mastodon.RegisterApp(ctx, &mastodon.AppConfig{
		Client: t.libraryClient(), Server: t.server, ClientName: "MNM-Exporter", RedirectURIs: outOfBand, Scopes: tokenScopes, Website: projectURL,
	})
	if err == nil && (!isWord(app.ClientID) || !isWord(app.ClientSecret)) {
		err = errStrange
	}
	if err != nil {
		return fmt.Errorf("registering with %s: %w; see that this is the name of a server with Mastodon's API", t.host, plainly(err))
	}
	t.app = app
	return nil
}

// authorizeURL is where the user allows the app to read. It is not Application.AuthURI, which repeats the redirect from a field of
// the answer that is deprecated since Mastodon 4.3.
func (t *tokens) authorizeURL() string {
	return t.server + "/oauth/authorize?" + url.Values{
		"client_id": {t.app.ClientID}, "redirect_uri": {outOfBand}, "response_type": {"code"}, "scope": {tokenScopes},
	}.Encode()
}

// readCode reads the line that the user types. If ctx ends first, what waits for the line waits on until in has one or ends.
func readCode(ctx context.Context, in io.Reader) (string, error) {
	type line struct {
		text string
		err  error
	}
	read := make(chan line, 1)
	go func() {
		text, err := bufio.NewReader(io.LimitReader(in, tokenLimit+2)).ReadString('\n')
		read <- line{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", fmt.Errorf("waiting for the code: %w", context.Cause(ctx))
	case l := <-read:
		code := strings.TrimSpace(l.text)
		switch {
		case l.err != nil && !errors.Is(l.err, io.EOF):
			return "", fmt.Errorf("reading the code: %w", l.err)
		case code == "":
			return "", errors.New("reading the code: there is none; run this where you can type it in")
		case !isWord(code):
			return "", errors.New("reading the code: this is none; copy all of it and nothing else")
		}
		return code, nil
	}
}

// exchange gets the token for the code.
func (t *tokens) exchange(ctx context.Context, code string) error {
	library := &mastodon.Client{Client: t.libraryClient(), Config: &mastodon.Config{
		Server: t.server, ClientID: t.app.ClientID, ClientSecret: t.app.ClientSecret,
	}}
	err := library.GetUserAccessToken(ctx, code, outOfBand)
	if err == nil && !isWord(library.Config.AccessToken) {
		err = errStrange
	}
	if err != nil {
		return fmt.Errorf("getting the token from %s: %w; a code works once and for ten minutes: run this again for another", t.host, plainly(err))
	}
	t.token = library.Config.AccessToken
	return nil
}

// user is the name of the user whose token it is. An app's own token has none, and the stream refuses it.
func (t *tokens) user(ctx context.Context) (string, error) {
	var account struct {
		Username string `json:"username"`
	}
	status, err := t.ask(ctx, "/api/v1/accounts/verify_credentials", &account)
	switch {
	case status == http.StatusForbidden:
		return "", fmt.Errorf("asking %s whose token it is: it lets the user do nothing; see that the e-mail address is confirmed and the account approved, then run this again", t.host)
	case status == http.StatusUnauthorized, status == http.StatusUnprocessableEntity, err == nil && account.Username == "":
		return "", fmt.Errorf("the token from %s has no user, and such tokens are refused by its stream; run this again, and open the address where you are logged in", t.host)
	case err != nil:
		return "", fmt.Errorf("asking %s whose token it is: %w; try again later", t.host, err)
	}
	return account.Username, nil
}

// narrowed says what a user's stream leaves out, as far as it can be found out (Mastodon's streaming/index.js and PublicFeed).
func (t *tokens) narrowed(ctx context.Context, user string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nThis is the token of %.64q. What the user does not see is not counted:\n", user)
	for _, list := range []struct{ name, path string }{
		{"blocked accounts", "blocks"}, {"muted accounts", "mutes"}, {"blocked domains", "domain_blocks"},
	} {
		var all []json.RawMessage
		_, err := t.ask(ctx, fmt.Sprintf("/api/v1/%s?limit=%d", list.path, listLimit), &all)
		switch {
		case err != nil:
			fmt.Fprintf(&b, "  %s: not known, for %v\n", list.name, err)
		case len(all) >= listLimit:
			fmt.Fprintf(&b, "  %s: %d or more\n", list.name, listLimit)
		default:
			fmt.Fprintf(&b, "  %s: %d\n", list.name, len(all))
		}
	}
	b.WriteString("Servers do not tell which languages the user chose (Preferences, Other, Filter languages: tick none), nor who blocks the user.\n" +
		"Filters only mark posts, and leave none out.\n")
	return b.String()
}

// ask asks with the token for JSON. The status is 0 if there was no answer.
func (t *tokens) ask(ctx context.Context, path string, into any) (status int, err error) {
	resp, err := t.client.Get(ctx, outbound.Request{
		Purpose: outbound.PurposeToken, URL: t.server + path, Header: http.Header{"Authorization": {"Bearer " + t.token}},
	})
	switch {
	case err != nil:
		return 0, err
	case resp.Status != http.StatusOK:
		return resp.Status, statusError(resp.Status)
	case json.Unmarshal(resp.Body, into) != nil:
		return resp.Status, errStrange
	}
	return resp.Status, nil
}

// errStrange stands for an error that may quote what a server says.
var errStrange = errors.New("its answer is not Mastodon's")

func statusError(status int) error {
	return errors.New(strings.TrimSpace(fmt.Sprintf("it answers %d %s", status, http.StatusText(status))))
}

// plainly is an error of go-mastodon without what the server says in it.
func plainly(err error) error {
	var way *outbound.Error
	var api *mastodon.APIError
	switch {
	case errors.As(err, &way):
		return way
	case errors.As(err, &api):
		return statusError(api.StatusCode)
	}
	return errStrange
}

// isWord reports whether s can be a code, a token or the like: visible ASCII, and not too long.
func isWord(s string) bool {
	return s != "" && len(s) <= tokenLimit && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
