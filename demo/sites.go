package demo

// sites are some of those that MDN's scanner was run on, with its verdicts: exporter/https/testdata has them all. The first is a
// Mastodon as it comes.
var sites = []site{
	{
		name: "mastodon", score: 130, grade: "A+", credit: 30, status: 301, location: "https://{host}/",
		headers: []string{
			"Content-Type", "text/html; charset=utf-8",
			"Content-Security-Policy", "base-uri 'none'; default-src 'none'; frame-ancestors 'none'; font-src 'self' https://{host}; img-src 'self' data: blob: https://{host} https://files.oak.social; media-src 'self' data: https://{host} https://files.oak.social; manifest-src 'self' https://{host}; form-action 'self'; child-src 'self' blob: https://{host}; worker-src 'self' blob: https://{host}; connect-src 'self' data: blob: https://{host} https://files.oak.social wss://streaming.oak.social; script-src 'self' https://{host} 'wasm-unsafe-eval'; frame-src 'self' https:; style-src 'self' https://{host} 'nonce-kpS1PsFPsWqdzf2PlJBC5g=='",
			"Strict-Transport-Security", "max-age=63072000; includeSubDomains",
			"Referrer-Policy", "same-origin",
			"X-Content-Type-Options", "nosniff",
			"X-Frame-Options", "DENY",
			"X-XSS-Protection", "0",
			"Permissions-Policy", "interest-cohort=()",
			"Set-Cookie", "_mastodon_session=abc%2Fdef--1; path=/; secure; HttpOnly; SameSite=Lax",
		},
		body: `<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><script src="/packs/js/common.js" crossorigin="anonymous" integrity="sha256-abc" defer></script><script id='initial-state' type='application/json'>{"a":"</p>"}</script></head><body class='app-body'><div id='mastodon'><noscript><img src="/x.svg"></noscript></div></body></html>`,
	},
	{
		name: "strong-http-closed", score: 130, grade: "A+", credit: 30,
		headers: []string{
			"Content-Type", "text/html; charset=utf-8",
			"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'",
			"Strict-Transport-Security", "max-age=31536000; includeSubDomains; preload",
			"Referrer-Policy", "same-origin",
			"X-Content-Type-Options", "nosniff",
			"X-Frame-Options", "DENY",
			"Cross-Origin-Resource-Policy", "same-origin",
		},
		body: "<!doctype html><title>x</title>",
	},
	{
		name: "strong-cookie", score: 135, grade: "A+", credit: 35, status: 301, location: "https://{host}/",
		headers: []string{
			"Content-Type", "text/html; charset=utf-8",
			"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'",
			"Strict-Transport-Security", "max-age=31536000; includeSubDomains; preload",
			"Referrer-Policy", "same-origin",
			"X-Content-Type-Options", "nosniff",
			"X-Frame-Options", "DENY",
			"Cross-Origin-Resource-Policy", "same-origin",
			"Set-Cookie", "__Host-sess=1; Secure; HttpOnly; SameSite=Lax; Path=/",
		},
		body: "<!doctype html><title>x</title>",
	},
	{
		name: "ninety", score: 120, grade: "A+", off: 10, credit: 30, status: 301, location: "https://{host}/",
		headers: []string{
			"Content-Type", "text/html; charset=utf-8",
			"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'",
			"Strict-Transport-Security", "max-age=31536000; includeSubDomains; preload",
			"Referrer-Policy", "same-origin",
			"X-Frame-Options", "DENY",
			"Cross-Origin-Resource-Policy", "same-origin",
			"Set-Cookie", "a=1",
		},
		body: "<!doctype html><title>x</title>",
	},
	{
		name: "eighty-five", score: 120, grade: "A+", off: 5, credit: 30, status: 301, location: "https://www.oak.social/",
		headers: []string{
			"Content-Type", "text/html; charset=utf-8",
			"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'",
			"Referrer-Policy", "same-origin",
			"X-Frame-Options", "DENY",
			"Cross-Origin-Resource-Policy", "same-origin",
			"Strict-Transport-Security", "max-age=31536000; includeSubDomains",
		},
		body: "<!doctype html><title>x</title>",
	},
	{
		name: "random-1118", score: 80, grade: "B+", off: 20, credit: 10, status: 301, location: "https://{host}",
		headers: []string{
			"Content-Type", "text/html;charset=utf-8",
			"Content-Security-Policy", "object-src\t-a\thttps://a.org/\t//\t'self',; default-src *",
			"Content-Security-Policy", `report-uri 'report-sample' "q" ws: a-b`,
			"X-Frame-Options", "sameorigin",
			"X-Content-Type-Options", "NoSniff",
			"Referrer-Policy", "no-referrer",
			"Access-Control-Allow-Origin", "https://a.org",
			"Set-Cookie", "heroku-session-affinity=2; Max-Age=0; Path=/",
			"Set-Cookie", "__Secure-a=0; Domain={host}; Expires=Thu, 01 Jan 2099 00:00:00 GMT",
		},
	},
	{
		name: "frame-csp-and-bad", score: 75, grade: "B", off: 25, credit: 10, status: 301, location: "https://{host}/",
		headers: []string{
			"Content-Type", "text/html; charset=utf-8",
			"X-Frame-Options", "ALLOWALL",
			"Content-Security-Policy", "frame-ancestors *; default-src 'self'",
		},
		body: "<!doctype html><title>x</title>",
	},
	{
		name: "random-647", score: 60, grade: "C+", off: 40, status: 303, location: "https://{host}/x",
		headers: []string{
			"Content-Type", "text/html",
			"Content-Security-Policy", "report-to *;;report-uri;;form-action 'report-sample';;report-to",
			"Content-Security-Policy", "",
			"Strict-Transport-Security", "max-age=0",
			"X-Frame-Options", "Deny ",
			"X-Content-Type-Options", "nosniff",
			"Referrer-Policy", "",
			"Cross-Origin-Resource-Policy", "x",
			"Access-Control-Allow-Origin", "",
			"Set-Cookie", "__Host-sess=2; Max-Age=0; Max-Age=x",
		},
		body: "</html>",
	},
	{
		name: "csp-style-inline", score: 55, grade: "C", off: 45, status: 301, location: "https://{host}/",
		headers: []string{
			"Content-Type", "text/html; charset=utf-8",
			"Content-Security-Policy", "default-src 'self'; style-src 'self' 'unsafe-inline'",
		},
		body: "<!doctype html><title>x</title>",
	},
	{
		name: "hsts-long", score: 50, grade: "C", off: 50, status: 301, location: "https://{host}/",
		headers: []string{
			"Content-Type", "text/html; charset=utf-8",
			"Strict-Transport-Security", "max-age=63072000",
		},
		body: "<!doctype html><title>x</title>",
	},
	{
		name: "csp-eval", score: 45, grade: "C-", off: 55, status: 301, location: "https://{host}/",
		headers: []string{
			"Content-Type", "text/html; charset=utf-8",
			"Content-Security-Policy", "default-src 'self'; script-src 'self' 'unsafe-eval'",
		},
		body: "<!doctype html><title>x</title>",
	},
	{
		name: "hsts-below", score: 40, grade: "D+", off: 60, status: 301, location: "https://{host}/",
		headers: []string{
			"Content-Type", "text/html; charset=utf-8",
			"Strict-Transport-Security", "max-age=15551999",
		},
		body: "<!doctype html><title>x</title>",
	},
	{
		name: "redirect-closed", score: 30, grade: "D", off: 70,
		headers: []string{
			"Content-Type", "text/html; charset=utf-8",
		},
		body: "<!doctype html><title>x</title>",
	},
	{
		name: "sri-foreign", score: 25, grade: "D-", off: 75, status: 301, location: "https://{host}/",
		headers: []string{
			"Content-Type", "text/html; charset=utf-8",
		},
		body: `<script src="https://cdn.example.org/a.js"></script>`,
	},
	{
		name: "redirect-off-host", score: 25, grade: "D-", off: 70, status: 301, location: "https://www.oak.social/",
		headers: []string{
			"Content-Type", "text/html; charset=utf-8",
		},
		body: "<!doctype html><title>x</title>",
	},
	{
		name: "redirect-missing", score: 10, grade: "F", off: 70, status: 200,
		headers: []string{
			"Content-Type", "text/html; charset=utf-8",
		},
		body: "<!doctype html><title>x</title>",
	},
	{
		name: "cookie-session-script", score: 0, grade: "F", off: 100, status: 301, location: "https://{host}/",
		headers: []string{
			"Content-Type", "text/html; charset=utf-8",
			"Set-Cookie", "PHPSESSID=1; Secure; SameSite=Lax",
		},
		body: "<!doctype html><title>x</title>",
	},
}
