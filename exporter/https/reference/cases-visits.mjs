// Where a visit leads, and the cookies that it brings home.
import { hsts, html, page, redirect, site, strong } from "./cases-site.mjs";

const cookie = (name, cookies, ...headers) => site("cookie-" + name, [html, ...cookies.map((c) => ["Set-Cookie", c]), ...headers]);

// Redirection.
const to = (name, http, options) => site("redirect-" + name, [html], { http, ...options });
to("missing", page());
to("missing-404", { status: 404, headers: [], body: "" });
for (const status of [302, 303, 307, 308]) {
  to(String(status), redirect(`https://redirect-${status}.oak.social/`, status));
}
to("300", redirect("https://redirect-300.oak.social/", 300));
to("closed", undefined, { http: null });
to("path", redirect("https://redirect-path.oak.social/about"), { more: { "https://redirect-path.oak.social/about": page() } });
to("port", redirect("https://redirect-port.oak.social:443/"));
to("upper", redirect("HTTPS://Redirect-Upper.OAK.social/"));
to("off-host", redirect("https://www.oak.social/"), { more: { "https://www.oak.social/": page() } });
to("off-domain", redirect("https://elm.example.org/"), { more: { "https://elm.example.org/": page() } });
to("slashes", redirect("//redirect-slashes.oak.social/"));
to("self", redirect("/"));
to("self-absolute", redirect("http://redirect-self-absolute.oak.social/"));
to("self-empty", redirect(""));
to("no-location", { status: 301, headers: [], body: "" });
to("plain-first", redirect("http://redirect-plain-first.oak.social/x"), { more: { "http://redirect-plain-first.oak.social/x": redirect("https://redirect-plain-first.oak.social/") } });
to("plain-other-host", redirect("http://www.oak.social/"), { more: { "http://www.oak.social/": redirect("https://www.oak.social/"), "https://www.oak.social/": page() } });
to("plain-for-good", redirect("http://redirect-plain-for-good.oak.social/x"), {
  more: { "http://redirect-plain-for-good.oak.social/x": page() },
  ours: { redirection: "redirection-not-to-https-on-initial-redirection" }, why: "http is not followed: a first step to http is taken to lead to https later" });
to("back", redirect("https://redirect-back.oak.social/x"), {
  more: { "https://redirect-back.oak.social/x": redirect("http://redirect-back.oak.social/y"), "http://redirect-back.oak.social/y": page() },
  ours: { redirection: "redirection-to-https" }, why: "http is not followed: a first step to https is taken to stay there" });
to("off-host-self-signed", redirect("https://bad.oak.social/"), {
  more: { "https://bad.oak.social/": page() }, selfSignedToo: ["bad.oak.social"],
  ours: { redirection: "redirection-off-host-from-http" }, why: "http is not followed: the other host's certificate was not seen" });
to("unreadable", redirect("https://exa mple/"));
to("scheme", redirect("ftp://redirect-scheme.oak.social/"));
to("backslashes", redirect("https:\\\\redirect-backslashes.oak.social\\"));
to("self-signed-off-host", redirect("https://www.oak.social/"), { selfSigned: true, more: { "https://www.oak.social/": page() } });
to("self-signed", redirect("https://redirect-self-signed.oak.social/"), { selfSigned: true });

// Redirects of https /.
site("chain", [html, hsts], {
  more: { "https://chain.oak.social/": redirect("/about", 302, [["Set-Cookie", "first=1; Secure"]]), "https://chain.oak.social/about": { status: 200, headers: strong, body: "" } } });
site("chain-host", [], {
  more: { "https://chain-host.oak.social/": redirect("https://www.oak.social/", 301, [["Set-Cookie", "sess=1"], hsts]), "https://www.oak.social/": { status: 200, headers: [...strong, ["Set-Cookie", "b=1; Secure; SameSite=Lax"]], body: "<script src=/a.js></script>" } } });
