package domain

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestNewFoundField(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	cells := func(pairs ...string) map[ScanTarget]string {
		m := map[ScanTarget]string{ScanDataset: "client", ScanField: "nom"}
		for i := 0; i < len(pairs); i += 2 {
			m[ScanTarget(pairs[i])] = pairs[i+1]
		}
		return m
	}
	base := func(change func(*FoundField)) FoundField {
		f := FoundField{Line: 7, Dataset: "client", Name: "nom"}
		change(&f)
		return f
	}
	for name, c := range map[string]struct {
		cells map[ScanTarget]string
		want  FoundField
	}{
		"least":          {cells(), base(func(*FoundField) {})},
		"trimmed":        {cells("field", " \u00a0\ufeffnom\u200b\t"), base(func(*FoundField) {})},
		"right to left":  {cells("field", "الاسم", "label", "שם"), base(func(f *FoundField) { f.Name, f.Label = "الاسم", "שם" })},
		"at the limit":   {cells("field", strings.Repeat("é", 500)), base(func(f *FoundField) { f.Name = strings.Repeat("é", 500) })},
		"nullable":       {cells("nullable", "YES"), base(func(f *FoundField) { f.Nullable = &yes })},
		"not null":       {cells("nullable", "NOT NULL"), base(func(f *FoundField) { f.Nullable = &no })},
		"required":       {cells("required", "Oui"), base(func(f *FoundField) { f.Nullable = &no })},
		"optional":       {cells("required", "facultatif"), base(func(f *FoundField) { f.Nullable = &yes })},
		"both":           {cells("nullable", "false", "required", "false"), base(func(f *FoundField) { f.Nullable = &no })},
		"key":            {cells("key", "PRI"), base(func(f *FoundField) { f.Key = true })},
		"composed key":   {cells("key", "FK, PK"), base(func(f *FoundField) { f.Key = true })},
		"foreign key":    {cells("key", "MUL"), base(func(*FoundField) {})},
		"no key":         {cells("key", "0"), base(func(*FoundField) {})},
		"several lines":  {cells("comment", "a\r\nb\tc"), base(func(f *FoundField) { f.Comment = "a\nb\tc" })},
		"ignored column": {cells("ignore", "\x00"), base(func(*FoundField) {})},
		"all": {
			cells("application", "CRM", "schema", "public", "label", "Nom", "data_type", "text", "references", "x.id", "category", "identity", "owner", "a@b.fr"),
			base(func(f *FoundField) {
				f.Application, f.Schema, f.Label, f.DataType, f.References, f.Category, f.Owner = "CRM", "public", "Nom", "text", "x.id", "identity", "a@b.fr"
			}),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, problems := NewFoundField(7, c.cells)
			if diff := cmp.Diff(c.want, got); diff != "" || problems != nil {
				t.Error(diff, problems)
			}
		})
	}
	for name, c := range map[string]struct {
		cells map[ScanTarget]string
		want  string
	}{
		"nothing":           {map[ScanTarget]string{ScanField: " \u200b"}, "dataset scan.problem.required, field scan.problem.required"},
		"name too long":     {cells("field", strings.Repeat("é", 501)), "field scan.problem.too_long"},
		"comment too long":  {cells("comment", strings.Repeat("é", MaxText+1)), "comment scan.problem.too_long"},
		"line in a name":    {cells("field", "a\nb"), "field scan.problem.characters"},
		"bell":              {cells("field", "a\ab"), "field scan.problem.characters"},
		"override":          {cells("dataset", "a\u202eb"), "dataset scan.problem.characters"},
		"isolate":           {cells("label", "a\u2066b"), "label scan.problem.characters"},
		"hidden space":      {cells("field", "e\u200bmail"), "field scan.problem.characters"},
		"invalid utf-8":     {cells("field", "\xff"), "field scan.problem.characters"},
		"neither":           {cells("nullable", "maybe"), "nullable scan.problem.yes_no"},
		"neither a key":     {cells("key", "PK, maybe not"), ""},
		"word for a key":    {cells("key", "nom"), "key scan.problem.yes_no"},
		"several at a time": {cells("field", "", "key", "?"), "field scan.problem.required, key scan.problem.yes_no"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, problems := NewFoundField(7, c.cells)
			if got := problemList(t, problems, 7); got != c.want {
				t.Errorf("problems = %s, want %s", got, c.want)
			}
		})
	}
}

