package https

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// visitOf is a Visit of one answer.
func visitOf(h http.Header, body string) Visit {
	return Visit{Host: oak, At: time.Now(), Answer: &Answer{Status: http.StatusOK, Header: h, Body: []byte(body)}}
}

// TestHostile gives what is meant to cost much: none may take more than seconds or some multiples of its size.
func TestHostile(t *testing.T) {
	page := func(body string) Visit { return visitOf(http.Header{"Content-Type": {"text/html"}}, body) }
	policies := func(metas ...string) Visit {
		var b strings.Builder
		for _, m := range metas {
			b.WriteString(`<meta http-equiv=content-security-policy content="` + m + `">`)
		}
		return page(b.String())
	}
	full := func(piece string) string { return strings.Repeat(piece, maxPage/len(piece)) }
	numbered := func(n int, format string) []string {
		texts := make([]string, n)
		for i := range texts {
			texts[i] = fmt.Sprintf(format, i*7919%n) // not in order
		}
		return texts
	}
	twice := func(policy string) Visit { return policies(policy, policy) }
	words := func(piece string, bytes int) string { return "x " + strings.Repeat(piece, bytes/len(piece)) }
	formatting := "<p>"
	for i := range 400 {
		formatting += "<b a" + strings.Repeat("x", i%40) + "=" + strings.Repeat("y", i/40) + ">"
	}
	many := make([]string, 5000)
	for i := range many {
		many[i] = "s" + strings.Repeat("x", i%9) + "=" + strings.Repeat("v", 9) + "; Domain=oak.social; Path=/" + strings.Repeat("p/", i%40)
	}
	rows := map[string]Visit{
		"a tree of gigabytes":      page(formatting + "</p>" + full("<p>x</p>")),
		"deep drawings":            page(full("<svg><g>")),
		"deep drawings, unclosed":  page("<svg>" + strings.Repeat("<gg>", maxPage/10) + strings.Repeat("</hh>", maxPage/10)),
		"deep templates":           page(full("<template>")),
		"integration points":       page(full("<svg><desc>")),
		"scripts":                  page(full("<script src=https://a.b></script>")),
		"scripts of odd hosts":     page(full("<script src=https://xn--a.%C3%A9></script>")),
		"one long host":            page("<script src=https://" + strings.Repeat("a.", maxPage/3) + "></script>"),
		"attributes":               page("<script " + strings.Repeat("a ", maxPage/3) + ">"),
		"attributes, all differ":   page("<meta " + strings.Join(strings.Split(full("abcdefgh"), "b"), " ") + ">"),
		"entities":                 page(`<script src="` + full("&amp;") + `">`),
		"unclosed comment":         page("<!--" + full("--!")),
		"unclosed script":          page("<script>" + full("<!--<script")),
		"policies":                 policies(slices.Repeat([]string{"img-src x"}, 15000)...),
		"policy, then many":        policies(append([]string{"img-src " + strings.Repeat("x ", 200000)}, slices.Repeat([]string{"img-src x"}, 8000)...)...),
		"repeated report-uri":      policies("report-uri "+strings.Repeat("a ", 100000), "report-uri "+strings.Repeat("a ", 100000)+strings.Repeat(";report-uri a", 10000)),
		"long common beginnings":   policies("img-src "+strings.Repeat(strings.Repeat("a/", 300)+" ", 800), "img-src "+strings.Repeat(strings.Repeat("a/", 300)+" ", 800)),
		"directives":               policies(full("a;bb;ccc;")),
		"directives, all differ":   policies(strings.Join(numbered(maxCompared/4, "%03x"), ";")),
		"directives, then many":    policies(append([]string{strings.Join(numbered(1000, "%x "+strings.Repeat("y/", 10)), ";")}, numbered(9000, "img-src %x")...)...),
		"slashes, then many":       policies(append(slices.Repeat([]string{words("/", 240000)}, 2), numbered(9184, "x z%06d")...)...),
		"fewer slashes, then many": policies(append(slices.Repeat([]string{words("/", maxHeader/2)}, 2), numbered(9184, "x z%06d")...)...),
		"slashes within":           policies(append(slices.Repeat([]string{words("/", 40)}, 2), slices.Repeat([]string{words("/", 40)}, 9184)...)...),
		"deep paths":               twice(words("a/", maxHeader)),
		"encoded paths":            twice(words("%61/", maxHeader)),
		"odd short sources":        twice(words("\u0130 ", maxHeader)),
		"sources, all differ":      policies(strings.Join(numbered(maxCompared/6-1, "%05x"), " ")),
		"sources, nearly alike":    twice("x " + strings.Join(numbered(maxHeader/606, strings.Repeat("%%61/", 120)+"%05x"), " ")),
		"sources beyond ASCII":     twice("x " + strings.Join(numbered(maxHeader/606, strings.Repeat("\u00fc", 300)+"%05x"), " ")),
		"a long header":            visitOf(http.Header{"Content-Security-Policy": {full("default-src 'self'; ")}}, ""),
		"a header many times":      visitOf(http.Header{"Content-Security-Policy": slices.Repeat([]string{"default-src 'self'"}, 50000)}, ""),
		"commas":                   visitOf(http.Header{"Referrer-Policy": {full(",")}, "Strict-Transport-Security": {full(";")}}, ""),
		"cookies":                  visitOf(http.Header{"Set-Cookie": many}, ""),
		"a cookie of a megabyte":   visitOf(http.Header{"Set-Cookie": {"a=1;" + full("SameSite=x;")}}, ""),
		"a domain of a megabyte":   visitOf(http.Header{"Set-Cookie": {"a=1; Domain=" + full("a.") + "oak.social"}}, ""),
		"latin-1":                  visitOf(http.Header{"X-Frame-Options": {full("\xff")}, "Set-Cookie": {full("\xff=")}}, ""),
		"half of a character":      page("<meta name=referrer content=\xe2\x82"),
		"nothing but a status":     {Host: oak, Answer: &Answer{Status: http.StatusOK}},
		"a location of a megabyte": {Host: oak, Answer: &Answer{Status: http.StatusOK}, Plain: &Plain{Status: 301, Location: full("/\\")}},
	}
	for name, v := range rows {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begin := time.Now()
			got := Score(v).Observatory
			took := time.Since(begin)
			runtime.ReadMemStats(&after)
			if took > 2*time.Second {
				t.Errorf("took %v", took)
			}
			if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; mib > 64 {
				t.Errorf("allocated %d MiB", mib)
			}
			t.Log(took, (after.TotalAlloc-before.TotalAlloc)>>20, "MiB")
			if len(got.Results) != 10 {
				t.Errorf("%d results", len(got.Results))
			}
		})
	}
}

