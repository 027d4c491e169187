package demo

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Syllables of the World's languages, in the scripts that they are written in. Nothing that is made of them means anything.
var syllables = map[string][]string{
	"latin":    strings.Fields("ba be bo da de di do fa fi ga ge ka ki ko la le li lo lu ma me mi mo mu na ne ni no pa pe po ra re ri ro sa se si so ta te ti to tu va ve vi wo za zu an en in on ar er or al el is as"),
	"german":   strings.Fields("ba de di fä ga ge ka kö la le lü ma me mü na ne ni pa rä re ro sa se so ta te ti tü va we wo zu an en in un ar er or al el ist aus"),
	"french":   strings.Fields("bé ça de di fè ga ge ka la lé li lo ma mé mi na ne où pa pé ra re ri sa se si ta té ti tu va ve vi an en in on ar er or al elle"),
	"slavic":   strings.Fields("ба бе во да де ди до жа за ки ко ла ле ли ма ме ми на не ни но па по ра ре ри ро са се та те ти то ча ша ы ия ой"),
	"japanese": strings.Fields("あ い う え お か き く け こ さ し す せ そ た ち つ て と な に ぬ ね の は ひ ふ へ ほ ま み む め も や ゆ よ ら り る れ ろ わ を ん カ タ メ ラ"),
	"korean":   strings.Fields("가 나 다 라 마 바 사 아 자 차 카 타 파 하 거 너 더 러 머 고 노 도 로 모 구 누 두 루 무 기 니 디 리 미 은 는 을 를"),
	"chinese":  strings.Fields("的 一 是 不 了 在 人 有 我 他 这 中 大 来 上 国 个 到 说 们 为 子 和 你 地 出 道 也 时 年 得 就 那 要 下"),
}

// scripts are the languages that aren't written like Latin.
var scripts = map[string]string{"de": "german", "fr": "french", "ru": "slavic", "uk": "slavic", "bg": "slavic", "ja": "japanese", "ko": "korean", "zh": "chinese"}

func syllablesOf(language string) []string {
	base, _, _ := strings.Cut(language, "-")
	if s, ok := scripts[base]; ok {
		return syllables[s]
	}
	return syllables["latin"]
}

// word is a word of some syllables.
func (d *dice) word(of []string, least int64) string {
	var b strings.Builder
	for range least + d.in(3) {
		b.WriteString(of[d.in(int64(len(of)))])
	}
	return b.String()
}

// clusters are characters as people see them, of more than one code point each.
var clusters = []string{"\U0001f44d\U0001f3fd", "\U0001f469\u200d\U0001f469\u200d\U0001f467", "\U0001f1eb\U0001f1ee", "\u2764\ufe0f", "e\u0301", "\u1112\u1161\u11ab"}

// further are languages in which some write everywhere.
var further = strings.Fields("en es pt nl it pl fr de ja zh ru uk sv cs ca eo eu tr el fa zh-TW pt-BR tok ast")

// exotic is a language in no set that anybody offers.
const exotic = "tlh"

// topics are what people tag, the most used first; those that aren't plain letters with what they are counted as.
var topics = map[string][]string{
	"": strings.Fields("Caturday Photography OpenSource Linux Art Music Books News Science Gardening Cycling NowPlaying Weather Birds Coffee=coffee " +
		"Knitting Space GameDev Retro Hiking Bread Maps Trains Fediverse SilentSunday Sketch Typography Radio Chess Moss Café=cafe Jalapeño=jalapeno"),
	"de": strings.Fields("GutenMorgen Fotografie Bücher=bucher Kaffee Wetter Gemüse=gemuse Wandern Bahn Katzen Frühling=fruhling Vögel=vogel Politik Käse=kase Feierabend"),
	"fr": strings.Fields("Bonjour Photographie Été=ete Livres Café=cafe Vélo=velo Fenêtre=fenetre Musique Forêt=foret Météo=meteo Chat Garçon=garcon"),
	"ja": strings.Fields("写真=写真 猫=猫 おはよう=おはよう カフェ=カフェ 音楽=音楽 料理=料理 電車=電車 読書=読書 散歩=散歩 天気=天気"),
	"ko": strings.Fields("사진=사진 고양이=고양이 커피=커피 음악=음악 책=책"),
	"fi": strings.Fields("Huomenta Sauna Metsä=metsa Kissa Sää=saa Järvi=jarvi"),
	"es": strings.Fields("BuenosDías=buenosdias Niñez=ninez Gatos Música=musica Lluvia Montaña=montana"),
}

// wide are Latin letters in the width of Chinese characters.
func wide(s string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' && r <= '~' {
			return r - '!' + '！'
		}
		return r
	}, s)
}

// narrow are the katakana of topics in half width.
var narrow = strings.NewReplacer("カ", "ｶ", "フ", "ﾌ", "ェ", "ｪ")

// spell is a topic as one of those who use it spells it.
func (d *dice) spell(topic string) Part {
	written, fold, ok := strings.Cut(topic, "=")
	if !ok {
		fold = strings.ToLower(written)
	}
	p := Part{Kind: Hashtag, Text: written, Fold: fold}
	switch d.in(9) {
	case 0, 1, 2:
		p.Text = strings.ToLower(written)
	case 3:
		p.Text = strings.ToUpper(written)
	case 4:
		p.Text = wide(written)
	case 5:
		p.Text, p.Length = norm.NFD.String(written), utf8.RuneCountInString(written)
	case 6:
		p.Text = narrow.Replace(written)
	}
	return p
}

// topic is a topic of a toot. Each has an hour at which it is used most; seconds are those of the day where its author is.
func (d *dice) topic(t *Toot, of string, seconds int64) Part {
	switch luck := d.in(100); {
	case luck < 3: // one of its server's own
		return d.spell(of + "Meetup")
	case luck < 5: // one of its author's own
		return d.spell(t.Author.Name)
	case luck < 16:
		return d.spell(roll(uint64(d.zipf(2000)), aboutTag).word(syllables["latin"], 3))
	}
	list := topics[""]
	if own := topics[t.Language]; own != nil && d.percent(60) {
		list = own
	}
	one, other := list[d.zipf(int64(len(list)))], list[d.zipf(int64(len(list)))]
	if away(other, seconds) < away(one, seconds) {
		one = other
	}
	return d.spell(one)
}

// away is how far from a topic's hour a time of the day is.
func away(topic string, seconds int64) int64 {
	h := uint64(0)
	for _, r := range topic {
		h = mix(h, uint64(r))
	}
	d := (seconds - int64(h%24)*hour) % day
	return min((d+day)%day, (day-d)%day)
}

// client is an application and the label that it counts as, if it is one of those widely known.
type client struct{ name, label string }

// clients are what people write with, the most used first.
var clients = []client{
	{"Web", "Web"}, {"Mastodon for Android", "Mastodon for Android"}, {"Mastodon for iOS", "Mastodon for iOS"}, {"Tusky", "Tusky"},
	{"Phanpy", "Phanpy"}, {"Ivory for iOS", "Ivory"}, {"Elk", "Elk"}, {"IceCubesApp", "Ice Cubes"}, {"Fedilab", "Fedilab"}, {"Megalodon", "Megalodon"}, {"Lighthouse Horn 3000", "other"},
}