func problemList(t *testing.T, problems []RowProblem, line int) string {
	t.Helper()
	var out []string
	for _, p := range problems {
		if p.Line != line {
			t.Errorf("problem at line %d, want %d", p.Line, line)
		}
		out = append(out, p.Column+" "+p.Key)
	}
	return strings.Join(out, ", ")
}

func TestNewMeasuredField(t *testing.T) {
	t.Parallel()
	got, problems := NewMeasuredField(3, map[ScanTarget]string{
		ScanApplication: "CRM", ScanSchema: "public", ScanDataset: "client", ScanField: "nom", ScanRows: "1\u202f200", ScanNonNull: "300.0",
		ScanDistinct: "1,000", ScanReads: "0", ScanLastRead: "31/01/2026", ScanLastWrite: "2026-01-31T23:30:00+01:00", ScanOldest: "03/09/2014", ScanWindow: "90",
		ScanMeasured: "2026-02-01 04:05:06.789", ScanSource: "pg_stat", ScanFillRate: "93,5 %",
	}, nil)
	n := func(v int64) *int64 { return &v }
	at := func(y int, m time.Month, d, h, mi, s, ns int) *time.Time {
		v := time.Date(y, m, d, h, mi, s, ns, time.UTC)
		return &v
	}
	days, rate := 90, 0.935
	want := MeasuredField{
		Line: 3, Application: "CRM", Schema: "public", Dataset: "client", Name: "nom", Rows: n(1200), NonNull: n(300), Distinct: n(1000), Reads: n(0),
		LastReadAt: at(2026, 1, 31, 0, 0, 0, 0), LastWriteAt: at(2026, 1, 31, 22, 30, 0, 0), WindowDays: &days,
		OldestOn: at(2014, 9, 3, 0, 0, 0, 0), MeasuredAt: at(2026, 2, 1, 4, 5, 6, 789e6), Source: "pg_stat", FillRate: &rate,
	}
	if diff := cmp.Diff(want, got); diff != "" || problems != nil {
		t.Error(diff, problems)
	}
	if fill := got.Fill(); fill == nil || *fill != 0.25 {
		t.Errorf("Fill() = %v, want 0.25: what is counted wins over what is said", fill)
	}
	if diff := cmp.Diff([]string{"public.client", "client"}, got.DatasetNames()); diff != "" {
		t.Error(diff)
	}
	for name, c := range map[string]struct {
		target ScanTarget
		value  string
		want   string
	}{
		"negative":          {ScanRows, "-1", "rows scan.problem.count"},
		"half":              {ScanDistinct, "1.5", "distinct scan.problem.count"},
		"ambiguous groups":  {ScanReads, "1.000", "reads scan.problem.count"},
		"text":              {ScanReads, "many", "reads scan.problem.count"},
		"overflow":          {ScanRows, "99999999999999999999", "rows scan.problem.count"},
		"signed":            {ScanRows, "+5", "rows scan.problem.count"},
		"share over one":    {ScanFillRate, "1.2", "fill_rate scan.problem.share"},
		"percent over 100":  {ScanFillRate, "120 %", "fill_rate scan.problem.share"},
		"share not number":  {ScanFillRate, "NaN", "fill_rate scan.problem.share"},
		"date of no month":  {ScanLastRead, "2026-13-01", "last_read_at scan.problem.date"},
		"date of no day":    {ScanLastRead, "30/02/2026", "last_read_at scan.problem.date"},
		"month first":       {ScanMeasured, "01/31/2026", "measured_at scan.problem.date"},
		"long ago":          {ScanLastWrite, "0001-01-01", "last_write_at scan.problem.date"},
		"unknown zone":      {ScanLastRead, "2026-01-31 10:00:00 XYZ", "last_read_at scan.problem.date"},
		"no window":         {ScanWindow, "0", "window_days scan.problem.window"},
		"window of a life":  {ScanWindow, "40000", "window_days scan.problem.window"},
		"more than rows":    {ScanNonNull, "11", "non_null scan.problem.non_null_over_rows"},
		"fine":              {ScanNonNull, "10", ""},
		"whole by a tool":   {ScanDistinct, "7.0", ""},
		"utc by name":       {ScanLastRead, "2026-01-31 10:00:00 UTC", ""},
		"postgres moment":   {ScanLastRead, "2026-01-31 10:00:00.123+00", ""},
		"name with a bidi":  {ScanField, "a\u202eb", "field scan.problem.characters"},
		"only in a comment": {ScanComment, "\x00", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cells := map[ScanTarget]string{ScanDataset: "client", ScanField: "nom", ScanRows: "10"}
			cells[c.target] = c.value
			_, problems := NewMeasuredField(4, cells, nil)
			if got := problemList(t, problems, 4); got != c.want {
				t.Errorf("problems = %s, want %s", got, c.want)
			}
		})
	}
	_, problems = NewMeasuredField(5, map[ScanTarget]string{ScanDataset: "a", ScanField: "b", ScanWindow: "90"}, nil)
	if got := problemList(t, problems, 5); got != "rows scan.problem.nothing_measured" {
		t.Errorf("problems = %s", got)
	}
}

