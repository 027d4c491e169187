package country

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mnm-social/mnm/exporter/domain"
)

// fake is a provider out of a table: a code, "" or an error for each address.
type fake struct {
	name  string
	says  map[string]any
	asked *[]string
}

func (f fake) Name() string { return f.name }

func (f fake) Country(_ context.Context, a netip.Addr) (string, error) {
	if f.asked != nil {
		*f.asked = append(*f.asked, f.name+" "+a.String())
	}
	switch v := f.says[a.String()].(type) {
	case string:
		return v, nil
	case error:
		return "", v
	case [2]any:
		return v[0].(string), v[1].(error)
	}
	return "", nil
}

func TestProviders(t *testing.T) {
	broken := errors.New("broken")
	for _, row := range []struct {
		what      string
		mmdb, api map[string]any
		addrs     []netip.Addr
		want      Answer
		interim   bool
		failed    string
	}{
		{"the first decides", map[string]any{finland: "SE"}, map[string]any{finland: "NO"}, addrs(finland), Answer{"SE", Address, ""}, false, "[]"},
		{"the second, where the first knows nothing", nil, map[string]any{finland: "NO"}, addrs(finland), Answer{"NO", Address, ""}, false, "[]"},
		{"ours, where both know nothing", nil, nil, addrs(finland), Answer{"FI", Address, ""}, false, "[]"},
		{"nobody", nil, nil, addrs(nowhere), Answer{"", Unknown, NotInData}, false, "[]"},
		{"the first decides for all", map[string]any{finland: "SE"}, nil, addrs(france, finland), Answer{"SE", Address, ""}, false, "[]"},
		{"a conflict is not somebody else's", map[string]any{finland: "SE", france: "DE"}, map[string]any{finland: "FI", france: "FI"}, addrs(finland, france), Answer{"", Unknown, Conflict}, false, "[]"},
		{"no conflict of ours", map[string]any{finland: "FI", france: "FI"}, nil, addrs(finland, france), Answer{"FI", Address, ""}, false, "[]"},
		{"the first fails", map[string]any{finland: broken}, map[string]any{finland: "NO"}, addrs(finland), Answer{"NO", Address, ""}, true, "[mmdb]"},
		{"both fail", map[string]any{finland: broken}, map[string]any{finland: broken}, addrs(finland), Answer{"FI", Address, ""}, true, "[mmdb api]"},
		{"a failure, and nobody knows", map[string]any{nowhere: broken}, nil, addrs(nowhere), Answer{"", Unknown, LookupFailed}, true, "[mmdb]"},
		{"our IPv4 before their IPv6", map[string]any{germany6: "SE"}, nil, addrs(finland, germany6), Answer{"FI", Address, ""}, false, "[]"},
		{"their IPv6 where nobody knows IPv4", map[string]any{germany6: "SE"}, nil, addrs(nowhere, germany6), Answer{"SE", Address, ""}, false, "[]"},
		{"a failure, and nobody knows IPv6 either", map[string]any{nowhere: broken}, nil, addrs(nowhere, nowhere6), Answer{"", Unknown, LookupFailed}, true, "[mmdb]"},
		{"a failure of each family", map[string]any{nowhere: broken, germany6: broken}, nil, addrs(nowhere, germany6), Answer{"DE", Address, ""}, true, "[mmdb mmdb]"},
		{"once for all addresses", map[string]any{finland: broken, finland2: broken}, nil, addrs(finland, finland2), Answer{"FI", Address, ""}, true, "[mmdb]"},
		{"what was found before the failure", map[string]any{finland: "SE", france: broken}, nil, addrs(finland, france), Answer{"SE", Address, ""}, true, "[mmdb]"},
		{"a failure with what was known", nil, map[string]any{finland: [2]any{"NO", broken}}, addrs(finland), Answer{"NO", Address, ""}, true, "[api]"},
		{"not yet", nil, map[string]any{finland: errLater}, addrs(finland), Answer{"FI", Address, ""}, true, "[]"},
		{"not yet, and nobody knows", nil, map[string]any{nowhere: errLater}, addrs(nowhere), Answer{"", Unknown, NotInData}, true, "[]"},
		{"not yet, but the first knows", map[string]any{finland: "SE"}, map[string]any{finland: errLater}, addrs(finland), Answer{"SE", Address, ""}, false, "[]"},
		{"a conflict of ours", nil, map[string]any{finland: errLater}, addrs(finland, france), Answer{"", Unknown, Conflict}, true, "[]"},
	} {
		failed := []string{}
		l := &Locator{
			Before: []Provider{fake{name: ProviderMMDB, says: row.mmdb}, fake{name: ProviderAPI, says: row.api}}, Data: data(t),
			Failed: func(p string) { failed = append(failed, p) },
		}
		got, interim := l.LocateContext(t.Context(), name(t, "a.social"), row.addrs, nil)
		if got != row.want || interim != row.interim || fmt.Sprint(failed) != row.failed {
			t.Errorf("%s: %+v, interim %v, failed %v; want %+v, %v, %s", row.what, got, interim, failed, row.want, row.interim, row.failed)
		}
		l.Failed = nil // nobody need hear of it
		if again := l.Locate(name(t, "a.social"), row.addrs, nil); again != row.want {
			t.Errorf("%s, without an end: %+v", row.what, again)
		}
	}
}

