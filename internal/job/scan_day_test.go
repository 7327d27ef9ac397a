package job_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"utile/internal/domain"
	"utile/internal/store/storetest"
)

func TestMeasuresOfDaysToCome(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	applied(t, w.Store, by, "crm.csv", crm, domain.ImportPlan{ApplicationName: "CRM"})
	const heading = "application,table,column,reads,window days,last read at,last write at,measured at\n"
	day := func(days int) string { return time.Now().UTC().AddDate(0, 0, days).Format(time.DateOnly) }
	row := func(field string, reads int, read, write, at string) string {
		return fmt.Sprintf("CRM,Contact,%s,%d,90,%s,%s,%s\n", field, reads, read, write, at)
	}
	i, problems := bring(t, w.Store, by, "use.csv", heading+
		row("Id", 3, "", "", day(2))+
		row("Email", 3, day(-1), "", day(-2))+
		row("FirstName", 3, "", day(400), day(-2))+
		row("BirthDate", 3, day(-2)+" 15:00", day(-2), day(-2))+
		row("Phone", 3, "", "", day(1)), domain.ImportPlan{})
	var got []string
	for _, p := range problems {
		got = append(got, fmt.Sprintf("%d %s %s %v", p.Line, p.Column, p.Key, p.Args["value"]))
	}
	want := fmt.Sprintf("2 measured at import.problem.measured_later %s|3 last read at import.problem.read_later %s|4 last write at import.problem.write_later %s",
		day(2), day(-1), day(400))
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("problems\n%s\nwant\n%s", s, want)
	}
	wantCounts(t, i, map[domain.ImportChange]int64{domain.ChangeNew: 1, domain.ChangeUnmatched: 1})

	// The day that a person gives a file.
	later := domain.Day(time.Now()).AddDate(0, 0, 3)
	_, err := w.Store.AddImport(t.Context(), by, "use.csv", domain.ImportPlan{MeasuredOn: &later})
	if refused, ok := errors.AsType[*domain.Error](err); !ok || refused.Fields["measured_on"].Key != "import.error.day_later" {
		t.Errorf("measured in three days: %v", err)
	}
}

// A mistaken day that was taken once stands in the way of no real measure.
func TestMeasuresBesideAMistakenDay(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	applied(t, w.Store, by, "crm.csv", crm, domain.ImportPlan{ApplicationName: "CRM"})
	const heading = "application,table,column,rows,non null count,reads,window days,last read at,oldest record,measured at\n"
	row := "CRM,Contact,Email,100,90,%d,90,,%s,%s\n"
	today := time.Now().UTC().Format(time.DateOnly)
	applied(t, w.Store, by, "use.csv", heading+fmt.Sprintf(row, 3, "2020-02-01", today), domain.ImportPlan{})
	w.Exec(t, `update field_evidence set reads_measured_at = '2199-01-01', fill_measured_at = '2199-01-01', oldest_measured_at = '2199-01-01', last_read_at = '2198-12-01'`)
	wantCounts(t, applied(t, w.Store, by, "fill.csv", "application,table,column,rows,measured at\nCRM,Contact,Email,80,"+today+"\n", domain.ImportPlan{}),
		map[domain.ImportChange]int64{domain.ChangeChanged: 1})
	if n := count(t, w, `select count(*) from field_evidence where row_count = 80 and reads = 3 and reads_measured_at = '2199-01-01'`); n != 1 {
		t.Error("a count of rows changed what is known of reads")
	}
	newer := applied(t, w.Store, by, "newer.csv", heading+fmt.Sprintf(row, 0, "2021-02-01", today), domain.ImportPlan{})
	wantCounts(t, newer, map[domain.ImportChange]int64{domain.ChangeChanged: 1})
	if n := count(t, w, `select count(*) from field_evidence e, dataset d where d.name = 'Contact' and e.reads = 0 and e.last_read_at is null
		and e.oldest_record_on = '2021-02-01' and d.measured_oldest_on = '2021-02-01' and greatest(e.reads_measured_at, e.fill_measured_at, e.oldest_measured_at) = $1::date`, today); n != 1 {
		t.Error("the real measure was not taken")
	}
	undone(t, w.Store, by, newer)
}

// A column whose cells are wrong is still the column that its heading says, and no cell of it is passed over in silence.
func TestColumnsOfWrongCells(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	applied(t, w.Store, by, "crm.csv", crm, domain.ImportPlan{ApplicationName: "CRM"})
	i, problems := bring(t, w.Store, by, "use.csv", "application,table,column,reads,last_read,fill_rate,measured_on,remark of Ada\n"+
		"CRM,Contact,Id,-5,2026-11-01,0.5,2026-11-24,x\n"+
		"CRM,Contact,Email,12,1066-10-14,150%,2026-11-24,\n"+
		"CRM,Contact,FirstName,3,2026-13-45,-1,2026-11-24,\n"+
		"CRM,Contact,BirthDate,3,2026-11-02,,2026-11-24,\n", domain.ImportPlan{})
	var got []string
	for _, p := range problems {
		got = append(got, fmt.Sprintf("%d %s %s", p.Line, p.Column, p.Args["value"]))
	}
	if want := "2 reads -5|3 fill_rate 150%|3 last_read 1066-10-14|4 fill_rate -1|4 last_read 2026-13-45"; strings.Join(got, "|") != want {
		t.Errorf("problems %v\nwant %s", got, want)
	}
	wantCounts(t, i, map[domain.ImportChange]int64{domain.ChangeNew: 1})
	if columns, measures := i.LeftOut(); strings.Join(columns, ",") != "remark of Ada" || len(measures) > 0 {
		t.Errorf("left out: %v and %v", columns, measures)
	}
	both, _ := bring(t, w.Store, by, "both.csv", "table,column,data_type,reads\nContact,Id,int,3\n", domain.ImportPlan{ApplicationName: "CRM"})
	if columns, measures := both.LeftOut(); len(columns) > 0 || strings.Join(measures, ",") != "reads" {
		t.Errorf("of an inventory: %v and %v", columns, measures)
	}
}
