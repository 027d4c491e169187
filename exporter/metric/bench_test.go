//go:build unix

package metric

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// instances is the size of the network that the benchmarks expose; each has one series in each family.
const instances = 30_000

// columns is a published value as the exporter has it: a column of numbers for each family.
type columns struct {
	domains []string
	words   [3][]string // the labels of info: software, version, country
	figures [][]float64
}

func newColumns(families int) *columns {
	data := &columns{figures: make([][]float64, families)}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range instances {
		name := make([]byte, 4+random.IntN(12))
		for c := range name {
			name[c] = byte('a' + random.IntN(26)*random.IntN(26)/26)
		}
		data.domains = append(data.domains, string(name)+strconv.Itoa(i)+[]string{".social", ".com", ".example.org", ".de"}[i%4])
		data.words[0] = append(data.words[0], "mastodon")
		data.words[1] = append(data.words[1], "4."+strconv.Itoa(i%7)+"."+strconv.Itoa(i%23))
		data.words[2] = append(data.words[2], []string{"DE", "US", "JP", "FR", "unknown"}[i%5])
	}
	for f := range data.figures {
		data.figures[f] = make([]float64, instances)
		for i := range data.figures[f] {
			data.figures[f][i] = math.Floor(float64(f*f) / (random.Float64() + 1e-6)) // few are large
		}
	}
	return data
}

func infoLabels() []string { return []string{"domain", "software", "version", "country"} }

// columnsTable has info as its first family and numbers by domain as all others.
func columnsTable(families int) Table[*columns] {
	table := Table[*columns]{{
		Name: "mastodon_instance_info", Help: "Attributes of an instance.", Type: Gauge, Labels: infoLabels(),
		Read: func(data *columns, w *Writer) {
			for i, domain := range data.domains {
				w.Emit(1, domain, data.words[0][i], data.words[1][i], data.words[2][i])
			}
		},
	}}
	for f := 1; f < families; f++ {
		table = append(table, Family[*columns]{
			Name: familyName(f), Help: "A figure of an instance.", Type: Gauge, Labels: []string{"domain"},
			Read: func(data *columns, w *Writer) {
				for i, domain := range data.domains {
					w.Emit(data.figures[f][i], domain)
				}
			},
		})
	}
	return table
}

func familyName(f int) string { return fmt.Sprintf("mastodon_instance_figure_%02d", f) }

// constant is the same page by client_golang's constant metrics, made anew for each scrape.
type constant struct {
	data  *columns
	info  *prometheus.Desc
	descs []*prometheus.Desc
}

func newConstant(data *columns) *constant {
	c := &constant{data: data, info: prometheus.NewDesc("mastodon_instance_info", "Attributes of an instance.", infoLabels(), nil)}
	for f := 1; f < len(data.figures); f++ {
		c.descs = append(c.descs, prometheus.NewDesc(familyName(f), "A figure of an instance.", []string{"domain"}, nil))
	}
	return c
}

func (c *constant) Describe(to chan<- *prometheus.Desc) {
	to <- c.info
	for _, desc := range c.descs {
		to <- desc
	}
}

func (c *constant) Collect(to chan<- prometheus.Metric) {
	for i, domain := range c.data.domains {
		to <- prometheus.MustNewConstMetric(c.info, prometheus.GaugeValue, 1, domain,
			c.data.words[0][i], c.data.words[1][i], c.data.words[2][i])
		for f, desc := range c.descs {
			to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, c.data.figures[f+1][i], domain)
		}
	}
}

// gauges is the same page by client_golang's GaugeVec, which keeps the series.
func gauges(data *columns) *prometheus.Registry {
	registry := prometheus.NewRegistry()
	vec := func(name, help string, labels []string) *prometheus.GaugeVec {
		vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
		registry.MustRegister(vec)
		return vec
	}
	info := vec("mastodon_instance_info", "Attributes of an instance.", infoLabels())
	for i, domain := range data.domains {
		info.WithLabelValues(domain, data.words[0][i], data.words[1][i], data.words[2][i]).Set(1)
	}
	for f := 1; f < len(data.figures); f++ {
		figure := vec(familyName(f), "A figure of an instance.", []string{"domain"})
		for i, domain := range data.domains {
			figure.WithLabelValues(domain).Set(data.figures[f][i])
		}
	}
	return registry
}

// BenchmarkPage prints, for pages of 210,000 and 750,000 series: CPU of all threads for a scrape (cpu-ms/op), what is sent
// (sent-MB), and the heap that lives after it, the figures themselves included (live-MB).
//
//	go test -run '^$' -bench . -benchtime 3x ./exporter/metric
func BenchmarkPage(b *testing.B) {
	for _, families := range []int{7, 25} {
		size := fmt.Sprintf("series=%dx%d/", instances, families)
		b.Run(size+"columns/write", func(b *testing.B) {
			measure(b, "", func() (http.Handler, func()) {
				data, table := newColumns(families), columnsTable(families)
				return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					if err := table.Write(w, data); err != nil {
						b.Error(err)
					}
				}), nil
			})
		})
		for _, encoding := range []string{"identity", "gzip"} {
			b.Run(size+"columns/changed/"+encoding, func(b *testing.B) {
				measure(b, encoding, func() (http.Handler, func()) { return columnsPage(families, true) })
			})
			b.Run(size+"columns/unchanged/"+encoding, func(b *testing.B) {
				measure(b, encoding, func() (http.Handler, func()) { return columnsPage(families, false) })
			})
		}
		for _, encoding := range []string{"identity", "gzip"} {
			b.Run(size+"client_golang/const/"+encoding, func(b *testing.B) {
				measure(b, encoding, func() (http.Handler, func()) {
					registry := prometheus.NewRegistry()
					registry.MustRegister(newConstant(newColumns(families)))
					return promhttp.HandlerFor(registry, promhttp.HandlerOpts{}), nil
				})
			})
			b.Run(size+"client_golang/GaugeVec/"+encoding, func(b *testing.B) {
				measure(b, encoding, func() (http.Handler, func()) {
					return promhttp.HandlerFor(gauges(newColumns(families)), promhttp.HandlerOpts{}), nil
				})
			})
		}
	}
}

// columnsPage is the page as it is served, with a step that publishes a value anew, if it is to change.
func columnsPage(families int, changing bool) (http.Handler, func()) {
	data := newColumns(families)
	published := &struct{ *columns }{data}
	part := NewPart("instances", columnsTable(families), func() *columns { return published.columns })
	step := func() {}
	if changing {
		step = func() {
			again := *data
			published.columns = &again
		}
	}
	return &Page{Parts: []*Part{part}}, step
}

// measure times scrapes of what build makes, after one that isn't timed; step, if any, runs before each.
func measure(b *testing.B, encoding string, build func() (handler http.Handler, step func())) {
	before := liveHeap()
	handler, step := build()
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
		if step != nil {
			step()
		}
		scrape()
	}
	b.ReportMetric((cpuTime(b)-cpu).Seconds()*1000/float64(b.N), "cpu-ms/op")
	b.ReportMetric(float64(discard.sent)/1e6, "sent-MB")
	b.ReportMetric((liveHeap()-before)/1e6, "live-MB")
	runtime.KeepAlive(handler)
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

// BenchmarkEmit is one sample of a gauge by domain.
func BenchmarkEmit(b *testing.B) {
	w := newWriter(io.Discard)
	w.begin("mastodon_instance_users", "Users.", Gauge, []string{"domain"})
	b.ReportAllocs()
	for b.Loop() {
		w.Emit(3_227_352, "social-12345.example.org")
	}
}
