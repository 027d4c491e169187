package layers_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the list of modules anew")

// forbidden belong to tests: the oracle must not be in the program that it judges.
var forbidden = []string{
	"github.com/prometheus/prometheus",
	"github.com/compose-spec/compose-go/v2",
	"github.com/grafana/grafana-foundation-sdk/go",
	"github.com/stretchr/testify",
	"go.uber.org/goleak",
	"pgregory.net/rapid",
}

// TestModulesOfTheProgram holds the modules of others that are in the binary: each new one is a decision, and shows in
// the change of testdata/modules.txt.
func TestModulesOfTheProgram(t *testing.T) {
	const file = "testdata/modules.txt"
	got := strings.Fields(string(list(t, "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", module+"/cmd/mnm-exporter")))
	slices.Sort(got)
	got = slices.DeleteFunc(slices.Compact(got), func(m string) bool { return m == module })
	for _, m := range got {
		if slices.Contains(forbidden, m) {
			t.Errorf("the program contains %s, which is for tests and tools only", m)
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(string(raw))
	for _, m := range got {
		if !slices.Contains(want, m) {
			t.Errorf("the program now contains %s; if it is wanted, run go test ./internal/layers -update", m)
		}
	}
	for _, m := range want {
		if !slices.Contains(got, m) {
			t.Errorf("the program does not contain %s any more; run go test ./internal/layers -update", m)
		}
	}
	if !slices.IsSorted(want) {
		t.Errorf("%s is not sorted", file)
	}
}
