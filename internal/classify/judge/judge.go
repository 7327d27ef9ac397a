// Package judge compares suggestions with labels: how often they are acceptable, and how often they hide a risk.
package judge

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"utile/internal/classify"
)

// Row is one labelled column.
type Row struct {
	Column   classify.Column
	Personal classify.Personal
	Codes    []string // acceptable, best first
	Sure     string   // high, medium or low, where the label says
}

// Read reads labelled columns from a CSV file with the headings system, table, column, data_type, comment, personal and
// codes, in any order. Other columns but label, references and confidence are ignored.
func Read(r io.Reader) ([]Row, error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord = -1
	heads, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("read the headings: %w", err)
	}
	at := map[string]int{}
	for i, h := range heads {
		at[strings.ToLower(strings.TrimSpace(strings.TrimPrefix(h, "\ufeff")))] = i
	}
	for _, need := range []string{"system", "table", "column", "personal", "codes"} {
		if _, ok := at[need]; !ok {
			return nil, fmt.Errorf("there is no column %q", need)
		}
	}
	var rows []Row
	for line := 2; ; line++ {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		cell := func(name string) string {
			if i, ok := at[name]; ok && i < len(record) {
				return strings.TrimSpace(record[i])
			}
			return ""
		}
		row := Row{
			Column: classify.Column{
				System: cell("system"), Dataset: cell("table"), Name: cell("column"), DataType: cell("data_type"), Comment: cell("comment"),
				Label: cell("label"), References: cell("references"),
			},
			Personal: classify.Personal(cell("personal")), Sure: cell("confidence"),
		}
		switch row.Personal {
		case classify.IsPersonal, classify.NonPersonal, classify.Unknown:
		default:
			return nil, fmt.Errorf("line %d: personal is %q, not personal, non_personal or unk", line, row.Personal)
		}
		for code := range strings.SplitSeq(cell("codes"), ";") {
			if code = strings.TrimSpace(code); code != "" {
				row.Codes = append(row.Codes, code)
			}
		}
		if len(row.Codes) == 0 {
			return nil, fmt.Errorf("line %d: there is no code", line)
		}
		rows = append(rows, row)
	}
}

// Datasets gathers rows by system and table, in the order in which these appear, and returns their places.
func Datasets(rows []Row) [][]int {
	at := map[[2]string]int{}
	var list [][]int
	for i, r := range rows {
		key := [2]string{r.Column.System, r.Column.Dataset}
		n, ok := at[key]
		if !ok {
			n = len(list)
			at[key] = n
			list = append(list, nil)
		}
		list[n] = append(list[n], i)
	}
	return list
}

// Suggest asks the classifier about every row, the rows of one table being neighbours.
func Suggest(c *classify.Classifier, rows []Row) []classify.Suggestion {
	out := make([]classify.Suggestion, len(rows))
	for _, places := range Datasets(rows) {
		dataset := make([]classify.Column, len(places))
		for i, p := range places {
			dataset[i] = rows[p].Column
		}
		for i, s := range c.Suggest(dataset, nil) {
			out[places[i]] = s
		}
	}
	return out
}

// Acceptable says whether a suggestion is one of the codes of a label.
func (r Row) Acceptable(code string) bool { return slices.Contains(r.Codes, code) }
