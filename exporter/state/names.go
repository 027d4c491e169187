package state

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
)

const (
	temporary = "state.tmp"
	lockName  = "lock"
	maxAside  = 3 // files set aside that are kept
)

// snapshot is a file that is named as one.
type snapshot struct {
	name       string
	format     uint32
	generation uint64
	regular    bool // else nothing that we read, rename or remove
}

func (s snapshot) ours() bool { return s.format == format && s.regular }

// aside is a file of ours that was set aside as the number-th.
type aside struct {
	name   string
	number uint64
}

// listing is what a directory holds of ours. Whatever else is there is somebody else's.
type listing struct {
	snapshots []snapshot // latest first
	aside     []aside    // latest first
	strays    []string   // half written, by whatever version
}

func list(root *os.Root) (listing, error) {
	var l listing
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return l, fmt.Errorf("listing the state directory: %w", err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if name == temporary {
			l.strays = append(l.strays, name)
		} else if version, generation, ok := parse(name); ok {
			l.snapshots = append(l.snapshots, snapshot{name, version, generation, entry.Type().IsRegular()})
		} else if number, ok := parseAside(name); ok && entry.Type().IsRegular() {
			l.aside = append(l.aside, aside{name, number})
		}
	}
	slices.SortFunc(l.snapshots, func(a, b snapshot) int {
		return cmp.Or(cmp.Compare(b.generation, a.generation), cmp.Compare(b.format, a.format))
	})
	slices.SortFunc(l.aside, func(a, b aside) int { return cmp.Compare(b.number, a.number) })
	return l, nil
}

func (l listing) highest() uint64 {
	if len(l.snapshots) == 0 {
		return 0
	}
	return l.snapshots[0].generation
}

func fileName(version uint32, generation uint64) string {
	return fmt.Sprintf("state-v%d.%d", version, generation)
}

func parse(name string) (version uint32, generation uint64, ok bool) {
	if _, err := fmt.Sscanf(name, "state-v%d.%d", &version, &generation); err != nil {
		return 0, 0, false
	}
	return version, generation, version > 0 && generation > 0 && fileName(version, generation) == name
}

// parseAside takes files of our format only: another version keeps a bound of its own.
func parseAside(name string) (number uint64, ok bool) {
	name, digits, _ := strings.Cut(name, asideMark)
	version, _, ok := parse(name)
	number, err := strconv.ParseUint(digits, 10, 32)
	return number, ok && version == format && err == nil
}

const asideMark = ".corrupt-"