const nowhere6 = "fd00::1"

// TestProvidersAreSpared: nobody is asked who needn't be.
func TestProvidersAreSpared(t *testing.T) {
	var asked []string
	broken := errors.New("broken")
	many := addrs("95.216.0.1", "95.216.0.2", "95.216.0.3", "95.216.0.4", "95.216.0.5", "95.216.0.6", "95.216.0.7", "95.216.0.8", "95.216.0.9", "95.216.0.10")
	for _, row := range []struct {
		name  string
		says  map[string]any
		addrs []netip.Addr
		want  int
	}{
		{"a.fr", nil, many, 0},
		{"a.bzh", nil, many, 0},
		{"a.social", nil, append(slices.Clone(many), addr(cloudflare)), 0},
		{"a.social", nil, many, maxAsked},
		{"a.social", map[string]any{"95.216.0.1": "FI", "95.216.0.2": "SE"}, many, 2},
		{"a.social", map[string]any{"95.216.0.1": broken}, many, 1},
		{"a.social", map[string]any{"95.216.0.2": errLater}, many, 2},
	} {
		asked = nil
		l := &Locator{Before: []Provider{fake{ProviderAPI, row.says, &asked}}, Data: data(t)}
		l.Locate(name(t, row.name), row.addrs, nil)
		if len(asked) != row.want {
			t.Errorf("%s, %v: asked %v", row.name, row.says, asked)
		}
	}
}

// TestProvidersTogether has all three at work for 512 visits at a time, while the file changes and the API comes and goes.
func TestProvidersTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.mmdb")
	with := func(code string) []byte {
		return database(t, "GeoLite2-Country", records["GeoLite2-Country"], map[string]string{"37.187.0.0/16": code})
	}
	put(t, path, with("BE"), 0)
	file, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, c := serve(t, says(`{"country_code":"NO"}`)), newClock()
	var mu sync.Mutex
	failed := map[string]int{}
	l := &Locator{
		Overrides: map[domain.Name]string{name(t, "moved.social"): "IS"}, Before: []Provider{file, newAPI(t, s, c)}, Data: data(t),
		Failed: func(p string) { mu.Lock(); failed[p]++; mu.Unlock() },
	}
	var all sync.WaitGroup
	for i := range 512 {
		all.Go(func() {
			for j := range 20 {
				for want, got := range map[string]Answer{
					"BE": l.Locate(name(t, "a.social"), addrs(france), nil),
					"IS": l.Locate(name(t, "moved.social"), addrs(finland), nil),
					"FR": l.Locate(name(t, "a.fr"), addrs(finland), nil),
				} {
					if got.Country != want && (want != "BE" || got.Country != "LU") {
						t.Errorf("%+v, want %s", got, want)
					}
				}
				got, _ := l.LocateContext(t.Context(), name(t, "b.social"), []netip.Addr{netip.AddrFrom4([4]byte{95, 216, byte(i), byte(j)})}, nil)
				if got.Country != "NO" && got.Country != "FI" {
					t.Errorf("%+v, want NO of the API or FI of ours", got)
				}
			}
		})
	}
	all.Go(func() {
		for i := range 20 {
			code := []string{"BE", "LU"}[i%2]
			put(t, path, with(code), i+1)
			if err := file.Refresh(); err != nil {
				t.Error(err)
			}
			say := []string{`{"country_code":"NO"}`, "gone"}[i%2]
			handler := says(say)
			s.say.Store(&handler)
			c.advance(time.Minute)
		}
	})
	all.Wait()
	if failed[ProviderMMDB] != 0 || failed[ProviderAPI] > 20*apiBurst {
		t.Errorf("failures: %v", failed)
	}
	if n := s.asked.Load(); n < apiBurst || n > 30*apiBurst {
		t.Errorf("the API was asked %d times", n)
	}
}

// TestProvidersCallersEnd: when a visit is over, that is no failure of who could not be asked any more.
func TestProvidersCallersEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := serve(t, says(`{"country_code":"NO"}`))
	l := &Locator{Before: []Provider{newAPI(t, s, newClock())}, Data: data(t), Failed: func(p string) { t.Errorf("%s failed", p) }}
	got, interim := l.LocateContext(ctx, name(t, "a.social"), addrs(finland), nil)
	if got != (Answer{"FI", Address, ""}) || !interim {
		t.Errorf("%+v, interim %v", got, interim)
	}
}
