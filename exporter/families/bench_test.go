//go:build unix

package families

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
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

// BenchmarkView30000 draws the View of 30,000 instances.
func BenchmarkView30000(b *testing.B) {
	book := crowd(b)
	before := liveHeap()
	var v view
	b.ReportAllocs()
	cpu := cpuTime(b)
	for b.Loop() {
		v = network.New(book, at, crowdSettings())
	}
	report(b, cpu, before)
	runtime.KeepAlive(v)
}

// BenchmarkPage30000 prints, for the page of 30,000 instances: CPU of all threads for a scrape (cpu-ms/op), what is sent
// (sent-MB), and the heap that lives after it (live-MB), the View not included. "rendered" is the first scrape of a View,
// "kept" any further one; "client_golang" is a page of the same series, whose labels and values wait in a list.
//
//	go test -run '^$' -bench 30000 ./exporter/families
func BenchmarkPage30000(b *testing.B) {
	benchmarkPage(b, slices.Concat(Instances(), Network()))
}

// BenchmarkPage30000x25 is the same for 25 families of every instance, more than the page will ever have.
func BenchmarkPage30000x25(b *testing.B) {
	every := Instances()[:7]
	for i := range 18 {
		f := every[2+i%4]
		f.Name += "_" + strconv.Itoa(i)
		every = append(every, f)
	}
	benchmarkPage(b, every)
}

func benchmarkPage(b *testing.B, all table) {
	v := network.New(crowd(b), at, crowdSettings())
	page := func(current func() view) http.Handler {
		return &metric.Page{Parts: []*metric.Part{metric.NewPart("all", all, current)}}
	}
	b.Run("write", func(b *testing.B) {
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
	series := seriesOf(b, all, v)
	for _, encoding := range []string{"identity", "gzip"} {
		b.Run("client_golang/const/"+encoding, func(b *testing.B) {
			measure(b, encoding, func() http.Handler { return registered(b, newConstant(series)) })
		})
		b.Run("client_golang/GaugeVec/"+encoding, func(b *testing.B) {
			measure(b, encoding, func() http.Handler { return registered(b, gauges(series)...) })
		})
	}
}

// sample is one series of a page, and its value.
type sample struct {
	family *family
	values []string // of the labels
	value  float64
}

// seriesOf reads all samples out of the page, in its order.
func seriesOf(b *testing.B, all table, v view) []sample {
	b.Helper()
	var text bytes.Buffer
	if err := all.Write(&text, v); err != nil {
		b.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	parsed, err := parser.TextToMetricFamilies(&text)
	if err != nil {
		b.Fatal(err)
	}
	var series []sample
	for i := range all {
		for _, m := range parsed[all[i].Name].GetMetric() {
			s := sample{family: &all[i], value: m.GetGauge().GetValue() + m.GetCounter().GetValue()}
			for _, label := range m.GetLabel() { // in the order of the text
				s.values = append(s.values, label.GetValue())
			}
			series = append(series, s)
		}
	}
	return series
}

// constant is the page by client_golang's constant metrics, made anew for each scrape.
type constant struct {
	series []sample
	descs  map[*family]*prometheus.Desc
}

func newConstant(series []sample) constant {
	c := constant{series, map[*family]*prometheus.Desc{}}
	for _, s := range series {
		if f := s.family; c.descs[f] == nil {
			c.descs[f] = prometheus.NewDesc(f.Name, f.Help, f.Labels, nil)
		}
	}
	return c
}

func (c constant) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range c.descs {
		to <- desc
	}
}

func (c constant) Collect(to chan<- prometheus.Metric) {
	for i := range c.series {
		s := &c.series[i]
		to <- prometheus.MustNewConstMetric(c.descs[s.family], prometheus.GaugeValue, s.value, s.values...)
	}
}

// gauges is the page by client_golang's GaugeVec, which keeps the series.
func gauges(series []sample) []prometheus.Collector {
	var all []prometheus.Collector
	var vec *prometheus.GaugeVec
	for i, s := range series {
		if i == 0 || s.family != series[i-1].family {
			vec = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: s.family.Name, Help: s.family.Help}, s.family.Labels)
			all = append(all, vec)
		}
		vec.WithLabelValues(s.values...).Set(s.value)
	}
	return all
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
