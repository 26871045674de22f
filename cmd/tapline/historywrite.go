package main

import (
	"context"
	"fmt"
	"time"

	"tapline/loader"
	"tapline/sql"
)

// What became of a run.
const (
	statusRunning     = "running"
	statusDone        = "done"
	statusPartial     = "partial" // some slices failed, others are loaded
	statusFailed      = "failed"
	statusBusy        = "busy"
	statusInterrupted = "interrupted"
)

// A record is one run as the history keeps it.
type record struct {
	ID          string     `json:"id"`
	Pipeline    string     `json:"pipeline"`
	Command     string     `json:"command"`
	Status      string     `json:"status"`
	StartedAt   time.Time  `json:"startedAt"`
	FinishedAt  *time.Time `json:"finishedAt"`
	Loads       int64      `json:"loads"`
	Rows        int64      `json:"rows"`
	Quarantined int64      `json:"quarantined"`
	Skipped     int64      `json:"skipped"`
	Failures    int64      `json:"failures"`
	Code        string     `json:"code,omitempty"`
	Message     string     `json:"message,omitempty"`

	owner string
}

// begin notes that a run starts, after runs whose processes are gone were
// marked as interrupted.
func (h *history) begin(ctx context.Context, run, pipeline, command string) error {
	if err := h.interrupted(ctx); err != nil {
		return err
	}
	return execute(ctx, h.db, "begin_run", nil, run, pipeline, command, statusRunning, h.now().UnixMicro(), ownProcess())
}

// interrupted marks the runs whose processes are gone.
func (h *history) interrupted(ctx context.Context) error {
	text, err := sql.Text(dialect, "open_runs", nil)
	if err != nil {
		return err
	}
	rows, err := h.db.QueryContext(ctx, text, statusRunning)
	if err != nil {
		return fmt.Errorf("open_runs: %w", err)
	}
	defer func() { _ = rows.Close() }() // Err tells
	var gone []string
	for rows.Next() {
		var id, owner string
		if err := rows.Scan(&id, &owner); err != nil {
			return fmt.Errorf("open_runs: %w", err)
		}
		if !processLives(owner) {
			gone = append(gone, id)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("open_runs: %w", err)
	}
	if err := rows.Close(); err != nil { // the one connection is needed below
		return fmt.Errorf("open_runs: %w", err)
	}
	for _, id := range gone {
		if err := execute(ctx, h.db, "interrupt_run", nil, statusInterrupted, h.now().UnixMicro(), id, statusRunning); err != nil {
			return err
		}
	}
	return nil
}

// slice notes what became of a slice; events of other kinds are passed over.
func (h *history) slice(ctx context.Context, run string, e loader.Event, redact func(string) string) error {
	var status, code, message string
	rows, quarantined := e.Rows, e.Quarantined
	switch e.Kind {
	case loader.Loaded:
		status = statusDone
		if e.Receipt != nil {
			rows, quarantined = e.Receipt.RowsLoaded, e.Receipt.RowsQuarantined+e.Receipt.CellsQuarantined
		}
	case loader.Failed, loader.Held:
		status = string(e.Kind)
		if e.Err != nil {
			code, message = classify(e.Err).Code, redact(e.Err.Error())
		}
	default:
		return nil
	}
	return execute(ctx, h.db, "put_slice", nil, run, e.Stream, e.Slice, e.Table, status, rows, quarantined, code, message, h.now().UnixMicro())
}

// finish notes how a run ended.
func (h *history) finish(ctx context.Context, run string, s loader.Summary, failed error, redact func(string) string) error {
	var rows, quarantined int64
	for _, l := range s.Loads {
		rows += l.Receipt.RowsLoaded
		quarantined += l.Receipt.RowsQuarantined + l.Receipt.CellsQuarantined
	}
	code, message := "", ""
	if failed != nil {
		code, message = newReport(failed, redact).Code, redact(failed.Error())
	}
	return execute(ctx, h.db, "finish_run", nil, statusOf(failed), h.now().UnixMicro(),
		len(s.Loads), rows, quarantined, s.Skipped, len(s.Failures), code, message, run)
}

func statusOf(failed error) string {
	switch exitCode(failed) {
	case exitDone:
		return statusDone
	case exitLook:
		return statusPartial
	case exitBusy:
		return statusBusy
	case exitInterrupted:
		return statusInterrupted
	}
	return statusFailed
}
