package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-mastodon"
)

// listener reads a stream.
type listener struct {
	t     *testing.T
	lines *bufio.Reader
	body  io.Closer
}

const userHeader = "Bearer " + UserToken

// listen opens a stream and reads its first line.
func (b *box) listen(url string, header ...string) *listener {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := (&http.Client{Transport: b.client.Transport}).Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = resp.Body.Close() })
	l := &listener{b.t, bufio.NewReaderSize(resp.Body, 64<<10), resp.Body}
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" {
		b.t.Fatalf("%s: %d, %v", url, resp.StatusCode, resp.Header)
	}
	if line := l.line(); line != ":)" {
		b.t.Fatalf("it begins with %q", line)
	}
	return l
}

func (l *listener) line() string {
	l.t.Helper()
	line, err := l.lines.ReadString('\n')
	if err != nil {
		l.t.Fatal(err)
	}
	return strings.TrimSuffix(line, "\n")
}

// event reads an event: what it is, and its text or id.
func (l *listener) event() string {
	l.t.Helper()
	kind, data, end := l.line(), l.line(), l.line()
	kind, ok := strings.CutPrefix(kind, "event: ")
	data, has := strings.CutPrefix(data, "data: ")
	if !ok || !has || end != "" {
		l.t.Fatalf("no event: %q %.80q %q", kind, data, end)
	}
	if kind == "delete" {
		return "delete " + data
	}
	var s saidToot
	if err := json.Unmarshal([]byte(data), &s); err != nil {
		return kind + " that is none"
	}
	return kind + " " + strings.TrimSuffix(strings.TrimPrefix(s.Content, "<p>"), "</p>")
}

func (l *listener) want(events ...string) {
	l.t.Helper()
	for _, want := range events {
		if got := l.event(); got != want {
			l.t.Errorf("the stream says %q, want %q", got, want)
		}
	}
}

// catchUp waits until all streams have said everything.
func (b *box) catchUp() {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 10*time.Second)
	defer cancel()
	if err := b.StreamsCaughtUp(ctx); err != nil {
		b.t.Fatal(err)
	}
}

func TestStreams(t *testing.T) {
	b := serve(t, WorldOf([]Spec{
		{Name: "one.social", Live: Live{Rate: 2, Compose: func(toot *Toot) {
			plain(toot)
			if toot.Minute == 1 {
				toot.Edited, toot.Deleted = time.Minute, time.Duration(toot.Number)*2*time.Minute
			}
		}}},
		{Name: "far.social", Live: Live{Rate: 1, Delay: 50 * time.Second, Compose: func(toot *Toot) { plain(toot); toot.Text = []Part{{Text: "far"}} }}},
	}, defaultStart))
	b.step(90 * time.Second)
	const base = "https://one.social/api/v1/streaming/public"
	both, own, others := b.listen(base, "Authorization", userHeader), b.listen(base+"/local", "Authorization", userHeader), b.listen(base+"/remote", "Authorization", userHeader)
	if n := b.OpenStreams(); n != 3 {
		t.Errorf("%d streams are open", n)
	}
	b.step(10 * time.Second)
	b.catchUp()
	b.step(10 * time.Second) // 1:50: far's of 1:00 arrives
	b.catchUp()
	b.step(20 * time.Second) // 2:10
	b.catchUp()
	_, ids := b.ids("https://one.social/api/v1/timelines/public?local=true&limit=4")
	b.step(3 * time.Minute) // 5:10: that is a long step
	b.catchUp()
	edit, gone := "status.update 0 of 1 (mended)", "delete "+ids[2]
	both.want("update far", edit, "update 0 of 2", "update 1 of 2", "update far", "update 0 of 3", gone, "update 1 of 3", "update far", "update 0 of 4", "update 1 of 4",
		"update far", "update 0 of 5", "update 1 of 5")
	own.want(edit, "update 0 of 2", "update 1 of 2", "update 0 of 3", gone, "update 1 of 3", "update 0 of 4", "update 1 of 4", "update 0 of 5", "update 1 of 5")
	others.want("update far", "update far", "update far", "update far")
	if r := b.Requests(); r.ByKind["stream"] != 3 || r.Total != 0 || r.MostPages != 1 {
		t.Errorf("%+v", r)
	}
	_ = others.body.Close()
	b.until(func() bool { return b.OpenStreams() == 2 })
}

// until waits for something that comes by itself.
func (b *box) until(there func() bool) {
	b.t.Helper()
	deadline, tick := time.NewTimer(10*time.Second), time.NewTicker(time.Millisecond)
	defer deadline.Stop()
	defer tick.Stop()
	for !there() {
		select {
		case <-deadline.C:
			b.t.Fatal("it does not come")
		case <-tick.C:
		}
	}
}

