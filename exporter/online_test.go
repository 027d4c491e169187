package exporter

import (
	"testing"
	"time"
)

func TestOnline(t *testing.T) {
	visits := func(o *online, heard, silent int) {
		for i := range heard + silent {
			o.visit(noon, true, i < heard)
		}
	}
	service := func(o *online, name string, heard bool) { o.service(name, noon, heard) }
	for name, row := range map[string]struct {
		seen  func(*online)
		at    time.Duration // after noon
		works bool
		sure  bool
	}{
		"nothing tried yet":                    {func(*online) {}, 0, true, false},
		"no internet at the start":             {func(o *online) { service(o, "joinmastodon", false); service(o, "github", false) }, 0, false, true},
		"only one service fails":               {func(o *online) { service(o, "joinmastodon", false); service(o, "github", true) }, 0, true, true},
		"no service, but an instance answers":  {func(o *online) { service(o, "github", false); o.visit(noon, false, true) }, 0, true, true},
		"dead instances say nothing":           {func(o *online) { service(o, "github", true); o.visit(noon, false, false) }, 0, true, true},
		"sixteen of twenty are silent":         {func(o *online) { service(o, "github", true); visits(o, 4, 16) }, 0, false, false},
		"and GitHub since":                     {func(o *online) { visits(o, 4, 16); o.service("github", noon.Add(time.Minute), false) }, time.Minute, false, true},
		"a hoster's outage":                    {func(o *online) { visits(o, 4, 16); o.service("github", noon.Add(time.Minute), true) }, time.Minute, true, true},
		"fifteen of twenty are silent":         {func(o *online) { service(o, "github", true); visits(o, 5, 15) }, 0, true, true},
		"nineteen silent are too few":          {func(o *online) { service(o, "github", true); visits(o, 0, 19) }, 0, true, true},
		"one watched host, its own fault":      {func(o *online) { service(o, "github", true); visits(o, 0, 1) }, 0, true, true},
		"one watched host and all services":    {func(o *online) { service(o, "github", false); visits(o, 0, 1) }, 0, false, true},
		"one watched host, only GitHub silent": {func(o *online) { service(o, "github", false); visits(o, 1, 0) }, 0, true, true},
		"a service of long ago says nothing":   {func(o *online) { service(o, "github", true); visits(o, 0, 1) }, 16 * time.Minute, true, false},
		"an old outage is no outage":           {func(o *online) { service(o, "github", true); visits(o, 0, 20) }, 2 * time.Hour, true, false},
		"back again": {func(o *online) {
			service(o, "github", false)
			visits(o, 0, 20)
			visits(o, 20, 0)
		}, 0, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOnline(DefaultConfig().Instances)
			row.seen(o)
			if works, sure := o.works(noon.Add(row.at)); works != row.works || sure != row.sure {
				t.Fatalf("works %t, sure %t; want %t, %t", works, sure, row.works, row.sure)
			}
		})
	}
}
