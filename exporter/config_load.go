package exporter

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/mnm-social/mnm/exporter/domain"
)

// maxProblems are shown at once; whoever has more made one mistake many times.
const maxProblems = 20

// LoadFile reads a configuration file over the defaults.
//
// Its error has all that is wrong, one line each, in the order of the file: FILE:LINE:COLUMN: KEY: what is wrong; what is
// allowed. A file that is no YAML is wrong once, at the line where that shows. Values are never repeated where a secret
// may have got by mistake.
func LoadFile(name string) (Config, error) {
	f, err := os.Open(name)
	if err != nil {
		return Config{}, fmt.Errorf("reading the configuration: %w", err)
	}
	defer func() { _ = f.Close() }() // only read from
	text, err := io.ReadAll(io.LimitReader(f, configLimit+1))
	if err != nil {
		return Config{}, fmt.Errorf("reading the configuration: %w", err)
	}
	r := readConfig(text, filepath.Dir(name))
	if len(r.problems) > 0 {
		return Config{}, r.err(name)
	}
	return r.config, nil
}

// configReader reads one file.
type configReader struct {
	config   Config
	folder   string // paths in the file are from here
	keys     []configKey
	places   map[string]yamlNode     // the key nodes that were there, by path
	items    map[configItem]yamlNode // the items of lists
	problems []configProblem
}

// configItem is something in the list of a key, as it is shown.
type configItem struct{ key, value string }

// configProblem is one thing that is wrong, in words that name the key.
type configProblem struct {
	line, column int // from 1; column in characters
	err          error
}

func (r *configReader) problem(at yamlNode, format string, args ...any) {
	r.problems = append(r.problems, configProblem{at.Line, at.Column, fmt.Errorf(format, args...)})
}

func (r *configReader) err(name string) error {
	slices.SortStableFunc(r.problems, func(a, b configProblem) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
	})
	var all []error
	for i, p := range r.problems {
		if i == maxProblems {
			all = append(all, fmt.Errorf("%s: and %d problems more", name, len(r.problems)-i))
			break
		}
		all = append(all, fmt.Errorf("%s:%d:%d: %w", name, p.line, p.column, p.err))
	}
	return errors.Join(all...)
}

// readConfig reads the text of a file over the defaults. The configuration is good if there are no problems.
func readConfig(text []byte, folder string) *configReader {
	r := &configReader{config: DefaultConfig(), folder: folder, keys: configKeys(), places: map[string]yamlNode{}, items: map[configItem]yamlNode{}}
	top := r.decode(text)
	if top == nil || !r.plain(top) {
		return r
	}
	r.section("", top)
	r.contradictions()
	if len(r.problems) == 0 { // else the defaults stand in for what could not be read
		for _, f := range r.config.faults() {
			r.problem(r.place(f.key), "%s: %s", f.key, f.text)
		}
	}
	return r
}

// section reads the keys below a path, which is "" at the top.
func (r *configReader) section(path string, n yamlNode) {
	if n.Tag == "!!null" {
		return // as if everything in it were commented out
	}
	known := r.below(path)
	if n.Kind != yaml.MappingNode {
		r.problem(n, "%sthis is %s; write keys and their values, known here are %s", pathPrefix(path, ": "), shape(n), strings.Join(known, ", "))
		return
	}
	first := map[string]yamlNode{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		at := pathPrefix(path, ".") + k.Value
		if k.Kind != yaml.ScalarNode {
			r.problem(k, "%sa key is %s; known here are %s", pathPrefix(path, ": "), shape(k), strings.Join(known, ", "))
		} else if r.unique(path, k.Value, first[k.Value], k) {
			first[k.Value], r.places[at] = k, k
			r.entry(at, k, v, known)
		}
	}
}

// entry reads one key and its value.
func (r *configReader) entry(path string, k, v yamlNode, known []string) {
	i := slices.IndexFunc(r.keys, func(k configKey) bool { return k.path == path })
	switch {
	case strings.Contains(k.Value, "."): // else a path could be written in two ways
		r.problem(k, "%s: a key has no dots; write sections and keys one below the other, known here are %s", plainly(path), strings.Join(known, ", "))
	case k.Value == "":
		r.problem(k, "%sa key is empty; known here are %s", pathPrefix(strings.TrimSuffix(path, "."), ": "), strings.Join(known, ", "))
	case i >= 0 && v.Tag == "!!null": // its default
	case i >= 0:
		r.keys[i].value.read(r, path, v)
	case len(r.below(path)) > 0:
		r.section(path, v)
	default:
		r.problem(k, "%s: not a known key; known here are %s", plainly(path), strings.Join(known, ", "))
	}
}

// below are the keys one step below a path.
func (r *configReader) below(path string) []string {
	var all []string
	for _, k := range r.keys {
		if rest, ok := strings.CutPrefix(k.path, pathPrefix(path, ".")); ok {
			name, _, _ := strings.Cut(rest, ".")
			all = append(all, name)
		}
	}
	return slices.Compact(all)
}

// plainly is a path as it is, unless it has characters that no message should have.
func plainly(path string) string {
	if q := short(path); q != `"`+path+`"` {
		return q
	}
	return path
}

func pathPrefix(path, and string) string {
	if path == "" {
		return ""
	}
	return path + and
}

// unique reports whether something stands at a place for the first time.
func (r *configReader) unique(path, what string, first, again yamlNode) bool {
	if first != nil {
		r.problem(again, "%s%s stands in line %d, column %d already; remove one", pathPrefix(path, ": "), plainly(what), first.Line, first.Column)
	}
	return first == nil
}

// place is where a key stands, or the nearest section of it that is there, or the beginning.
func (r *configReader) place(path string) yamlNode {
	for ; path != ""; path = path[:max(0, strings.LastIndexByte(path, '.'))] {
		if n := r.places[path]; n != nil {
			return n
		}
	}
	return &yaml.Node{Line: 1, Column: 1}
}

// contradictions refuses names that are to be visited and are excluded, by themselves or by a name above them.
func (r *configReader) contradictions() {
	var followed []domain.Name
	for _, t := range r.config.Timelines.Servers {
		followed = append(followed, t.Host)
	}
	slices.SortFunc(followed, domain.Compare)
	for _, wanted := range []struct {
		key   string
		names []domain.Name
	}{{"watch", r.config.Watch}, {"directories.domains", r.config.Directories.Domains}, {"timelines.servers.host", slices.Compact(followed)}} {
		for _, n := range wanted.names {
			for above, more := n.String(), true; more; _, above, more = strings.Cut(above, ".") {
				if at := r.items[configItem{"exclude", above}]; at != nil {
					first := r.items[configItem{wanted.key, n.String()}]
					r.problem(at, "exclude: %s leaves out %s, which stands in %s (line %d, column %d); remove one", above, n, wanted.key, first.Line, first.Column)
				}
			}
		}
	}
}
