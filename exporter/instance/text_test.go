package instance

import (
	"strings"
	"testing"
)

func TestClean(t *testing.T) {
	rows := []struct {
		name, in, want string
	}{
		{"nothing", "", ""},
		{"plain", "4.5.1+glitch", "4.5.1+glitch"},
		{"inner space", "2.7.2 (compatible; Akkoma 3.3.1)", "2.7.2 (compatible; Akkoma 3.3.1)"},
		{"outer space", " \t4.5.1\r\n", "4.5.1"},
		{"only space", " \t ", ""},
		{"line break", "4.5.1\nfoo", "4.5.1 foo"},
		{"control characters", "4\x00.5\x1b[31m.1\x7f", "4.5[31m.1"},
		{"C1 control", "4.5\u0085.1\u009b", "4.5 .1"},
		{"bidirectional", "4.5.\u202e1\u2066\u200f\u061c", "4.5.1"},
		{"zero width", "4\u200b.5\ufeff.1\u00ad", "4.5.1"},
		{"line separator", "4.5\u2028.1", "4.5 .1"},
		{"private use", "4.5\ue000.1\U000f0000", "4.5.1"},
		{"tags", "4.5.1\U000e0067\U000e007f", "4.5.1"},
		{"not UTF-8", "4.5\xff\xfe.1", "4.5.1"},
		{"half a character", "4.5.1\xe3\x81", "4.5.1"},
		{"replaced by the reader", "4.5.1\ufffd", "4.5.1"},
		{"letters of the world", "4.5.1+ぷよ橋", "4.5.1+ぷよ橋"},
		{"quote and backslash are the writer's task", `4.5"\1`, `4.5"\1`},
		{"128 bytes", strings.Repeat("a", 128), strings.Repeat("a", 128)},
		{"129 bytes", strings.Repeat("a", 129), strings.Repeat("a", 128)},
		{"cut at a character", strings.Repeat("a", 127) + "ä", strings.Repeat("a", 127)},
		{"cut at a space", strings.Repeat("a", 127) + " b", strings.Repeat("a", 127)},
	}
	for _, r := range rows {
		if got := clean(r.in); got != r.want {
			t.Errorf("%s: %q, want %q", r.name, got, r.want)
		}
	}
}

func TestSoftwareName(t *testing.T) {
	rows := []struct{ in, want string }{
		{"mastodon", "mastodon"},
		{"Mastodon", "mastodon"},
		{"Iceshrimp.NET", "iceshrimp.net"},
		{"activity-relay", "activity-relay"},
		{"pleroma_anni", "pleroma_anni"},
		{"ixsiid/mstdn", "ixsiid-mstdn"},
		{"nextcloud on global-social.net", "nextcloud-on-global-social.net"},
		{"the ladners' cloud", "the-ladners-cloud"},
		{" Mastodon\u202e ", "mastodon"},
		{"ma\x00st\"od\\on\n", "mast-od-on"},
		{"Masto\u212Aodon", "masto-odon"}, // KELVIN SIGN, which Unicode lowers to k
		{"ぷよ橋activitypub", "activitypub"},
		{"えちからどっとねっと", ""},
		{"...", ""},
		{"-x-", "x"},
		{"", ""},
		{strings.Repeat("A", 300), strings.Repeat("a", 128)},
	}
	for _, r := range rows {
		if got := softwareName(r.in); got != r.want {
			t.Errorf("%q: %q, want %q", r.in, got, r.want)
		}
	}
}

func TestSoftwareOf(t *testing.T) {
	rows := []struct {
		in, name, version string
		guessed           bool
	}{
		{"2.7.2 (compatible; Akkoma 3.3.1-0-gaf90a4e51)", "akkoma", "3.3.1-0-gaf90a4e51", false},
		{"4.2.1 (compatible; Catodon 24.01-dev)", "catodon", "24.01-dev", false},
		{"4.2.1 (compatible; Iceshrimp.NET/2024.1-beta2.security3+e1d25a9231)", "iceshrimp.net", "2024.1-beta2.security3+e1d25a9231", false},
		{"4.0.0 (not true; really snac/2.52)", "snac", "2.52", false},
		{"4.0.0 (compatible; GNU social 2.0.1)", "gnu-social", "2.0.1", false},
		{"3.0.0 (compatible; Pixelfed dev)", "pixelfed", "dev", false},
		{"3.0.0 (compatible; Ditto)", "ditto", "", false},
		{"2.7.2 (compatible; Akkoma 3.3", "akkoma", "3.3", false}, // cut at 128 bytes
		{"2.7.2 (compatible; )", "", "", false},
		{"takahe/0.10.1", "takahe", "0.10.1", false},
		{"Takahe / 0.10.1", "takahe", "0.10.1", false},
		{"2.7.2 (compatible; Akkoma  3.3.1 )", "akkoma", "3.3.1", false},
		{"4.6.0-nightly.2026-04-09", "mastodon", "4.6.0-nightly.2026-04-09", true},
		{"4.5.1+glitch", "mastodon", "4.5.1+glitch", true},
		{"v4.1.0rc1", "mastodon", "v4.1.0rc1", true},
		{"1.0.7+3.5.5", "mastodon", "1.0.7+3.5.5", true},
		{"4.3.0-alpha.0+mods-2024-01-14 + Mastodon Bird UI (2.0)", "mastodon", "4.3.0-alpha.0+mods-2024-01-14 + Mastodon Bird UI (2.0)", true},
		{"4.3.0+fix/branch", "mastodon", "4.3.0+fix/branch", true},
		{"0.2.0 31935ee", "", "0.2.0 31935ee", false},
		{"0.16.0+git-f1cbf6f", "", "0.16.0+git-f1cbf6f", false},
		{"20240523", "", "20240523", false},
		{"2024.03", "", "2024.03", false},
		{"12.110.1", "", "12.110.1", false},
		{"4", "", "4", false},
		{"4.", "", "4.", false},
		{"undefined", "", "undefined", false},
		{"/", "", "", false},
		{"(", "", "(", false},
		{"", "", "", false},
	}
	for _, r := range rows {
		name, version, guessed := softwareOf(r.in)
		if name != r.name || version != r.version || guessed != r.guessed {
			t.Errorf("%q: %q %q %t; want %q %q %t", r.in, name, version, guessed, r.name, r.version, r.guessed)
		}
	}
}
