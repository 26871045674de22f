package json

// A Node says what becomes of the value under a key. There are two sorts:
//
// A leaf, without Fields, Rest and Deep, puts the value into Column: a string as Text,
// a number as Int, Long, Float or, if none of them gives its digits back, as
// Text; true and false as Bool; lists and objects as Text holding their raw
// JSON. null is the same as an absent key.
//
// An object, with Fields, Rest or Deep, puts the values of an object's keys where
// their nodes say. Keys that Fields does not name become leaves of the column
// Rest+key, or objects with Deep. A value that is no object goes to Column or, if there is none, to
// the column called Rest without its trailing dot or, without Rest, to that of
// the dotted path of keys. The root is always an object.
type Node struct {
	// Column is the vendor's name of the column.
	Column string
	// Fields are the known keys, best in the order in which the vendor sends them.
	Fields []Field
	// Rest is the prefix of the columns of unknown keys: "profile.".
	Rest string
	// Deep makes objects of the unknown keys whose values are objects, to any
	// depth: {"a":{"b":1}} goes to the column Rest+"a.b". A key whose values are
	// now objects and now not has a column of its own for the latter. An empty
	// object is the same as an absent key.
	Deep bool
	// Only passes over keys that Fields does not name; Rest and Deep mean nothing then.
	Only bool
	// Each makes the node hold for each object of a list, beside an object that
	// stands alone; what else is in the list is passed over. The leaves of a
	// second object find their cells taken: it is for nodes that Convert.
	Each bool
	// Skip passes over the value. It is checked, keys in it included, but
	// characters that no column could hold do no harm.
	Skip bool
	// Dates makes strings "$D_<seconds since 1970>" instants, if they lie in
	// the years 1 to 9999. In an object it is for the columns of unknown keys.
	Dates bool
	// Convert, when not nil, takes the value in place of Column, by setting
	// columns of the Builder itself. It is called for any kind but null, with
	// the unescaped text of a string and the raw JSON text of anything else,
	// valid during the call. A reason other than "" means that it set nothing:
	// the cell of Column is NULL and rejected with that reason ("value.type").
	Convert func(kind Kind, text []byte) (reason string)
}

// A Field is a key of an object and what becomes of its value.
type Field struct {
	Key  string
	Node Node
}
