package instance

import "testing"

// BenchmarkReadPair is what a visit costs here: v1 and nodeinfo of mastodon.social, decoded and weighed.
func BenchmarkReadPair(b *testing.B) {
	v1 := document(b, "mastodon.social-api-v1-instance.json")
	nodeInfo := document(b, "mastodon.social-nodeinfo-2.0.json")
	b.SetBytes(int64(len(v1) + len(nodeInfo)))
	b.ReportAllocs()
	for b.Loop() {
		v, err := ReadV1(v1)
		if err != nil {
			b.Fatal(err)
		}
		n, err := ReadNodeInfo(nodeInfo)
		if err != nil {
			b.Fatal(err)
		}
		if f := (Answers{V1: &v, NodeInfo: &n}).Figures(); f.Users != Known(3227352) {
			b.Fatal(f.Users)
		}
	}
}

// BenchmarkFigures is what a publication costs for one server.
func BenchmarkFigures(b *testing.B) {
	a := answers(b, "akkoma-2022-11-api-v1-instance.json", "akkoma-3.12.2-nodeinfo-2.0.json")
	b.ReportAllocs()
	for b.Loop() {
		if f := a.Figures(); f.Users != Known(117) {
			b.Fatal(f.Users)
		}
	}
}
