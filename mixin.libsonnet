// The dashboards, alerts and recording rules as a monitoring mixin, for a stack that is made with jsonnet. They are read from
// the files that everybody else uses. docs/prometheus.md shows the use.
local rules(yaml) = std.parseYaml(yaml).groups;

{
  _config+:: {
    // Where the links of alerts begin: your Grafana, and the runbooks.
    grafanaUrl: 'http://127.0.0.1:3000',
    runbookUrl: 'https://github.com/mnm-social/mnm/blob/main/docs/runbooks',
    // The exporter's job, a regular expression: the only thing that tells its `up` from others'.
    job: 'mnm|mnm-exporter',
  },

  grafanaDashboards+:: {
    'countries.json': import 'dashboards/countries.json',
    'exporter.json': import 'dashboards/exporter.json',
    'hashtags.json': import 'dashboards/hashtags.json',
    'https.json': import 'dashboards/https.json',
    'instance.json': import 'dashboards/instance.json',
    'instances.json': import 'dashboards/instances.json',
    'network-overview.json': import 'dashboards/network-overview.json',
    'timelines.json': import 'dashboards/timelines.json',
    'versions.json': import 'dashboards/versions.json',
  },

  local configured(text) = std.foldl(
    function(text, pair) std.strReplace(text, pair[0], pair[1]),
    [
      ['http://127.0.0.1:3000/', $._config.grafanaUrl + '/'],
      ['https://github.com/mnm-social/mnm/blob/main/docs/runbooks/', $._config.runbookUrl + '/'],
      ['job=~"mnm|mnm-exporter"', 'job=~"%s"' % $._config.job],
    ],
    text
  ),

  prometheusAlerts+:: {
    groups+: std.flatMap(rules, std.map(configured, [
      importstr 'provisioning/prometheus/rules/exporter.yml',
      importstr 'provisioning/prometheus/rules/instances.yml',
      importstr 'provisioning/prometheus/rules/network.yml',
      importstr 'provisioning/prometheus/rules/timelines.yml',
    ])),
  },

  prometheusRules+:: {
    groups+: rules(importstr 'provisioning/prometheus/rules/recording.yml'),
  },
}
