package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"tapline/exporter"
)

func newDiscover(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "discover [CONNECTION]", Short: "What does a source offer?",
		Long: "discover lists the streams that a source has, for streams: in a pipeline. It reads no rows.",
		Args: cobra.MaximumNArgs(1),
	}
	cmd.RunE = a.does(func(ctx context.Context, args []string) (view, error) {
		p, err := a.project(cmd)
		if err != nil {
			return nil, err
		}
		names := args
		if len(names) == 0 {
			for _, c := range p.cfg.Connections {
				if _, ok := sources()[c.Type]; ok {
					names = append(names, c.Name)
				}
			}
		}
		result := &discovered{Connections: []discoveredSource{}}
		for _, name := range names {
			s, err := p.sourceOf(ctx, name, nil, 0)
			if err != nil {
				return result, err
			}
			defer p.closeSource(s)
			streams, err := s.Streams(ctx)
			if err != nil {
				return result, fmt.Errorf("connection %s: %w", name, err)
			}
			result.Connections = append(result.Connections, newDiscovered(name, streams))
		}
		return result, nil
	})
	return cmd
}

type discovered struct {
	Connections []discoveredSource `json:"connections"`
}

type discoveredSource struct {
	Connection string             `json:"connection"`
	Streams    []discoveredStream `json:"streams"`
}

type discoveredStream struct {
	Name   string            `json:"name"`
	Kind   string            `json:"kind"`
	Vars   map[string]string `json:"vars,omitempty"`
	About  string            `json:"about,omitempty"`
	Notice string            `json:"notice,omitempty"`
}

func newDiscovered(connection string, streams []exporter.Stream) discoveredSource {
	d := discoveredSource{Connection: connection, Streams: []discoveredStream{}}
	for _, s := range streams {
		d.Streams = append(d.Streams, discoveredStream{Name: s.Name, Kind: s.Kind, Vars: s.Vars, About: s.About, Notice: s.Notice})
	}
	return d
}

// Text implements view.
func (d *discovered) Text(p *printer) {
	for _, c := range d.Connections {
		p.line("%s", c.Connection)
		t := &table{heads: []string{"stream", "about"}}
		for _, s := range c.Streams {
			about := s.About
			if s.Notice != "" {
				about = "! " + s.Notice
			}
			t.add(s.Name, about)
		}
		p.table(t)
	}
}
