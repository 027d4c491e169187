package exporter

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestTimelineServerSource holds where the token comes from, and that it is read anew each time.
func TestTimelineServerSource(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "token")
	server := TimelineServer{Host: name(t, "mastodon.social"), Scope: "federated"}
	if s := server.Source(); s.Token != nil || s.String() != "mastodon.social/federated" {
		t.Errorf("without a token: %+v", s)
	}
	server.TokenFile = file
	s := server.Source()
	for _, want := range []string{"the-first", "the-second"} {
		write(t, folder, "token", want+"\n")
		if got, err := s.Token(); got != want || err != nil {
			t.Errorf("read %q, %v; want %q", got, err, want)
		}
	}
	server.Token = func() (string, error) { return "another", nil }
	if got, err := server.Source().Token(); got != "another" || err != nil {
		t.Errorf("read %q, %v; want the demo's", got, err)
	}
}

func TestParseTag(t *testing.T) {
	for name, row := range map[string]struct{ in, want, wrong string }{
		"plain":                {"giveaway", "giveaway", ""},
		"with its sign":        {"#giveaway", "giveaway", ""},
		"with the wide sign":   {"＃日本語", "日本語", ""},
		"in another case":      {"FollowFriday", "FollowFriday", ""},
		"with marks":           {"हिन्दी", "हिन्दी", ""},
		"with separators":      {"a_b·c・d\u200ce", "a_b·c・d\u200ce", ""},
		"digits":               {"2024", "2024", ""},
		"as long as can be":    {strings.Repeat("ß", 100), strings.Repeat("ß", 100), ""},
		"longer":               {strings.Repeat("ß", 101), "", "longer than 100 characters"},
		"nothing":              {"", "", "there is no hashtag here"},
		"only a sign":          {"#", "", "there is no hashtag here"},
		"two words":            {"two words", "", "the character ' '"},
		"two":                  {"#one#two", "", "the character '#'"},
		"a control character":  {"a\x1bb", "", `the character '\x1b'`},
		"another direction":    {"a\u202eb", "", `the character '\u202e'`},
		"what is no character": {"a\uFFFDb", "", "the character '\uFFFD'"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseTag(row.in)
			if got != row.want || (err == nil) != (row.wrong == "") || err != nil && !strings.Contains(err.Error(), row.wrong) {
				t.Errorf("%q, %v; want %q, %s", got, err, row.want, row.wrong)
			}
		})
	}
}
