package loader

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"tapline/exporter"
	"tapline/objstore"
)

const manifestVersion = 1

var errNewerManifest = errors.New("written by a newer tapline")

// A manifest is what the stage remembers of one slice of one table: which parts
// of it are durable, and where reading goes on. It is replaced by
// compare-and-swap, and never names an object that is not there.
type manifest struct {
	Version int `json:"version"`

	Load     string       `json:"load"`
	Table    string       `json:"table"`
	Stream   string       `json:"stream"`
	Slice    string       `json:"slice"` // exporter.Slice.Name
	Revision string       `json:"revision"`
	Day      exporter.Day `json:"day"`
	// Run is the run that holds the slice. Another run that goes on with it
	// writes its own id here, and the first one's next write fails.
	Run    string    `json:"run"`
	ReadAt time.Time `json:"readAt"`
	// Rules is the fingerprint of the column rules that what is staged went through.
	Rules string `json:"rules"`

	Schemas  []schema     `json:"schemas"`
	Parts    []stagedPart `json:"parts"`
	Complete bool         `json:"complete"` // the list of parts is closed
	Shaped   *shaped      `json:"shaped,omitempty"`

	generation string // of the object this was read from or written to
}

// A schema is the data columns of a part, in their order.
type schema []stagedColumn

type stagedColumn struct {
	Source string `json:"s"`
	Name   string `json:"n"`
	Type   string `json:"t"` // warehouse.TypeName
}

// A stagedPart is one batch, durable.
type stagedPart struct {
	Object object           `json:"object"` // zero when every row was rejected
	Schema int              `json:"schema"` // index into Schemas
	Kinds  []exporter.Kinds `json:"kinds"`  // of the schema's columns
	Rows   int64            `json:"rows"`   // in Object
	Read   int64            `json:"read"`   // rows read, the rejected included
	Bytes  int64            `json:"bytes"`  // that the vendor sent
	Cursor exporter.Cursor  `json:"cursor"` // after this part

	Rejects *rejectsPart `json:"rejects,omitempty"`
}

// A rejectsPart holds quarantine rows, with warehouse.QuarantineColumns.
type rejectsPart struct {
	Object object `json:"object"`
	Rows   int64  `json:"rows"`  // whole rows
	Cells  int64  `json:"cells"` // cells of rows that are in the part
	Bad    int64  `json:"bad"`   // rows that are rejected or have a rejected cell
	// Causes counts entries by column and reason, in words for people.
	Causes map[string]int64 `json:"causes"`
}

// shaped is what a complete manifest's parts became to fit their table.
type shaped struct {
	Columns []stagedColumn `json:"columns"`
	Parts   []shapedPart   `json:"parts"`
}

type shapedPart struct {
	Object  object       `json:"object"`
	Rows    int64        `json:"rows"`
	Rejects *rejectsPart `json:"rejects,omitempty"`
}

// An object names something on the stage.
type object struct {
	Name string `json:"name,omitempty"`
	Size int64  `json:"size,omitempty"`
}

// cursor returns where reading goes on.
func (m *manifest) cursor() exporter.Cursor {
	if len(m.Parts) == 0 {
		return ""
	}
	return m.Parts[len(m.Parts)-1].Cursor
}

// read returns the rows and bytes read so far, and the entries rejected.
func (m *manifest) read() (rows, bytes, rejected int64) {
	for _, p := range m.Parts {
		rows += p.Read
		bytes += p.Bytes
		if p.Rejects != nil {
			rejected += p.Rejects.Rows + p.Rejects.Cells
		}
	}
	return rows, bytes, rejected
}

// staged counts the parts that hold rows, and their bytes on the stage.
func (m *manifest) staged() (parts int, bytes int64) {
	for i, p := range m.Parts {
		o := p.Object
		if m.Shaped != nil && i < len(m.Shaped.Parts) {
			o = m.Shaped.Parts[i].Object
		}
		if o.Name != "" {
			parts++
			bytes += o.Size
		}
	}
	return parts, bytes
}

// kinds unites what the parts' columns held, by vendor name.
func (m *manifest) kinds() map[string]exporter.Kinds {
	all := map[string]exporter.Kinds{}
	for _, p := range m.Parts {
		for i, k := range p.Kinds {
			all[m.Schemas[p.Schema][i].Source] |= k
		}
	}
	return all
}

// schema returns the index of s in m.Schemas, where it adds it if need be.
func (m *manifest) schema(s schema) int {
	for i, have := range m.Schemas {
		if equalSchemas(have, s) {
			return i
		}
	}
	m.Schemas = append(m.Schemas, s)
	return len(m.Schemas) - 1
}

