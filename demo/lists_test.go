package demo

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

const socialURL = "https://instances.social/api/1.0/instances/list?count=2&include_closed=true&include_dead=false&include_down=true"

// social fetches a page of instances.social: the names on it and the id of the next one.
func (b *box) social(url string) (names []string, next string) {
	b.t.Helper()
	code, _, body, err := b.get(url, "Authorization", "Bearer demo-token")
	var page struct {
		Instances []struct {
			Name  string
			Users *string
		}
		Pagination struct {
			Total  int
			NextID string `json:"next_id"`
		}
	}
	if err == nil {
		err = json.Unmarshal(body, &page)
	}
	if err != nil || code != 200 || page.Pagination.Total != 3 {
		b.t.Fatalf("%s: %d, %v: %s", url, code, err, body)
	}
	for _, i := range page.Instances {
		names = append(names, i.Name)
	}
	return names, page.Pagination.NextID
}

func TestInstancesSocial(t *testing.T) {
	n := int64(10)
	b := serve(t, WorldOf([]Spec{
		{Name: "both.social", Social: true, Users: &n}, {Name: "grün.social", Social: true, Unlisted: true}, {Name: "one.social"},
		{Name: "third.social", Social: true, Unlisted: true},
	}, defaultStart))
	for _, row := range []struct {
		url, token string
		code       int
	}{
		{socialURL, "", 400}, {socialURL, "Bearer x", 400}, {socialURL, "demo-token", 400}, {socialURL + "&colour=red", "Bearer demo-token", 400},
		{"https://instances.social/api/1.0/instances/list?count=-1", "Bearer demo-token", 400}, {"https://instances.social/", "Bearer demo-token", 404},
		{"https://instances.social/api/1.0/instances/list?count=x", "Bearer demo-token", 400},
		{"https://instances.social/api/1.0/instances/list", "Bearer demo-token", 200},
	} {
		var header []string
		if row.token != "" {
			header = []string{"Authorization", row.token}
		}
		if code, _, _, err := b.get(row.url, header...); err != nil || code != row.code {
			t.Errorf("%s with %q: %d, %v, want %d", row.url, row.token, code, err, row.code)
		}
	}

	b = serve(t, b.world)
	b.list()
	listed := func(social ...float64) {
		t.Helper()
		want := map[string]float64{`mastodon_directory_instances{directory="joinmastodon"}`: 2}
		for _, n := range social {
			want[`mastodon_directory_instances{directory="instances_social"}`] = n
		}
		b.want(b.Truth(b.time()).Series(), want, "mastodon_directory_instances")
	}
	names, next := b.social(socialURL)
	if fmt.Sprint(names) != "[both.social xn--grn-ioa.social]" || next == "" {
		t.Fatalf("the first page has %v, next is %q", names, next)
	}
	listed() // half of a list is none
	b.wantStates(map[string]float64{"new": 2})
	names, next = b.social(socialURL + "&min_id=" + next)
	if fmt.Sprint(names) != "[third.social]" || next != "" {
		t.Errorf("the second page has %v, next is %q", names, next)
	}
	listed(3)
	b.wantStates(map[string]float64{"new": 4})
	b.visit("both.social", "one.social", "xn--grn-ioa.social", "third.social")
	b.wantChanges(nil) // both first answers are of the first round
}

func TestDirectoriesOverlap(t *testing.T) {
	w := NewWorld(Config{Seed: 1})
	var joinMastodon, social, both, neither int
	for i := range w.Len() {
		st := w.State(i, w.Start())
		switch {
		case st.Listed && st.Social:
			both++
		case st.Listed:
			joinMastodon++
		case st.Social:
			social++
		case st.Exists:
			neither++
		}
	}
	if joinMastodon < 500 || both < 1000 || social < 50 || neither > 0 {
		t.Errorf("%d are on both lists, %d and %d on one, %d on none", both, joinMastodon, social, neither)
	}
}

func TestJunkAndFloods(t *testing.T) {
	n := int64(10)
	specs := []Spec{
		{Name: "oak.social", Users: &n}, {Name: "a.activitypub-troll.cf"}, {Name: "Misskey-Forkbomb.cf"}, {Name: "notngrok.io", Behaviour: NoName},
	}
	for i := range 130 {
		specs = append(specs, Spec{Name: fmt.Sprintf("n%d.flood.club", i), Behaviour: NoName})
	}
	specs = append(specs, Spec{Name: "mine.flood.club", Unlisted: true, Users: &n}, Spec{Name: "elm.social", Users: &n})
	b := serve(t, WorldOf(specs, defaultStart))
	b.visit("mine.flood.club") // the visitor's own, and one of the hundred
	for range 2 {
		b.list()
		b.want(b.Truth(b.time()).Series(), map[string]float64{
			`mastodon_directory_instances{directory="joinmastodon"}`: 102, // 99, oak, elm and notngrok
			`mastodon_network_instances{state="new"}`:                102, `mastodon_network_instances{state="up"}`: 1,
		}, "mastodon_directory_instances", "mastodon_network_instances")
	}
	if _, ok := b.Truth(b.time()).Instances()[`mastodon_instance_up{domain="mine.flood.club"}`]; !ok {
		t.Error("the visitor's own is not known")
	}
	b.step(time.Minute)
	for range 2 {
		b.visit("n0.flood.club", "n98.flood.club", "notngrok.io", "oak.social", "elm.social")
		b.step(6 * time.Minute)
	}
	b.wantStates(map[string]float64{"new": 97, "up": 3, "down": 3})
	b.wantChanges(nil)
}

