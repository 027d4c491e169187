package metric

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/mnm-social/mnm/internal/promtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreCurrent())
}

// ship is a row of the tables that the tests write.
type ship struct {
	name, flag string
	crew       float64
	voyages    float64
}

type fleet struct{ ships []ship }

func crew(data *fleet, w *Writer) {
	for i := range data.ships {
		w.Emit(data.ships[i].crew, data.ships[i].name)
	}
}

var harbour = Table[*fleet]{
	{
		Name: "ship_crew", Type: Gauge, Labels: []string{"ship"}, Read: crew,
		Help: "People on board, as written in C:\\log\nby the \"captain\".",
	},
	{
		Name: "ship_voyages_total", Type: Counter, Labels: []string{"ship", "flag"},
		Help: "Voyages made since the ship was built.",
		Read: func(data *fleet, w *Writer) {
			for _, ship := range data.ships {
				w.Emit(ship.voyages, ship.name, ship.flag)
			}
		},
	},
	{
		Name: "ship_wrecks", Type: Gauge, Labels: []string{"ship"}, Help: "There are none, and so nothing of it on the page.",
		Read: func(*fleet, *Writer) {},
	},
	{
		Name: "ship_rats", Type: Gauge, Help: "Nobody counted them.",
		Read: func(_ *fleet, w *Writer) { w.Emit(math.NaN()) },
	},
	{
		Name: "ship_length_metres", Type: Histogram, Help: "Lengths, by a library that writes its own lines.",
		Read: func(_ *fleet, w *Writer) {
			w.Text(func(to io.Writer) {
				_, _ = io.WriteString(to, "ship_length_metres_bucket{le=\"50\"} 3\n")
				_, _ = io.WriteString(to, "ship_length_metres_bucket{le=\"+Inf\"} 7\nship_length_metres_sum 512.5\nship_length_metres_count 7\n")
			})
		},
	},
	{
		Name: "ship_speed_knots", Type: Histogram, Help: "Nobody measured, and so nothing of it on the page.",
		Read: func(_ *fleet, w *Writer) { w.Text(func(io.Writer) {}) },
	},
	{
		Name: "ships", Type: Gauge, Help: "Ships of the fleet.",
		Read: func(data *fleet, w *Writer) { w.Emit(float64(len(data.ships))) },
	},
}

func seaworthy() *fleet {
	return &fleet{ships: []ship{
		{"Adler", "DE", 12, 1e6},
		{"La \"Mouette\"\\\nII", "FR", 0, 0.1},
		{"Käpt'n 🐻\xff", "", -3, math.Inf(1)},
		{"tab\tnul\x00cr\r", "NO", math.NaN(), 1 << 53},
		{"", "XX", 2.5e-9, 1<<53 + 2},
		{"{}=,#", "GB", math.MaxFloat64, 123456789012},
		{"Negative", "IT", math.Inf(-1), math.Copysign(0, -1)},
	}}
}

func TestGolden(t *testing.T) {
	var got bytes.Buffer
	if err := harbour.Write(&got, seaworthy()); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("testdata/harbour.txt", got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/harbour.txt")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("got\n%s\nwant\n%s", got.Bytes(), want)
	}
	promtest.Lint(t, got.Bytes())
}

// A page larger than the buffer comes out as that of many small ones does.
func TestBufferBoundaries(t *testing.T) {
	for _, width := range []int{1, 100, 1000, flushAt - 40, flushAt, 3 * flushAt} {
		var data fleet
		var want strings.Builder
		want.WriteString("# HELP c People.\n# TYPE c gauge\n")
		for i := range 2*flushAt/width + 2 {
			name := strings.Repeat(string(rune('a'+i%26)), width)
			data.ships = append(data.ships, ship{name: name, crew: 7})
			want.WriteString(`c{ship="` + name + "\"} 7\n")
		}
		want.WriteString("# HELP d People.\n# TYPE d gauge\nd 1\n")
		table := Table[*fleet]{
			{Name: "c", Help: "People.", Type: Gauge, Labels: []string{"ship"}, Read: crew},
			{Name: "none", Help: "People.", Type: Gauge, Read: func(*fleet, *Writer) {}},
			{Name: "d", Help: "People.", Type: Gauge, Read: func(_ *fleet, w *Writer) { w.Emit(1) }},
		}
		var got strings.Builder
		if err := table.Write(&got, &data); err != nil {
			t.Fatal(err)
		}
		if got.String() != want.String() {
			t.Errorf("names of %d bytes: %d bytes of text differ from the %d wanted", width, got.Len(), want.Len())
		}
	}
}

// pipe fails after some bytes, and takes note of the largest piece.
type pipe struct{ left, writes, largest int }

var errBurst = errors.New("burst")

