package domain

import "time"

// Thresholds are the numbers of a workspace that the rules read. Days are calendar days.
type Thresholds struct {
	WindowDays      int     // days back from today over which reads count as use
	GraceDays       int     // days for which a paused program still justifies its fields
	FillRateMin     float64 // share of rows, 0 to 1, under which a field is empty
	ConstantMinRows int64   // filled rows from which a single value is meaningful
	StaleDays       int     // days without a write after which a field is stale
}

// DefaultThresholds are those of a new workspace: a quarter for reads and pauses, and two years for writes.
func DefaultThresholds() Thresholds {
	return Thresholds{WindowDays: 90, GraceDays: 90, FillRateMin: 0.05, ConstantMinRows: 100, StaleDays: 730}
}

// Validate returns an Invalid error naming every threshold out of range, or nil.
func (th Thresholds) Validate() error {
	var p Problems
	p.between("window_days", int64(th.WindowDays), 1, 3650)
	p.between("grace_days", int64(th.GraceDays), 0, 3650)
	if !(th.FillRateMin >= 0 && th.FillRateMin <= 1) { // written so that NaN is refused
		p.Add("fill_rate_min", "threshold.range", "least", 0, "most", 1)
	}
	p.between("constant_min_rows", th.ConstantMinRows, 1, 1_000_000_000)
	p.between("stale_days", int64(th.StaleDays), 1, 36500)
	return p.Err()
}

func (p *Problems) between(field string, value, least, most int64) {
	if value < least || value > most {
		p.Add(field, "threshold.range", "least", least, "most", most)
	}
}

// EvidenceFacts are measured facts about a field. Nil is not measured, never zero.
type EvidenceFacts struct {
	Reads           *int64     // reads counted during the measure
	WindowDays      *int       // days that the count of reads covers, up to its measure
	LastReadAt      *time.Time // last read known
	ReadsMeasuredAt *time.Time // when reads were measured
	// LastReadMeasuredAt is when the last read was measured, where a newer measure of reads does not tell of it; nil where it
	// was measured with them.
	LastReadMeasuredAt *time.Time
	LastWriteAt        *time.Time // last write known
	WriteMeasuredAt    *time.Time // when writes were measured
	RowCount           *int64     // rows of the dataset
	NonNullCount       *int64     // rows where the field has a value
	DistinctCount      *int64     // different values, null aside
}

// Measured tells whether anything at all was measured.
func (e *EvidenceFacts) Measured() bool {
	return e.Reads != nil || e.LastReadAt != nil || e.LastWriteAt != nil || e.RowCount != nil || e.NonNullCount != nil || e.DistinctCount != nil
}

// FillRate is the share of rows where the field has a value, 0 to 1; false where it was not measured or there is no row.
func (e *EvidenceFacts) FillRate() (float64, bool) {
	if e.RowCount == nil || e.NonNullCount == nil || *e.RowCount <= 0 {
		return 0, false
	}
	return float64(*e.NonNullCount) / float64(*e.RowCount), true
}

// readState is what evidence says of reads in the window.
type readState uint8

const (
	readsUnknown readState = iota // not measured, or not over the whole window
	readsAbsent                   // measured over the whole window, none
	readsPresent                  // at least one
)

// clockSlack is how many days ahead of today a measure may be dated: the measured system may lie in a zone where it is
// already tomorrow. A later date is a mistake and proves nothing.
const clockSlack = 1

// LastReadAsOf is when the last read was measured; nil where nobody said.
func (e *EvidenceFacts) LastReadAsOf() *time.Time {
	if e.LastReadMeasuredAt != nil {
		return e.LastReadMeasuredAt
	}
	return e.ReadsMeasuredAt
}

// readsOn says whether the field was read in the window that ends today.
//
// A last read dated in the window is a read, whenever it was measured. Everything else asks for a current measure: one
// that ended in the window, that is at most WindowDays ago. An older one has seen no day of the window, so it neither
// proves use nor its absence.
//
// Absence is proven by a measure at least as long as the window: a count of zero whose own window is that long, or a last
// read that precedes its own measure by that long. A shorter measure of zero is unknown. A current count above zero is use,
// unless the last read is known by the same measure and lies before the window: what an earlier measure knew as the last
// read says nothing of reads that were counted since. A count over an unknown or longer period gets the benefit of
// the doubt: asking about a field that nobody reads is a smaller mistake than deleting one that somebody does.
func (e *EvidenceFacts) readsOn(today int64, th Thresholds) readState {
	window := int64(th.WindowDays)
	lastRead, readKnown := age(e.LastReadAt, today)
	if readKnown && lastRead <= window {
		return readsPresent
	}
	counted, seen := e.Reads != nil && e.readsCurrent(today, th), e.lastReadCurrent(today, th)
	switch {
	case counted && *e.Reads > 0 && (!readKnown || e.LastReadMeasuredAt != nil):
		return readsPresent
	case counted && e.countsNone(th):
		return readsAbsent
	case readKnown && seen && lastRead-today+dayOf(*e.LastReadAsOf()) >= window:
		return readsAbsent
	default:
		return readsUnknown
	}
}

