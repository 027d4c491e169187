package country

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestMemory(t *testing.T) {
	m, now := newMemory(), built
	ip := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{95, byte(i >> 16), byte(i >> 8), byte(i)}) }
	m.put(ip(0), "FI", now)
	m.put(ip(1), "", now)
	for i := 2; i < 5*memorySize; i++ {
		m.put(ip(i), "DE", now.Add(time.Hour))
		if code, at, ok := m.get(ip(0)); code != "FI" || !ok || !at.Equal(now) {
			t.Fatalf("after %d who is asked for is gone: %q, %v, %v", i, code, at, ok)
		}
		if n := len(m.young) + len(m.old); n > 2*memorySize {
			t.Fatalf("%d are remembered", n)
		}
	}
	if _, _, ok := m.get(ip(1)); ok {
		t.Error("who is not asked for stays")
	}
	if code, _, ok := m.get(ip(5*memorySize - 1)); code != "DE" || !ok {
		t.Error("the last is not remembered")
	}
	if got := fmt.Sprintf("%v%v", m.young, m.old); strings.Contains(got, "95.") {
		t.Error("it has addresses")
	}
	other := newMemory()
	other.put(ip(0), "FI", now)
	for hash := range other.young {
		if _, ok := m.young[hash]; ok {
			t.Error("two memories have the same key")
		}
	}
}
