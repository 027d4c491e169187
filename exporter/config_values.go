package exporter

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"github.com/mnm-social/mnm/exporter/country"
	"github.com/mnm-social/mnm/exporter/domain"
)

// single is a value that is one word; parse says what is wrong with it. A value is set only if it is good.
func singleValue[T any](kind, allowed string, field func(*Config) *T, parse func(n yamlNode) (T, error), show func(T) string) configValue {
	return configValue{
		kind: kind, allowed: allowed,
		read: func(r *configReader, path string, n yamlNode) {
			if n.Kind != yaml.ScalarNode {
				r.problem(n, "%s: this is %s; write %s", path, shape(n), allowed)
			} else if v, err := parse(n); err != nil {
				r.problem(n, "%s: %w; write %s", path, err, allowed)
			} else {
				*field(&r.config) = v
			}
		},
		show: func(c *Config) string { return show(*field(c)) },
	}
}

// shape names what stands at a node. It never repeats a value, which may be a secret in a wrong place.
func shape(n yamlNode) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!null":
		return "nothing"
	}
	return "a single value"
}

// short is a value as messages repeat it.
func short(s string) string {
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	return strconv.Quote(s)
}

func textValue(field func(*Config) *string, allowed string, check func(string) error) configValue {
	return singleValue("text", allowed, field, func(n yamlNode) (string, error) { return n.Value, check(n.Value) }, quoted)
}

// quoted is a value as a file has it. Of those that are shown only the empty one, and addresses in brackets, need quotes.
func quoted(s string) string {
	if s == "" || s[0] == '[' {
		return `"` + s + `"`
	}
	return s
}

func boolValue(field func(*Config) *bool) configValue {
	return singleValue("boolean", "true or false", field, func(n yamlNode) (bool, error) {
		if n.Tag != "!!bool" {
			return false, fmt.Errorf("%s is neither", short(n.Value))
		}
		return strings.EqualFold(n.Value, "true"), nil
	}, strconv.FormatBool)
}

func numberValue(field func(*Config) *int, least, most int) configValue {
	return singleValue("number", fmt.Sprintf("a whole number from %d to %d", least, most), field, func(n yamlNode) (int, error) {
		v, err := strconv.Atoi(n.Value)
		if err != nil {
			return 0, fmt.Errorf("%s is no whole number", short(n.Value))
		}
		return v, within(v, least, most, v)
	}, strconv.Itoa)
}

// duration is written as Prometheus does it: 90m, 1h30m, 30d.
func durationValue(field func(*Config) *time.Duration, least, most time.Duration) configValue {
	allowed := fmt.Sprintf("a duration from %s to %s, written as 90m, 2h or 30d", spell(least), spell(most))
	return singleValue("duration", allowed, field, func(n yamlNode) (time.Duration, error) {
		d, err := model.ParseDuration(n.Value)
		if err != nil {
			return 0, fmt.Errorf("%s is no duration", short(n.Value))
		}
		return time.Duration(d), within(time.Duration(d), least, most, spell(time.Duration(d)))
	}, spell)
}

// spell writes a duration in one unit where that is whole, as people do: 24h, 36h, 30d.
func spell(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d > day && d%day == 0:
		return fmt.Sprintf("%dd", d/day)
	case d > 0 && d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return model.Duration(d).String()
}

func within[T cmp.Ordered](v, least, most T, shown any) error {
	switch {
	case v < least:
		return fmt.Errorf("%v is too little", shown)
	case v > most:
		return fmt.Errorf("%v is too much", shown)
	}
	return nil
}

// list is a value of several; parse says what is wrong with one. None may be there twice.
func listValue[T any](kind, allowed, hint string, most int, field func(*Config) *[]T, parse func(string) (T, error), show func(T) string) configValue {
	return configValue{
		kind: kind, allowed: allowed,
		read: func(r *configReader, path string, n yamlNode) {
			if !r.isList(path, hint, n, most) {
				return
			}
			for _, c := range n.Content {
				v, ok := parseItem(r, path, hint, c, parse)
				at := configItem{path, show(v)}
				if ok && r.unique(path, at.value, r.items[at], c) {
					r.items[at] = c
					*field(&r.config) = append(*field(&r.config), v)
				}
			}
		},
		show: func(c *Config) string {
			var all []string
			for _, v := range *field(c) {
				all = append(all, quoted(show(v)))
			}
			return "[" + strings.Join(all, ", ") + "]"
		},
	}
}

