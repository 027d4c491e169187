// Writes prometheusrule.yaml. For links to your own Grafana:
//   jsonnet -S --tla-str grafanaUrl=https://grafana.example.org prometheusrule.jsonnet
local mixin = import '../../mixin.libsonnet';

function(grafanaUrl=mixin._config.grafanaUrl)
  local configured = mixin { _config+:: { grafanaUrl: grafanaUrl } };
  '# Made by prometheusrule.jsonnet from provisioning/prometheus/rules: run go generate ./deploy after a change.\n' +
  std.manifestYamlDoc({
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'mnm', labels: { 'app.kubernetes.io/name': 'mnm-exporter' } },
    spec: { groups: configured.prometheusAlerts.groups + configured.prometheusRules.groups },
  }, indent_array_in_object=true, quote_keys=false)
