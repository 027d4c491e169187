package exporter

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLoadFile(t *testing.T) {
	c, err := LoadFile("testdata/config/good.yml")
	if err != nil {
		t.Fatal(err)
	}
	if c.Contact != "ops@example.org" || c.Directories.JoinMastodon || len(c.Directories.Domains) != 2 ||
		c.Directories.Domains[1].String() != "xn--nrnberg-n2a.social" {
		t.Fatalf("read %+v", c)
	}
	if c, err = LoadFile("testdata/config/empty.yml"); err != nil || !c.Directories.JoinMastodon {
		t.Fatalf("an empty file: %+v, %v; want the defaults", c, err)
	}
}

// TestLoadFileRefuses holds the whole message for each bad file: its place and what to do.
func TestLoadFileRefuses(t *testing.T) {
	files, err := filepath.Glob("testdata/config/bad-*.yml")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d bad files, %v", len(files), err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(text), "\n")
			want := strings.TrimPrefix(first, "# ")
			_, err = LoadFile(name)
			if err == nil || err.Error() != name+": "+want {
				t.Fatalf("error\n%v, want\n%s", err, name+": "+want)
			}
		})
	}
}

func TestLoadFileMissing(t *testing.T) {
	if _, err := LoadFile("testdata/config/none.yml"); err == nil || !strings.Contains(err.Error(), "none.yml") {
		t.Fatalf("error %v does not name the file", err)
	}
}
