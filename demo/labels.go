package demo

import "strings"

// languages are those with a label: all of ISO 639-1, and those of ISO 639-3 that Mastodon offers.
const languages = " aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo" +
	" fr fy ga gd gl gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv" +
	" mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su" +
	" sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu" +
	" ast chr ckb cnr csb gsw jbo kab ldn lfn lzz moh nan nds ota pdc sco sma smj szl tok vai xal xmf zba zgh zxx "

// languageLabel is the label of what a server says of a toot's language.
func languageLabel(said string) string {
	base, _, _ := strings.Cut(strings.ToLower(said), "-")
	switch {
	case base == "":
		return unknown
	case strings.Contains(languages, " "+base+" "):
		return base
	}
	return "other"
}

// applicationLabel is the label of an application as it calls itself.
func applicationLabel(name string) string {
	if name == "" {
		return unknown
	}
	for _, c := range clients {
		if c.name == name {
			return c.label
		}
	}
	return "other"
}
