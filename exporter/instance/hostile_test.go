package instance

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// all are the readers, each with a document that it takes.
var all = []struct {
	name string
	good string
	read func([]byte) error
}{
	{"well-known", `{"links":[{"rel":"http://nodeinfo.diaspora.software/ns/schema/2.0","href":"https://a.example/n"}]}`,
		func(b []byte) error { _, err := ReadWellKnown(b); return err }},
	{"nodeinfo", `{"software":{"name":"mastodon"}}`, func(b []byte) error { _, err := ReadNodeInfo(b); return err }},
	{"v1", `{"version":"4.5.0"}`, func(b []byte) error { _, err := ReadV1(b); return err }},
	{"v2", `{"version":"4.5.0"}`, func(b []byte) error { _, err := ReadV2(b); return err }},
	{"activity", `[{"week":"2"},{"week":"1"}]`, func(b []byte) error { _, err := ReadActivity(b); return err }},
}

func TestReasons(t *testing.T) {
	const deep = 10001
	rows := []struct {
		name, body, want string
	}{
		{"html", "<!DOCTYPE html><html></html>", ReasonHTML},
		{"html after space", "\r\n\t <html>", ReasonHTML},
		{"html after a byte order mark", "\xef\xbb\xbf<html>", ReasonHTML},
		{"a PHP warning before the document", `<br /><b>Warning</b>{"version":"4.5.0"}`, ReasonHTML},
		{"nothing", "", ReasonEmpty},
		{"space", " \r\n\t", ReasonEmpty},
		{"a byte order mark", "\xef\xbb\xbf", ReasonEmpty},
		{"text", "Too many requests", ReasonNotJSON},
		{"UTF-16", "\xff\xfe{\x00}\x00", ReasonNotJSON},
		{"half a document", `{"version":"4.5.0","stats":{"user_c`, ReasonNotJSON},
		{"half a list", `[{"week":"1"`, ReasonNotJSON},
		{"two documents", `{"version":"4.5.0"}{"version":"4.5.0"}`, ReasonNotJSON},
		{"deep objects", strings.Repeat(`{"a":`, deep) + "1" + strings.Repeat("}", deep), ReasonNotJSON},
		{"deep lists", strings.Repeat("[", deep) + strings.Repeat("]", deep), ReasonNotJSON},
		{"deep lists without an end", strings.Repeat("[", 500_000), ReasonNotJSON},
		{"null", "null", ReasonShape},
		{"a string", `"4.5.0"`, ReasonShape},
		{"a number", "12", ReasonShape},
		{"true", "true", ReasonShape},
		{"numbers in a list", "[1,2]", ReasonShape},
		{"an error", `{"error":"This method requires an authenticated user"}`, ReasonShape},
		{"an empty object", "{}", ReasonShape},
	}
	for _, r := range all {
		if err := r.read([]byte(r.good)); err != nil {
			t.Errorf("%s: the good document: %v", r.name, err)
		}
		if err := r.read([]byte("\xef\xbb\xbf\n" + r.good + "\n")); err != nil {
			t.Errorf("%s: the good document after a byte order mark: %v", r.name, err)
		}
		for _, row := range rows {
			if got := ReasonOf(r.read([]byte(row.body))); got != row.want {
				t.Errorf("%s: %s: reason %q, want %q", r.name, row.name, got, row.want)
			}
		}
	}
}

func TestReasonOf(t *testing.T) {
	rows := []struct {
		name string
		err  error
		want string
	}{
		{"nil", nil, ""},
		{"somebody else's", io.EOF, ""},
		{"ours", &Error{Reason: ReasonHTML}, "html"},
		{"ours, wrapped", fmt.Errorf("asking a.example: %w", &Error{ReasonShape, io.EOF}), "shape"},
	}
	for _, r := range rows {
		if got := ReasonOf(r.err); got != r.want {
			t.Errorf("%s: %q, want %q", r.name, got, r.want)
		}
	}
	if !errors.Is(&Error{ReasonShape, io.EOF}, io.EOF) {
		t.Error("the reader's own error is lost")
	}
}

