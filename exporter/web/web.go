// Package web has the pages that people and health checks look at. What they show is handed to it as values and functions.
package web

import (
	_ "embed"
	"html/template"
	"net/http"
	"strconv"
	"time"
)

// Status is what the program is doing.
type Status struct {
	Version string
	Demo    bool
	Ready   bool          // every known instance was tried once
	Offline string        // what to do if our own network does not work, else empty
	Known   int           // instances in the book
	Tried   int           // those that were tried
	Left    time.Duration // of the first round, an estimate
	At      time.Time     // when the totals were drawn
	Totals  []Total
}

// Total is a figure of the whole network, in the demo beside what it must be.
type Total struct {
	Name  string
	Value *int64 // nil: nobody has said one
	Truth *int64
	Wrong bool // it has not been what it must be for longer than visits under way explain
}

// Right reports whether the total is what it must be.
func (t Total) Right() bool { return t.Truth != nil && t.Value != nil && *t.Truth == *t.Value }

// Ratio is the part of the first round that is done.
func (s Status) Ratio() float64 {
	switch {
	case s.Ready:
		return 1
	case s.Known == 0:
		return 0
	}
	return float64(s.Tried) / float64(s.Known)
}

// Percent is Ratio for people: never 100 before the end.
func (s Status) Percent() int { return int(s.Ratio() * 100) }

//go:embed index.html
var index string

//go:embed about.html
var about string

//go:embed instance.html
var instance string

// Instance is what is shown of one instance.
type Instance struct {
	Domain string
	Rows   []Row
	Scores []Score
}

// Row is a figure by its name.
type Row struct{ Name, Value string }

// Score is a judgement, and the tests that it is made of.
type Score struct {
	Name, Grade string
	Score       int
	Tests       []Test
}

// Test is the result of one test, and what it adds to the score.
type Test struct {
	Name, Result string
	Pass         bool
	Points       int
}

// Pages are what Handler serves.
type Pages struct {
	Metrics http.Handler
	Status  func() Status
	Contact func() string // who answers for this crawler; may be empty
	Reload  func() error  // loads the configuration again; nil: /-/reload is not there
	// Instance is what may be shown of an instance by that name; false: nothing.
	Instance func(domain string) (Instance, bool)
}

// Handler serves the pages: /, /instance/DOMAIN, /about for the admins whom we visit, /metrics, /-/healthy while the process lives, /-/ready
// once every instance was tried, and /-/reload.
func Handler(p Pages) http.Handler {
	status := p.Status
	page := template.Must(template.New("index").Funcs(template.FuncMap{"number": number}).Parse(index))
	mux := http.NewServeMux()
	who := template.Must(template.New("about").Parse(about))
	mux.Handle("/metrics", p.Metrics)
	mux.HandleFunc("GET /about", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = who.Execute(w, p.Contact()) // the reader went away
	})
	one := template.Must(template.New("instance").Parse(instance))
	mux.HandleFunc("GET /instance/{domain}", func(w http.ResponseWriter, r *http.Request) {
		i, ok := p.Instance(r.PathValue("domain"))
		if !ok {
			http.Error(w, "No such instance is shown here.", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = one.Execute(w, i) // the reader went away
	})
	if p.Reload != nil {
		mux.HandleFunc("POST /-/reload", func(w http.ResponseWriter, _ *http.Request) {
			if err := p.Reload(); err != nil {
				http.Error(w, "The configuration is not good; the one before stays: "+err.Error(), http.StatusInternalServerError)
				return
			}
			_, _ = w.Write([]byte("Reloaded.\n"))
		})
	}
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("Healthy.\n"))
	})
	mux.HandleFunc("GET /-/ready", func(w http.ResponseWriter, _ *http.Request) {
		if s := status(); !s.Ready {
			http.Error(w, "The first round is not done: "+strconv.Itoa(s.Tried)+" of "+strconv.Itoa(s.Known)+" instances were tried.",
				http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("Ready.\n"))
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = page.Execute(w, status()) // the reader went away
	})
	return careful(mux)
}

// careful sets the headers that keep a page from being used for anything else.
func careful(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

// number groups digits by thousands, with thin spaces as SI has it.
func number(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}
