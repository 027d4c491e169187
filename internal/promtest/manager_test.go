package promtest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestScrapeManager(t *testing.T) {
	var scrapes, vanished atomic.Int64
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", text)
		fmt.Fprintf(w, "scrapes_total %d\n", scrapes.Add(1))
		fmt.Fprintf(w, "asked{path=%q,gzip=\"%t\"} 1\n", r.URL.String(), strings.Contains(r.Header.Get("Accept-Encoding"), "gzip"))
		if vanished.Load() == 0 {
			fmt.Fprintln(w, "here 1")
		}
	}))
	t.Cleanup(target.Close)

	s := RunScrapeManager(t, target.URL+"/metrics?collect[]=network")
	s.Await(t, `asked{path="/metrics?collect%5B%5D=network",gzip="true",instance="mnm:13121",job="mnm"}`, 1)
	s.Await(t, "here", 1)
	s.Await(t, "scrape_samples_scraped", 3)
	vanished.Store(1)
	s.Await(t, "count(here) or vector(0)", 0)
	if got := s.Value(t, "scrapes_total", time.Now()); got < 2 {
		t.Errorf("there were %v scrapes, want at least 2", got)
	}
}