func TestWhoMayStream(t *testing.T) {
	b := serve(t, WorldOf([]Spec{
		{Name: "one.social"}, {Name: "old.social", Version: "4.1.25"}, {Name: "new.social", Version: "4.2.0-beta3"}, {Name: "closed.social", Live: Live{Access: AccessUsers}},
		{Name: "apart.social", Live: Live{Streaming: true}}, {Name: "notes.social", Software: "misskey"},
	}, defaultStart))
	for _, row := range []struct {
		url, token string
		code       int
		says       string
	}{
		{"https://one.social/api/v1/streaming/public", "", 401, "Missing access token"},
		{"https://new.social/api/v1/streaming/public", "", 401, "Missing access token"},
		{"https://one.social/api/v1/streaming/public", AppToken, 401, "Invalid access token"},
		{"https://one.social/api/v1/streaming/public", "demo", 401, "Invalid access token"},
		{"https://one.social/api/v1/streaming/user/nonsense", UserToken, 400, "Unknown channel requested"},
		{"https://one.social/api/v1/streaming/public", UserToken, 200, ""},
		{"https://closed.social/api/v1/streaming/public/local", UserToken, 200, ""},
		{"https://old.social/api/v1/streaming/public", "", 200, ""},
		{"https://old.social/api/v1/streaming/public", AppToken, 401, "Invalid access token"},
		{"https://apart.social/api/v1/streaming/public/local", UserToken, 301, ""},
		{"https://streaming.apart.social/api/v1/streaming/public/local", UserToken, 200, ""},
		{"https://streaming.apart.social/api/v1/streaming/public/local", "", 401, "Missing access token"},
		{"https://streaming.apart.social/api/v1/instance", "", 404, ""},
		{"https://streaming.apart.social/robots.txt", "", 404, ""},
		{"https://notes.social/api/v1/streaming/public", UserToken, 404, "Not found"},
	} {
		header := []string{"Authorization", "Bearer " + row.token}
		if row.token == "" {
			header = nil
		}
		if row.code == 200 {
			b.listen(row.url, header...)
			continue
		}
		code, h, body, err := b.get(row.url, header...)
		if err != nil || code != row.code || row.says != "" && strings.TrimSpace(string(body)) != `{"error":"`+row.says+`"}` {
			t.Errorf("%s with %q: %d %s, %v", row.url, row.token, code, body, err)
		}
		if code == 301 && h.Get("Location") != "https://streaming.apart.social/api/v1/streaming/public/local" {
			t.Errorf("it leads to %s", h.Get("Location"))
		}
	}
	if _, _, _, err := b.get("https://streaming.one.social/api/v1/streaming/public"); err == nil {
		t.Error("there is a host of streams that nobody has")
	}
	var v1 struct {
		URLs struct {
			Streaming string `json:"streaming_api"`
		}
	}
	var v2 struct {
		Configuration struct{ URLs struct{ Streaming string } }
	}
	_, _, body1, _ := b.get("https://apart.social/api/v1/instance")
	_, _, body2, _ := b.get("https://apart.social/api/v2/instance")
	if err := errors.Join(json.Unmarshal(body1, &v1), json.Unmarshal(body2, &v2)); err != nil {
		t.Fatal(err)
	}
	if want := "wss://streaming.apart.social"; v1.URLs.Streaming != want || v2.Configuration.URLs.Streaming != want {
		t.Errorf("it says %q and %q", v1, v2)
	}
}

func TestStreamsLoseWhatTheyLose(t *testing.T) {
	b := serve(t, WorldOf([]Spec{{Name: "one.social", Live: Live{Rate: 50, Compose: plain, Drops: 10}}}, defaultStart))
	l := b.listen("https://one.social/api/v1/streaming/public/local", "Authorization", userHeader)
	b.step(20*time.Minute - time.Millisecond) // 1,000 but the first
	b.catchUp()
	b.want(b.Truth(b.time()).Toots(), nil, "mastodon_timeline_duplicates")
	n := b.Truth(b.time()).Toots()[`mastodon_timeline_events_total{event="update",source="one.social/local"}`]
	if n < 850 || n > 950 {
		t.Errorf("of 1000 toots %v were sent", n)
	}
	for range int(n) {
		if e := l.event(); !strings.HasPrefix(e, "update ") {
			t.Fatal(e)
		}
	}
}

