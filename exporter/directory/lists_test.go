package directory

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mnm-social/mnm/exporter/domain"
)

// unzip is the text of a list in testdata.
func unzip(t testing.TB, name string) string {
	t.Helper()
	file, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// column is a column of a list, by its title.
func column(t testing.TB, name, title string) []string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(unzip(t, name))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.Index(rows[0], title)
	var names []string
	for _, row := range rows[1:] {
		names = append(names, row[i])
	}
	return names
}

func fediDB(t testing.TB, name string) []string {
	var page struct{ Data []struct{ Domain string } }
	if err := json.Unmarshal([]byte(unzip(t, name)), &page); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, server := range page.Data {
		names = append(names, server.Domain)
	}
	return names
}

// lists are the real lists, with what is in them. It was counted by a script in Python: csv, NFKC, lower case, punycode,
// a regular expression for names, the suffixes of the junk as a tab-separated list; and grep for .onion and .arpa.
var lists = []struct {
	file, title                         string
	entries, names, refused, same, junk int
}{
	{"list-fedidb-2025-11-09.csv.gz", "domain", 1817, 1817, 0, 0, 0},
	{"list-fedidb-api-2023-10.json.gz", "", 40, 40, 0, 0, 0},
	// Refused in these two are addresses in .onion.
	{"list-fedilist-2024-07.csv.gz", "hostname", 3849, 3848, 1, 0, 0},
	{"list-fedilist-2025-11-09.csv.gz", "domain", 5496, 5492, 4, 0, 0},
	{"list-instances.social-2023-06-16.csv.gz", "name", 1000, 1000, 0, 0, 1}, // below ignorelist.com
	// Six instances are in it as U-label and as A-label; three are below elestio.app; three names end in .arpa.
	{"list-instances.social-2025-11-09.csv.gz", "name", 8101, 8092, 3, 6, 3},
	{"list-joinmisskey-hosts-2025-12.txt.gz", "", 2197, 2195, 2, 0, 0}, // mi_xfee.i-0.io, and a name with a port
	{"list-lemmy-2024-06-11.csv.gz", "domain", 464, 464, 0, 0, 0},
}

func entriesOf(t testing.TB, file, title string) []string {
	switch {
	case title != "":
		return column(t, file, title)
	case strings.HasSuffix(file, ".json.gz"):
		return fediDB(t, file)
	}
	return strings.Fields(unzip(t, file))
}

func TestRealLists(t *testing.T) {
	var all []domain.Name
	for _, row := range lists {
		t.Run(row.file, func(t *testing.T) {
			entries := entriesOf(t, row.file, row.title)
			l := Parse(entries)
			same := len(entries) - l.Refused - len(l.Names)
			if len(entries) != row.entries || len(l.Names) != row.names || l.Refused != row.refused || same != row.same {
				t.Errorf("%d entries: %d names, %d refused, %d twice; want %d: %d, %d, %d",
					len(entries), len(l.Names), l.Refused, same, row.entries, row.names, row.refused, row.same)
			}
			kept, left := Filter{}.Apply(l, nil)
			if want := (Left{Junk: row.junk}); left != want || len(kept.Names) != row.names-row.junk || kept.Refused != row.refused {
				t.Errorf("%d kept, left out %+v; want %d, %+v", len(kept.Names), left, row.names-row.junk, want)
			}
			all = append(all, kept.Names...)
		})
	}
	// All of them together, as a program that asks several directories knows them: no real host is taken for a flood.
	kept, left := Filter{}.Apply(Listing{Names: all}, nil)
	if left != (Left{}) || len(kept.Names) != len(all) {
		t.Errorf("of all lists together %+v was left out", left)
	}
}

// TestFileOfARealList has the list of Misskey servers, a name on a line, read as an operator's file.
func TestFileOfARealList(t *testing.T) {
	path := filepath.Join(t.TempDir(), "misskey.txt")
	write(t, path, unzip(t, "list-joinmisskey-hosts-2025-12.txt.gz"))
	l, err := (&File{Path: path}).Read()
	if err != nil || len(l.Names) != 2195 || l.Refused != 2 {
		t.Fatalf("%d names, %d refused, error %v; want 2195, 2", len(l.Names), l.Refused, err)
	}
}
