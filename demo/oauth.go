package demo

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
)

// outOfBand is the redirect of an application that can't be redirected to: the code is shown to be copied.
const outOfBand = "urn:ietf:wg:oauth:2.0:oob"

// demoCode is the code that a user gets who lets an application in.
const demoCode = "demo-authorization-code"

// token answers for what is needed to get a token, and for what a token is for.
func (v *visitOf) token() {
	if err := v.r.ParseForm(); err != nil {
		v.refuse(http.StatusBadRequest, "Bad request")
		return
	}
	posted := v.r.Method == http.MethodPost
	switch path := v.r.URL.Path; {
	case !v.st.Mastodon, posted != (path == "/api/v1/apps" || path == "/oauth/token"):
		v.refuse(http.StatusNotFound, "Not found")
	case path == "/api/v1/apps":
		v.registerApp()
	case path == "/oauth/authorize":
		v.authorize()
	case path == "/oauth/token":
		v.grant()
	default:
		v.account(path)
	}
}

// client is what an application of a name is known by.
func (v *visitOf) client() (id, secret string) {
	return fmt.Sprintf("client-%016x", draw(uint64(v.i), 1)), fmt.Sprintf("secret-%016x", draw(uint64(v.i), 2))
}

func (v *visitOf) registerApp() {
	form := v.r.PostForm
	if form.Get("client_name") == "" || form.Get("redirect_uris") == "" {
		v.refuse(http.StatusUnprocessableEntity, "Validation failed: Application name can't be blank, Redirect URI can't be blank")
		return
	}
	id, secret := v.client()
	redirect := form.Get("redirect_uris")
	v.json(object{
		"id": "1", "name": form.Get("client_name"), "website": some(form.Get("website")), "redirect_uri": redirect,
		"redirect_uris": strings.Fields(redirect), "scopes": strings.Fields(form.Get("scopes")), "client_id": id, "client_secret": secret, "vapid_key": "",
	}, nil)
}

// authorize is what a user sees in the browser: this one is always logged in, and lets everybody in.
func (v *visitOf) authorize() {
	form := v.r.Form
	id, _ := v.client()
	redirect, err := url.Parse(form.Get("redirect_uri"))
	if form.Get("client_id") != id || form.Get("response_type") != "code" || err != nil || form.Get("redirect_uri") == "" {
		v.note(refused, nil)
		v.page(http.StatusBadRequest, "<title>Error</title><p>Client authentication failed.")
		return
	}
	v.note(fine, nil)
	if form.Get("redirect_uri") == outOfBand {
		v.page(http.StatusOK, `<title>Code</title><p>Copy this code: <input class="oauth-code" readonly value="`+html.EscapeString(demoCode)+`">`)
		return
	}
	q := redirect.Query()
	q.Set("code", demoCode)
	if state := form.Get("state"); state != "" {
		q.Set("state", state)
	}
	redirect.RawQuery = q.Encode()
	http.Redirect(v.w, v.r, redirect.String(), http.StatusFound)
}

// grant gives a token for a code, or one for the application itself.
func (v *visitOf) grant() {
	form := v.r.PostForm
	id, secret := v.client()
	deny := func(code int, kind, why string) {
		v.note(refused, nil)
		writeJSON(v.w, code, object{"error": kind, "error_description": why})
	}
	given := object{"token_type": "Bearer", "scope": form.Get("scope"), "created_at": v.n.date(v.now).Unix()}
	switch {
	case form.Get("client_id") != id || form.Get("client_secret") != secret:
		deny(http.StatusUnauthorized, "invalid_client", "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.")
		return
	case form.Get("grant_type") == "client_credentials":
		given["access_token"] = AppToken
	case form.Get("grant_type") != "authorization_code":
		deny(http.StatusBadRequest, "unsupported_grant_type", "The authorization grant type is not supported by the authorization server.")
		return
	case form.Get("code") != demoCode:
		deny(http.StatusBadRequest, "invalid_grant", "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.")
		return
	default:
		given["access_token"] = UserToken
	}
	v.json(given, nil)
}

// account answers for what a token is for: whose it is, and whom its user doesn't want to see.
func (v *visitOf) account(path string) {
	who := bearerOf(v.r)
	switch {
	case who == nobody, who == stranger:
		v.refuse(http.StatusUnauthorized, invalidToken)
		return
	case path == "/api/v1/apps/verify_credentials":
		v.json(object{"name": "MNM", "website": nil, "vapid_key": ""}, nil)
		return
	case who != user:
		v.refuse(http.StatusUnprocessableEntity, needsUser)
		return
	}
	other := account(v.name)
	other["id"], other["username"], other["acct"] = "2", "somebody", "somebody"
	switch path {
	case "/api/v1/accounts/verify_credentials":
		v.json(account(v.name), nil)
	case "/api/v1/domain_blocks":
		v.json([]string{"spam.example", "noise.example"}, nil)
	default:
		v.json([]object{other}, nil)
	}
}