func TestAHostileDirectory(t *testing.T) {
	w := NewWorld(Config{Seed: 3, Instances: 50, Hostile: true})
	known, junk := 0, 0
	for i := range w.Len() {
		st := w.State(i, w.Start())
		if w.Name(i).Registrable() == floodDomain {
			junk++
			if st.Behaviour != NoName || st.Exists {
				t.Fatalf("%s is %+v", w.Name(i), st)
			}
		} else if st.Listed {
			known++
		}
	}
	b := serve(t, w)
	b.list()
	b.list()
	b.want(b.Truth(b.time()).Series(), map[string]float64{
		`mastodon_directory_instances{directory="joinmastodon"}`: float64(known + 100), `mastodon_network_instances{state="new"}`: float64(known + 100),
	}, "mastodon_directory_instances", "mastodon_network_instances")
	if junk != 300 || known < 30 {
		t.Errorf("%d names in the flood, %d others", junk, known)
	}
}

func TestSilenceIsGoneAndForgotten(t *testing.T) {
	const day = 24 * time.Hour
	n := int64(10)
	gone := func(s Spec) Spec { s.Behaviour, s.Unlisted = Refusing, true; return s }
	b := serve(t, WorldOf([]Spec{
		seq(Spec{Name: "dropped.social", Users: &n}, day, gone(Spec{}), 40*day, Spec{Users: &n}),
		seq(Spec{Name: "kept.social", Users: &n}, day, Spec{Behaviour: NoName}, 41*day, Spec{Users: &n}, 43*day, Spec{Behaviour: NoName}),
		{Name: "never.social", Behaviour: Refusing},
		{Name: "own.social", Behaviour: Refusing, Unlisted: true},
		{Name: "blocked.social", Behaviour: Blocked},
		seq(Spec{Name: "left.social", Users: &n}, day, Spec{Behaviour: Gone, Unlisted: true}),
	}, defaultStart))
	all := []string{"dropped.social", "kept.social", "never.social", "own.social", "blocked.social", "left.social"}
	later := func(d time.Duration) {
		b.step(d)
		b.list()
		b.visit(all...)
	}
	b.list()
	b.visit(all...)
	later(2 * time.Hour)
	b.wantStates(map[string]float64{"up": 3, "new": 1, "down": 2})
	b.step(-b.time().Sub(defaultStart) + 25*time.Hour)
	b.list()
	b.visit(all...)
	later(time.Hour)
	b.wantStates(map[string]float64{"gone": 1, "new": 1, "down": 4})
	b.wantChanges(map[string]float64{"down": 2, "gone": 1}) // of three that were up; a 410 needs no confirmation
	b.step(-b.time().Sub(defaultStart) + 30*day - time.Minute)
	b.list()
	b.wantStates(map[string]float64{"gone": 1, "new": 1, "down": 4})
	b.step(time.Minute) // 30 days after who never answered became known
	b.wantStates(map[string]float64{"gone": 3, "new": 1, "down": 2})
	b.wantChanges(map[string]float64{"down": 2, "gone": 1})
	b.visit(all...)
	b.wantChanges(map[string]float64{"down": 2, "gone": 1}) // who never answered does not go
	b.step(2 * time.Hour)                                   // 30 days after the last answer of the others
	b.wantStates(map[string]float64{"gone": 4, "new": 1})
	b.want(b.Truth(b.time()).Instances(), nil, "mastodon_")
	b.visit(all...)
	b.wantChanges(map[string]float64{"down": 2, "gone": 2}) // dropped is forgotten before its visit
	b.step(-b.time().Sub(defaultStart) + 35*day)
	b.list()
	b.visit("kept.social", "never.social", "own.social", "blocked.social", "left.social")
	b.wantChanges(map[string]float64{"down": 2, "gone": 2})
	b.step(-b.time().Sub(defaultStart) + 42*day)
	b.list()
	b.visit("kept.social", "dropped.social")
	b.wantStates(map[string]float64{"gone": 3, "new": 1, "up": 2})
	b.wantChanges(map[string]float64{"down": 2, "gone": 2, "up": 1, "new": 1})
	for range 2 { // gone once more
		b.step(31 * day)
		b.visit("kept.social")
	}
	b.step(time.Hour)
	b.visit("kept.social")
	b.wantChanges(map[string]float64{"down": 3, "gone": 3, "up": 1, "new": 1})
}
