package outbound

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// goToSocial is what GoToSocial serves by default (internal/api/util/robots.go, shortened in its list of AI crawlers).
const goToSocial = `# GoToSocial robots.txt -- to edit, see internal/web/robots.go
# More info @ https://developers.google.com/search/docs/crawling-indexing/robots/intro

# AI scrapers and the like.
User-agent: AI2Bot
User-agent: GPTBot
Disallow: /

# Rules for everything else
User-agent: *
Crawl-delay: 500

# API endpoints.
Disallow: /api/

# Auth/Sign in endpoints.
Disallow: /auth/
Disallow: /oauth/

# Well-known endpoints.
Disallow: /.well-known/
Disallow: /nodeinfo/
`

// mastodon is what Mastodon serves by default.
const mastodon = `# See http://www.robotstxt.org/robotstxt.html for documentation on how to use the robots.txt file

User-agent: GPTBot
Disallow: /

User-agent: *
Disallow: /media_proxy/
Disallow: /interact/
`

func TestRobots(t *testing.T) {
	long := strings.Repeat("# filler\n", (500<<10)/9+1)
	var huge strings.Builder
	huge.WriteString("User-agent: *\n")
	for i := range 2000 {
		fmt.Fprintf(&huge, "Disallow: /page/%d/\n", i)
	}
	rows := []struct {
		name  string
		body  string
		yes   string // paths allowed
		not   string // paths not
		rules string // the text form, where it matters
	}{
		{name: "nothing", yes: "/ /api/v1/instance"},
		{name: "HTML", body: "<!doctype html>\n<title>Disallow: /</title>", yes: "/"},
		{name: "Mastodon", body: mastodon, yes: "/ /api/v1/instance /.well-known/nodeinfo", not: "/interact/1 /media_proxy/"},
		{name: "GoToSocial", body: goToSocial, yes: "/ /robots.txt", not: "/api/v1/instance /nodeinfo/2.0 /.well-known/nodeinfo"},
		{name: "all", body: "User-agent: *\nDisallow: /", yes: "/robots.txt", not: "/ /api"},
		{name: "an empty rule", body: "User-agent: *\nDisallow:\n", yes: "/"},
		{name: "by name", body: "User-agent: MNM-Exporter\nDisallow: /\n\nUser-agent: *\nAllow: /\n", not: "/ /x"},
		{name: "in any case of letters", body: "USER-AGENT: mnm-EXPORTER\nDISALLOW: /\n", not: "/"},
		{name: "with a version", body: "User-agent: MNM-Exporter/1.0 (x)\nDisallow: /\n", not: "/"},
		{name: "another's name", body: "User-agent: MNM\nUser-agent: MNM-Exporter2x\nUser-agent: xMNM-Exporter\nDisallow: /\n",
			not: "/"}, // MNM-Exporter2x: the token ends before the 2
		{name: "a longer name", body: "User-agent: MNM-Exporters\nDisallow: /\n", yes: "/"},
		{name: "the name wins over *, wherever", body: "User-agent: *\nDisallow: /\n\nUser-agent: MNM-Exporter\nDisallow: /b\n", yes: "/ /a", not: "/b"},
		{name: "the name with no rules", body: "User-agent: *\nDisallow: /\n\nUser-agent: MNM-Exporter\n", yes: "/"},
		{name: "groups of one name are one", body: "User-agent: MNM-Exporter\nDisallow: /a\n\nUser-agent: x\nDisallow: /c\n\nUser-agent: mnm-exporter\nDisallow: /b\n",
			yes: "/c", not: "/a /b"},
		{name: "groups of * are one", body: "User-agent: *\nDisallow: /a\nUser-agent: *\nDisallow: /b\n", not: "/a /b"},
		{name: "names of one group", body: "User-agent: x\nUser-agent: MNM-Exporter\nUser-agent: y\nDisallow: /a\n", yes: "/b", not: "/a"},
		{name: "other records between", body: "User-agent: MNM-Exporter\nSitemap: https://x/\nCrawl-delay: 5\n\nUser-agent: x\nDisallow: /a\n", yes: "/b", not: "/a"},
		{name: "rules before any name", body: "Disallow: /\nUser-agent: x\nAllow: /\n", yes: "/"},
		{name: "CRLF and BOM", body: "\xef\xbb\xbfUser-agent: *\r\nDisallow: /a\r\n\r\nDisallow: /b\r\n", yes: "/c", not: "/a /b"},
		{name: "CR alone", body: "User-agent: *\rDisallow: /a\rAllow: /a/b", yes: "/a/b /b", not: "/a"},
		{name: "blanks and comments", body: " \tUser-agent \t: * # all\n\tDisallow\t:\t/a # not this\n#Disallow: /b\n", yes: "/b", not: "/a"},
		{name: "no end of line", body: "User-agent: *\nDisallow: /a", not: "/a"},
		{name: "the longest wins", body: "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/c\n", yes: "/ /a/b /a/bb", not: "/a /a/x /a/b/c"},
		{name: "of two as long, allow", body: "User-agent: *\nDisallow: /page\nAllow: /page\n", yes: "/page"},
		{name: "and in the other order", body: "User-agent: *\nAllow: /page\nDisallow: /page\n", yes: "/page"},
		{name: "by octets, with the star", body: "User-agent: *\nAllow: /page\nDisallow: /*.htm\n", yes: "/page /page.ht", not: "/page.htm"},
		{name: "RFC 9309, 5.2", body: "User-Agent: *\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\n",
			yes: "/example/page/ /example/page/allowed.gif", not: "/example/page/disallowed.gif"},
		{name: "$", body: "User-agent: *\nDisallow: /a$\nDisallow: /b*c$\nDisallow: /d*$\n", yes: "/ab /a/ /bcd", not: "/a /bc /bxc /bcxc /d /dx"},
		{name: "$ inside is itself", body: "User-agent: *\nDisallow: /a$b\n", yes: "/a /ab", not: "/a$b /a$bc /a%24b"},
		{name: "stars", body: "User-agent: *\nDisallow: /*/x*y\n", yes: "/x /x/y /a/yx", not: "/a/xy /a/b/x1y2 //xy"},
		{name: "star first", body: "User-agent: *\nDisallow: *.php\n", yes: "/a", not: "/a.php /b/c.php?x"},
		{name: "all stars", body: "User-agent: *\nDisallow: /***\n", not: "/ /a"},
		{name: "a pattern that begins with neither", body: "User-agent: *\nDisallow: api\n", yes: "/api /x/api"},
		{name: "encoded in the file", body: "User-agent: *\nDisallow: /a%3cd\nDisallow: /%7ejoe\nDisallow: /caf%C3%A9\n", yes: "/a%3Dd", not: "/a%3cd /a%3Cd /~joe /%7Ejoe /café /caf%c3%a9"},
		{name: "plain in the file", body: "User-agent: *\nDisallow: /~joe/\nDisallow: /ツ\n", not: "/~joe/ /%7ejoe/ /%E3%83%84 /ツ"},
		{name: "an encoded slash is no slash", body: "User-agent: *\nDisallow: /a/b\n", yes: "/a%2Fb", not: "/a/b"},
		{name: "an encoded star is one", body: "User-agent: *\nDisallow: /a%2A\n", yes: "/ab", not: "/a* /a%2a"},
		{name: "half an encoding", body: "User-agent: *\nDisallow: /a%\nDisallow: /b%4\nDisallow: /c%zz\n", yes: "/a", not: "/a% /b%4 /c%zz"},
		{name: "queries", body: "User-agent: *\nDisallow: /*?\n", yes: "/a", not: "/a?b"},
		{name: "path and query are one string", body: "User-agent: *\nDisallow: /a\nAllow: /a?b=1\nDisallow: /a?b=1&c\n",
			yes: "/a?b=1 /a?b=12 /b?/a", not: "/a /a?c /a?b=1&c=2 /a/x?b=1"},
		{name: "the end is that of the query", body: "User-agent: *\nDisallow: /a$\nDisallow: /b?c$\nDisallow: /*.php$\n",
			yes: "/a?x /a? /b?cd /b?c& /x.php?y", not: "/a /b?c /x.php /x?y.php"},
		{name: "a star runs into the query", body: "User-agent: *\nDisallow: /a*c\nDisallow: /*?*p=*/\n", yes: "/a?b /d?p=1", not: "/a?b=c /d?x&p=1/"},
		{name: "a query in any encoding", body: "User-agent: *\nDisallow: /a?q=%7ex\nDisallow: /b?*=é\n", yes: "/a%3Fq=~x", not: "/a?q=~x /a?q=%7Ex /b?c=%c3%a9"},
		{name: "stars and dollars of a query", body: "User-agent: *\nDisallow: /a?b=%2A\nDisallow: /c?d=%24$\n", yes: "/a?b=c /c?d=$1", not: "/a?b=* /c?d=$"},
		{name: "robots.txt and no other", body: "User-agent: *\nDisallow: /\n", yes: "/robots.txt /%72obots.txt", not: "/robots.txt?x /robots.txt/ /robots.txt2"},
		{name: "past 500 KiB", body: long + "User-agent: *\nDisallow: /\n", yes: "/"},
		{name: "before 500 KiB", body: "User-agent: *\nDisallow: /a\n" + long, yes: "/b", not: "/a"},
		{name: "cut in a line", body: "User-agent: *\nDisallow: /a\n" + "Disallow: /b" + strings.Repeat("c", 500<<10), yes: "/b /bc", not: "/a"},
		{name: "too many rules to remember", body: huge.String(), not: "/ /other", rules: "-/\n"},
		{name: "too many for another", body: strings.Replace(huge.String(), "*", "x", 1), yes: "/ /page/1/", rules: ""},
		{name: "the same again and again", body: "User-agent: *\n" + strings.Repeat("Disallow: /a\n", 10_000), yes: "/b", not: "/a", rules: "-/a\n"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			r := ParseRobots([]byte(row.body))
			text, err := r.MarshalText()
			if err != nil || row.rules != "" && string(text) != row.rules {
				t.Errorf("kept %.100q, %v", text, err)
			}
			var again Robots
			if err := again.UnmarshalText(text); err != nil || again != r {
				t.Errorf("%q came back as %q: %v", r, again, err)
			}
			for _, path := range strings.Fields(row.yes) {
				if !r.Allows(path) {
					t.Errorf("%s is not allowed", path)
				}
			}
			for _, path := range strings.Fields(row.not) {
				if r.Allows(path) {
					t.Errorf("%s is allowed", path)
				}
			}
		})
	}
	if !(Robots{}).Allows("") || ParseRobots([]byte("User-agent: *\nDisallow: /$")).Allows("") {
		t.Error("no path is /")
	}
	if r := ParseRobots([]byte("User-agent: *\nDisallow: /?a")); r.Allows("?ab") || !r.Allows("?b") {
		t.Error("no path is / before a query too")
	}
}

