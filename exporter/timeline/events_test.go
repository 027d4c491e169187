package timeline

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/mnm-social/mnm/exporter/toots"
)

type told struct {
	Event
	data string
}

// readAll reads events until there are no more.
func readAll(from io.Reader) (all []told, long int, err error) {
	e := newEvents(from)
	for {
		kind, data, err := e.next()
		switch {
		case err == nil:
			all = append(all, told{kind, string(data)})
		case errors.Is(err, errLong):
			long++
		default:
			return all, long, err
		}
	}
}

func TestEvents(t *testing.T) {
	huge, most := strings.Repeat("x", maxLine+1), strings.Repeat("y", maxLine-len("data:"))
	for _, row := range []struct {
		name, stream string
		want         []told
		long         int
	}{
		{"a toot", "event: update\ndata: {}\n\n", []told{{Update, "{}"}}, 0},
		{"heartbeats", ":)\n:thump\n:thump\nevent: delete\n:thump\ndata: 1\n\n:thump\n", []told{{Delete, "1"}}, 0},
		{"CRLF", "event: update\r\ndata: 1\r\n\r\nevent: update\r\ndata: 2\r\n\r\n", []told{{Update, "1"}, {Update, "2"}}, 0},
		{"CR", "event: update\rdata: 1\r\revent: delete\rdata: 2\r\r", []told{{Update, "1"}, {Delete, "2"}}, 0},
		{"all ends mixed", "event: update\rdata: 1\n\r\nevent: update\ndata: 2\r\r", []told{{Update, "1"}, {Update, "2"}}, 0},
		{"several lines of data", "event: update\ndata: a\ndata:b\ndata\ndata:  c\n\n", []told{{Update, "a\nb\n\n c"}}, 0},
		{"an edit", "event: status.update\ndata: {}\n\n", []told{{Edit, "{}"}}, 0},
		{"others", "event: filters_changed\ndata: undefined\n\ndata: x\n\nevent: UPDATE\ndata: y\n\n", []told{{Other, "undefined"}, {Other, "x"}, {Other, "y"}}, 0},
		{"the last name counts", "event: delete\nevent: update\ndata: x\n\n", []told{{Update, "x"}}, 0},
		{"a name is for one event", "event: update\n\ndata: x\n\n", []told{{Other, "x"}}, 0},
		{"no data is no event", "event: update\n\nid: 7\nretry: 1\n\n\n\n", nil, 0},
		{"empty data is one", "event: update\ndata\n\n", []told{{Update, ""}}, 0},
		{"no end is no event", "event: update\ndata: x\n", nil, 0},
		{"fields of other names", "data : x\nxdata: y\nevents: update\n\n", nil, 0},
		{"a long line", "event: update\ndata: " + huge + "\ndata: {}\n\nevent: update\ndata: 1\n\n", []told{{Update, "1"}}, 1},
		{"a long comment", ":" + huge + "\n\nevent: update\ndata: 1\n\n", []told{{Update, "1"}}, 1},
		{"a line as long as may be", "data:" + most + "\n\n", []told{{Other, most}}, 0},
		{"much data in short lines", strings.Repeat("data:"+most[:1<<19]+"\n", 3) + "\nevent: update\ndata: 1\n\n", []told{{Update, "1"}}, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			for way, from := range map[string]io.Reader{
				"as it is": strings.NewReader(row.stream), "byte by byte": iotest.OneByteReader(strings.NewReader(row.stream)),
				"the end with the last bytes": iotest.DataErrReader(strings.NewReader(row.stream)),
			} {
				got, long, err := readAll(from)
				if !equal(got, row.want) || long != row.long || !errors.Is(err, io.EOF) {
					t.Errorf("%s: %d events, %d too long, %v; want %d, %d", way, len(got), long, err, len(row.want), row.long)
				}
			}
		})
	}
}

func equal(a, b []told) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// An event is there with the blank line that ends it, though nothing follows: with CR it may be half an end.
func TestEventsDontWait(t *testing.T) {
	for _, stream := range []string{"event: update\ndata: x\n\n", "event: update\r\ndata: x\r\n\r", "event: update\rdata: x\r\r"} {
		r, w := io.Pipe()
		go func() { _, _ = io.WriteString(w, stream) }()
		if kind, data, err := newEvents(r).next(); kind != Update || string(data) != "x" || err != nil {
			t.Errorf("%q: %v %q %v", stream, kind, data, err)
		}
		_ = r.Close()
	}
}

// What had to grow for one event is let go of.
func TestEventsLetGo(t *testing.T) {
	big := "event: update\ndata: " + strings.Repeat("x", maxLine/2) + "\n\n"
	e := newEvents(strings.NewReader(big + strings.Repeat("event: update\ndata: x\n\n", 3)))
	for range 3 {
		if _, _, err := e.next(); err != nil {
			t.Fatal(err)
		}
	}
	if cap(e.line)+cap(e.data) > 2*keptLine {
		t.Errorf("%d and %d bytes are kept", cap(e.line), cap(e.data))
	}
}

