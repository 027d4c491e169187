package demo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-mastodon"
)

// plain makes each toot be of some words at the beginning of its minute, one second after the other.
func plain(t *Toot) {
	*t = Toot{TootID: t.TootID, At: time.Duration(t.Number) * time.Second, Author: Author{Name: "ann"}, Text: []Part{{Text: fmt.Sprintf("%d of %d", t.Number, t.Minute)}}}
}

// said is what a test reads of a status.
type saidToot struct {
	ID, URI, Content string
	CreatedAt        time.Time `json:"created_at"`
	EditedAt         *time.Time
	Account          struct{ Acct string }
}

// ids asks for a page and returns the content of each toot, without its HTML, and their ids.
func (b *box) ids(url string, header ...string) (texts []string, ids []string) {
	b.t.Helper()
	code, _, body, err := b.get(url, header...)
	if err != nil || code != 200 {
		b.t.Fatalf("%s: %d, %v, %s", url, code, err, body)
	}
	var page []saidToot
	if err := json.Unmarshal(body, &page); err != nil {
		b.t.Fatal(err)
	}
	for _, s := range page {
		texts, ids = append(texts, strings.TrimSuffix(strings.TrimPrefix(s.Content, "<p>"), "</p>")), append(ids, s.ID)
	}
	return texts, ids
}

const oneLocal = "https://one.social/api/v1/timelines/public?local=true"

func TestPagesAreMastodons(t *testing.T) {
	b := serve(t, WorldOf([]Spec{{Name: "one.social", Live: Live{Rate: 3, Compose: plain}}}, defaultStart))
	if texts, _ := b.ids(oneLocal); !slices.Equal(texts, []string{"0 of 0"}) { // one second later each
		t.Errorf("at first there is %q", texts)
	}
	b.step(20*time.Minute + 30*time.Second) // 63 toots
	all, ids := b.ids(oneLocal + "&limit=40")
	if len(all) != 40 || all[0] != "2 of 20" || all[39] != "2 of 7" {
		t.Errorf("the newest 40 are %q", all)
	}
	if texts, _ := b.ids(oneLocal); !slices.Equal(texts, all[:20]) {
		t.Errorf("20 are %q", texts)
	}
	if !slices.IsSortedFunc(ids, func(x, y string) int { return strings.Compare(y, x) }) {
		t.Errorf("ids are not in order: %q", ids)
	}
	for _, row := range []struct {
		query string
		want  []string
	}{
		{"&limit=400", all},
		{"&limit=-3", all[:3]},
		{"&limit=0", nil},
		{"&limit=x", nil},
		{"&limit=5&max_id=" + ids[3], all[4:9]},
		{"&limit=5&since_id=" + ids[30], all[:5]},  // the newest five
		{"&limit=5&min_id=" + ids[30], all[25:30]}, // the five after it
		{"&limit=40&min_id=" + ids[30], all[:30]},  // newest first even so
		{"&min_id=" + ids[0], nil},                 // nothing newer
		{"&min_id=" + ids[39] + "0", nil},          // far in the future
		{"&limit=40&max_id=1", nil},                // long ago
		{"&limit=40&since_id=" + ids[4], all[:4]},  //
		{"&max_id=" + ids[2] + "&min_id=" + ids[5], all[3:5]},
		{"&min_id=" + ids[5] + "&since_id=" + ids[1], all[:5]}, // min_id goes first
		{"&remote=true&limit=2", all[:2]},                      // both are neither
		{"&only_media=true&limit=2", all[:2]},
		{"&limit=2&min_id=1", []string{"1 of 0", "0 of 0"}},
	} {
		if texts, _ := b.ids(oneLocal + row.query); !slices.Equal(texts, row.want) {
			t.Errorf("%s: %q, want %q", row.query, texts, row.want)
		}
	}
	if texts, _ := b.ids("https://one.social/api/v1/timelines/public?remote=1"); len(texts) != 0 {
		t.Errorf("of others there is %q", texts)
	}
	_, h, _, _ := b.get(oneLocal + "&limit=2")
	want := fmt.Sprintf(`<https://one.social/api/v1/timelines/public?limit=2&local=true&max_id=%s>; rel="next", `+
		`<https://one.social/api/v1/timelines/public?limit=2&local=true&min_id=%s>; rel="prev"`, ids[1], ids[0])
	if got := h.Get("Link"); got != want {
		t.Errorf("Link is %s, want %s", got, want)
	}
	if ms, _ := strconv.ParseInt(ids[0], 10, 64); ms>>16 != defaultStart.Add(20*time.Minute+2*time.Second).UnixMilli() {
		t.Errorf("id %s is of %s", ids[0], time.UnixMilli(ms>>16))
	}
}

