package layers_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/mnm-social/mnm"

// room is a package's place. It may import the rooms on lower floors, and none on its own floor or above; if only is
// not nil, nothing but those. Tests may import what they like: a test of the exporter runs it against the demo.
type room struct {
	floor int
	only  []string
	aid   bool // a tool or a help for tests: only tests import it, and another aid that lists it
}

// nothing of this module.
var nothing = []string{}

// rooms are all packages of the module, by their folder. A new package is entered here, and drawn in CONTRIBUTING.md.
var rooms = map[string]room{
	"cmd/mnm-exporter": {floor: 9},

	"exporter": {floor: 8},
	"demo":     {floor: 8, only: []string{"exporter/outbound", "exporter/domain"}}, // it must not know what it judges

	"exporter/web":      {floor: 7},
	"exporter/families": {floor: 7},

	"exporter/network": {floor: 6},
	"exporter/trust":   {floor: 5},
	"exporter/census":  {floor: 4},

	"exporter/directory": {floor: 3},
	"exporter/instance":  {floor: 3, only: []string{"exporter/domain", "exporter/outbound"}},
	"exporter/country":   {floor: 3, only: []string{"exporter/domain"}},
	"exporter/https":     {floor: 3},
	"exporter/releases":  {floor: 3, only: []string{"exporter/domain", "exporter/outbound"}},
	"exporter/timeline":  {floor: 3},

	"exporter/toots": {floor: 2},

	"exporter/metric":   {floor: 1, only: nothing},
	"exporter/outbound": {floor: 1, only: []string{"exporter/domain"}},
	"exporter/state":    {floor: 1, only: nothing},

	"exporter/domain": {floor: 0, only: nothing},

	"dashboards/gen":       {aid: true, only: []string{"exporter/families"}},
	"demo/gen":             {aid: true, only: []string{"exporter/domain"}},
	"exporter/country/gen": {aid: true, only: nothing},
	"deploy":               {aid: true, only: nothing},
	"internal/layers":      {aid: true, only: nothing},
	"internal/promtest":    {aid: true, only: nothing},
	"internal/worldtest":   {aid: true, only: []string{"demo", "exporter", "exporter/outbound", "exporter/state", "exporter/web", "internal/promtest"}},
}

// pack is what go list says of a package.
type pack struct {
	ImportPath string
	Imports    []string
}

func TestFloors(t *testing.T) {
	for _, complaint := range judge(packages(t)) {
		t.Error(complaint)
	}
}

// judge says what is wrong with the imports of the module's packages.
func judge(all []pack) []string {
	var wrong []string
	for _, p := range all {
		folder := inside(p.ImportPath)
		here, known := rooms[folder]
		if !known {
			wrong = append(wrong, fmt.Sprintf("package %s has no floor: enter it into rooms in internal/layers/floors_test.go and into CONTRIBUTING.md", folder))
			continue
		}
		for _, path := range p.Imports {
			to := inside(path)
			if to == "" {
				continue
			}
			there, known := rooms[to]
			switch {
			case !known: // complained about above
			case there.aid && (!here.aid || !slices.Contains(here.only, to)):
				wrong = append(wrong, fmt.Sprintf("%s imports %s, which is a tool or for tests only", folder, to))
			case here.only != nil && !slices.Contains(here.only, to):
				wrong = append(wrong, fmt.Sprintf("%s imports %s; it may import only %v", folder, to, here.only))
			case here.only == nil && there.floor >= here.floor:
				wrong = append(wrong, fmt.Sprintf("%s (floor %d) imports %s (floor %d); only lower floors may be imported", folder, here.floor, to, there.floor))
			}
		}
	}
	return wrong
}

// inside is a package's folder in the module, or "" if it is somebody else's.
func inside(path string) string {
	folder, ok := strings.CutPrefix(path, module+"/")
	if !ok {
		return ""
	}
	return folder
}

func TestJudge(t *testing.T) {
	for _, row := range []struct {
		name, from, to, want string
	}{
		{"a lower floor", "exporter/network", "exporter/census", ""},
		{"two floors down", "exporter/web", "exporter/domain", ""},
		{"somebody else's", "exporter/web", "net/http", ""},
		{"a listed one", "demo", "exporter/outbound", ""},
		{"up", "exporter/census", "exporter/network", "only lower floors"},
		{"the same floor", "exporter/web", "exporter/families", "only lower floors"},
		{"not listed", "demo", "exporter/instance", "may import only"},
		{"listed as nothing", "exporter/metric", "exporter/domain", "may import only"},
		{"an aid", "exporter/web", "internal/promtest", "a tool or for tests"},
		{"an aid of an aid", "internal/worldtest", "internal/promtest", ""},
		{"an aid not listed", "internal/promtest", "internal/worldtest", "a tool or for tests"},
		{"not registered", "exporter/helpers", "exporter/domain", "internal/layers/floors_test.go"},
	} {
		t.Run(row.name, func(t *testing.T) {
			to := row.to
			if _, ours := rooms[to]; ours {
				to = module + "/" + to
			}
			got := strings.Join(judge([]pack{{module + "/" + row.from, []string{to}}}), "\n")
			if (row.want == "") != (got == "") || !strings.Contains(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

// packages lists the module's packages; no network is needed, since nothing outside the module is looked up.
func packages(t *testing.T) []pack {
	t.Helper()
	out := list(t, "-json=ImportPath,Imports", module+"/...")
	var all []pack
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pack
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("reading what go list says: %v", err)
		}
		all = append(all, p)
	}
}

// list runs go list for one operating system, so that everybody's list is the same.
func list(t *testing.T, args ...string) []byte {
	t.Helper()
	observe(t)
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %v: %v\n%s", args, err, stderr.Bytes())
	}
	return out
}

// observe looks at every Go file: go test keeps a result until a file changes that the test itself has seen, and it does
// not see what go list reads.
func observe(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == ".git":
			return fs.SkipDir
		case entry.IsDir():
			_, err = os.ReadDir(path)
		case strings.HasSuffix(path, ".go") || entry.Name() == "go.mod":
			_, err = os.Stat(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
