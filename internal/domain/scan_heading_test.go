package domain

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGuessHeadings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		headers    string
		sample     [][]string
		remembered map[string]string
		want       string
	}{
		"inventory": {headers: "system,schema,table,column,data_type,nullable,is_primary_key,references,comment",
			want: "application schema dataset field data_type nullable key references comment"},
		"statistics": {headers: "system,schema,table,column,row_count,non_null_count,distinct_count",
			want: "application schema dataset field rows non_null distinct"},
		"usage": {headers: "system,schema,table,column,reads,last_read_at,last_write_at,window_days,measured_at,source",
			want: "application schema dataset field reads last_read_at last_write_at window_days measured_at source"},
		"all measures": {headers: "system,schema,table,column,row_count,non_null_count,distinct_count,reads,last_read_at,last_write_at,window_days,measured_at,source",
			want: "application schema dataset field rows non_null distinct reads last_read_at last_write_at window_days measured_at source"},
		"french": {headers: "Application,Jeu de données,Nom du champ,Libellé,Type de donnée,Obligatoire,Clé primaire,Commentaire,Catégorie de données,Propriétaire",
			want: "application dataset field label data_type required key comment category owner"},
		"french shouted": {headers: "LOGICIEL,OBJET,ATTRIBUT,INTITULE,TYPE,NULLABLE (O/N),CLE,DEFINITION",
			want: "application dataset field label data_type nullable key comment"},
		"french measures": {headers: "Table,Colonne,Nb lignes,Taux de remplissage,Valeurs distinctes,Dernière lecture,Lectures,Dernière mise à jour,Date de mesure",
			want: "dataset field rows fill_rate distinct last_read_at reads last_write_at measured_at"},
		"oldest record":    {headers: "table,column,oldest_record_on,measured_at", want: "dataset field oldest_record_on measured_at"},
		"oldest by column": {headers: "table_name,column_name,min_date,measured on", want: "dataset field oldest_record_on measured_at"},
		"oldest in french": {headers: "Table,Champ,Date la plus ancienne,Date de mesure", want: "dataset field oldest_record_on measured_at"},
		"oldest, short":    {headers: "table,champ,plus_ancien", want: "dataset field oldest_record_on"},
		"information schema": {headers: "TABLE_CATALOG,TABLE_SCHEMA,TABLE_NAME,COLUMN_NAME,ORDINAL_POSITION,COLUMN_DEFAULT,IS_NULLABLE,DATA_TYPE,CHARACTER_MAXIMUM_LENGTH",
			want: "application schema dataset field ignore ignore nullable data_type ignore"},
		"camel case":           {headers: "tableName,columnName,dataType,isNullable,isPrimaryKey", want: "dataset field data_type nullable key"},
		"decomposed accents":   {headers: "Entite\u0301,Libelle\u0301,Champ", want: "dataset label field"},
		"bare name":            {headers: "table,name,type", want: "dataset field data_type"},
		"name beside a better": {headers: "object,name,internal name,type,description", want: "dataset label field data_type comment"},
		"description and more": {headers: "table,champ,description,commentaire", want: "dataset field ignore comment"},
		"our own list":         {headers: "Application,Dataset,Field,Description,Comment in the source,May be empty,Refers to", want: "application dataset field ignore comment nullable references"},
		"our own in French": {headers: "Application,Jeu de données,Champ,Description,Commentaire de la source,Peut être vide,Fait référence à",
			want: "application dataset field ignore comment nullable references"},
		"key by its values":    {headers: "table,clé,type", sample: [][]string{{"client", "nom", "text"}, {"client", "e-mail", "text"}}, want: "dataset field data_type"},
		"mysql key":            {headers: "table,Field,Type,Null,Key", sample: [][]string{{"t", "id", "int", "NO", "PRI"}, {"t", "x", "int", "YES", "MUL"}}, want: "dataset field data_type nullable key"},
		"counts that are none": {headers: "table,champ,lectures", sample: [][]string{{"t", "a", "par le marketing"}, {"t", "b", "jamais"}}, want: "dataset field ignore"},
		"dates that are wrong": {headers: "table,column,last_read,fill_rate,measured_on", sample: [][]string{{"t", "a", "1066-10-14", "150%", "2026-11-24"}, {"t", "b", "2026-13-45", "-1", ""}},
			want: "dataset field last_read_at fill_rate measured_at"},
		"remembered":            {headers: "Truc,Machin,Table", remembered: map[string]string{"truc": "field", "machin": "ignore", "table": "schema"}, want: "field ignore schema"},
		"remembered nonsense":   {headers: "Champ,Table", remembered: map[string]string{"champ": "drop table"}, want: "field dataset"},
		"each target only once": {headers: "colonne,champ,attribut,table,objet", want: "ignore field ignore dataset ignore"},
		"nothing known":         {headers: "foo,,bar", want: "ignore ignore ignore"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			headers := strings.Split(c.headers, ",")
			if diff := cmp.Diff(c.want, strings.Trim(fmt.Sprint(GuessHeadings(headers, c.sample, c.remembered)), "[]")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestScanAliasesAreReachable(t *testing.T) {
	t.Parallel()
	for target, aliases := range scanAliases {
		if len(aliases) == 0 || !strings.Contains(fmt.Sprint(ScanTargets), string(target)) {
			t.Errorf("%s is not offered", target)
		}
		if got := GuessHeadings(aliases[:1], nil, nil); got[0] != target {
			t.Errorf("%q is taken for %s, want %s", aliases[0], got[0], target)
		}
	}
	for _, target := range ScanTargets {
		if _, known := scanAliases[target]; !known && target != ScanIgnore {
			t.Errorf("no heading is known for %s", target)
		}
	}
}
