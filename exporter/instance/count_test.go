package instance

import (
	"encoding/json"
	"math"
	"testing"
	"unsafe"
)

func TestCount(t *testing.T) {
	rows := []struct {
		name  string
		c     Count
		n     int64
		known bool
		text  string
	}{
		{"the zero Count", Count{}, 0, false, "unknown"},
		{"zero", Known(0), 0, true, "0"},
		{"one", Known(1), 1, true, "1"},
		{"negative", Known(-1), 0, false, "unknown"},
		{"most negative", Known(math.MinInt64), 0, false, "unknown"},
		{"most", Known(math.MaxInt64 - 1), math.MaxInt64 - 1, true, "9223372036854775806"},
		{"too much", Known(math.MaxInt64), 0, false, "unknown"},
		{"known or other", Known(0).Or(Known(2)), 0, true, "0"},
		{"unknown or other", Count{}.Or(Known(2)), 2, true, "2"},
	}
	for _, r := range rows {
		n, known := r.c.Get()
		if n != r.n || known != r.known || r.c.String() != r.text {
			t.Errorf("%s: %d, %t, %q; want %d, %t, %q", r.name, n, known, r.c, r.n, r.known, r.text)
		}
		b, err := json.Marshal(r.c)
		var back Count
		if err == nil {
			err = json.Unmarshal(b, &back)
		}
		if err != nil || back != r.c {
			t.Errorf("%s: came back from %s as %v, %v", r.name, b, back, err)
		}
	}
}

func TestCountJSON(t *testing.T) {
	for in, want := range map[string]string{"null": "null", "0": "0", "12": "12", "-1": "null"} {
		var c Count
		if err := json.Unmarshal([]byte(in), &c); err != nil {
			t.Errorf("%s: %v", in, err)
		}
		if b, _ := json.Marshal(c); string(b) != want {
			t.Errorf("%s: %s, want %s", in, b, want)
		}
	}
	for _, in := range []string{`"12"`, "1.5", "{}", "true"} {
		c := Known(7)
		if err := json.Unmarshal([]byte(in), &c); err == nil {
			t.Errorf("%s: taken for %v", in, c)
		}
	}
}

func TestTri(t *testing.T) {
	rows := []struct {
		t          Tri
		yes, known bool
		or         Tri // of t, No
	}{{Unsaid, false, false, No}, {No, false, true, No}, {Yes, true, true, Yes}}
	for _, r := range rows {
		yes, known := r.t.Get()
		if yes != r.yes || known != r.known || r.t.Or(No) != r.or {
			t.Errorf("%d: %t, %t, %d", r.t, yes, known, r.t.Or(No))
		}
	}
}

// TestSizes holds what 30,000 servers' documents weigh in the book, beside their strings.
func TestSizes(t *testing.T) {
	rows := []struct {
		name       string
		size, most uintptr
	}{
		{"Count", unsafe.Sizeof(Count{}), 8},
		{"NodeInfo", unsafe.Sizeof(NodeInfo{}), 72},
		{"V1", unsafe.Sizeof(V1{}), 56},
		{"V2", unsafe.Sizeof(V2{}), 56},
		{"Week", unsafe.Sizeof(Week{}), 32},
		{"Figures", unsafe.Sizeof(Figures{}), 128},
	}
	for _, r := range rows {
		if r.size > r.most {
			t.Errorf("%s has %d bytes, want at most %d", r.name, r.size, r.most)
		}
	}
}
