package loader

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"tapline/exporter"
	"tapline/objstore"
	"tapline/warehouse"
)

// staleAfter is how long what an earlier run left half read is worth going on
// with. Vendors' cursors live shorter.
const staleAfter = 24 * time.Hour

// A task is one slice and what is to be done with it.
type task struct {
	stream exporter.Stream
	slice  exporter.Slice
	target Target
	rules  rules
	table  string
	sole   bool // no other stream of the pipeline goes into the table

	action Action
	why    string
	found  *manifest // what an earlier run left, for Resume and Finish
	loaded *warehouse.Receipt

	order int // among all tasks of the plan: the order of commits
}

// A work is everything that planning found out.
type work struct {
	window  exporter.Window
	tasks   []*task // in commit order; Skip included
	notices []Notice
	late    []Notice
	ignored []exporter.Slice // objects that are never read
	failed  []Failure        // streams that could not be planned
	unknown map[int]bool     // the entries of those streams
	streams map[string]bool  // that have objects
	debris  []*manifest      // of loads that are finished, gone stale or no longer wanted
	parts   []string         // objects that no manifest names
}

// plan asks the source what there is, the warehouse what is loaded, and the
// stage what is begun.
func (l *Loader) plan(ctx context.Context) (*work, error) {
	streams, err := l.cfg.Source.Streams(ctx)
	if err != nil {
		return nil, err
	}
	w := &work{window: l.cfg.Window, streams: map[string]bool{}, unknown: map[int]bool{}}
	if err := l.addTasks(ctx, w, streams); err != nil {
		return nil, err
	}
	receipts, err := l.receipts(ctx)
	if err != nil {
		return nil, err
	}
	staged, err := l.staged(ctx, w)
	if err != nil {
		return nil, err
	}
	l.decide(w, receipts, staged)
	l.adopt(w, streams, receipts, staged)
	for i, t := range w.tasks {
		t.order = i
	}
	w.late = l.late(w)
	return w, nil
}

// addTasks lists the slices of every stream in commit order: by day, so that a
// table grows as it would have grown day by day, then as configured.
func (l *Loader) addTasks(ctx context.Context, w *work, streams []exporter.Stream) error {
	feeding := map[string]int{}
	place := map[*task][2]int{}
	for i, s := range streams {
		if s.Notice != "" {
			w.notices = append(w.notices, Notice{s.Name, s.Notice})
			continue
		}
		proto, err := l.newTask(s)
		if err != nil {
			return err
		}
		feeding[proto.table]++
		list, err := l.slicesOf(ctx, w, s, proto.table)
		if err != nil {
			return err
		}
		for j, slice := range list {
			if slice.Object != nil && slice.Object.Ignored != "" {
				w.ignored = append(w.ignored, slice)
				continue
			}
			t := *proto
			t.slice = slice
			place[&t] = [2]int{i, j}
			w.tasks = append(w.tasks, &t)
		}
	}
	if len(w.failed) > 0 && len(w.failed)+len(w.notices) == len(streams) {
		return w.failed[0].Err // there is no other stream
	}
	for _, t := range w.tasks {
		t.sole = feeding[t.table] == 1
	}
	slices.SortFunc(w.tasks, func(a, b *task) int {
		pa, pb := place[a], place[b]
		return cmp.Or(cmp.Compare(a.slice.Day.Epoch(), b.slice.Day.Epoch()), cmp.Compare(pa[0], pb[0]), cmp.Compare(pa[1], pb[1]))
	})
	return nil
}

// slicesOf asks for a stream's slices, and notes in w a stream that fails.
func (l *Loader) slicesOf(ctx context.Context, w *work, s exporter.Stream, table string) ([]exporter.Slice, error) {
	list, err := l.cfg.Source.Slices(ctx, s, l.cfg.Window)
	switch {
	case err == nil && s.Objects:
		w.streams[s.Name] = true
	case err != nil && whole(ctx, err):
		return nil, err
	case err != nil:
		w.failed = append(w.failed, Failure{Stream: s.Name, Table: table, Err: err})
		w.unknown[s.Entry] = true
		return nil, nil
	}
	return list, nil
}

// whole reports whether an error of one stream's slices ends the run: whoever
// wants it stopped, or what is wrong is the configuration. Everything else is
// that stream's failure, and the others go on.
func whole(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, exporter.ErrWindow) || errors.Is(err, exporter.ErrUnknownStream)
}

