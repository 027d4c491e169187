package toots

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"
)

// day is a rig after a day of 1.4 million uses of 20,000 names by 50,000 authors, and the random numbers to go on with:
// few names are used often, as it is in life.
func day() (r *rig, next func() (name string, author uint64)) {
	random := rand.New(rand.NewPCG(3, 4))
	names := make([]string, 20_000)
	for i := range names {
		names[i] = "hashtag" + strconv.Itoa(i)
	}
	zipf := rand.NewZipf(random, 1.07, 2, uint64(len(names)-1))
	next = func() (string, uint64) { return names[zipf.Uint64()], random.Uint64N(50_000) }
	r = newRig(defaults)
	for range 24 * 60 {
		for range 1000 {
			name, author := next()
			r.use([]string{name}, author, author%1000)
		}
		r.time = r.time.Add(time.Minute)
	}
	return r, next
}

// A toot with one hashtag.
func BenchmarkHashtagsUse(b *testing.B) {
	r, next := day()
	names := make([]string, 1)
	b.ReportAllocs()
	for b.Loop() {
		name, author := next()
		names[0] = name
		r.use(names, author, author%1000)
	}
}

// A toot with one hashtag that was never seen before: what a flood costs, with all that it pushes out.
func BenchmarkHashtagsUseNew(b *testing.B) {
	r, _ := day()
	names, name, i := make([]string, 1), []byte("flood"), int64(0)
	b.ReportAllocs()
	for b.Loop() {
		i++
		names[0] = string(strconv.AppendInt(name, i, 10))
		r.use(names, 1, 1)
	}
}

// What a scrape asks for.
func BenchmarkHashtagsTop(b *testing.B) {
	r, _ := day()
	for name, top := range map[string]func() []Use{"hour": r.lastHour, "day": r.lastDay} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				top()
			}
			b.ReportMetric(float64(len(r.names)), "names")
		})
	}
}

// The moves of a minute and of a quarter of an hour, the worst of which is a moment in which a toot waits.
func BenchmarkHashtagsMinute(b *testing.B) {
	r, next := day()
	var longest time.Duration
	for b.Loop() {
		b.StopTimer()
		for range 1000 {
			name, author := next()
			r.use([]string{name}, author, author%1000)
		}
		r.time = r.time.Add(time.Minute)
		b.StartTimer()
		began := time.Now()
		r.mu.Lock()
		r.advance()
		r.mu.Unlock()
		longest = max(longest, time.Since(began))
	}
	b.ReportMetric(float64(longest.Microseconds()), "longest-µs")
}

func BenchmarkFold(b *testing.B) {
	for name, tag := range map[string]string{"folded": "caturday", "upper": "RubyOnRails", "accents": "BLÅHAJ", "wide": "ｼｰｻｲﾄﾞﾗｲﾅｰ", "kanji": "写真好きな人と繋がりたい"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				fold(tag)
			}
		})
	}
}
