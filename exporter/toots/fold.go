package toots

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxHashtag is how many bytes a folded hashtag may have. Mastodon has no bound but that of a toot; this one is that of
// all label values. maxRawHashtag is how long a name may be to be looked at, for folding can make it shorter: the
// longest character has four bytes, and stands for one at least.
const maxHashtag, maxRawHashtag = 128, 4 * 128

// latin are the letters from U+00E0 to U+017F without what is above, below or across them, where Mastodon's
// app/lib/ascii_folding.rb takes it away; a dot is a letter that stays as it is. Letters beyond, such as those of
// Vietnamese, stay too.
const latin = "aaaaaa.ceeeeiiiidnooooo.ouuuuy.y" + "aaaaaaccccccccddddeeeeeeeeeegggg" + "gggghhhhiiiiiiiiii..jjkkklllllll" +
	"lllnnnnnnnnnoooooo..rrrrrrssssss" + "ssttttttuuuuuuuuuuuuwwyyyzzzzzzs"

// fold is a hashtag's name, with or without its sign, in the form in which Mastodon compares hashtags, or "" if it is
// none: app/lib/hashtag_normalizer.rb (compatibility forms and widths, lower case, Latin letters without accents, and
// nothing but letters, digits and the four separators _ · ・ and the zero-width non-joiner), and the format that
// app/models/concerns/tag/naming.rb asks of it: no separator but _ at its ends, and not digits only.
//
// What is folded stays the same when it is folded again. A few names that nobody types (a Hangul syllable in pieces
// with a sign in between) would change under Mastodon's rule each time that it is applied; here it is applied until they
// don't. The result is valid UTF-8 of at most 128 bytes. It may share the memory of name.
func fold(name string) string {
	if len(name) > maxRawHashtag {
		return ""
	}
	for range 4 {
		folded := strings.Map(foldRune, norm.NFKC.String(name))
		if folded == name {
			return hashtagOr(name)
		}
		name = folded
	}
	return ""
}

func foldRune(r rune) rune {
	r = unicode.ToLower(r)
	switch i := int(r) - 0xE0; {
	case 'a' <= r && r <= 'z', '0' <= r && r <= '9', isSeparator(r):
		return r
	case 0 <= i && i < len(latin) && latin[i] != '.':
		return rune(latin[i])
	case isLetter(r), unicode.Is(unicode.Nd, r), '\u0E47' <= r && r <= '\u0E4E': // Thai tone marks and the like
		return r
	}
	return -1
}

// isLetter is Unicode's property Alphabetic, which is what Ruby calls [[:alpha:]]: vowel signs are in it, most marks aren't.
func isLetter(r rune) bool {
	return unicode.IsLetter(r) || unicode.In(r, unicode.Nl, unicode.Other_Alphabetic)
}

// isSeparator is for what may stand between the letters of a hashtag.
func isSeparator(r rune) bool { return r == '_' || isDot(r) }

// isDot is for the separators that may not stand at the ends.
func isDot(r rune) bool { return r == '·' || r == '・' || r == '\u200c' }

// hashtagOr is the folded name if it has the format of a hashtag, else "".
func hashtagOr(name string) string {
	runes := []rune(name)
	last := len(runes) - 1
	if last < 0 || len(name) > maxHashtag || isDot(runes[0]) || isDot(runes[last]) {
		return ""
	}
	for i, r := range runes {
		if isLetter(r) || 0 < i && i < last && isSeparator(r) {
			return name
		}
	}
	return ""
}
