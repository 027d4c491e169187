package demo

import (
	"maps"
	"testing"
	"time"
)

// look asks for http / and https /.
func (b *box) look(names ...string) {
	b.t.Helper()
	for _, name := range names {
		_, _, _, _ = b.get("http://" + name + "/")
		b.ask(name, "/")
	}
}

func (b *box) wantGrades(want map[string]float64) {
	b.t.Helper()
	full := map[string]float64{}
	for grade, n := range want {
		full[`mastodon_https_grade_instances{grade="`+grade+`"}`] = n
	}
	b.want(b.Truth(b.time()).Series(), full, "mastodon_https")
}

// scored are an instance's score and grade, of which its certificate holds.
func scored(domain string, score float64, grade string) map[string]float64 {
	all := map[string]float64{`mastodon_instance_certificate_info{domain="` + domain + `",verdict="ok"}`: 1}
	if grade != "" {
		all[`mastodon_instance_https_score{domain="`+domain+`"}`] = score
		all[`mastodon_instance_https_grade_info{domain="`+domain+`",grade="`+grade+`"}`] = 1
	}
	return all
}

func (b *box) wantHTTPS(want ...map[string]float64) {
	b.t.Helper()
	full := map[string]float64{}
	for _, w := range want {
		maps.Copy(full, w)
	}
	b.want(b.Truth(b.time()).HTTPS(), full, "mastodon_")
}

func TestTruthOfSites(t *testing.T) {
	b := serve(t, WorldOf([]Spec{
		{Name: "comes.social"}, {Name: "shut.social", Site: "redirect-closed"}, {Name: "away.social", Site: "redirect-off-host"},
		{Name: "open.social", Site: "redirect-missing", CDN: "fastly"}, {Name: "half.social", Site: "hsts-long"}, {Name: "none.social", Site: "hsts-long"},
		{Name: "tagged.social", RobotsTag: "noindex"}, {Name: "unseen.social"},
	}, defaultStart))
	b.list()
	names := []string{"comes.social", "shut.social", "away.social", "open.social", "half.social", "none.social", "tagged.social"}
	b.visit(names...)
	b.wantGrades(map[string]float64{"unknown": 7})
	b.look("comes.social", "shut.social", "away.social", "open.social", "tagged.social")
	b.ask("half.social", "/") // nobody had looked at port 80
	_, _, _, _ = b.get("http://half.social/")
	b.wantGrades(map[string]float64{"A+": 1, "D": 1, "D-": 1, "F": 1, "unknown": 2})
	sites := []map[string]float64{
		scored("comes.social", 130, "A+"), scored("shut.social", 30, "D"), scored("away.social", 25, "D-"), scored("open.social", 10, "F"), scored("none.social", 0, ""),
	}
	b.wantHTTPS(append(sites, scored("half.social", 0, ""))...)
	b.wantStates(map[string]float64{"up": 6, "refused": 1, "new": 1}) // a closed port 80 is no failed visit
	b.step(time.Hour)
	b.ask("half.social", "/")
	b.wantHTTPS(append(sites, scored("half.social", 50, "C"))...)
	b.step(22 * time.Hour)
	b.wantGrades(map[string]float64{"A+": 1, "D": 1, "D-": 1, "F": 1, "C": 1, "unknown": 1})
	b.step(time.Hour) // a look at / is no good visit: nobody's figures stand, but their certificates are known
	b.wantGrades(nil)
	var bare []map[string]float64
	for _, name := range names[:6] {
		bare = append(bare, scored(name, 0, ""))
	}
	b.wantHTTPS(bare...)
}