// TestDatesOfToots holds that what is written in a World that lives faster lies in nobody's future.
func TestDatesOfToots(t *testing.T) {
	b := serve(t, WorldOf([]Spec{{Name: "one.social", Live: Live{Rate: 1, Compose: plain}}}, defaultStart))
	b.Dates = func(t time.Time) time.Time { return defaultStart.Add(t.Sub(defaultStart) / 60) }
	b.step(time.Hour)
	_, h, body, _ := b.get(oneLocal)
	var page []saidToot
	if err := json.Unmarshal(body, &page); err != nil {
		t.Fatal(err)
	}
	if want := defaultStart.Add(time.Minute); !page[0].CreatedAt.Equal(want) || !page[1].CreatedAt.Equal(want.Add(-time.Second)) {
		t.Errorf("created at %s and %s", page[0].CreatedAt, page[1].CreatedAt)
	}
	if got, want := h.Get("X-RateLimit-Reset"), "2026-11-24T00:01:05.000000Z"; got != want {
		t.Errorf("the limit ends at %s, want %s", got, want)
	}
}

// TestLateToots holds that a toot gets its place by when it was written, wherever it arrives late.
func TestLateToots(t *testing.T) {
	b := serve(t, WorldOf([]Spec{
		{Name: "one.social", Live: Live{Rate: 1, Compose: plain}},
		{Name: "far.social", Live: Live{Rate: 1, Delay: 100 * time.Second, Compose: func(toot *Toot) { plain(toot); toot.Text = []Part{{Text: "far"}}; toot.At = time.Second }}},
	}, defaultStart))
	const url = "https://one.social/api/v1/timelines/public?limit=3"
	b.step(3 * time.Minute)
	before, ids := b.ids(url)
	b.step(41 * time.Second) // far's of 2:01 arrives
	after, _ := b.ids(url)
	if want := []string{"0 of 3", "0 of 2", "far"}; !slices.Equal(before, want) {
		t.Errorf("at 3:00 it shows %q, want %q", before, want)
	}
	if want := []string{"0 of 3", "far", "0 of 2"}; !slices.Equal(after, want) {
		t.Errorf("at 3:41 it shows %q, want %q", after, want)
	}
	if texts, _ := b.ids(url + "&min_id=" + ids[0]); len(texts) > 0 {
		t.Errorf("it is above min_id: %q", texts)
	}
	b.step(time.Minute)
	if texts, _ := b.ids("https://one.social/api/v1/timelines/public?limit=2&remote=true"); !slices.Equal(texts, []string{"far", "far"}) {
		t.Errorf("of others there is %q", texts)
	}
}

func TestEditedAndDeletedToots(t *testing.T) {
	b := serve(t, WorldOf([]Spec{{Name: "one.social", Live: Live{Rate: 3, Compose: func(toot *Toot) {
		plain(toot)
		switch toot.Number {
		case 1:
			toot.Edited = 2 * time.Minute
		case 2:
			toot.Deleted = 3 * time.Minute
		}
	}}}}, defaultStart))
	for _, row := range []struct {
		after time.Duration
		want  []string
	}{
		{2 * time.Minute, []string{"2 of 0", "1 of 0", "0 of 0"}},
		{2*time.Minute + 1*time.Second, []string{"2 of 0", "1 of 0 (mended)", "0 of 0"}},
		{3*time.Minute + 1*time.Second, []string{"2 of 0", "1 of 0 (mended)", "0 of 0"}},
		{3*time.Minute + 2*time.Second, []string{"1 of 0 (mended)", "0 of 0"}},
	} {
		b.step(defaultStart.Add(row.after).Sub(b.time()))
		max := uint64(defaultStart.Add(time.Minute).UnixMilli()) << 16
		if texts, _ := b.ids(fmt.Sprintf("%s&max_id=%d", oneLocal, max)); !slices.Equal(texts, row.want) {
			t.Errorf("after %s there is %q, want %q", row.after, texts, row.want)
		}
	}
}

