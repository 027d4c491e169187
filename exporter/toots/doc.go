// Package toots knows what a toot counts as, and keeps no toot.
//
// [Toot] is the little that is taken of a status, as Mastodon and the software that speaks its API serve it, on a stream as on a
// page. [Tally] counts it at its first sighting, wherever that is, into closed sets of labels that stand in this package: no
// string of a stranger becomes a label, but for a hashtag that many people use. What outlives a call of Take is counters, keyed
// hashes and the names of such hashtags. The keys are made anew by each process and are never stored.
//
// # Decoding
//
// Statuses are read token by token with go-json-experiment's jsontext, which passes over what isn't needed without building it.
// BenchmarkDecode compares it over the recorded statuses: it takes a quarter of the time that encoding/json takes for a struct of just
// these fields, a fifth of that for go-mastodon's Status and a sixth of that for a map, with 2 allocations instead of 20, 47 and
// 215. fastjson is a third faster than it, but builds a tree of all that comes, forty times as large as a hostile document
// and kept for the next. gjson doesn't check what it passes over. jsontext checks everything, bounds nesting, has nothing that
// grows with what is skipped, and reads each field leniently without giving up the others. Its authors are Go's own; the
// standard library has it from Go 1.27 on, where the module is a mere alias.
//
// # Length
//
// How the length of a text is counted is said at [Toot]. The HTML is taken apart by golang.org/x/net/html's tokenizer. It costs more
// than half of Take and nearly all of its allocations, and is fast enough all the same: from bytes to counted a toot takes
// some 8 µs (BenchmarkDecodeAndTake), and one that was seen before is told by its URI before its text is looked at.
// Grapheme clusters are those of Unicode 17, by clipperhouse/uax29.
package toots