func (l *Loader) newTask(s exporter.Stream) (*task, error) {
	if s.Entry < 0 || s.Entry >= len(l.cfg.Targets) {
		return nil, fmt.Errorf("loader: stream %s: no target for entry %d", s.Name, s.Entry)
	}
	target := l.cfg.Targets[s.Entry]
	template := target.Table
	if s.Child != "" {
		template += "__" + s.Child
		target.Key = slices.Concat(target.Key, s.ChildKey)
	}
	table, err := tableName(template, s.Vars)
	if err != nil {
		return nil, err
	}
	return &task{stream: s, target: target, rules: l.rules[s.Entry], table: table}, nil
}

// key tells the slice of a table among all others.
func (t *task) key() string { return sliceKey(t.table, t.stream.Name, t.slice.Name) }

// sliceID is the slice's name in the warehouse.
func (l *Loader) sliceID(stream, slice string) string { return sliceID(l.cfg.Pipeline, stream, slice) }

func sliceID(pipeline, stream, slice string) string { return pipeline + "/" + stream + "/" + slice }

// receipts returns the pipeline's loads in force by slice key.
func (l *Loader) receipts(ctx context.Context) (map[string]warehouse.Receipt, error) {
	prefix := len(l.cfg.Pipeline) + 1
	all := map[string]warehouse.Receipt{}
	for r, err := range l.cfg.Warehouse.Receipts(ctx, l.cfg.Pipeline) {
		if err != nil {
			return nil, err
		}
		if len(r.Slice) <= prefix+len(r.Stream) {
			continue
		}
		all[sliceKey(r.Table, r.Stream, r.Slice[prefix+len(r.Stream)+1:])] = r
	}
	return all, nil
}

// staged returns the manifests on the stage by slice key, and notes in w what
// no manifest names.
func (l *Loader) staged(ctx context.Context, w *work) (map[string]*manifest, error) {
	var (
		found = map[string]*manifest{}
		parts = map[string][]string{} // slice key -> objects
	)
	for o, err := range l.cfg.Stage.List(ctx, l.shelf.root+"loads/") {
		if err != nil {
			return nil, fmt.Errorf("loader: stage: %w", err)
		}
		dir, file := path.Split(o.Name)
		if file != "manifest.json" {
			key := path.Base(path.Dir(path.Clean(dir)))
			parts[key] = append(parts[key], o.Name)
			continue
		}
		m, err := l.shelf.open(ctx, o)
		switch {
		case errors.Is(err, objstore.ErrNotExist), errors.Is(err, objstore.ErrChanged):
			continue // another run is just finishing with it
		case err != nil && ctx.Err() == nil && !errors.Is(err, errNewerManifest):
			l.log.Warn("manifest is unreadable: its slice is read again", "manifest", o.Name, "err", err)
			parts[path.Base(dir)] = append(parts[path.Base(dir)], o.Name)
			continue
		case err != nil:
			return nil, err
		}
		found[path.Base(dir)] = m
	}
	for key, names := range parts {
		m, named := found[key], map[string]bool{}
		if m != nil {
			named = m.objects()
		}
		for _, name := range names {
			if !named[name] {
				w.parts = append(w.parts, name)
			}
			delete(named, name)
		}
		if len(named) > 0 { // somebody removed parts
			l.log.Warn("parts are gone from the stage: their slice is read again", "stream", m.Stream, "slice", m.Slice, "parts", len(named))
			w.debris = append(w.debris, m)
			delete(found, key)
		}
	}
	for key, m := range found {
		if len(parts[key]) == 0 && len(m.objects()) > 0 {
			w.debris = append(w.debris, m)
			delete(found, key)
		}
	}
	return found, nil
}

// decide gives every task its action. Manifests that a task takes over are
// removed from staged.
func (l *Loader) decide(w *work, receipts map[string]warehouse.Receipt, staged map[string]*manifest) {
	again, newest := l.rereadFrom(w), l.newestOf(w)
	for _, t := range w.tasks {
		key := t.key()
		receipt, loaded := receipts[key]
		if loaded {
			t.loaded = &receipt
		}
		due := !loaded || t.slice.Revision != "" && t.slice.Revision != receipt.Revision
		switch {
		case l.settling(t) && due:
			t.action, t.why = Wait, "changed lately, settled by "+t.slice.Object.Settles.UTC().Add(time.Minute-1).Format("15:04 UTC")
		case t.mode() == warehouse.Snapshot && newest[t.table] != t:
			t.action, t.why = Skip, "a later slice is the snapshot"
		case !due && l.cfg.Reread:
			t.action, t.why = Reread, "loaded, and asked for again"
		case !due && !again.IsZero() && !t.slice.Day.IsZero() && !t.slice.Day.Before(again):
			t.action, t.why = Reread, fmt.Sprintf("loaded, and within the look-back of %d days", l.cfg.Lookback)
		case !due:
			t.action, t.why = Skip, "loaded"
		case loaded:
			t.action, t.why = Reread, "its content changed since it was loaded"
		default:
			t.action, t.why = Read, "not loaded yet"
		}
		m := staged[key]
		if m == nil || !t.action.Due() {
			continue
		}
		if l.goesOn(m, t, receipt, loaded) {
			t.found = m
			t.action, t.why = Resume, "begun by run "+m.Run
			if m.Complete {
				t.action, t.why = Finish, "read by run "+m.Run+", not loaded yet"
			}
			delete(staged, key)
		}
	}
}

