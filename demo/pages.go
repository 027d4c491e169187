package demo

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The bearer tokens that all instances of a World take: that of a user, and that of an application for itself.
const (
	UserToken = "demo-user-token"
	AppToken  = "demo-app-token"
)

// bearer is who asks.
type bearer uint8

const (
	nobody bearer = iota
	user
	app
	stranger // with a token that means nothing
)

func bearerOf(r *http.Request) bearer {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case !ok:
		return nobody
	case token == UserToken:
		return user
	case token == AppToken:
		return app
	}
	return stranger
}

// refuse answers with an error as Mastodon has them.
func (v *visitOf) refuse(code int, why string) {
	v.note(refused, nil)
	writeJSON(v.w, code, object{"error": why})
}

const (
	needsUser    = "This method requires an authenticated user"
	invalidToken = "The access token is invalid"
)

// rateLimit is how many pages a visitor may ask an instance for in rateWindow of the World's time.
const (
	rateLimit  = 300
	rateWindow = 5 * time.Minute
)

// timeline answers for /api/v1/timelines/public.
func (v *visitOf) timeline() {
	left := v.n.journal.spend(v.i, v.now)
	v.limits(max(left, 0), v.now.Truncate(rateWindow).Add(rateWindow))
	form := v.r.URL.Query()
	who := bearerOf(v.r)
	forLocals, forRemotes := v.live.Access.settings()
	guarded := forLocals != "public" || forRemotes != "public"
	of := federated
	switch {
	case truthy(form, "local"):
		guarded = forLocals != "public"
		if !truthy(form, "remote") {
			of = local
		}
	case truthy(form, "remote"):
		guarded, of = forRemotes != "public", remote
	}
	switch {
	case !v.st.Mastodon:
		v.refuse(http.StatusNotFound, "Not found")
		return
	case left < 0:
		v.refuse(http.StatusTooManyRequests, "Too many requests")
		return
	case who == stranger:
		v.refuse(http.StatusUnauthorized, invalidToken)
		return
	case guarded && who != user:
		v.refuse(http.StatusUnprocessableEntity, needsUser)
		return
	}
	q := query{server: v.i, scope: of, now: v.now, limit: 20, min: number(form, "min_id"), max: number(form, "max_id"), since: number(form, "since_id")}
	if q.min > 0 {
		q.since = 0
	}
	if form.Has("limit") {
		n, _ := strconv.Atoi(form.Get("limit"))
		q.limit = min(max(n, -n), 40)
	}
	var page []shown
	if v.live.Access != AccessNobody {
		page = v.n.world.page(q)
	}
	v.writePage(&q, page, form)
}

// writePage writes a page of a timeline, or whatever this server makes of it.
func (v *visitOf) writePage(q *query, page []shown, form url.Values) {
	if n := len(page); n > 0 {
		kept := url.Values{}
		for _, key := range []string{"local", "remote", "limit", "only_media"} {
			if form.Has(key) {
				kept.Set(key, form.Get(key))
			}
		}
		to := func(key string, id uint64) string {
			kept.Set(key, strconv.FormatUint(id, 10))
			defer kept.Del(key)
			return "https://" + v.name + v.r.URL.Path + "?" + kept.Encode()
		}
		v.w.Header().Set("Link", fmt.Sprintf(`<%s>; rel="next", <%s>; rel="prev"`, to("max_id", page[n-1].id), to("min_id", page[0].id)))
	}
	s := v.speaker()
	body := []any{}
	switch v.live.Trick {
	case TrickEndless:
		v.note(failed, nil)
		v.w.Header().Set("Content-Type", jsonType)
		pour(v.w, []byte("["+strings.Repeat(`{"id":"1","content":"`+strings.Repeat("la ", 1000)+`"},`, 20)), 1<<14)
		return
	case TrickDisorder:
		slices.SortFunc(page, func(a, b shown) int { return int(a.chance%64) - int(b.chance%64) })
		page = append(page, page[:len(page)/4]...)
	case TrickJunk:
		page = slices.DeleteFunc(page, func(t shown) bool {
			junk := t.junk()
			if junk {
				body = append(body, []any{17, "no toot", []int{}}[t.chance%3])
			}
			return junk
		})
	}
	if v.st.Behaviour != Half {
		v.n.journal.page(v.n, q, page)
	}
	for _, t := range page {
		body = append(body, s.status(t))
	}
	v.json(body, nil)
}

// junk reports whether a toot is none where TrickJunk is played.
func (s *spark) junk() bool { return s.chance%3 == 0 }

func (v *visitOf) speaker() *speaker {
	return &speaker{w: v.n.world, i: v.i, name: v.name, st: v.st, dates: v.n.Dates}
}

// status writes a toot out as the server shows it.
func (s *speaker) status(t shown) *status {
	toot := s.w.toot(t.spark)
	if t.edited {
		toot.edit()
	}
	return s.writes(t, &toot)
}

// truthy reports whether a parameter says yes, as Rails reads it.
func truthy(form url.Values, key string) bool {
	switch form.Get(key) {
	case "", "0", "f", "F", "false", "FALSE", "off", "OFF":
		return false
	}
	return true
}

// number is a parameter that is an id; 0 where it is none.
func number(form url.Values, key string) uint64 {
	n, _ := strconv.ParseUint(form.Get(key), 10, 64)
	return n
}