func equalSchemas(a, b schema) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// objects lists everything the manifest names.
func (m *manifest) objects() map[string]bool {
	all := map[string]bool{}
	add := func(o object, r *rejectsPart) {
		if o.Name != "" {
			all[o.Name] = true
		}
		if r != nil {
			all[r.Object.Name] = true
		}
	}
	for _, p := range m.Parts {
		add(p.Object, p.Rejects)
	}
	if m.Shaped != nil {
		for _, p := range m.Shaped.Parts {
			add(p.Object, p.Rejects)
		}
	}
	return all
}

// A shelf is a pipeline's place on the stage:
//
//	<pipeline>/lease.json
//	<pipeline>/loads/<slice key>/manifest.json
//	<pipeline>/loads/<slice key>/<load id>/<run id>-00000.parquet
type shelf struct {
	store objstore.Store
	root  string
	run   string
}

func newShelf(store objstore.Store, pipeline, run string) shelf {
	return shelf{store: store, root: url.PathEscape(strings.ReplaceAll(pipeline, ".", "%2E")) + "/", run: run}
}

// sliceKey names the folder of a slice of a table.
func sliceKey(table, stream, slice string) string { return digest(24, table, stream, slice) }

// loadID names a load. This function may never change: receipts carry its values.
func loadID(pipeline, table, stream, slice, revision string) string {
	return digest(32, pipeline, table, stream, slice, revision)
}

// digest returns n hexadecimal digits of the texts, no two lists of which give
// the same bytes to hash.
func digest(n int, texts ...string) string {
	h := sha256.New()
	for _, t := range texts {
		fmt.Fprintf(h, "%d:%s", len(t), t)
	}
	return hex.EncodeToString(h.Sum(nil))[:n]
}

func (s shelf) dir(m *manifest) string {
	return s.root + "loads/" + sliceKey(m.Table, m.Stream, m.Slice) + "/"
}

// partName names the n-th object that this run writes for the manifest's load.
func (s shelf) partName(m *manifest, n int, suffix string) string {
	return fmt.Sprintf("%s%s/%s-%05d%s.parquet", s.dir(m), m.Load, s.run, n, suffix)
}

// save replaces the manifest, if nobody else did meanwhile. Errors: ErrBusy.
func (s shelf) save(ctx context.Context, m *manifest) error {
	when := objstore.Precondition{Absent: m.generation == "", Generation: m.generation}
	o, err := s.store.Put(ctx, s.dir(m)+"manifest.json", when, func(w io.Writer) error {
		return json.NewEncoder(w).Encode(m)
	})
	if errors.Is(err, objstore.ErrPrecondition) {
		return fmt.Errorf("loader: slice %s %s: %w: it went on with the slice while this run was reading it", m.Stream, m.Slice, ErrBusy)
	}
	if err != nil {
		return fmt.Errorf("loader: manifest of %s %s: %w", m.Stream, m.Slice, err)
	}
	m.generation = o.Generation
	return nil
}

// open reads a manifest. An unreadable or foreign one is an error that says so.
func (s shelf) open(ctx context.Context, o objstore.Object) (*manifest, error) {
	r, err := s.store.Open(ctx, o, 0)
	if err != nil {
		return nil, fmt.Errorf("loader: manifest %s: %w", o.Name, err)
	}
	defer r.Close()
	m := &manifest{generation: o.Generation}
	if err := json.NewDecoder(r).Decode(m); err != nil {
		return nil, fmt.Errorf("loader: manifest %s: %w", o.Name, err)
	}
	if m.Version > manifestVersion {
		return nil, fmt.Errorf("loader: manifest %s is %w (version %d, this one knows up to %d): run that one, or remove the stage's folder %s to read its slices again",
			o.Name, errNewerManifest, m.Version, manifestVersion, s.root)
	}
	return m, nil
}

// remove deletes the load's objects, the manifest last, so that a manifest is
// found for as long as there is something to remove.
func (s shelf) remove(ctx context.Context, m *manifest) error {
	var names []string
	for name := range m.objects() {
		names = append(names, name)
	}
	return s.store.Remove(ctx, append(names, s.dir(m)+"manifest.json")...)
}

// removeUnnamed deletes those of the objects that the manifest does not name any more.
func (s shelf) removeUnnamed(ctx context.Context, objects map[string]bool, m *manifest) error {
	named := m.objects()
	var names []string
	for name := range objects {
		if !named[name] {
			names = append(names, name)
		}
	}
	return s.store.Remove(ctx, names...)
}
