package exporter

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// mutate damages a configuration as editors, merges and typing do, and as nobody does. It is the same for the same seed.
func mutate(text []byte, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 4))
	out := bytes.Clone(text)
	for range 1 + r.IntN(3) {
		i := r.IntN(len(out))
		lines := bytes.SplitAfter(out, []byte("\n"))
		a, b := r.IntN(len(lines)), r.IntN(len(lines))
		switch r.IntN(9) {
		case 0:
			out[i] = byte(r.IntN(256))
		case 1:
			out[i] = " \t\n:-[]{}\"'#&*!|>%@`,"[r.IntN(21)]
		case 2:
			out = append(out[:i:i], out[i+1:]...)
		case 3:
			out = append(out[:i:i], append([]byte{out[i]}, out[i:]...)...)
		case 4: // a file that was not written to its end
			out = append(out[:i:i], '\n')
		case 5:
			lines[a], lines[b] = lines[b], lines[a]
			out = bytes.Join(lines, nil)
		case 6: // a line twice
			lines[a] = append(bytes.Clone(lines[a]), lines[a]...)
			out = bytes.Join(lines, nil)
		case 7: // another indent
			lines[a] = append([]byte("  "), lines[a]...)
			out = bytes.Join(lines, nil)
		case 8: // without its first word
			_, rest, _ := bytes.Cut(lines[a], []byte(": "))
			lines[a] = append(rest[:len(rest):len(rest)], '\n')
			out = bytes.Join(lines, nil)
		}
	}
	return out
}

// mutated loads n damaged files and returns how many of them are good all the same. Each other has an error with a place.
func mutated(t *testing.T, n int) (good int) {
	t.Helper()
	folder, text := example(t)
	for seed := range n {
		damaged := mutate([]byte(text), uint64(seed))
		r := readConfig(damaged, folder)
		if len(r.problems) == 0 {
			good++
			if f := r.config.faults(); len(f) > 0 {
				t.Fatalf("seed %d: taken with %v", seed, f)
			}
			continue
		}
		problemsHavePlaces(t, r.err("mnm.yml"))
	}
	return good
}

func TestMutatedConfigurations(t *testing.T) {
	if good := mutated(t, 200); good == 0 || good > 150 {
		t.Fatalf("%d of 200 damaged files are good", good)
	}
}

// FuzzReadConfig holds that no file makes a panic or an error without a place, and that what is taken holds the rules.
func FuzzReadConfig(f *testing.F) {
	f.Add([]byte(published))
	f.Add([]byte("directories: {domains: [a.social]}\ndns: {resolvers: [\"[::1]:53\"]}\ncountry: {overrides: {a.no: NO}}"))
	f.Add([]byte("a: &a [b]\n? *a\n: !x {<<: *a}\n---\n%"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := readConfig(text, "/none")
		if len(r.problems) > 0 {
			problemsHavePlaces(t, r.err("mnm.yml"))
			return
		}
		c := r.config
		if f := c.faults(); len(f) > 0 {
			t.Fatalf("taken with %v", f)
		}
		for _, k := range configKeys() {
			_ = k.value.show(&c)
		}
	})
}
