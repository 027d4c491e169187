package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// well answers as the software does.
func (v *visitOf) well() {
	var doc document
	var body any
	ok := false
	switch v.kind {
	case KindRobots:
		v.robots()
		return
	case KindHome:
		v.home()
		return
	case KindTimeline:
		v.timeline()
		return
	case KindStream:
		v.stream()
		return
	case KindToken:
		v.token()
		return
	case KindWellKnown:
		if ok = hasNodeInfo(v.st); ok {
			body = wellKnown(v.name, v.st)
		}
	case KindNodeInfo:
		if ok = hasNodeInfo(v.st); ok {
			doc, body = nodeinfoOf(v.st), nodeinfo(v.name, v.st)
		}
	case KindV1:
		if ok = hasV1(v.st); ok {
			doc, body = v1Of(v.st), v1(v.name, v.st, &v.live)
		}
	case KindV2:
		if ok = hasV2(v.st); ok {
			doc, body = v2Of(v.st), v2(v.name, v.st, &v.live)
		}
	case KindActivity:
		if ok = v.st.Mastodon; ok {
			body = activity(v.st, v.now)
		}
	}
	if !ok {
		v.status(http.StatusNotFound, failed)
		return
	}
	v.json(body, &doc)
}

// encode writes JSON as Rails does, on a line.
func encode(body any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(body)
	return out.Bytes(), err
}

// json writes a document; of one that halves its documents only half.
func (v *visitOf) json(body any, doc *document) {
	b, err := encode(body)
	if err != nil {
		v.status(http.StatusInternalServerError, failed)
		return
	}
	r := fine
	if v.st.Behaviour == Half {
		b, doc, r = b[:len(b)/2], nil, failed
	}
	if v.kind != KindNodeInfo && v.kind != KindV1 && v.kind != KindV2 {
		doc = nil
	}
	if v.kind != KindTimeline {
		v.limits(299, v.now.Add(5*time.Minute))
	}
	v.send(jsonType, b, r, doc)
}

// limits says how many requests are left, and until when.
func (v *visitOf) limits(left int, until time.Time) {
	h := v.w.Header()
	h.Set("X-RateLimit-Limit", strconv.Itoa(rateLimit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(left))
	h.Set("X-RateLimit-Reset", v.n.date(until).UTC().Format("2006-01-02T15:04:05.000000Z"))
}

// robots answers for robots.txt. Rules that leave neither nodeinfo nor the API refuse the visit.
func (v *visitOf) robots() {
	text, r := softwares[v.st.software].robots, fine
	if text == "" {
		text = mastodonRobots
	}
	switch v.st.Behaviour {
	case RobotsNo:
		text = noRobots
	case RobotsNoAPI:
		text = apiRobots
	case RobotsNoNodeInfo:
		text = nodeinfoRobots
	}
	if text == noRobots || text == gotosocialRobots || text == apiRobots && strings.HasPrefix(softwares[v.st.software].nodeinfo, "/api/") {
		r = refused
	}
	v.send("text/plain; charset=utf-8", []byte("# "+v.name+", a made-up server of a demo world\n"+text), r, nil)
}

// home is the page at / of the site that this operator has set up, with the X-Robots-Tag.
func (v *visitOf) home() {
	h, r := v.w.Header(), fine
	if tag := v.st.RobotsTag; tag != "" {
		h.Set("X-Robots-Tag", tag)
		if declines(tag) {
			r = declined
		}
	}
	s := siteOf(v.st.Site)
	s.put(h, v.name)
	v.n.journal.shown(v.i, v.now, s)
	v.send(h.Get("Content-Type"), []byte(s.body+v.notReal()), r, nil)
}

// declines reports whether an X-Robots-Tag has none or noindex for everybody or for the exporter. A robot's name holds for what
// follows it.
func declines(tag string) bool {
	robot := ""
	for _, directive := range strings.Split(strings.ToLower(tag), ",") {
		if name, rest, ok := strings.Cut(directive, ":"); ok {
			robot, directive = strings.TrimSpace(name), rest
		}
		switch strings.TrimSpace(directive) {
		case "none", "noindex":
			if robot == "" || robot == "mnm-exporter" {
				return true
			}
		}
	}
	return false
}

// send writes a document under an ETag, or only says that it is the same still to a visitor who has it. An X-Robots-Tag and a
// site's headers count as part of what it sends, so that nobody who kept a page misses that they are new, or gone. What cannot be read has an ETag as
// well: a visitor who kept that instead of a document deserves a 304 of it.
func (v *visitOf) send(contentType string, body []byte, r result, doc *document) {
	v.note(r, doc)
	h := v.w.Header()
	tag := etag(body, []byte(h.Get("X-Robots-Tag")))
	if v.kind == KindHome {
		tag = etag(body, []byte(h.Get("X-Robots-Tag")), []byte(v.st.Site))
	}
	h.Set("ETag", tag)
	if v.r.Header.Get("If-None-Match") == tag {
		v.w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = v.w.Write(body)
}

// etag is the ETag of something, as Rails and GitHub write it.
func etag(parts ...[]byte) string {
	h := fnv.New64a()
	for _, p := range parts {
		_, _ = h.Write(p)
	}
	return fmt.Sprintf(`W/"%016x"`, h.Sum64())
}
