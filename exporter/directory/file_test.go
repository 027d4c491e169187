package directory

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFile(t *testing.T) {
	var many strings.Builder
	for i := range MaxNames + 1 {
		fmt.Fprintf(&many, "i%d.social\n", i)
	}
	for name, row := range map[string]struct {
		text    string
		names   string // separated by spaces
		refused int
		odd     string // end of what Odd says
		reason  Reason
		says    string
	}{
		"names":                      {text: "oak.social\nelm.social\n", names: "oak.social elm.social"},
		"no end of line":             {text: "oak.social\nelm.social", names: "oak.social elm.social"},
		"CRLF":                       {text: "oak.social\r\nelm.social\r\n", names: "oak.social elm.social"},
		"byte order":                 {text: "\ufeffoak.social\r\n", names: "oak.social"},
		"byte order, then a comment": {text: "\ufeff# mine\noak.social\n", names: "oak.social"},
		"comments":                   {text: "# mine\n\n  \t\noak.social # since 2017\n#elm.social\n", names: "oak.social"},
		"spellings":                  {text: "Oak.Social.\n https://oak.social/ \ntröt.de\nxn--trt-tna.de\n", names: "oak.social xn--trt-tna.de"},
		"odd lines":                  {text: "# c\noak.social\n10.0.0.1\nlocalhost\na b.social\n", names: "oak.social", refused: 3, odd: `domains, line 3: an address is no domain name: "10.0.0.1"`},
		"a huge line":                {text: strings.Repeat("a.", 1<<20) + "\noak.social", names: "oak.social", refused: 1, odd: "not a valid domain name: 2097152 bytes"},

		"nothing":       {text: "", reason: ReasonEmpty, says: "domains: no usable name in 0 lines"},
		"only comments": {text: "# later\n\n", reason: ReasonEmpty, says: "domains: no usable name in 2 lines"},
		"HTML":          {text: "<!doctype html>\n<title>Hi</title>", refused: 2, reason: ReasonEmpty, says: "domains: no usable name in 2 lines: line 1: not a valid"},
		"UTF-16":        {text: "\xff\xfeo\x00a\x00k\x00\n\x00", reason: ReasonShape, says: "domains: its 2 lines are no UTF-8 text"},
		"too big":       {text: "oak.social\n" + strings.Repeat("#\n", fileLimit/2), reason: ReasonFile, says: "domains has more than 6 MiB"},
		"too many":      {text: many.String(), reason: ReasonFile, says: "domains: more than 50000 names in 50001 lines"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &File{Path: filepath.Join(t.TempDir(), "domains")}
			write(t, f.Path, row.text)
			l, err := f.Read()
			if ReasonOf(err) != row.reason || (row.reason == "" && err != nil) {
				t.Fatalf("error %v has reason %q, want %q", err, ReasonOf(err), row.reason)
			}
			if err != nil && !strings.Contains(err.Error(), row.says) {
				t.Errorf("the error is %q, want %q in it", err, row.says)
			}
			if names := joined(l); names != row.names || l.Refused != row.refused {
				t.Errorf("%s, %d refused; want %s, %d", names, l.Refused, row.names, row.refused)
			}
			if odd := f.Odd(); (odd == nil) != (row.odd == "") || odd != nil && !strings.HasSuffix(odd.Error(), row.odd) {
				t.Errorf("odd is %v, want %q", odd, row.odd)
			}
		})
	}
}

func joined(l Listing) string {
	var all []string
	for _, n := range l.Names {
		all = append(all, n.String())
	}
	return strings.Join(all, " ")
}

// TestFileChanges goes through the life of a file. Times are set, not waited for.
func TestFileChanges(t *testing.T) {
	f := &File{Path: filepath.Join(t.TempDir(), "domains")}
	day := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	put := func(text string, at time.Time) func() {
		return func() {
			write(t, f.Path, text)
			if err := os.Chtimes(f.Path, at, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	remove := func() {
		if err := os.Remove(f.Path); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		name    string
		do      func()
		changed bool
		names   string
		reason  Reason
	}{
		{"missing", func() {}, false, "", ReasonFile},
		{"written", put("oak.social", day), true, "oak.social", ""},
		{"left alone", func() {}, false, "oak.social", ""},
		{"touched", put("oak.social", day.Add(time.Second)), true, "oak.social", ""},
		{"longer", put("oak.social\nelm.social", day.Add(time.Second)), true, "oak.social elm.social", ""},
		{"other content, same size and time", put("oak.social\nash.social", day.Add(time.Second)), false, "oak.social ash.social", ""},
		{"older", put("oak.social\nash.social", day), true, "oak.social ash.social", ""},
		{"emptied", put("", day), true, "", ReasonEmpty},
		{"still empty", func() {}, false, "", ReasonEmpty},
		{"as before", put("oak.social\nash.social", day), true, "oak.social ash.social", ""},
		{"removed", remove, true, "", ReasonFile},
		{"still gone", func() {}, false, "", ReasonFile},
		{"back", put("oak.social\nash.social", day), true, "oak.social ash.social", ""},
	} {
		step.do()
		if changed := f.Changed(); changed != step.changed {
			t.Errorf("%s: changed is %v, want %v", step.name, changed, step.changed)
		}
		l, err := f.Read()
		if joined(l) != step.names || ReasonOf(err) != step.reason || (step.reason == "" && err != nil) {
			t.Errorf("%s: %q, error %v; want %q, reason %q", step.name, joined(l), err, step.names, step.reason)
		}
		if f.Changed() {
			t.Errorf("%s: changed right after it was read", step.name)
		}
	}
}

func TestFileThatIsNone(t *testing.T) {
	dir := t.TempDir()
	for name, row := range map[string]struct {
		path string
		want error
	}{
		"missing":     {filepath.Join(dir, "none"), fs.ErrNotExist},
		"a directory": {dir, nil},
		"a device":    {os.DevNull, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := (&File{Path: row.path}).Read()
			if ReasonOf(err) != ReasonFile || !strings.Contains(err.Error(), row.path) || row.want != nil && !errors.Is(err, row.want) {
				t.Fatalf("error %v has reason %q", err, ReasonOf(err))
			}
		})
	}
}

func FuzzParseFile(f *testing.F) {
	f.Add("\ufeffoak.social # c\r\n\n10.0.0.1\nhttps://Elm.social/")
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		l, odd := parseFile(text)
		if len(l.Names)+l.Refused > lines([]byte(text)) || (odd != nil) != (l.Refused > 0) {
			t.Fatalf("%d names, %d refused in %d lines, odd %v", len(l.Names), l.Refused, lines([]byte(text)), odd)
		}
		again, odd := parseFile(strings.ReplaceAll(joined(l), " ", "\r\n"))
		if odd != nil || joined(again) != joined(l) {
			t.Fatalf("%q came back as %q, %v", joined(l), joined(again), odd)
		}
	})
}
