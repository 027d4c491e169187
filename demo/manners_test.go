package demo

import (
	"testing"
	"time"
)

func TestDeclines(t *testing.T) {
	for tag, want := range map[string]bool{
		"noindex": true, "none": true, "NoIndex": true, "nofollow, noindex": true, "MNM-Exporter: noindex": true, "mnm-exporter:none": true,
		"otherbot: none, mnm-exporter: noindex": true,
		"":                                      false, "nofollow": false, "all": false, "otherbot: noindex": false, "otherbot: nofollow, noindex": false,
		"MNM-Exporter: nofollow": false, "unavailable_after: 25 Jun 2030 15:00:00 GMT": false, "max-snippet: 0": false, "noindexing": false,
	} {
		if got := declines(tag); got != want {
			t.Errorf("%q declines: %v, want %v", tag, got, want)
		}
	}
}

func TestRobotsTagRefuses(t *testing.T) {
	n := int64(100)
	less := int64(10)
	b := serve(t, WorldOf([]Spec{
		seq(Spec{Name: "one.social", Users: &n, RobotsTag: "none"}, 150*time.Minute, Spec{Users: &less}, 210*time.Minute, Spec{Behaviour: BadGateway}),
		{Name: "other.social", Users: &n, RobotsTag: "otherbot: noindex"},
	}, defaultStart))
	b.list()
	b.visit("one.social", "other.social")
	b.wantStates(map[string]float64{"up": 2}) // nobody has seen the page yet
	b.step(time.Hour)
	for _, name := range []string{"one.social", "other.social"} {
		b.visit(name)
		if _, h, _, err := b.get("https://" + name + "/"); err != nil || h.Get("X-Robots-Tag") == "" {
			t.Fatal(h, err)
		}
	}
	refused := func() {
		t.Helper()
		b.wantStates(map[string]float64{"up": 1, "refused": 1})
		b.want(b.Truth(b.time()).Series(), map[string]float64{"mastodon_network_claimed_users": 100}, "mastodon_network_claimed_users")
		b.want(b.Truth(b.time()).Instances(), nil, `mastodon_instance_up{domain="one`, `mastodon_instance_users{domain="one`)
	}
	refused()
	b.step(time.Hour)
	b.ask("one.social", "/")
	b.step(time.Hour) // the tag is gone, and nobody looks at the page
	b.visit("one.social")
	refused()
	b.step(20 * time.Minute)
	b.ask("one.social", "/") // a page alone makes nobody up
	refused()
	b.step(5 * time.Minute)
	b.visit("one.social")
	b.wantStates(map[string]float64{"up": 2})
	b.wantChanges(nil) // what was known before it refused is forgotten: no drop of users, no return
	b.step(time.Hour)
	b.visit("one.social")
	b.ask("one.social", "/")
	b.wantStates(map[string]float64{"up": 2}) // not confirmed
}

func TestRefusalsAndDeparturesAreOver(t *testing.T) {
	n := int64(10)
	well := Spec{Users: &n}
	b := serve(t, WorldOf([]Spec{
		seq(Spec{Name: "one.social", Users: &n}, 30*time.Minute, Spec{Behaviour: RobotsNo}, 90*time.Minute, Spec{Behaviour: Refusing}, 150*time.Minute, well),
		seq(Spec{Name: "two.social", Users: &n}, 30*time.Minute, Spec{Behaviour: Gone}, 90*time.Minute, Spec{Behaviour: Refusing}, 150*time.Minute, well),
		seq(Spec{Name: "three.social", Behaviour: Refusing}, 30*time.Minute, Spec{Behaviour: Legal}, 150*time.Minute, well),
		seq(Spec{Name: "late.social", Unlisted: true}, 30*time.Minute, Spec{Behaviour: RobotsNo}, 150*time.Minute, well),
	}, defaultStart))
	names := []string{"one.social", "two.social", "three.social"}
	b.list()
	b.visit(names...)
	b.wantStates(map[string]float64{"up": 2, "new": 1})
	names = append(names, "late.social")
	for range 2 { // what refuses or is gone does not go down
		b.step(time.Hour)
		b.list()
		b.visit(names...)
		b.step(6 * time.Minute)
		b.visit(names...)
		b.wantStates(map[string]float64{"refused": 3, "gone": 1})
		b.want(b.Truth(b.time()).Instances(), nil, "mastodon_")
	}
	b.step(time.Hour)
	for _, name := range names {
		b.ask(name, "/nodeinfo/2.0")
	}
	b.wantStates(map[string]float64{"refused": 3, "gone": 1}) // one answer is only a look
	b.step(time.Hour)
	for _, name := range names {
		b.ask(name, "/nodeinfo/2.0")
	}
	b.wantStates(map[string]float64{"up": 4})
	b.wantChanges(map[string]float64{"gone": 1}) // nor is it new that one which refused at first does so no more
}

