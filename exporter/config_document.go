package exporter

import (
	"fmt"
	"io"
	"strings"
)

// Flag is one of the program's, as docs/configuration.md shows it.
type Flag struct{ Name, Default, Help string }

// DocumentConfig writes the reference of the configuration, docs/configuration.md: of the flags that it is given, and of
// every key that LoadFile reads.
func DocumentConfig(w io.Writer, flags []Flag) error {
	var b strings.Builder
	b.WriteString(`# Configuration

This page is generated from the table in ` + "`exporter/config_keys.go` (`go generate ./cmd/mnm-exporter`)" + `, by which the program reads the file.

What is fixed at the start is a flag. All else stands in the YAML file that ` + "`--config.file`" + `
names; without one the defaults hold. ` + "`--config.check`" + ` checks the file and exits.
`)
	if len(flags) > 0 {
		b.WriteString("\n## Flags\n\n| flag | default | what |\n|---|---|---|\n")
		for _, f := range flags {
			fmt.Fprintf(&b, "| `--%s` | %s | %s |\n", f.Name, codeSpan(f.Default), tableCell(f.Help))
		}
	}
	b.WriteString("\n## Keys\n\n| key | type | default | allowed | meaning |\n|---|---|---|---|---|\n")
	c := DefaultConfig()
	for _, k := range configKeys() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", k.path, k.value.kind, codeSpan(k.value.show(&c)), tableCell(k.value.allowed), tableCell(k.meaning))
	}
	b.WriteString(documentRules)
	b.WriteString("\n## Example\n\nEvery key, each with another value than its default where that makes sense:\n\n```yaml\n" + exampleConfig() + "```\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// documentRules are those of the file as a whole.
const documentRules = `
## Rules

- A file with anything wrong in it is not used at all. All that is wrong is said at once, a line each:
  ` + "`FILE:LINE:COLUMN: KEY: what is wrong; what is allowed`" + `. What depends on several keys is looked at once each is good by itself.
- A key that is left out, or has nothing behind it, has its default. A key may be there once; unknown ones are refused.
- Domain names may be written in any spelling: capitals, Unicode, with ` + "`https://`" + ` before. They are compared in the one
  normal form, so a name in two spellings is there twice. A name in ` + "`exclude`" + ` stands for everything below it too, and
  may not exclude what ` + "`watch`, `directories.domains` or `timelines.servers`" + ` names.
- A list of mappings has an item for each thing, which begins with a dash and has keys of its own. They stand in the table
  below the name of the list, as ` + "`timelines.servers.host`" + ` does, with the default for each item that leaves them out.
- Without quotes ` + "`#`" + ` begins a comment: write ` + "`deny: [giveaway]` or `deny: [\"#giveaway\"]`" + `.
- Durations are written as Prometheus writes them: ` + "`90m`, `1h30m`, `2d`" + `; a day has 24 hours.
- Secrets come from files only. Such a file must be there and hold one token when the configuration is loaded, so that a
  mistake is found by ` + "`--config.check`" + ` and not by the first request. The token is read anew for each use, so it can be
  changed without a reload; it is never logged. Paths are seen from the folder of the configuration file.
- ` + "`directories.joinmastodon`, `watch` and up to 50 `directories.domains` work without `contact`" + `. The other sources name
  servers whose admins never asked to be visited, so they must know whom to ask.
- The file is one YAML document in UTF-8 of at most 1 MiB, without aliases (` + "`*name`) and tags (`!name`)" + `.
`

func codeSpan(s string) string {
	if s == "" {
		return "–"
	}
	return "`" + tableCell(s) + "`"
}

// cell is text in a table of Markdown.
func tableCell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// exampleConfig is a file with every key.
func exampleConfig() string {
	var b strings.Builder
	var open []string     // the sections that the line before was in
	list, dash := "-", "" // the list of mappings that it was in, and what the next key of the item has before it
	for _, k := range configKeys() {
		steps := strings.Split(k.path, ".")
		sections := steps[:len(steps)-1]
		for i, s := range sections {
			if i >= len(open) || open[i] != s {
				fmt.Fprintf(&b, "%s%s:\n", strings.Repeat("  ", i), s)
				open = append(open[:i:i], s)
			}
		}
		open = sections
		if !strings.HasPrefix(k.path, list+".") {
			list, dash = "-", ""
		}
		indent := strings.Repeat("  ", len(sections))
		for _, line := range wrap(strings.ReplaceAll(k.meaning, "`", ""), 100) {
			fmt.Fprintf(&b, "%s# %s\n", indent+strings.TrimSuffix(dash, "- "), line)
		}
		if k.value.items {
			fmt.Fprintf(&b, "%s%s:\n", indent, steps[len(steps)-1])
			open, list, dash = steps, k.path, "- "
			continue
		}
		fmt.Fprintf(&b, "%s%s%s: %s\n", indent, dash, steps[len(steps)-1], k.example)
		dash = strings.ReplaceAll(dash, "-", " ")
	}
	return b.String()
}

// wrap breaks text into lines of so many bytes.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
