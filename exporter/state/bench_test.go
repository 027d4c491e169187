package state

import (
	"math/rand/v2"
	"testing"
)

// large is the state of 30,000 entries of 2 KB.
func large() Sections {
	data := make([]byte, 30_000*2_000)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(data)
	return Sections{"census": data, "toots": []byte("small")}
}

func BenchmarkSave60MB(b *testing.B) {
	d, err := Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	sections := large()
	b.SetBytes(60_000_000)
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Save(sections, noon); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoad60MB(b *testing.B) {
	d, err := Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	if err := d.Save(large(), noon); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(60_000_000)
	b.ReportAllocs()
	for b.Loop() {
		if sections, report := d.Load(); len(sections) != 2 {
			b.Fatal(report)
		}
	}
}
