package config

import "reflect"

// An Alert is a place to tell when something happens to a run. This version
// checks alerts and sends none.
type Alert struct {
	Name string    `yaml:"name" required:"true" pattern:"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$" want:"a name of letters, digits, _ . and -" doc:"what messages call it"`
	Type string    `yaml:"type" required:"true" enum:"slack,webhook" doc:"the kind of receiver"`
	URL  SecretRef `yaml:"url" required:"true" doc:"where to send, a secret"`
	On   []string  `yaml:"on" required:"true" enum:"failure,recovery,freshness,anomaly,quarantine,schema_change" doc:"what to tell"`

	section
}

func (c *Config) addAlerts(f *file, p *problems) {
	items := list(f.root, "alerts", p)
	if len(items) > 0 {
		p.warn(items[0].at, "alerts", "alerts: this version of tapline checks alerts and sends none")
	}
	for i, n := range items {
		a := Alert{section: section{n: n, path: index("alerts", i), own: c.own}}
		d := decoder{p: p, own: c.own}
		if d.section(n, a.path, reflect.ValueOf(&a).Elem()); n.kind == kindMap {
			c.Alerts = append(c.Alerts, a)
		}
	}
}
