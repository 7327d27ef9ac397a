package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"strings"

	"utile/internal/classify"
	"utile/internal/classify/judge"
	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/scan"
	"utile/internal/sheet"
)

var classifyCommand = command{
	name: "classify", args: "[-bench] [-json] FILE", summary: "suggest a category for every field of an inventory, or measure suggestions against labels",
	help: `FILE is an inventory of columns, CSV or XLSX, with headings in any order as for server import; - is standard input. The
suggestions are printed as CSV, or as JSON with -json. Nothing is written to any register and nothing leaves the machine.

With -bench, FILE is a CSV of labelled columns with the headings system, table, column, data_type, comment, personal and
codes: personal is personal, non_personal or unk, and codes are acceptable codes, best first, separated by semicolons.
Printed are precision, recall and F1 by category, macro-F1, the share of personal fields that are called non-personal,
what is taken for what, and how far confidence can be trusted.`,
	flags: func(fs *flag.FlagSet) func(context.Context, *program, []string) error {
		bench := fs.Bool("bench", false, "the file holds labels: measure suggestions against them")
		asJSON := fs.Bool("json", false, "print JSON")
		return func(_ context.Context, p *program, args []string) error {
			name, err := oneArg(args, "file")
			if err != nil {
				return err
			}
			c, err := classify.New()
			if err != nil {
				return err
			}
			return p.readFile(name, func(in io.Reader) error {
				if *bench {
					return benchClassifier(p.stdout, c, in, *asJSON)
				}
				return classifyInventory(p.stdout, c, in, *asJSON)
			})
		}
	},
}

func benchClassifier(out io.Writer, c *classify.Classifier, in io.Reader, asJSON bool) error {
	rows, err := judge.Read(in)
	if err != nil {
		return err
	}
	report := judge.Compare(rows, judge.Suggest(c, rows))
	if !asJSON {
		return report.Print(out)
	}
	return writeJSON(out, report)
}

func writeJSON(out io.Writer, value any) error {
	w := json.NewEncoder(out)
	w.SetIndent("", "  ")
	w.SetEscapeHTML(false)
	return w.Encode(value)
}

// classified is one printed suggestion.
type classified struct {
	Application string              `json:"application,omitempty"`
	Dataset     string              `json:"dataset"`
	Field       string              `json:"field"`
	Suggestion  classify.Suggestion `json:"suggestion"`
	Why         []string            `json:"why,omitempty"`
}

// classifyInventory reads a whole inventory, since neighbours may stand anywhere in it.
func classifyInventory(out io.Writer, c *classify.Classifier, in io.Reader, asJSON bool) error {
	columns, err := readColumns(in)
	if err != nil {
		return err
	}
	list := make([]classified, len(columns))
	at := map[[2]string][]int{}
	var order [][2]string
	for i, column := range columns {
		key := [2]string{column.System, column.Dataset}
		if at[key] == nil {
			order = append(order, key)
		}
		at[key] = append(at[key], i)
		list[i] = classified{Application: column.System, Dataset: column.Dataset, Field: column.Name}
	}
	for _, key := range order {
		var dataset []classify.Column
		for _, i := range at[key] {
			dataset = append(dataset, columns[i])
		}
		for n, s := range c.Suggest(dataset, nil) {
			i := at[key][n]
			list[i].Suggestion, list[i].Why = s, why(s)
		}
	}
	if asJSON {
		return writeJSON(out, list)
	}
	return writeClassified(out, list)
}

func readColumns(in io.Reader) ([]classify.Column, error) {
	raw, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	table, err := sheet.Open(bytes.NewReader(raw), int64(len(raw)), sheet.Options{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = table.Close() }() // nothing was written
	mapping := scan.Guess(table, nil)
	if missing := scan.CheckMapping(mapping); len(missing) > 0 {
		return nil, fmt.Errorf("no column tells the %s: rename its heading", missing[0])
	}
	var columns []classify.Column
	for found, err := range scan.Inventory(table, mapping, nil).Fields() {
		if err != nil {
			return nil, err
		}
		if len(found.Problems) > 0 {
			continue // what could not be imported is not classified either
		}
		columns = append(columns, column(found.Field))
	}
	return columns, nil
}

func column(f domain.FoundField) classify.Column {
	return classify.Column{
		System: f.Application, Dataset: f.Dataset, Name: f.Name, Label: f.Label, DataType: f.DataType, Comment: f.Comment,
		References: f.References, Key: f.Key,
	}
}

// why says the reasons in English, categories by their names.
func why(s classify.Suggestion) []string {
	ctx := i18n.WithLang(context.Background(), i18n.English)
	var list []string
	for _, reason := range s.Reasons {
		args := map[string]any{}
		for name, value := range reason.Args {
			if name == "means" {
				value = categoryName(fmt.Sprint(value))
			}
			args[name] = value
		}
		list = append(list, i18n.T(ctx, reason.Key, pairs(args)...))
	}
	return list
}

func categoryName(code string) string {
	for _, c := range domain.BuiltinCategories() {
		if c.Code == code {
			return c.LabelEN
		}
	}
	return code
}

func writeClassified(out io.Writer, list []classified) error {
	w := csv.NewWriter(out)
	if err := w.Write([]string{"application", "dataset", "field", "category", "confidence", "personal", "reasons", "alternatives"}); err != nil {
		return err
	}
	for _, c := range list {
		var others []string
		for _, a := range c.Suggestion.Alternatives {
			others = append(others, fmt.Sprintf("%s %.2f", a.Code, a.Confidence))
		}
		confidence := ""
		if c.Suggestion.Code != "" {
			confidence = fmt.Sprintf("%.2f", c.Suggestion.Confidence)
		}
		if err := w.Write([]string{
			c.Application, c.Dataset, c.Field, c.Suggestion.Code, confidence, string(c.Suggestion.Personal), strings.Join(c.Why, "; "), strings.Join(others, "; "),
		}); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}
