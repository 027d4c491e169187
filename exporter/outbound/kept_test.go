package outbound

import (
	"testing"
	"time"
)

// TestBudgetIsKept holds that a host's requests count on, over a reload as over a restart.
func TestBudgetIsKept(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, follow := range map[string]func(t *testing.T, before *Client, now func() time.Time) *Client{
		"reload": func(_ *testing.T, before *Client, now func() time.Time) *Client {
			return New(Options{Now: now, Before: before})
		},
		"restart": func(t *testing.T, before *Client, now func() time.Time) *Client {
			text, err := before.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			after := New(Options{Now: now})
			if err := after.UnmarshalBinary(text); err != nil {
				t.Fatal(err)
			}
			return after
		},
	} {
		t.Run(name, func(t *testing.T) {
			at := start
			now := func() time.Time { return at }
			before := New(Options{Now: now})
			defer before.Close()
			for range 6 { // more than the ring has
				at = at.Add(50 * time.Minute)
				before.budget.take("elm.social")
			}
			for range perHour {
				at = at.Add(time.Minute)
				if wait := before.budget.take("oak.social"); wait != 0 {
					t.Fatalf("refused for %s", wait)
				}
			}
			at = at.Add(10 * time.Minute)
			after := follow(t, before, now)
			defer after.Close()
			if wait := after.budget.take("oak.social"); wait != 47*time.Minute {
				t.Errorf("the fifth request waits %s, want 47m", wait)
			}
			if wait := after.budget.take("elm.social"); wait != 0 {
				t.Errorf("elm.social waits %s", wait)
			}
			at = at.Add(47 * time.Minute)
			if wait := after.budget.take("oak.social"); wait != 0 {
				t.Errorf("after an hour it waits %s", wait)
			}
		})
	}
}

func FuzzBudget(f *testing.F) {
	f.Add([]byte(`{"oak.social":[1772366400000,1772366401000]}`))
	f.Add([]byte(`{"oak.social":[9223372036854775807,-9223372036854775808]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c := New(Options{})
		defer c.Close()
		if c.UnmarshalBinary(text) != nil {
			return
		}
		if wait := c.budget.wait("oak.social"); wait < 0 || wait > time.Hour {
			t.Fatalf("waits %s", wait)
		}
		if again, err := c.MarshalBinary(); err != nil || New(Options{}).UnmarshalBinary(again) != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
	})
}
