package country

import "strings"

// OfTLD is the country to which a top-level domain (an A-label in lower case) is bound, "" if it is bound to none.
func OfTLD(tld string) string {
	if code, ok := idn[tld]; ok {
		return code
	}
	if _, ok := generic[tld]; ok || len(tld) != 2 {
		return ""
	}
	if tld == "uk" {
		return "GB" // older than the rule that a ccTLD is the code of ISO 3166
	}
	if code := strings.ToUpper(tld); Valid(code) {
		return code
	}
	return ""
}

// generic are the country-code top-level domains that say nothing about where a server is, and why. Two signs put one here:
// anybody abroad may register a name in it, and it is sold or known for something other than its country. "google" means that
// Google Search, too, treats it as generic (its list of gccTLDs, 2026). Nothing is lost by a name in here: such a server is
// looked for by its address.
var generic = map[string]string{
	"ac": "Ascension has no code in ISO 3166; sold for academia and accounts",
	"ad": "google; sold for advertising since 2024",
	"ag": "sold for agriculture and to German stock companies (AG)",
	"ai": "google; sold for artificial intelligence",
	"am": "sold for radio and as the English word",
	"aq": "no server stands in Antarctica",
	"as": "google; sold as the English word and to Nordic stock companies (A/S)",
	"bz": "google; sold for business",
	"cc": "google; sold as a second .com",
	"cd": "google; sold for music",
	"cf": "was given away free to everybody until 2023",
	"co": "google; sold for companies",
	"cv": "sold for curricula vitae",
	"cx": "known for jokes and short names; most registrants live elsewhere",
	"dj": "google; sold to disc jockeys",
	"eu": "a union of countries",
	"fm": "google; sold for radio",
	"ga": "was given away free to everybody until 2023",
	"gd": "known for short names; most registrants live elsewhere",
	"gg": "sold for games",
	"gl": "sold as short for global, Google and Galicia",
	"gq": "was given away free to everybody until 2023",
	"gs": "no population; known for short names",
	"hm": "nobody lives there",
	"im": "sold for instant messaging and as the English \"I'm\"",
	"io": "google; sold for computing",
	"is": "known as the English word",
	"la": "google; sold for Los Angeles",
	"lc": "known for short names; most registrants live elsewhere",
	"li": "known to Swiss and to others for short names; run together with .ch",
	"ly": "known as the English ending",
	"md": "sold to doctors of medicine",
	"me": "google; sold as the English word",
	"ml": "was given away free to everybody until 2023; known for machine learning",
	"mn": "sold for Minnesota",
	"ms": "google; known for short names",
	"mu": "sold for music",
	"nf": "known for short names; most registrants live elsewhere",
	"nu": "google; the word for now in Swedish and Dutch",
	"pm": "known for the time of day and private messages; open to all of Europe",
	"pn": "fifty inhabitants; known for short names",
	"pw": "sold as \"professional web\"",
	"re": "known as the English syllable; open to all of Europe",
	"sc": "google; sold for Scotland and South Carolina",
	"sh": "known for the Unix shell",
	"so": "sold as the English word",
	"sr": "google; sold to seniors",
	"st": "sold for street and Südtirol",
	"su": "the Soviet Union is no country any more",
	"sx": "known for short names; most registrants live elsewhere",
	"tc": "known for short names; most registrants live elsewhere",
	"tf": "no population; open to all of Europe",
	"tk": "google; was given away free to everybody until 2023",
	"tl": "known for short names; most registrants live elsewhere",
	"to": "sold as the English word",
	"tv": "google; sold for television",
	"vc": "sold for venture capital",
	"vg": "known for video games and short names",
	"vu": "known as the French word; most registrants live elsewhere",
	"wf": "known for short names; open to all of Europe",
	"ws": "google; sold for web site",
	"yt": "known for YouTube; open to all of Europe",
}

// idn are the country-code top-level domains in other scripts, as A-labels (IANA's root zone database). .ею and .ευ are the
// European Union's and not here.
var idn = map[string]string{
	"xn--mgbaam7a8h":         "AE", // امارات
	"xn--y9a3aq":             "AM", // հայ
	"xn--54b7fta0cc":         "BD", // বাংলা
	"xn--90ae":               "BG", // бг
	"xn--mgbcpq6gpa1a":       "BH", // البحرين
	"xn--90ais":              "BY", // бел
	"xn--fiqs8s":             "CN", // 中国
	"xn--fiqz9s":             "CN", // 中國
	"xn--lgbbat1ad8j":        "DZ", // الجزائر
	"xn--wgbh1c":             "EG", // مصر
	"xn--node":               "GE", // გე
	"xn--qxam":               "GR", // ελ
	"xn--j6w193g":            "HK", // 香港
	"xn--4dbrk0ce":           "IL", // ישראל
	"xn--h2brj9c":            "IN", // भारत
	"xn--fpcrj9c3d":          "IN", // భారత్
	"xn--gecrj9c":            "IN", // ભારત
	"xn--mgbbh1a71e":         "IN", // بھارت
	"xn--xkc2dl3a5ee0h":      "IN", // இந்தியா
	"xn--45brj9c":            "IN", // ভারত
	"xn--s9brj9c":            "IN", // ਭਾਰਤ
	"xn--h2breg3eve":         "IN", // भारतम्
	"xn--h2brj9c8c":          "IN", // भारोत
	"xn--mgbgu82a":           "IN", // ڀارت
	"xn--rvc1e0am3e":         "IN", // ഭാരതം
	"xn--2scrj9c":            "IN", // ಭಾರತ
	"xn--3hcrj9c":            "IN", // ଭାରତ
	"xn--45br5cyl":           "IN", // ভাৰত
	"xn--mgbbh1a":            "IN", // بارت
	"xn--mgbtx2b":            "IQ", // عراق
	"xn--mgba3a4f16a":        "IR", // ایران
	"xn--mgbayh7gpa":         "JO", // الاردن
	"xn--3e0b707e":           "KR", // 한국
	"xn--80ao21a":            "KZ", // қаз
	"xn--q7ce6a":             "LA", // ລາວ
	"xn--fzc2c9e2c":          "LK", // ලංකා
	"xn--xkc2al3hye2a":       "LK", // இலங்கை
	"xn--mgbc0a9azcg":        "MA", // المغرب
	"xn--d1alf":              "MK", // мкд
	"xn--l1acc":              "MN", // мон
	"xn--mix891f":            "MO", // 澳門
	"xn--mix082f":            "MO", // 澳门
	"xn--mgbah1a3hjkrd":      "MR", // موريتانيا
	"xn--mgbx4cd0ab":         "MY", // مليسيا
	"xn--mgb9awbf":           "OM", // عمان
	"xn--mgbai9azgqp6j":      "PK", // پاکستان
	"xn--ygbi2ammx":          "PS", // فلسطين
	"xn--wgbl6a":             "QA", // قطر
	"xn--90a3ac":             "RS", // срб
	"xn--p1ai":               "RU", // рф
	"xn--mgberp4a5d4ar":      "SA", // السعودية
	"xn--mgbpl2fh":           "SD", // سودان
	"xn--yfro4i67o":          "SG", // 新加坡
	"xn--clchc0ea0b2g2a9gcd": "SG", // சிங்கப்பூர்
	"xn--ogbpf8fl":           "SY", // سورية
	"xn--o3cw4h":             "TH", // ไทย
	"xn--pgbs0dh":            "TN", // تونس
	"xn--kprw13d":            "TW", // 台湾
	"xn--kpry57d":            "TW", // 台灣
	"xn--j1amh":              "UA", // укр
	"xn--mgb2ddes":           "YE", // اليمن
}
