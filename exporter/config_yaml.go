package exporter

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// configLimit is in bytes: some 50,000 names. Longer lists belong in a file of domains.
const configLimit = 1 << 20

// yamlNode is a value or a key, with its place.
type yamlNode = *yaml.Node

// decode returns the value at the top of the only document; nil if there is none, or a problem.
func (r *configReader) decode(text []byte) yamlNode {
	if len(text) > configLimit {
		r.problem(placeIn(text, configLimit), "the file has more than %d MiB; long lists belong in a file of their own, see directories.domains_file", configLimit>>20)
		return nil
	}
	if i := invalidUTF8(text); i >= 0 {
		r.problem(placeIn(text, i), "the byte 0x%02x is no UTF-8; save the file as UTF-8", text[i])
		return nil
	}
	in := &slowReader{text: text}
	dec := yaml.NewDecoder(in)
	var first, second yaml.Node
	err := dec.Decode(&first)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil {
		err = dec.Decode(&second)
	}
	switch {
	case err == nil:
		r.problem(&second, "a second document begins here; write one, without ---")
		return nil
	case !errors.Is(err, io.EOF):
		r.noYAML(err, text[:in.read])
		return nil
	}
	return first.Content[0]
}

// noYAML reports an error of the YAML decoder, which had read a text so far.
func (r *configReader) noYAML(err error, read []byte) {
	// The decoder's own line is missing, or one too low, or where the structure began that went wrong later. So the line is
	// the last one that it looked at, less what it skips.
	lines := strings.Split(string(read), "\n")
	at := len(lines)
	for at > 1 && skipped(lines[at-1]) {
		at--
	}
	line := lines[at-1]
	column := 1 + utf8.RuneCountInString(line) - utf8.RuneCountInString(strings.TrimLeft(line, " \t"))
	what := strings.TrimPrefix(err.Error(), "yaml: ")
	var from int
	if n, _ := fmt.Sscanf(what, "line %d:", &from); n == 1 {
		_, what, _ = strings.Cut(what, ": ")
	}
	if from > 0 && from < at-2 {
		what += fmt.Sprintf(", looking from line %d on", from)
	}
	r.problem(&yaml.Node{Line: at, Column: column}, "this is no YAML: %s; see docs/configuration.md for an example", what)
}

func skipped(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || strings.HasPrefix(line, "#")
}

// slowReader hands out one byte at a time, so that what was read tells where its reader stopped.
type slowReader struct {
	text []byte
	read int
}

func (s *slowReader) Read(p []byte) (int, error) {
	if s.read == len(s.text) || len(p) == 0 {
		return 0, io.EOF
	}
	p[0] = s.text[s.read]
	s.read++
	return 1, nil
}

// invalidUTF8 is where text stops to be UTF-8; -1 if nowhere.
func invalidUTF8(text []byte) int {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// placeIn is line and column of a byte.
func placeIn(text []byte, i int) yamlNode {
	before := text[:i]
	start := bytes.LastIndexByte(before, '\n') + 1
	return &yaml.Node{Line: 1 + bytes.Count(before, []byte("\n")), Column: 1 + utf8.RuneCount(before[start:])}
}

// plain refuses what makes a file hard to read: aliases, which can also make a small file a huge one, and explicit tags.
func (r *configReader) plain(n yamlNode) bool {
	switch {
	case n.Kind == yaml.AliasNode:
		r.problem(n, "the alias *%s is not followed; write the value itself", n.Value)
	case n.Style&yaml.TaggedStyle != 0:
		r.problem(n, "the tag %s is not read; write the value without it", short(n.Tag))
	}
	for _, c := range n.Content {
		r.plain(c)
	}
	return len(r.problems) == 0
}