// isList reports whether at a node stands a list of at most so many.
func (r *configReader) isList(path, hint string, n yamlNode, most int) bool {
	switch {
	case n.Kind != yaml.SequenceNode:
		r.problem(n, "%s: this is %s; write a list, such as [%s]", path, shape(n), hint)
	case len(n.Content) > most:
		r.problem(n.Content[most], "%s: there are %d of them; write at most %d", path, len(n.Content), most)
	default:
		return true
	}
	return false
}

func parseItem[T any](r *configReader, path, hint string, n yamlNode, parse func(string) (T, error)) (T, bool) {
	if n.Kind != yaml.ScalarNode {
		var none T
		r.problem(n, "%s: this is %s; write one such as %s", path, shape(n), hint)
		return none, false
	}
	v, err := parse(n.Value)
	if err != nil {
		r.problem(n, "%s: %w; write one such as %s", path, err, hint)
	}
	return v, err == nil
}

func namesValue(field func(*Config) *[]domain.Name, most int) configValue {
	return listValue("list of names", fmt.Sprintf("at most %d domain names, each once", most), "mastodon.social", most, field, domain.Parse, domain.Name.String)
}

func resolversValue(field func(*Config) *[]netip.AddrPort, most int) configValue {
	return listValue("list of addresses", fmt.Sprintf("at most %d addresses, each with or without a port", most), `9.9.9.9, 9.9.9.9:53 or "[2620:fe::fe]:53"`, most, field,
		parseResolver, netip.AddrPort.String)
}

// parseResolver takes an address, with port 53 unless it has another.
func parseResolver(s string) (netip.AddrPort, error) {
	addr, err := netip.ParseAddr(s)
	port := uint16(53)
	if err != nil {
		both, err := netip.ParseAddrPort(s)
		if err != nil {
			return netip.AddrPort{}, fmt.Errorf("%s is neither an IP address nor one with a port", short(s))
		}
		addr, port = both.Addr(), both.Port()
	}
	addr = addr.Unmap()
	if addr.IsUnspecified() || addr.IsMulticast() || port == 0 {
		return netip.AddrPort{}, fmt.Errorf("nobody can be asked at %s", short(s))
	}
	return netip.AddrPortFrom(addr, port), nil
}

// overrides is a mapping of names to codes of countries.
func overridesValue(field func(*Config) *map[domain.Name]string) configValue {
	const hint = "mastodon.social: DE"
	return configValue{
		kind: "mapping of names to countries", allowed: "codes of ISO 3166-1 with two capital letters, and XK",
		read: func(r *configReader, path string, n yamlNode) {
			if n.Kind != yaml.MappingNode {
				r.problem(n, "%s: this is %s; write a mapping, such as {%s}", path, shape(n), hint)
				return
			}
			all := map[domain.Name]string{}
			for i := 0; i+1 < len(n.Content); i += 2 {
				name, named := parseItem(r, path, hint, n.Content[i], domain.Parse)
				code, known := parseItem(r, path, hint, n.Content[i+1], parseCountry)
				at := configItem{path, name.String()}
				if named && known && r.unique(path, at.value, r.items[at], n.Content[i]) {
					r.items[at], all[name] = n.Content[i], code
				}
			}
			*field(&r.config) = all
		},
		show: func(c *Config) string {
			var all []string
			for _, name := range slices.SortedFunc(maps.Keys(*field(c)), domain.Compare) {
				all = append(all, name.String()+": "+(*field(c))[name])
			}
			return "{" + strings.Join(all, ", ") + "}"
		},
	}
}

func parseCountry(s string) (string, error) {
	if !country.Valid(s) {
		return "", fmt.Errorf("%s is no code of a country in ISO 3166-1", short(s))
	}
	return s, nil
}
