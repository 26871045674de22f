package config_test

import (
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"tapline/config"
)

// A kind's own struct. Load never sees it; Decode fills it.
type fileConfig struct {
	Path     string        `yaml:"path" required:"true" doc:"the database file"`
	Password config.Secret `yaml:"password" doc:"what opens it"`
}

func Example() {
	dir, err := os.MkdirTemp("", "config")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "tapline.yaml")
	text := "version: 1\nconnections:\n  - {name: bi, type: file, path: /data/bi.db, password: \"${env:EXAMPLE_PASSWORD}\"}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		log.Fatal(err)
	}
	c, err := config.Load(path, config.Options{})
	if err != nil {
		log.Fatal(err)
	}
	bi, _ := c.Connection("bi")
	var into fileConfig
	var mistakes config.Errors
	if errors.As(bi.Decode(&into), &mistakes) {
		fmt.Println(mistakes[0].Line, mistakes[0].Column, mistakes[0].What)
	}
	os.Setenv("EXAMPLE_PASSWORD", "open sesame")
	if err := bi.Decode(&into); err != nil {
		log.Fatal(err)
	}
	fmt.Println(into, len(into.Password.Reveal()))
	// Output:
	// 3 57 connections[0].password: the environment variable EXAMPLE_PASSWORD is not set
	// {/data/bi.db ***} 11
}
