package domain

import (
	"math"
	"math/bits"
	"time"
)

// FlagSet is a set of reasons why a field should be looked at.
//
// The bits are stored: a flag keeps its bit for ever, a new one takes the next free bit, and the bit of one that goes out
// of use is never given to another.
type FlagSet uint32

// The flags, with their codes in flagCodes in the same order.
const (
	FlagNoProgram           FlagSet = 1 << 0  // no link to a program that counts or once did
	FlagProgramOver         FlagSet = 1 << 1  // linked only to programs that are over
	FlagNoPurpose           FlagSet = 1 << 2  // no purpose mapping at all
	FlagPurposePending      FlagSet = 1 << 3  // mapped; no approved purpose in force yet
	FlagPurposeRefused      FlagSet = 1 << 4  // every mapping rejected, or its purpose over
	FlagNeverRead           FlagSet = 1 << 5  // measured over the whole window, no read
	FlagUndeclaredUse       FlagSet = 1 << 6  // read, with no program or purpose that explains it
	FlagEmpty               FlagSet = 1 << 7  // fill rate under the threshold
	FlagConstant            FlagSet = 1 << 8  // one value over a meaningful number of rows
	FlagStale               FlagSet = 1 << 9  // no write for longer than the threshold
	FlagOverRetention       FlagSet = 1 << 10 // data older than its retention rule allows
	FlagDuplicate           FlagSet = 1 << 11 // held by the declared master, with no flow between the two
	FlagSensitiveUngrounded FlagSet = 1 << 12 // art. 9, art. 10 or NIR data without its specific condition
	FlagUncategorised       FlagSet = 1 << 13 // not classified
)

// flagCodes are the stored and displayed names of the flags, by bit.
var flagCodes = [...]string{
	"no_program", "program_over", "no_purpose", "purpose_pending", "purpose_refused", "never_read", "undeclared_use",
	"empty", "constant", "stale", "over_retention", "duplicate", "sensitive_ungrounded", "uncategorised",
}

// FlagCodes lists the codes of all flags, in order of bits.
func FlagCodes() []string { return append([]string(nil), flagCodes[:]...) }

// FlagByCode returns the flag of a code, or false.
func FlagByCode(code string) (FlagSet, bool) {
	for i, c := range flagCodes {
		if c == code {
			return 1 << i, true
		}
	}
	return 0, false
}

// Has tells whether the set holds all of other.
func (s FlagSet) Has(other FlagSet) bool { return s&other == other }

// Len is the number of flags in the set.
func (s FlagSet) Len() int { return bits.OnesCount32(uint32(s)) }

// Codes lists the codes of the set, in order of bits.
func (s FlagSet) Codes() []string {
	out := make([]string, 0, s.Len())
	for i, c := range flagCodes {
		if s&(1<<i) != 0 {
			out = append(out, c)
		}
	}
	return out
}

// FlagSentence is the message that tells a person why one flag is raised on a field, with the evidence for it: the key
// and its arguments. The label of a flag is the key "flag." and its code.
//
//i18n:dynamic flag. verdict. grade. used. missing.
func FlagSentence(flag FlagSet, f *FieldFacts, th Thresholds, today time.Time) (key string, args map[string]any) {
	if flag.Len() != 1 || int(bits.TrailingZeros32(uint32(flag))) >= len(flagCodes) {
		return "", nil
	}
	key = "flag." + flagCodes[bits.TrailingZeros32(uint32(flag))] + "."
	e := &f.Evidence
	switch flag {
	case FlagNeverRead:
		// A count that is newer than the last read proves no more than the days that it covers.
		if e.LastReadAt != nil && (e.LastReadMeasuredAt == nil || !e.countsNone(th)) {
			return key + "since", Args("last", *e.LastReadAt, "measured", valueOf(e.LastReadAsOf()))
		}
		return key + "sentence", Args("n", valueOf(e.WindowDays), "measured", valueOf(e.ReadsMeasuredAt))
	case FlagUndeclaredUse:
		return e.useSentence(key, dayOf(today), th)
	case FlagEmpty:
		rate, _ := e.FillRate()
		return key + "sentence", Args("rate", percentOf(rate), "least", percentOf(th.FillRateMin))
	case FlagConstant:
		return key + "sentence", Args("n", valueOf(e.NonNullCount))
	case FlagStale:
		return key + "sentence", Args("last", valueOf(e.LastWriteAt), "measured", valueOf(e.WriteMeasuredAt))
	case FlagOverRetention:
		rule := valueOf(f.boundBy(dayOf(today)))
		return key + "sentence", Args("n", rule.Months, "oldest", valueOf(f.Retention.OldestRecordOn))
	case FlagSensitiveUngrounded:
		return key + string(f.Class), nil
	default:
		return key + "sentence", nil
	}
}

// useSentence tells how much a field is read, else when it last was, else only that it was.
func (e *EvidenceFacts) useSentence(key string, today int64, th Thresholds) (string, map[string]any) {
	counted := e.Reads != nil && *e.Reads > 0 && e.readsCurrent(today, th)
	switch {
	case counted && e.WindowDays != nil:
		return key + "sentence", Args("n", *e.Reads, "days", *e.WindowDays, "measured", valueOf(e.ReadsMeasuredAt))
	case e.LastReadAt != nil:
		return key + "dated", Args("last", *e.LastReadAt)
	default:
		return key + "counted", Args("n", valueOf(e.Reads), "measured", valueOf(e.ReadsMeasuredAt))
	}
}

