// The named cases: sites that differ in one thing, and some that are like real ones.
import "./cases-whole.mjs";
import "./cases-policies.mjs";
import "./cases-visits.mjs";
import "./cases-scripts.mjs";
export { cases as default } from "./cases-site.mjs";
