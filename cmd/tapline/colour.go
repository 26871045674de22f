package main

// Colours never carry a meaning alone: the word stands beside them.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	dim    = "2"
)

// painted is text of our own that may hold escapes.
type painted string

// paint colours a word where that is wanted.
func (p *printer) paint(colour, word string) painted {
	if !p.colours {
		return painted(word)
	}
	return painted("\x1b[" + colour + "m" + word + "\x1b[0m")
}
