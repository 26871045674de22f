package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
)

// A printer writes the text form of results.
type printer struct {
	w       io.Writer
	width   int // cells; 0 = unlimited
	colours bool
}

// line writes one line. Texts among args are made safe for a terminal, for
// they may come from a vendor; only what paint returns passes as it is.
func (p *printer) line(format string, args ...any) {
	for i, arg := range args {
		switch v := arg.(type) {
		case string:
			args[i] = printable(v)
		case error:
			args[i] = printable(v.Error())
		case painted:
			args[i] = string(v)
		}
	}
	fmt.Fprintf(p.w, format+"\n", args...)
}

// field writes a value beside its label; further lines stand below the first.
func (p *printer) field(label, value string) {
	for l := range strings.Lines(value) {
		p.line("%s%s", label, strings.TrimSuffix(l, "\n"))
		label = strings.Repeat(" ", len(label))
	}
}

// lines writes a text as it is, line by line.
func (p *printer) lines(text string) {
	for l := range strings.Lines(text) {
		p.line("%s", strings.TrimSuffix(l, "\n"))
	}
}

// A table is rows below heads. Columns whose head starts with ">" are numbers:
// they stand to the right and are never cut.
type table struct {
	heads []string
	rows  [][]string
}

func (t *table) add(cells ...any) {
	row := make([]string, len(cells))
	for i, c := range cells {
		row[i] = printable(fmt.Sprint(c))
	}
	t.rows = append(t.rows, row)
}

// table writes the table within the width: the widest text columns give way.
func (p *printer) table(t *table) {
	widths := make([]int, len(t.heads))
	for i, h := range t.heads {
		widths[i] = runewidth.StringWidth(strings.TrimPrefix(h, ">"))
	}
	for _, row := range t.rows {
		for i, c := range row {
			widths[i] = max(widths[i], runewidth.StringWidth(c))
		}
	}
	p.fit(t, widths)
	heads := make([]string, len(t.heads))
	for i, h := range t.heads {
		heads[i] = strings.TrimPrefix(h, ">")
	}
	p.row(t, widths, heads)
	for _, row := range t.rows {
		p.row(t, widths, row)
	}
}

// across is how wide a table may be to be read across: the terminal, or a page
// where there is none.
func (p *printer) across() int {
	if p.width == unlimited {
		return pageWidth
	}
	return p.width
}

// pageWidth is the widest line that people read in a file or a mail.
const pageWidth = 160

// natural is how wide the table is when nothing of it is cut.
func (t *table) natural() int {
	sum := -gap
	for i, h := range t.heads {
		widest := runewidth.StringWidth(strings.TrimPrefix(h, ">"))
		for _, row := range t.rows {
			widest = max(widest, runewidth.StringWidth(row[i]))
		}
		sum += widest + gap
	}
	return sum
}

// gap is the space between columns, least the narrowest a text is cut to.
const gap, least = 2, 8

func (p *printer) fit(t *table, widths []int) {
	if p.width == unlimited {
		return
	}
	for {
		sum, widest := -gap, -1
		for i, w := range widths {
			sum += w + gap
			if !strings.HasPrefix(t.heads[i], ">") && w > least && (widest < 0 || w > widths[widest]) {
				widest = i
			}
		}
		if sum <= p.width || widest < 0 {
			return
		}
		widths[widest]--
	}
}

func (p *printer) row(t *table, widths []int, cells []string) {
	var b strings.Builder
	for i, c := range cells {
		if i > 0 {
			b.WriteString(strings.Repeat(" ", gap))
		}
		c = runewidth.Truncate(c, widths[i], "…")
		if strings.HasPrefix(t.heads[i], ">") {
			c = runewidth.FillLeft(c, widths[i])
		} else {
			c = runewidth.FillRight(c, widths[i])
		}
		b.WriteString(c)
	}
	fmt.Fprintln(p.w, strings.TrimRight(b.String(), " "))
}

// count writes a number for people: 1,204,551.
func count(n int64) string {
	s := fmt.Sprint(n)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// size writes a number of bytes for people: 412 MB.
func size(n int64) string {
	const unit = 1000
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	v, i := float64(n)/unit, 0
	for v >= unit {
		v /= unit
		i++
	}
	return fmt.Sprintf("%.3g %cB", v, "kMGTPE"[i])
}

// held says how much is in quarantine: "2 rows and 1,204 cells in quarantine".
func held(rows, cells int64) string {
	var parts []string
	if rows > 0 {
		parts = append(parts, plural(rows, "row"))
	}
	if cells > 0 {
		parts = append(parts, plural(cells, "cell"))
	}
	if len(parts) == 0 {
		return "nothing in quarantine"
	}
	return strings.Join(parts, " and ") + " in quarantine"
}

// plural is "1 row", "2 rows", "1,204 rows".
func plural(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + one + "s"
}
