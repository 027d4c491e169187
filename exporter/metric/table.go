// Package metric writes tables of figures as the Prometheus text format, version 0.0.4, and serves them: rendered once for
// each published value, gzipped once, sent often. It knows nothing of what the figures mean, imports nothing of this module
// and owns the format's escaping: whatever float or string a reader hands over, the page stays readable.
//
// The usual client library keeps or makes an object per series; a page of hundreds of thousands of series then costs seconds
// of CPU for each scrape. Here a family reads rows straight out of an immutable value while the text is being written.
package metric

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Type is the kind of a family, as the TYPE line has it.
type Type string

// The types there are.
const (
	Gauge     Type = "gauge"     // can fall
	Counter   Type = "counter"   // only grows, or starts again at 0; its name ends in _total
	Histogram Type = "histogram" // series with suffixes, which a library writes: see Writer.Text
)

// Family is one metric: what the exposition says about it, and how its samples are read out of a T.
type Family[T any] struct {
	Name   string   // the whole name, prefix included
	Help   string   // a sentence, ending in a full stop
	Type   Type     //
	Labels []string // names of the labels, in the order in which Read passes their values

	// Read emits every sample of the family. It owes unique label values: nobody checks for duplicates later, and a scraper
	// that finds two samples of one series keeps the first only.
	Read func(data T, w *Writer)
}

// Table is families in the order in which they are written.
type Table[T any] []Family[T]

// Write writes all families as text: HELP and TYPE once, then the samples; a family without a sample writes nothing. The text
// goes through a buffer of fixed size, so that a page is never held as a whole. An error is one of w, or says which families
// passed a wrong number of label values; in the latter case everything else has been written, and the text is well-formed.
func (t Table[T]) Write(w io.Writer, data T) error {
	text := newWriter(w)
	for i := range t {
		family := &t[i]
		text.begin(family.Name, family.Help, family.Type, family.Labels)
		family.Read(data, text)
		text.end()
	}
	return text.close()
}

// Validate says everything that is wrong with the table's own words: names that are invalid or used twice, labels that are
// invalid, used twice in a family or reserved, HELP that is missing or doesn't end with a full stop, types that don't go with
// their names, and families that nobody reads. Names follow the classic rules (letters, digits, underscores), which every
// scraper takes unquoted, without the colon, which belongs to recording rules.
func (t Table[T]) Validate() error {
	var wrong []error
	seen := make(map[string]bool, len(t))
	for i := range t {
		family := &t[i]
		for _, complaint := range family.complaints() {
			wrong = append(wrong, fmt.Errorf("family %q: %s", family.Name, complaint))
		}
		if seen[family.Name] {
			wrong = append(wrong, fmt.Errorf("family %q: the name is used twice", family.Name))
		}
		seen[family.Name] = true
	}
	return errors.Join(wrong...)
}

func (f *Family[T]) complaints() []string {
	var wrong []string
	if !validName(f.Name) {
		wrong = append(wrong, "the name is not valid")
	}
	switch total := strings.HasSuffix(f.Name, "_total"); {
	case f.Type != Gauge && f.Type != Counter && f.Type != Histogram:
		wrong = append(wrong, fmt.Sprintf("unknown type %q", f.Type))
	case f.Type == Counter && !total:
		wrong = append(wrong, "a counter's name ends in _total")
	case f.Type != Counter && total:
		wrong = append(wrong, "only a counter's name ends in _total")
	}
	if strings.TrimSpace(f.Help) == "" {
		wrong = append(wrong, "there is no help")
	} else if !strings.HasSuffix(f.Help, ".") {
		wrong = append(wrong, "the help doesn't end with a full stop")
	}
	if f.Read == nil {
		wrong = append(wrong, "nothing reads it")
	}
	seen := make(map[string]bool, len(f.Labels))
	for _, label := range f.Labels {
		switch {
		case !validName(label):
			wrong = append(wrong, fmt.Sprintf("label %q is not valid", label))
		case reserved(label):
			wrong = append(wrong, fmt.Sprintf("label %q is reserved", label))
		case seen[label]:
			wrong = append(wrong, fmt.Sprintf("label %q is used twice", label))
		}
		seen[label] = true
	}
	return wrong
}

// reserved tells the labels that a scraper sets on its own (it would rename ours to exported_instance), that have a meaning
// of their own in histograms and summaries, or that are internal.
func reserved(label string) bool {
	switch label {
	case "instance", "job", "le", "quantile":
		return true
	}
	return strings.HasPrefix(label, "__")
}

// validName holds for [a-zA-Z_][a-zA-Z0-9_]*.
func validName(name string) bool {
	for i, c := range []byte(name) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}