func TestReadFails(t *testing.T) {
	broken := errors.New("broken")
	_, _, err := readAll(io.MultiReader(strings.NewReader("event: update\n"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestRecordedStreams(t *testing.T) {
	for file, want := range map[string][Other + 1]int{
		"dev-streaming.sse":                            {Update: 1},
		"mastodon.social-2020-04-streaming-public.sse": {Update: 2, Delete: 1},
	} {
		t.Run(file, func(t *testing.T) {
			text, err := os.ReadFile("testdata/" + file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.HasSuffix(text, []byte("\n\n")) { // the recording ends within the end of its last event
				text = append(text, '\n')
			}
			all, long, err := readAll(bytes.NewReader(text))
			var got [Other + 1]int
			for _, one := range all {
				got[one.Event]++
				var toot toots.Toot
				if one.Event == Update && toot.Decode([]byte(one.data)) != nil {
					t.Error("a toot can't be read")
				}
			}
			if got != want || long > 0 || !errors.Is(err, io.EOF) {
				t.Errorf("got %v, %d long, %v; want %v", got, long, err, want)
			}
		})
	}
}

// plainly reads events in the simplest way: all in memory, line by line, as the standard words it.
func plainly(stream []byte) (all []told) {
	text := strings.ReplaceAll(strings.ReplaceAll(string(stream), "\r\n", "\n"), "\r", "\n")
	text = text[:strings.LastIndexByte(text, '\n')+1]
	kind, lines := "", []string(nil)
	for scan := bufio.NewScanner(strings.NewReader(text)); scan.Scan(); {
		field, value, _ := strings.Cut(scan.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case scan.Text() == "":
			if lines != nil {
				name := map[string]Event{"update": Update, "status.update": Edit, "delete": Delete}
				event, known := name[kind]
				if !known {
					event = Other
				}
				all = append(all, told{event, strings.Join(lines, "\n")})
			}
			kind, lines = "", nil
		case field == "event":
			kind = value
		case field == "data":
			lines = append(lines, value)
		}
	}
	return all
}

func FuzzEvents(f *testing.F) {
	for _, file := range []string{"dev-streaming.sse", "mastodon.social-2020-04-streaming-public.sse"} {
		text, err := os.ReadFile("testdata/" + file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, seed := range []string{
		"", "\n", "\r", "\r\n", "data", "data:\n\n", ":\n\n", "event: update\rdata: 1\r\r\n", "event:delete\ndata: 1\n\nevent: update", "data: a\n\rdata: b\n\r\n",
		"event: status.update\r\ndata: {}\r\n\r\n:thump\r\n", "\ufeffdata: x\n\n", "data: \x00\xff\n\n", "id: 1\nevent\ndata:  x\n\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		if len(stream) > 32<<10 { // a Scanner's line
			return
		}
		want := plainly(stream)
		for _, from := range []io.Reader{bytes.NewReader(stream), iotest.OneByteReader(bytes.NewReader(stream)), iotest.HalfReader(bytes.NewReader(stream))} {
			if got, long, err := readAll(from); !equal(got, want) || long > 0 || !errors.Is(err, io.EOF) {
				t.Fatalf("%d events, %d long, %v; want %d", len(got), long, err, len(want))
			}
		}
	})
}

// idler sends what it has, and then is idle: now it looks what is left of it.
type idler struct {
	sends string
	read  [][]byte // buffers that it was read into
	idle  func()
}

func (i *idler) Read(p []byte) (int, error) {
	i.read = append(i.read, p)
	if i.sends == "" {
		i.idle()
		return 0, io.EOF
	}
	n := copy(p, i.sends)
	i.sends = i.sends[n:]
	return n, nil
}

// While a stream is idle nothing of what it told is left in memory.
func TestNothingIsLeft(t *testing.T) {
	const mark = "mArKeD"
	status := `{"id":"` + mark + `1","uri":"https://oak.social/` + mark + `","created_at":"2026-11-24T10:00:00.000Z","spoiler_text":"` + mark + `","content":"<p>` +
		strings.Repeat(mark+" ", 1000) + `</p>","account":{"acct":"` + mark + `"},"tags":[{"name":"` + mark + `"}]}`
	for name, sends := range map[string]string{
		"a toot": "event: update\ndata: " + status + "\n\n", "CRLF": "event: update\r\ndata: " + status + "\r\n\r\n:thump\r\n", "no toot": "event: update\ndata: {\"" + mark + "\n\n",
		"an edit": "event: status.update\ndata: " + status + "\n\n", "long": "data: " + strings.Repeat(mark, maxLine/4) + "\n\n", "a comment": ": " + mark + "\n:thump\n",
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			f := b.follow("oak.social", open)
			from, toot, looked := &idler{sends: sends}, new(toots.Toot), false
			e := newEvents(from)
			from.idle = func() {
				looked = true
				for i, buffer := range append(from.read, e.line[:cap(e.line)], e.data[:cap(e.data)]) {
					if bytes.Contains(buffer, []byte(mark)) {
						t.Errorf("buffer %d of %d", i, len(from.read)+2)
					}
				}
				if toot.ID != "" || toot.URI != "" || !toot.CreatedAt.IsZero() { // Forget does it all
					t.Error("the toot")
				}
			}
			if err := f.count(e, toot); !errors.Is(err, io.EOF) || !looked {
				t.Error(err)
			}
		})
	}
}