func TestAccess(t *testing.T) {
	const user, app, wrong = "Bearer " + UserToken, "Bearer " + AppToken, "Bearer demo"
	paths := []string{"?local=true", "?remote=true", ""}
	for _, row := range []struct {
		access  Access
		version string
		token   string
		codes   [3]int // local, of others, federated
		toots   [3]int
		says    [2]string
	}{
		{AccessOpen, "", "", [3]int{200, 200, 200}, [3]int{2, 4, 6}, [2]string{"public", "public"}},
		{AccessLocal, "", "", [3]int{200, 422, 422}, [3]int{2}, [2]string{"public", "authenticated"}},
		{AccessRemote, "", "", [3]int{422, 200, 422}, [3]int{0, 4}, [2]string{"authenticated", "public"}},
		{AccessUsers, "", "", [3]int{422, 422, 422}, [3]int{}, [2]string{"authenticated", "authenticated"}},
		{AccessNobody, "", "", [3]int{422, 422, 422}, [3]int{}, [2]string{"disabled", "disabled"}},
		{AccessUsers, "4.2.29", "", [3]int{422, 422, 422}, [3]int{}, [2]string{}},
		{AccessOpen, "4.4.1", "", [3]int{200, 200, 200}, [3]int{2, 4, 6}, [2]string{}},
		{AccessUsers, "", app, [3]int{422, 422, 422}, [3]int{}, [2]string{"authenticated", "authenticated"}},
		{AccessOpen, "", app, [3]int{200, 200, 200}, [3]int{2, 4, 6}, [2]string{"public", "public"}},
		{AccessOpen, "", wrong, [3]int{401, 401, 401}, [3]int{}, [2]string{"public", "public"}},
		{AccessUsers, "", user, [3]int{200, 200, 200}, [3]int{2, 4, 6}, [2]string{"authenticated", "authenticated"}},
		{AccessLocal, "", user, [3]int{200, 200, 200}, [3]int{2, 4, 6}, [2]string{"public", "authenticated"}},
		{AccessNobody, "", user, [3]int{200, 200, 200}, [3]int{}, [2]string{"disabled", "disabled"}},
	} {
		name := strings.TrimSpace(fmt.Sprint(row.access, " ", row.version, " ", row.token))
		t.Run(name, func(t *testing.T) {
			b := serve(t, WorldOf([]Spec{
				{Name: "one.social", Version: row.version, Live: Live{Rate: 1, Compose: plain, Access: row.access}},
				{Name: "two.social", Live: Live{Rate: 1, Compose: plain, Delay: time.Second}}, {Name: "three.social", Live: Live{Rate: 1, Compose: plain, Delay: time.Second}},
			}, defaultStart))
			b.step(90 * time.Second)
			for i, path := range paths {
				header := []string{}
				if row.token != "" {
					header = []string{"Authorization", row.token}
				}
				code, h, body, err := b.get("https://one.social/api/v1/timelines/public"+path, header...)
				if err != nil || code != row.codes[i] {
					t.Errorf("%s: %d, want %d: %s, %v", path, code, row.codes[i], body, err)
				}
				if code == 200 {
					var page []saidToot
					if err := json.Unmarshal(body, &page); err != nil || len(page) != row.toots[i] {
						t.Errorf("%s: %d toots, want %d, %v", path, len(page), row.toots[i], err)
					}
				} else if why := map[int]string{401: invalidToken, 422: needsUser}[code]; strings.TrimSpace(string(body)) != `{"error":"`+why+`"}` {
					t.Errorf("%s: %s", path, body)
				}
				if h.Get("X-RateLimit-Remaining") != strconv.Itoa(299-i) {
					t.Errorf("%s: %s requests remain", path, h.Get("X-RateLimit-Remaining"))
				}
			}
			var v2 struct {
				Configuration struct {
					Access struct {
						Live struct{ Local, Remote string } `json:"live_feeds"`
					} `json:"timelines_access"`
				}
			}
			if _, _, body, _ := b.get("https://one.social/api/v2/instance"); json.Unmarshal(body, &v2) != nil {
				t.Fatalf("%s", body)
			}
			if live := v2.Configuration.Access.Live; live.Local != row.says[0] || live.Remote != row.says[1] {
				t.Errorf("it says %+v", live)
			}
		})
	}
}

