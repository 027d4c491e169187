package country

// OfRegion is the country in which the place of a top-level domain lies (an A-label in lower case, such as berlin), "" if it
// is that of none. The place says where an instance belongs as its people see it, as a country's top-level domain does.
func OfRegion(tld string) string { return regions[tld].country }

// region is a place with a top-level domain of its own.
type region struct{ country, place string }

// regions are the generic top-level domains that ICANN delegated for a place or for the people of one, as far as that lies in
// one country, or, where a note says so, nearly all of it; from the registries' own contracts and rules of registration. Left
// out are those of more than one country (.africa, .arab, .asia, .lat), of people anywhere (.irish, .kiwi, .рус), and those
// that the root has no more (.budapest, .doha).
var regions = map[string]region{
	"abudhabi":       {"AE", "Abu Dhabi"},
	"alsace":         {"FR", "Alsace"},
	"amsterdam":      {"NL", "Amsterdam"},
	"barcelona":      {"ES", "Barcelona"},
	"bayern":         {"DE", "Bavaria"},
	"bcn":            {"ES", "Barcelona"},
	"berlin":         {"DE", "Berlin"},
	"boston":         {"US", "Boston, Massachusetts"},
	"brussels":       {"BE", "Brussels"},
	"bzh":            {"FR", "Brittany"},
	"capetown":       {"ZA", "Cape Town"},
	"cat":            {"ES", "Catalan language and culture; most of its speakers and the registry are in Catalonia, some in Andorra, France and Italy"},
	"cologne":        {"DE", "Cologne"},
	"corsica":        {"FR", "Corsica"},
	"cymru":          {"GB", "Wales"},
	"dubai":          {"AE", "Dubai"},
	"durban":         {"ZA", "Durban"},
	"eus":            {"ES", "Basque language and culture; nine in ten of its speakers and the registry are in Spain, the others in France"},
	"frl":            {"NL", "Friesland"},
	"gal":            {"ES", "Galicia"},
	"gent":           {"BE", "Ghent"},
	"hamburg":        {"DE", "Hamburg"},
	"helsinki":       {"FI", "Helsinki"},
	"ist":            {"TR", "Istanbul"},
	"istanbul":       {"TR", "Istanbul"},
	"joburg":         {"ZA", "Johannesburg"},
	"koeln":          {"DE", "Cologne"},
	"krd":            {"IQ", "Kurdistan Region of Iraq, whose government is the registry"},
	"kyoto":          {"JP", "Kyoto"},
	"london":         {"GB", "London"},
	"madrid":         {"ES", "Madrid"},
	"melbourne":      {"AU", "Melbourne"},
	"miami":          {"US", "Miami, Florida"},
	"moscow":         {"RU", "Moscow"},
	"nagoya":         {"JP", "Nagoya"},
	"nrw":            {"DE", "North Rhine-Westphalia"},
	"nyc":            {"US", "New York City; only for those who live or work there"},
	"okinawa":        {"JP", "Okinawa"},
	"osaka":          {"JP", "Osaka"},
	"paris":          {"FR", "Paris"},
	"quebec":         {"CA", "Quebec"},
	"rio":            {"BR", "Rio de Janeiro"},
	"ruhr":           {"DE", "the Ruhr"},
	"ryukyu":         {"JP", "the Ryukyu Islands"},
	"saarland":       {"DE", "the Saarland"},
	"scot":           {"GB", "Scotland"},
	"stockholm":      {"SE", "Stockholm"},
	"swiss":          {"CH", "Switzerland; only for those who live there or have a business there"},
	"sydney":         {"AU", "Sydney"},
	"taipei":         {"TW", "Taipei"},
	"tatar":          {"RU", "Tatarstan"},
	"tirol":          {"AT", "the Austrian Tyrol, whose government stands behind the registry; also used in Italy's South Tyrol"},
	"tokyo":          {"JP", "Tokyo"},
	"vegas":          {"US", "Las Vegas, Nevada"},
	"vlaanderen":     {"BE", "Flanders"},
	"wales":          {"GB", "Wales"},
	"wien":           {"AT", "Vienna"},
	"yokohama":       {"JP", "Yokohama"},
	"zuerich":        {"CH", "Zurich"},
	"xn--1qqw23a":    {"CN", "佛山, Foshan"},
	"xn--80adxhks":   {"RU", "москва, Moscow"},
	"xn--mgbca7dzdo": {"AE", "ابوظبي, Abu Dhabi"},
	"xn--xhq521b":    {"CN", "广东, Guangdong"},
}
