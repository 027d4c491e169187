package exporter

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/outbound"
	"github.com/mnm-social/mnm/exporter/toots"
)

func name(t *testing.T, s string) domain.Name {
	t.Helper()
	n, err := domain.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestLoadFile(t *testing.T) {
	short := DefaultConfig()
	short.Contact, short.Directories.JoinMastodon = "ops@example.org", false
	short.Directories.Domains = []domain.Name{name(t, "mastodon.social"), name(t, "xn--nrnberg-n2a.social")}

	all := DefaultConfig()
	all.Contact = "https://example.org/about"
	all.Watch = []domain.Name{name(t, "mastodon.social"), name(t, "xn--nrnberg-n2a.social")}
	all.Exclude = []domain.Name{name(t, "example.net"), name(t, "notsocial.example.org")}
	all.Directories = Directories{
		InstancesSocial: InstancesSocial{TokenFile: filepath.Join("testdata", "config", "secrets", "token")},
		Domains:         []domain.Name{name(t, "social.example.org"), name(t, "mastodon.social")},
		DomainsFile:     filepath.Join("testdata", "config", "domains.txt"),
		Every:           time.Hour,
	}
	all.Instances = Instances{
		Every: 90 * time.Minute, ConfirmAfter: 5 * time.Minute, StaleAfter: 3 * time.Hour, ForgetAfter: 2160 * time.Hour, Daily: 24 * time.Hour,
	}
	all.Net.Resolvers = []netip.AddrPort{
		netip.MustParseAddrPort("9.9.9.9:53"), netip.MustParseAddrPort("[2620:fe::fe]:53"), netip.MustParseAddrPort("127.0.0.1:5353"),
		netip.MustParseAddrPort("[::1]:5300"), netip.MustParseAddrPort("1.1.1.1:53"),
	}
	all.Country.Overrides = map[domain.Name]string{name(t, "mastodon.social"): "NO", name(t, "xn--nrnberg-n2a.social"): "DE"}
	all.Country.MMDB, all.Country.API = filepath.Join("testdata", "config", "countries.mmdb"), "https://freegeoip.example.org/json/{ip}"
	all.Releases = Releases{Every: time.Hour, Repository: "glitch-soc/mastodon", TokenFile: filepath.Join("testdata", "config", "secrets", "token")}

	all.Timelines.Auto, all.Timelines.Servers = 0, []TimelineServer{
		{Host: name(t, "xn--nrnberg-n2a.social"), Scope: "local"},
		{Host: name(t, "xn--nrnberg-n2a.social"), Scope: "federated", TokenFile: filepath.Join("testdata", "config", "secrets", "token")},
		{Host: name(t, "mastodon.social"), Scope: "local"},
	}
	all.Hashtags = toots.HashtagRules{
		Top: 500, MinAuthors: 200, MinServers: 4, Deny: []string{"FollowFriday", "日本語", "a·b", "2024", "null", "Straße"},
	}

	nothing := DefaultConfig()
	nothing.Country.Overrides = map[domain.Name]string{}

	for file, want := range map[string]Config{
		"good.yml": short, "good-everything.yml": all, "empty.yml": DefaultConfig(), "good-nothing-set.yml": nothing,
	} {
		t.Run(file, func(t *testing.T) {
			c, err := LoadFile(filepath.Join("testdata", "config", file))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(c, want) {
				t.Fatalf("read\n%+v, want\n%+v", c, want)
			}
		})
	}
}

// TestLoadFileRefuses holds all messages for each bad file: the comments that it begins with have the places, what is
// wrong and what to do.
func TestLoadFileRefuses(t *testing.T) {
	files, err := filepath.Glob("testdata/config/bad-*.yml")
	if err != nil || len(files) < 100 {
		t.Fatalf("%d bad files, %v", len(files), err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for line := range strings.Lines(string(text)) {
				message, ok := strings.CutPrefix(line, "# ")
				if !ok {
					break
				}
				want = append(want, name+":"+strings.TrimSpace(message))
			}
			_, err = LoadFile(name)
			if got := fmt.Sprint(err); got != strings.Join(want, "\n") {
				t.Fatalf("error\n%s, want\n%s", got, strings.Join(want, "\n"))
			}
			if strings.Contains(err.Error(), "must-not-be-shown") {
				t.Fatal("the error shows a secret")
			}
		})
	}
}

