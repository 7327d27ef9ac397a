package classify

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// FuzzSuggest wants no panic on any input, and the promises of a suggestion kept.
func FuzzSuggest(f *testing.F) {
	f.Add("clients", "dt_naiss", "date", "Date de naissance", "", true)
	f.Add("llx_facture", "fk_soc", "int(11)", "", "llx_societe.rowid", false)
	f.Add("", "É\u0301__c", "\xff", "fk to ", ".", false)
	f.Add("a.b.", "123", "", "id of the ", ";", true)
	f.Add("İ", "ǅABcD1é2", "x/", "«»", "..;..", false)
	c := classifier(f)
	f.Fuzz(func(t *testing.T, dataset, name, dataType, comment, references string, key bool) {
		columns := []Column{
			{Dataset: dataset, Name: name, DataType: dataType, Comment: comment, References: references, Key: key, Label: comment},
			{Dataset: dataset, Name: comment, Label: name},
		}
		m := NewMemory([]Answer{{Dataset: dataset, Name: comment, Code: "crm", Count: 2}, {Dataset: name, Name: references, Code: "tech", Count: 1}})
		for _, memory := range []*Memory{nil, m} {
			got := c.Suggest(columns, memory)
			if len(got) != len(columns) || !reflect.DeepEqual(got, c.Suggest(columns, memory)) {
				t.Fatalf("%d suggestions, or not the same twice: %+v", len(got), got)
			}
			for _, s := range got {
				if problem := broken(s); problem != "" {
					t.Errorf("%s: %+v", problem, s)
				}
			}
		}
		if key := Key(name); key != Key(key) && utf8.ValidString(name) && !strings.ContainsFunc(key, isDigit) {
			t.Errorf("Key(%q) = %q, and of that %q", name, key, Key(key))
		}
	})
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// broken names the promise of a suggestion that is not kept.
func broken(s Suggestion) string {
	switch {
	case math.IsNaN(s.Confidence) || s.Confidence < 0 || s.Confidence > 1:
		return "confidence"
	case s.Code == "" && (s.Confidence != 0 || s.Personal != Unknown || s.Alternatives != nil):
		return "a suggestion of nothing says something"
	case s.Personal == NonPersonal && PersonalOf(s.Code) != NonPersonal:
		return "non-personal with a code of persons"
	}
	for _, a := range s.Alternatives {
		if a.Code == s.Code || a.Code == "" || a.Confidence > s.Confidence || a.Confidence < 0 {
			return "alternatives"
		}
	}
	return ""
}

// TestConcurrentUse is for the race detector, and wants the same answers from all.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	c := classifier(t)
	m := NewMemory([]Answer{{Name: "zone_x", Code: "crm.segment", Count: 3}})
	columns := inventory(40)
	want := c.Suggest(columns, m)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if got := c.Suggest(columns, m); !reflect.DeepEqual(got, want) {
				t.Error("another answer beside others")
			}
		})
	}
	wait.Wait()
}

func TestModelRoundTrip(t *testing.T) {
	t.Parallel()
	c := classifier(t)
	var b bytes.Buffer
	if _, err := c.model.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	raw := bytes.Clone(b.Bytes())
	again, err := ReadModel(&b)
	if err != nil || !reflect.DeepEqual(again, c.model) {
		t.Errorf("another model came back (%v)", err)
	}
	for _, cut := range []int{0, 1, 40, len(raw) / 2, len(raw) - 9} {
		if _, err := ReadModel(bytes.NewReader(raw[:cut])); err == nil {
			t.Errorf("a model cut at %d of %d bytes was read", cut, len(raw))
		}
	}
}

// TestWeightsAreSmall keeps the program small.
func TestWeightsAreSmall(t *testing.T) {
	t.Parallel()
	info, err := os.Stat("data/model.bin")
	if err != nil {
		t.Fatal(err)
	}
	if most := int64(2 << 20); info.Size() > most {
		t.Errorf("weights of %d bytes", info.Size())
	}
}

// inventory is n columns as one dataset.
func inventory(n int) []Column {
	names := []string{"id", "customer_id", "email", "dt_naiss", "MT_TTC", "createdAt", "lib_statut", "is_active", "note", "ip_address", "total_amount", "fk_user_modif"}
	var list []Column
	for i := range n {
		list = append(list, Column{
			System: "crm", Dataset: "t_commande", Name: fmt.Sprintf("%s_%d", names[i%len(names)], i), DataType: "varchar(40)", Comment: "Date of the order of the customer",
		})
	}
	return list
}

// BenchmarkSuggest suggests for 1,000 columns of datasets of 40.
func BenchmarkSuggest(b *testing.B) {
	c := classifier(b)
	columns := inventory(40)
	b.ReportAllocs()
	for b.Loop() {
		for range 25 {
			c.Suggest(columns, nil)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "µs/column")
}
