//go:build external

package deploy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"
)

// TestExternalAlertmanager shows a real Alertmanager with our configuration some alerts, and asks which of them it would tell of.
func TestExternalAlertmanager(t *testing.T) {
	run(t, nil, "amtool", "check-config", "../provisioning/alertmanager/alertmanager.yml")
	for _, row := range []struct {
		name       string
		fire, tell []string // alerts, with the domain after a space
	}{
		{"one instance down", []string{
			"MastodonInstanceDown a.example", "MastodonInstanceCertificateWrong a.example", "MastodonInstanceCertificateExpiresSoon a.example", "MastodonInstanceFlapping a.example",
			"MastodonInstanceCertificateExpiresSoon b.example", "MastodonReleaseNew",
		}, []string{"MastodonInstanceCertificateExpiresSoon b.example", "MastodonInstanceDown a.example", "MastodonReleaseNew"}},
		{"the graver", []string{
			"MastodonInstanceCertificateExpiresSoon a.example", "MastodonInstanceCertificateExpiresVerySoon a.example",
			"MastodonInstanceSecurityReleaseMissing b.example", "MastodonInstanceSecurityReleaseLongMissing b.example",
			"MastodonInstanceSoftwareChanged c.example", "MastodonInstanceVersionChanged c.example",
			"MastodonInstanceVersionChanged a.example",
		}, []string{
			"MastodonInstanceCertificateExpiresVerySoon a.example", "MastodonInstanceSecurityReleaseLongMissing b.example",
			"MastodonInstanceSoftwareChanged c.example", "MastodonInstanceVersionChanged a.example",
		}},
		{"offline", []string{
			"MNMExporterOffline", "MastodonInstanceDown a.example", "MastodonTimelineStalled", "MastodonDirectorySilent", "MNMVisitsLate", "MNMStateNotSaved",
		}, []string{"MNMExporterOffline", "MNMStateNotSaved"}},
		{"exporter down", []string{
			"MNMExporterDown", "MNMExporterAbsent", "MastodonInstanceDown a.example", "MNMStateNotSaved", "MastodonReleaseNew",
		}, []string{"MNMExporterDown"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			address := freeAddress(t)
			startAlertmanager(t, address)
			await(t, "Alertmanager", time.Minute, func() error {
				_, err := get(t, "http://"+address+"/-/ready")
				return err
			})
			run(t, nil, "amtool", "config", "show", "--alertmanager.url=http://"+address) // as the health check in docker-compose.yml
			postAlerts(t, address, row.fire)
			await(t, "the alerts to be judged", time.Minute, func() error {
				body, err := get(t, "http://"+address+"/api/v2/alerts?silenced=false&inhibited=false&unprocessed=false")
				if err != nil {
					return err
				}
				var told []struct{ Labels map[string]string }
				if err := json.Unmarshal(body, &told); err != nil {
					return err
				}
				var got []string
				for _, one := range told {
					got = append(got, spell(one.Labels))
				}
				if slices.Sort(got); !slices.Equal(got, row.tell) {
					return fmt.Errorf("it tells of %q, want %q", got, row.tell)
				}
				return nil
			})
		})
	}
}

func spell(labels map[string]string) string {
	if labels["domain"] == "" {
		return labels["alertname"]
	}
	return labels["alertname"] + " " + labels["domain"]
}

// postAlerts makes alerts fire, with the labels that their rules give them.
func postAlerts(t *testing.T, address string, all []string) {
	t.Helper()
	type alert struct {
		Labels map[string]string `json:"labels"`
	}
	known := alerts(t)
	var send []alert
	for _, one := range all {
		var name, domain string
		_, _ = fmt.Sscan(one, &name, &domain) // one without a domain has none
		rule, there := known[name]
		if !there {
			t.Fatalf("there is no alert %s", name)
		}
		labels := maps.Clone(rule.Labels)
		labels["alertname"] = name
		if domain != "" {
			labels["domain"] = domain
		}
		if name != "MNMExporterAbsent" {
			labels["job"], labels["instance"] = "mnm", "mnm-exporter:13121"
		}
		send = append(send, alert{labels})
	}
	body, err := json.Marshal(send)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/api/v2/alerts", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("Alertmanager answers %s", resp.Status)
	}
}

// checkRules holds that a Prometheus or a vmalert has all rules, and that each can be evaluated.
func checkRules(t *testing.T, address string) {
	t.Helper()
	await(t, "all rules to be evaluated", 3*time.Minute, func() error {
		var answer struct {
			Data struct {
				Groups []struct {
					Rules []struct {
						Name, Health, LastError string
						LastEvaluation          time.Time
					}
				}
			}
		}
		body, err := get(t, "http://"+address+"/api/v1/rules")
		if err == nil {
			err = json.Unmarshal(body, &answer)
		}
		if err != nil {
			return err
		}
		known := 0
		for _, g := range answer.Data.Groups {
			for _, r := range g.Rules {
				known++
				if r.Health == "err" {
					t.Fatalf("%s: %s", r.Name, r.LastError)
				}
				if r.LastEvaluation.IsZero() {
					return fmt.Errorf("%s is not evaluated yet", r.Name)
				}
			}
		}
		if want := len(rules(t)); known != want {
			return fmt.Errorf("it has %d rules of %d", known, want)
		}
		return nil
	})
}

// startAlertmanager starts it as docker-compose.yml does.
func startAlertmanager(t *testing.T, address string) {
	t.Helper()
	start(t, "prometheus-alertmanager", asComposed(t, "alertmanager", map[string]string{
		"--config.file": "../provisioning/alertmanager/alertmanager.yml", "--storage.path": t.TempDir(), "--web.listen-address": address,
	})...)
}
