package toots

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFold(t *testing.T) {
	const lam = "لا" // two letters
	for name, row := range map[string]struct{ raw, want string }{
		"lower case":                    {"RubyOnRails", "rubyonrails"},
		"with its sign":                 {"#Foo", "foo"},
		"with a wide sign":              {"＃ｆｏｏ", "foo"},
		"wide Latin":                    {"Ｓｙｎｔｈｗａｖｅ", "synthwave"},
		"half-width katakana":           {"ｼｰｻｲﾄﾞﾗｲﾅｰ", "シーサイドライナー"},
		"half-width with semi-voiced":   {"ﾊﾟﾋﾟﾌﾟ", "パピプ"},
		"half-width middle dot":         {"ぼっち･ざ･ろっく", "ぼっち・ざ・ろっく"},
		"katakana middle dot":           {"ぼっち・ざ・ろっく", "ぼっち・ざ・ろっく"},
		"kana in pieces":                {"か\u3099き", "がき"},
		"iteration mark":                {"時々", "時々"},
		"squared words":                 {"㍿㌔", "株式会社キロ"},
		"Latin accents":                 {"BLÅHAJ", "blahaj"},
		"Latin accent in pieces":        {"BLA\u030AHAJ", "blahaj"},
		"Polish":                        {"ŁódźJeśćŻółw", "lodzjesczolw"},
		"Icelandic keeps þ and æ":       {"Þæð", "þæd"},
		"Vietnamese beyond the table":   {"ViệtNam", "việtnam"},
		"capital sharp s":               {"STRAẞE", "straße"},
		"sharp s stays":                 {"Straße", "straße"},
		"long s":                        {"Waſſer", "wasser"},
		"Turkish capital I with dot":    {"İstanbul", "istanbul"},
		"Turkish small i without dot":   {"ısparta", "isparta"},
		"Turkish capital I":             {"ISPARTA", "isparta"},
		"final sigma is kept":           {"ΟΔΟΣ", "οδοσ"},
		"final sigma as written":        {"οδος", "οδος"},
		"Greek accents stay":            {"Άθήνα", "άθήνα"},
		"Cyrillic":                      {"ЙОД", "йод"},
		"Cyrillic in pieces":            {"И\u0306ОД", "йод"},
		"ligature":                      {"ﬁsh", "fish"},
		"Arabic ligature":               {"\uFEFB", lam},
		"Persian with a non-joiner":     {"نرم\u200cافزار", "نرم\u200cافزار"},
		"Arabic harakat":                {"كِتَاب", "كِتَاب"}, // U+0650 and U+064E are Alphabetic
		"Hebrew points":                 {"שָׁלוֹם", "שָׁלוֹם"},
		"Hindi, virama is a mark only":  {"हिन्दी", "हिनदी"},
		"Thai tone marks":               {"เที่ยว", "เที่ยว"},
		"Korean in pieces":              {"\u1112\u1161\u11ab글", "한글"},
		"Korean with a sign in a piece": {"\u1112!\u1161", "하"},
		"circled":                       {"ⒶⒷ①", "ab1"},
		"mathematical":                  {"𝓕𝓸𝓸𝟙", "foo1"},
		"superscript":                   {"m²", "m2"},
		"fraction loses its bar":        {"½life", "12life"},
		"trade mark":                    {"foo™", "footm"},
		"Roman numeral":                 {"Ⅷ", "viii"},
		"middle dots":                   {"one·two·three", "one·two·three"},
		"Catalan l":                     {"coŀlegi", "col·legi"},
		"underscores":                   {"_one_two_", "_one_two_"},
		"dashes and spaces go":          {"foo-bar baz", "foobarbaz"},
		"emoji goes":                    {"cat😺s", "cats"},
		"emoji with selector goes":      {"Hello❤️World", "helloworld"},
		"digits with a letter":          {"3D", "3d"},
		"digits with a middle dot":      {"20·24", "20·24"},
		"digits with an underscore":     {"20_24", "20_24"},
		"Devanagari digits stay":        {"k१२", "k१२"},
		"combining mark goes":           {"x\u0301\u0323y", "xy"},
		"zero-width joiner goes":        {"a\u200db", "ab"},
		"bidirectional control goes":    {"\u202eabc", "abc"},
		"control goes":                  {"a\x00\nb", "ab"},
		"broken UTF-8 goes":             {"a\xff\xc3b", "ab"},
		"empty":                         {"", ""},
		"sign only":                     {"#", ""},
		"emoji only":                    {"😺👍🏽", ""},
		"flag only":                     {"🇨🇭", ""},
		"keycap is a digit":             {"1️⃣", ""},
		"digits only":                   {"2024", ""},
		"wide digits only":              {"２０２４", ""},
		"digit and underscore at ends":  {"_1_", ""},
		"underscore only":               {"_", ""},
		"three underscores":             {"___", "___"}, // so has Mastodon's format
		"middle dot first":              {"·one", ""},
		"middle dot last":               {"one·", ""},
		"katakana middle dots only":     {"・・・", ""},
		"non-joiner last":               {"ab\u200c", ""},
		"marks only":                    {"\u0301\u0302", ""},
		"spaces only":                   {" \u3000\t", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fold(row.raw); got != row.want {
				t.Errorf("fold(%+q) = %+q; want %+q", row.raw, got, row.want)
			}
			if got := fold(row.want); got != row.want {
				t.Errorf("folded again it is %+q; want %+q", got, row.want)
			}
		})
	}
}

