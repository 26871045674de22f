package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"tapline/exporter"
	"tapline/exporter/format/parquet"
	"tapline/objstore"
)

// locateParquet says how Parquet is read. What types its columns are of only its
// footer tells, of which some kilobytes are read once the rows have been.
func (s *Source) locateParquet(e *entry, sl exporter.Slice, o objstore.Object, at *exporter.Location) error {
	f := e.fileOf(sl)
	f.updated = o.Updated
	vendor, err := s.vendor(e, &member{named: f.FileName != FileName{}}, func() bool { return true })
	if err != nil {
		return err
	}
	options := parquet.Options{Flatten: e.Flatten || vendor}
	at.Open = func([]string) bool { return options.Flatten }
	at.Columns = func(ctx context.Context, found exporter.Found) ([]exporter.LocatedColumn, error) {
		columns, err := s.columnsOfParquet(ctx, e, o, options, vendor, found)
		if err != nil || len(columns) == 0 {
			return nil, err
		}
		return withFacts(columns, e.facts, f), nil
	}
	return nil
}

func (s *Source) columnsOfParquet(ctx context.Context, e *entry, o objstore.Object, options parquet.Options, vendor bool, found exporter.Found) ([]exporter.LocatedColumn, error) {
	d, err := parquet.Describe(&footer{ctx: ctx, s: s, o: o}, o.Size, options)
	if err != nil && !errors.As(err, new(*storeError)) {
		err = fmt.Errorf("%w: %w", err, exporter.ErrContent)
	}
	if err == nil && d.Rows != found.Records {
		err = fmt.Errorf("its footer says that it has %d rows, but %d were loaded; take via: out: %w", d.Rows, found.Records, exporter.ErrContent)
	}
	if err != nil {
		return nil, s.unread(o.Name, err)
	}
	if d.Rows == 0 {
		return nil, nil
	}
	columns, err := paired(d, found.Keys)
	if err == nil && vendor {
		columns, err = asExport(columns, e.Layout == layoutCleverTap)
	}
	if err != nil {
		return nil, s.unread(o.Name, err)
	}
	return columns, nil
}

// A footer reads parts of an object, each by a request of its own: the end of it
// is all that is asked for.
type footer struct {
	ctx context.Context
	s   *Source
	o   objstore.Object
}

// ReadAt implements io.ReaderAt. Errors are a *storeError.
func (f *footer) ReadAt(b []byte, at int64) (int, error) {
	r, err := f.s.store.Open(f.ctx, f.o, at)
	if err != nil {
		return 0, f.s.failed("open "+f.o.Name, err)
	}
	defer r.Close()
	n, err := io.ReadFull(r, b)
	if err != nil {
		return n, f.s.failed("read the footer of "+f.o.Name, err)
	}
	return n, nil
}

// paired are the columns of a file whose fields have been found, in the same
// order, under names that may have been changed to ones that others take.
func paired(d parquet.Description, found [][]string) ([]exporter.LocatedColumn, error) {
	if len(found) < len(d.Leaves) {
		return nil, unpaired("it has %d fields, and %d were loaded", len(d.Leaves), len(found))
	}
	for i, path := range d.Leaves {
		if !slices.EqualFunc(path, found[i], alike) {
			return nil, unpaired("its field %s was loaded as %s", strings.Join(path, "."), strings.Join(found[i], "."))
		}
	}
	var columns []exporter.LocatedColumn
	names := map[string]bool{}
	add := func(c parquet.Described, name string, field int, kinds exporter.Kinds) error {
		if names[name] {
			return unpaired("it has two columns %q", name)
		}
		names[name] = true
		column := exporter.LocatedColumn{Name: name, Field: field, As: exporter.ReadParquet(typeWord(c), exporter.ReadFound), Kinds: kinds}
		if c.Type == parquet.TypeNull {
			column.As, column.Value = exporter.ReadFound, &exporter.Constant{Null: true}
		}
		columns = append(columns, column)
		return nil
	}
	for _, c := range d.Columns {
		if c.Type != parquet.TypeMap {
			if err := add(c, c.Name, c.Leaf, c.Kinds); err != nil {
				return nil, err
			}
			continue
		}
		if len(c.Members) != 2 || c.Members[0].Type != parquet.TypeString {
			return nil, unpaired("the map %q has no values, or keys that are not marked as text", c.Name)
		}
		for i, key := range found[len(d.Leaves):] {
			if n := len(key) - 1; n > 0 && slices.Equal(key[:n], found[c.Leaf]) {
				if err := add(c, c.Name+"."+key[n], len(d.Leaves)+i, 0); err != nil {
					return nil, err
				}
			}
		}
	}
	return columns, nil
}

func unpaired(format string, args ...any) error {
	return fmt.Errorf(format+"; take via: out: %w", append(args, exporter.ErrContent)...)
}

// alike reports whether a name may have been changed into another: characters
// that are neither letters nor digits may have become others or gone.
func alike(name, changed string) bool {
	essence := func(s string) string {
		return strings.ToLower(strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return r
			}
			return -1
		}, s))
	}
	return name == changed || essence(name) == essence(changed)
}

// typeWord is the type of a column for exporter.ReadParquet.
func typeWord(c parquet.Described) string {
	switch c.Type {
	case parquet.TypeDecimal:
		return fmt.Sprintf("%s:%d", c.Type, c.Scale)
	case parquet.TypeUnion, parquet.TypeList, parquet.TypeMap:
		members := make([]string, len(c.Members))
		for i, m := range c.Members {
			members[i] = typeWord(m)
		}
		return fmt.Sprintf("%s(%s)", c.Type, strings.Join(members, ","))
	}
	return string(c.Type)
}

// asExport gives the columns of a CleverTap export what layout.apply gives those
// of a batch.
func asExport(columns []exporter.LocatedColumn, pinned bool) ([]exporter.LocatedColumn, error) {
	taken := map[string]bool{}
	for _, c := range columns {
		taken[c.Name] = true
	}
	if !taken[colEvent] || !taken[colEpoch] && !taken[colTS] {
		if pinned {
			return nil, errNotVendor()
		}
		return columns, nil
	}
	var out []exporter.LocatedColumn
	for _, c := range columns {
		if other := parquetName(c.Name); !taken[other] {
			c.Name = other
		}
		switch {
		case slices.Contains(texts(), c.Name):
			c.Kinds |= exporter.Text
		case c.Name == colTS:
			word, _ := strings.CutPrefix(string(c.As), "parquet ")
			c.As, c.Kinds = exporter.ReadParquet(word, exporter.ReadCompact), exporter.Time
			out = append(out, c)
			if taken[colDate] {
				continue
			}
			c.Name, c.As, c.Kinds = colDate, exporter.ReadParquet(word, exporter.ReadCompactDay), exporter.Date
		}
		out = append(out, c)
	}
	return out, nil
}

// withFacts adds what is known of the file.
func withFacts(columns []exporter.LocatedColumn, facts []fact, f file) []exporter.LocatedColumn {
	for _, fact := range facts {
		c := fact.located(f)
		if !slices.ContainsFunc(columns, func(have exporter.LocatedColumn) bool { return have.Name == c.Name }) {
			columns = append(columns, c)
		}
	}
	return columns
}
