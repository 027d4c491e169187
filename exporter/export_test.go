package exporter

import (
	"context"
	"fmt"
	"testing"
)

// Entry shows what the book has of an instance, for a test that failed.
func (e *Exporter) Entry(t *testing.T, name string) string {
	t.Helper()
	all, _ := e.book.Entries()
	for _, entry := range all {
		if entry.Name.String() == name {
			return fmt.Sprintf("%+v", *entry)
		}
	}
	return "not in the book"
}

// Save is what Run does once a minute.
func (e *Exporter) Save() { e.saveNow(context.Background()) }
