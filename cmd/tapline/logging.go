package main

import (
	"log/slog"

	"tapline/config"
)

// newLogger returns what the flow logs to: stderr, through the redactor. Before
// the configuration is read, s is zero and warnings alone are logged.
func newLogger(a *app, s config.Settings) *slog.Logger {
	level := slog.LevelWarn
	if s.LogLevel != "" {
		if err := level.UnmarshalText([]byte(s.LogLevel)); err != nil {
			level = slog.LevelWarn // config lets no other word pass
		}
	}
	switch {
	case a.flags.verbose > 1:
		level = slog.LevelDebug
	case a.flags.verbose == 1:
		level = min(level, slog.LevelInfo)
	case a.flags.quiet:
		level = slog.LevelError
	}
	format := a.flags.logFormat
	if format == "" {
		format = s.LogFormat
	}
	options := &slog.HandlerOptions{Level: level}
	if format == outputJSON {
		return slog.New(slog.NewJSONHandler(a.stderr, options))
	}
	return slog.New(slog.NewTextHandler(a.stderr, options))
}
