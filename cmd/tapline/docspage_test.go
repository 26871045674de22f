//go:build !noduckdb && cgo

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// docsRoot is the module's folder, seen from this package's.
const docsRoot = "../.."

// A page is a Markdown file of the documentation.
type page struct {
	name   string // below docsRoot
	blocks []block
	prose  []string // lines outside of blocks; "" for those inside
}

// A block is a fenced block.
type block struct {
	lang  string
	line  int // of its first line, from 1
	lines []string
}

func readPage(t *testing.T, name string) page {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(docsRoot, name))
	if err != nil {
		t.Fatal(err)
	}
	p := page{name: name}
	var open *block
	for i, line := range strings.Split(string(data), "\n") {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && open == nil:
			open = &block{lang: fence, line: i + 2}
		case isFence:
			p.blocks, open = append(p.blocks, *open), nil
		case open != nil:
			open.lines = append(open.lines, line)
		default:
			p.prose = append(p.prose, line)
			continue
		}
		p.prose = append(p.prose, "")
	}
	if open != nil {
		t.Errorf("%s:%d: the block has no end", name, open.line)
	}
	return p
}

func docPages(t *testing.T) []page {
	t.Helper()
	pages := []page{readPage(t, "README.md")}
	for _, folder := range []string{"docs", "docs/bi"} {
		names, err := filepath.Glob(filepath.Join(docsRoot, folder, "*.md"))
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			pages = append(pages, readPage(t, folder+"/"+filepath.Base(n)))
		}
	}
	return pages
}

var (
	aHeading = regexp.MustCompile(`^#+ (.*)$`)
	slugged  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchors are the places of a page that links may name.
func (p page) anchors() map[string]bool {
	all := map[string]bool{"": true}
	for _, line := range p.prose {
		if m := aHeading.FindStringSubmatch(line); m != nil {
			slug := strings.ReplaceAll(slugged.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")
			for i, base := 1, slug; all[slug]; i++ {
				slug = fmt.Sprintf("%s-%d", base, i)
			}
			all[slug] = true
		}
	}
	return all
}

// rows returns the cells of the table rows below the headings of that text, or
// of the whole page when it is "".
func (p page) rows(below string) [][]string {
	var all [][]string
	in := below == ""
	for _, line := range p.prose {
		if m := aHeading.FindStringSubmatch(line); m != nil {
			in = below == "" || strings.EqualFold(m[1], below)
		}
		if !in || !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| ---") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		all = append(all, cells)
	}
	return all
}