site("chain-deleted", [], {
  more: { "https://chain-deleted.oak.social/": redirect("/x/", 302, [["Set-Cookie", "old=; Max-Age=0"], ["Set-Cookie", "older=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], ["Set-Cookie", "elsewhere=; Path=/y; Max-Age=0; Secure"]]), "https://chain-deleted.oak.social/x/": { status: 200, headers: [html, ["Set-Cookie", "x=1; Secure"]], body: "" } } });
site("chain-replaced", [], {
  more: { "https://chain-replaced.oak.social/": redirect("/x", 302, [["Set-Cookie", "a=1; Path=/"]]), "https://chain-replaced.oak.social/x": { status: 200, headers: [html, ["Set-Cookie", "a=2; Path=/; Secure; SameSite=Strict"]], body: "" } } });
site("chain-path", [], {
  more: { "https://chain-path.oak.social/": redirect("/x/y/", 302, [["Set-Cookie", "a=1"]]), "https://chain-path.oak.social/x/y/": { status: 200, headers: [html, ["Set-Cookie", "a=2; Secure; SameSite=Strict"]], body: "" } } });

// Cookies.
cookie("bare", ["a=1"]);
cookie("bare-hsts", ["a=1"], hsts);
cookie("bare-hsts-short", ["a=1"], ["Strict-Transport-Security", "max-age=1"]);
cookie("secure", ["a=1; Secure"]);
cookie("secure-lax", ["a=1; Secure; SameSite=Lax"]);
cookie("secure-strict-upper", ["a=1; SECURE; SAMESITE=STRICT; HTTPONLY"]);
cookie("one-without-samesite", ["a=1; Secure; SameSite=Lax", "b=1; Secure"]);
cookie("samesite-none", ["a=1; Secure; SameSite=None"]);
cookie("samesite-none-insecure", ["a=1; SameSite=None"]);
cookie("samesite-none-insecure-hsts", ["a=1; SameSite=None"], hsts);
cookie("samesite-invalid", ["a=1; Secure; SameSite=Maybe"]);
cookie("samesite-empty", ["a=1; Secure; SameSite"]);
cookie("samesite-empty-value", ["a=1; Secure; SameSite="]);
cookie("samesite-spaces", ["a=1; Secure; SameSite = Lax "]);
cookie("samesite-twice", ["a=1; Secure; SameSite=Lax; SameSite=Maybe"]);
cookie("samesite-name", ["SameSite=1; Secure"]);
cookie("samesite-invalid-refused", ["a=1; Secure; SameSite=Maybe; Domain=example.org"]);
cookie("session", ["sessionid=1; Secure; HttpOnly"]);
cookie("session-lax", ["sessionid=1; Secure; HttpOnly; SameSite=Lax"]);
cookie("session-script", ["PHPSESSID=1; Secure; SameSite=Lax"]);
cookie("session-insecure", ["PHPSESSID=1; HttpOnly"]);
cookie("session-insecure-hsts", ["PHPSESSID=1; HttpOnly"], hsts);
cookie("session-bare-hsts", ["user_login=1"], hsts);
cookie("csrf", ["csrftoken=1; Secure"]);
cookie("csrf-strict", ["XSRF-CSRF=1; Secure; SameSite=Strict"]);
cookie("csrf-insecure-hsts", ["csrftoken=1"], hsts);
cookie("session-csrf", ["sess_csrf=1; Secure; HttpOnly"]);
cookie("many", ["a=1; Secure; SameSite=Lax", "b=1", "login=1; Secure; HttpOnly"]);
cookie("replaced", ["a=1", "a=2; Secure; SameSite=Lax"]);
cookie("replaced-worse", ["a=1; Secure; SameSite=Lax", "a=2"]);
cookie("replaced-not-path", ["a=1; Path=/x", "a=2; Secure; SameSite=Lax"]);
cookie("deleted", ["a=; Max-Age=0; Secure", "b=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"]);
cookie("no-equals", ["justaname; Secure"]);
cookie("no-name", ["=1; Secure"]);
cookie("no-value", ["a=; Secure"]);
cookie("equals", ["a=b=c; Secure; SameSite=Lax"]);
cookie("domain", ["a=1; Secure; SameSite=Lax; Domain=oak.social"]);
cookie("domain-dot", ["a=1; Domain=.OAK.social"]);
cookie("domain-own", ["a=1; Domain=cookie-domain-own.oak.social"]);
cookie("domain-other", ["a=1; Domain=example.org"]);
cookie("domain-below", ["a=1; Domain=x.cookie-domain-below.oak.social"]);
cookie("domain-suffix", ["a=1; Domain=social"]);
cookie("domain-dots", ["a=1; Domain=..oak.social"]);
cookie("domain-empty", ["a=1; Secure; Domain="]);
cookie("domain-half", ["a=1; Domain=ak.social"]);
cookie("prefix-secure", ["__Secure-a=1; Secure; SameSite=Lax"]);
cookie("prefix-secure-without", ["__Secure-a=1"]);
cookie("prefix-secure-lower", ["__secure-a=1"]);
cookie("prefix-host", ["__Host-a=1; Secure; Path=/; SameSite=Lax"]);
cookie("prefix-host-default-path", ["__Host-a=1; Secure"]);
cookie("prefix-host-path", ["__Host-a=1; Secure; Path=/x"]);
cookie("prefix-host-domain", ["__Host-a=1; Secure; Path=/; Domain=cookie-prefix-host-domain.oak.social"]);
cookie("prefix-host-insecure", ["__Host-a=1; Path=/"]);
cookie("heroku", ["heroku-session-affinity=1"]);
cookie("heroku-and-other", ["heroku-session-affinity=1", "a=1; Secure; SameSite=Lax"]);
cookie("tab", ["a=1\t2"]);
cookie("attributes-only", ["; Secure"]);
cookie("partitioned", ["a=1; Secure; SameSite=None; Partitioned; Priority=High"]);
cookie("private-suffix", ["a=1; Domain=github.io"], hsts);
site("cookie-on-private-suffix", [html, ["Set-Cookie", "a=1; Domain=oak.github.io"], ["Set-Cookie", "b=1; Domain=github.io; Secure"]], { host: "oak.github.io" });
