//go:build external

package deploy_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// TestExternalPages gives the commands of the pages for other people's stacks, in their order, to real programs.
func TestExternalPages(t *testing.T) {
	bin := t.TempDir()
	run(t, nil, "go", "build", "-o", bin, "github.com/google/go-jsonnet/cmd/jsonnet")
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	for _, page := range []string{"prometheus", "victoriametrics", "kubernetes"} {
		t.Run(page, func(t *testing.T) {
			given := 0
			follow(t, fmt.Sprintf("../docs/%s.md", page), func(folder, commands string) {
				given++
				cmd := exec.CommandContext(t.Context(), "sh", "-eux", "-c", commands)
				cmd.Dir = folder
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
			})
			if given == 0 {
				t.Error("it has no commands")
			}
		})
	}
}
