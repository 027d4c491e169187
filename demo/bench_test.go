package demo

import (
	"testing"
	"time"
)

func BenchmarkState(b *testing.B) {
	w := NewWorld(Config{Seed: 1})
	at := w.Start().Add(30 * time.Hour)
	b.ReportAllocs()
	for i := range b.N {
		_ = w.State(i%w.Len(), at)
	}
}

func BenchmarkNewWorld(b *testing.B) {
	for b.Loop() {
		NewWorld(Config{Seed: 1})
	}
}
