package toots

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mnm-social/mnm/exporter/domain"
)

// No string that a Tally reaches has anything of a toot: neither texts, nor names, nor addresses, nor hashtags that too few use.
// That of a source, which it shall keep, is found the same way.
func TestKeepsNoStrings(t *testing.T) {
	tally := New(Options{Names: testNames, Now: func() time.Time { return noon }, Country: nowhere,
		Hashtags: HashtagRules{Top: 10, MinAuthors: 20, MinServers: 3}})
	name, err := domain.Parse("a.net")
	if err != nil {
		t.Fatal(err)
	}
	origin := tally.Origin(name, "controlmark")
	for i := range 1000 {
		tally.Take(origin, toot(t, fmt.Sprintf(`{"id":"tootmark%[1]d","uri":"https://tootmark%[1]d.net/1","created_at":"2026-08-02T11:59:00Z",
			"language":"tootmark","spoiler_text":"tootmark","content":"<p>tootmark <a href=\"https://tootmark.net\">tootmark</a></p>",
			"application":{"name":"tootmark"},"account":{"acct":"tootmark%[1]d@tootmark%[1]d.net","url":"https://tootmark.net/"},
			"media_attachments":[{"type":"tootmark","description":"tootmark"}],"tags":[{"name":"tootmark%[1]d"}]}`, i)), true)
	}
	control := false
	walk(reflect.ValueOf(tally), map[uintptr]bool{}, func(s string) {
		control = control || strings.Contains(s, "controlmark")
		if strings.Contains(s, "tootmark") {
			t.Fatalf("the Tally holds %q", s)
		}
	})
	if !control {
		t.Error("the label of the source wasn't found")
	}
	if _, remote := tally.Toots(); remote != 1000 {
		t.Errorf("%d toots", remote)
	}
}

// walk visits all strings, and all bytes as strings, that a value reaches but through functions.
func walk(v reflect.Value, visited map[uintptr]bool, visit func(string)) {
	switch v.Kind() {
	case reflect.String:
		visit(v.String())
	case reflect.Pointer:
		if !v.IsNil() && !visited[v.Pointer()] {
			visited[v.Pointer()] = true
			walk(v.Elem(), visited, visit)
		}
	case reflect.Interface:
		walk(v.Elem(), visited, visit)
	case reflect.Struct:
		for i := range v.NumField() {
			walk(v.Field(i), visited, visit)
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 && v.Kind() == reflect.Slice {
			visit(string(v.Bytes()))
			return
		}
		for i := range v.Len() {
			walk(v.Index(i), visited, visit)
		}
	case reflect.Map:
		for entries := v.MapRange(); entries.Next(); {
			walk(entries.Key(), visited, visit)
			walk(entries.Value(), visited, visit)
		}
	}
}
