package bigquery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	bq "cloud.google.com/go/bigquery"
	"google.golang.org/api/googleapi"

	"tapline/warehouse"
)

const (
	stagePrefix = "_tapline_stage_"
	// stageLife is how long a staging table may stay that nobody removed.
	stageLife = 24 * time.Hour
	// stageTries is how often a staging table is filled anew.
	stageTries = 4
	// slowest is how many bytes a second an upload has to get on at least.
	slowest = 128 << 10
	// mostURIs is how many objects one job loads.
	mostURIs = 10_000
)

func isStage(table string) bool { return strings.HasPrefix(table, stagePrefix) }

// A unit is what one load job loads: many objects, or one part to upload.
type unit struct {
	uris []string
	part warehouse.Part
}

// units groups parts into as few jobs as can be.
func units(parts []warehouse.Part) []unit {
	var all []unit
	for _, p := range parts {
		if !onGoogle(p) {
			all = append(all, unit{part: p})
			continue
		}
		if n := len(all); n == 0 || len(all[n-1].uris) == 0 || len(all[n-1].uris) == mostURIs {
			all = append(all, unit{})
		}
		last := &all[len(all)-1]
		last.uris = append(last.uris, p.URL)
	}
	return all
}

// onGoogle reports whether BigQuery can read the part where it is. A "*" in a
// name would match other objects, and repeated slashes none.
func onGoogle(p warehouse.Part) bool {
	path, ok := strings.CutPrefix(p.URL, "gs://")
	return ok && !strings.Contains(path, "*") && !strings.Contains(path, "//")
}

// newStage makes a staging table and fills it with parts. What a failed job
// left in it is not known, so each try takes a new one. Ids names the first job
// of a try by how many such jobs there were before; nil = any. Table is the one that
// errors speak of. Errors: errMoved when another process has taken such an id, for
// whatever.
func (x *loading) newStage(ctx context.Context, table string, columns []warehouse.Column, parts []warehouse.Part, ids func(try int) string) (string, error) {
	if ids == nil {
		ids = func(int) string { return fresh("tapline_s_") }
	}
	var p pacing
	for try, begun := 0, 0; ; {
		name := fresh(stagePrefix)
		x.stages = append(x.stages, name)
		taken, err := x.w.fillStage(ctx, name, table, columns, parts, ids(begun), map[string]string{labelLoad: loadLabel(x.l.ID), labelCall: x.call})
		if err == nil {
			return name, nil
		}
		if taken {
			begun++
		}
		if try++; ctx.Err() != nil || try == stageTries || !isPassing(err) && !errors.Is(err, errGone) {
			return "", err
		}
		x.w.cfg.Log.Warn("staging again", "load", x.l.ID, "attempt", try, "err", err)
		if err := p.pause(ctx, x.w); err != nil {
			return "", err
		}
	}
}

// fillStage makes a staging table and loads all parts into it. It reports whether
// the first job's id is taken.
func (w *Warehouse) fillStage(ctx context.Context, name, table string, columns []warehouse.Column, parts []warehouse.Part, id string, labels map[string]string) (taken bool, err error) {
	if err := w.createStage(ctx, name, columns); err != nil {
		return false, err
	}
	for i, u := range units(parts) {
		if i > 0 {
			id = fresh("tapline_s_")
		}
		job, err := w.submit(ctx, id, w.beginStage(ctx, id, u, name, columns, labels))
		if err != nil {
			return i > 0 || errors.Is(err, errGone), w.explainLoad(ctx, table, err)
		}
		if i == 0 && !(isCallOf(job, labels[labelCall]) && isInto(job, name)) {
			return true, errMoved // another process took the attempt, or an earlier try of this one
		}
		if _, err := w.finish(ctx, job); err != nil {
			return true, w.explainLoad(ctx, table, err)
		}
	}
	return true, nil
}

// isInto reports whether a job loads into a table.
func isInto(job *bq.Job, table string) bool {
	config, err := job.Config()
	load, ok := config.(*bq.LoadConfig)
	return err == nil && ok && load.Dst.TableID == table
}

