package census

import (
	"sync"
	"testing"
	"time"

	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/instance"
)

func names(t *testing.T, all ...string) []domain.Name {
	t.Helper()
	var parsed []domain.Name
	for _, s := range all {
		n, err := domain.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, n)
	}
	return parsed
}

func TestBook(t *testing.T) {
	b := NewBook(rules)
	n := names(t, "oak.social", "elm.social", "Oak.Social.")
	if got := b.Add(n, start, true); got != 2 {
		t.Fatalf("added %d, want 2: one name in two spellings is one instance", got)
	}
	before, _ := b.Entries()
	b.Apply(n[0], sight(0, Good, saying("4.5.0", 10, instance.Yes)))
	b.Apply(names(t, "unknown.social")[0], sight(0, Good, saying("4.5.0", 10, instance.Yes)))
	after, _ := b.Entries()
	if len(after) != 2 || after[0].Name.String() != "elm.social" || after[1].Up != Yes {
		t.Fatalf("entries %v", after)
	}
	if before[1].Up != Unseen {
		t.Fatal("an entry that was given out has changed")
	}
	b.Apply(n[0], sight(time.Hour, Good, saying("4.5.1", 10, instance.Yes)))
	if _, changes := b.Entries(); changes[ChangeVersion] != 1 {
		t.Fatalf("changes %v", changes)
	}
}

// TestBookManyWriters is for the race detector.
func TestBookManyWriters(t *testing.T) {
	b := NewBook(rules)
	n := names(t, "oak.social", "elm.social")
	b.Add(n, start, true)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			b.Apply(n[i%2], sight(time.Duration(i)*time.Minute, Good, saying("4.5.0", 10, instance.Yes)))
			b.Entries()
			b.Add(n, start, false)
		})
	}
	wg.Wait()
	if all, _ := b.Entries(); all[0].Visits != 10 || all[1].Visits != 10 {
		t.Fatalf("visits %d and %d, want 10 each", all[0].Visits, all[1].Visits)
	}
}