// TestTooMuchToCompare finds policies invalid that would cost too much to compare, and those below not.
func TestTooMuchToCompare(t *testing.T) {
	const policy = "default-src 'self'"
	within := maxCompared - len(policy) - 1 - len("'self' ") - 1 // of two policies, after the first
	for _, row := range []struct {
		bytes int
		want  Result
	}{{within, cspSafe}, {within + 1, cspInvalid}} {
		metas := []string{policy, policy + " " + strings.Repeat("a", row.bytes-len(policy)-1)}
		if got, _ := judgeCSP(nil, metas); got != row.want {
			t.Errorf("%d bytes: %s, want %s", row.bytes, got, row.want)
		}
	}
}

// TestBounds reads nothing past them.
func TestBounds(t *testing.T) {
	h := http.Header{"Content-Type": {"text/html"}, "Set-Cookie": slices.Repeat([]string{"a=1; Secure; SameSite=Lax"}, maxCookies)}
	h.Add("Set-Cookie", "sess=1")
	const script = "<script src=//x.y>"
	v := visitOf(h, strings.Repeat(" ", maxPage-len(script)+1)+script)
	if got := Score(v).Observatory.Results; got[1] != cookiesSameSite || got[6] != sriNoScripts {
		t.Errorf("past the bounds: %s, %s", got[1], got[6])
	}
	h["Set-Cookie"] = h["Set-Cookie"][1:]
	v.Answer.Body = v.Answer.Body[1:]
	if got := Score(v).Observatory.Results; got[1] != cookiesSessionInsecure || got[6] != sriMissingInsecure {
		t.Errorf("within the bounds: %s, %s", got[1], got[6])
	}
}