func TestTricksOfStreams(t *testing.T) {
	spec := func(name string, trick Trick) Spec {
		return Spec{Name: name, Live: Live{Rate: 3, Compose: plain, Trick: trick}}
	}
	b := serve(t, WorldOf([]Spec{spec("disorder.social", TrickDisorder), spec("junk.social", TrickJunk), spec("endless.social", TrickEndless)}, defaultStart))
	twice := b.listen("https://disorder.social/api/v1/streaming/public/local", "Authorization", userHeader)
	junk := b.listen("https://junk.social/api/v1/streaming/public/local", "Authorization", userHeader)
	endless := b.listen("https://endless.social/api/v1/streaming/public/local", "Authorization", userHeader)
	b.step(2 * time.Second)
	twice.want("update 1 of 0", "update 1 of 0", "update 2 of 0", "update 2 of 0")
	if line := endless.line(); line != "event: update" {
		t.Error(line)
	}
	if line := endless.line(); len(line) < 10<<20-10 || !strings.HasPrefix(line, "data: ") || endless.line() != "" {
		t.Errorf("a line of %d bytes", len(line))
	}
	endless.want("update 1 of 0", "update 2 of 0")
	b.step(20 * time.Minute)
	var got []string
	for range 30 {
		got = append(got, junk.event())
	}
	none := 0
	for i, e := range got {
		if e == "update that is none" {
			none++
			if i+1 < len(got) && got[i+1] != "demo.unheard " {
				t.Errorf("after %q comes %q", e, got[i+1])
			}
		}
	}
	b.catchUp()
	all := b.Truth(b.time()).Toots()
	other, updates := all[`mastodon_timeline_events_total{event="other",source="junk.social/local"}`], all[`mastodon_timeline_events_total{event="update",source="junk.social/local"}`]
	if other < 10 || other+updates != 62 { // 3 in each of 20 minutes and 3 in two seconds, but the first
		t.Errorf("%v are malformed, and beside each stands another event; %v are toots", other, updates)
	}
	if none < 4 || none > 14 {
		t.Errorf("of %d events %d are malformed", len(got), none)
	}
}

func TestStreamsEndWithTrouble(t *testing.T) {
	b := serve(t, WorldOf([]Spec{seq(Spec{Name: "one.social", Live: Live{Rate: 1, Compose: plain}}, 10*time.Minute, Spec{Behaviour: BadGateway})}, defaultStart))
	l := b.listen("https://one.social/api/v1/streaming/public", "Authorization", userHeader)
	b.step(9 * time.Minute)
	b.catchUp()
	b.step(time.Minute)
	b.catchUp()
	rest, err := io.ReadAll(l.lines)
	if n := strings.Count(string(rest), "event: update"); err != nil || n != 9 {
		t.Errorf("%d toots, and %v", n, err)
	}
	if code, _, _, _ := b.get("https://one.social/api/v1/streaming/public", "Authorization", userHeader); code != http.StatusBadGateway {
		t.Error(code)
	}
}

// TestGoMastodonStreams lets an independent client follow a stream: it finds the host by itself.
func TestGoMastodonStreams(t *testing.T) {
	b := serve(t, WorldOf([]Spec{{Name: "one.social", Live: Live{Rate: 3, Streaming: true, Compose: func(toot *Toot) {
		plain(toot)
		if toot.Number == 1 {
			toot.Edited = time.Minute
		}
	}}}}, defaultStart))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := mastodon.NewClient(&mastodon.Config{Server: "https://one.social", AccessToken: UserToken})
	c.Client = http.Client{Transport: b.client.Transport}
	events, err := c.StreamingPublic(ctx, true)
	if err != nil {
		t.Fatal(err)
	}
	b.until(func() bool { return b.OpenStreams() == 1 })
	b.step(80 * time.Second)
	var got []string
	for len(got) < 6 {
		switch e := (<-events).(type) {
		case *mastodon.UpdateEvent:
			got = append(got, e.Status.Content)
		case *mastodon.UpdateEditEvent:
			got = append(got, "edited "+e.Status.Content)
		case *mastodon.ErrorEvent:
			t.Fatal(e.Err)
		}
	}
	want := []string{"<p>1 of 0</p>", "<p>2 of 0</p>", "<p>0 of 1</p>", "<p>1 of 1</p>", "edited <p>1 of 0 (mended)</p>", "<p>2 of 1</p>"}
	slices.Sort(got[3:5]) // they come at the same moment
	slices.Sort(want[3:5])
	if !slices.Equal(got, want) {
		t.Errorf("it reads %q, want %q", got, want)
	}
	cancel()
	for range events { // it ends when it has seen that
	}
}

func BenchmarkStream(b *testing.B) {
	w := NewWorld(Config{Seed: 1})
	server := busiest(w)[0]
	at := w.start.UnixMilli()
	s := &stream{v: &visitOf{n: &Network{world: w}, i: server}, of: federated, opened: at, reached: -31}
	b.ReportAllocs()
	for b.Loop() { // a minute of the World, without writing it
		at += 60_000
		s.fill(at)
		for len(s.pending) > 0 && s.pending[0].at <= at {
			s.pending = s.pending[1:]
		}
	}
	_ = fmt.Sprint(len(s.pending))
}
