// Package instance knows what one server says about itself: it reads the documents that fediverse servers serve and weighs them
// against each other. It asks nobody; the caller fetches the documents and bounds their size.
//
// Servers are strangers: they leave figures out, send strings for numbers, count other people's accounts, or joke. So a figure
// can be unknown, which is not zero; one absurd figure makes that figure unknown, is counted in Refused and does not cost the
// document; and what becomes a label is short, valid UTF-8 without characters that can't be seen.
package instance
