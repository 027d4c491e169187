package instance

import (
	"encoding/json"
	"strings"
	"testing"
)

// answers reads recorded documents into the Answers of one server.
func answers(t testing.TB, documents ...string) Answers {
	t.Helper()
	var a Answers
	for _, name := range documents {
		body := document(t, name)
		var err error
		switch {
		case strings.HasSuffix(name, "-activity.json"):
			a.Week, err = ptr(ReadActivity(body))
		case strings.Contains(name, "-nodeinfo-"):
			a.NodeInfo, err = ptr(ReadNodeInfo(body))
		case strings.HasSuffix(name, "-v1-instance.json"):
			a.V1, err = ptr(ReadV1(body))
		case strings.HasSuffix(name, "-v2-instance.json"):
			a.V2, err = ptr(ReadV2(body))
		default:
			t.Fatalf("%s is no answer", name)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return a
}

func ptr[T any](v T, err error) (*T, error) { return &v, err }

// TestFiguresRecorded weighs recorded answers of one server, or of two of the same software where no server gave all.
func TestFiguresRecorded(t *testing.T) {
	rows := []struct {
		name      string
		documents []string
		want      Figures
	}{
		{"mastodon.social", []string{"mastodon.social-nodeinfo-2.0.json", "mastodon.social-api-v1-instance.json",
			"mastodon.social-api-v2-instance.json", "mastodon.social-api-v1-instance-activity.json"},
			Figures{Software: "mastodon", Version: "4.6.0-nightly.2026-04-09", Users: Known(3227352), Statuses: Known(170416131),
				Connections: Known(114357), ActiveUsers: Known(286109), Registrations: PolicyOpen, Mastodon: true,
				Week: Week{Statuses: Known(899843), Logins: Known(162367), Registrations: Known(12064)}}},
		{"mastodon.social, v1 alone", []string{"mastodon.social-api-v1-instance.json"},
			Figures{Software: "mastodon", Version: "4.6.0-nightly.2026-04-09", Users: Known(3227342), Statuses: Known(170415243),
				Connections: Known(114357), Registrations: PolicyOpen, Mastodon: true, Guessed: true}},
		{"Mastodon 2.4, before nodeinfo and before registrations were told", []string{"mastodon-2.4.0-api-v1-instance.json"},
			Figures{Software: "mastodon", Version: "2.4.0", Users: Known(159726), Statuses: Known(6059606), Connections: Known(4703),
				Mastodon: true, Guessed: true}},
		{"Mastodon 4.5, nobody active", []string{"mastodon-4.5.0-dev-nodeinfo-2.0.json", "mastodon-4.5.0-dev-api-v2-instance.json"},
			Figures{Software: "mastodon", Version: "4.5.0", Users: Known(4), Statuses: Known(5), ActiveUsers: Known(0),
				Registrations: PolicyOpen, Mastodon: true}},
		{"Fedibird, which v1 does not name", []string{"fedibird-3.4.1-2022-api-v1-instance.json"},
			Figures{Software: "mastodon", Version: "3.4.1", Users: Known(1964), Statuses: Known(4590304), Connections: Known(9024),
				Registrations: PolicyOpen, Mastodon: true, Guessed: true}},
		{"Friendica keeps its figures back in nodeinfo", []string{"friendica-2024.03-nodeinfo-2.0.json", "friendica-2024.08-api-v2-instance.json"},
			Figures{Software: "friendica", Version: "2024.03-1557", ActiveUsers: Known(19), Registrations: PolicyClosed}},
		{"Akkoma's v1 alone", []string{"akkoma-2022-11-api-v1-instance.json"},
			Figures{Software: "akkoma", Version: "3.3.1-0-gaf90a4e51", Users: Known(357), Statuses: Known(8081), Connections: Known(6972),
				ActiveUsers: Known(83), Registrations: PolicyClosed}},
		{"Catodon", []string{"catodon-24.04-dev.2-nodeinfo-2.1.json", "catodon-24.01-api-v1-instance.json"},
			Figures{Software: "catodon", Version: "24.04-dev.2", Users: Known(294), Statuses: Known(22616), Connections: Known(13102),
				ActiveUsers: Known(139), Registrations: PolicyOpen}},
		{"Mitra without statistics", []string{"mitra-0.4.0-api-v1-instance.json"},
			Figures{Software: "mitra", Version: "0.4.0", Registrations: PolicyClosed}},
		{"Sharkey, whose v1 counts its own", []string{"sharkey-2024.1.0-api-v1-instance.json"},
			Figures{Software: "sharkey", Version: "2024.1.0.beta1", Users: Known(179), Statuses: Known(46109), Connections: Known(229440),
				Registrations: PolicyOpen}},
		{"WriteFreely with statistics off", []string{"shape-writefreely-nodeinfo-2.0.json"},
			Figures{Software: "writefreely", Version: "0.15.1", Users: Known(412), Statuses: Known(9120), Registrations: PolicyOpen}},
		{"GoToSocial 0.2, which v1 does not name", []string{"gotosocial-0.2.0-api-v1-instance.json"},
			Figures{Version: "0.2.0 31935ee", Users: Known(1), Statuses: Known(1), Connections: Known(0), Registrations: PolicyApproval}},
		{"GoToSocial's v2 always says 0", []string{"gotosocial-0.16.0-nodeinfo-2.0.json", "gotosocial-0.20-testrig-api-v2-instance.json"},
			Figures{Software: "gotosocial", Version: "0.16.0+git-f1cbf6f", Users: Known(5), Statuses: Known(3010), Registrations: PolicyApproval}},
		{"Pixelfed: open in nodeinfo, closed in v2", []string{"pixelfed-0.12.3-nodeinfo-2.0.json", "pixelfed-0.12.3-api-v2-instance.json"},
			Figures{Software: "pixelfed", Version: "0.12.3", Users: Known(116961), Statuses: Known(28370424), ActiveUsers: Known(9489),
				Registrations: PolicyClosed}},
		{"Pixelfed: open in v1, closed in v2", []string{"pixelfed-0.11.4-api-v1-instance.json", "pixelfed-0.12.3-api-v2-instance.json"},
			Figures{Software: "pixelfed", Version: "0.11.4", Users: Known(71742), Statuses: Known(672678), Connections: Known(12725),
				ActiveUsers: Known(8179), Registrations: PolicyOpen}},
		{"PeerTube, nobody active", []string{"peertube-5.0.0-nodeinfo-2.0.json"},
			Figures{Software: "peertube", Version: "5.0.0", Users: Known(5), Statuses: Known(1018), ActiveUsers: Known(0), Registrations: PolicyClosed}},
		{"a relay", []string{"activity-relay-2.0.5-nodeinfo-2.1.json"},
			Figures{Software: "activity-relay", Version: "2.0.5", Users: Known(1), ActiveUsers: Known(1), Registrations: PolicyOpen}},
		{"diaspora, nodeinfo 1.0", []string{"diaspora-0.7.4-nodeinfo-1.0.json"},
			Figures{Software: "diaspora", Version: "0.7.4.0-pd0313756", Users: Known(348), Statuses: Known(8522), ActiveUsers: Known(62),
				Registrations: PolicyOpen}},
	}
	for _, r := range rows {
		if got := answers(t, r.documents...).Figures(); got != r.want {
			t.Errorf("%s:\ngot  %+v\nwant %+v", r.name, got, r.want)
		}
	}
}

// TestGuess holds how good the guess is: of all recorded documents with a version string of an API, those with a plain one that
// are guessed to be Mastodon's are all of Mastodon and its forks, and no other is.
func TestGuess(t *testing.T) {
	plain := 0
	for _, name := range recordedNames(t) {
		if !strings.HasSuffix(name, "-v1-instance.json") && !strings.HasSuffix(name, "-v2-instance.json") {
			continue
		}
		f := answers(t, name).Figures()
		mastodon := strings.HasPrefix(name, "mastodon") || strings.HasPrefix(name, "mstdn") || strings.HasPrefix(name, "fedibird") ||
			strings.HasPrefix(name, "dev-")
		if f.Guessed != mastodon || f.Mastodon != mastodon {
			t.Errorf("%s: guessed %t, Mastodon %t", name, f.Guessed, f.Mastodon)
		}
		if f.Guessed {
			plain++
		}
	}
	if plain != 20 {
		t.Errorf("%d documents with a plain version, want 20", plain)
	}
}

func TestFiguresContradictions(t *testing.T) {
	const none = PolicyUnknown
	rows := []struct {
		name string
		a    Answers
		want Figures
	}{
		{"nothing", Answers{}, Figures{}},
		{"Firefish: 413,642 in v1, 714 in nodeinfo",
			Answers{NodeInfo: &NodeInfo{Software: "firefish", Version: "20240523", Users: Known(714), Statuses: Known(30828)},
				V1: &V1{Version: "3.0.0 (compatible; Firefish 20240523)", Users: Known(413642), Statuses: Known(9e6), Connections: Known(9000)}},
			Figures{Software: "firefish", Version: "20240523", Users: Known(714), Statuses: Known(30828), Connections: Known(9000)}},
		{"Firefish, v1 alone: known accounts are nobody's users",
			Answers{V1: &V1{Version: "3.0.0 (compatible; Firefish 20240523)", Users: Known(413642), Statuses: Known(9e6), Connections: Known(9000)}},
			Figures{Software: "firefish", Version: "20240523", Connections: Known(9000)}},
		{"Calckey, nodeinfo without statuses", Answers{NodeInfo: &NodeInfo{Software: "calckey", Users: Known(30)}, V1: &V1{Users: Known(91000), Statuses: Known(5e6)}},
			Figures{Software: "calckey", Users: Known(30)}},
		{"Friendica's zeros", Answers{NodeInfo: &NodeInfo{Software: "friendica"}, V1: &V1{Users: Known(0), Statuses: Known(0), Connections: Known(0)}},
			Figures{Software: "friendica"}},
		{"zeros beside connections", Answers{NodeInfo: &NodeInfo{Software: "friendica"}, V1: &V1{Users: Known(0), Statuses: Known(0), Connections: Known(9)}},
			Figures{Software: "friendica", Connections: Known(9)}},
		{"GoToSocial, stats mode zero: v1 is no better", Answers{NodeInfo: &NodeInfo{Software: "gotosocial", Users: Known(0), Statuses: Known(0)},
			V1: &V1{Users: Known(0), Statuses: Known(0)}}, Figures{Software: "gotosocial"}},
		{"zeros in nodeinfo, figures in v1", Answers{NodeInfo: &NodeInfo{Software: "akkoma", Users: Known(0), Statuses: Known(0)},
			V1: &V1{Users: Known(3), Statuses: Known(4)}}, Figures{Software: "akkoma", Users: Known(3), Statuses: Known(4)}},
		{"no statuses yet", Answers{NodeInfo: &NodeInfo{Software: "lemmy", Users: Known(1), Statuses: Known(0)}},
			Figures{Software: "lemmy", Users: Known(1), Statuses: Known(0)}},
		{"statuses without users", Answers{NodeInfo: &NodeInfo{Software: "wordpress", Users: Known(0), Statuses: Known(12)}},
			Figures{Software: "wordpress", Users: Known(0), Statuses: Known(12)}},
		{"a new Mastodon's zeros are true", Answers{NodeInfo: &NodeInfo{Software: "mastodon", Users: Known(0), Statuses: Known(0), ActiveMonth: Known(0)},
			V1: &V1{Users: Known(7), Statuses: Known(8), Connections: Known(0)}},
			Figures{Software: "mastodon", Users: Known(0), Statuses: Known(0), Connections: Known(0), ActiveUsers: Known(0), Mastodon: true}},
		{"more active than there are", Answers{NodeInfo: &NodeInfo{Software: "mastodon", Users: Known(5), ActiveMonth: Known(9)}},
			Figures{Software: "mastodon", Users: Known(5), ActiveUsers: Known(9), Mastodon: true}},
		{"active: nodeinfo first", Answers{NodeInfo: &NodeInfo{Software: "akkoma", ActiveMonth: Known(0)}, V1: &V1{ActiveMonth: Known(2)}, V2: &V2{ActiveMonth: Known(3)}},
			Figures{Software: "akkoma", ActiveUsers: Known(0)}},
		{"active: v2 second", Answers{NodeInfo: &NodeInfo{Software: "akkoma", ActiveHalfYear: Known(7)}, V1: &V1{ActiveMonth: Known(2)}, V2: &V2{ActiveMonth: Known(3)}},
			Figures{Software: "akkoma", ActiveUsers: Known(3)}},
		{"active: Pleroma's last, and before a zero of v2", Answers{NodeInfo: &NodeInfo{Software: "akkoma"}, V1: &V1{ActiveMonth: Known(2)}, V2: &V2{ActiveMonth: Known(0)}},
			Figures{Software: "akkoma", ActiveUsers: Known(2)}},
		{"active: limited federation", Answers{NodeInfo: &NodeInfo{Software: "mastodon"}, V2: &V2{ActiveMonth: Known(0), Limited: true}},
			Figures{Software: "mastodon", Mastodon: true}},
		{"active: nobody on a Mastodon", Answers{NodeInfo: &NodeInfo{Software: "mastodon"}, V2: &V2{ActiveMonth: Known(0)}},
			Figures{Software: "mastodon", ActiveUsers: Known(0), Mastodon: true}},
		{"WriteFreely with statistics on", Answers{NodeInfo: &NodeInfo{Software: "writefreely", ActiveMonth: Known(0), ActiveHalfYear: Known(3)}},
			Figures{Software: "writefreely", ActiveUsers: Known(0)}},
		{"registrations: v1 first", Answers{V1: &V1{Registrations: Yes, Approval: No}, V2: &V2{Registrations: No, Approval: Yes}, NodeInfo: &NodeInfo{Open: No}},
			Figures{Registrations: PolicyOpen}},
		{"registrations: v2 second", Answers{V1: &V1{}, V2: &V2{Registrations: Yes, Approval: Yes}, NodeInfo: &NodeInfo{Open: No}},
			Figures{Registrations: PolicyApproval}},
		{"registrations: nodeinfo last", Answers{NodeInfo: &NodeInfo{Open: Yes}}, Figures{Registrations: PolicyOpen}},
		{"registrations: open in v1, approval in v2", Answers{V1: &V1{Registrations: Yes}, V2: &V2{Approval: Yes}}, Figures{Registrations: PolicyApproval}},
		{"registrations: closed, whoever would approve", Answers{V1: &V1{Registrations: No, Approval: Yes}}, Figures{Registrations: PolicyClosed}},
		{"registrations: approval of nothing", Answers{V1: &V1{Approval: Yes}}, Figures{Registrations: none}},
		{"software: nodeinfo before v1", Answers{NodeInfo: &NodeInfo{Software: "sharkey", Version: "2025.1"}, V1: &V1{Version: "4.5.0"}},
			Figures{Software: "sharkey", Version: "2025.1"}},
		{"software: nodeinfo without a name", Answers{NodeInfo: &NodeInfo{Version: "0.6.1"}, V1: &V1{Version: "takahe/0.10.1"}},
			Figures{Software: "takahe", Version: "0.10.1"}},
		{"software: nodeinfo without a name, v1 no better", Answers{NodeInfo: &NodeInfo{Version: "0.6.1"}, V1: &V1{Version: "0.16.0"}},
			Figures{Version: "0.6.1"}},
		{"software: v2 where v1 is silent", Answers{V1: &V1{}, V2: &V2{Version: "2.8.0 (compatible; Friendica 2024.08)"}},
			Figures{Software: "friendica", Version: "2024.08"}},
		{"version: v1's of the same software", Answers{NodeInfo: &NodeInfo{Software: "akkoma"}, V1: &V1{Version: "2.7.2 (compatible; Akkoma 3.3.1)"}},
			Figures{Software: "akkoma", Version: "3.3.1"}},
		{"version: not v1's of another software", Answers{NodeInfo: &NodeInfo{Software: "akkoma"}, V1: &V1{Version: "4.5.0"}},
			Figures{Software: "akkoma"}},
		{"version: v1's plain one of a Mastodon", Answers{NodeInfo: &NodeInfo{Software: "hometown"}, V1: &V1{Version: "4.0.2+hometown-1.1.1"}},
			Figures{Software: "hometown", Version: "4.0.2+hometown-1.1.1", Mastodon: true}},
		{"version: Fedibird's is in v1", Answers{NodeInfo: &NodeInfo{Software: "fedibird", Version: "0.1"}, V1: &V1{Version: "3.4.1"}, V2: &V2{Version: "4.5.0"}},
			Figures{Software: "fedibird", Version: "3.4.1", Mastodon: true}},
		{"version: Fedibird's nodeinfo alone", Answers{NodeInfo: &NodeInfo{Software: "fedibird", Version: "0.1"}},
			Figures{Software: "fedibird", Version: "0.1", Mastodon: true}},
		{"version: Hometown's stays nodeinfo's", Answers{NodeInfo: &NodeInfo{Software: "hometown", Version: "1.0.7+3.5.5"}, V1: &V1{Version: "3.5.5"}},
			Figures{Software: "hometown", Version: "1.0.7+3.5.5", Mastodon: true}},
		{"refused: all answers", Answers{NodeInfo: &NodeInfo{Refused: 1}, V1: &V1{Refused: 2}, V2: &V2{Refused: 4}, Week: &Week{Refused: 8}},
			Figures{Refused: 15, Week: Week{Refused: 8}}},
		{"week", Answers{Week: &Week{Logins: Known(3)}}, Figures{Week: Week{Logins: Known(3)}}},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			if got := r.a.Figures(); got != r.want {
				t.Errorf("\ngot  %+v\nwant %+v", got, r.want)
			}
		})
	}
}

