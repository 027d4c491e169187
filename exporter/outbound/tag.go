package outbound

import (
	"net/http"
	"strings"
)

// TagDeclines reports whether X-Robots-Tag says none or noindex to everybody or to us. A value may begin with the name of
// the robot that it is for; directives with a value of their own (unavailable_after, max-snippet …) are no such names.
// The form is that of https://developers.google.com/search/docs/crawling-indexing/robots-meta-tag.
func TagDeclines(h http.Header) bool {
	for _, line := range h.Values("X-Robots-Tag") {
		ours := true
		for _, part := range strings.Split(line, ",") {
			directive := strings.ToLower(strings.TrimSpace(part))
			if name, rest, ok := strings.Cut(directive, ":"); ok {
				name = strings.TrimSpace(name)
				if name == "unavailable_after" || strings.HasPrefix(name, "max-") {
					continue
				}
				ours, directive = name == robotsToken, strings.TrimSpace(rest)
			}
			if ours && (directive == "none" || directive == "noindex") {
				return true
			}
		}
	}
	return false
}
