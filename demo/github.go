package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// github is api.github.com, as far as it lists releases and security advisories.
type github struct {
	mu    sync.Mutex
	reset time.Time // end of the hour in which requests are counted
	used  int       // without Authorization
	known int       // requests with it
}

// Requests an hour.
const (
	anonymousLimit     = 60
	authenticatedLimit = 5000
)

// Paths of the lists.
const (
	releasesPath   = "/repos/mastodon/mastodon/releases"
	advisoriesPath = "/repos/mastodon/mastodon/security-advisories"
)

// serveGitHub answers for the two lists: pages with Link, ETag and 304, and a limit of 60 requests in an hour of the World, or
// 5,000 with an Authorization header, for which a 304 is free.
func (n *Network) serveGitHub(w http.ResponseWriter, r *http.Request, now time.Time) {
	n.journal.service(KindReleases)
	if b := n.world.GitHub; b != Well {
		n.misbehave(w, r, b)
		return
	}
	w.Header().Set("Server", "github.com (demo)")
	var p githubPage
	switch r.URL.Path {
	case releasesPath:
		p = n.releasePage(r, now)
	case advisoriesPath:
		p = n.advisoryPage(r, now)
	default:
		writeJSON(w, http.StatusNotFound, object{"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"})
		return
	}
	var body bytes.Buffer
	if err := json.NewEncoder(&body).Encode(p.entries); err != nil {
		panic(err) // strings and numbers can be encoded
	}
	tag := etag(body.Bytes())
	same := r.Header.Get("If-None-Match") == tag
	authorized := r.Header.Get("Authorization") != ""
	if !n.github.take(w.Header(), now, authorized, same && authorized, n.date) {
		writeJSON(w, http.StatusForbidden, object{"message": "API rate limit exceeded for 203.0.113.7.", "documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"})
		return
	}
	n.journal.read(p.reading, now, p.first, p.next == "", same)
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "public, max-age=60, s-maxage=60")
	if p.next != "" {
		w.Header().Set("Link", fmt.Sprintf(`<https://%s%s?%s>; rel="next"`, githubHost.name, r.URL.Path, p.next)+p.links)
	}
	if same {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(body.Bytes())
}

// githubPage is a page of one of the lists.
type githubPage struct {
	entries []object
	first   bool
	next    string // query of the next page; "" after the last
	links   string // further ones
	reading func(*journal) *reading
}

// take counts a request and writes the headers of the limit; false if there is none left.
func (g *github) take(h http.Header, now time.Time, authorized, free bool, date func(time.Time) time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !now.Before(g.reset) {
		g.reset, g.used, g.known = now.Add(time.Hour), 0, 0
	}
	used, limit := &g.used, anonymousLimit
	if authorized {
		used, limit = &g.known, authenticatedLimit
	}
	ok := free || *used < limit
	if ok && !free {
		*used++
	}
	h.Set("X-RateLimit-Limit", strconv.Itoa(limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(limit-*used))
	h.Set("X-RateLimit-Used", strconv.Itoa(*used))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(date(g.reset).Unix(), 10))
	h.Set("X-RateLimit-Resource", "core")
	return ok
}

// releasePage is a page of the releases. They are paged by number.
func (n *Network) releasePage(r *http.Request, now time.Time) githubPage {
	all := n.world.Releases(now)
	size, page := positive(r, "per_page", 30, 100), positive(r, "page", 1, 1<<20)
	from := min(len(all), (page-1)*size)
	to := min(len(all), from+size)
	p := githubPage{entries: []object{}, first: page == 1, reading: func(j *journal) *reading { return &j.releases }}
	for i, release := range all[from:to] {
		p.entries = append(p.entries, release.entry(len(all)-from-i, n.date))
	}
	if to < len(all) {
		p.next = fmt.Sprintf("per_page=%d&page=%d", size, page+1)
		p.links = fmt.Sprintf(`, <https://%s%s?per_page=%d&page=%d>; rel="last"`, githubHost.name, releasesPath, size, (len(all)+size-1)/size)
	}
	return p
}

// entry is the n-th release as the list has it.
func (r Release) entry(n int, date func(time.Time) time.Time) object {
	id := 900000000 + n
	notes := "## Changelog\r\n\r\n"
	if r.Security {
		notes += "### Security\r\n\r\n- Fix what was open (a made-up release)\r\n\r\n"
	}
	notes += "### Fixed\r\n\r\n- Fix what was broken (a made-up release)\r\n"
	at := date(r.Published).UTC().Format(time.RFC3339)
	return object{
		"url": fmt.Sprintf("https://%s%s/%d", githubHost.name, releasesPath, id), "html_url": "https://github.com/mastodon/mastodon/releases/tag/" + r.Tag, "id": id,
		"author": object{"login": "demo", "id": 1, "type": "User"}, "tag_name": r.Tag, "target_commitish": "main", "name": r.Tag,
		"draft": false, "immutable": false, "prerelease": r.Channel != "stable", "created_at": at, "updated_at": at, "published_at": at,
		"assets": []object{}, "body": notes,
	}
}

// positive is a number in the query, in [1, most], or what it is without one.
func positive(r *http.Request, key string, otherwise, most int) int {
	n, err := strconv.Atoi(r.URL.Query().Get(key))
	if err != nil || n < 1 {
		return otherwise
	}
	return min(n, most)
}

func writeJSON(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}
