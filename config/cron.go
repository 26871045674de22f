package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
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
	values, err := parseCron(text)
	if err != nil {
		return err
	}
	// With a day of week given, either of the two days makes it run.
	words := strings.Fields(text)
	if words[4] == "*" && !slices.ContainsFunc(values[3], func(month int) bool {
		return slices.Min(values[2]) <= longest(month)
	}) {
		return fmt.Errorf("day of month: %s never comes in month %s", words[2], words[3])
	}
	return nil
}

// parseCron returns the values that each field stands for.
func parseCron(text string) (values [5][]int, err error) {
	words := strings.Fields(text)
	fields := cronFields()
	if len(words) != len(fields) {
		return values, fmt.Errorf(`want five fields (minute, hour, day of month, month, day of week) such as "15 0 * * *", got %d`, len(words))
	}
	for i, f := range fields {
		for _, part := range strings.Split(words[i], ",") {
			list, err := f.parse(part)
			if err != nil {
				return values, fmt.Errorf("%s: %w", f.name, err)
			}
			values[i] = append(values[i], list...)
		}
	}
	return values, nil
}

// Pause is the longest time between two runs of the schedule within two years;
// 0 without one. Clocks that are set forward or back do not count.
func (p Pipeline) Pause() time.Duration {
	values, err := parseCron(p.Schedule)
	if p.Schedule == "" || err != nil {
		return 0
	}
	words := strings.Fields(p.Schedule)
	var last, first time.Time
	var most time.Duration
	start := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC) // a leap year follows
	for day := start; day.Before(start.AddDate(2, 0, 0)); day = day.AddDate(0, 0, 1) {
		if !runsOn(day, values, words[2] == "*", words[4] == "*") {
			continue
		}
		for _, hour := range sorted(values[1]) {
			for _, minute := range sorted(values[0]) {
				at := day.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
				if first.IsZero() {
					first = at
				} else {
					most = max(most, at.Sub(last))
				}
				last = at
			}
		}
	}
	if first.IsZero() || first.Equal(last) {
		return 2 * 365 * 24 * time.Hour
	}
	return most
}

func sorted(values []int) []int { return slices.Compact(slices.Sorted(slices.Values(values))) }

// runsOn reports whether a day is one of the schedule's.
func runsOn(day time.Time, values [5][]int, anyDay, anyWeekday bool) bool {
	weekday := int(day.Weekday())
	inMonth := slices.Contains(values[2], day.Day())
	inWeek := slices.Contains(values[4], weekday) || weekday == 0 && slices.Contains(values[4], 7)
	if !slices.Contains(values[3], int(day.Month())) {
		return false
	}
	if anyDay || anyWeekday {
		return inMonth && inWeek
	}
	return inMonth || inWeek
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
