package bigquery

// What JSON is, in the regular expressions that BigQuery has (RE2). They have no
// recursion: lists and objects are followed to jsonDepth levels.

const (
	// jsonDepth is how deep lists and objects may be nested, the record included.
	jsonDepth = 16

	jsonWhite  = `[ \t\r\n]*`
	jsonString = `"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"`

	// jsonBare is what may stand outside of strings, in any order.
	jsonBare = `^[ \t\r\n0-9{}\[\],:.+\-truefalsnE]*$`
	// jsonScalar is a value that is neither string nor list nor object.
	jsonScalar = `-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null`
	// jsonInner is a list or an object that has none in it, where @ stands for each
	// string and # for any other value. A text is a value if that is what is left
	// when such are values in their turn.
	jsonInner = jsonWhite + `(?:\[` + jsonWhite + `(?:[#@]` + jsonWhite + `(?:,` + jsonWhite + `[#@]` + jsonWhite + `)*)?\]` +
		`|\{` + jsonWhite + `(?:` + jsonMember + `(?:,` + jsonWhite + jsonMember + `)*)?\})` + jsonWhite
	jsonMember = `@` + jsonWhite + `:` + jsonWhite + `[#@]` + jsonWhite

	// jsonToken is a string, with the colon that makes it a key.
	jsonToken = jsonString + jsonWhite + `:?`
	// jsonKeys is a value all of whose keys can be names: without U+FFFD, which
	// BigQuery makes of bytes that are no UTF-8, lone surrogates and U+0000.
	jsonKeys = `^(?:"(?:[^"\\\x{FFFD}]|\\[^u]|\\u(?:[1-9a-cA-CeEfF]|0[^0]|00[^0]|000[^0]|[dD][0-7]|[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F]))*"` +
		jsonWhite + `:|` + jsonString + jsonWhite + `[,\]}]|[^"])*$`
	// jsonFlat is a string, or a list or an object that has no other in it.
	jsonFlat = jsonString + `|[\[{](?:` + jsonString + `|[^"{}\[\]])*[\]}]`
	// jsonPassed is the same; the string is its group, so that only that is left of
	// a text in which the group is put in place of each.
	jsonPassed = `(` + jsonString + `)|[\[{](?:` + jsonString + `|[^"{}\[\]])*[\]}]`
)

// jsonPair is a key and its value, in what stands behind the bracket that opens
// an object.
func jsonPair() string {
	token := jsonString + `|[^"{}\[\]]`
	nested := `[\[{](?:` + token + `)*[\]}]`
	for range jsonDepth {
		nested = `[\[{](?:` + token + `|` + nested + `)*[\]}]`
	}
	return jsonString + jsonWhite + `:` + jsonWhite + `(?:` + jsonString + `|[^ \t\r\n",{}\[\]]+|` + nested + `)`
}

// jsonPatterns are what statements take of these, and the levels they go through.
func jsonPatterns() map[string]any {
	return map[string]any{
		"String": jsonString, "Bare": jsonBare, "Scalar": jsonScalar, "Inner": jsonInner, "Token": jsonToken, "Keys": jsonKeys,
		"Flat": jsonFlat, "Passed": jsonPassed, "Pair": jsonPair(), "Levels": make([]struct{}, jsonDepth),
	}
}
