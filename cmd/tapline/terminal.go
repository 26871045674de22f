package main

import (
	"os"
	"strings"
	"unicode"

	"golang.org/x/term"
)

// narrow is the width of output that nobody's terminal limits.
const unlimited = 0

// A terminal says which streams a person sits at.
type terminal struct {
	in, out, err bool
	width        int // of stdout, in cells; unlimited when it is no terminal
}

func terminalOf(stdin, stdout, stderr *os.File) terminal {
	t := terminal{
		in:  term.IsTerminal(int(stdin.Fd())),
		out: term.IsTerminal(int(stdout.Fd())),
		err: term.IsTerminal(int(stderr.Fd())),
	}
	if t.out {
		t.width = 80
		if w, _, err := term.GetSize(int(stdout.Fd())); err == nil && w > 0 {
			t.width = w
		}
	}
	return t
}

// colours reports whether output may be coloured.
func (a *app) colours(tty bool) bool {
	return tty && !a.flags.noColor && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// printable replaces what could act on a terminal: control characters,
// escapes, and marks that turn the direction of writing.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == unicode.ReplacementChar:
			return '\uFFFD'
		}
		return r
	}, s)
}
