package metric

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

// The format's own escapes, and no others: Go's \t, \x00 and ü are errors in it.
func TestEscaping(t *testing.T) {
	tests := []struct{ name, value, label, help string }{
		{"nothing", "", "", ""},
		{"plain", "mastodon.example", "mastodon.example", "mastodon.example"},
		{"a quote", `a"b`, `a\"b`, `a"b`},
		{"a backslash", `a\b`, `a\\b`, `a\\b`},
		{"a line feed", "a\nb", `a\nb`, `a\nb`},
		{"an escape that is none", `\n`, `\\n`, `\\n`},
		{"a carriage return", "a\rb", "a\rb", "a\rb"},
		{"control characters", "\x00\t\x7f", "\x00\t\x7f", "\x00\t\x7f"},
		{"beyond ASCII", "müsli.example 🐘", "müsli.example 🐘", "müsli.example 🐘"},
		{"not UTF-8", "a\xffb", "a\ufffdb", "a\ufffdb"},
		{"a rune cut short", "a\xf0\x9f", "a\ufffd\ufffd", "a\ufffd\ufffd"},
		{"a surrogate", "\xed\xa0\x80", "\ufffd\ufffd\ufffd", "\ufffd\ufffd\ufffd"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := string(appendValue(nil, test.value)); got != test.label {
				t.Errorf("the label is %q, want %q", got, test.label)
			}
			if got := string(appendEscaped(nil, test.value, false)); got != test.help {
				t.Errorf("the help is %q, want %q", got, test.help)
			}
		})
	}
}

// Whatever stands at whatever place of a value, eight bytes at a time find it.
func TestEscapesAnywhere(t *testing.T) {
	escapes := map[string]string{"\"": `\"`, "\\": `\\`, "\n": `\n`, "\xff": "\ufffd", "é": "é"}
	for c := range 0x80 {
		if s := string(rune(c)); escapes[s] == "" {
			escapes[s] = s
		}
	}
	for raw, escaped := range escapes {
		for length := range 20 {
			for at := range length + 1 {
				before, after := strings.Repeat("#", at), strings.Repeat("~", length-at)
				if got, want := string(appendValue([]byte(`{a="`), before+raw+after)), `{a="`+before+escaped+after; got != want {
					t.Fatalf("%q after %d of %d bytes: got %q, want %q", raw, at, length, got, want)
				}
			}
		}
	}
}

func TestNumbers(t *testing.T) {
	tests := []struct {
		value float64
		want  string
	}{
		{0, "0"}, {math.Copysign(0, -1), "0"}, {1, "1"}, {-1, "-1"}, {3227352, "3227352"}, {1e15, "1000000000000000"},
		{1 << 53, "9007199254740992"}, {-1 << 53, "-9007199254740992"}, {1<<53 + 2, "9.007199254740994e+15"},
		{1 << 63, "9.223372036854776e+18"}, {-1 << 63, "-9.223372036854776e+18"}, {1e300, "1e+300"},
		{0.5, "0.5"}, {0.1, "0.1"}, {-2.25, "-2.25"}, {math.SmallestNonzeroFloat64, "5e-324"},
		{math.MaxFloat64, "1.7976931348623157e+308"}, {math.Inf(1), "+Inf"}, {math.Inf(-1), "-Inf"},
	}
	for _, test := range tests {
		if got := emitted(t, "Help.", test.value, "x"); got != "# HELP m Help.\n# TYPE m gauge\nm{a=\"x\"} "+test.want+"\n" {
			t.Errorf("%v: got %q, want %q", test.value, got, test.want)
		}
	}
	for _, nan := range []float64{math.NaN(), math.Float64frombits(0x7ff0000000000002), math.Float64frombits(0xfff8000000000001)} {
		if got := emitted(t, "Help.", nan, "x"); got != "" {
			t.Errorf("NaN: got %q, want nothing", got)
		}
	}
}