func TestConditionalRequests(t *testing.T) {
	first, second := int64(100), int64(150)
	b := serve(t, WorldOf([]Spec{
		seq(Spec{Name: "one.social", Users: &first}, 49*time.Hour, Spec{Users: &second, RobotsTag: "noindex"}, 60*time.Hour, Spec{Behaviour: Half, Users: &second}),
	}, defaultStart))
	b.list()
	tags := map[string]string{}
	for _, path := range []string{"/robots.txt", "/.well-known/nodeinfo", "/nodeinfo/2.0", "/api/v1/instance", "/api/v2/instance", "/"} {
		code, h, body, err := b.get("https://one.social" + path)
		if tags[path] = h.Get("ETag"); err != nil || code != 200 || tags[path] == "" || len(body) == 0 {
			t.Fatalf("%s: %d, %v, %v", path, code, h, err)
		}
	}
	for path, tag := range tags {
		if code, h, body, err := b.get("https://one.social"+path, "If-None-Match", tag); err != nil || code != 304 || len(body) > 0 || h.Get("ETag") != tag {
			t.Errorf("%s: %d, %v, %v", path, code, h, err)
		}
	}
	if code, _, _, _ := b.get("https://one.social/nodeinfo/2.0", "If-None-Match", `W/"0"`); code != 200 {
		t.Errorf("another tag: %d", code)
	}
	users := func(want float64) {
		t.Helper()
		b.want(b.Truth(b.time()).Series(), map[string]float64{"mastodon_network_claimed_users": want}, "mastodon_network_claimed_users")
	}
	for range 3 { // nothing but 304, for longer than a document stands
		b.step(16 * time.Hour)
		for _, path := range []string{"/robots.txt", "/nodeinfo/2.0"} {
			if code, _, _, err := b.get("https://one.social"+path, "If-None-Match", tags[path]); code != 304 {
				t.Fatal(path, code, err)
			}
		}
	}
	b.step(30 * time.Minute)
	users(100)
	b.step(time.Hour)
	code, h, _, err := b.get("https://one.social/nodeinfo/2.0", "If-None-Match", tags["/nodeinfo/2.0"])
	if code != 200 || h.Get("ETag") == tags["/nodeinfo/2.0"] {
		t.Errorf("changed: %d, %v", code, err)
	}
	users(150)
	if code, h, _, err := b.get("https://one.social/", "If-None-Match", tags["/"]); code != 200 || h.Get("X-Robots-Tag") != "noindex" {
		t.Errorf("with a new X-Robots-Tag: %d, %v, %v", code, h, err)
	}
	b.wantStates(map[string]float64{"refused": 1})
	b.step(12 * time.Hour) // halves, whose 304 is no document
	_, h, _, _ = b.get("https://one.social/nodeinfo/2.0")
	b.step(time.Hour)
	if code, _, _, err := b.get("https://one.social/nodeinfo/2.0", "If-None-Match", h.Get("ETag")); code != 304 {
		t.Error(code, err)
	}
	b.want(b.Truth(b.time()).Series(), nil, "mastodon_network_claimed")
}

func TestSharpDropsAndCertificates(t *testing.T) {
	many, rest, few, more := int64(100), int64(80), int64(19), int64(79)
	b := serve(t, WorldOf([]Spec{
		seq(Spec{Name: "one.social", Users: &many}, 30*time.Minute, Spec{Users: &rest, Renewal: 1}, 90*time.Minute, Spec{Users: &more, Renewal: 1},
			150*time.Minute, Spec{Renewal: 1}, 210*time.Minute, Spec{Users: &few, Renewal: 2}, 270*time.Minute, Spec{Users: new(int64), Renewal: 2}),
		seq(Spec{Name: "two.social", Users: &many}, 30*time.Minute, Spec{Users: &more, Behaviour: CertExpired}, 90*time.Minute, Spec{Users: &more}),
	}, defaultStart))
	b.list()
	b.visit("one.social", "two.social")
	for _, want := range []map[string]float64{
		{"certificate": 1},             // a fifth less is not sharp; with an expired certificate no visit is good
		{"certificate": 1, "users": 1}, // two has 79 where it had 100 at the good visit before
		{"certificate": 1, "users": 1}, // one doesn't say how many it has,
		{"certificate": 2, "users": 1}, // and says it again
		{"certificate": 2, "users": 1}, // 19 are too few to drop
	} {
		b.step(time.Hour)
		b.visit("one.social", "two.social")
		b.wantChanges(want)
	}
}