// createStage makes a staging table.
func (w *Warehouse) createStage(ctx context.Context, name string, columns []warehouse.Column) error {
	md := &bq.TableMetadata{Schema: fields(columns), Labels: w.labels(nil), ExpirationTime: time.Now().Add(stageLife)}
	if err := w.createTable(ctx, name, md); err != nil && !isDuplicate(err) {
		return err
	}
	return nil
}

// beginStage returns what begins a load job into a staging table.
func (w *Warehouse) beginStage(ctx context.Context, id string, u unit, stage string, columns []warehouse.Column, labels map[string]string) func(context.Context) (*bq.Job, error) {
	return w.beginLoad(ctx, id, u, func(c *bq.LoadConfig) {
		c.Dst, c.WriteDisposition, c.Labels = w.table(stage), bq.WriteAppend, w.labels(labels)
	}, fields(columns))
}

// isCallOf reports whether the job was begun by this call.
func isCallOf(job *bq.Job, call string) bool { return labelOf(job, labelCall) == call }

// groupOf is the job of the group that a job is a claim of, "" = it is none.
func groupOf(job *bq.Job) string { return labelOf(job, labelGroup) }

// labelOf is one of a job's labels, "" = it has none of that name.
func labelOf(job *bq.Job, label string) string {
	config, err := job.Config()
	if err != nil {
		return ""
	}
	switch c := config.(type) {
	case *bq.LoadConfig:
		return c.Labels[label]
	case *bq.QueryConfig:
		return c.Labels[label]
	}
	return ""
}

// beginLoad returns what begins a load job. It may be called again: a part is
// opened each time.
func (w *Warehouse) beginLoad(ctx context.Context, id string, u unit, set func(*bq.LoadConfig), schema bq.Schema) func(context.Context) (*bq.Job, error) {
	run := func(ctx context.Context, src bq.LoadSource, o ...googleapi.MediaOption) (*bq.Job, error) {
		l := w.table("").LoaderFrom(src)
		set(&l.LoadConfig)
		l.CreateDisposition, l.MediaOptions = bq.CreateNever, o
		var err error
		if l.JobIDConfig, err = w.jobConfig(ctx, id); err != nil {
			return nil, err
		}
		return l.Run(ctx)
	}
	if len(u.uris) > 0 {
		return func(limited context.Context) (*bq.Job, error) {
			src := bq.NewGCSReference(u.uris...)
			src.SourceFormat, src.Schema = bq.Parquet, schema
			return run(limited, src)
		}
	}
	return func(context.Context) (*bq.Job, error) {
		// An upload may take longer than an answer.
		ctx, cancel := context.WithTimeout(ctx, w.cfg.Patience+time.Duration(u.part.Size/slowest)*time.Second)
		defer cancel()
		in, err := open(ctx, u.part)
		if err != nil {
			return nil, fmt.Errorf("part %s: %w", u.part.Name, err)
		}
		defer in.Close()
		src := bq.NewReaderSource(in)
		src.SourceFormat, src.Schema = bq.Parquet, schema
		if u.part.Size > 0 && u.part.Size <= googleapi.DefaultUploadChunkSize {
			// One request holds it. The library would keep a copy of it, so as to
			// repeat the request by itself, which submit does.
			return run(ctx, src, googleapi.ChunkSize(0))
		}
		return run(ctx, src)
	}
}

func open(ctx context.Context, p warehouse.Part) (io.ReadCloser, error) {
	switch {
	case p.Path != "":
		return os.Open(p.Path)
	case p.Open != nil:
		return p.Open(ctx)
	}
	return nil, errors.New("has neither a path nor a way to open it")
}

// dropStages removes staging tables, also when the operation's context is over.
func (w *Warehouse) dropStages(ctx context.Context, names []string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	for _, name := range names {
		if err := w.table(name).Delete(ctx); err != nil && !isNotFound(err) {
			w.cfg.Log.Warn("removing a staging table, which vanishes by itself in a day", "table", name, "err", err)
		}
	}
}
