package main

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// markdownText is a text that Markdown shows as it is: what could mean
// something to it is escaped, and what it would make a link of by itself is
// written as an entity.
func markdownText(s string) string {
	s = plainText(s)
	var b strings.Builder
	for i, r := range s {
		before, after := strings.ToLower(s[:i]), s[i:]
		switch {
		case strings.ContainsRune("\\|<>&@`[]", r), strings.HasPrefix(after, "://"),
			r == '.' && strings.HasSuffix(before, "www"):
			fmt.Fprintf(&b, "&#%d;", r)
		case strings.ContainsRune("*_{}#~!$^", r):
			b.WriteRune('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// markdownParagraph is markdownText for the start of a line, where figures and
// signs mean more.
func markdownParagraph(s string) string {
	text := markdownText(s)
	if first, size := utf8.DecodeRuneInString(text); strings.ContainsRune("-+=0123456789", first) {
		return fmt.Sprintf("&#%d;%s", first, text[size:])
	}
	return text
}

// markdownName is a name in code, or as a text when it holds what code cannot.
func markdownName(s string) string {
	s = plainText(s)
	if s == "" || strings.ContainsAny(s, "`|\\") {
		return markdownText(s)
	}
	return "`" + s + "`"
}

// A markdownPage is written line by line.
type markdownPage struct{ strings.Builder }

func (m *markdownPage) line(parts ...string) {
	for _, part := range parts {
		m.WriteString(part)
	}
	m.WriteByte('\n')
}

func (m *markdownPage) row(cells ...string) { m.line("| ", strings.Join(cells, " | "), " |") }

// head writes the first row of a table.
func (m *markdownPage) head(heads ...string) {
	m.row(heads...)
	m.line("|", strings.Repeat(" --- |", len(heads)))
}

func markdownDictionary(c *catalogue, samples bool) string {
	m := &markdownPage{}
	m.line("# Data dictionary")
	m.line()
	m.line(ownColumnsAbout)
	for _, w := range c.Warehouses {
		m.line()
		m.line("## Warehouse ", markdownName(w.Name))
		m.line()
		if len(w.Tables) == 0 {
			m.line("Nothing is loaded yet.")
			continue
		}
		m.head("table", "rows", "newest load", "in quarantine")
		for _, t := range w.Tables {
			m.row(markdownName(t.Table), count(t.Rows), minuteUTC(t.LoadedAt), count(t.RowsQuarantined+t.CellsQuarantined))
		}
		m.views(w)
		for _, t := range w.Tables {
			m.table(t, samples)
		}
		for _, name := range w.Missing {
			m.line()
			m.line("The table ", markdownName(name), " was loaded and is gone.")
		}
	}
	return m.String()
}

func (m *markdownPage) views(w *cataloguedWarehouse) {
	if len(w.Views) == 0 {
		return
	}
	m.line()
	m.head("view", "what it is")
	for _, v := range w.Views {
		m.row(markdownName(v.Name), markdownText(v.About))
	}
}

func (m *markdownPage) table(t *cataloguedTable, samples bool) {
	m.line()
	m.line("### ", markdownName(t.Table))
	m.line()
	if t.About != "" {
		m.line(markdownParagraph(sentence(t.About)))
		m.line()
	}
	for _, o := range t.Origins {
		m.line("- From ", markdownText(o.originLine()))
	}
	m.line("- ", markdownText(t.loadedLine()))
	m.line("- Newest load: ", minuteUTC(t.LoadedAt))
	if aside := t.quarantineLine(); aside != "" {
		m.line("- ", markdownText(aside))
	}
	m.line()
	heads := []string{"column", "type", "what it is", "has a value", "cells in quarantine"}
	if samples {
		heads = append(heads, "a value")
	}
	m.head(heads...)
	for _, c := range t.Columns {
		cells := []string{markdownName(c.Name), markdownText(c.Type), markdownText(columnAbout(c)), c.percent(t.Rows), count(c.Quarantined)}
		if samples {
			value := ""
			if c.Sample != nil {
				value = markdownText(*c.Sample)
			}
			cells = append(cells, value)
		}
		m.row(cells...)
	}
}
