package timeline

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	// maxLine bounds a line of a stream and the data of an event, in bytes. Mastodon's toots have some thousands.
	maxLine = 1 << 20
	// keptLine is how much of a buffer that had to grow is kept for the next event, in bytes.
	keptLine = 32 << 10
)

// errLong is for an event with a line, or data, of more than maxLine.
var errLong = fmt.Errorf("%w: an event of more than %d bytes", errMalformed, maxLine)

// events reads server-sent events, as the HTML standard says (9.2.6): lines end with LF, CR or both; comments and unknown
// fields are passed over; an event without data, or without an end, is none. Memory is bounded by maxLine.
type events struct {
	from *bufio.Reader
	cr   bool // the last line ended with CR, so that an LF that follows is part of its end
	line []byte
	data []byte
}

func newEvents(from io.Reader) *events { return &events{from: bufio.NewReaderSize(from, 4<<10)} }

// next is the next event; its data is valid until the next call, which wipes it before it waits. After errLong there may be more;
// after any other error, which is the reader's, there is nothing.
func (e *events) next() (Event, []byte, error) {
	e.data = wiped(e.data)
	kind, has, long := Other, false, false
	for {
		line, err := e.readLine()
		switch {
		case errors.Is(err, errLong):
			long = true
			continue
		case err != nil:
			return 0, nil, err
		case len(line) == 0 && long:
			return 0, nil, errLong
		case len(line) == 0 && has:
			return kind, e.data, nil
		case len(line) == 0:
			kind = Other
			continue
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			kind = eventOf(value)
		case "data":
			if has {
				e.data = append(e.data, '\n')
			}
			if has = true; len(e.data)+len(value) > maxLine {
				long = true
			} else {
				e.data = append(e.data, value...)
			}
		}
	}
}

// wiped is a buffer for what comes next, in which nothing is left.
func wiped(b []byte) []byte {
	clear(b)
	if cap(b) > keptLine {
		return nil
	}
	return b[:0]
}

func eventOf(name []byte) Event {
	switch string(name) {
	case "update":
		return Update
	case "status.update":
		return Edit
	case "delete":
		return Delete
	}
	return Other
}

// readLine is the next line, without its end; valid until the next call. errLong: it is too long, and passed over.
func (e *events) readLine() ([]byte, error) {
	e.line = wiped(e.line)
	for long := false; ; {
		if _, err := e.from.Peek(1); err != nil {
			return nil, err
		}
		part, _ := e.from.Peek(e.from.Buffered())
		if e.cr && part[0] == '\n' {
			e.cr = false
			_, _ = e.from.Discard(1)
			continue
		}
		e.cr = false
		end := bytes.IndexByte(part, '\n')
		if end < 0 {
			end = len(part)
		}
		if cr := bytes.IndexByte(part[:end], '\r'); cr >= 0 {
			end = cr
		}
		if len(e.line)+end > maxLine {
			long, e.line = true, wiped(e.line)
		}
		if !long {
			e.line = append(e.line, part[:end]...)
		}
		clear(part[:end]) // in the reader's buffer, which nobody reads again
		if end == len(part) {
			_, _ = e.from.Discard(end)
			continue
		}
		e.cr = part[end] == '\r'
		_, _ = e.from.Discard(end + 1)
		if long {
			return nil, errLong
		}
		return e.line, nil
	}
}
