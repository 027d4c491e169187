package outbound

import (
	"net/http"
	"testing"
)

func TestTagDeclines(t *testing.T) {
	for name, row := range map[string]struct {
		values []string
		want   bool
	}{
		"no header":                {nil, false},
		"noindex":                  {[]string{"noindex"}, true},
		"none":                     {[]string{"none"}, true},
		"in a list":                {[]string{"nofollow, noindex"}, true},
		"capitals and space":       {[]string{"  NoIndex ,nofollow"}, true},
		"nofollow":                 {[]string{"nofollow, noarchive"}, false},
		"all":                      {[]string{"all"}, false},
		"noindexed is no word":     {[]string{"noindexed"}, false},
		"for another":              {[]string{"googlebot: noindex"}, false},
		"a list for another":       {[]string{"googlebot: nofollow, noindex"}, false},
		"for us":                   {[]string{"MNM-Exporter: noindex"}, true},
		"a list for us":            {[]string{"mnm-exporter: nofollow, none"}, true},
		"for another, then for us": {[]string{"googlebot: noindex, mnm-exporter: none"}, true},
		"two headers":              {[]string{"googlebot: noindex", "noindex"}, true},
		"a date has a colon":       {[]string{"unavailable_after: 25 Jun 2030 15:00:00 PST"}, false},
		"a date, then noindex":     {[]string{"unavailable_after: 25 Jun 2030 15:00:00 PST, noindex"}, true},
		"snippets":                 {[]string{"max-snippet: 20, max-image-preview: large"}, false},
		"empty":                    {[]string{"", ",", ":"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := TagDeclines(http.Header{"X-Robots-Tag": row.values}); got != row.want {
				t.Fatalf("declines %t, want %t", got, row.want)
			}
		})
	}
}