func emitted(t *testing.T, help string, value float64, label string) string {
	t.Helper()
	table := Table[float64]{{Name: "m", Help: help, Type: Gauge, Labels: []string{"a"}, Read: func(v float64, w *Writer) { w.Emit(v, label) }}}
	var text strings.Builder
	if err := table.Write(&text, value); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// Both parsers that people scrape with read back what went in, whatever it was.
func FuzzRoundTrip(f *testing.F) {
	for _, seed := range []string{"", "a", "\"", "\\", "\\\"", "\n", "\r", "\x00", "\t", "#", "\xff", "ü", "🐘", "\u2028", "\ufeff", "a\\nb", "} 1\nb 2"} {
		f.Add(seed, "Help "+seed+".", 1.5)
	}
	f.Fuzz(func(t *testing.T, label, help string, value float64) {
		page := emitted(t, help, value, label)
		if math.IsNaN(value) {
			if page != "" {
				t.Fatalf("NaN is written as %q", page)
			}
			return
		}
		label, help = string([]rune(label)), string([]rune(help)) // each byte that is not UTF-8 is U+FFFD
		checkExpfmt(t, page, label, help, value)
		checkPrometheus(t, page, label, value)
	})
}

func checkExpfmt(t *testing.T, page, label, help string, value float64) {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(page))
	if err != nil {
		t.Fatalf("expfmt refuses %q: %v", page, err)
	}
	metrics := families["m"].GetMetric()
	if len(families) != 1 || len(metrics) != 1 || len(metrics[0].GetLabel()) != 1 {
		t.Fatalf("expfmt has %v of %q", families, page)
	}
	// expfmt drops blanks at the beginning of HELP.
	if got := families["m"].GetHelp(); got != strings.TrimLeft(help, " \t") {
		t.Errorf("expfmt reads help %q of %q, want %q", got, page, help)
	}
	if got := metrics[0].GetLabel()[0].GetValue(); got != label {
		t.Errorf("expfmt reads label %q of %q, want %q", got, page, label)
	}
	if got := metrics[0].GetGauge().GetValue(); got != value {
		t.Errorf("expfmt reads %v of %q, want %v", got, page, value)
	}
}

func checkPrometheus(t *testing.T, page, label string, value float64) {
	t.Helper()
	parser, err := textparse.New([]byte(page), ContentType, labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		t.Fatal(err)
	}
	series := 0
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("Prometheus refuses %q: %v", page, err)
		}
		if entry != textparse.EntrySeries {
			continue
		}
		series++
		var got labels.Labels
		parser.Labels(&got)
		if want := labels.FromStrings("__name__", "m", "a", label); !labels.Equal(got.WithoutEmpty(), want.WithoutEmpty()) {
			t.Errorf("Prometheus reads %s of %q, want %s", got, page, want)
		}
		if _, stamp, v := parser.Series(); v != value || stamp != nil {
			t.Errorf("Prometheus reads %v at %v of %q, want %v", v, stamp, page, value)
		}
	}
	if series != 1 {
		t.Errorf("Prometheus reads %d series of %q", series, page)
	}
}

func TestEmitAllocatesNothing(t *testing.T) {
	w := newWriter(io.Discard)
	w.begin("m", "Help.", Gauge, []string{"domain", "other"})
	domains := []string{"plain.example", "müsli\"\\\n\xff.example", ""}
	numbers := []float64{5, 1e300, 0.1, math.Inf(1), math.NaN()}
	allocations := testing.AllocsPerRun(1000, func() {
		for _, domain := range domains {
			for _, number := range numbers {
				w.Emit(number, domain, "x")
			}
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations, want none", allocations)
	}
}

// A table costs a few allocations for each family, and none for a sample.
func TestWriteAllocations(t *testing.T) {
	allocations := func(ships int) float64 {
		data := &fleet{ships: bytesOfShips(ships)}
		return testing.AllocsPerRun(10, func() {
			if err := harbour.Write(io.Discard, data); err != nil {
				t.Error(err)
			}
		})
	}
	if few, many := allocations(1), allocations(10_000); many != few || few > 30 {
		t.Errorf("%v allocations for one ship and %v for ten thousand", few, many)
	}
}

func bytesOfShips(n int) []ship {
	ships := make([]ship, n)
	for i := range ships {
		ships[i] = ship{name: string(bytes.Repeat([]byte{'a'}, i%30)), crew: float64(i)}
	}
	return ships
}
