package outbound

import (
	"fmt"
	"net/http"
	"testing"
)

// BenchmarkVisit is the whole way of a first visit on loopback, client and server in one process: a name looked up,
// a connection made, TLS, four requests of 4 KiB over it. BenchmarkGet is one further request.
func BenchmarkVisit(b *testing.B) {
	x := newBox(b)
	page := make([]byte, 4096)
	s := x.serve("a.oak.social", "95.216.1.1", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(page) })
	x.serveWith("b.oak.social", "95.216.1.2", s.Config.Handler.ServeHTTP, x.issue(certFor("*.oak.social")))
	c := x.client()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		host := fmt.Sprintf("n%d.oak.social", i)
		x.name(host, "95.216.1.2")
		session := c.Session()
		for _, p := range []Purpose{PurposeRobots, PurposeWellKnown, PurposeNodeInfo, PurposeAPIV1} {
			if _, err := session.Get(b.Context(), Request{Purpose: p, URL: "https://" + host + "/"}); err != nil {
				b.Fatal(err)
			}
		}
		session.Close()
	}
}

func BenchmarkGet(b *testing.B) {
	x := newBox(b)
	page := make([]byte, 4096)
	x.serve("oak.social", "95.216.1.1", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(page) })
	session := x.client().Session()
	defer session.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := session.Get(b.Context(), Request{Purpose: PurposeDirectory, URL: "https://oak.social/"}); err != nil {
			b.Fatal(err)
		}
	}
}
