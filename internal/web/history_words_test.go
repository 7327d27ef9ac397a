package web_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"utile/internal/domain"
	"utile/internal/example"
	"utile/internal/i18n"
	"utile/internal/job"
	"utile/internal/web/webtest"
)

// Every value that the history keeps has a word in both languages: what people read is never a key.
func TestHistoryHasWordsForWhatItKeeps(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	by := s.Admin()
	bring := func(name, content string) domain.Import {
		t.Helper()
		i, err := job.Import(t.Context(), s.Store, by, strings.NewReader(content), job.ImportRequest{FileName: name, Plan: domain.ImportPlan{ApplicationName: "CRM"}}, nil)
		if err != nil || i.State != domain.ImportApplied {
			t.Fatalf("%s: %s %v %v", name, i.State, i.Problem, err)
		}
		return i
	}
	bring("crm.csv", "table,column,type\nContact,Email,text\nContact,BirthDate,date\nContact,Old,text\n")
	bring("crm-2.csv", "table,column,type\nContact,EmailAddress,text\nContact,BirthDate,text\n")
	bring("use.csv", "table,column,reads,measured_on\nContact,BirthDate,3,2026-01-31\n")
	measured := bring("use-2.csv", "table,column,reads,measured_on\nContact,BirthDate,4,2026-02-28\nContact,Nothing,4,2026-02-28\nContact,Old,4,perhaps\n")
	if err := s.Store.AskImportUndo(t.Context(), by, measured.ID, false); err != nil {
		t.Fatal(err)
	}
	if err := s.Store.UndoImport(t.Context(), by, measured.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := example.Create(t.Context(), s.Store, by, "example", "fr", time.Now()); err != nil {
		t.Fatal(err)
	}

	rows, err := s.Owner.Query(t.Context(), `select distinct split_part(verb, '.', 1), jsonb_object_keys(coalesce(before, '{}') || coalesce(after, '{}')) from event order by 1, 2`)
	if err != nil {
		t.Fatal(err)
	}
	// What only undoing needs is not shown.
	kept := map[string]bool{"linked_by": true, "linked_at": true, "source": true, "field": true, "decision_id": true, "approval_id": true}
	for rows.Next() {
		var area, key string
		if err := rows.Scan(&area, &key); err != nil {
			t.Fatal(err)
		}
		for _, lang := range i18n.Languages() {
			ctx := i18n.WithLang(t.Context(), lang)
			if !kept[key] && !i18n.Has(ctx, "column."+area+"."+key) && !i18n.Has(ctx, "column."+key) {
				t.Errorf("%s: no word for %q of %q", lang, key, area)
			}
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	// What is written where no event of these is.
	sources, err := filepath.Glob("../*/*.go")
	if err != nil || len(sources) == 0 {
		t.Fatal(err)
	}
	verb, facts, key := regexp.MustCompile(`Verb: +"(\w+)\.`), regexp.MustCompile(`(?:Before|After): +map\[string\]any\{([^}]*)\}`), regexp.MustCompile(`"(\w+)":`)
	for _, file := range sources {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(string(source), "\n") {
			area := verb.FindStringSubmatch(line)
			told := facts.FindStringSubmatch(line)
			if area == nil || told == nil {
				continue
			}
			for _, k := range key.FindAllStringSubmatch(told[1], -1) {
				for _, lang := range i18n.Languages() {
					ctx := i18n.WithLang(t.Context(), lang)
					if !kept[k[1]] && !i18n.Has(ctx, "column."+area[1]+"."+k[1]) && !i18n.Has(ctx, "column."+k[1]) {
						t.Errorf("%s: no word for %q of %q, written in %s", lang, k[1], area[1], file)
					}
				}
			}
		}
	}
	// All that an import may count, and what a field tells of its measures.
	for _, kind := range domain.ImportKinds {
		keys := []string{"kind", domain.CountProblems, domain.CountDatasets, domain.CountApplications, domain.CountFlows}
		for _, c := range domain.ImportChanges(kind) {
			keys = append(keys, string(c))
		}
		for _, key := range keys {
			for _, lang := range i18n.Languages() {
				if !i18n.Has(i18n.WithLang(t.Context(), lang), "column.import."+key) {
					t.Errorf("%s: no word for the count %q of an import", lang, key)
				}
			}
		}
	}
	v := s.As(t, s.Acme[domain.RoleViewer])
	if got := v.Get("/w/acme/history").Want(http.StatusOK).Text("main"); !strings.Contains(got, "What the file tells") || !strings.Contains(got, "Usage evidence") || strings.Contains(got, "unmatched") {
		t.Errorf("history = %q", got)
	}
	// Who measures a field has not found it.
	var id string
	if err := s.Owner.QueryRow(t.Context(), `select id::text from field where workspace_id = $1 and name = 'BirthDate'`, by.Workspace).Scan(&id); err != nil {
		t.Fatal(err)
	}
	got := v.Get("/w/acme/fields/" + id).Want(http.StatusOK).Text("main")
	if strings.Count(got, "Measured by an import") != 2 || strings.Count(got, "Found by an import") != 1 || strings.Contains(got, "reads_measured_at") {
		t.Errorf("field = %q", got)
	}
}
