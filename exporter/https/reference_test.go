package https

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mnm-social/mnm/exporter/domain"
)

// reference is what MDN's scanner said: reference/record.mjs made it.
type reference struct {
	Scanner   map[string]string `json:"scanner"`
	Origin    string            `json:"origin"`
	Reflected string            `json:"reflected"`
	Alphabet  string            `json:"alphabet"`
	Modifiers map[string]int    `json:"modifiers"`
	Grades    map[string]string `json:"grades"`
	Tests     []string          `json:"tests"`
	Cases     []recorded        `json:"cases"`
}

// recorded is one site, and what the scanner said of it.
type recorded struct {
	Name       string            `json:"name"`
	Host       string            `json:"host"`
	Pages      map[string]served `json:"pages"`
	SelfSigned bool              `json:"selfSigned"`
	Score      int               `json:"score"`
	Grade      string            `json:"grade"`
	Results    []outcome         `json:"results"`
	Error      string            `json:"error"` // the scanner judges no such answer
	Ours       *struct {
		Score   int      `json:"score"`
		Grade   string   `json:"grade"`
		Results []string `json:"results"`
		Why     string   `json:"why"`
	} `json:"ours"`
}

type served struct {
	Status  int         `json:"status"`
	Headers [][2]string `json:"headers"`
	Body    string      `json:"body"`
}

// outcome is a test's result, whether it passed, and its modifier.
type outcome struct {
	result   string
	pass     bool
	modifier int
}

func (o *outcome) UnmarshalJSON(data []byte) error {
	return json.Unmarshal(data, &[]any{&o.result, &o.pass, &o.modifier})
}

func load(t testing.TB, file string) reference {
	t.Helper()
	f, err := os.Open("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := io.Reader(f)
	if strings.HasSuffix(file, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	var all reference
	if err := json.NewDecoder(r).Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestAgainstScanner demands of every site what MDN's scanner says of it, result by result.
func TestAgainstScanner(t *testing.T) {
	for _, file := range []string{"observatory.json", "random.json.gz"} {
		all := load(t, file)
		if got := all.Scanner["@mdn/mdn-http-observatory"]; got != "1.4.8" {
			t.Errorf("%s is of version %q of the scanner", file, got)
		}
		t.Logf("%s: %d sites", file, len(all.Cases))
		for _, c := range all.Cases {
			t.Run(c.Name, func(t *testing.T) {
				v := c.visit(t, all.Origin)
				c.compare(t, Score(v).Observatory, all.Tests)
			})
		}
	}
}

// compare demands the scanner's results, or ours where they differ on purpose.
func (c recorded) compare(t *testing.T, got Marks, tests []string) {
	if c.Error != "" {
		if got.Judged() {
			t.Errorf("judged %v, where the scanner says: %s", got, c.Error)
		}
		return
	}
	score, grade := c.Score, c.Grade
	if c.Ours != nil {
		score, grade = c.Ours.Score, c.Ours.Grade
	}
	if got.Score != score || got.Grade != grade || len(got.Results) != len(tests) {
		t.Errorf("%d %s by %d tests, want %d %s by %d", got.Score, got.Grade, len(got.Results), score, grade, len(tests))
	}
	for i, r := range got.Results {
		want := c.Results[i]
		if c.Ours != nil && c.Ours.Results[i] != want.result {
			if r.String() != c.Ours.Results[i] || c.Ours.Why == "" {
				t.Errorf("%s: %s, want %s, on purpose", r.Test(), r, c.Ours.Results[i])
			}
			continue
		}
		if r.String() != want.result || r.Pass() != want.pass || r.Modifier() != want.modifier || r.Test() != tests[i] {
			t.Errorf("%s: %s, pass %t, %d; want %s: %s, pass %t, %d",
				r.Test(), r, r.Pass(), r.Modifier(), tests[i], want.result, want.pass, want.modifier)
		}
	}
}

// visit is what is seen of a site: redirects are followed, the first step of http is not.
func (c recorded) visit(t testing.TB, origin string) Visit {
	host, err := domain.Parse(c.Host)
	if err != nil {
		t.Fatal(err)
	}
	v := Visit{Host: host, At: time.Now(), Origin: origin}
	if c.SelfSigned {
		v.Failed = errors.New("self-signed")
	}
	at := &url.URL{Scheme: "https", Host: c.Host, Path: "/"}
	for range 11 {
		a := c.answer(at, origin)
		to, err := at.Parse(a.Header.Get("Location"))
		if !slices.Contains([]int{301, 302, 303, 307, 308}, a.Status) || err != nil {
			v.Answer = &a
			break
		}
		v.Before = append(v.Before, a)
		at = to
	}
	if p, ok := c.Pages["http://"+c.Host+"/"]; ok {
		h := p.header("")
		v.Plain = &Plain{Status: p.Status, Location: h.Get("Location")}
	}
	return v
}

func (c recorded) answer(at *url.URL, origin string) Answer {
	p, ok := c.Pages[at.String()]
	if !ok {
		p.Status = http.StatusNotFound
	}
	return Answer{URL: at, Status: p.Status, Header: p.header(origin), Body: []byte(p.Body)}
}

// header is what net/http would make of what was sent: bytes in a header are Latin-1.
func (s served) header(origin string) http.Header {
	h := http.Header{}
	for _, line := range s.Headers {
		var bytes []byte
		for _, r := range strings.ReplaceAll(line[1], "{origin}", origin) {
			bytes = append(bytes, byte(r))
		}
		h.Add(line[0], strings.Trim(string(bytes), " \t"))
	}
	return h
}

// TestTables holds our figures against MDN's.
func TestTables(t *testing.T) {
	all := load(t, "observatory.json")
	outside := []string{"redirection-all-redirects-preloaded", "hsts-preloaded", "hsts-not-implemented-no-https", "html-not-parseable"}
	for name, modifier := range all.Modifiers {
		var r Result
		err := r.UnmarshalText([]byte(name))
		if slices.Contains(outside, name) {
			if err == nil {
				t.Errorf("%s is not outside", name)
			}
			continue
		}
		if err != nil || r.Modifier() != modifier {
			t.Errorf("%s: %d, %v; want %d", name, r.Modifier(), err, modifier)
		}
	}
	for i := range table {
		if r := Result(i); i > 0 && !strings.HasPrefix(r.Test(), "tls-") {
			if _, ok := all.Modifiers[r.String()]; !ok {
				t.Errorf("%s is no result of MDN's", r)
			}
		}
	}
	for from, want := range all.Grades {
		var score int
		if _, err := fmt.Sscan(from, &score); err != nil {
			t.Fatal(err)
		}
		if got := gradeOf(score); got != want {
			t.Errorf("%d is %s, want %s", score, got, want)
		}
		if !slices.Contains(Grades(), want) {
			t.Errorf("%s is no grade", want)
		}
	}
	if alphabet != all.Alphabet {
		t.Errorf("the alphabet is\n%q, want\n%q", alphabet, all.Alphabet)
	}
	if all.Reflected != corsUniversal.String() {
		t.Errorf("told the Origin, the scanner says %s of one that is reflected", all.Reflected)
	}
}
