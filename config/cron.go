package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A cronField is one of the five places of a schedule.
type cronField struct {
	name      string
	low, high int
	words     []string // names of the values from low on
}

func cronFields() []cronField {
	return []cronField{
		{"minute", 0, 59, nil},
		{"hour", 0, 23, nil},
		{"day of month", 1, 31, nil},
		{"month", 1, 12, []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
		{"day of week", 0, 7, []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
	}
}

// checkCron says what is wrong with a schedule of five fields: *, numbers,
// names, ranges, steps and lists of these, as crontab(5) has them.
func checkCron(text string) error {
	words := strings.Fields(text)
	fields := cronFields()
	if len(words) != len(fields) {
		return fmt.Errorf(`want five fields (minute, hour, day of month, month, day of week) such as "15 0 * * *", got %d`, len(words))
	}
	var values [5][]int
	for i, f := range fields {
		for _, part := range strings.Split(words[i], ",") {
			list, err := f.parse(part)
			if err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
			values[i] = append(values[i], list...)
		}
	}
	// With a day of week given, either of the two days makes it run.
	if words[4] == "*" && !slices.ContainsFunc(values[3], func(month int) bool {
		return slices.Min(values[2]) <= longest(month)
	}) {
		return fmt.Errorf("day of month: %s never comes in month %s", words[2], words[3])
	}
	return nil
}

// longest is the most days that a month has.
func longest(month int) int {
	switch month {
	case 2:
		return 29
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// parse returns the values that one part of a list stands for.
func (f cronField) parse(part string) ([]int, error) {
	span, every, stepped := strings.Cut(part, "/")
	step := 1
	if stepped {
		n, err := strconv.Atoi(every)
		if err != nil || n < 1 || n > f.high {
			return nil, fmt.Errorf("want a step from 1 to %d in %q", f.high, part)
		}
		step = n
	}
	low, high := f.low, f.high
	if span != "*" {
		first, last, ranged := strings.Cut(span, "-")
		var err error
		if low, err = f.number(first); err != nil {
			return nil, err
		}
		if high = low; stepped {
			high = f.high
		}
		if ranged {
			if high, err = f.number(last); err != nil {
				return nil, err
			}
			if high < low {
				return nil, fmt.Errorf("%q runs backwards", span)
			}
		}
	}
	var list []int
	for v := low; v <= high; v += step {
		list = append(list, v)
	}
	return list, nil
}

func (f cronField) number(text string) (int, error) {
	if i := slices.Index(f.words, strings.ToLower(text)); i >= 0 {
		return f.low + i, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < f.low || n > f.high || strings.HasPrefix(text, "+") {
		return 0, fmt.Errorf("want a number from %d to %d, got %q", f.low, f.high, text)
	}
	return n, nil
}
