package metric

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// ContentType is that of every page.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// DefaultInFlight is how many scrapes a Page answers at a time if it isn't told.
const DefaultInFlight = 40

// Page serves parts, one after the other, to Prometheus and its kin. The query collect[]=NAME, any number of times, picks
// parts; without it the page has all. A Page must not be copied, nor its fields changed, once it serves. How long a slow
// reader may hold its place is up to the http.Server's timeouts.
type Page struct {
	Parts    []*Part                      // in the order of the page; parts of one name are picked together
	InFlight int                          // scrapes at a time, more get 503; 0: DefaultInFlight
	Failed   func(part string, err error) // told when a part couldn't be rendered as a whole; may be nil; called concurrently

	serving atomic.Int64
	zippers sync.Pool // of *gzip.Writer: each has some hundred KiB of tables
}

// ServeHTTP answers GET and HEAD. HEAD renders nothing and so says no length.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Accept-Encoding")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD are answered here", http.StatusMethodNotAllowed)
		return
	}
	limit := int64(p.InFlight)
	if limit <= 0 {
		limit = DefaultInFlight
	}
	defer p.serving.Add(-1)
	if p.serving.Add(1) > limit {
		w.Header().Set("Retry-After", "1")
		http.Error(w, fmt.Sprintf("%d scrapes are in flight, that is enough", limit), http.StatusServiceUnavailable)
		return
	}
	parts, err := p.pick(r.URL.RawQuery)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	// A gzip stream has at least one member, so nothing at all goes out plain.
	zip := len(parts) > 0 && acceptsGzip(r.Header.Values("Accept-Encoding"))
	w.Header().Set("Content-Type", ContentType)
	if zip {
		w.Header().Set("Content-Encoding", "gzip")
	}
	if r.Method == http.MethodHead {
		return
	}
	p.send(w, parts, zip)
}

// send renders what isn't, and only then begins to write: the length is known, and nobody waits for a renderer in mid-page.
func (p *Page) send(w http.ResponseWriter, parts []*Part, zip bool) {
	bodies := make([]blocks, len(parts))
	length := 0
	for i, part := range parts {
		bodies[i] = part.body(zip, p)
		length += bodies[i].size()
	}
	w.Header().Set("Content-Length", strconv.Itoa(length))
	for _, body := range bodies {
		for _, block := range body {
			if _, err := w.Write(block); err != nil {
				return // the scraper went away
			}
		}
	}
}

// pick gives the parts that the query asks for, in the order of the page.
func (p *Page) pick(query string) ([]*Part, error) {
	if query == "" {
		return p.Parts, nil
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, fmt.Errorf("reading the query: %w", err)
	}
	wanted := values["collect[]"]
	if len(wanted) == 0 {
		return p.Parts, nil
	}
	var names []string
	var picked []*Part
	for _, part := range p.Parts {
		if !slices.Contains(names, part.name) {
			names = append(names, part.name)
		}
		if slices.Contains(wanted, part.name) {
			picked = append(picked, part)
		}
	}
	for _, name := range wanted {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("collect[] has no part %q, only %s", name, strings.Join(names, ", "))
		}
	}
	return picked, nil
}

func (p *Page) failed(part string, err error) {
	if err != nil && p.Failed != nil {
		p.Failed(part, err)
	}
}

// acceptsGzip reads Accept-Encoding by RFC 9110, 12.5.3: gzip or its old name x-gzip, else *, unless its weight is 0.
func acceptsGzip(headers []string) bool {
	var named, any, isNamed bool
	for _, coding := range strings.Split(strings.Join(headers, ","), ",") {
		name, parameters, _ := strings.Cut(coding, ";")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			named, isNamed = named || weighs(parameters), true
		case "*":
			any = weighs(parameters)
		}
	}
	return named || any && !isNamed
}

// weighs says whether a weight such as q=0.5 is above 0. None is 1; what can't be read is taken as 0: plain text is safe.
func weighs(parameters string) bool {
	parameters = strings.ToLower(strings.TrimSpace(parameters))
	if parameters == "" {
		return true
	}
	weight, isWeight := strings.CutPrefix(parameters, "q=")
	q, err := strconv.ParseFloat(strings.TrimSpace(weight), 64)
	return isWeight && err == nil && q > 0
}