// The letters that Mastodon folds, in both cases, and all others from À to ſ.
func TestFoldLatin(t *testing.T) {
	for want, letters := range map[string]string{
		"a": "àáâãäåāăąÀÁÂÃÄÅĀĂĄ", "c": "çćĉċčÇĆĈĊČ", "d": "ðďđÐĎĐ", "e": "èéêëēĕėęěÈÉÊËĒĔĖĘĚ", "g": "ĝğġģĜĞĠĢ", "h": "ĥħĤĦ",
		"i": "ìíîïĩīĭįıÌÍÎÏĨĪĬĮİ", "j": "ĵĴ", "k": "ķĸĶ", "l": "ĺļľłĹĻĽŁ", "n": "ñńņňŋÑŃŅŇŊ", "o": "òóôõöøōŏőÒÓÔÕÖØŌŎŐ", "r": "ŕŗřŔŖŘ",
		"s": "śŝşšſŚŜŞŠ", "t": "ţťŧŢŤŦ", "u": "ùúûüũūŭůűųÙÚÛÜŨŪŬŮŰŲ", "w": "ŵŴ", "y": "ýÿŷÝŶŸ", "z": "źżžŹŻŽ",
		"æ": "æÆ", "þ": "þÞ", "ß": "ß", "œ": "œŒ", "ij": "ĳĲ", "ʼn": "ŉ",
	} {
		for _, r := range letters {
			if got := fold(string(r)); got != want {
				t.Errorf("%c becomes %q; want %q", r, got, want)
			}
		}
	}
	for _, r := range "×÷" {
		if got := fold("a" + string(r)); got != "a" {
			t.Errorf("%c stays: %q", r, got)
		}
	}
}

// testdata/hashtags/ruby.jsonl are random names out of all writing systems and what Ruby 3.1 (Unicode 13) makes of them
// by Mastodon's rule: unicode_normalize(:nfkc), downcase, tr and gsub until nothing changes, then the format.
func TestFoldAsRuby(t *testing.T) {
	file, err := os.ReadFile("testdata/hashtags/ruby.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for lines := bufio.NewScanner(bytes.NewReader(file)); lines.Scan(); n++ {
		var row [2]string
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		if got := fold(row[0]); got != row[1] {
			t.Errorf("%+q becomes %+q; want %+q", row[0], got, row[1])
		}
	}
	if n != 1000 {
		t.Errorf("%d rows; want 1000", n)
	}
}

func TestFoldBounds(t *testing.T) {
	a := strings.Repeat
	for name, row := range map[string]struct{ raw, want string }{
		"128 bytes":                      {a("A", 128), a("a", 128)},
		"129 bytes":                      {a("a", 129), ""},
		"128 letters of four bytes":      {a("𝓕", 128), a("f", 128)},
		"a byte more than is looked at":  {a("𝓕", 128) + "f", ""},
		"long by what goes":              {a("!", 384) + a("a", 128), a("a", 128)},
		"one letter that becomes eleven": {a("ﷺ", 40), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fold(row.raw); got != row.want {
				t.Errorf("got %q; want %q", got, row.want)
			}
		})
	}
}

// Nearly all names come as Mastodon folded them.
func TestFoldAllocatesNothingForWhatIsFolded(t *testing.T) {
	for _, name := range []string{"caturday", "straße", "シーサイドライナー", "ぼっち・ざ・ろっく"} {
		if n := testing.AllocsPerRun(100, func() { fold(name) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"RubyOnRails", "İ", "ｼｰｻｲﾄﾞ", "a·b", "نرم\u200cافزار", "\u09c7!\u09be", "ﷺ", "😺", "\xff\xc3", strings.Repeat("\u0301", 60)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		folded := fold(s)
		switch {
		case !utf8.ValidString(folded):
			t.Errorf("%q is no UTF-8", folded)
		case len(folded) > 128:
			t.Errorf("%d bytes", len(folded))
		case fold(folded) != folded:
			t.Errorf("%+q, and folded again %+q", folded, fold(folded))
		case strings.ContainsAny(folded, "#＃ \n\x00!-./") || strings.ToLower(folded) != folded:
			t.Errorf("%+q has characters that no hashtag has", folded)
		}
	})
}