// load reads a text as a file in a folder.
func load(t *testing.T, folder, text string) (Config, error) {
	t.Helper()
	name := filepath.Join(folder, "mnm.yml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := LoadFile(name)
	if err != nil {
		err = fmt.Errorf("%s", strings.ReplaceAll(err.Error(), name+":", ""))
	}
	return c, err
}

// TestLoadFileBounds are files that would be large or strange in testdata.
func TestLoadFileBounds(t *testing.T) {
	var watch strings.Builder
	var servers, tags strings.Builder
	for i := range 1001 {
		fmt.Fprintf(&watch, "  - oak-%d.social\n", i)
		fmt.Fprintf(&servers, "  - {host: oak-%d.social}\n", i)
		fmt.Fprintf(&tags, "  - oak%d\n", i)
	}
	long := strings.Repeat("ä", 100)
	for label, row := range map[string]struct{ text, want string }{
		"1 MiB":              {"# " + strings.Repeat("x", 1<<20-2), ""},
		"more than 1 MiB":    {"# x\n# " + strings.Repeat("ä", 1<<19), "2:524288: the file has more than 1 MiB; long lists belong in a file of their own, see directories.domains_file"},
		"empty":              {"", ""},
		"a mark of order":    {"\ufeffcontact: ops@example.org\r\nwatch: [mastodon.social]\r\n", ""},
		"UTF-16":             {"\xff\xfec\x00", "1:1: the byte 0xff is no UTF-8; save the file as UTF-8"},
		"an empty document":  {"---\n...\n", ""},
		"deep":               {strings.Repeat("[", 20_000), "1:1: this is no YAML: exceeded max depth of 10000; see docs/configuration.md for an example"},
		"too many watched":   {"watch:\n" + watch.String(), "1002:5: watch: there are 1001 of them; write at most 1000"},
		"too many timelines": {"timelines:\n servers:\n" + servers.String(), "1003:5: timelines.servers: there are 1001 of them; write at most 1000"},
		"too many denied":    {"hashtags:\n deny:\n" + tags.String(), "1003:5: hashtags.deny: there are 1001 of them; write at most 1000"},
		"a long hashtag":     {"hashtags: {deny: ['#" + long + "']}", ""},
		"too long a hashtag": {"hashtags: {deny: [x" + long + "]}", `1:19: hashtags.deny: "x` + strings.Repeat("ä", 59) + `…" is longer than 100 characters; write one such as giveaway or "#giveaway"`},
		"many mistakes": {strings.Repeat("x: 1\n", 30), "1:1: x: not a known key; known here are contact, watch, directories, exclude, instances, dns, country, releases, timelines, hashtags\n" +
			twice(2, 20) + "\n and 10 problems more"},
	} {
		t.Run(label, func(t *testing.T) {
			_, err := load(t, t.TempDir(), row.text)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != row.want {
				t.Fatalf("error\n%s, want\n%s", got, row.want)
			}
		})
	}
}

// twice is what is said of x in many lines.
func twice(from, to int) string {
	var all []string
	for i := from; i <= to; i++ {
		all = append(all, fmt.Sprintf("%d:1: x stands in line 1, column 1 already; remove one", i))
	}
	return strings.Join(all, "\n")
}

// published is the example of the project's decision on its interface.
const published = `contact: ops@example.org          # who answers for this crawler; needed for large directories
watch: [mastodon.example]         # details, comparison, alerts; visited even if no directory lists it
directories:
  joinmastodon: true
  instances_social: {token_file: /run/secrets/instances_social}
  domains: []
  domains_file: ""
exclude: []
instances: {every: 1h, stale_after: 24h, forget_after: 30d, detailed: 1000}
dns: {resolvers: []}
country: {overrides: {}, mmdb: "", api: ""}
releases: {every: 5m, repository: mastodon/mastodon, token_file: ""}
timelines:
  auto: 3
  servers: [{host: "", scope: local, token_file: ""}]
hashtags: {top: 100, min_authors: 20, min_servers: 3, deny: []}
`

func TestLoadFilePublished(t *testing.T) {
	folder := t.TempDir()
	_, err := load(t, folder, published)
	want := strings.Join([]string{
		`2:9: watch: a special-use name is not on the public internet: "mastodon.example"; write one such as mastodon.social`,
		`5:34: directories.instances_social.token_file: there is no such file in "/run/secrets"; write the path of a file that holds a token and nothing else, from the folder of this file`,
		"15:20: timelines.servers.host: no name; write one such as mastodon.social",
	}, "\n")
	if got := fmt.Sprint(err); got != want {
		t.Fatalf("error\n%s, want\n%s", got, want)
	}

	text := strings.NewReplacer("mastodon.example", "mastodon.social", "/run/secrets/", "", `host: ""`, "host: mastodon.social").Replace(published)
	write(t, folder, "instances_social", "an-invented-token\n")
	c, err := load(t, folder, text)
	if err != nil {
		t.Fatal(err)
	}
	wanted := DefaultConfig() // these are the values that were decided on
	wanted.Contact, wanted.Watch, wanted.Country.Overrides = "ops@example.org", []domain.Name{name(t, "mastodon.social")}, map[domain.Name]string{}
	wanted.Directories.InstancesSocial.TokenFile = filepath.Join(folder, "instances_social")
	wanted.Timelines.Servers = []TimelineServer{{Host: name(t, "mastodon.social"), Scope: "local"}}
	if !reflect.DeepEqual(c, wanted) {
		t.Fatalf("read\n%+v, want\n%+v", c, wanted)
	}
}

func write(t *testing.T, folder, name, text string) {
	t.Helper()
	name = filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLoadFileMissing(t *testing.T) {
	if _, err := LoadFile("testdata/config/none.yml"); err == nil || !strings.Contains(err.Error(), "none.yml") {
		t.Fatalf("error %v does not name the file", err)
	}
}

// TestReadSecret holds that a secret is read anew, and that nothing of it is in an error.
func TestReadSecret(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "token")
	for _, row := range []struct{ text, want, wrong string }{
		{"the-first", "the-first", ""},
		{"  the-second\r\n\n", "the-second", ""},
		{"the third", "", "spaces"},
		{"the-fourth\nthe-fifth\n", "", "more than one line"},
		{"thé-sixth", "", "characters"},
		{" \n", "", "empty"},
		{strings.Repeat("the-", 300), "", "more than 1024 bytes"},
	} {
		write(t, folder, "token", row.text)
		got, err := readSecret(file)
		if got != row.want || (err == nil) != (row.wrong == "") {
			t.Errorf("%q: read %q, %v; want %q", row.text, got, err, row.want)
		}
		if err != nil && (!strings.Contains(err.Error(), row.wrong) || strings.Contains(err.Error(), "the-") || strings.Contains(err.Error(), "third")) {
			t.Errorf("%q: error %v, want one about %s that has nothing of it", row.text, err, row.wrong)
		}
	}
	if got, err := readSecret(""); got != "" || err != nil {
		t.Errorf("no file: %q, %v", got, err)
	}
	if _, err := readSecret(filepath.Join(folder, "none")); err == nil {
		t.Error("a missing file is no error")
	}
}

func TestDemoConfig(t *testing.T) {
	c := DemoConfig(outbound.Net{}, 60)
	if c.Instances.ForgetAfter != 12*time.Hour || c.Instances.StaleAfter != 24*time.Minute || c.Instances.Every != time.Minute || c.Hour != time.Minute || c.Timelines.Every != time.Second {
		t.Fatalf("the demo's times: %+v, %+v", c.Instances, c.Timelines)
	}
	if f := c.faults(); len(f) > 0 {
		t.Fatalf("the demo's configuration is not good: %v", f)
	}
}

// placed is what every error of a file looks like.
var placed = regexp.MustCompile(`^[^\n]*mnm\.yml:[1-9][0-9]*:[1-9][0-9]*: [^\n]+$`)

// problemsHavePlaces holds the form of an error, whatever the file was.
func problemsHavePlaces(t *testing.T, err error) {
	t.Helper()
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if !placed.MatchString(line) && !strings.Contains(line, " problems more") {
			t.Fatalf("an error without a place: %q", line)
		}
	}
}