// countsNone tells whether a count of zero covers a whole window.
func (e *EvidenceFacts) countsNone(th Thresholds) bool {
	return e.Reads != nil && *e.Reads == 0 && e.WindowDays != nil && *e.WindowDays >= th.WindowDays
}

// CoversDay tells whether the window over which no read was measured goes back to before the day. A program that began
// later had no chance to read anything in all of it, which changes no verdict and is worth saying. It is false where reads
// were not measured.
func (e *EvidenceFacts) CoversDay(day time.Time, th Thresholds) bool {
	if e.ReadsMeasuredAt == nil {
		return false
	}
	return dayOf(day) > dayOf(*e.ReadsMeasuredAt)-int64(th.WindowDays)
}

// readsCurrent tells whether the measure of reads ended in the window.
func (e *EvidenceFacts) readsCurrent(today int64, th Thresholds) bool {
	return endedInWindow(e.ReadsMeasuredAt, today, th)
}

// lastReadCurrent tells whether the measure of the last read ended in the window.
func (e *EvidenceFacts) lastReadCurrent(today int64, th Thresholds) bool {
	return endedInWindow(e.LastReadAsOf(), today, th)
}

func endedInWindow(measure *time.Time, today int64, th Thresholds) bool {
	measured, known := age(measure, today)
	return known && measured <= int64(th.WindowDays)
}

// age is the number of days from t to today, at least -clockSlack; false where t is unknown or too far ahead to be true.
func age(t *time.Time, today int64) (int64, bool) {
	if t == nil {
		return 0, false
	}
	days := today - dayOf(*t)
	if days < -clockSlack {
		return 0, false
	}
	return days, true
}

// Grade is how strongly evidence shows that a field is read.
type Grade int8

// The grades. Not measured is no grade at all: it must never look like none.
const (
	GradeNotMeasured Grade = -1 // reads were not measured over the whole window
	GradeNone        Grade = 0  // measured over the whole window, never read
	GradeWeak        Grade = 1  // read in the window; fewer than 10 reads, or how many is not known
	GradeMedium      Grade = 2  // at least 10 reads
	GradeStrong      Grade = 3  // at least 100 reads, the last within 30 days
	GradeVeryStrong  Grade = 4  // at least 1,000 reads, the last within 7 days
)

// Grades lists the grades from the least known to the strongest.
var Grades = []Grade{GradeNotMeasured, GradeNone, GradeWeak, GradeMedium, GradeStrong, GradeVeryStrong}

// Code names the grade in addresses and message keys.
func (g Grade) Code() string {
	switch g {
	case GradeNone:
		return "none"
	case GradeWeak:
		return "weak"
	case GradeMedium:
		return "medium"
	case GradeStrong:
		return "strong"
	case GradeVeryStrong:
		return "very_strong"
	case GradeNotMeasured:
	}
	return "not_measured"
}

// EvidenceGrade grades the reads in the window that ends today. Reads counted over more days than the window are scaled
// down to it; reads counted over fewer are not scaled up, since only what was seen is proof. Where the last read is not
// dated, the day of the measure stands for it, moved back by what the measure covers beyond the window; that never makes
// the strongest grade.
func EvidenceGrade(e *EvidenceFacts, th Thresholds, today time.Time) Grade {
	day := dayOf(today)
	switch e.readsOn(day, th) {
	case readsUnknown:
		return GradeNotMeasured
	case readsAbsent:
		return GradeNone
	case readsPresent:
	}
	if e.Reads == nil || e.WindowDays == nil || !e.readsCurrent(day, th) {
		return GradeWeak
	}
	reads, beyond := *e.Reads, max(*e.WindowDays-th.WindowDays, 0)
	if beyond > 0 {
		reads = int64(float64(reads) * float64(th.WindowDays) / float64(*e.WindowDays))
	}
	last, dated := age(e.LastReadAt, day)
	if dated = dated && last <= int64(th.WindowDays); !dated { // one before the window is not the last of these reads
		measured, _ := age(e.ReadsMeasuredAt, day)
		last = measured + int64(beyond)
	}
	switch {
	case reads >= 1000 && dated && last <= 7:
		return GradeVeryStrong
	case reads >= 100 && last <= 30:
		return GradeStrong
	case reads >= 10:
		return GradeMedium
	default:
		return GradeWeak
	}
}
