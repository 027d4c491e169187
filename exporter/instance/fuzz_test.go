package instance

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// seeds are the recorded documents whose names have part in them, and a few from the tables.
func seeds(f *testing.F, part string) {
	f.Helper()
	for _, name := range recordedNames(f) {
		if strings.Contains(name, part) {
			f.Add(document(f, name))
		}
	}
	for _, r := range all {
		f.Add([]byte(r.good))
	}
	f.Add([]byte(`{"version":"\u202e","stats":{"user_count":"1e3","status_count":-1}}`))
	f.Add([]byte("<html>"))
	f.Add([]byte(`{"links":{"rel":[]},"0":7}`))
}

func holdError(t *testing.T, err error) {
	t.Helper()
	if err != nil && !slices.Contains(Reasons()[:4], ReasonOf(err)) {
		t.Errorf("%v has no reason", err)
	}
}

func holdText(t *testing.T, texts ...string) {
	t.Helper()
	for _, s := range texts {
		bad := func(r rune) bool {
			return unicode.Is(unicode.C, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r)
		}
		if len(s) > MaxText || !utf8.ValidString(s) || strings.ContainsFunc(s, bad) || clean(s) != s {
			t.Errorf("%q is no label", s)
		}
	}
}

func holdCount(t *testing.T, limit int64, counts ...Count) {
	t.Helper()
	for _, c := range counts {
		if n, known := c.Get(); n < 0 || n > limit || !known && n != 0 {
			t.Errorf("%d, limit %d", n, limit)
		}
	}
}

func holdFigures(t *testing.T, a Answers) {
	t.Helper()
	f := a.Figures()
	holdText(t, f.Software, f.Version)
	if !isName(f.Software) || f.Software != softwareName(f.Software) || f.Software != strings.ToLower(f.Software) {
		t.Errorf("%q is no normal name", f.Software)
	}
	holdCount(t, 100_000_000, f.Users, f.Connections, f.ActiveUsers, f.Week.Logins, f.Week.Registrations)
	holdCount(t, 100_000_000_000, f.Statuses, f.Week.Statuses)
}

func FuzzReadWellKnown(f *testing.F) {
	seeds(f, "well-known")
	f.Fuzz(func(t *testing.T, body []byte) {
		href, err := ReadWellKnown(body)
		holdError(t, err)
		if (err == nil) != (href != "") || len(href) > maxLink {
			t.Errorf("%q, %v", href, err)
		}
	})
}

func FuzzReadNodeInfo(f *testing.F) {
	seeds(f, "-nodeinfo-")
	f.Fuzz(func(t *testing.T, body []byte) {
		n, err := ReadNodeInfo(body)
		holdError(t, err)
		holdText(t, n.Software, n.Version)
		holdCount(t, 100_000_000, n.ActiveHalfYear)
		holdFigures(t, Answers{NodeInfo: &n})
	})
}

func FuzzReadV1(f *testing.F) {
	seeds(f, "-v1-instance.json")
	f.Fuzz(func(t *testing.T, body []byte) {
		v, err := ReadV1(body)
		holdError(t, err)
		holdText(t, v.Version)
		holdFigures(t, Answers{V1: &v})
	})
}

func FuzzReadV2(f *testing.F) {
	seeds(f, "-v2-instance.json")
	f.Fuzz(func(t *testing.T, body []byte) {
		v, err := ReadV2(body)
		holdError(t, err)
		holdText(t, v.Version)
		if len(v.Streaming) > maxLink {
			t.Errorf("%d bytes", len(v.Streaming))
		}
		holdFigures(t, Answers{V2: &v})
	})
}

func FuzzReadActivity(f *testing.F) {
	seeds(f, "-activity")
	f.Fuzz(func(t *testing.T, body []byte) {
		w, err := ReadActivity(body)
		holdError(t, err)
		holdFigures(t, Answers{Week: &w})
	})
}

func FuzzSoftwareOf(f *testing.F) {
	for _, s := range []string{"2.7.2 (compatible; Akkoma 3.3.1)", "4.0.0 (not true; really snac/2.52)", "takahe/0.10.1", "4.5.1+glitch"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		holdFigures(t, Answers{V1: &V1{Version: clean(s)}})
	})
}