// TestUnitsOfHeadings: a heading says in what its column counts, and what cannot be understood is refused.
func TestUnitsOfHeadings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		target               ScanTarget
		heading, value, want string
	}{
		{ScanFillRate, "Taux de remplissage (%)", "93,5", "0.935"},
		{ScanFillRate, "Taux de remplissage (%)", "0,8", "0.008"},
		{ScanFillRate, "fill_percent", "1", "0.01"},
		{ScanFillRate, "Pourcentage rempli", "100 %", "1"},
		{ScanFillRate, "Taux de remplissage (%)", "101", "scan.problem.share"},
		{ScanFillRate, "Taux de remplissage", "0,8", "0.8"},
		{ScanFillRate, "Taux de remplissage", "93,5", "scan.problem.share"},
		{ScanWindow, "Fenêtre (mois)", "12", "365"},
		{ScanWindow, "Fenêtre (mois)", "3", "91"},
		{ScanWindow, "window (weeks)", "2", "14"},
		{ScanWindow, "Fenêtre (jours, sur un an)", "90", "90"},
		{ScanWindow, "Période (h)", "24", "other"},
		{ScanRows, "Nb lignes (milliers)", "12", "12000"},
		{ScanRows, "Nb lignes (milliers)", "12,5", "12500"},
		{ScanRows, "Rows (thousands)", "1,234", "scan.problem.count"},
		{ScanRows, "Rows (k)", "0.25", "250"},
		{ScanRows, "Rows (M)", "1", "other"},
		{ScanRows, "Volumétrie (Mo)", "12", "other"},
		{ScanReads, "Lectures (90 derniers jours)", "12", "12"},
		{ScanDistinct, "Valeurs distinctes (%)", "12", "other"},
	} {
		unit := ScanUnitOf(c.target, c.heading)
		plan := ImportPlan{Kind: ImportEvidence, Targets: []ScanTarget{ScanField, c.target, ScanRows}, Dataset: "d", ApplicationName: "a", MeasuredOn: ptr(time.Now())}
		if c.target == ScanRows {
			plan.Targets[2] = ScanReads
		}
		if got := plan.Check([]string{"field", c.heading, "other"}) != nil; got != (c.want == "other") {
			t.Errorf("%s: asked %v", c.heading, got)
		}
		if unit == ScanUnitOther {
			continue
		}
		m, problems := NewMeasuredField(1, map[ScanTarget]string{ScanDataset: "d", ScanField: "f", ScanLastRead: "2026-01-01", c.target: c.value}, map[ScanTarget]ScanUnit{c.target: unit})
		got := ""
		switch {
		case len(problems) > 0:
			got = problems[0].Key
		case c.target == ScanFillRate:
			got = strconv.FormatFloat(*m.FillRate, 'f', -1, 64)
		case c.target == ScanWindow:
			got = strconv.Itoa(*m.WindowDays)
		case c.target == ScanRows:
			got = strconv.FormatInt(*m.Rows, 10)
		case c.target == ScanReads:
			got = strconv.FormatInt(*m.Reads, 10)
		}
		if got != c.want {
			t.Errorf("%s %s: %s, want %s", c.heading, c.value, got, c.want)
		}
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	zero, ten, rate := int64(0), int64(10), 0.5
	if (MeasuredField{Rows: &zero, NonNull: &zero, FillRate: &rate}).Fill() != nil {
		t.Error("a table without rows has no fill rate")
	}
	if f := (MeasuredField{Rows: &ten, FillRate: &rate}).Fill(); f == nil || *f != 0.5 {
		t.Errorf("Fill() = %v, want what the file says", f)
	}
	if (MeasuredField{Rows: &ten}).Fill() != nil {
		t.Error("rows alone say nothing of filling")
	}
}

