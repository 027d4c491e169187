// Loopback sites: one HTTPS and one HTTP server on 127.0.0.1, with a test CA of their own, that answer for every host of
// the cases. No name is resolved and no privileged port is opened: this process's connections to ports 443 and 80 are led
// to the two servers, so that the scanner sees host names, default ports and certificates that verify, as on the internet.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import tls from "node:tls";

const openssl = (...args) => execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });

/** Makes a CA, a certificate of it for the hosts, and a self-signed one, by openssl. Returns the paths. */
export function makeCertificates(hosts) {
  const wild = new Set(hosts.map((host) => host.replace(/^[^.]+/, "*")));
  const dir = mkdtempSync(path.join(tmpdir(), "mnm-https-"));
  const at = (name) => path.join(dir, name);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const names = "subjectAltName=" + [...wild].map((name) => "DNS:" + name).join(",");
  writeFileSync(at("san"), names + "\n");
  openssl("req", "-x509", ...key, "-keyout", at("ca.key"), "-out", at("ca.pem"), "-days", "30", "-subj", "/CN=Test CA");
  openssl("req", "-x509", ...key, "-keyout", at("self.key"), "-out", at("self.pem"), "-days", "30", "-subj", "/CN=self", "-addext", names);
  openssl("req", "-new", ...key, "-keyout", at("leaf.key"), "-out", at("leaf.csr"), "-subj", "/CN=leaf");
  openssl("x509", "-req", "-in", at("leaf.csr"), "-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial",
    "-out", at("leaf.pem"), "-days", "30", "-extfile", at("san"));
  return { ca: at("ca.pem"), leaf: [at("leaf.key"), at("leaf.pem")], self: [at("self.key"), at("self.pem")] };
}

const pair = ([key, cert]) => ({ key: readFileSync(key), cert: readFileSync(cert) });

/**
 * Opens the servers. The function that it resolves to has them serve other pages from then on:
 * { "https://host/path": { status, headers: [[name, value], …], body } }. A value "{origin}" stands for what the request's
 * Origin header says, and such a header is left out where there is none. Hosts in selfSigned get a certificate that nobody
 * has signed. A page that is not there is a 404 without headers; a host that has no page of a scheme has its port closed.
 */
export async function open(certificates) {
  let pages = {}, selfSigned = new Set(), there = new Set();
  const answer = (scheme) => (request, response) => {
    const page = pages[`${scheme}://${request.headers.host}${request.url}`] ?? { status: 404, headers: [], body: "" };
    const headers = [];
    for (const [name, value] of page.headers) {
      if (!value.includes("{origin}") || request.headers.origin) {
        headers.push(name, value.replaceAll("{origin}", request.headers.origin));
      }
    }
    response.sendDate = false;
    response.writeHead(page.status, headers);
    response.end(page.body);
  };
  const self = tls.createSecureContext(pair(certificates.self));
  const leaf = tls.createSecureContext(pair(certificates.leaf));
  const secure = https.createServer(
    { ...pair(certificates.leaf), SNICallback: (name, done) => done(null, selfSigned.has(name) ? self : leaf) },
    answer("https"));
  const plain = http.createServer(answer("http"));
  const closed = net.createServer();
  const port = (server) => new Promise((done) => server.listen(0, "127.0.0.1", () => done(server.address().port)));
  const ports = { 443: await port(secure), 80: await port(plain), closed: await port(closed) };
  await new Promise((done) => closed.close(done)); // nothing listens there any more

  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (...args) {
    const options = Array.isArray(args[0]) ? args[0][0] : args[0];
    if (options?.host && ports[options.port]) {
      options.port = there.has(`${options.port} ${options.host}`) ? ports[options.port] : ports.closed;
      options.host = "127.0.0.1";
    }
    return connect.apply(this, args);
  };
  return (newPages, newSelfSigned) => {
    pages = newPages;
    selfSigned = newSelfSigned;
    there = new Set(Object.keys(pages).map((url) => new URL(url)).map((url) => `${url.protocol === "https:" ? 443 : 80} ${url.hostname}`));
  };
}
