package toots

import (
	"bytes"
	"strings"
)

// Labels for what isn't in a set, and for what isn't said.
const (
	labelOther   = "other"
	labelUnknown = "unknown"
)

// kinds are the types of attachments that Mastodon knows, and how many they are.
const (
	image = iota
	gifv
	video
	audio
	unknownKind
	kinds
)

var kindLabels = [kinds]string{"image", "gifv", "video", "audio", labelUnknown}

// kindOf is the index in kindLabels of an attachment's type.
func kindOf(said []byte) int {
	for i, label := range kindLabels {
		if string(said) == label {
			return i
		}
	}
	return unknownKind
}

// set is a closed set of labels.
type set struct {
	labels  []string
	index   map[string]int // of a label, or of another spelling of it
	unknown int            // the last one
}

func newSet(labels ...string) set {
	s := set{labels, make(map[string]int, len(labels)), len(labels) - 1}
	for i, label := range labels {
		s.index[label] = i
	}
	return s
}

// languages are the base languages: ISO 639-1, and the codes of ISO 639-3 that Mastodon offers to authors (LanguagesHelper, in
// August 2026, and "zxx" for what has no language, which it offered before).
var languages = newSet(strings.Fields(`
	aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu
	fa ff fi fj fo fr fy ga gd gl gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko
	kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa
	pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw
	ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
	ast chr ckb cnr csb gsw jbo kab ldn lfn lzz moh nan nds ota pdc sco sma smj szl tok vai xal xmf zba zgh zxx
	other unknown`)...)

// countries are the codes of ISO 3166-1 alpha-2, and XK for Kosovo.
var countries = newSet(strings.Fields(`
	AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD
	CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF
	GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN
	KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA
	NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI
	SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI
	VN VU WF WS XK YE YT ZA ZM ZW
	unknown`)...)

// languageOf is the index in languages of what a server says, such as "pt-BR".
func languageOf(said []byte) int {
	if i := bytes.IndexAny(said, "-_"); i >= 0 {
		said = said[:i]
	}
	var small [3]byte // the longest code
	if len(said) > len(small) {
		return languages.unknown - 1
	}
	code := small[:copy(small[:], said)]
	lower(code)
	if len(code) == 0 || string(code) == "und" {
		return languages.unknown
	}
	if i, ok := languages.index[string(code)]; ok {
		return i
	}
	return languages.unknown - 1
}

// countryOf is the index in countries of a code.
func countryOf(code string) int {
	if i, ok := countries.index[code]; ok {
		return i
	}
	return countries.unknown
}
