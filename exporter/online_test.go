package exporter

import (
	"testing"
	"time"
)

func TestOnline(t *testing.T) {
	visits := func(o *online, answered, silent int) {
		for i := range answered + silent {
			o.visit(noon, true, i < answered)
		}
	}
	for name, row := range map[string]struct {
		seen func(*online)
		at   time.Duration // after noon
		want bool
	}{
		"nothing tried yet":                    {func(*online) {}, 0, true},
		"no internet at the start":             {func(o *online) { o.service("joinmastodon", false); o.service("github", false) }, 0, false},
		"only one service fails":               {func(o *online) { o.service("joinmastodon", false); o.service("github", true) }, 0, true},
		"no service, but an instance answers":  {func(o *online) { o.service("github", false); o.visit(noon, false, true) }, 0, true},
		"dead instances say nothing":           {func(o *online) { o.service("github", true); o.visit(noon, false, false) }, 0, true},
		"sixteen of twenty are silent":         {func(o *online) { o.service("github", true); visits(o, 4, 16) }, 0, false},
		"fifteen of twenty are silent":         {func(o *online) { o.service("github", true); visits(o, 5, 15) }, 0, true},
		"nineteen silent are too few":          {func(o *online) { o.service("github", true); visits(o, 0, 19) }, 0, true},
		"one watched host, its own fault":      {func(o *online) { o.service("github", true); visits(o, 0, 1) }, 0, true},
		"one watched host and all services":    {func(o *online) { o.service("github", false); visits(o, 0, 1) }, 0, false},
		"one watched host, only GitHub silent": {func(o *online) { o.service("github", false); visits(o, 1, 0) }, 0, true},
		"an old outage is no outage":           {func(o *online) { o.service("github", true); visits(o, 0, 20) }, 2 * time.Hour, true},
		"back again": {func(o *online) {
			o.service("github", false)
			visits(o, 0, 20)
			visits(o, 20, 0)
		}, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOnline(time.Hour)
			row.seen(o)
			if got := o.works(noon.Add(row.at)); got != row.want {
				t.Fatalf("works is %t, want %t", got, row.want)
			}
		})
	}
}
