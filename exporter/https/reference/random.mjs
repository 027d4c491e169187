// Sites put together at random, always the same for the same seed: what nobody thought of for cases.mjs. They keep to what
// docs/https-score.md doesn't name as a difference: ASCII in policies, no addresses that make the scanner fail, and no
// elements whose contents HTML's parser drops.

/** A generator of numbers from 0 to n - 1 (mulberry32). */
function generator(seed) {
  return (n) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

const directives = ["default-src", "script-src", "style-src", "img-src", "media-src", "object-src", "connect-src", "frame-ancestors",
  "base-uri", "form-action", "report-uri", "report-to", "sandbox", "upgrade-insecure-requests", "Script-Src", "x"];
const sources = ["'self'", "'none'", "'unsafe-inline'", "'unsafe-eval'", "'strict-dynamic'", "'nonce-abc'", "'sha256-abc='", "data:", "blob:",
  "https:", "http:", "ftp:", "*", "https://*", "http://*.*", "*.example.org", "https://a.org", "https://a.org/", "https://a.org/x", "https://a.org/x/",
  "https://a.org/x/y.js", "https://b.org", "http://a.org", "HTTPS://A.org", "a.org", "a.org/", "a.org/x%2fy", "a.org/%41", "a.org/%", "/", "//", "-a", "_a", "a-b", "a_b", "a.b",
  "'SELF'", "ws:", "wss://a.org", "'report-sample'", "'wasm-unsafe-eval'", "~", "|", "(a)", "\"q\"", "a,b", "'self',"];
const addresses = ["/a.js", "a.js", "https://HOST/a.js", "https://cdn.oak.social/a.js", "http://cdn.oak.social/a.js", "https://cdn.example.org/a.js",
  "http://cdn.example.org/a.js", "//cdn.example.org/a.js", "//HOST/a.js", " https://cdn.example.org/", "https:\\\\cdn.example.org", "https:cdn.example.org",
  "http:a.js", "https:/a.b", "data:,1", "", "#x", "?x", "\\\\cdn.example.org\\a", "/\\cdn.example.org", "javascript:1", "https://1.2.3.4/", "https://[::1]/", "https://u:p@cdn.oak.social:8443/",
  "https://oak.social", "https://social/a", "https://xoak.social/a", "ftp://cdn.example.org/", "blob:https://cdn.example.org/x", "///x", "https:///cdn.example.org/x", "HtTp://Cdn.oak.Social/"];
const integrities = ["", ` integrity="sha384-x"`, ` integrity=""`, ` integrity`, ` INTEGRITY=x crossorigin`];
const opening = ["<p>", "<b>", "<div>", "<svg>", "<svg/>", "<g>", "<math>", "<mi>", "<template>", "<noscript>", "<desc>", "<foreignObject>", "<style>", "<title>", "<textarea>",
  "<!--", "<iframe>", "<ul><li>", "<table><tr><td>", "<annotation-xml>", "<annotation-xml encoding='text/html'>", "<mglyph>", "<font>", "<font color=red>", "<img>", "<xmp>", "<svg:script>"];
const closing = ["</p>", "</b>", "</div>", "</svg>", "</g>", "</math>", "</mi>", "</template>", "</noscript>", "</desc>", "</foreignObject>", "</style>", "</title>", "</textarea>",
  "-->", "</iframe>", "</ul>", "</table>", "</annotation-xml>", "</font>", "</xmp>", "</script>", "</body>", "</html>", "</head>"];
const names = ["a", "b", "sess", "login", "csrftoken", "sess_csrf", "__Host-a", "__Secure-a", "__Host-sess", "SameSite", "heroku-session-affinity", "SESSIONID", ""];
const attributes = ["Secure", "secure", "HttpOnly", "SameSite=Lax", "SameSite=strict", "SameSite=None", "SameSite", "SameSite=x", "Path=/", "Path=/x", "Path=x", "Domain=oak.social",
  "Domain=.oak.social", "Domain=social", "Domain=example.org", "Domain=HOST", "Max-Age=0", "Max-Age=-1", "Max-Age=3600", "Max-Age=x", "Expires=Thu, 01 Jan 1970 00:00:00 GMT",
  "Expires=Thu, 01-Jan-1970 00:00:00 GMT", "Expires=Thu, 01 Jan 2099 00:00:00 GMT", "Expires=x", "Partitioned", ""];
const singles = {
  "Strict-Transport-Security": ["max-age=31536000", "max-age=0", "max-age=15552000; includeSubDomains", "max-age=\"1\"", "includeSubDomains", "max-age=1, max-age=31536000", "max-age=31536000; max-age=5", " max-age=99999999 ;preload", ""],
  "X-Frame-Options": ["DENY", "sameorigin", "ALLOW-FROM x", "ALLOWALL", "", "deny, deny", "Deny "],
  "X-Content-Type-Options": ["nosniff", "NoSniff", "no", "", "nosniff,nosniff"],
  "Referrer-Policy": ["no-referrer", "unsafe-url", "x", "", "no-referrer, origin", "origin, x, same-origin", "SAME-ORIGIN", ",,"],
  "Cross-Origin-Resource-Policy": ["same-origin", "same-site", "cross-origin", "x", "", "Same-Origin "],
  "Access-Control-Allow-Origin": ["*", "null", "https://a.org", "{origin}", "", " * "],
};
const types = ["text/html", "text/html", "text/html", "text/html;charset=utf-8", "application/xhtml+xml", "TEXT/HTML", "text/plain", ""];
const statuses = [301, 302, 303, 307, 308, 300, 200, 404];
const locations = ["https://HOST/", "https://HOST/x", "https://HOST", "http://HOST/", "/", "https://www.oak.social/", "https:\\\\HOST", "https:HOST/", "//HOST/x/", "ftp://HOST/", "https://", "HTTPS://HOST/?x", "mailto:a@b"];

/** One site. */
function site(name, pick) {
  const host = name + ".oak.social";
  const one = (list) => list[pick(list.length)].replaceAll("HOST", host);
  const some = (most, make) => Array.from({ length: pick(most + 1) }, make);
  const policy = () => some(4, () => [one(directives), ...some(4, () => one(sources))].join(pick(9) ? " " : "\t")).join(pick(9) ? "; " : ";;");
  const cookie = () => ["Set-Cookie", [`${one(names)}=${pick(3)}`, ...some(4, () => one(attributes))].join(pick(4) ? "; " : ";")];
  const piece = () => {
    switch (pick(10)) {
      case 0: return `<meta http-equiv="Content-Security-Policy" content="${policy().replaceAll('"', "&quot;")}">`;
      case 1: return `<meta name=${one(["referrer", "Referrer", "x"])} content="${one(singles["Referrer-Policy"])}">`;
      case 2: return pick(4) ? "" : `<base href="${one(addresses)}">`;
      case 3: case 4: case 5: return `<script src="${one(addresses)}"${one(integrities)}></script>`;
      case 6: return `<script${one(integrities)}>"<script src=/x>"${pick(2) ? "<!--" : ""}</script>`;
      case 7: return one(closing);
      default: return one(opening);
    }
  };
  const headers = () => [
    ["Content-Type", one(types)],
    ...some(2, () => ["Content-Security-Policy", policy()]),
    ...Object.entries(singles).flatMap(([header, values]) => some(pick(8) ? 1 : 2, () => [header, one(values)])),
    ...some(3, cookie),
    ...(pick(6) ? [] : [["Content-Security-Policy-Report-Only", policy()]]),
  ].filter(([header, value]) => header !== "Content-Type" || value);
  const final = { status: one(["200", "200", "200", "200", "401", "403", "404", "206"]) | 0, headers: headers(), body: some(8, piece).join("") };
  const pages = {};
  let at = `https://${host}/`;
  for (const [i] of some(2, () => 0).entries()) {
    const to = `https://${pick(5) ? host : "www.oak.social"}${one(["/x", "/x/", "/x/y/", "/z"])}${i}`;
    pages[at] = { status: 302, headers: [["Location", to], ...some(2, cookie)], body: "" };
    at = to;
  }
  pages[at] = final;
  if (pick(8)) {
    pages[`http://${host}/`] = { status: statuses[pick(statuses.length)], headers: [["Location", one(locations)]], body: "" };
    pages[`http://${host}/x/`] = { status: 301, headers: [["Location", `https://${host}/`]], body: "" };
    for (const more of [`https://${host}/x`, `https://${host}/x/`, `https://${host}/?x`, "https://www.oak.social/"]) {
      pages[more] ??= { status: 200, headers: [], body: "" };
    }
  }
  const selfSigned = pick(40) === 0;
  if (selfSigned) { // then the scanner asks for robots.txt with its cookies, and forgets those that have expired
    for (const page of Object.values(pages)) {
      page.headers = page.headers.filter(([header, value]) => header !== "Set-Cookie" || !/Max-Age|Expires/.test(value));
    }
  }
  return { name, host, pages, selfSigned };
}

export default (count = Number(process.env.RANDOM ?? 1500), seed = Number(process.env.SEED ?? 6)) => {
  const pick = generator(seed);
  return Array.from({ length: count }, (_, i) => site("random-" + i, pick));
};
