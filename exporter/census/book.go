package census

import (
	"slices"
	"sync"
	"time"

	"github.com/mnm-social/mnm/exporter/domain"
)

// Book has the latest Entry of every instance. It is safe for concurrent use; entries it gives out never change.
type Book struct {
	rules Rules

	mu      sync.Mutex
	entries map[domain.Name]*Entry
	order   []domain.Name // sorted
	changes [ChangeCount]uint64
}

// NewBook is an empty book that judges by rules.
func NewBook(rules Rules) *Book {
	return &Book{rules: rules, entries: map[domain.Name]*Entry{}}
}

// Add enters the names that are not in the book yet and returns how many they were.
// Those of the first round are the baseline: seeing them is no news.
func (b *Book) Add(names []domain.Name, at time.Time, baseline bool) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := len(b.order)
	for _, n := range names {
		if _, ok := b.entries[n]; !ok {
			b.entries[n] = &Entry{Name: n, Added: at, Baseline: baseline}
			b.order = append(b.order, n)
		}
	}
	if len(b.order) > before {
		slices.SortFunc(b.order, domain.Compare)
	}
	return len(b.order) - before
}

// Exclude marks the entries that our operator excludes, and no others. What they said before is forgotten at once.
func (b *Book) Exclude(excluded func(domain.Name) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for name, e := range b.entries {
		if excluded(name) != e.Excluded {
			next := *e
			next.Excluded = !e.Excluded
			next.forget()
			b.entries[name] = &next
		}
	}
}

// Forget drops the entries that nobody names any more once they have been silent for ForgetAfter, and returns how many.
func (b *Book) Forget(named func(domain.Name) bool, now time.Time) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := len(b.order)
	b.order = slices.DeleteFunc(b.order, func(n domain.Name) bool {
		forgotten := b.entries[n].Silence(now) >= b.rules.ForgetAfter && !named(n)
		if forgotten {
			delete(b.entries, n)
		}
		return forgotten
	})
	return before - len(b.order)
}

// SetRules is for a new configuration.
func (b *Book) SetRules(rules Rules) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rules = rules
}

// Apply enters what a visit saw. A name that is not in the book, or was excluded meanwhile, is left as it is.
func (b *Book) Apply(name domain.Name, seen Observation) {
	b.mu.Lock()
	defer b.mu.Unlock()
	prev, ok := b.entries[name]
	if !ok || prev.Excluded {
		return
	}
	next, changes := Next(*prev, seen, b.rules)
	b.entries[name] = &next
	for _, c := range changes {
		b.changes[c]++
	}
}

// Entry is what the book has of an instance; nil: nothing.
func (b *Book) Entry(name domain.Name) *Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.entries[name]
}

// Entries is the book as it stands, by name, and how many changes of each kind it has seen.
func (b *Book) Entries() ([]*Entry, [ChangeCount]uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]*Entry, len(b.order))
	for i, n := range b.order {
		all[i] = b.entries[n]
	}
	return all, b.changes
}
