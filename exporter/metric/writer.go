package metric

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"unicode/utf8"
)

// flushAt is the size in bytes at which a Writer hands its text on. Label values are bounded by those who emit them, so the
// buffer stays near this size.
const flushAt = 64 << 10

// ones is a 1 in each of eight bytes.
const ones = 0x0101010101010101

// maxWhole bounds the whole numbers written digit by digit: beyond 2^53 a float64 doesn't hold every one, and the exponent of
// the general way is shorter.
const maxWhole = 1 << 53

// Writer takes the samples of one family after the other. Table.Write makes it.
type Writer struct {
	to     io.Writer
	buf    []byte
	err    error   // the first error of to; nothing is written after it
	misfit []error // families that passed a wrong number of label values

	// Of the family that is being written:
	name    string
	seams   []string // what stands before the first, between and after the label values: `name{a="`, `",b="`, `"} `
	start   int      // where its HELP stands in buf, of use only while nothing is emitted
	emitted bool
	misfits int // samples left out
}

func newWriter(to io.Writer) *Writer {
	return &Writer{to: to, buf: make([]byte, 0, flushAt+4<<10)}
}

// begin writes the head of a family. end takes it back if there was no sample.
func (w *Writer) begin(name, help string, kind Type, labels []string) {
	w.name, w.start, w.emitted, w.misfits = name, len(w.buf), false, 0
	w.buf = append(append(append(w.buf, "# HELP "...), name...), ' ')
	w.buf = appendEscaped(w.buf, help, false)
	w.buf = append(append(append(w.buf, "\n# TYPE "...), name...), ' ')
	w.buf = append(append(w.buf, kind...), '\n')

	w.seams = w.seams[:0]
	seam := name
	for i, label := range labels {
		if i == 0 {
			seam += "{"
		} else {
			seam = `",`
		}
		w.seams = append(w.seams, seam+label+`="`)
	}
	if len(labels) > 0 {
		seam = `"}`
	}
	w.seams = append(w.seams, seam+" ")
}

// Emit writes one sample of the current family. The label values stand in the order of Family.Labels; any string is safe:
// backslash, quote and line feed are escaped, bytes that are not UTF-8 become U+FFFD. They are trusted to be bounded in length.
// Any float is safe: infinities are written as the format spells them, and NaN, which is nobody's figure, is left out. A
// sample with a wrong number of label values is left out too, and Table.Write tells. Emit allocates nothing.
func (w *Writer) Emit(value float64, labels ...string) {
	whole := int64(value) // out of range it is some number, which the next line tells
	isWhole := float64(whole) == value && -maxWhole <= whole && whole <= maxWhole
	if !isWhole && math.IsNaN(value) {
		return
	}
	if len(labels) != len(w.seams)-1 {
		w.misfits++
		return
	}
	buf := w.buf
	for i, label := range labels {
		buf = append(buf, w.seams[i]...)
		buf = appendValue(buf, label)
	}
	buf = append(buf, w.seams[len(labels)]...)
	if isWhole {
		buf = strconv.AppendInt(buf, whole, 10)
	} else {
		buf = strconv.AppendFloat(buf, value, 'g', -1, 64) // +Inf and -Inf as the format has them
	}
	w.buf = append(buf, '\n')
	w.emitted = true
	if len(w.buf) >= flushAt {
		w.flush()
	}
}

// Text takes the samples of the current family from a library that writes them itself, names and all, as those of histograms.
// write writes whole lines, and nothing if there is no sample.
func (w *Writer) Text(write func(io.Writer)) { write(lines{w}) }

// lines takes text into a Writer as it is.
type lines struct{ *Writer }

func (l lines) Write(text []byte) (int, error) {
	l.buf = append(l.buf, text...)
	l.emitted = l.emitted || len(text) > 0
	if len(l.buf) >= flushAt {
		l.flush()
	}
	return len(text), nil
}

func (w *Writer) end() {
	if !w.emitted {
		w.buf = w.buf[:w.start]
	}
	if w.misfits > 0 {
		w.misfit = append(w.misfit, fmt.Errorf("writing %s: %d samples without %d label values left out",
			w.name, w.misfits, len(w.seams)-1))
	}
}

func (w *Writer) flush() {
	if w.err == nil {
		_, w.err = w.to.Write(w.buf)
	}
	w.buf = w.buf[:0]
}

func (w *Writer) close() error {
	if len(w.buf) > 0 {
		w.flush()
	}
	return errors.Join(append(w.misfit, w.err)...)
}

// appendValue appends a label's value. Nearly all are short and plain, so the value is copied first and looked at after, eight
// bytes at a time and without a branch for each; if there is something to escape, the copy is undone and the careful way taken.
func appendValue(buf []byte, value string) []byte {
	start := len(buf)
	buf = append(buf, value...)
	if len(buf) < 8 {
		return appendEscaped(buf[:start], value, true)
	}
	copied := buf[start:]
	var found uint64
	for len(copied) >= 8 {
		found |= special(binary.LittleEndian.Uint64(copied))
		copied = copied[8:]
	}
	// What is left are the last bytes of the text: those before them are shifted out, and harmless ones in.
	last, left := binary.LittleEndian.Uint64(buf[len(buf)-8:]), 8*uint(len(copied))
	found |= special(last>>(64-left) | ones*'#'<<left)
	if found != 0 {
		return appendEscaped(buf[:start], value, true)
	}
	return buf
}

// special is not 0 if one of eight bytes is a backslash, a quote, a line feed or beyond ASCII. Quote and line feed are found as
// bytes below '#', with some others that the careful way then copies as they are. Subtracting sets the high bit of a byte that
// is too small; a borrow may set that of the byte above too, so that special may say where wrongly, but it misses none.
func special(eight uint64) uint64 {
	const high = ones << 7
	backslash := eight ^ ones*'\\'
	return (eight | (eight-ones*'#')&^eight | (backslash-ones)&^backslash) & high
}

// appendEscaped appends text as the format wants it: in a label's value (quoted) backslash, quote and line feed are escaped,
// in HELP backslash and line feed only. Go's %q would write escapes such as \t and \x00, which make a parser refuse the page.
func appendEscaped(buf []byte, text string, quoted bool) []byte {
	for _, r := range text { // bytes that are not UTF-8 come out as U+FFFD
		switch {
		case r == '\\':
			buf = append(buf, `\\`...)
		case r == '\n':
			buf = append(buf, `\n`...)
		case r == '"' && quoted:
			buf = append(buf, `\"`...)
		default:
			buf = utf8.AppendRune(buf, r)
		}
	}
	return buf
}
