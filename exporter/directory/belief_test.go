package directory

import (
	"testing"
	"time"
)

func TestBelief(t *testing.T) {
	type answer struct {
		after    time.Duration // since the one before
		size     int
		believed int // the size gone by
	}
	const h = time.Hour
	for name, row := range map[string]struct {
		hold    time.Duration
		answers []answer
	}{
		"the first":              {0, []answer{{0, 3, 3}}},
		"empty at first":         {0, []answer{{0, 0, 0}, {h, 5, 5}}},
		"grows and shrinks":      {0, []answer{{0, 10, 10}, {h, 100, 100}, {h, 60, 60}, {h, 50, 50}, {h, 30, 30}}},
		"exactly half":           {0, []answer{{0, 100, 100}, {h, 50, 50}}},
		"less than half":         {0, []answer{{0, 100, 100}, {h, 49, 100}, {h, 100, 100}}},
		"of an odd number":       {0, []answer{{0, 5, 5}, {h, 2, 5}, {h, 3, 3}}},
		"says it three times":    {0, []answer{{0, 100, 100}, {h, 40, 100}, {h, 41, 100}, {h, 42, 42}, {h, 40, 40}}},
		"is back after two":      {0, []answer{{0, 100, 100}, {h, 40, 100}, {h, 40, 100}, {h, 90, 90}, {h, 40, 90}, {h, 40, 90}, {h, 40, 40}}},
		"asked too often":        {0, []answer{{0, 100, 100}, {h, 40, 100}, {h / 2, 40, 100}, {h / 2, 40, 100}, {h / 2, 40, 40}}},
		"asked seldom":           {0, []answer{{0, 100, 100}, {24 * h, 40, 100}, {24 * h, 40, 100}, {24 * h, 40, 40}}},
		"goes on to shrink":      {0, []answer{{0, 100, 100}, {h, 40, 100}, {h, 19, 100}, {h, 18, 100}, {h, 17, 17}}},
		"nothing left":           {0, []answer{{0, 100, 100}, {h, 1, 100}, {h, 0, 100}, {h, 0, 100}, {h, 0, 0}}},
		"half twice":             {0, []answer{{0, 100, 100}, {h, 40, 100}, {h, 40, 100}, {h, 40, 40}, {h, 19, 40}, {h, 19, 40}, {h, 19, 19}}},
		"not shrunk any more":    {0, []answer{{0, 100, 100}, {h, 40, 100}, {h, 40, 100}, {h, 50, 50}}},
		"a demo's hours":         {90 * time.Second, []answer{{0, 100, 100}, {h / 60, 40, 100}, {h / 60, 40, 100}, {h / 60, 40, 40}}},
		"the clock was put back": {0, []answer{{0, 100, 100}, {h, 40, 100}, {-9 * h, 40, 100}, {h, 40, 100}, {h, 100, 100}}},
	} {
		t.Run(name, func(t *testing.T) {
			b := Belief{Hold: row.hold}
			now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
			for i, a := range row.answers {
				now = now.Add(a.after)
				listing := Listing{Names: below(t, a.size, "social"), Refused: i}
				l, believed := b.Take(listing, now)
				if len(l.Names) != a.believed || believed != (l.Refused == i) {
					t.Fatalf("answer %d of %d names: gone by %d (believed %v), want %d", i, a.size, len(l.Names), believed, a.believed)
				}
			}
		})
	}
}
