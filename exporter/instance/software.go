package instance

import "strings"

// forks are the names by which Mastodon and its forks call themselves in nodeinfo, as far as their versions are Mastodon's, so
// that its releases can judge them. Most forks (glitch-soc, chuckya, catstodon, polyam and hundreds of private ones) call
// themselves "mastodon" and add "+glitch" or the like to the version; they need no name here. Software that merely speaks
// Mastodon's API (Pleroma, Akkoma, Pixelfed, GoToSocial, Takahē, Wildebeest, Mitra, Hollo) or left Mastodon's versions behind
// (Gab Social, Truth Social) has none either.
var forks = map[string]bool{
	"mastodon":   true,
	"hometown":   true, // Darius Kazemi's; "4.0.2+hometown-1.1.1", earlier "1.0.7+3.5.5"
	"ecko":       true, // Magic Stone's, of 3.4; asleep, "3.4.9001"
	"fedibird":   true, // noellabo's; nodeinfo says "0.1", v1 Mastodon's "3.4.1"
	"kmyblue":    true, // kmycode's; "4.2.3+kmyblue.5.13-LTS"
	"nagitodon":  true, // by its version, "4.2.3+nagitodon.5.13-LTS."
	"glitchcafe": true, // by its version, "4.1.2+cafe.a9de073"
	"glitch-soc": true, // other crawlers know the name; its own code says "mastodon"
}

// versionInV1 are those forks whose nodeinfo has a version of their own, so that v1's is the one to judge.
var versionInV1 = map[string]bool{"fedibird": true}

// knownAccounts are the softwares whose v1 counts the accounts and statuses that the server has heard of, not its own: a Calckey
// of 30 people said 91,000 users, a Firefish 413,642 in v1 and 714 in nodeinfo. Later descendants (Iceshrimp, Catodon, Sharkey
// since 2024) count their own.
var knownAccounts = map[string]bool{"misskey": true, "calckey": true, "firefish": true}

// softwareOf finds out from the version string of v1 or v2 which software sent it:
//
//	2.7.2 (compatible; Akkoma 3.3.1-0-gaf90a4e51)    akkoma 3.3.1-0-gaf90a4e51
//	4.2.1 (compatible; Iceshrimp.NET/2024.1-beta2)   iceshrimp.net 2024.1-beta2
//	4.0.0 (not true; really snac/2.52)               snac 2.52
//	takahe/0.10.1                                    takahe 0.10.1
//	4.5.1+glitch                                     mastodon 4.5.1+glitch, guessed
//	0.16.0+git-f1cbf6f                               unknown (GoToSocial has plain versions, all below 1)
//
// The name is normalised, or "" if nothing says it. Guessed means that nothing but the form of the version says Mastodon.
func softwareOf(s string) (name, version string, guessed bool) {
	if _, inner, ok := strings.Cut(s, "("); ok {
		inner, _, _ = strings.Cut(inner, ")")
		for _, prefix := range []string{"compatible; ", "not true; really "} {
			if inner, ok := strings.CutPrefix(inner, prefix); ok {
				name, version = nameAndVersion(inner)
				return softwareName(name), strings.TrimSpace(version), false
			}
		}
	}
	plain := strings.TrimPrefix(s, "v")
	if isDigit(plain, 0) {
		if plain[0] != '0' && strings.HasPrefix(plain[1:], ".") && isDigit(plain, 2) {
			return "mastodon", s, true
		}
		return "", s, false
	}
	if name, version, ok := strings.Cut(s, "/"); ok {
		return softwareName(name), strings.TrimSpace(version), false
	}
	return "", s, false
}

// nameAndVersion parts "GNU social 2.0.1" and "Iceshrimp.NET/2024.1" where the version begins: after the first space or stroke
// that a digit follows; if there is none, after the first of them.
func nameAndVersion(s string) (name, version string) {
	first := -1
	for i := range len(s) {
		if s[i] != ' ' && s[i] != '/' {
			continue
		}
		if isDigit(s, i+1) {
			return s[:i], s[i+1:]
		}
		if first < 0 {
			first = i
		}
	}
	if first < 0 {
		return s, ""
	}
	return s[:first], s[first+1:]
}

func isDigit(s string, at int) bool { return at < len(s) && '0' <= s[at] && s[at] <= '9' }
