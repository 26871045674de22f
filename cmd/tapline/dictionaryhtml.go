package main

import (
	_ "embed"
	"fmt"
	"html/template"
	"strings"
)

//go:embed dictionary.html.tmpl
var dictionaryTemplate string

// htmlDictionary is one page that loads nothing and runs nothing. The template
// escapes whatever vendors write.
func htmlDictionary(c *catalogue, samples bool) (string, error) {
	t, err := template.New("dictionary").Funcs(template.FuncMap{
		"plain": plainText, "count": count, "minute": minuteUTC, "about": columnAbout, "sentence": sentence,
		"loaded": (*cataloguedTable).loadedLine, "aside": (*cataloguedTable).quarantineLine, "origin": tableOrigin.originLine,
		"percent": cataloguedColumn.percent,
		"sum":     func(a, b int64) int64 { return a + b },
	}).Parse(dictionaryTemplate)
	if err != nil {
		return "", fmt.Errorf("dictionary: %w", err)
	}
	var b strings.Builder
	err = t.Execute(&b, map[string]any{"Warehouses": c.Warehouses, "Samples": samples, "Own": ownColumnsAbout})
	if err != nil {
		return "", fmt.Errorf("dictionary: %w", err)
	}
	return b.String(), nil
}