func TestSourceFacts(t *testing.T) {
	t.Parallel()
	many := map[string]string{}
	for n := range 200 {
		many[fmt.Sprintf("key %03d", n)] = "x"
	}
	first := SourceFacts{Meta: many}.Clean()
	for range 5 { // the same ones are kept each time: else an import would find a change where there is none
		if d := cmp.Diff(first, SourceFacts{Meta: many}.Clean()); d != "" {
			t.Fatalf("other facts of the same source:\n%s", d)
		}
	}
	facts := SourceFacts{Length: 80, Formula: "a + b", Options: []string{"new", "paid"}, OptionCount: 2, Tags: []string{"pii"}, Custom: true, Archived: true,
		Meta: map[string]string{"owner": "crm", "Level": "2"}}
	var told []string
	for _, f := range facts.List() {
		told = append(told, f.String())
	}
	want := []string{"archived: true", "custom: true", "length: 80", "options: 2", "choices: new, paid", "formula: a + b", "tags: pii", "Level: 2", "owner: crm"}
	if d := cmp.Diff(want, told); d != "" {
		t.Error(d)
	}
	if facts.Empty() || !(SourceFacts{Scale: -1}).Empty() {
		t.Error("what says something, and what does not")
	}
}

// TestExportedListIsNoEvidence: what Utile exported says nothing new of reads and values, unless somebody says when it was measured.
func TestExportedListIsNoEvidence(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"application,dataset,field,reads,last_read,fill,completeness,verdict":                       "import.error.exported",
		"Application,Jeu de données,Champ,Lectures,Dernière lecture,Remplissage,Complétude,Verdict": "import.error.exported",
		"application,dataset,field,reads,window_days,measured_at,fill,completeness,verdict":         "",
		"table,column,row_count,non_null_count,completeness":                                        "",
		"Application,Dataset,Field,Reads,Last read,Fill rate,Completeness,Verdict,Measured at":      "",
	} {
		headings := strings.Split(text, ",")
		plan := ImportPlan{Kind: ImportEvidence, Targets: GuessHeadings(headings, nil, nil), ApplicationName: "CRM", MeasuredOn: &day}
		if i := slices.Index(headings, "fill"); i >= 0 && plan.Targets[i] != ScanFillRate {
			t.Errorf("%s: fill is %s", text, plan.Targets[i])
		}
		got := ""
		if e, ok := errors.AsType[*Error](plan.Check(headings)); ok {
			got = e.Fields["targets"].Key
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
		plan.Kind = ImportInventory
		_, measures := Import{Kind: ImportInventory, Plan: plan, Headings: ImportHeadings{Headings: headings}}.LeftOut()
		if exported := slices.ContainsFunc(headings, func(h string) bool { return strings.EqualFold(h, "verdict") }); exported == (len(measures) > 0) {
			t.Errorf("%s: measures that another import takes: %v", text, measures)
		}
	}
}
