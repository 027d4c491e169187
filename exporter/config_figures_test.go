//go:build figures

package exporter

import "testing"

// TestFigureMutated200Configurations prints what becomes of damaged files; every one that is not taken has an error with a
// place (TestMutatedConfigurations). What a reload makes of them is the running Exporter's part.
func TestFigureMutated200Configurations(t *testing.T) {
	good := mutated(t, 200)
	t.Logf("200 mutated configurations: %d taken, %d refused with file, line and column, no panic", good, 200-good)
}
