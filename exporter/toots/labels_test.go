package toots

import (
	"slices"
	"strings"
	"testing"

	"github.com/mnm-social/mnm/exporter/country"
)

func TestLanguageOf(t *testing.T) {
	for said, want := range map[string]string{
		"en": "en", "EN": "en", "pt-BR": "pt", "zh-TW": "zh", "zh_Hant_HK": "zh", "sr-Latn": "sr", "nan-TW": "nan", "tok": "tok", "ZXX": "zxx",
		"": "unknown", "und": "unknown", "und-Latn": "unknown", "-": "unknown",
		"mul": "other", "eng": "other", "xx": "other", "e": "other", "english": "other", "日本語": "other", "e\x00": "other",
		"other": "other", "unknown": "other",
	} {
		if got := languages.labels[languageOf([]byte(said))]; got != want {
			t.Errorf("%q is %s, want %s", said, got, want)
		}
	}
}

func TestApplicationOf(t *testing.T) {
	for name, want := range map[string]string{
		"Web": "Web", "web": "Web", " Web ": "Web", "Mastodon for iOS": "Mastodon for iOS", "Mastodon for Android": "Mastodon for Android",
		"Ivory for iOS": "Ivory", "Ivory for Mac": "Ivory", "Mona for iPhone": "Mona", "IceCubesApp": "Ice Cubes", "IceCubes": "Ice Cubes",
		"Tusky": "Tusky", "Tusky Nightly": "Tusky", "Elk": "Elk", "SubwayTooter": "Subway Tooter", "Jetpack": "Jetpack", "dlvr.it": "dlvr.it",
		"toot - a Mastodon CLI client": "toot - a Mastodon CLI client",
		"":                             "unknown", "  ": "unknown",
		"Mastodon": "other", "Tusky2": "other", "My own script": "other", "for iOS": "other", " for iOS": "other", "other": "other",
		"unknown": "other", "Tusky|tusky nightly": "other", strings.Repeat("a", 65): "other", strings.Repeat("Web ", 1000): "other",
	} {
		if got := applications.labels[applicationOf([]byte(name))]; got != want {
			t.Errorf("%q is %s, want %s", name, got, want)
		}
	}
}

// Every name in the table of applications is found, and stands for one.
func TestApplications(t *testing.T) {
	if n := len(applications.labels); n < 60 || n > 100 {
		t.Errorf("%d labels", n)
	}
	for _, label := range applications.labels[:applications.unknown-1] {
		if got := applications.labels[applicationOf([]byte(label))]; got != label {
			t.Errorf("%s is counted as %s", label, got)
		}
	}
}

func TestKindOf(t *testing.T) {
	for said, want := range map[string]int{"image": image, "gifv": gifv, "video": video, "audio": audio, "unknown": unknownKind, "": unknownKind, "Image": unknownKind, "hologram": unknownKind} {
		if got := kindOf([]byte(said)); got != want {
			t.Errorf("%q is %s", said, kindLabels[got])
		}
	}
}

func TestCountries(t *testing.T) {
	if want := append(country.Codes(), "unknown"); !slices.Equal(countries.labels, want) {
		t.Errorf("labels are %q, want %q", countries.labels, want)
	}
	for code, want := range map[string]string{"DE": "DE", "XK": "XK", "": "unknown", "de": "unknown", "EU": "unknown", "Germany": "unknown"} {
		if got := countries.labels[countryOf(code)]; got != want {
			t.Errorf("%q is %s, want %s", code, got, want)
		}
	}
}

// The labels of a set are different, printable and short; what isn't in the set and what isn't said have one each.
func TestSets(t *testing.T) {
	for name, labels := range map[string][]string{"languages": languages.labels, "countries": countries.labels, "applications": applications.labels, "media": kindLabels[:]} {
		if labels[len(labels)-1] != "unknown" {
			t.Errorf("%s: the last label is %s", name, labels[len(labels)-1])
		}
		seen := map[string]bool{}
		for _, label := range labels {
			if seen[label] || label == "" || len(label) > 32 || strings.ContainsFunc(label, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("%s: label %q", name, label)
			}
			seen[label] = true
		}
		if name == "languages" && !slices.IsSorted(labels[:183]) {
			t.Error("the two-letter languages are not in order")
		}
	}
}
