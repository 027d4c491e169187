package metric

import (
	"io"
	"testing"
)

// BenchmarkEmit is one sample of a gauge by domain. What whole pages cost is measured with the real tables, in
// exporter/families.
func BenchmarkEmit(b *testing.B) {
	w := newWriter(io.Discard)
	w.begin("mastodon_instance_users", "Users.", Gauge, []string{"domain"})
	b.ReportAllocs()
	for b.Loop() {
		w.Emit(3_227_352, "social-12345.example.org")
	}
}
