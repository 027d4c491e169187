// Package deploy holds, by its tests, what the project is deployed with: the compose file, the images, and the files that
// Prometheus and Grafana are provisioned with.
package deploy
