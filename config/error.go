package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// An Error is one mistake in a configuration, with its place. It also carries
// warnings, which keep nobody from going on. No Error holds a secret's value.
type Error struct {
	// File is the file as the user named it, or below that file's folder; ""
	// when the mistake is in the environment or in a flag.
	File string
	// Line and Column count from 1, columns in characters. 0 means the whole file.
	Line, Column int
	// Path leads to the value: "pipelines[0].streams[1].tabel".
	Path string
	// What says what is wrong, in one sentence that names the value.
	What string
	// Remedy says what to do; "" when What says it all.
	Remedy string
	// Nearest is the known word that the unknown one may stand for, or "".
	Nearest string

	missing bool  // a key that should be there
	order   int   // of the file among those read, from 1; 0 outside files
	err     error // the cause, where there is one
}

// Error returns one line such as
//
//	tapline.yaml:18:5: unknown key "tabel" in pipelines[0].streams[1]; did you mean "table"?
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d:%d", e.Line, e.Column)
		}
		b.WriteString(": ")
	}
	b.WriteString(e.What)
	if e.Nearest != "" {
		fmt.Fprintf(&b, "; did you mean %q?", e.Nearest)
	} else if e.Remedy != "" {
		b.WriteString("; " + e.Remedy)
	}
	return b.String()
}

// Unwrap returns the cause, such as an error of the file system, or nil.
func (e *Error) Unwrap() error { return e.err }

// Errors are all the mistakes found, in the order of the files and of the
// places within them.
type Errors []*Error

// Error returns the mistakes, a line each.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, x := range e {
		lines[i] = x.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the mistakes, for errors.As and errors.Is.
func (e Errors) Unwrap() []error {
	list := make([]error, len(e))
	for i, x := range e {
		list[i] = x
	}
	return list
}

// Join brings the mistakes inside errs together in order, each once. When one
// of errs holds none it returns what errors.Join does, and nil when all are nil.
func Join(errs ...error) error {
	var list Errors
	for _, err := range errs {
		var many Errors
		var one *Error
		switch {
		case err == nil:
		case errors.As(err, &many):
			list = append(list, many...)
		case errors.As(err, &one):
			list = append(list, one)
		default:
			return errors.Join(errs...)
		}
	}
	return list.sorted().orNil()
}

func (e Errors) orNil() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// sorted orders by place and drops what says the same of the same place, as
// happens when an alias is used twice, and keys that are missing because they
// are misspelt.
func (e Errors) sorted() Errors {
	slips := map[string]bool{}
	for _, x := range e {
		if i := strings.LastIndexByte(x.Path, '.'); x.Nearest != "" {
			slips[fmt.Sprint(x.order, x.Path[:i+1]+x.Nearest)] = true
		}
	}
	list := slices.DeleteFunc(slices.Clone(e), func(x *Error) bool { return x.missing && slips[fmt.Sprint(x.order, x.Path)] })
	slices.SortStableFunc(list, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Error(), b.Error()))
	})
	return slices.CompactFunc(list, func(a, b *Error) bool { return a.Error() == b.Error() })
}

// problems collects what is wrong while a file is read to its end.
type problems struct {
	errs, warns Errors
}

func (p *problems) add(at place, path, format string, args ...any) *Error {
	e := at.error(path, format, args...)
	p.errs = append(p.errs, e)
	return e
}

func (p *problems) warn(at place, path, format string, args ...any) *Error {
	e := at.error(path, format, args...)
	p.warns = append(p.warns, e)
	return e
}

// once warns of what is the same wherever it stands, at the first place.
func (p *problems) once(at place, path, what, remedy string) {
	if !slices.ContainsFunc(p.warns, func(e *Error) bool { return e.What == what }) {
		p.warn(at, path, "%s", what).Remedy = remedy
	}
}

// remedy and nearest finish an error that add has begun.
func (e *Error) remedy(format string, args ...any) *Error {
	e.Remedy = fmt.Sprintf(format, args...)
	return e
}

// suggest names the known word nearest to got, or else all of them.
func (e *Error) suggest(got string, known []string, what string) *Error {
	e.Nearest = nearest(got, known)
	if e.Nearest == "" && len(known) > 0 {
		e.Remedy = what + " " + strings.Join(known, ", ")
	}
	return e
}

func (e *Error) because(err error) *Error {
	e.err = err
	return e
}