func (p *pipe) Write(text []byte) (int, error) {
	p.writes++
	p.largest = max(p.largest, len(text))
	if p.left -= len(text); p.left < 0 {
		return 0, errBurst
	}
	return len(text), nil
}

func TestStreaming(t *testing.T) {
	data := &fleet{ships: make([]ship, 100_000)}
	whole := pipe{left: math.MaxInt}
	if err := harbour.Write(&whole, data); err != nil {
		t.Fatal(err)
	}
	if whole.largest > flushAt+4<<10 || whole.writes < 30 {
		t.Errorf("%d writes of up to %d bytes, want many of at most %d", whole.writes, whole.largest, flushAt+4<<10)
	}
	burst := pipe{left: 2 * flushAt}
	if err := harbour.Write(&burst, data); !errors.Is(err, errBurst) {
		t.Errorf("the error is %v, want that of the pipe", err)
	}
	if burst.writes > 3 {
		t.Errorf("%d writes to a pipe that burst at the second or third", burst.writes)
	}
}

func TestWrongNumberOfLabels(t *testing.T) {
	table := Table[int]{
		{Name: "a", Help: "A.", Type: Gauge, Labels: []string{"x"}, Read: func(_ int, w *Writer) {
			w.Emit(1)
			w.Emit(2, "one")
			w.Emit(3, "one", "two")
		}},
		{Name: "b", Help: "B.", Type: Gauge, Read: func(_ int, w *Writer) { w.Emit(1, "one") }},
		{Name: "c", Help: "C.", Type: Gauge, Read: func(_ int, w *Writer) { w.Emit(4) }},
	}
	var got strings.Builder
	err := table.Write(&got, 0)
	for _, want := range []string{"writing a: 2 samples", "writing b: 1 samples"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want something with %q", err, want)
		}
	}
	const want = "# HELP a A.\n# TYPE a gauge\na{x=\"one\"} 2\n# HELP c C.\n# TYPE c gauge\nc 4\n"
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}

func TestValidate(t *testing.T) {
	read := func(int, *Writer) {}
	good := Family[int]{Name: "ships", Help: "Ships.", Type: Gauge, Labels: []string{"flag", "port_2"}, Read: read}
	tests := []struct {
		name   string
		change func(f *Family[int])
		want   string
	}{
		{"good", func(*Family[int]) {}, ""},
		{"a good counter", func(f *Family[int]) { f.Name, f.Type = "ships_total", Counter }, ""},
		{"no name", func(f *Family[int]) { f.Name = "" }, "name is not valid"},
		{"a dash", func(f *Family[int]) { f.Name = "ship-s" }, "name is not valid"},
		{"a colon", func(f *Family[int]) { f.Name = "ship:s" }, "name is not valid"},
		{"a digit first", func(f *Family[int]) { f.Name = "2ships" }, "name is not valid"},
		{"not ASCII", func(f *Family[int]) { f.Name = "schälchen" }, "name is not valid"},
		{"used twice", func(f *Family[int]) { f.Name = "other" }, "used twice"},
		{"a counter without total", func(f *Family[int]) { f.Type = Counter }, "_total"},
		{"a gauge with total", func(f *Family[int]) { f.Name = "ships_total" }, "_total"},
		{"no type", func(f *Family[int]) { f.Type = "" }, "unknown type"},
		{"an unknown type", func(f *Family[int]) { f.Type = "summary" }, "unknown type"},
		{"no help", func(f *Family[int]) { f.Help = " " }, "no help"},
		{"help without an end", func(f *Family[int]) { f.Help = "Ships" }, "full stop"},
		{"nobody reads", func(f *Family[int]) { f.Read = nil }, "nothing reads"},
		{"an empty label", func(f *Family[int]) { f.Labels[1] = "" }, `label "" is not valid`},
		{"a bad label", func(f *Family[int]) { f.Labels[1] = "a.b" }, "is not valid"},
		{"a label with a colon", func(f *Family[int]) { f.Labels[1] = "a:b" }, "is not valid"},
		{"a label twice", func(f *Family[int]) { f.Labels[1] = "flag" }, "is used twice"},
		{"instance", func(f *Family[int]) { f.Labels[1] = "instance" }, "reserved"},
		{"job", func(f *Family[int]) { f.Labels[1] = "job" }, "reserved"},
		{"le", func(f *Family[int]) { f.Labels[1] = "le" }, "reserved"},
		{"internal", func(f *Family[int]) { f.Labels[1] = "__name__" }, "reserved"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			family := good
			family.Labels = append([]string(nil), good.Labels...)
			test.change(&family)
			other := good
			other.Name = "other"
			err := Table[int]{other, family}.Validate()
			switch {
			case test.want == "" && err != nil:
				t.Errorf("the error is %v, want none", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("the error is %v, want something with %q", err, test.want)
			}
		})
	}
	if err := harbour.Validate(); err != nil {
		t.Error(err)
	}
}
