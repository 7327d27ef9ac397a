package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"utile/internal/classify"
	"utile/internal/classify/judge"
)

// readOwn reads labelled columns from a file in the short form of data/README.md: "@ system", "# table", then lines of
// "codes: name:type name:type …" in which codes may be abbreviated and types default to text of some length.
func readOwn(path string, short map[string]string) ([]judge.Row, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // nothing was written
	var rows []judge.Row
	system, table := "", ""
	in := bufio.NewScanner(file)
	for n := 1; in.Scan(); n++ {
		line := strings.TrimSpace(in.Text())
		switch {
		case line == "" || strings.HasPrefix(line, "//"):
		case line[0] == '@':
			system = strings.TrimSpace(line[1:])
		case line[0] == '#':
			table = strings.TrimSpace(line[1:])
		default:
			head, list, ok := strings.Cut(line, ": ")
			if !ok || system == "" || table == "" {
				return nil, fmt.Errorf("%s:%d: not “codes: columns” below a system and a table", filepath.Base(path), n)
			}
			row, err := label(head, short)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", filepath.Base(path), n, err)
			}
			for _, word := range columns(list) {
				row.Column = column(system, table, word)
				rows = append(rows, row)
			}
		}
	}
	return rows, in.Err()
}

// columns splits a list at spaces; a comment in quotes belongs to the column before it.
func columns(list string) (out []string) {
	quoted := false
	for _, word := range strings.Split(list, " ") {
		switch {
		case quoted:
			out[len(out)-1] += " " + word
		case word != "":
			out = append(out, word)
		}
		if strings.Count(word, `"`)%2 == 1 {
			quoted = !quoted
		}
	}
	return out
}

// typeNames are the short names of types in the short form.
var typeNames = map[string]string{
	"": "varchar(255)", "s": "varchar(255)", "t": "text", "i": "integer", "n": "numeric(18,2)", "d": "date", "z": "timestamp", "b": "boolean",
	"j": "json", "e": "enum", "k": "varchar(36)", "x": "blob", "r": "reference",
}

func column(system, table, word string) classify.Column {
	word, comment, _ := strings.Cut(word, `"`)
	name, kind, _ := strings.Cut(word, ":")
	return classify.Column{System: system, Dataset: table, Name: name, DataType: typeNames[kind], Comment: strings.TrimSuffix(comment, `"`)}
}

// label reads "codes", "+codes" (personal in spite of its code), "-codes" (not personal) or "?codes" (unknown).
func label(head string, short map[string]string) (judge.Row, error) {
	row := judge.Row{Sure: "high"}
	sign := head[0]
	list := strings.TrimLeft(head, "+-?")
	for code := range strings.SplitSeq(list, ";") {
		if long, ok := short[code]; ok {
			code = long
		}
		for c := range strings.SplitSeq(code, ";") {
			if !knownCodes[c] {
				return row, fmt.Errorf("%q is no code", c)
			}
			if !row.Acceptable(c) {
				row.Codes = append(row.Codes, c)
			}
		}
	}
	switch {
	case sign == '+':
		row.Personal = classify.IsPersonal
	case sign == '-':
		row.Personal = classify.NonPersonal
	case sign == '?':
		row.Personal = classify.Unknown
	case row.Codes[0] == "unk":
		row.Personal = classify.IsPersonal
	case row.Codes[0] == "tech" || strings.HasPrefix(row.Codes[0], "tech.") || strings.HasPrefix(row.Codes[0], "pro.company"):
		row.Personal = classify.NonPersonal
	default:
		row.Personal = classify.IsPersonal
	}
	return row, nil
}

// examples turns rows into what the model learns from. Every seventh row is also shown with a name that says nothing and
// the words of its name as comment, so that comments are understood where names are numbers.
func examples(c *classify.Classifier, rows []judge.Row, weight float64) []example {
	var list []example
	for _, places := range judge.Datasets(rows) {
		dataset := make([]classify.Column, len(places))
		for i, p := range places {
			dataset[i] = rows[p].Column
		}
		for i, f := range c.Features(dataset) {
			list = append(list, toExample(rows[places[i]], f, weight))
		}
		for i, p := range places {
			if p%6 != 0 {
				continue
			}
			hidden := append([]classify.Column{}, dataset...)
			hidden[i].Comment = spaced(hidden[i].Name) + " " + hidden[i].Comment
			hidden[i].Name = fmt.Sprintf("col%d", p%97)
			hidden[i].DataType = dataset[i].DataType
			list = append(list, toExample(rows[p], c.Features(hidden)[i], weight*0.7))
		}
	}
	return list
}

func spaced(name string) string { return strings.NewReplacer("_", " ", ".", " ").Replace(name) }

// sureWeights count a doubtful label less.
var sureWeights = map[string]float64{"high": 1, "medium": 0.9, "low": 0.6, "": 1}

func toExample(r judge.Row, said classify.Statements, weight float64) example {
	e := example{features: said.Hashes, strong: said.Strong, codes: r.Codes, weight: weight * sureWeights[r.Sure], person: -1}
	switch r.Personal {
	case classify.IsPersonal:
		e.person = 1
	case classify.NonPersonal:
		e.person = 0
	}
	return e
}

// phraseTables are tables that a phrase may stand in, in turn.
var phraseTables = []string{"clients", "contacts", "customers", "members"}

const (
	// phraseWeight is what a phrase counts beside a column, and rareWeight where hardly any column teaches its code.
	phraseWeight, rareWeight = 0.25, 0.8
)

// phraseExamples shows every phrase of the rules as a column. What is about people stands in a table of people, the rest
// in one that says nothing.
func phraseExamples(c *classify.Classifier) []example {
	var list []example
	for i, p := range c.Phrases() {
		dataset := ""
		switch {
		case strings.HasPrefix(p.Code, "pro.company"):
			dataset = "companies"
		case classify.PersonalOf(p.Code) == classify.IsPersonal:
			dataset = phraseTables[i%len(phraseTables)]
		}
		weight := phraseWeight
		if rareTops[strings.SplitN(p.Code, ".", 2)[0]] || rareCodes[p.Code] {
			weight = rareWeight
		}
		row := judge.Row{Personal: classify.PersonalOf(p.Code), Codes: []string{p.Code}, Sure: "high"}
		columns := []classify.Column{{Dataset: dataset, Name: strings.ReplaceAll(p.Text, " ", "_"), DataType: "varchar(255)"}}
		list = append(list, toExample(row, c.Features(columns)[0], weight*p.Score))
	}
	return list
}

// Rare codes are those that samples of systems hardly hold.
var (
	rareTops  = map[string]bool{"art9": true, "nir": true, "crim": true, "perso": true, "eco": true, "loc": true}
	rareCodes = map[string]bool{
		"ident.minor": true, "ident.nationality": true, "ident.official.id_card": true, "ident.official.passport": true, "ident.official.driving": true,
		"ident.official.plate": true, "ident.birth.place": true, "ident.birth.year": true, "ident.birth.day_month": true, "ident.name.birth": true,
		"ident.id.loyalty": true, "conn.device": true, "crm.rights": true, "crm.referral": true, "crm.consent.partner": true, "pro.csp": true, "pro.education": true,
	}
)
