package demo

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/mattn/go-mastodon"
)

// post sends a form.
func (b *box) post(to string, form url.Values) (int, string) {
	b.t.Helper()
	resp, err := b.client.PostForm(to, form)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	var said map[string]any
	_ = json.NewDecoder(resp.Body).Decode(&said)
	text, _ := said["error"].(string)
	return resp.StatusCode, text
}

// TestGoMastodonGetsATokenOfAUser goes the way of an operator with an independent client: an application out of band.
func TestGoMastodonGetsATokenOfAUser(t *testing.T) {
	b := serve(t, WorldOf([]Spec{{Name: "one.social", Live: Live{Access: AccessUsers}}}, defaultStart))
	app, err := mastodon.RegisterApp(t.Context(), &mastodon.AppConfig{Client: *b.client, Server: "https://one.social", ClientName: "test", Scopes: "read", Website: "https://test.example"})
	if err != nil {
		t.Fatal(err)
	}
	code, _, page, err := b.get(app.AuthURI)
	found := regexp.MustCompile(`value="([^"]+)"`).FindSubmatch(page)
	if err != nil || code != 200 || found == nil {
		t.Fatalf("%d %s %v", code, page, err)
	}
	c := mastodon.NewClient(&mastodon.Config{Server: "https://one.social", ClientID: app.ClientID, ClientSecret: app.ClientSecret})
	c.Client = *b.client
	if _, err := c.GetAccountCurrentUser(t.Context()); err == nil {
		t.Error("without a token there is a user")
	}
	if _, err := c.GetTimelinePublic(t.Context(), false, nil); err == nil {
		t.Error("without a token there is a timeline")
	}
	if err := c.AuthenticateToken(t.Context(), string(found[1]), "urn:ietf:wg:oauth:2.0:oob"); err != nil || c.Config.AccessToken != UserToken {
		t.Fatalf("%q, %v", c.Config.AccessToken, err)
	}
	if me, err := c.GetAccountCurrentUser(t.Context()); err != nil || me.Username != "admin" || me.URL != "https://one.social/@admin" {
		t.Errorf("%+v, %v", me, err)
	}
	if _, err := c.GetTimelinePublic(t.Context(), false, nil); err != nil {
		t.Error(err)
	}
	if got, err := c.VerifyAppCredentials(t.Context()); err != nil || got.Name == "" {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := c.GetBlocks(t.Context(), nil); err != nil || len(got) != 1 {
		t.Errorf("blocks %v, %v", got, err)
	}
	if got, err := c.GetMutes(t.Context(), nil); err != nil || len(got) != 1 {
		t.Errorf("mutes %v, %v", got, err)
	}
	if code, _, body, _ := b.get("https://one.social/api/v1/domain_blocks", "Authorization", userHeader); code != 200 || string(body) != `["spam.example","noise.example"]`+"\n" {
		t.Errorf("%d %s", code, body)
	}
	if err := c.GetAppAccessToken(t.Context(), app.RedirectURI); err != nil || c.Config.AccessToken != AppToken {
		t.Fatalf("%q, %v", c.Config.AccessToken, err)
	}
	if _, err := c.GetAccountCurrentUser(t.Context()); err == nil || !strings.Contains(err.Error(), needsUser) {
		t.Errorf("an application is a user: %v", err)
	}
	if _, err := c.VerifyAppCredentials(t.Context()); err != nil {
		t.Error(err)
	}
	if r := b.Requests(); r.ByKind["token"] < 10 || r.Total != 0 || r.MostInHour != 0 {
		t.Errorf("%+v", r)
	}
}

func TestOAuthRefuses(t *testing.T) {
	b := serve(t, WorldOf([]Spec{{Name: "one.social"}, {Name: "two.social", Software: "lemmy"}}, defaultStart))
	app, err := mastodon.RegisterApp(t.Context(), &mastodon.AppConfig{Client: *b.client, Server: "https://one.social", ClientName: "test", RedirectURIs: "https://here.example/back?x=1"})
	if err != nil {
		t.Fatal(err)
	}
	code, h, _, _ := b.get(app.AuthURI + "&state=abc")
	if want := "https://here.example/back?code=" + demoCode + "&state=abc&x=1"; code != http.StatusFound || h.Get("Location") != want {
		t.Errorf("%d to %s, want %s", code, h.Get("Location"), want)
	}
	if code, _, _, _ := b.get("https://one.social/oauth/authorize?client_id=x&response_type=code&redirect_uri=" + outOfBand); code != http.StatusBadRequest {
		t.Errorf("an unknown application: %d", code)
	}
	good := url.Values{"client_id": {app.ClientID}, "client_secret": {app.ClientSecret}, "grant_type": {"authorization_code"}, "code": {demoCode}}
	but := func(key, value string) url.Values {
		form := url.Values{key: {value}}
		for k, v := range good {
			if k != key {
				form[k] = v
			}
		}
		return form
	}
	for _, row := range []struct {
		url  string
		form url.Values
		code int
		says string
	}{
		{"https://one.social/oauth/token", good, 200, ""},
		{"https://one.social/oauth/token", but("code", "x"), 400, "invalid_grant"},
		{"https://one.social/oauth/token", but("client_secret", "x"), 401, "invalid_client"},
		{"https://one.social/oauth/token", but("client_id", "x"), 401, "invalid_client"},
		{"https://one.social/oauth/token", but("grant_type", "password"), 400, "unsupported_grant_type"},
		{"https://one.social/api/v1/apps", url.Values{"redirect_uris": {outOfBand}}, 422, "Validation failed: Application name can't be blank, Redirect URI can't be blank"},
		{"https://one.social/api/v1/blocks", url.Values{}, 404, "Not found"},
		{"https://two.social/api/v1/apps", url.Values{"client_name": {"x"}, "redirect_uris": {outOfBand}}, 404, "Not found"},
		{"https://one.social/api/v1/instance", url.Values{}, 405, ""},
	} {
		if code, says := b.post(row.url, row.form); code != row.code || says != row.says {
			t.Errorf("%s with %.100v: %d %q, want %d %q", row.url, row.form, code, says, row.code, row.says)
		}
	}
	for header, want := range map[string]int{"": 401, "Bearer x": 401, "Bearer " + AppToken: 422, "Bearer " + UserToken: 200} {
		for _, path := range []string{"accounts/verify_credentials", "blocks", "mutes", "domain_blocks"} {
			if code, _, _, _ := b.get("https://one.social/api/v1/"+path, "Authorization", header); code != want {
				t.Errorf("%s with %q: %d", path, header, code)
			}
		}
	}
	if code, _, _, _ := b.get("https://one.social/oauth/token"); code != 404 {
		t.Errorf("asked, not posted: %d", code)
	}
}
