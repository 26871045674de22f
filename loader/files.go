package loader

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"tapline/exporter"
	"tapline/warehouse"
)

// A ledger keeps, in the warehouse and for people, what became of the objects
// that a run saw. What is loaded is known from receipts alone; the ledger
// follows them, and a run that dies leaves it a little behind until the next.
type ledger struct {
	l     *Loader
	files warehouse.Files
	known map[fileKey]warehouse.File
	due   []*task // that are objects
}

type fileKey struct{ stream, name, generation string }

func keyOf(f warehouse.File) fileKey { return fileKey{f.Stream, f.Name, f.Generation} }

// seen writes into the ledger what planning saw and what the run is about to
// load. It does nothing for sources without objects.
func (l *Loader) seen(ctx context.Context, w *work) (*ledger, error) {
	files, ok := l.cfg.Warehouse.(warehouse.Files)
	if !ok || len(w.streams) == 0 {
		return nil, nil
	}
	led := &ledger{l: l, files: files, known: map[fileKey]warehouse.File{}}
	for f, err := range files.Files(ctx, l.cfg.Pipeline) {
		if err != nil {
			return nil, err
		}
		led.known[keyOf(f)] = f
	}
	var now []warehouse.File
	for _, t := range w.tasks {
		if t.slice.Object == nil {
			continue
		}
		if t.action.Due() {
			led.due = append(led.due, t)
		}
		f := led.entry(t.slice, stateOf(t), "")
		switch f.State {
		case warehouse.FileLoaded:
			f.LoadedBy, f.Load = t.loaded.Run, t.loaded.ID
		case warehouse.FileIgnored:
			f.Reason = t.why
		}
		now = append(now, f)
	}
	for _, s := range w.ignored {
		f := led.entry(s, warehouse.FileIgnored, s.Object.Ignored)
		if f.Load != "" { // before the window was another
			f.State, f.Reason = warehouse.FileLoaded, ""
		}
		now = append(now, f)
	}
	return led, led.put(ctx, append(now, led.missing(now, w.streams)...))
}

func stateOf(t *task) warehouse.FileState {
	switch {
	case t.action == Wait:
		return warehouse.FileSettling
	case t.action.Due():
		return warehouse.FileLoading
	case t.loaded != nil && t.loaded.Revision == t.slice.Revision:
		return warehouse.FileLoaded
	}
	return warehouse.FileIgnored // a later object is the snapshot
}

// entry is what the ledger should say of an object now.
func (led *ledger) entry(s exporter.Slice, state warehouse.FileState, reason string) warehouse.File {
	f := warehouse.File{
		Pipeline: led.l.cfg.Pipeline, Stream: s.Stream.Name, Name: s.Name, Generation: s.Revision,
		Size: s.Object.Size, Checksum: s.Object.Checksum, UpdatedAt: s.Object.Updated, FirstSeen: led.l.started,
		State: state, Reason: reason,
	}
	if before, ok := led.known[keyOf(f)]; ok {
		f.FirstSeen, f.LoadedBy, f.Load = before.FirstSeen, before.LoadedBy, before.Load
	}
	if state == warehouse.FileLoading {
		f.LoadedBy = led.l.cfg.Run
	}
	return f
}

// missing returns the entries whose object is no longer listed, or is listed at
// another generation, with the state that they are in now.
func (led *ledger) missing(now []warehouse.File, streams map[string]bool) []warehouse.File {
	listed, names := map[fileKey]bool{}, map[[2]string]bool{}
	for _, f := range now {
		listed[keyOf(f)], names[[2]string{f.Stream, f.Name}] = true, true
	}
	var out []warehouse.File
	for key, f := range led.known {
		if listed[key] || !streams[key.stream] {
			continue // another entry's stream, or one that is no longer configured
		}
		f.State = warehouse.FileGone
		if names[[2]string{key.stream, key.name}] {
			f.State = warehouse.FileReplaced
		}
		out = append(out, f)
	}
	return out
}

// done writes what became of the objects that were due. What cannot be written
// the next run makes good.
func (led *ledger) done(ctx context.Context) {
	if led == nil || len(led.due) == 0 {
		return
	}
	loads := map[string]warehouse.Receipt{}
	for _, s := range led.l.finished().Loads {
		loads[s.Receipt.Slice] = s.Receipt
	}
	var now []warehouse.File
	for _, t := range led.due {
		f := led.entry(t.slice, warehouse.FileSettled, "")
		if r, ok := loads[led.l.sliceID(t.stream.Name, t.slice.Name)]; ok && r.Revision == t.slice.Revision {
			f.State, f.LoadedBy, f.Load = warehouse.FileLoaded, r.Run, r.ID
		} else {
			f.LoadedBy = ""
		}
		now = append(now, f)
	}
	if err := led.put(ctx, now); err != nil {
		led.l.log.Warn("the list of files is behind; the next run makes it good", "err", err)
	}
}

// put writes the entries that differ from what is known.
func (led *ledger) put(ctx context.Context, files []warehouse.File) error {
	at := led.l.now().UTC().Truncate(time.Microsecond)
	changed := slices.DeleteFunc(files, func(f warehouse.File) bool {
		before, ok := led.known[keyOf(f)]
		before.ChangedAt, f.ChangedAt = time.Time{}, time.Time{}
		before.UpdatedAt, f.UpdatedAt = before.UpdatedAt.UTC(), f.UpdatedAt.UTC().Truncate(time.Microsecond)
		before.FirstSeen, f.FirstSeen = before.FirstSeen.UTC(), f.FirstSeen.UTC()
		return ok && before == f
	})
	if len(changed) == 0 {
		return nil
	}
	slices.SortFunc(changed, func(a, b warehouse.File) int {
		return cmp.Or(cmp.Compare(a.Stream, b.Stream), a.UpdatedAt.Compare(b.UpdatedAt), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Generation, b.Generation))
	})
	for i := range changed {
		changed[i].ChangedAt = at
		led.known[keyOf(changed[i])] = changed[i]
	}
	if err := led.files.PutFiles(ctx, changed); err != nil {
		return fmt.Errorf("loader: list of files: %w", err)
	}
	return nil
}

// Files returns what is known of the objects that the pipeline has seen, by
// stream, time and name, as receipts have it at this moment. It asks the
// warehouse alone. A warehouse that keeps no such list gives none.
func Files(ctx context.Context, w warehouse.Warehouse, pipeline string) ([]warehouse.File, error) {
	files, ok := w.(warehouse.Files)
	if !ok {
		return nil, nil
	}
	loads := map[[2]string]warehouse.Receipt{}
	for r, err := range w.Receipts(ctx, pipeline) {
		if err != nil {
			return nil, err
		}
		loads[[2]string{r.Slice, r.Revision}] = r
	}
	var out []warehouse.File
	for f, err := range files.Files(ctx, pipeline) {
		if err != nil {
			return nil, err
		}
		r, loaded := loads[[2]string{sliceID(pipeline, f.Stream, f.Name), f.Generation}]
		if loaded && (f.State == warehouse.FileLoading || f.State == warehouse.FileSettled) {
			f.State, f.LoadedBy, f.Load = warehouse.FileLoaded, r.Run, r.ID
		}
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b warehouse.File) int {
		return cmp.Or(cmp.Compare(a.Stream, b.Stream), a.UpdatedAt.Compare(b.UpdatedAt), cmp.Compare(a.Name, b.Name), a.ChangedAt.Compare(b.ChangedAt))
	})
	return out, nil
}
