// Package xlsx reads a sheet of an Excel workbook (.xlsx, .xlsm) into batches:
// the values of its cells, with the types that they show.
//
// It reads the parts of the workbook itself, as streams, and keeps nothing of a
// sheet but the row at hand. Package excelize reads text only when it streams;
// the type and the number format of a cell are to be had from it only with the
// whole sheet in memory, at a hundred bytes and more for each cell. It writes
// the workbooks that the tests read.
//
// # Rows
//
// The first row that is not empty, or Options.HeaderRow, holds the names of the
// columns; one without a name is called columnN, N being its place from 1. The
// rows below it that are not empty are the rows. A cell to the right of the
// last name is rejected as ReasonNoHeader, its row is not. Merged cells have
// their value in the first of them. What a formula last came to is its value.
//
// # Types
//
//   - A number is an integer or a float. Excel stores floats in 17 digits, so
//     that a float64 is always what was meant; digits that it does not hold,
//     from other writers, stay text.
//   - A number whose format shows a date is a date, one whose format shows a
//     time as well is an instant, local in Batching.Zone, rounded to
//     milliseconds as Excel shows it. A time of day alone is the text 15:04:05,
//     an elapsed time ([h]:mm) the text 30:15:00. The day 1900-02-29, which
//     Excel has and the calendar has not, is rejected.
//   - Errors (#N/A) are rejected as ReasonError. Empty text is NULL.
package xlsx
