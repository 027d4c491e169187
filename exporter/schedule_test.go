package exporter

import (
	"strings"
	"testing"
	"time"

	"github.com/mnm-social/mnm/exporter/census"
	"github.com/mnm-social/mnm/exporter/domain"
	"github.com/mnm-social/mnm/exporter/instance"
	"github.com/mnm-social/mnm/exporter/outbound"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func named(t *testing.T, s string) domain.Name {
	t.Helper()
	n, err := domain.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestDue(t *testing.T) {
	c := DefaultConfig().Instances
	name := named(t, "oak.social")
	for label, row := range map[string]struct {
		entry census.Entry
		want  time.Time
	}{
		"never visited":           {census.Entry{}, time.Time{}},
		"visited often":           {census.Entry{Visits: 7, LastVisit: noon, Up: census.Yes}, noon.Add(time.Hour)},
		"failed once":             {census.Entry{Visits: 7, LastVisit: noon, Failing: noon, Up: census.Yes}, noon.Add(5 * time.Minute)},
		"failed the first time":   {census.Entry{Visits: 1, LastVisit: noon, Failing: noon}, noon.Add(5 * time.Minute)},
		"known to be down":        {census.Entry{Visits: 7, LastVisit: noon, Failing: noon.Add(-5 * time.Minute), Up: census.No}, noon.Add(time.Hour)},
		"down for hours":          {census.Entry{Visits: 7, LastVisit: noon, Failing: noon.Add(-6 * time.Hour), Up: census.No}, noon.Add(6 * time.Hour)},
		"down for a month":        {census.Entry{Visits: 7, LastVisit: noon, Failing: noon.Add(-30 * 24 * time.Hour), Up: census.No}, noon.Add(7 * 24 * time.Hour)},
		"watched, down for hours": {census.Entry{Visits: 7, LastVisit: noon, Failing: noon.Add(-6 * time.Hour), Up: census.No}, noon.Add(time.Hour)},
		"watched, declined":       {census.Entry{Visits: 2, LastVisit: noon, Refused: true, Reason: "robots"}, noon.Add(24 * time.Hour)},
		"watched, asked to wait":  {census.Entry{Visits: 7, LastVisit: noon, Failing: noon, Up: census.No, NotBefore: noon.Add(3 * time.Hour)}, noon.Add(3 * time.Hour)},
		"down, answers blocked":   {census.Entry{Visits: 7, LastVisit: noon, Up: census.No}, noon.Add(time.Hour)},
		"excluded":                {census.Entry{Excluded: true}, never},
		"declined":                {census.Entry{Visits: 2, LastVisit: noon, Refused: true, Reason: "robots"}, noon.Add(24 * time.Hour)},
		"declined no more":        {census.Entry{Visits: 2, LastVisit: noon, Refused: true}, noon.Add(time.Hour)},
		"gone":                    {census.Entry{Visits: 9, LastVisit: noon, Gone: true, Reason: "gone"}, noon.Add(24 * time.Hour)},
		"asked us to wait":        {census.Entry{Visits: 9, LastVisit: noon, NotBefore: noon.Add(3 * time.Hour)}, noon.Add(3 * time.Hour)},
		"a wait that is over":     {census.Entry{Visits: 9, LastVisit: noon, NotBefore: noon.Add(time.Minute)}, noon.Add(time.Hour)},
		"no network at the start": {census.Entry{NotBefore: noon.Add(5 * time.Minute)}, noon.Add(5 * time.Minute)},
	} {
		t.Run(label, func(t *testing.T) {
			row.entry.Name = name
			if got := due(&row.entry, c, strings.HasPrefix(label, "watched")); !got.Equal(row.want) {
				t.Fatalf("due at %s, want %s", got, row.want)
			}
		})
	}
}

// TestSecondVisit holds that second visits come at least an interval after the first, at most two, always at the
// instance's own offset, and that many instances are spread evenly.
func TestSecondVisit(t *testing.T) {
	c := DefaultConfig().Instances
	perMinute := map[int]int{}
	for i := range 6000 {
		name := named(t, "oak-"+string(rune('a'+i%26))+string(rune('a'+i/26%26))+string(rune('a'+i/676))+".social")
		at := due(&census.Entry{Name: name, Visits: 1, LastVisit: noon, Up: census.Yes}, c, false)
		if wait := at.Sub(noon); wait < time.Hour || wait >= 2*time.Hour {
			t.Fatalf("%s waits %s", name, wait)
		}
		if again := due(&census.Entry{Name: name, Visits: 1, LastVisit: at.Add(-time.Hour), Up: census.Yes}, c, false); !again.Equal(at) {
			t.Fatalf("%s has offsets %s and %s", name, at, again)
		}
		perMinute[at.Minute()]++
	}
	for minute := range 60 {
		if n := perMinute[minute]; n < 50 || n > 150 {
			t.Fatalf("%d of 6000 visits are in minute %d, want about 100", n, minute)
		}
	}
}

func TestDailySteps(t *testing.T) {
	c := DefaultConfig().Instances
	type steps = []census.Step
	asked := func(age time.Duration, which ...census.Step) census.Entry {
		var e census.Entry
		for _, s := range which {
			e.Asked[s] = noon.Add(-age)
		}
		return e
	}
	for label, row := range map[string]struct {
		entry census.Entry
		want  steps
	}{
		"first visit":  {census.Entry{}, steps{census.StepRobots, census.StepWellKnown}},
		"second visit": {asked(time.Hour, census.StepRobots, census.StepWellKnown), steps{census.StepV2}},
		"third visit":  {asked(2*time.Hour, census.StepRobots, census.StepWellKnown, census.StepV2), steps{census.StepActivity}},
		"fourth visit": {asked(3*time.Hour, census.StepRobots, census.StepWellKnown, census.StepV2, census.StepActivity), steps{census.StepHTTP}},
		"fifth visit":  {asked(4*time.Hour, census.StepRobots, census.StepWellKnown, census.StepV2, census.StepActivity, census.StepHTTP), steps{census.StepHTTPS}},
		"no v1: what only Mastodon's API answers": {asked(time.Hour, census.StepRobots, census.StepWellKnown), steps{census.StepHTTP}},
		"robots forbids some":                     {asked(time.Hour, census.StepRobots, census.StepWellKnown), steps{census.StepActivity}},
		"robots forbids the page":                 {asked(time.Hour, census.StepRobots, census.StepWellKnown, census.StepActivity), nil},
		"all today":                               {asked(23*time.Hour, census.StepRobots, census.StepWellKnown, census.StepV2, census.StepActivity, census.StepHTTP, census.StepHTTPS), nil},
		"a day would be over at the next visit": {
			asked(23*time.Hour+time.Second, census.StepRobots, census.StepWellKnown, census.StepV2, census.StepActivity, census.StepHTTP, census.StepHTTPS),
			steps{census.StepRobots},
		},
	} {
		t.Run(label, func(t *testing.T) {
			if label != "first visit" {
				row.entry.Visits = 2
			}
			if !strings.Contains(label, "no v1") {
				row.entry.Answers.V1 = &instance.V1{}
			}
			if strings.Contains(label, "robots") {
				row.entry.Robots = outbound.ParseRobots([]byte("User-agent: *\nDisallow: /$\nDisallow: /api/v2/\n"))
			}
			got := dailySteps(&row.entry, noon, c)
			if len(got) != len(row.want) {
				t.Fatalf("steps %v, want %v", got, row.want)
			}
			for _, s := range row.want {
				if !got[s] {
					t.Fatalf("steps %v, want %v", got, row.want)
				}
			}
		})
	}
}