func TestRateLimitOfPages(t *testing.T) {
	b := serve(t, WorldOf([]Spec{{Name: "one.social", Live: Live{Rate: 1, Compose: plain}}, {Name: "bad.social", Software: "misskey"}}, defaultStart))
	b.step(time.Minute)
	for i := range 299 {
		if code, h, _, _ := b.get(oneLocal); code != 200 || h.Get("X-RateLimit-Remaining") != strconv.Itoa(299-i) || h.Get("X-RateLimit-Limit") != "300" {
			t.Fatal(i, code, h)
		}
	}
	_, _, _, _ = b.get(oneLocal)
	code, h, body, _ := b.get(oneLocal)
	if code != http.StatusTooManyRequests || h.Get("X-RateLimit-Remaining") != "0" || h.Get("X-RateLimit-Reset") != "2026-11-24T00:05:00.000000Z" || h.Get("Retry-After") != "" {
		t.Errorf("%d %s %v", code, body, h)
	}
	b.step(4 * time.Minute)
	if code, h, _, _ := b.get(oneLocal); code != 200 || h.Get("X-RateLimit-Remaining") != "299" {
		t.Error(code, h)
	}
	if code, _, _, _ := b.get("https://bad.social/api/v1/timelines/public"); code != 404 {
		t.Error(code)
	}
	b.step(11 * time.Minute) // the first 301 are 15 minutes old
	for range 5 {
		_, _, _, _ = b.get(oneLocal)
	}
	r := b.Requests()
	if r.MostPages != 302 || r.ByKind["timeline"] != 308 || r.Total != 0 || r.MostInHour != 0 || len(b.Times("one.social")) != 0 {
		t.Errorf("%+v", r)
	}
}

func TestTricksOfPages(t *testing.T) {
	spec := func(name string, trick Trick) Spec {
		return Spec{Name: name, Live: Live{Rate: 3, Compose: plain, Trick: trick}}
	}
	b := serve(t, WorldOf([]Spec{spec("disorder.social", TrickDisorder), spec("junk.social", TrickJunk), spec("endless.social", TrickEndless)}, defaultStart))
	b.step(20 * time.Minute)
	_, ids := b.ids("https://disorder.social/api/v1/timelines/public?local=true&limit=40")
	distinct := slices.Compact(slices.Sorted(slices.Values(ids)))
	if slices.IsSortedFunc(ids, func(x, y string) int { return strings.Compare(y, x) }) || len(ids) != 50 || len(distinct) != 40 {
		t.Errorf("%d toots, %d of them distinct: %q", len(ids), len(distinct), ids)
	}
	_, _, body, _ := b.get("https://junk.social/api/v1/timelines/public?local=true&limit=40")
	var page []json.RawMessage
	good := 0
	if err := json.Unmarshal(body, &page); err != nil {
		t.Fatal(err)
	}
	for _, one := range page {
		if json.Unmarshal(one, &saidToot{}) == nil {
			good++
		}
	}
	if len(page) != 40 || good < 20 || good > 34 {
		t.Errorf("%d of %d are toots", good, len(page))
	}
	if _, _, body, _ = b.get("https://endless.social/api/v1/timelines/public"); len(body) != 4<<20 {
		t.Errorf("%d bytes", len(body))
	}
}

// TestGoMastodonReadsTimelines lets an independent client read what a whole World says.
func TestGoMastodonReadsTimelines(t *testing.T) {
	w := NewWorld(Config{Seed: 5, Instances: 300})
	b := serve(t, w)
	b.step(100 * time.Minute)
	read, media, tags, polls := 0, 0, 0, 0
	for _, i := range busiest(w)[:40] {
		st := w.State(i, b.time())
		if !st.Mastodon || st.Behaviour != Well || st.MovedTo != "" {
			continue
		}
		c := mastodon.NewClient(&mastodon.Config{Server: "https://" + w.Name(i).String(), AccessToken: UserToken})
		c.Client = *b.client
		for _, isLocal := range []bool{true, false} {
			got, err := c.GetTimelinePublic(t.Context(), isLocal, &mastodon.Pagination{Limit: 40})
			if err != nil {
				t.Errorf("%s: %v", w.Name(i), err)
			}
			for _, s := range got {
				own := !strings.Contains(s.Account.Acct, "@")
				if isLocal && !own || s.ID == "" || s.URI == "" || s.CreatedAt.After(b.time()) || s.Visibility != "public" || s.Account.Username == "" {
					t.Errorf("%s: %+v", w.Name(i), s)
				}
				read++
				media += len(s.MediaAttachments)
				tags += len(s.Tags)
				if s.Poll != nil {
					polls++
				}
			}
		}
	}
	if read < 500 || media < 50 || tags < 50 || polls < 2 {
		t.Errorf("read %d toots, with %d media, %d hashtags, %d polls", read, media, tags, polls)
	}
}
