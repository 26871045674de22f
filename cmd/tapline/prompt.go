package main

import (
	"bufio"
	"fmt"
	"strings"
)

// ask asks a person; the flag is what to give where nobody can be asked.
func (a *app) ask(question, standard, flag string) (string, error) {
	if !a.terminal.in || !a.terminal.err {
		return "", fmt.Errorf("%w: %s nobody can be asked here; give %s", errInput, question, flag)
	}
	if standard != "" {
		question += " [" + standard + "]"
	}
	fmt.Fprint(a.stderr, question+" ")
	if a.answers == nil {
		a.answers = bufio.NewReader(a.stdin)
	}
	line, err := a.answers.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("%w: %w", errInput, err)
	}
	if line = strings.TrimSpace(line); line == "" {
		line = standard
	}
	return line, nil
}

// confirm asks for a yes.
func (a *app) confirm(question, flag string) error {
	answer, err := a.ask(question+" (yes/no)", "no", flag)
	if err != nil {
		return err
	}
	if answer = strings.ToLower(answer); answer != "yes" && answer != "y" {
		return fmt.Errorf("%w: not confirmed", errInput)
	}
	return nil
}
