package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// github is api.github.com, as far as it lists releases.
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

// serveGitHub answers for /repos/mastodon/mastodon/releases: pages with Link, ETag and 304, and a limit of 60 requests in an
// hour of the World, or 5,000 with an Authorization header, for which a 304 is free.
func (n *Network) serveGitHub(w http.ResponseWriter, r *http.Request, now time.Time) {
	if b := n.world.GitHub; b != Well {
		n.journal.service(KindReleases, now, false)
		n.misbehave(w, r, b)
		return
	}
	w.Header().Set("Server", "github.com (demo)")
	if r.URL.Path != "/repos/mastodon/mastodon/releases" {
		n.journal.service(KindReleases, now, false)
		writeJSON(w, http.StatusNotFound, object{"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"})
		return
	}
	size, page := positive(r, "per_page", 30, 100), positive(r, "page", 1, 1<<20)
	releases := n.world.Releases(now)
	body, tag := releasePage(releases, size, page, n.date)
	same := r.Header.Get("If-None-Match") == tag
	authorized := r.Header.Get("Authorization") != ""
	if !n.github.take(w.Header(), now, authorized, same && authorized, n.date) {
		n.journal.service(KindReleases, now, false)
		writeJSON(w, http.StatusForbidden, object{"message": "API rate limit exceeded for 203.0.113.7.", "documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"})
		return
	}
	n.journal.service(KindReleases, now, page == 1)
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "public, max-age=60, s-maxage=60")
	if last := (len(releases) + size - 1) / size; page < last {
		link := func(to int, rel string) string {
			return fmt.Sprintf(`<https://%s%s?per_page=%d&page=%d>; rel="%s"`, githubHost.name, r.URL.Path, size, to, rel)
		}
		w.Header().Set("Link", link(page+1, "next")+", "+link(last, "last"))
	}
	if same {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(body)
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

// releasePage is a page of the list and its ETag.
func releasePage(all []Release, size, page int, date func(time.Time) time.Time) ([]byte, string) {
	from := min(len(all), (page-1)*size)
	list := []object{}
	for i, r := range all[from:min(len(all), from+size)] {
		id := 900000000 + len(all) - from - i
		notes := "## Changelog\r\n\r\n"
		if r.Security {
			notes += "### Security\r\n\r\n- Fix what was open (a made-up release)\r\n\r\n"
		}
		notes += "### Fixed\r\n\r\n- Fix what was broken (a made-up release)\r\n"
		at := date(r.Published).UTC().Format(time.RFC3339)
		repo := "https://" + githubHost.name + "/repos/mastodon/mastodon"
		list = append(list, object{
			"url": fmt.Sprintf("%s/releases/%d", repo, id), "html_url": "https://github.com/mastodon/mastodon/releases/tag/" + r.Tag, "id": id,
			"author": object{"login": "demo", "id": 1, "type": "User"}, "tag_name": r.Tag, "target_commitish": "main", "name": r.Tag,
			"draft": false, "immutable": false, "prerelease": r.Channel != "stable", "created_at": at, "updated_at": at, "published_at": at,
			"assets": []object{}, "body": notes,
		})
	}
	var out bytes.Buffer
	if err := json.NewEncoder(&out).Encode(list); err != nil {
		panic(err) // strings and numbers can be encoded
	}
	h := fnv.New64a()
	_, _ = h.Write(out.Bytes())
	return out.Bytes(), fmt.Sprintf(`W/"%016x"`, h.Sum64())
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
