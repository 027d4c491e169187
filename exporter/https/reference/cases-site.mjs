// What the named cases are made with. Each is { name, host, pages, selfSigned, selfSignedToo, ours, why }; pages are as
// sites.mjs serves them. Where our judgement differs from the scanner's on purpose, ours has the results of the tests that
// differ, and why says why.

export const html = ["Content-Type", "text/html; charset=utf-8"];
export const hsts = ["Strict-Transport-Security", "max-age=31536000; includeSubDomains"];
export const strong = [
  html,
  ["Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'"],
  ["Strict-Transport-Security", hsts[1] + "; preload"],
  ["Referrer-Policy", "same-origin"],
  ["X-Content-Type-Options", "nosniff"],
  ["X-Frame-Options", "DENY"],
  ["Cross-Origin-Resource-Policy", "same-origin"],
];

/** All named cases, in the order in which they were made. */
export const cases = [];

/** A site whose / answers with the headers and the body; http redirects there unless said otherwise. */
export function site(name, headers, { body = "<!doctype html><title>x</title>", status = 200, http, more = {}, host, ...rest } = {}) {
  host ??= name + ".oak.social";
  const pages = { [`https://${host}/`]: { status, headers, body } };
  if (http !== null) {
    pages[`http://${host}/`] = http ?? { status: 301, headers: [["Location", `https://${host}/`]], body: "" };
  }
  cases.push({ name, host, pages: { ...pages, ...more }, ...rest });
}
export const redirect = (to, status = 301, headers = []) => ({ status, headers: [["Location", to], ...headers], body: "" });
export const page = (...headers) => ({ status: 200, headers: [html, ...headers], body: "" });
export const meta = (name, metas, ...headers) => site("meta-" + name, [html, ...headers], { body: `<html><head>${metas}</head><body></body>` });
