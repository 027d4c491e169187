package timeline

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// mastodon is a server with Mastodon's public timelines: PublicFeed and Paginable of its web part, and its streaming server.
type mastodon struct {
	host string
	now  func() time.Time

	mu    sync.Mutex
	toots []toot // in the order of ids
	made  uint64
	subs  map[*sub]bool

	token string        // needed for the stream; for pages too if shut
	shut  bool          // pages need the token
	most  int           // toots on a page; 0: 40
	beat  time.Duration // from one heartbeat to the next; 0: 15 s
	drop  func(toot) bool
	page  http.HandlerFunc // instead of pages, if not nil
	live  http.HandlerFunc // instead of streams, if not nil
}

type toot struct {
	id    uint64
	local bool
	json  string
}

// sub is somebody who listens.
type sub struct {
	local  bool
	events chan string
	gone   chan struct{}
}

func newMastodon(b *box, host string) *mastodon {
	m := &mastodon{host: host, now: b.now, subs: map[*sub]bool{}}
	b.serve(host, m)
	return m
}

// set changes how it behaves.
func (m *mastodon) set(f func(m *mastodon)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(m)
}

// idAt is Mastodon's timestamp_id: milliseconds, and 16 bits that differ.
func idAt(at time.Time, n uint64) uint64 { return uint64(at.UnixMilli())<<16 | n&0xffff }

// status is a toot as the server shows it, written then.
func (m *mastodon) status(id uint64, written time.Time, local bool) string {
	acct, host := "ada", m.host
	if !local {
		acct, host = "ada@far.example", "far.example"
	}
	return fmt.Sprintf(`{"id":"%d","created_at":"%s","in_reply_to_id":null,"sensitive":false,"spoiler_text":"","visibility":"public","language":"en",`+
		`"uri":"https://%s/users/ada/statuses/%d","content":"<p>hello</p>","reblog":null,"account":{"id":"1","username":"ada","acct":"%s","bot":false,`+
		`"url":"https://%s/@ada"},"media_attachments":[],"mentions":[],"tags":[],"card":null,"poll":null}`,
		id, written.UTC().Format("2006-01-02T15:04:05.000Z"), host, id, acct, host)
}

// post publishes n toots, written now.
func (m *mastodon) post(n int, local bool) {
	for range n {
		m.publish(m.now(), local)
	}
}

// publish publishes a toot that was written then, and has its id from that.
func (m *mastodon) publish(written time.Time, local bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.made++
	id := idAt(written, m.made)
	t := toot{id, local, m.status(id, written, local)}
	at, _ := slices.BinarySearchFunc(m.toots, t, func(a, b toot) int { return int(int64(a.id - b.id)) })
	m.toots = slices.Insert(m.toots, at, t)
	if m.drop == nil || !m.drop(t) {
		m.tell("event: update\ndata: "+t.json+"\n\n", local)
	}
}

// tell writes to all streams that show local or other toots. m.mu is held.
func (m *mastodon) tell(text string, local bool) {
	for s := range m.subs {
		if local || !s.local {
			s.events <- text
		}
	}
}

// say writes to all streams.
func (m *mastodon) say(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tell(text, true)
}

// listeners is how many streams are open.
func (m *mastodon) listeners() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.subs)
}

// kick ends all streams at once, as a server does that exits.
func (m *mastodon) kick() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for s := range m.subs {
		close(s.gone)
		delete(m.subs, s)
	}
}

func (m *mastodon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	page, live := m.page, m.live
	m.mu.Unlock()
	w.Header().Set("Date", m.now().UTC().Format(http.TimeFormat))
	switch path := strings.TrimSuffix(r.URL.Path, "/local"); {
	case path == "/api/v1/timelines/public" && page != nil:
		page(w, r)
	case path == "/api/v1/timelines/public":
		m.servePage(w, r)
	case path == "/api/v1/streaming/public" && live != nil:
		live(w, r)
	case path == "/api/v1/streaming/public":
		m.serveStream(w, r, strings.HasSuffix(r.URL.Path, "/local"))
	default:
		refuse(w, 404, "Record not found")
	}
}

func refuse(w http.ResponseWriter, status int, words string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": words})
}

func (m *mastodon) servePage(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.shut && r.Header.Get("Authorization") != "Bearer "+m.token {
		refuse(w, 401, "The access token is invalid")
		return
	}
	q := r.URL.Query()
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil {
		limit = 20
	}
	limit = min(limit, 40)
	if m.most > 0 {
		limit = min(limit, m.most)
	}
	after, _ := strconv.ParseUint(q.Get("min_id"), 10, 64)
	var found []string // the oldest first
	for _, t := range m.toots {
		if t.id > after && (t.local || q.Get("local") != "true") {
			found = append(found, t.json)
		}
	}
	if n := len(found); n > limit && q.Has("min_id") {
		found = found[:limit]
	} else if n > limit {
		found = found[n-limit:]
	}
	slices.Reverse(found)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-RateLimit-Limit", "300")
	w.Header().Set("X-RateLimit-Remaining", "299")
	w.Header().Set("X-RateLimit-Reset", m.now().Add(5*time.Minute).UTC().Format("2006-01-02T15:04:05.000000Z"))
	_, _ = io.WriteString(w, "["+strings.Join(found, ",")+"]")
}

func (m *mastodon) serveStream(w http.ResponseWriter, r *http.Request, local bool) {
	m.mu.Lock()
	ok, beat := m.token == "" || r.Header.Get("Authorization") == "Bearer "+m.token, m.beat
	m.mu.Unlock()
	if !ok {
		refuse(w, 401, "Invalid access token")
		return
	}
	if beat == 0 {
		beat = 15 * time.Second
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	write(w, ":)\n")
	s := &sub{local: local, events: make(chan string, 10_000), gone: make(chan struct{})}
	m.set(func(m *mastodon) { m.subs[s] = true })
	defer m.set(func(m *mastodon) { delete(m.subs, s) })
	heart := time.NewTicker(beat)
	defer heart.Stop()
	for {
		select {
		case <-s.gone:
			panic(http.ErrAbortHandler)
		case <-r.Context().Done():
			return
		case <-heart.C:
			write(w, ":thump\n")
		case text := <-s.events:
			write(w, text)
		}
	}
}

// write writes at once.
func write(w http.ResponseWriter, text string) {
	_, _ = io.WriteString(w, text)
	w.(http.Flusher).Flush()
}
