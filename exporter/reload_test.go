package exporter

import (
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
)

// TestReloadOfMutatedConfigurations loads 200 mutated files one after the other: a bad one changes nothing, a good one is in
// force at once.
func TestReloadOfMutatedConfigurations(t *testing.T) {
	folder, text := example(t)
	c := DefaultConfig()
	c.Net.Resolvers = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:1")}
	e, err := New(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	good, bad := 0, 0
	for seed := range uint64(200) {
		name := filepath.Join(folder, "mutated.yml")
		if err := os.WriteFile(name, mutate([]byte(text), seed), 0o600); err != nil {
			t.Fatal(err)
		}
		before := e.setup.Load()
		err := e.Reload(func() (Config, error) { return LoadFile(name) })
		after := e.setup.Load()
		if err != nil {
			bad++
			if after != before || e.reloadGood.Load() {
				t.Fatalf("mutation %d is bad (%v) and changed the setup", seed, err)
			}
			continue
		}
		good++
		if after == before || !e.reloadGood.Load() {
			t.Fatalf("mutation %d is good and changed nothing", seed)
		}
		if len(after.watched) != len(after.config.Watch) {
			t.Fatalf("mutation %d is in force with half of itself", seed)
		}
	}
	if good == 0 || bad == 0 {
		t.Fatalf("%d good, %d bad: nothing was tried", good, bad)
	}
	t.Logf("%d good, %d bad", good, bad)
}