func TestRobotsSurviveState(t *testing.T) {
	r := ParseRobots([]byte("User-agent: *\nDisallow: /\"a\nAllow: /ü\n"))
	data, err := json.Marshal(map[string]Robots{"x": r})
	if err != nil {
		t.Fatal(err)
	}
	var back map[string]Robots
	if err := json.Unmarshal(data, &back); err != nil || back["x"] != r {
		t.Errorf("%s: %v, %v", data, back, err)
	}
	for _, damaged := range []string{"-", "-/a", "/a\n", "-/a\n\n", "-\n", "x/a\n"} {
		kept := r
		if err := kept.UnmarshalText([]byte(damaged)); err == nil || kept != r {
			t.Errorf("%q was taken: %v", damaged, kept)
		}
	}
}

// A pattern is held against the same one written as a regular expression.
func TestRobotsPatternsAgreeWithRegexp(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	word := func(letters string) string {
		b := []byte("/")
		for range random.IntN(7) {
			b = append(b, letters[random.IntN(len(letters))])
		}
		return string(b)
	}
	for range 20_000 {
		pattern, path := word("ab*/*"), word("ab/")
		if random.IntN(3) == 0 {
			pattern += "$"
		}
		quoted := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSuffix(pattern, "$")), `\*`, ".*")
		if strings.HasSuffix(pattern, "$") {
			quoted += "$"
		}
		want := regexp.MustCompile("^" + quoted).MatchString(path)
		if got := matches(pattern, path); got != want {
			t.Fatalf("%s on %s: %v, want %v", pattern, path, got, want)
		}
	}
}

func FuzzParseRobots(f *testing.F) {
	for _, seed := range []string{mastodon, goToSocial, "User-agent: *\nDisallow: /*a*b*c$\nAllow: /%zz%41\r\n", "\xef\xbb\xbf:\n#"} {
		f.Add([]byte(seed), "/api/v1/instance?x=%41")
	}
	f.Fuzz(func(t *testing.T, body []byte, path string) {
		r := ParseRobots(body)
		text, _ := r.MarshalText()
		if len(text) > rulesKept {
			t.Fatalf("%d bytes are kept", len(text))
		}
		var again Robots
		if err := again.UnmarshalText(text); err != nil || again != r {
			t.Fatalf("%q: %v", text, err)
		}
		if !r.Allows("/robots.txt") || len(text) == 0 && !r.Allows(path) {
			t.Fatal("forbidden without a rule")
		}
		if path != "" && r.Allows(path) != r.Allows(normalPath(path, true)) {
			t.Fatalf("%q and its normal form differ", path)
		}
	})
}

func BenchmarkRobots(b *testing.B) {
	for b.Loop() {
		if ParseRobots([]byte(goToSocial)).Allows("/api/v1/instance") {
			b.Fatal("allowed")
		}
	}
}
