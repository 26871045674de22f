package config_test

import (
	"testing"

	"tapline/config"
)

func TestArchitectureSample(t *testing.T) {
	c, err := config.Load("testdata/architecture.good.yaml", config.Options{Kinds: kinds()})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Connections) != 5 || len(c.Pipelines) != 2 {
		t.Errorf("read %d connections and %d pipelines", len(c.Connections), len(c.Pipelines))
	}
}