// valueOf is what p points to, or nothing at all.
func valueOf[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// percentOf writes a share as a percentage with one decimal, rounded down so that it stays under its threshold.
func percentOf(share float64) float64 { return math.Floor(share*1000+1e-9) / 10 }

// set adds the flag where the condition holds.
func (s *FlagSet) set(f FlagSet, holds bool) {
	if holds {
		*s |= f
	}
}

// flagsOf raises the flags of a field. Data that is not personal has none: each flag is a reason to look at a field with
// its deletion or its lawfulness in mind. An unclassified field is asked for its class first, so it only shows measured
// facts beside that; whether it has a program or a purpose matters once it is known to be personal.
func flagsOf(f *FieldFacts, c circumstances, out Finding, th Thresholds) FlagSet {
	var s FlagSet
	if out.Verdict == VerdictExempt {
		return s
	}
	measuredFlags(&s, f, c, th)
	if out.Verdict == VerdictUnclassified {
		return s | FlagUncategorised
	}
	programFlags(&s, c)
	purposeFlags(&s, c.ground)
	s.set(FlagUndeclaredUse, out.Why == WhyUndeclared)
	s.set(FlagSensitiveUngrounded, f.Class.Special() && !c.ground.special)
	return s
}

// programFlags: a field that a purpose uses outside programs needs none, so the lack of one is no reason to look at it.
func programFlags(s *FlagSet, c circumstances) {
	if c.ground.legalUse {
		return
	}
	s.set(FlagNoProgram, c.links == linkNone)
	s.set(FlagProgramOver, c.links == linkOver)
}

// purposeFlags raises exactly one flag where no approved purpose in force covers the field.
func purposeFlags(s *FlagSet, g ground) {
	switch {
	case g.lawful:
	case !g.mapped:
		*s |= FlagNoPurpose
	case g.pending:
		*s |= FlagPurposePending
	default:
		*s |= FlagPurposeRefused
	}
}

// measuredFlags raises what measures show. What was not measured raises nothing.
func measuredFlags(s *FlagSet, f *FieldFacts, c circumstances, th Thresholds) {
	s.set(FlagNeverRead, c.reads == readsAbsent)
	s.set(FlagEmpty, f.Evidence.empty(th))
	s.set(FlagConstant, f.Evidence.constant(th))
	s.set(FlagStale, f.Evidence.stale(c.day, th))
	s.set(FlagOverRetention, c.overdue)
	s.set(FlagDuplicate, f.HasDuplicate)
}

// empty: a dataset without rows says nothing of its fields.
func (e *EvidenceFacts) empty(th Thresholds) bool {
	rate, known := e.FillRate()
	return known && rate < th.FillRateMin
}

// constant counts the rows that hold a value: one value among a few, and null elsewhere, is no constant.
func (e *EvidenceFacts) constant(th Thresholds) bool {
	return e.DistinctCount != nil && *e.DistinctCount == 1 && e.NonNullCount != nil && *e.NonNullCount >= th.ConstantMinRows
}

// stale asks that the silence was seen: from the last write to the measure, not to today, since writes may have
// happened after the measure.
func (e *EvidenceFacts) stale(today int64, th Thresholds) bool {
	write, known := age(e.LastWriteAt, today)
	measured, dated := age(e.WriteMeasuredAt, today)
	return known && dated && write-measured > int64(th.StaleDays)
}

// boundBy is the retention rule that binds the field: see EffectiveRetention. Of its purposes, those count that are
// approved and in force.
func (f *FieldFacts) boundBy(today int64) *RetentionFacts {
	var c retentionChoice
	c.add(RetentionOfField, f.Retention.Field, 0)
	c.add(RetentionOfDataset, f.Retention.Dataset, 0)
	c.add(RetentionOfCategory, f.Retention.Category, 0)
	for i := range f.Mappings {
		if p := f.Mappings[i].Purpose; p != nil && f.Mappings[i].State == MappingApproved && p.inForce(today) {
			c.add(RetentionOfPurpose, p.Retention, 0)
		}
	}
	rule, _ := c.effective()
	return rule
}

// overdue tells whether the oldest data has outlived the rule (GDPR art. 5(1)(e)). Months are calendar months, counted to
// the end of the day.
func (r *FieldRetention) overdue(rule *RetentionFacts, today int64) bool {
	if rule == nil || !rule.Numbered || r.OldestRecordOn == nil {
		return false
	}
	return dayOf(addMonths(*r.OldestRecordOn, rule.Months)) < today
}

// addMonths adds calendar months. Where the month has no such day, the last one stands for it: a period in months that
// starts on 31 January ends on 28 or 29 February (Regulation 1182/71 art. 3(2)(c)).
func addMonths(t time.Time, months int) time.Time {
	y, m, d := t.Date()
	first := time.Date(y, m+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(d, last)-1)
}
