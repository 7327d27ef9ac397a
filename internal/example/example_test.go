package example

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

var update = flag.Bool("update", false, "write the shipped files anew")

func generated(t *testing.T, lang string) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := generate(&out, lang); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestShippedFiles(t *testing.T) {
	t.Parallel()
	for lang, shipped := range map[string][]byte{"fr": fileFR, "en": fileEN} {
		want := generated(t, lang)
		if *update {
			var out bytes.Buffer
			z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := z.Write(want); err != nil {
				t.Fatal(err)
			}
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile("maison-lumiere."+lang+".utile.jsonl.gz", out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		z, err := gzip.NewReader(bytes.NewReader(shipped))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("the shipped file %s is not the one that the tables make: run go generate ./internal/example", lang)
		}
	}
}

func export(t *testing.T, st *store.Store, w domain.Workspace) []map[string]any {
	t.Helper()
	var out bytes.Buffer
	if err := st.ExportWorkspace(context.Background(), domain.Operator(w), &out); err != nil {
		t.Fatal(err)
	}
	var records []map[string]any
	for line := range strings.Lines(out.String()) {
		r := map[string]any{}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	return records
}

// Every column comes to the fate that the table gives it, on the day of creation and weeks later.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, lang := range domain.Languages {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			now := time.Date(2027, 2, 17, 14, 0, 0, 0, time.UTC)
			st := storetest.DB(t).WithClock(func() time.Time { return now })
			w, err := Create(ctx, st, domain.Operator(domain.Workspace{}), Slug, lang, now)
			if err != nil {
				t.Fatalf("%v %+v", err, err)
			}
			if !w.IsExample || w.Locale != lang {
				t.Errorf("the workspace is %+v", w)
			}
			inv := readInventory()
			for _, later := range []int{0, 40} {
				soon := st.WithClock(func() time.Time { return now.AddDate(0, 0, later) })
				if err := soon.JudgeAll(ctx, domain.Operator(w)); err != nil {
					t.Fatal(err)
				}
				i, wrong := 0, 0
				for _, r := range export(t, soon, w) {
					if r["t"] != "field" {
						continue
					}
					f := inv.fields[i]
					i++
					if got := r["verdict"]; got != string(verdicts[f.fate]) {
						if wrong++; wrong < 10 {
							t.Errorf("after %d days %s.%s is %v, want %s: %+v", later, f.dataset.name, f.name, got, verdicts[f.fate], tie(f))
						}
					}
				}
				if i != len(inv.fields) || wrong > 0 {
					t.Errorf("after %d days: %d fields of %d, %d with another verdict", later, i, len(inv.fields), wrong)
				}
			}
		})
	}
}

func TestBelievable(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.DB(t)
	now := time.Now()
	w, err := Create(ctx, st, domain.Operator(domain.Workspace{}), Slug, "fr", now)
	if err != nil {
		t.Fatalf("%v %+v", err, err)
	}
	counts, verdict, flags := map[string]int{}, map[string]int{}, map[int]int{}
	for _, r := range export(t, st, w) {
		kind, _ := r["t"].(string)
		counts[kind]++
		if kind == "field" {
			verdict[r["verdict"].(string)]++
			for bit := range 14 {
				if int(r["flags"].(float64))&(1<<bit) != 0 {
					flags[bit]++
				}
			}
		}
	}
	for kind, least := range map[string]int{"application": 12, "dataset": 60, "field": 900, "purpose": 9, "program": 14, "user": 6, "member": 6, "team": 6,
		"objective": 4, "stage": 8, "category": 153, "flow": 14, "flow_field": 60, "decision": 14, "comment": 10, "view": 4, "event": 120, "mapping": 600,
		"link": 400, "requirement": 80, "scenario_need": 3, "scenario": 12, "segment": 5, "pressure_rule": 3, "journey": 2, "moment": 9, "target": 12, "target_version": 2, "target_frozen": 20, "evidence": 700, "field_collection": 100} {
		if counts[kind] < least {
			t.Errorf("%d records %s, want %d at least", counts[kind], kind, least)
		}
	}
	for v, share := range map[string]float64{"keep": 0.45, "dormant": 0.20, "regularise": 0.10, "delete": 0.12, "exempt": 0.08, "unclassified": 0.05} {
		if got := float64(verdict[v]) / float64(counts["field"]); got < share-0.04 || got > share+0.04 {
			t.Errorf("%.1f %% of the fields are %s, want about %.0f %%", 100*got, v, 100*share)
		}
	}
	for bit, code := range domain.FlagCodes() {
		if flags[bit] == 0 {
			t.Errorf("no field shows the flag %s", code)
		}
	}
	if _, err := Create(ctx, st, domain.Operator(domain.Workspace{}), Slug, "fr", now); !errors.Is(err, domain.Invalid) {
		t.Errorf("a second example of that name: %v", err)
	}
	if _, err := Create(ctx, st, domain.Operator(domain.Workspace{}), "other", "en", now); err != nil {
		t.Errorf("an example beside the first: %v", err)
	}
	by := domain.Actor{Name: "Anna", Lang: "en"}
	if by.User, err = st.AddUser(ctx, domain.User{Email: "anna@example.com", Name: "Anna"}, "hash"); err != nil {
		t.Fatal(err)
	}
	free, err := CreateFree(ctx, st, by, now)
	if err != nil || free.Slug != Slug+"-2" || free.Locale != "en" {
		t.Errorf("the next example is %+v, %v", free, err)
	}
	if list, err := st.WorkspacesOf(ctx, by.User); err != nil || len(list) != 1 {
		t.Errorf("whoever made it is in %+v, %v", list, err)
	}
	if err := st.RemoveWorkspace(ctx, domain.Operator(w), Slug); err != nil {
		t.Errorf("the example cannot be removed: %v", err)
	}
}

// The tables say everything in both languages, and their French keeps its typography.
func TestBothLanguages(t *testing.T) {
	t.Parallel()
	fr, en := string(generated(t, "fr")), string(generated(t, "en"))
	if a, b := strings.Count(fr, "\n"), strings.Count(en, "\n"); a != b {
		t.Errorf("%d lines in French and %d in English", a, b)
	}
	for _, bad := range []string{" :", " ;", " !", " ?", "« ", " »", "'"} {
		for line := range strings.Lines(fr) {
			if strings.Contains(line, bad) && !strings.Contains(line, `"t":"category"`) {
				t.Errorf("%q in %.200s", bad, line)
				break
			}
		}
	}
	for _, word := range []string{"Responsable", " finalité", "programme de fidélité", "Téléphone mobile"} {
		if strings.Contains(en, word) {
			t.Errorf("the English file says %q", word)
		}
	}
}
