package demo

// Behaviour is how a server behaves. The zero Behaviour is well: it answers as its software does.
type Behaviour string

// Behaviours of servers in trouble, of servers that want to be left alone, and, for hostile worlds, of servers that are out
// to break a crawler.
const (
	Well Behaviour = ""

	// Trouble: a visit fails.
	NoName      Behaviour = "no_name"      // NXDOMAIN
	Refusing    Behaviour = "refusing"     // nobody listens
	BadGateway  Behaviour = "bad_gateway"  // 502 to everything
	AppDown     Behaviour = "app_down"     // 502 to everything but robots.txt, which is a file
	Unavailable Behaviour = "unavailable"  // 503 to everything
	RetryAfter  Behaviour = "retry_after"  // 503 to everything, and wants to be left alone for two hours
	CertExpired Behaviour = "cert_expired" // its certificate has expired
	CertName    Behaviour = "cert_name"    // its certificate is somebody else's
	RobotsError Behaviour = "robots_error" // 500 to robots.txt, all else is well

	// Gone for good.
	Gone Behaviour = "gone" // 410 to everything

	// It doesn't want visitors.
	Blocked     Behaviour = "blocked"      // 403 to nodeinfo and the API; robots.txt allows them
	RateLimited Behaviour = "rate_limited" // 429 to nodeinfo and the API, with the end of the limit five minutes ahead
	Challenge   Behaviour = "challenge"    // a page of a delivery network that wants to see a browser
	RobotsNo    Behaviour = "robots_no"    // robots.txt forbids everything
	RobotsDeny  Behaviour = "robots_deny"  // 403 to robots.txt
	Legal       Behaviour = "legal"        // 451 to everything

	// It has no robots.txt (404): everything is allowed.
	NoRobots Behaviour = "no_robots"

	// Half of it.
	NoPage           Behaviour = "no_page"            // it breaks off at the page at /, all else is well
	RobotsNoAPI      Behaviour = "robots_no_api"      // robots.txt forbids the API
	RobotsNoNodeInfo Behaviour = "robots_no_nodeinfo" // robots.txt forbids nodeinfo
	NoNodeInfo       Behaviour = "no_nodeinfo"        // 404 to nodeinfo

	// Hostile.
	Hang            Behaviour = "hang"             // takes the request and never answers
	HangHandshake   Behaviour = "hang_handshake"   // takes the connection and never shakes hands
	Drip            Behaviour = "drip"             // a byte now and then, for ever
	Gigabyte        Behaviour = "gigabyte"         // as much as you take
	Bomb            Behaviour = "bomb"             // a gigabyte, well packed
	HTML            Behaviour = "html"             // a page for people, with status 200
	Empty           Behaviour = "empty"            // nothing, with status 200; at / a page like anybody's
	Half            Behaviour = "half"             // the first half of each document
	Negative        Behaviour = "negative"         // figures below zero
	Absurd          Behaviour = "absurd"           // figures beyond all reason
	Text            Behaviour = "text"             // figures as strings; a careful reader takes them
	RedirectLoop    Behaviour = "redirect_loop"    // to itself
	RedirectPrivate Behaviour = "redirect_private" // to an address inside the visitor's network
	PrivateAddress  Behaviour = "private_address"  // its name leads inside the visitor's network
	CertSelfSigned  Behaviour = "cert_self_signed" // its certificate is signed by its own key
	CertUntrusted   Behaviour = "cert_untrusted"   // its certificate is signed by an authority that nobody knows
	OldTLS          Behaviour = "old_tls"          // it speaks TLS 1.0 and 1.1 only
)

// troubles are the ways in which a server fails for a while.
func troubles() []Behaviour {
	return []Behaviour{Refusing, NoName, BadGateway, Unavailable, CertExpired, CertName}
}

// Hostiles lists the hostile behaviours.
func Hostiles() []Behaviour {
	return []Behaviour{
		Hang, HangHandshake, Drip, Gigabyte, Bomb, HTML, Empty, Half, Negative, Absurd, Text, RedirectLoop, RedirectPrivate, PrivateAddress,
		CertSelfSigned, CertUntrusted, OldTLS,
	}
}

// Failing reports whether a visitor gets nothing from a server that behaves so.
func (b Behaviour) Failing() bool {
	switch b {
	case NoName, Refusing, BadGateway, AppDown, Unavailable, RetryAfter, CertExpired, CertName, Gone,
		Hang, HangHandshake, Drip, Gigabyte, Bomb, HTML, Empty, Half, RedirectLoop, RedirectPrivate, PrivateAddress, CertSelfSigned, CertUntrusted, OldTLS:
		return true
	}
	return false
}

// certificate is what a handshake shows of the certificate, as the label "verdict" has it; "" where there is no handshake. Only "ok" lets
// a careful visitor in.
func (b Behaviour) certificate() string {
	switch b {
	case CertExpired:
		return "expired"
	case CertName:
		return "wrong_name"
	case CertSelfSigned:
		return "self_signed"
	case CertUntrusted:
		return "untrusted"
	case OldTLS:
		return "old_protocol"
	case HangHandshake:
		return ""
	}
	return "ok"
}
