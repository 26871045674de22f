package parquet

import (
	"errors"
	"fmt"
	"io"

	"tapline/exporter"
)

// A Type is what the values of a column are: physical and logical type together.
type Type string

// The types.
const (
	TypeNull      Type = "null" // nothing but NULL
	TypeBool      Type = "bool"
	TypeInt       Type = "int"
	TypeUnsigned  Type = "unsigned"
	TypeHalf      Type = "half" // FLOAT16
	TypeSingle    Type = "single"
	TypeDouble    Type = "double"
	TypeDecimal   Type = "decimal"
	TypeDate      Type = "date"
	TypeInstant   Type = "instant" // milliseconds or microseconds, or an INT96 that is of these
	TypeLocal     Type = "local"   // the same, of local times
	TypeNanos     Type = "nanos"   // an instant or a local time
	TypeInt96     Type = "int96"   // an instant in nanoseconds
	TypeTime      Type = "time"    // of day, in milliseconds or microseconds
	TypeTimeNanos Type = "time_nanos"
	TypeString    Type = "string" // ENUM and JSON too
	TypeBytes     Type = "bytes"
	TypeHex       Type = "hex"
	TypeUUID      Type = "uuid"
	TypeInterval  Type = "interval"
	TypeUnion     Type = "union"  // of its members
	TypeList      Type = "list"   // of a primitive, its member, as JSON text
	TypeMap       Type = "map"    // whose keys are columns; its members are key and value
	TypeNested    Type = "nested" // JSON text of anything else
)

// A Description is what the footer of a file says.
type Description struct {
	Rows    int64
	Leaves  [][]string // the names that lead to each primitive field, in the file's order
	Columns []Described
}

// A Described is a column that Read gives, or of TypeMap the start of several.
type Described struct {
	Name    string
	Type    Type
	Scale   int            // of TypeDecimal
	Kinds   exporter.Kinds // what it has whether or not its cells do
	Leaf    int            // its first leaf
	Members []Described    // of TypeUnion, TypeList and TypeMap, under the names of their fields
}

// Describe reads the footer of a file of that size, 8 bytes and then the rest of
// it, and tells which columns Read gives with the options. The error says what
// is wrong with the content, or is that of r.
func Describe(r io.ReaderAt, size int64, o Options) (d Description, err error) {
	o = o.orDefaults()
	foot, err := readFooter(r, size)
	switch {
	case err != nil:
		return d, err
	case foot.encrypted:
		return d, errEncrypted
	}
	s, err := newSchema(foot.elements)
	if err != nil {
		return d, err
	}
	if d.Rows, err = foot.rows(len(s.leaves)); err != nil {
		return d, err
	}
	p := describer{o: o, spark: foot.spark, names: map[string]bool{}, at: map[*leaf]int{}}
	for i, l := range s.leaves {
		p.at[l] = i
	}
	for _, n := range s.root.children {
		d.Leaves = appendPaths(d.Leaves, n, nil)
		if err := p.add(n, n.name); err != nil {
			return d, err
		}
	}
	d.Columns = p.columns
	return d, nil
}

// rows is the number of rows, if it can be that.
func (f *footer) rows(leaves int) (n int64, err error) {
	for i, g := range f.groups {
		if len(g.chunks) != leaves {
			return 0, fmt.Errorf("row group %d has %d columns, the schema %d: the file is damaged", i+1, len(g.chunks), leaves)
		}
		if n += g.rows; n < 0 || n > maxRun {
			return 0, errors.New("it is said to have an impossible number of rows: the file is damaged")
		}
	}
	return n, nil
}

// appendPaths appends the paths of the leaves below a node.
func appendPaths(paths [][]string, n *node, above []string) [][]string {
	path := append(above[:len(above):len(above)], n.name)
	if n.primitive() {
		return append(paths, path)
	}
	for _, c := range n.children {
		paths = appendPaths(paths, c, path)
	}
	return paths
}

// A describer lays columns out as reader.lay does.
type describer struct {
	o       Options
	spark   bool // see footer
	names   map[string]bool
	at      map[*leaf]int
	columns []Described
}

func (p *describer) add(n *node, name string) error {
	if p.o.opens(n) {
		for _, c := range n.children {
			if err := p.add(c, name+"."+c.name); err != nil {
				return err
			}
		}
		return nil
	}
	if p.o.spreads(n) {
		m := Described{Name: name, Type: TypeMap, Leaf: p.at[n.leaf]}
		for _, c := range n.children[0].children {
			m.Members = append(m.Members, p.describe(c, c.name))
		}
		p.columns = append(p.columns, m)
		return nil
	}
	if err := newName(p.names, name, p.o.MaxColumns); err != nil {
		return err
	}
	p.columns = append(p.columns, p.describe(n, name))
	return nil
}

func (p *describer) describe(n *node, name string) Described {
	d := Described{Name: name, Type: TypeNested, Kinds: kindsOf(n), Leaf: p.at[n.leaf]}
	switch {
	case n.repeats:
	case n.primitive():
		if d.Type, d.Scale = typeOf(n), n.leaf.scale; d.Type == TypeInt96 && p.spark {
			d.Type = TypeInstant
		}
	case n.shape == list && n.item() != n.children[0] && n.item().primitive() && !n.item().repeats:
		d.Type, d.Members = TypeList, []Described{p.describe(n.item(), n.item().name)}
	case n.shape == union:
		d.Type = TypeUnion
		for _, c := range n.children {
			d.Members = append(d.Members, p.describe(c, c.name))
		}
	}
	return d
}

// typeOf is the type of a primitive.
func typeOf(n *node) Type {
	switch n.sort {
	case sortMillis, sortMicros:
		if n.leaf.local() {
			return TypeLocal
		}
		return TypeInstant
	}
	return [...]Type{
		sortNull: TypeNull, sortBool: TypeBool, sortInt: TypeInt, sortUint32: TypeUnsigned, sortUint64: TypeUnsigned,
		sortFloat: TypeSingle, sortDouble: TypeDouble, sortHalf: TypeHalf, sortDate: TypeDate, sortNanos: TypeNanos, sortInt96: TypeInt96,
		sortTimeMillis: TypeTime, sortTimeMicros: TypeTime, sortTimeNanos: TypeTimeNanos, sortDecimal: TypeDecimal,
		sortText: TypeString, sortBytes: TypeBytes, sortHex: TypeHex, sortUUID: TypeUUID, sortInterval: TypeInterval,
	}[n.sort]
}

// opens reports whether the fields of a structure are columns.
func (o Options) opens(n *node) bool { return o.Flatten && n.group() && n.shape == structure }

// spreads reports whether the keys of a map are columns.
func (o Options) spreads(n *node) bool {
	return o.Flatten && n.group() && n.shape == pairs && n.textKeys()
}

func (n *node) group() bool { return !n.primitive() && !n.repeats }

// newName notes the name of a column.
func newName(names map[string]bool, name string, most int) error {
	if names[name] {
		return fmt.Errorf("it has two columns %q: give one of them another name", name)
	}
	if len(names) == most {
		return fmt.Errorf("it has more than %d columns: raise Options.MaxColumns", most)
	}
	names[name] = true
	return nil
}
