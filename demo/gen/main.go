// Command gen makes the demo's compact data out of two public lists:
//
//	go run ./demo/gen instances.social.json.gz mastodon-releases.tsv demo/data
//
// From the first, a reply of instances.social, it takes figures and top-level domains only; every name is invented.
// The second has a line per release: tag, date, pre-release (yes, no), security (yes; all else is no).
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/mnm-social/mnm/exporter/domain"
)

// size is the number of instances of Mastodon that the demo wants: the list is filled up with like ones.
const size = 2000

var (
	words = strings.Fields(`oak elm ash fir yew hazel alder maple birch cedar larch rowan willow poplar juniper heron finch wren
		robin swift kestrel plover curlew dunlin otter badger marten weasel vole hare lynx stoat moss fern clover thistle sorrel
		nettle bramble heather gorse pebble slate chalk flint basalt granite shale amber brook ford mere fen moor fell dale
		cove ness skerry tarn`)
	foreign = []string{"grün", "æble", "łąka", "říčka", "дуб", "楓"}
)

type entry struct {
	Name        string  `json:"name"`
	Up          bool    `json:"up"`
	IPv6        *bool   `json:"ipv6"`
	Open        *bool   `json:"openRegistrations"`
	Users       *int64  `json:"users"`
	Statuses    *string `json:"statuses"`
	Connections *int64  `json:"connections"`
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: gen INSTANCES.json.gz RELEASES.tsv DIRECTORY")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(list, tsv, dir string) error {
	text, err := instances(list)
	if err != nil {
		return err
	}
	if err := writeGzip(filepath.Join(dir, "instances.tsv.gz"), text); err != nil {
		return err
	}
	if text, err = releases(tsv); err != nil {
		return err
	}
	return writeGzip(filepath.Join(dir, "releases.tsv.gz"), text)
}

// instances writes a line per instance: name, up, users, statuses, connections, open, ipv6; "-" is unknown.
func instances(path string) ([]byte, error) {
	all, err := readEntries(path)
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(2022, 1120))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for i := 0; len(all) < size; i++ {
		all = append(all, all[i])
	}
	var out bytes.Buffer
	for i, e := range all {
		name, err := invent(e.Name, i)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", name, yes(&e.Up), number(e.Users), text(e.Statuses), number(e.Connections), yes(e.Open), yes(e.IPv6))
	}
	return out.Bytes(), nil
}

// readEntries reads the list, each instance once, ordered by name so that the list's order doesn't matter.
func readEntries(path string) ([]entry, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	var all []entry
	if err := json.NewDecoder(z).Decode(&all); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.Name, b.Name) })
	seen := map[domain.Name]bool{}
	return slices.DeleteFunc(all, func(e entry) bool {
		n, err := domain.Parse(e.Name)
		dup := seen[n]
		seen[n] = true
		return err != nil || dup
	}), nil
}

// invent makes up the i-th name; of the real one it keeps the top-level domain and whether it is in another script.
func invent(real string, i int) (domain.Name, error) {
	n, err := domain.Parse(real)
	if err != nil {
		return n, err
	}
	word := words[i%len(words)]
	if strings.Contains(strings.TrimSuffix(n.String(), n.TLD()), "xn--") {
		return domain.Parse(fmt.Sprintf("%s-%d.%s", foreign[i%len(foreign)], 1+i, n.TLD()))
	}
	return domain.Parse(fmt.Sprintf("%s-%d.%s", word, 1+i/len(words), n.TLD()))
}

func releases(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		if f := strings.Split(s.Text(), "\t"); len(f) >= 4 && strings.HasPrefix(f[0], "v") {
			fmt.Fprintf(&out, "%s\t%s\t%s\n", f[0], f[1], map[bool]string{true: "1", false: "0"}[f[3] == "yes"])
		}
	}
	return out.Bytes(), nil
}

func writeGzip(path string, b []byte) error {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(b); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, out.Bytes(), 0o644)
}

func yes(b *bool) string {
	switch {
	case b == nil:
		return "-"
	case *b:
		return "1"
	}
	return "0"
}

func number(n *int64) string {
	if n == nil {
		return "-"
	}
	return strconv.FormatInt(*n, 10)
}

func text(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}