func TestSitesThatChange(t *testing.T) {
	b := serve(t, WorldOf([]Spec{
		seq(Spec{Name: "one.social", Site: "strong-http-closed"}, 30*time.Minute, Spec{Site: "ninety"}, 210*time.Minute, Spec{Behaviour: BadGateway},
			270*time.Minute, Spec{}, 330*time.Minute, Spec{Behaviour: RedirectLoop}, 390*time.Minute, Spec{Behaviour: HTML, Site: "hsts-long"},
			450*time.Minute, Spec{Behaviour: Refusing}, 510*time.Minute, Spec{Behaviour: Gone}, 570*time.Minute, Spec{}),
	}, defaultStart))
	b.list()
	one := func(score float64, grade string, look func()) {
		t.Helper()
		b.visit("one.social")
		look()
		b.wantHTTPS(scored("one.social", score, grade))
		b.step(time.Hour)
	}
	home, plain := func() { b.ask("one.social", "/") }, func() { _, _, _, _ = b.get("http://one.social/") }
	both := func() { plain(); home() }
	one(130, "A+", both)
	one(120, "A+", home)      // a new site, and port 80 as it was
	one(120, "A+", func() {}) // nobody looks
	one(120, "A+", plain)     // port 80 alone is no occasion
	one(0, "", home)          // 502
	one(130, "A+", home)      // Mastodon's
	one(130, "A+", home)      // a loop is no answer
	one(50, "C", home)        // a page for people
	one(50, "C", plain)       // refused, as a whole
	b.visit("one.social")     // 410
	home()
	b.wantHTTPS() // of who is gone nothing is kept,
	b.wantGrades(nil)
	b.step(time.Hour)
	home() // nor of a look whether that is over,
	b.step(time.Hour)
	one(0, "", home) // nor what port 80 did before
	one(130, "A+", both)
	b.wantGrades(map[string]float64{"A+": 1})
}

func TestTruthOfCertificates(t *testing.T) {
	var specs []Spec
	want := map[string]float64{}
	for _, row := range []struct {
		name string
		at   Behaviour
	}{
		{"a.social", CertExpired}, {"b.social", CertName}, {"c.social", CertSelfSigned}, {"d.social", CertUntrusted}, {"e.social", OldTLS}, {"f.social", Well},
	} {
		specs = append(specs, seq(Spec{Name: row.name}, time.Hour, Spec{Behaviour: row.at}, 3*time.Hour, Spec{Behaviour: Refusing}))
		want[`mastodon_instance_certificate_info{domain="`+row.name+`",verdict="`+certificates[row.at]+`"}`] = 1
	}
	b := serve(t, WorldOf(append(specs, Spec{Name: "bad.social", Behaviour: OldTLS}, Spec{Name: "dead.social", Behaviour: NoName}), defaultStart))
	b.list()
	names := []string{"a.social", "b.social", "c.social", "d.social", "e.social", "f.social", "bad.social", "dead.social"}
	b.visit(names...)
	var all []map[string]float64
	for _, name := range names[:6] {
		all = append(all, scored(name, 0, ""))
	}
	b.wantHTTPS(all...) // those that never were up are not shown yet
	b.step(time.Hour)
	b.visit(names...)
	old := map[string]float64{`mastodon_instance_certificate_info{domain="bad.social",verdict="old_protocol"}`: 1}
	b.wantHTTPS(want, old) // one handshake tells, before the failure is confirmed
	b.step(time.Hour)
	b.visit(names...)
	b.wantStates(map[string]float64{"up": 1, "down": 7})
	b.wantHTTPS(want, old)
	b.step(time.Hour) // no handshakes any more
	b.visit(names...)
	b.wantHTTPS(want, old)
}

func TestAClosedPortIsNoFailure(t *testing.T) {
	b := serve(t, WorldOf([]Spec{
		{Name: "shut.social", Site: "redirect-closed"},
		seq(Spec{Name: "open.social", Site: "redirect-missing"}, 30*time.Minute, Spec{Behaviour: Refusing}, 90*time.Minute, Spec{Site: "redirect-missing"}),
	}, defaultStart))
	b.list()
	b.visit("shut.social", "open.social")
	for range 3 {
		b.step(10 * time.Minute)
		_, _, _, _ = b.get("http://shut.social/")
	}
	_, _, _, _ = b.get("http://open.social/") // refused, as all else there is now
	b.step(time.Hour)
	b.ask("shut.social", "/")
	b.ask("open.social", "/")
	b.wantHTTPS(scored("shut.social", 30, "D"), scored("open.social", 30, "D"))
	b.wantStates(map[string]float64{"up": 2})
}
