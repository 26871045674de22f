package parquet

import "tapline/exporter"

// A sort is what the values of a leaf are, physical and logical type together.
type sort uint8

const (
	sortNull sort = iota // UNKNOWN: nothing but NULL
	sortBool
	sortInt
	sortUint32
	sortUint64
	sortFloat
	sortDouble
	sortHalf
	sortDate
	sortMillis // instants
	sortMicros
	sortNanos
	sortInt96
	sortTimeMillis // times of day
	sortTimeMicros
	sortTimeNanos
	sortDecimal
	sortText
	sortBytes
	sortHex
	sortUUID
	sortInterval
)

// kinds is what a column of a sort holds even if all its cells are NULL.
var kinds = [...]exporter.Kinds{
	sortNull: 0, sortBool: exporter.Bool,
	sortInt: exporter.Int, sortUint32: exporter.Int, sortUint64: exporter.Int,
	sortFloat: exporter.Float, sortDouble: exporter.Float, sortHalf: exporter.Float,
	sortDate: exporter.Date, sortMillis: exporter.Time, sortMicros: exporter.Time, sortNanos: exporter.Time, sortInt96: exporter.Time,
	sortTimeMillis: exporter.Text, sortTimeMicros: exporter.Text, sortTimeNanos: exporter.Text,
	sortDecimal: exporter.Float, sortText: exporter.Text, sortBytes: exporter.Text, sortHex: exporter.Text,
	sortUUID: exporter.Text, sortInterval: exporter.Text,
}

// kindsOf is kinds, for a column of the node.
func kindsOf(n *node) exporter.Kinds {
	switch {
	case n.repeats || n.shape == list || n.shape == pairs || !n.primitive() && n.shape == structure:
		return exporter.Text
	case n.shape == union:
		return 0
	case n.sort == sortDecimal && n.leaf.scale == 0:
		return exporter.Int
	}
	return kinds[n.sort]
}

// sortOf tells the sort of a primitive. An annotation that does not fit the
// physical type is passed over.
func sortOf(e *element) sort {
	if e.logical == logicalUnknown {
		return sortNull
	}
	switch e.phys {
	case physBool:
		return sortBool
	case physInt32:
		return sortOfInt32(e)
	case physInt64:
		return sortOfInt64(e)
	case physInt96:
		return sortInt96
	case physFloat:
		return sortFloat
	case physDouble:
		return sortDouble
	}
	return sortOfBytes(e)
}

func sortOfInt32(e *element) sort {
	switch {
	case e.logical == logicalDate || e.converted == convertedDate:
		return sortDate
	case e.logical == logicalTime || e.converted == convertedTimeMillis:
		return sortTimeMillis
	case e.decimal():
		return sortDecimal
	case e.logical == logicalInteger && !e.signed:
		return sortUint32
	case e.logical == 0 && e.converted >= convertedUint8 && e.converted <= convertedUint32:
		return sortUint32
	}
	return sortInt
}

func sortOfInt64(e *element) sort {
	switch {
	case e.logical == logicalTimestamp && e.unit == 3:
		return sortNanos
	case e.logical == logicalTimestamp && e.unit == 2 || e.logical == 0 && e.converted == convertedTimestampMicros:
		return sortMicros
	case e.logical == logicalTimestamp && e.unit == 1 || e.logical == 0 && e.converted == convertedTimestampMillis:
		return sortMillis
	case e.logical == logicalTime && e.unit == 3:
		return sortTimeNanos
	case e.logical == logicalTime || e.converted == convertedTimeMicros:
		return sortTimeMicros
	case e.decimal():
		return sortDecimal
	case e.logical == logicalInteger && !e.signed || e.logical == 0 && e.converted == convertedUint64:
		return sortUint64
	}
	return sortInt
}

func sortOfBytes(e *element) sort {
	switch {
	case e.decimal():
		return sortDecimal
	case e.logical == logicalString || e.logical == logicalEnum || e.logical == logicalJSON:
		return sortText
	case e.logical == 0 && (e.converted == convertedUTF8 || e.converted == convertedEnum || e.converted == convertedJSON):
		return sortText
	case e.phys == physBytes:
		return sortBytes
	case e.logical == logicalUUID && e.length == 16:
		return sortUUID
	case e.logical == logicalFloat16 && e.length == 2:
		return sortHalf
	case e.converted == convertedInterval && e.length == 12:
		return sortInterval
	}
	return sortHex
}

// decimal reports whether values are decimals that make sense.
func (e *element) decimal() bool {
	return (e.logical == logicalDecimal || e.logical == 0 && e.converted == convertedDecimal) && e.scale >= 0 && e.scale <= maxScale
}

// maxScale is beyond what any system writes, and bounds the text of a value.
const maxScale = 4096

// local reports whether instants are written as local times.
func (e *element) local() bool { return e.logical == logicalTimestamp && !e.utc }
