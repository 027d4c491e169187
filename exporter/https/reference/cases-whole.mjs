// Whole sites, and headers that hold one word.
import { hsts, html, meta, page, redirect, site, strong } from "./cases-site.mjs";

site("bare", [html]);
site("strong", strong);
site("strong-http-closed", strong, { http: null });
site("strong-cookie", [...strong, ["Set-Cookie", "__Host-sess=1; Secure; HttpOnly; SameSite=Lax; Path=/"]]);
site("strong-no-referrer", strong.filter(([n]) => n !== "Referrer-Policy"));
site("ninety", strong.filter(([n]) => n !== "X-Content-Type-Options").concat([["Set-Cookie", "a=1"]]));
site("eighty-five", strong.filter(([n]) => n !== "X-Content-Type-Options" && n !== "Strict-Transport-Security").concat([hsts]), { http: redirect("https://www.oak.social/"), more: { "https://www.oak.social/": page() } });
site("mastodon", [
  html,
  ["Content-Security-Policy", "base-uri 'none'; default-src 'none'; frame-ancestors 'none'; font-src 'self' https://mastodon.oak.social; img-src 'self' data: blob: https://mastodon.oak.social https://files.oak.social; media-src 'self' data: https://mastodon.oak.social https://files.oak.social; manifest-src 'self' https://mastodon.oak.social; form-action 'self'; child-src 'self' blob: https://mastodon.oak.social; worker-src 'self' blob: https://mastodon.oak.social; connect-src 'self' data: blob: https://mastodon.oak.social https://files.oak.social wss://streaming.oak.social; script-src 'self' https://mastodon.oak.social 'wasm-unsafe-eval'; frame-src 'self' https:; style-src 'self' https://mastodon.oak.social 'nonce-kpS1PsFPsWqdzf2PlJBC5g=='"],
  ["Strict-Transport-Security", "max-age=63072000; includeSubDomains"],
  ["Referrer-Policy", "same-origin"],
  ["X-Content-Type-Options", "nosniff"],
  ["X-Frame-Options", "DENY"],
  ["X-XSS-Protection", "0"],
  ["Permissions-Policy", "interest-cohort=()"],
  ["Set-Cookie", "_mastodon_session=abc%2Fdef--1; path=/; secure; HttpOnly; SameSite=Lax"],
], { body: `<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><script src="/packs/js/common.js" crossorigin="anonymous" integrity="sha256-abc" defer></script><script id='initial-state' type='application/json'>{"a":"</p>"}</script></head><body class='app-body'><div id='mastodon'><noscript><img src="/x.svg"></noscript></div></body></html>` });
site("status-401", strong, { status: 401 });
site("status-403", strong, { status: 403 });
site("status-404", strong, { status: 404 });
site("status-500", strong, { status: 500 });
site("status-204", strong.filter(([n]) => n !== "Content-Type"), { status: 204, body: "" });
site("status-300", strong, { status: 300 });
site("self-signed", strong, { selfSigned: true });
site("self-signed-cookie", [...strong, ["Set-Cookie", "a=1"]], { selfSigned: true });
site("self-signed-http-closed", strong, { selfSigned: true, http: null });
site("latin-1", [html, ["X-Frame-Options", "deny\u00a0"], ["X-Content-Type-Options", "n\u00f6sniff"]]);

// Referrer-Policy.
for (const p of ["no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin", "origin", "origin-when-cross-origin", "unsafe-url", "no-referrer-when-downgrade", "nonsense"]) {
  site("referrer-" + p, [html, ["Referrer-Policy", p]]);
}
site("referrer-empty", [html, ["Referrer-Policy", ""]]);
site("referrer-list", [html, ["Referrer-Policy", "no-referrer, Strict-Origin-When-Cross-Origin , later-policy"]]);
site("referrer-list-unsafe", [html, ["Referrer-Policy", "no-referrer,unsafe-url"]]);
site("referrer-two-headers", [html, ["Referrer-Policy", "unsafe-url"], ["Referrer-Policy", "no-referrer"]]);
meta("referrer", `<meta name="referrer" content="no-referrer">`);
meta("referrer-last", `<meta name="referrer" content="no-referrer"><meta name=" Referrer " content="origin">`);
meta("referrer-over-header", `<meta name="referrer" content="no-referrer">`, ["Referrer-Policy", "unsafe-url"]);
meta("referrer-unknown-over-header", `<meta name="referrer" content="never">`, ["Referrer-Policy", "no-referrer"]);
meta("referrer-equiv", `<meta http-equiv="Referrer-Policy" content="no-referrer">`);
meta("referrer-equiv-and-name", `<meta http-equiv="x" name="referrer" content="no-referrer">`);
meta("referrer-empty", `<meta name="referrer" content="">`);

