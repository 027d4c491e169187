package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
)

// program builds the exporter.
func program(t *testing.T) string {
	t.Helper()
	sources, err := filepath.Glob("../cmd/mnm-exporter/*.go")
	if err != nil || len(sources) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	for _, source := range sources { // go test keeps a result until a file changes that the test itself has seen
		if _, err := os.Stat(source); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "mnm-exporter")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "../cmd/mnm-exporter").CombinedOutput(); err != nil {
		t.Fatalf("building the exporter: %v\n%s", err, out)
	}
	return path
}

// TestCommandLine holds that the program takes the arguments which the compose file hands it.
func TestCommandLine(t *testing.T) {
	path := program(t)
	for _, row := range []struct {
		name, args string
		good       bool
	}{
		{"the demo", "--demo", true},
		{"the demo, talkative", "--demo --log.level=debug", true},
		{"a flag that is not there", "--no-such-flag", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			args := project(t, types.Mapping{"MNM_ARGS": row.args}).Services["mnm-exporter"].Command
			out, err := exec.CommandContext(t.Context(), path, append(args, "--config.check")...).CombinedOutput()
			if (err == nil) != row.good {
				t.Errorf("mnm-exporter %q: %v\n%s", args, err, out)
			}
		})
	}
}
