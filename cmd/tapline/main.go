// Command tapline takes what a vendor knows and makes it rows that a BI tool
// can ask for. This package wires the others together and holds no logic of
// the flow: one file a command, the registry of kinds in kinds.go, the exit
// codes in exit.go, the errors a person can look up in errors.go.
package main

import (
	"os"
	_ "time/tzdata" // days are cut in the connection's zone, on machines without zone files too
)

func main() { os.Exit(tapline()) }

// tapline runs the command line of this process and returns its exit code.
func tapline() int {
	ctx, stop := interruptible(os.Stderr)
	defer stop()
	a := newApp(os.Stdin, os.Stdout, os.Stderr)
	return a.execute(ctx, os.Args[1:])
}