// Strict-Transport-Security.
for (const [name, value] of Object.entries({
  "long": "max-age=63072000", "half-year": "max-age=15552000", "below": "max-age=15551999", "zero": "max-age=0",
  "negative": "max-age=-1", "quoted": `max-age="31536000"`, "word": "max-age=long", "empty-age": "max-age=",
  "upper": "MAX-AGE=31536000; INCLUDESUBDOMAINS", "spaces": "  includeSubDomains ;  max-age=31536000 ; ",
  "space-after": "max-age= 31536000", "space-before": "max-age =31536000", "missing-age": "includeSubDomains; preload", "empty": "", "comma": "max-age=31536000, includeSubDomains",
  "twice": "max-age=31536000; max-age=1", "twice-up": "max-age=1; max-age=31536000", "letters-after": "max-age=31536000s", "exponent": "max-age=9e9",
  "huge": "max-age=99999999999999999999999999", "zeros": "max-age=00031536000", "plus": "max-age=+31536000", "hex": "max-age=0xfffffffff",
  "far": "max-age=" + "0".repeat(125) + "31536000", "far-below": "max-age=-31536000",
})) {
  site("hsts-" + name, [html, ["Strict-Transport-Security", value]]);
}
site("hsts-two-headers", [html, hsts, hsts]);
site("hsts-late", [html, ["Strict-Transport-Security", "x=" + "y".repeat(1100) + "; max-age=31536000"]]);

// Single headers.
for (const [name, value] of Object.entries({ "upper": "NOSNIFF", "twice": "nosniff, nosniff", "other": "sniff", "empty": "" })) {
  site("type-" + name, [html, ["X-Content-Type-Options", value]]);
}
site("type-two-headers", [html, ["X-Content-Type-Options", "nosniff"], ["X-Content-Type-Options", "nosniff"]]);
site("type-long", [html, ["X-Content-Type-Options", "nosniff" + " ".repeat(300) + "x"]]);
for (const [name, value] of Object.entries({ "deny": "Deny", "sameorigin": "SAMEORIGIN", "allow-from": "ALLOW-FROM https://a.example.org", "allowall": "ALLOWALL", "empty": "", "list": "DENY, SAMEORIGIN" })) {
  site("frame-" + name, [html, ["X-Frame-Options", value]]);
}
site("frame-csp-and-bad", [html, ["X-Frame-Options", "ALLOWALL"], ["Content-Security-Policy", "frame-ancestors *; default-src 'self'"]]);
site("frame-csp-invalid", [html, ["X-Frame-Options", "DENY"], ["Content-Security-Policy", "frame-ancestors 'none'; frame-ancestors 'self'"]]);
site("frame-csp-report-only", [html, ["Content-Security-Policy-Report-Only", "frame-ancestors 'none'"]]);
for (const [name, value] of Object.entries({ "same-origin": "same-origin", "same-site": "Same-Site", "cross-origin": "cross-origin", "other": "none", "empty": "", "list": "same-origin, same-origin" })) {
  site("corp-" + name, [html, ["Cross-Origin-Resource-Policy", value]]);
}
meta("corp", `<meta http-equiv="Cross-Origin-Resource-Policy" content="same-origin">`);

// Access-Control-Allow-Origin, which the loopback sites say to OPTIONS too.
const allow = (name, origin, ...more) => site("cors-" + name, [html, ["Access-Control-Allow-Origin", origin], ...more]);
const credentials = ["Access-Control-Allow-Credentials", "true"];
allow("public", "*");
allow("public-credentials", "*", credentials);
allow("one", "https://a.example.org");
allow("one-credentials", "https://a.example.org", credentials);
allow("null", "null", credentials);
allow("empty", "");
allow("reflected", "{origin}");
allow("reflected-false", "{origin}", ["Access-Control-Allow-Credentials", "false"]);
const blind = "the scanner looks for the Origin that it sent where its HTTP client does not keep it";
site("cors-universal", [html, ["Access-Control-Allow-Origin", "{origin}"], credentials], {
  ours: { "cross-origin-resource-sharing": "cross-origin-resource-sharing-implemented-with-universal-access" }, why: blind });
site("cors-universal-strong", [...strong, ["Access-Control-Allow-Origin", "{origin}"], ["Access-Control-Allow-Credentials", " TRUE "]], {
  ours: { "cross-origin-resource-sharing": "cross-origin-resource-sharing-implemented-with-universal-access" }, why: blind });
