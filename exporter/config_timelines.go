package exporter

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/timeline"
)

// maxTimelines and maxDenied bound the lists. maxAuthors bounds what is remembered of each hashtag: so many hashes.
const maxTimelines, maxDenied, maxAuthors = 1000, 1000, 200

// timelineKeys are the rows of timelines and hashtags.
func timelineKeys() []configKey {
	return []configKey{
		{"timelines.auto", numberValue(func(c *Config) *int { return &c.Timelines.Auto }, 0, 10),
			"So many federated timelines are followed beside those of `timelines.servers`: of servers that are chosen at random, once, among the 50 with the most active users whose timeline anybody may read. With 0 there are none.",
			"5"},
		{"timelines.servers", timelinesValue(maxTimelines),
			"Public timelines to follow, by the keys below, of which each item has its own. A toot that is seen in several counts once.",
			""},
		{"timelines.servers.host", nameValue(func(c *Config) *domain.Name { return &lastTimeline(c).Host }),
			"The server. Each item needs one.",
			"mastodon.social"},
		{"timelines.servers.scope", scopeValue(func(c *Config) *timeline.Scope { return &lastTimeline(c).Scope }),
			"Whether to follow what the server's own users write, or also what the server hears of others. One server may be there with both.",
			"federated"},
		{"timelines.servers.token_file", secretValue(func(c *Config) *string { return &lastTimeline(c).TokenFile }),
			"Follow with a user's token, which `mnm-exporter token HOST` gets: by the stream then, and where only users may read. Without one the timeline is polled.",
			"secrets/mastodon.social"},
		{"hashtags.top", numberValue(func(c *Config) *int { return &c.Hashtags.Top }, 1, 500),
			"So many hashtags are shown, those that were used most in the last hour, and as many of the last day.",
			"50"},
		{"hashtags.min_authors", numberValue(func(c *Config) *int { return &c.Hashtags.MinAuthors }, leastAuthors, maxAuthors),
			"A hashtag is shown only if so many different authors used it in that time, so that it cannot point at a person.",
			"30"},
		{"hashtags.min_servers", numberValue(func(c *Config) *int { return &c.Hashtags.MinServers }, leastServers, maxAuthors),
			"And only if those authors are on so many different servers.",
			"5"},
		{"hashtags.deny", tagsValue(func(c *Config) *[]string { return &c.Hashtags.Deny }, maxDenied),
			"Hashtags that are never shown, in any spelling.",
			`[giveaway, "#FollowFriday"]`},
	}
}

// timelinesValue is the list of timelines.servers. The keys of its items have rows of their own in the table, below its path; their
// fields are those of lastTimeline, which is the item that is being read.
func timelinesValue(most int) configValue {
	const hint = "{host: mastodon.social, scope: local}"
	return configValue{
		kind: "list of mappings", items: true,
		allowed: fmt.Sprintf("at most %d mappings, each pair of host and scope once", most),
		read: func(r *configReader, path string, n yamlNode) {
			if !r.isList(path, hint, n, most) {
				return
			}
			for _, item := range n.Content {
				r.timeline(path, hint, item)
			}
		},
		show: func(c *Config) string {
			var all []string
			for _, t := range c.Timelines.Servers {
				all = append(all, fmt.Sprintf("{host: %s, scope: %s, token_file: %s}", t.Host, t.Scope, quoted(t.TokenFile)))
			}
			return "[" + strings.Join(all, ", ") + "]"
		},
	}
}

// timeline reads one item of timelines.servers.
func (r *configReader) timeline(path, hint string, item yamlNode) {
	before := len(r.problems)
	if item.Kind != yaml.MappingNode {
		r.problem(item, "%s: this is %s; write a mapping, such as %s", path, shape(item), hint)
		return
	}
	r.config.Timelines.Servers = append(r.config.Timelines.Servers, defaultTimeline())
	r.section(path, item)
	if !hasValue(item, "host") {
		r.problem(item, "%s: this has no host; write one, such as %s", path, hint)
	}
	t := lastTimeline(&r.config)
	if host := (configItem{path + ".host", t.Host.String()}); r.items[host] == nil {
		r.items[host] = item
	}
	both := configItem{path, fmt.Sprintf("%s with scope %s", t.Host, t.Scope)}
	if len(r.problems) == before && r.unique(path, both.value, r.items[both], item) {
		r.items[both] = item
	}
}

// hasValue reports whether a mapping has a value for a key.
func hasValue(n yamlNode, key string) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key && n.Content[i+1].Tag != "!!null" {
			return true
		}
	}
	return false
}

func defaultTimeline() TimelineServer { return TimelineServer{Scope: timeline.Local} }

// lastTimeline is the one that was named last; the defaults of one if there is none.
func lastTimeline(c *Config) *TimelineServer {
	if n := len(c.Timelines.Servers); n > 0 {
		return &c.Timelines.Servers[n-1]
	}
	none := defaultTimeline()
	return &none
}

func nameValue(field func(*Config) *domain.Name) configValue {
	return singleValue("name", "one such as mastodon.social", field, func(n yamlNode) (domain.Name, error) { return domain.Parse(n.Value) }, domain.Name.String)
}

func scopeValue(field func(*Config) *timeline.Scope) configValue {
	scopes := []timeline.Scope{timeline.Local, timeline.Federated}
	return singleValue("word", fmt.Sprintf("%s or %s", scopes[0], scopes[1]), field, func(n yamlNode) (timeline.Scope, error) {
		s := timeline.Scope(n.Value)
		if !slices.Contains(scopes, s) {
			return "", fmt.Errorf("%s is neither", short(n.Value))
		}
		return s, nil
	}, func(s timeline.Scope) string { return string(s) })
}

// maxTag is in characters. Longer hashtags are too rare to be shown.
const maxTag = 100

func tagsValue(field func(*Config) *[]string, most int) configValue {
	return listValue("list of hashtags", fmt.Sprintf("at most %d hashtags of at most %d characters, each once; with # it is in quotes", most, maxTag), `giveaway or "#giveaway"`, most, field,
		parseTag, func(s string) string { return s })
}

// parseTag takes a hashtag with or without its sign. Which characters it may have is Mastodon's rule (app/models/tag.rb); that not
// every order of them makes one is no matter: such a tag is never seen.
func parseTag(s string) (string, error) {
	tag := strings.TrimPrefix(strings.TrimPrefix(s, "#"), "＃")
	switch {
	case tag == "":
		return "", errors.New("there is no hashtag here, for # without quotes begins a comment")
	case utf8.RuneCountInString(tag) > maxTag:
		return "", fmt.Errorf("%s is longer than %d characters", short(tag), maxTag)
	}
	for _, r := range tag {
		if !unicode.In(r, unicode.L, unicode.M, unicode.Nd, unicode.Pc) && !strings.ContainsRune("·・\u200c", r) {
			return "", fmt.Errorf("%s is no hashtag, for it has the character %q", short(s), r)
		}
	}
	return tag, nil
}