// TestFigure sends figures as strangers write them. -1 stands for unknown, refused for absurd.
func TestFigure(t *testing.T) {
	const unknown, refused = -1, -2
	rows := []struct {
		sent string
		want int64
	}{
		{"0", 0}, {"-0", 0}, {"12", 12}, {"12.0", 12}, {"1e3", 1000}, {"1E+3", 1000}, {"1200e-2", 12}, {"100000000", 1e8}, {"1e8", 1e8},
		{`"29662653"`, 29662653}, {`" 12 "`, 12}, {`"12.0"`, 12}, {`"1e3"`, 1000},
		{"null", unknown}, {`""`, unknown}, {`" "`, unknown}, {`"null"`, unknown},
		{"-1", refused}, {`"-1"`, refused}, {"-0.5", refused}, {"-1e3", refused}, {"-12.0", refused}, {"0.5", refused}, {"12.5", refused}, {"1e-3", refused},
		{"100000001", refused}, {"1e9", refused}, {"13000000000", refused}, {"9007199254740993", refused},
		{"9223372036854775807", refused}, {"9223372036854775808", refused}, {"18446744073709551616", refused},
		{"1e400", refused}, {"-1e400", refused}, {`"1e400"`, refused}, {strings.Repeat("9", 100_000), refused},
		{strings.Repeat("0", 70) + "1", refused}, {`"` + strings.Repeat("0", 70) + `1"`, refused},
		{`"NaN"`, refused}, {`"nan"`, refused}, {`"Infinity"`, refused}, {`"inf"`, refused}, {`"0x10"`, refused}, {`"0x1p4"`, refused},
		{`"1_000"`, refused}, {`"1,000"`, refused}, {`"12k"`, refused}, {`"many"`, refused}, {`"--1"`, refused}, {`"1e"`, refused},
		{"true", refused}, {"{}", refused}, {"[]", refused}, {"[12]", refused}, {`{"n":12}`, refused},
	}
	for _, r := range rows {
		v, err := ReadV1([]byte(`{"version":"4.5.0","stats":{"user_count":` + r.sent + `,"status_count":7}}`))
		name := r.sent[:min(len(r.sent), 30)]
		if strings.HasPrefix(r.sent, "000") { // no JSON
			if ReasonOf(err) != ReasonNotJSON {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want, wantRefused := Known(r.want), uint8(0)
		if r.want < 0 {
			want = Count{}
		}
		if r.want == refused {
			wantRefused = 1
		}
		if v.Users != want || v.Refused != wantRefused {
			t.Errorf("%s: %v, %d refused; want %v, %d", name, v.Users, v.Refused, want, wantRefused)
		}
		if v.Statuses != Known(7) {
			t.Errorf("%s: the next figure is %v, want 7", name, v.Statuses)
		}
	}
}

// TestLimits holds the highest figure of each field, and that one more is refused.
func TestLimits(t *testing.T) {
	rows := []struct {
		name  string
		limit int64
		read  func(n string) (Count, uint8)
	}{
		{"nodeinfo users", 100_000_000, func(n string) (Count, uint8) {
			d, _ := ReadNodeInfo([]byte(`{"usage":{"users":{"total":` + n + `}}}`))
			return d.Users, d.Refused
		}},
		{"nodeinfo active month", 100_000_000, func(n string) (Count, uint8) {
			d, _ := ReadNodeInfo([]byte(`{"usage":{"users":{"activeMonth":` + n + `}}}`))
			return d.ActiveMonth, d.Refused
		}},
		{"nodeinfo active half year", 100_000_000, func(n string) (Count, uint8) {
			d, _ := ReadNodeInfo([]byte(`{"usage":{"users":{"activeHalfyear":` + n + `}}}`))
			return d.ActiveHalfYear, d.Refused
		}},
		{"nodeinfo statuses", 100_000_000_000, func(n string) (Count, uint8) {
			d, _ := ReadNodeInfo([]byte(`{"usage":{"localPosts":` + n + `}}`))
			return d.Statuses, d.Refused
		}},
		{"v1 statuses", 100_000_000_000, func(n string) (Count, uint8) {
			d, _ := ReadV1([]byte(`{"stats":{"status_count":` + n + `}}`))
			return d.Statuses, d.Refused
		}},
		{"v1 connections", 100_000_000, func(n string) (Count, uint8) {
			d, _ := ReadV1([]byte(`{"stats":{"domain_count":` + n + `}}`))
			return d.Connections, d.Refused
		}},
		{"v1 active month", 100_000_000, func(n string) (Count, uint8) {
			d, _ := ReadV1([]byte(`{"version":"2.7.2","pleroma":{"stats":{"mau":` + n + `}}}`))
			return d.ActiveMonth, d.Refused
		}},
		{"v2 active month", 100_000_000, func(n string) (Count, uint8) {
			d, _ := ReadV2([]byte(`{"usage":{"users":{"active_month":` + n + `}}}`))
			return d.ActiveMonth, d.Refused
		}},
		{"v2 API", 1_000_000, func(n string) (Count, uint8) {
			d, _ := ReadV2([]byte(`{"version":"4.5.0","api_versions":{"mastodon":` + n + `}}`))
			return d.API, d.Refused
		}},
		{"week's statuses", 100_000_000_000, func(n string) (Count, uint8) {
			d, _ := ReadActivity([]byte(`[{"week":2},{"week":1,"statuses":` + n + `}]`))
			return d.Statuses, d.Refused
		}},
		{"week's logins", 100_000_000, func(n string) (Count, uint8) {
			d, _ := ReadActivity([]byte(`[{"week":2},{"week":1,"logins":` + n + `}]`))
			return d.Logins, d.Refused
		}},
		{"week's registrations", 100_000_000, func(n string) (Count, uint8) {
			d, _ := ReadActivity([]byte(`[{"week":2},{"week":1,"registrations":` + n + `}]`))
			return d.Registrations, d.Refused
		}},
	}
	for _, r := range rows {
		if c, refused := r.read(fmt.Sprint(r.limit)); c != Known(r.limit) || refused != 0 {
			t.Errorf("%s: %d is %v, %d refused", r.name, r.limit, c, refused)
		}
		if c, refused := r.read(fmt.Sprint(r.limit + 1)); c != (Count{}) || refused != 1 {
			t.Errorf("%s: %d is %v, %d refused", r.name, r.limit+1, c, refused)
		}
	}
}

// TestForgiven holds documents with parts of another type than promised: what is left is read.
func TestForgiven(t *testing.T) {
	n, err := ReadNodeInfo([]byte(`{"version":2,"software":{"name":"Mastodon","version":["4"]},"usage":{"users":[],"localPosts":"12"},
		"openRegistrations":"true","metadata":[]}`))
	if want := (NodeInfo{Software: "mastodon", Statuses: Known(12), Open: Yes}); err != nil || n != want {
		t.Errorf("nodeinfo: %+v, %v; want %+v", n, err, want)
	}
	v1, err := ReadV1([]byte(`{"version":{},"stats":{"user_count":5},"registrations":1,"approval_required":null,"pleroma":"x"}`))
	if want := (V1{Users: Known(5)}); err != nil || v1 != want {
		t.Errorf("v1: %+v, %v; want %+v", v1, err, want)
	}
	v2, err := ReadV2([]byte(`{"version":"4.5.0","usage":[],"configuration":{"urls":[],"timelines_access":{"live_feeds":
		{"local":"public","remote":"authenticated"},"hashtag_feeds":{"local":"disabled","remote":"by moonlight"}}},"registrations":false}`))
	want := V2{Version: "4.5.0", Timelines: Timelines{Local: AccessPublic, Remote: AccessAuthenticated, HashtagLocal: AccessDisabled}}
	if err != nil || v2 != want {
		t.Errorf("v2: %+v, %v; want %+v", v2, err, want)
	}
}

func TestKeyTwice(t *testing.T) {
	v, err := ReadV1([]byte(`{"version":"1.0.0","stats":{"user_count":-1},"version":"4.5.0","stats":{"user_count":5,"user_count":6}}`))
	if want := (V1{Version: "4.5.0", Users: Known(6)}); err != nil || v != want {
		t.Errorf("%+v, %v; want %+v", v, err, want)
	}
}

func TestHugeStrings(t *testing.T) {
	huge := strings.Repeat("aä", 300_000)
	n, err := ReadNodeInfo([]byte(`{"software":{"name":"` + huge + `","version":"` + huge + `"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Repeat("aä", 42) + "aä"[:1]; n.Version != want {
		t.Errorf("version of %d bytes: %q", len(n.Version), n.Version)
	}
	if len(n.Software) > MaxText || !isName(n.Software) {
		t.Errorf("software %q", n.Software)
	}
	v2, err := ReadV2([]byte(`{"version":"4.5.0","configuration":{"urls":{"streaming":"wss://` + huge + `"}}}`))
	if err != nil || v2.Streaming != "" {
		t.Errorf("a streaming address of %d bytes, %v", len(v2.Streaming), err)
	}
}
