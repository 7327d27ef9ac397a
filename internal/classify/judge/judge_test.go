package judge

import (
	"math"
	"strings"
	"testing"

	"utile/internal/classify"
)

func TestRead(t *testing.T) {
	t.Parallel()
	rows, err := Read(strings.NewReader("\ufeffcodes,system,table,column,data_type,comment,personal,note\n" +
		"ident.contact.email; pro.contact,shop,customers,email,text,Where to write,personal,x\n"))
	if err != nil {
		t.Fatal(err)
	}
	r := rows[0]
	if r.Column.Name != "email" || r.Column.Comment != "Where to write" || r.Personal != classify.IsPersonal || len(r.Codes) != 2 || r.Codes[1] != "pro.contact" {
		t.Errorf("row = %+v", r)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"nothing":      "",
		"no codes":     "system,table,column,personal\na,b,c,personal\n",
		"empty codes":  "system,table,column,personal,codes\na,b,c,personal,\n",
		"no such word": "system,table,column,personal,codes\na,b,c,perhaps,tech\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if rows, err := Read(strings.NewReader(in)); err == nil {
				t.Errorf("read %v", rows)
			}
		})
	}
}

func suggestion(code string, p classify.Personal, confidence float64) classify.Suggestion {
	return classify.Suggestion{Code: code, Personal: p, Confidence: confidence}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	rows := []Row{
		{Personal: classify.IsPersonal, Codes: []string{"ident.name"}},
		{Personal: classify.IsPersonal, Codes: []string{"ident.id.customer", "ident.id"}},
		{Personal: classify.IsPersonal, Codes: []string{"crm.dates"}},
		{Personal: classify.NonPersonal, Codes: []string{"tech.key"}},
		{Personal: classify.NonPersonal, Codes: []string{"tech.audit"}},
		{Personal: classify.Unknown, Codes: []string{"unk"}},
	}
	got := []classify.Suggestion{
		suggestion("ident.name", classify.IsPersonal, 0.95),
		suggestion("ident.id", classify.IsPersonal, 0.55),
		suggestion("tech.audit", classify.NonPersonal, 0.95), // hides a risk
		suggestion("tech.key", classify.NonPersonal, 0.85),
		suggestion("crm.dates", classify.IsPersonal, 0.45),
		{},
	}
	r := Compare(rows, got)
	for name, c := range map[string]struct{ got, want float64 }{
		"acceptable": {r.Acceptable.Share, 3.0 / 6}, "exact": {r.Exact.Share, 2.0 / 6}, "top": {r.TopLevel.Share, 3.0 / 6}, "none": {r.None.Share, 1.0 / 6},
		"hidden": {r.Hidden.Share, 1.0 / 3}, "hidden code": {r.HiddenCode.Share, 1.0 / 3}, "found": {r.Found.Share, 1.0 / 2},
	} {
		if math.Abs(c.got-c.want) > 1e-9 {
			t.Errorf("%s = %.3f, want %.3f", name, c.got, c.want)
		}
	}
	for _, c := range r.Top {
		if c.Code == "tech" && (c.Precision != 0.5 || c.Recall != 0.5 || c.Columns != 2 || c.Suggested != 2) {
			t.Errorf("tech = %+v", c)
		}
	}
	if len(r.Confusions) != 2 || r.Confusions[0].Want != "crm.dates" || r.Confusions[0].Got != "tech.audit" {
		t.Errorf("confusions = %+v", r.Confusions)
	}
	if len(r.Reliability) != 4 || r.Reliability[3].Columns != 2 || r.Reliability[3].Right != 0.5 {
		t.Errorf("reliability = %+v", r.Reliability)
	}
	var b strings.Builder
	if err := r.Print(&b); err != nil || !strings.Contains(b.String(), "personal called non-personal          33.3 %  (1 of 3)") {
		t.Errorf("printed %v:\n%s", err, b.String())
	}
}
