package exporter

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestDocumentConfigFlags holds that flags are shown when there are some.
func TestDocumentConfigFlags(t *testing.T) {
	var b strings.Builder
	if err := DocumentConfig(&b, []Flag{{"log.level", "info", "One of: debug|info."}, {"config.check", "", "Check."}}); err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{"| `--log.level` | `info` | One of: debug\\|info. |", "| `--config.check` | – | Check. |"} {
		if !strings.Contains(b.String(), row+"\n") {
			t.Errorf("no row %s in\n%s", row, b.String())
		}
	}
}

// example is the one of the page, in a folder with the files that it names.
func example(t *testing.T) (folder, text string) {
	t.Helper()
	page, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ = strings.Cut(string(page), "```yaml\n")
	text, _, ok := strings.Cut(text, "```")
	if !ok {
		t.Fatal("the page has no example")
	}
	folder = t.TempDir()
	write(t, folder, "secrets/instances_social", "an-invented-token\n")
	write(t, folder, "secrets/github", "another-invented-token\n")
	write(t, folder, "secrets/mastodon.social", "a-third-invented-token\n")
	write(t, folder, "domains.txt", "social.coop\n")
	database, err := os.ReadFile("testdata/config/countries.mmdb")
	if err != nil {
		t.Fatal(err)
	}
	write(t, folder, "GeoLite2-Country.mmdb", string(database))
	return folder, text
}

// TestExample holds that the page's example is good and changes every value but the one that has no other good one.
func TestExample(t *testing.T) {
	folder, text := example(t)
	c, err := load(t, folder, text)
	if err != nil {
		t.Fatal(err)
	}
	same, defaults := []string{}, DefaultConfig()
	for _, k := range configKeys() {
		if k.value.show(&c) == k.value.show(&defaults) {
			same = append(same, k.path)
		}
	}
	if want := []string{"directories.joinmastodon"}; !reflect.DeepEqual(same, want) {
		t.Fatalf("the example leaves the defaults of %v, want only of %v", same, want)
	}
}

// TestShown holds that what the page shows of a value is read as the same value.
func TestShown(t *testing.T) {
	folder, text := example(t)
	c, err := load(t, folder, text)
	if err != nil {
		t.Fatal(err)
	}
	shown := exampleConfig()
	for _, k := range configKeys() {
		shown = strings.Replace(shown, ": "+k.example+"\n", ": "+k.value.show(&c)+"\n", 1)
	}
	again, err := load(t, folder, shown)
	if err != nil {
		t.Fatalf("%v in\n%s", err, shown)
	}
	if !reflect.DeepEqual(again, c) {
		t.Fatalf("read\n%+v, want\n%+v", again, c)
	}
}