// TestAnswersJSON: answers survive being written to a file of ours and read back.
func TestAnswersJSON(t *testing.T) {
	a := answers(t, "mastodon.social-nodeinfo-2.0.json", "mastodon.social-api-v1-instance.json",
		"mastodon.social-api-v2-instance.json", "mastodon.social-api-v1-instance-activity.json")
	want := Timelines{Local: AccessDisabled, Remote: AccessDisabled, HashtagLocal: AccessPublic, HashtagRemote: AccessPublic}
	if a.V2.Timelines != want {
		t.Errorf("timelines are %+v, want %+v", a.V2.Timelines, want)
	}
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var back Answers
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if *back.NodeInfo != *a.NodeInfo || *back.V1 != *a.V1 || *back.V2 != *a.V2 || *back.Week != *a.Week {
		t.Errorf("came back otherwise from %s", b)
	}
}

// TestFiguresKeepAnswers: weighing doubts copies, never the answers themselves.
func TestFiguresKeepAnswers(t *testing.T) {
	a := Answers{V1: &V1{Version: "3.0.0 (compatible; Calckey 14)", Users: Known(91000)}, V2: &V2{ActiveMonth: Known(0)}, NodeInfo: &NodeInfo{Users: Known(0), Statuses: Known(0)}}
	v1, v2, n := *a.V1, *a.V2, *a.NodeInfo
	a.Figures()
	if *a.V1 != v1 || *a.V2 != v2 || *a.NodeInfo != n {
		t.Error("the answers changed")
	}
}

func TestForks(t *testing.T) {
	for name, want := range map[string]bool{
		"mastodon": true, "hometown": true, "ecko": true, "fedibird": true, "kmyblue": true, "nagitodon": true, "glitchcafe": true,
		"glitch-soc": true, "pleroma": false, "akkoma": false, "pixelfed": false, "gotosocial": false, "takahe": false,
		"wildebeest": false, "mitra": false, "hollo": false, "areionskey": false, "": false,
	} {
		if got := (Answers{NodeInfo: &NodeInfo{Software: name}}).Figures().Mastodon; got != want {
			t.Errorf("%s: %t, want %t", name, got, want)
		}
	}
}

func TestPolicies(t *testing.T) {
	var got []string
	for _, p := range Policies() {
		got = append(got, p.String())
	}
	if s := strings.Join(got, " "); s != "open approval closed unknown" {
		t.Error(s)
	}
}
