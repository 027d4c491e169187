// Runs MDN's scanner on loopback sites and writes what it says to ../testdata. See README.md.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import named from "./cases.mjs";
import random from "./random.mjs";
import { makeCertificates, open } from "./sites.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const sets = { "observatory.json": named, "random.json.gz": random() };
const modules = ["@mdn/mdn-http-observatory", "axios", "http-cookie-agent", "jsdom", "parse5", "tldts", "tough-cookie"];

const all = Object.values(sets).flat();
if (!process.env.CERTIFICATES) { // NODE_EXTRA_CA_CERTS is read when a process begins, so begin another
  const certificates = makeCertificates(all.flatMap((c) => Object.keys(c.pages)).map((url) => new URL(url).hostname));
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: certificates.ca, CERTIFICATES: JSON.stringify(certificates) };
  process.exit(spawnSync(process.execPath, process.argv.slice(1), { stdio: "inherit", env }).status ?? 1);
}

const inside = (name, ...rest) => path.join(here, "node_modules", name, ...rest);
mkdirSync(inside(modules[0], "conf"), { recursive: true });
writeFileSync(inside(modules[0], "conf", "hsts-preload.json"), "{}"); // the list of preloaded hosts stays outside
const { scan } = await import("@mdn/mdn-http-observatory/src/scanner/index.js");
const { SCORE_TABLE, GRADE_CHART } = await import("@mdn/mdn-http-observatory/src/grader/charts.js");
const { crossOriginResourceSharingTest } = await import("@mdn/mdn-http-observatory/src/analyzer/tests/cors.js");
const { CONFIG } = await import("@mdn/mdn-http-observatory/src/config.js");

const show = await open(JSON.parse(process.env.CERTIFICATES));

/** What the scanner's own test says of a reflected origin if it is told the Origin that was sent, as in its unit tests. */
function universal() {
  const origin = CONFIG.retriever.corsOrigin;
  const headers = { "access-control-allow-origin": origin, "access-control-allow-credentials": "true" };
  return crossOriginResourceSharingTest({ responses: { cors: { headers, request: { headers: { origin } } } } }).result;
}

/** The score of results, by MDN's figures: what ours must be where a result of ours differs on purpose. */
function score(results) {
  const modifiers = results.map(([result]) => SCORE_TABLE.get(result).modifier);
  const less = modifiers.filter((m) => m < 0).reduce((a, b) => a + b, 100);
  const sum = Math.max(0, less >= 90 ? modifiers.reduce((a, b) => a + b, 100) : less);
  return { score: sum, grade: GRADE_CHART.get(Math.min(100, sum - (sum % 5))) };
}

/** Scans one site. */
async function judge(given) {
  const { name, host, pages, selfSigned = false, selfSignedToo = [], ours, why } = given;
  show(pages, new Set([...(selfSigned ? [host] : []), ...selfSignedToo]));
  const recorded = { name, host, pages, selfSigned };
  try {
    const { scan: { score: sum, grade }, tests } = await scan(host);
    const results = Object.entries(tests).map(([test, t]) => [t.result, t.pass, t.scoreModifier, test]);
    Object.assign(recorded, { score: sum, grade, results: results.map((r) => r.slice(0, 3)) });
    if (ours) {
      const mine = results.map((r) => [ours[r[3]] ?? r[0]]);
      Object.assign(recorded, { ours: { ...score(mine), results: mine.flat(), why } });
    }
    recorded.tests = results.map((r) => r[3]);
  } catch (error) {
    recorded.error = error.message;
  }
  return recorded;
}

for (const [file, cases] of Object.entries(sets)) {
  const recorded = [];
  let tests;
  for (const c of cases) {
    const { tests: names, ...r } = await judge(c);
    tests ??= names;
    recorded.push(r);
  }
  const out = {
    about: "Made by exporter/https/reference/record.mjs: what MDN's HTTP Observatory says of these sites. results: name, pass, modifier.",
    scanner: Object.fromEntries([["node", process.version], ...modules.map((m) => [m, JSON.parse(readFileSync(inside(m, "package.json"))).version])]),
    origin: CONFIG.retriever.corsOrigin,
    reflected: universal(),
    alphabet: [...Array(128).keys()].map((c) => String.fromCharCode(c)).filter((c) => c >= " " && c < "\x7f" && c === c.toLowerCase())
      .sort(new Intl.Collator("en").compare).join(""),
    modifiers: Object.fromEntries([...SCORE_TABLE].map(([result, { modifier }]) => [result, modifier])),
    grades: Object.fromEntries(GRADE_CHART),
    tests,
  };
  const head = JSON.stringify(out, null, 1).slice(0, -2);
  const text = `${head},\n "cases": [\n${recorded.map((r) => "  " + JSON.stringify(r)).join(",\n")}\n ]\n}\n`;
  writeFileSync(path.join(here, "..", "testdata", file), file.endsWith(".gz") ? gzipSync(text, { level: 9 }) : text);
  console.log(`${file}: ${recorded.length} sites, ${recorded.filter((r) => r.error).length} that the scanner does not judge`);
}
process.exit(0);
