package format

// A Column takes at most one cell per row of its Builder. A setter reports
// false, and does nothing, when the row already has a cell here. Setters may be
// called only between BeginRow and the end of the row.
type Column struct {
	name string
}

// Name returns the vendor's name of the column.
func (c *Column) Name() string { return c.name }

// Filled reports whether the row begun has a cell here, be it NULL.
func (c *Column) Filled() bool { return false }

// Null sets the cell to NULL, so that nothing else can be set in this row.
func (c *Column) Null() bool { return false }

// Bool sets a cell of kind exporter.Bool.
func (c *Column) Bool(v bool) bool { return false }

// Int sets a cell of kind exporter.Int or, beyond exporter.Exact, exporter.Long.
func (c *Column) Int(v int64) bool { return false }

// Float sets a cell of kind exporter.Float. The caller vouches that v loses no
// digit of what the vendor sent.
func (c *Column) Float(v float64) bool { return false }

// Date sets a cell of kind exporter.Date: days since 1970-01-01.
func (c *Column) Date(days int32) bool { return false }

// Time sets a cell of kind exporter.Time: microseconds since 1970 UTC.
func (c *Column) Time(micros int64) bool { return false }

// Text sets a cell of kind exporter.Text, which must be valid UTF-8. The bytes
// are copied; those up to cap(v) may be read as well, and are not kept.
func (c *Column) Text(v []byte) bool { return false }