// check demands of a result what holds for all: it is of its test, and the same when asked again.
func check(t *testing.T, test string, judge func() Result) {
	t.Helper()
	r := judge()
	if r.Test() != test {
		t.Errorf("%q is no result of %s", r, test)
	}
	if again := judge(); again != r {
		t.Errorf("%s, and then %s", r, again)
	}
}

func FuzzPolicies(f *testing.F) {
	for _, c := range load(f, "observatory.json").Cases {
		v := c.visit(f, "")
		if v.Answer != nil {
			text, _ := header(v.Answer.Header, "Content-Security-Policy")
			f.Add(text, "default-src 'self' https://a.org/", "img-src a;default-src 'self' https://a.org/b")
		}
	}
	f.Fuzz(func(t *testing.T, policy, meta, meta2 string) {
		h := http.Header{"Content-Security-Policy": {policy}}
		check(t, testCSP, func() Result { r, _ := judgeCSP(h, []string{meta, meta2}); return r })
		if order, back := collate(policy, meta), collate(meta, policy); (order < 0) != (back > 0) || (order == 0) != (back == 0) {
			t.Errorf("order %d, back %d", order, back)
		}
		d, err := parsePolicies([]string{policy})
		for name, s := range d.sources {
			if err != nil || len(s.list) == 0 || name == "" || strings.ContainsFunc(name, space) {
				t.Errorf("%q: %q, %v", name, s.list, err)
			}
		}
	})
}

func FuzzCookies(f *testing.F) {
	for _, c := range load(f, "observatory.json").Cases {
		if v := c.visit(f, ""); v.Answer != nil && len(v.Answer.Header["Set-Cookie"]) > 0 {
			lines := v.Answer.Header["Set-Cookie"]
			f.Add(lines[0], lines[len(lines)-1], "/x/y?z", true)
		}
	}
	f.Fuzz(func(t *testing.T, first, second, path string, hsts bool) {
		v := visitOf(http.Header{"Set-Cookie": {first, second}}, "")
		v.Before = []Answer{{Header: http.Header{"Set-Cookie": {second}}}}
		if u, err := url.Parse("https://oak.social" + path); err == nil {
			v.Answer.URL = u
		}
		check(t, testCookies, func() Result { return v.cookies(hsts) })
		at, _, ok := parseCookie(first, v.where(*v.Answer), v.At)
		if ok && (at.name == "" || at.domain == "" || !strings.HasPrefix(at.path, "/") || !belongs(strings.ToLower(v.where(*v.Answer).Hostname()), at.domain)) {
			t.Errorf("%q is kept as %q", first, at)
		}
	})
}

func FuzzPage(f *testing.F) {
	for _, c := range load(f, "observatory.json").Cases {
		if v := c.visit(f, ""); v.Answer != nil {
			f.Add(v.Answer.Body)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		v := visitOf(http.Header{"Content-Type": {"text/html"}}, string(body))
		check(t, testSRI, func() Result { return v.integrity(v.page()) })
		p, low := v.page(), bytes.ToLower(body)
		if n := bytes.Count(low, []byte("<script")); len(p.scripts) > n {
			t.Errorf("%d scripts of %d", len(p.scripts), n)
		}
		if n := bytes.Count(low, []byte("<meta")); len(p.policies) > n {
			t.Errorf("%d policies of %d", len(p.policies), n)
		}
	})
}

func FuzzURL(f *testing.F) {
	for _, s := range []string{"https://a.b/", "//a", " http:\\\\a@b:1", "data:,", "https://[::1]/", "https:a", "/\\a", "https://%41.x", "https://xn--a", "https://0x7f.1"} {
		f.Add(s, "https://oak.social/")
	}
	f.Fuzz(func(t *testing.T, s, of string) {
		base, ok := parseURL(of, nil)
		if !ok {
			base = webURL{scheme: "http", host: "oak.social"}
		}
		u, ok := parseURL(s, &base)
		if ok && (u.scheme == "" || !u.web() && u.host != "") {
			t.Errorf("%q is %+v", s, u)
		}
		if own := registrable(u.host); own != "" && !belongs(strings.TrimRight(u.host, "."), own) {
			t.Errorf("%q is registered as %q", u.host, own)
		}
		v := visitOf(http.Header{}, "")
		v.Plain = &Plain{Status: 301, Location: s}
		check(t, testRedirection, v.redirection)
	})
}
