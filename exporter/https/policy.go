package https

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// directives are what is left of all policies of a page, taken together as MDN's scanner does it.
type directives struct {
	sources map[string]*sources
	// repeated says that a policy has report-uri or report-to twice, which is noted and not an error.
	repeated bool
}

// sources are the sources of one directive. Directives that fall back on default-src share its sources, so that taking
// one away takes it from all of them.
type sources struct{ list []string }

func (s *sources) has(source string) bool { return slices.Contains(s.list, source) }

func (s *sources) drop(unwanted func(string) bool) { s.list = slices.DeleteFunc(s.list, unwanted) }

// size is how many entries the scanner counts.
func (d directives) size() int {
	if d.repeated {
		return len(d.sources) + 1
	}
	return len(d.sources)
}

// fallback are the sources of the first of the directives that is there, or any source at all.
func (d directives) fallback(names ...string) *sources {
	for _, name := range names {
		if s := d.sources[name]; s != nil {
			return s
		}
	}
	return &sources{list: []string{"*"}}
}

// source is one source on its way through parsePolicies.
type source struct {
	text   string
	policy int
	keep   bool
}

const (
	// shortestPolicy is the least that can be a policy, in UTF-16 code units.
	shortestPolicy = 6
	// maxCompared bounds how much text of policies is read, sorted and compared, in bytes, each as often as that happens:
	// two policies as long as a header may be are within it.
	maxCompared = 4 * maxHeader
)

// errPolicy makes the whole policy invalid: one is too short, repeats a directive, has a broken percent-encoding where
// it is compared, or all are too long.
var errPolicy = errors.New("no valid policy")

// parsePolicies reads policies and makes one of them, as MDN's scanner does it, so that what only one of them lets in is
// out: of a directive that the first policy has and a later one too, the sources that match are left; of one that the
// first has not, nothing. What two policies have in common stays, whatever a third says. Within one policy, sources that
// begin with another one are superfluous. Both look at neighbours in the alphabet's order only.
func parsePolicies(policies []string) (directives, error) {
	d := directives{sources: map[string]*sources{}}
	left := maxCompared
	kept := map[string][]source{}
	for i, policy := range policies {
		policy = trim(strings.ReplaceAll(strings.ReplaceAll(policy, "\r", ""), "\n", ""))
		if shorter(policy, shortestPolicy) {
			return directives{}, errPolicy
		}
		seen := map[string]bool{}
		for part := range strings.SplitSeq(policy, ";") {
			if left -= len(part) + 1; left < 0 {
				return directives{}, errPolicy
			}
			words := strings.FieldsFunc(part, space)
			if len(words) == 0 {
				continue
			}
			name := lower(words[0])
			if seen[name] {
				if name != "report-uri" && name != "report-to" {
					return directives{}, errPolicy
				}
				d.repeated = true
			}
			seen[name] = true
			for _, s := range kept[name] {
				left -= len(s.text) + 1
			}
			if left < 0 {
				return directives{}, errPolicy
			}
			merged, err := merge(kept[name], words[1:], i)
			if err != nil {
				return directives{}, err
			}
			for j := range merged { // after the first policy, they stay only if a second one has them too
				merged[j].keep = merged[j].keep && (i > 0 || len(policies) == 1)
			}
			kept[name] = merged
		}
	}
	for name, list := range kept {
		d.sources[name] = flat(list)
	}
	return d, nil
}

// merge adds a policy's sources to those that are left of the policies before it.
func merge(before []source, words []string, policy int) ([]source, error) {
	if policy == 0 { // report-uri and report-to again: the last one counts
		before = nil
	}
	all := append(make([]source, 0, len(before)+len(words)), before...)
	for _, word := range words {
		all = append(all, source{text: lower(word), policy: policy, keep: policy == 0})
	}
	slices.SortStableFunc(all, func(a, b source) int { return collate(a.text, b.text) })
	for i := 1; i < len(all); i++ {
		prev, s := all[i-1], &all[i]
		switch {
		case s.policy == prev.policy && strings.HasPrefix(s.text, prev.text):
			s.keep = false
		case s.policy != prev.policy:
			match, err := covers(prev.text, s.text)
			if err != nil {
				return nil, err
			}
			s.keep = s.keep || match
		}
	}
	return slices.DeleteFunc(all, func(s source) bool { return !s.keep }), nil
}

// flat are the texts of a list, each once; of a list with nothing left, that nothing is let in.
func flat(list []source) *sources {
	if len(list) == 0 {
		return &sources{list: []string{"'none'"}}
	}
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = s.text
	}
	return &sources{list: slices.Compact(texts)}
}

// covers reports whether source a covers source b: all its parts between slashes are b's first, or, if it does not end in
// a slash, b's only ones.
func covers(a, b string) (bool, error) {
	slashes, others := strings.Count(a, "/"), strings.Count(b, "/")
	if slashes > others || slashes < others && !strings.HasSuffix(a, "/") {
		return false, nil
	}
	for a != "" {
		var part, other string
		part, a, _ = strings.Cut(a, "/")
		other, b, _ = strings.Cut(b, "/")
		mine, err := decode(part)
		if err != nil {
			return false, err
		}
		its, err := decode(other)
		if err != nil {
			return false, err
		}
		if mine != its {
			return false, nil
		}
	}
	return true, nil
}

// decode undoes percent-encoding, which must be of UTF-8.
func decode(s string) (string, error) {
	t, err := url.PathUnescape(s)
	if err != nil || !utf8.ValidString(t) {
		return "", errPolicy
	}
	return t, nil
}

// shorter reports whether s has less than n UTF-16 code units.
func shorter(s string, n int) bool {
	for _, r := range s {
		if n--; r > 0xffff {
			n--
		}
		if n <= 0 {
			return false
		}
	}
	return true
}

// alphabet is ASCII in the order of the Unicode collation that the scanner sorts by (ICU's root, as "en" has it), capitals
// aside; what is not in it is a control character and doesn't count.
const alphabet = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz"

// weights are the places of ASCII characters in the alphabet, from 1; 0: doesn't count.
var weights = func() (w [128]int) {
	for i := range len(alphabet) {
		w[alphabet[i]] = i + 1
	}
	return w
}()

// collate compares lower-case texts in the alphabet's order. Characters beyond ASCII, which have no place in a policy,
// come after it, unlike in the scanner.
func collate(a, b string) int {
	for {
		x, restA := weigh(a)
		y, restB := weigh(b)
		if x != y || x == 0 {
			return x - y
		}
		a, b = restA, restB
	}
}

// weigh is the place of the first character that counts, and what follows it; 0 if there is none.
func weigh(s string) (int, string) {
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		switch {
		case r >= utf8.RuneSelf:
			return int(r), s
		case weights[r] > 0:
			return weights[r], s
		}
	}
	return 0, ""
}
