package domain

import (
	"errors"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for name, row := range map[string]struct {
		in, want string
		err      error
	}{
		"plain":              {in: "mastodon.social", want: "mastodon.social"},
		"capitals":           {in: "Equestria.Social", want: "equestria.social"},
		"trailing dot":       {in: "mastodon.social.", want: "mastodon.social"},
		"white space":        {in: "  mastodon.social\n", want: "mastodon.social"},
		"scheme and slash":   {in: "https://Mastodon.social/", want: "mastodon.social"},
		"U-label":            {in: "nürnberg.social", want: "xn--nrnberg-n2a.social"},
		"U-label TLD":        {in: "թութ.հայ", want: "xn--69aa8bzb.xn--y9a3aq"},
		"A-label":            {in: "xn--nrnberg-n2a.social", want: "xn--nrnberg-n2a.social"},
		"soft hyphen":        {in: "exam\u00adple.com", want: "example.com"},
		"compatibility form": {in: "ᴳoogle.com", want: "google.com"},
		"fullwidth dot":      {in: "mastodon。social", want: "mastodon.social"},
		"emoji":              {in: "🍕.ws", want: "xn--vi8h.ws"},
		"homograph":          {in: "аррӏе.com", want: "xn--80ak6aa92e.com"},
		"deep":               {in: "a.b.c.d.e.fr", want: "a.b.c.d.e.fr"},

		"empty":              {in: "", err: ErrEmpty},
		"only scheme":        {in: "https://", err: ErrEmpty},
		"space inside":       {in: "the radio.au", err: ErrInvalid},
		"leading dot":        {in: ".bike", err: ErrInvalid},
		"empty label":        {in: "a..fr", err: ErrInvalid},
		"two trailing dots":  {in: "mastodon.social..", err: ErrInvalid},
		"only a dot":         {in: ".", err: ErrInvalid},
		"underscore":         {in: "a_b.social", err: ErrInvalid},
		"label too long":     {in: strings.Repeat("a", 64) + ".fr", err: ErrInvalid},
		"name too long":      {in: strings.Repeat("aaaaaaa.", 40) + "fr", err: ErrInvalid},
		"megabyte":           {in: strings.Repeat("a", 1<<20), err: ErrInvalid},
		"NUL":                {in: "a\x00.fr", err: ErrInvalid},
		"not UTF-8":          {in: "a\xff.fr", err: ErrInvalid},
		"port":               {in: "mastodon.social:443", err: ErrPort},
		"path":               {in: "mastodon.social/about", err: ErrPort},
		"user":               {in: "a@mastodon.social", err: ErrPort},
		"single label":       {in: "mastodon", err: ErrSingle},
		"onion":              {in: "abc.onion", err: ErrSpecial},
		"local":              {in: "printer.local", err: ErrSpecial},
		"internal":           {in: "metadata.google.internal", err: ErrSpecial},
		"localhost":          {in: "a.localhost", err: ErrSpecial},
		"reverse":            {in: "1.0.0.127.in-addr.arpa", err: ErrSpecial},
		"IPv4":               {in: "127.0.0.1", err: ErrAddress},
		"IPv4 circled":       {in: "①②⑦.⓪.⓪.①", err: ErrAddress},
		"IPv4 fullwidth":     {in: "１２７.0.0.1", err: ErrAddress},
		"IPv4 ideographic":   {in: "127。0。0。1", err: ErrAddress},
		"IPv4 decimal":       {in: "2130706433", err: ErrAddress},
		"IPv4 hex":           {in: "0x7f.0.0.1", err: ErrAddress},
		"IPv4 short":         {in: "127.1", err: ErrAddress},
		"hex last label":     {in: "a.0x7f", err: ErrAddress},
		"IPv6":               {in: "::1", err: ErrAddress},
		"IPv6 in brackets":   {in: "[fe80::1%25eth0]", err: ErrAddress},
		"IPv6 with a scheme": {in: "https://[::1]/", err: ErrAddress},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(row.in)
			if !errors.Is(err, row.err) || got.String() != row.want {
				t.Fatalf("Parse(%q) = %q, %v; want %q, %v", row.in, got, err, row.want, row.err)
			}
		})
	}
}

func TestNameParts(t *testing.T) {
	n, err := Parse("https://Toot.Nürnberg.co.uk/")
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct{ got, want string }{
		"TLD":         {n.TLD(), "uk"},
		"registrable": {n.Registrable(), "xn--nrnberg-n2a.co.uk"},
		"Unicode":     {n.Unicode(), "toot.nürnberg.co.uk"},
		"string":      {n.String(), "toot.xn--nrnberg-n2a.co.uk"},
	} {
		t.Run(name, func(t *testing.T) {
			if row.got != row.want {
				t.Fatalf("got %q, want %q", row.got, row.want)
			}
		})
	}
}

// FuzzParse holds that a normal form is a fixed point, and that nothing unsafe gets one.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"mastodon.social", "Nürnberg.Social.", "①②⑦.⓪.⓪.①", "https://a.b/", "xn--a.de", ".ma"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := Parse(s)
		if err != nil {
			if !n.IsZero() {
				t.Fatalf("Parse(%q) gives %q beside an error", s, n)
			}
			return
		}
		again, err := Parse(n.String())
		if err != nil || again != n {
			t.Fatalf("Parse(%q) = %q, but Parse of that = %q, %v", s, n, again, err)
		}
		if strings.ContainsAny(n.String(), "\"\\\n {}:/@") || len(n.String()) > 253 {
			t.Fatalf("Parse(%q) = %q is not safe as a label or host", s, n)
		}
	})
}
