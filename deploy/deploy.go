// Package deploy holds, by its tests, what the project is deployed with: the compose file, the images, the files that
// Prometheus and Grafana are provisioned with, and what other people's stacks take of them.
package deploy

//go:generate go tool jsonnet -S -o ../provisioning/kubernetes/prometheusrule.yaml ../provisioning/kubernetes/prometheusrule.jsonnet