// settling reports whether the task's object changed so lately that whoever
// writes it may not be done.
func (l *Loader) settling(t *task) bool {
	return t.slice.Object != nil && t.slice.Object.Settles.After(l.now())
}

// newestOf returns the last task of each table that could be loaded: a snapshot
// is of that one alone.
func (l *Loader) newestOf(w *work) map[string]*task {
	last := map[string]*task{}
	for _, t := range w.tasks {
		if !l.settling(t) {
			last[t.table] = t
		}
	}
	return last
}

// goesOn reports whether what is staged of a slice is worth going on with.
func (l *Loader) goesOn(m *manifest, t *task, r warehouse.Receipt, loaded bool) bool {
	switch {
	case loaded && (r.ID == m.Load || !m.ReadAt.After(r.ReadAt)):
		return false // it is loaded, or something newer is
	case m.Rules != t.rules.fingerprint():
		return false // what is staged may be what must no longer be stored
	case t.slice.Revision != "":
		return m.Revision == t.slice.Revision
	}
	return l.now().Sub(m.ReadAt) < staleAfter
}

// rereadFrom is the first day that the look-back covers, counted back from the
// end of the window: its own end, or that of the last slice there is.
func (l *Loader) rereadFrom(w *work) exporter.Day {
	if l.cfg.Lookback <= 0 {
		return exporter.Day{}
	}
	end := l.cfg.Window.Until
	for _, t := range w.tasks {
		if after := t.slice.Day.Add(1); l.cfg.Window.Until.IsZero() && !t.slice.Day.IsZero() && end.Before(after) {
			end = after
		}
	}
	if end.IsZero() {
		return end
	}
	return end.Add(-l.cfg.Lookback)
}

// adopt looks at what is staged for slices that are not due in this window: a
// load that only waits to be committed becomes a task, what is half read of a day
// waits for its window until it is stale, and the rest is debris.
func (l *Loader) adopt(w *work, streams []exporter.Stream, receipts map[string]warehouse.Receipt, staged map[string]*manifest) {
	byName := map[string]exporter.Stream{}
	for _, s := range streams {
		byName[s.Name] = s
	}
	listed := map[string]*task{}
	for _, t := range w.tasks {
		listed[t.key()] = t
	}
	var late []*task
	for key, m := range staged {
		r, loaded := receipts[key]
		s, known := byName[m.Stream]
		own := listed[key]
		superseded := loaded && (r.ID == m.Load || !m.ReadAt.After(r.ReadAt))
		stale := l.now().Sub(m.ReadAt) >= staleAfter
		proto, err := l.newTask(s)
		switch {
		case superseded, stale && !m.Complete, own != nil && own.action.Due():
			w.debris = append(w.debris, m)
		case !known || err != nil || proto.table != m.Table:
			if stale {
				w.debris = append(w.debris, m)
			}
		case m.Rules != proto.rules.fingerprint():
			w.debris = append(w.debris, m)
		case m.Complete:
			proto.slice = exporter.Slice{Stream: s, Name: m.Slice, Revision: m.Revision, Day: m.Day}
			proto.found, proto.action, proto.why = m, Finish, "read by run "+m.Run+", not loaded yet"
			late = append(late, proto)
		case own == nil && m.Day.IsZero() && !w.unknown[s.Entry]:
			w.debris = append(w.debris, m) // an object that is gone, a moment that is over: no window has it
		}
	}
	slices.SortFunc(late, func(a, b *task) int {
		return cmp.Or(cmp.Compare(a.slice.Day.Epoch(), b.slice.Day.Epoch()), cmp.Compare(a.key(), b.key()))
	})
	w.tasks = append(late, w.tasks...)
}

// due lists the tasks that there is something to do for.
func (w *work) due() []*task {
	return slices.DeleteFunc(slices.Clone(w.tasks), func(t *task) bool { return !t.action.Due() })
}
