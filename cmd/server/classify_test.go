package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"utile/internal/classify/judge"
)

// runClassify runs the command without a database: it needs none.
func runClassify(t *testing.T, in string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, problems bytes.Buffer
	status = run(t.Context(), append([]string{"classify"}, args...), nil, strings.NewReader(in), &out, &problems)
	return status, out.String(), problems.String()
}

const inventoryCSV = "Application;Table;Colonne;Type;Commentaire\n" +
	"Caisse;clients;dt_naiss;date;\nCaisse;produits;prix_catalogue;numeric(10,2);\nCaisse;clients;C17;varchar(20);Numéro de téléphone portable\n"

func TestClassifyInventory(t *testing.T) {
	t.Parallel()
	status, out, problems := runClassify(t, inventoryCSV, "-")
	if status != statusOK {
		t.Fatalf("status %d: %s", status, problems)
	}
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("%v: %q", err, out)
	}
	for i, want := range []string{"ident.birth.date", "tech.catalog", "ident.contact.phone"} {
		if got := rows[i+1]; got[3] != want || got[0] != "Caisse" || got[6] == "" {
			t.Errorf("row %d = %q, want %s with a reason", i+1, got, want)
		}
	}
	if !strings.Contains(rows[1][6], "Full date of birth") {
		t.Errorf("reason = %q", rows[1][6])
	}
}

func TestClassifyInventoryAsJSON(t *testing.T) {
	t.Parallel()
	status, out, problems := runClassify(t, inventoryCSV, "-json", "-")
	var list []classified
	if err := json.Unmarshal([]byte(out), &list); status != statusOK || err != nil || len(list) != 3 {
		t.Fatalf("status %d, %v: %s%s", status, err, out, problems)
	}
	if s := list[0].Suggestion; s.Code != "ident.birth.date" || s.Confidence <= 0.5 || s.Personal != "personal" {
		t.Errorf("suggestion = %+v", s)
	}
}

func TestClassifyBench(t *testing.T) {
	t.Parallel()
	labels := "system,table,column,data_type,comment,personal,codes\n" +
		"x,clients,email,varchar(80),,personal,ident.contact.email\nx,clients,updated_at,timestamp,,non_personal,tech.audit\nx,clients,prenom,varchar(80),,personal,conn.ip\n"
	status, out, problems := runClassify(t, labels, "-bench", "-json", "-")
	var r judge.Report
	if err := json.Unmarshal([]byte(out), &r); status != statusOK || err != nil {
		t.Fatalf("status %d, %v: %s", status, err, problems)
	}
	if r.Columns != 3 || r.Acceptable.Part != 2 || len(r.Confusions) != 1 || r.Confusions[0].Got != "ident.name.first" || r.Hidden.Of != 2 {
		t.Errorf("report = %+v", r)
	}
	if status, out, _ = runClassify(t, labels, "-bench", "-"); status != statusOK || !strings.Contains(out, "acceptable code                       66.7 %  (2 of 3)") {
		t.Errorf("status %d:\n%s", status, out)
	}
}

func TestClassifyRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in     string
		args   []string
		status int
		says   string
	}{
		"no file":         {"", nil, statusUsage, "The file is missing."},
		"unknown flag":    {"", []string{"-fast", "-"}, statusUsage, "fast"},
		"file not there":  {"", []string{"no-such-file.csv"}, statusFailed, "cannot be read"},
		"no dataset":      {"Prénom;Âge\nA;1\n", []string{"-"}, statusFailed, "rename its heading"},
		"no labels":       {"table,column\na,b\n", []string{"-bench", "-"}, statusFailed, `no column "system"`},
		"label not known": {"system,table,column,personal,codes\na,b,c,maybe,tech\n", []string{"-bench", "-"}, statusFailed, "Line 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, out, problems := runClassify(t, c.in, c.args...)
			if status != c.status || !strings.Contains(problems, c.says) || out != "" {
				t.Errorf("status %d, %q, printed %q; want %d and %q", status, problems, out, c.status, c.says)
			}
		})
	}
}
