//go:build unix

package families

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/mnm-social/mnm/exporter/metric"
	"github.com/mnm-social/mnm/exporter/network"
)

// BenchmarkView30000 draws the View of 30,000 instances, as it is done once in 15 seconds.
func BenchmarkView30000(b *testing.B) {
	book := crowd(b)
	before := liveHeap()
	var v *network.View
	b.ReportAllocs()
	cpu := cpuTime(b)
	for b.Loop() {
		v = network.New(book, at, crowdSettings())
	}
	report(b, cpu, before)
	runtime.KeepAlive(v)
}

// BenchmarkPage30000 prints, for the real tables over 30,000 instances: CPU of all threads for a scrape (cpu-ms/op), what is
// sent (sent-MB), and the heap that lives after it beside the View (live-MB); then the same series by client_golang.
//
//	go test -run '^$' -bench 30000 ./exporter/families
func BenchmarkPage30000(b *testing.B) {
	v := network.New(crowd(b), at, crowdSettings())
	all := slices.Concat(Instances(), Network())
	b.Run("rendered/write", func(b *testing.B) {
		measure(b, "", func() http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if err := all.Write(w, v); err != nil {
					b.Error(err)
				}
			})
		})
	})
	for _, encoding := range []string{"identity", "gzip"} {
		b.Run("rendered/"+encoding, func(b *testing.B) {
			measure(b, encoding, func() http.Handler { return page(func() view { again := *v; return &again }) })
		})
		b.Run("kept/"+encoding, func(b *testing.B) {
			measure(b, encoding, func() http.Handler { return page(func() view { return v }) })
		})
	}
	series := seriesOf(b, v)
	for _, encoding := range []string{"identity", "gzip"} {
		b.Run("client_golang/const/"+encoding, func(b *testing.B) {
			measure(b, encoding, func() http.Handler { return series.constant(b) })
		})
		b.Run("client_golang/GaugeVec/"+encoding, func(b *testing.B) {
			measure(b, encoding, func() http.Handler { return series.gauges(b) })
		})
	}
}

func page(current func() view) *metric.Page {
	return &metric.Page{Parts: []*metric.Part{
		metric.NewPart(string(PartInstances), Instances(), current), metric.NewPart(string(PartNetwork), Network(), current),
	}}
}

// sample is one series of the page, and its value.
type sample struct {
	family Description
	values []string // of the labels
	value  float64
}

type samples []sample

// seriesOf reads all samples out of the page.
func seriesOf(b *testing.B, v view) samples {
	b.Helper()
	var text bytes.Buffer
	if err := slices.Concat(Instances(), Network()).Write(&text, v); err != nil {
		b.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	parsed, err := parser.TextToMetricFamilies(&text)
	if err != nil {
		b.Fatal(err)
	}
	var all samples
	for _, d := range All() {
		for _, m := range parsed[d.Name].GetMetric() {
			s := sample{family: d, value: m.GetGauge().GetValue() + m.GetCounter().GetValue()}
			for _, label := range d.Labels {
				for _, pair := range m.GetLabel() {
					if pair.GetName() == label {
						s.values = append(s.values, pair.GetValue())
					}
				}
			}
			all = append(all, s)
		}
	}
	return all
}

// constant is the same page by client_golang's constant metrics, made anew for each scrape.
func (s samples) constant(b *testing.B) http.Handler {
	descs := map[string]*prometheus.Desc{}
	of := make([]*prometheus.Desc, len(s))
	for i := range s {
		f := &s[i].family
		if descs[f.Name] == nil {
			descs[f.Name] = prometheus.NewDesc(f.Name, f.Help, f.Labels, nil)
		}
		of[i] = descs[f.Name]
	}
	return registered(b, collector(func(to chan<- prometheus.Metric) {
		for i := range s {
			to <- prometheus.MustNewConstMetric(of[i], prometheus.GaugeValue, s[i].value, s[i].values...)
		}
	}))
}

// collector makes constant metrics. It describes none, so that the registry checks nothing beforehand.
type collector func(chan<- prometheus.Metric)

func (c collector) Describe(chan<- *prometheus.Desc)    {}
func (c collector) Collect(to chan<- prometheus.Metric) { c(to) }

// gauges is the same page by client_golang's GaugeVec, which keeps the series.
func (s samples) gauges(b *testing.B) http.Handler {
	var all []prometheus.Collector
	var vec *prometheus.GaugeVec
	for i := range s {
		f := &s[i].family
		if i == 0 || f.Name != s[i-1].family.Name {
			vec = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: f.Name, Help: f.Help}, f.Labels)
			all = append(all, vec)
		}
		vec.WithLabelValues(s[i].values...).Set(s[i].value)
	}
	return registered(b, all...)
}

func registered(b *testing.B, all ...prometheus.Collector) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(all...)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

// measure times scrapes of what build makes, after one that isn't timed.
func measure(b *testing.B, encoding string, build func() http.Handler) {
	before := liveHeap()
	handler := build()
	request := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
	request.Header.Set("Accept-Encoding", encoding)
	discard := &discarder{header: http.Header{}}
	scrape := func() {
		clear(discard.header)
		discard.sent = 0
		handler.ServeHTTP(discard, request)
	}
	scrape()
	runtime.GC()
	b.ReportAllocs()
	cpu := cpuTime(b)
	for b.Loop() {
		scrape()
	}
	report(b, cpu, before)
	b.ReportMetric(float64(discard.sent)/1e6, "sent-MB")
	runtime.KeepAlive(handler)
}

// report says the CPU used since cpu, and the heap in use beside before.
func report(b *testing.B, cpu time.Duration, before float64) {
	b.ReportMetric((cpuTime(b)-cpu).Seconds()*1000/float64(b.N), "cpu-ms/op")
	b.ReportMetric((liveHeap()-before)/1e6, "live-MB")
}

// liveHeap is what a full collection leaves, in bytes.
func liveHeap() float64 {
	for range 3 { // pools let go in the second
		runtime.GC()
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc)
}

// cpuTime is what all threads of the process have used so far, in user and system mode.
func cpuTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// discarder is a response that nobody reads.
type discarder struct {
	header http.Header
	sent   int
}

func (d *discarder) Header() http.Header { return d.header }
func (d *discarder) WriteHeader(int)     {}

func (d *discarder) Write(text []byte) (int, error) {
	d.sent += len(text)
	return len(text), nil
}

var _ io.Writer = (*discarder)(nil)
