package state

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// mutations change a file's bytes as disks, editors and half-copied back-ups do. other is the other generation's.
var mutations = map[string]func(random *rand.Rand, data, other []byte) []byte{
	"bit": func(random *rand.Rand, data, _ []byte) []byte {
		data[random.IntN(len(data))] ^= 1 << random.IntN(8)
		return data
	},
	"bits": func(random *rand.Rand, data, _ []byte) []byte {
		for range 1 + random.IntN(40) {
			data[random.IntN(len(data))] ^= byte(1 + random.IntN(255))
		}
		return data
	},
	"head": func(random *rand.Rand, data, _ []byte) []byte {
		data[random.IntN(min(len(data), 60))] = byte(random.Uint32())
		return data
	},
	"cut": func(random *rand.Rand, data, _ []byte) []byte { return data[:random.IntN(len(data))] },
	"longer": func(random *rand.Rand, data, _ []byte) []byte {
		return append(data, make([]byte, 1+random.IntN(5000))...)
	},
	"zeros": func(random *rand.Rand, data, _ []byte) []byte {
		from := random.IntN(len(data))
		clear(data[from:min(len(data), from+4096)])
		return data
	},
	"swap": func(random *rand.Rand, data, _ []byte) []byte {
		size := 1 + random.IntN(len(data)/2)
		a, b := random.IntN(len(data)-size), random.IntN(len(data)-size)
		kept := slices.Clone(data[a : a+size])
		copy(data[a:a+size], data[b:b+size])
		copy(data[b:b+size], kept)
		return data
	},
	"missing": func(random *rand.Rand, data, _ []byte) []byte {
		from := random.IntN(len(data))
		return slices.Delete(data, from, from+random.IntN(len(data)-from))
	},
	"mixed": func(random *rand.Rand, data, other []byte) []byte {
		copy(data[random.IntN(len(data)):], other[random.IntN(len(other)):])
		return data
	},
	"the other": func(_ *rand.Rand, _, other []byte) []byte { return slices.Clone(other) },
	"noise": func(random *rand.Rand, data, _ []byte) []byte {
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		return data
	},
}

// mutated counts what came of starting with mutated files.
type mutated struct{ newest, earlier, empty int }

// mutate changes one or both of two generations, so many times, and starts each time.
func mutate(t *testing.T, times int, seed uint64) (count mutated) {
	t.Helper()
	dir := t.TempDir()
	d := open(t, dir)
	save(t, d, 1)
	save(t, d, 3)
	good := files(t, dirAfter(t, d, dir))
	older, newer := []byte(good["state-v1.1"]), []byte(good["state-v1.2"])
	random := rand.New(rand.NewPCG(seed, 1))
	kinds := slices.Sorted(maps.Keys(mutations))
	for i := range times {
		a, b := slices.Clone(older), slices.Clone(newer)
		kind, which := kinds[i%len(kinds)], random.IntN(4) // twice as often the newest only
		if which != 0 {
			b = mutations[kind](random, b, older)
		}
		if which < 2 {
			a = mutations[kind](random, a, newer)
		}
		for name, data := range map[string][]byte{"state-v1.1": a, "state-v1.2": b} {
			_ = os.Remove(filepath.Join(dir, name)) // ext4 writes a file out that is cut and written anew: slow
			put(t, dir, name, string(data))
		}
		number, report := load(t, dir) // authentic, or it fails
		switch {
		case bytes.Equal(b, newer) && number != 3, bytes.Equal(a, older) && number == 0:
			t.Fatalf("%d, %s: loaded %d though an intact one is there: %+v", i, kind, number, report)
		case number == 3:
			count.newest++
		case number == 1:
			count.earlier++
		case number == 0:
			count.empty++
		default:
			t.Fatalf("%d, %s: loaded %d, which was never saved", i, kind, number)
		}
		for _, damage := range report.Damaged {
			if err := os.Remove(filepath.Join(dir, damage.Kept)); err != nil {
				t.Fatalf("%d, %s: %+v: %v", i, kind, damage, err)
			}
		}
	}
	return count
}

func TestMutatedFiles(t *testing.T) {
	count := mutate(t, 500, 1)
	if count.newest == 0 || count.earlier == 0 || count.empty == 0 {
		t.Errorf("%+v: something never came up", count)
	}
}
