package web

import (
	"context"
	"slices"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/web/ui"
)

// Verdicts, flags, grades and decisions look the same wherever they are shown: an icon, a word and the colour of the
// status.
//
//i18n:dynamic class. origin. decision. level. link. mapping.

func verdictTone(code string) (ui.Kind, string) {
	switch domain.Verdict(code) {
	case domain.VerdictKeep:
		return ui.OK, "circle-check"
	case domain.VerdictDormant:
		return ui.Warn, "hourglass"
	case domain.VerdictRegularise:
		return ui.Review, "gavel"
	case domain.VerdictDelete:
		return ui.Danger, "trash"
	case domain.VerdictUnclassified:
		return ui.Info, "circle-dashed"
	case domain.VerdictExempt:
	}
	return ui.Neutral, "minus"
}

func decisionTone(code string) (ui.Kind, string) {
	switch code {
	case "keep_until":
		return ui.Neutral, "clock"
	case "to_dpo":
		return ui.Review, "send"
	}
	return ui.Danger, "trash"
}

func mappingTone(code string) (ui.Kind, string) {
	switch domain.MappingState(code) {
	case domain.MappingApproved:
		return ui.OK, "circle-check"
	case domain.MappingRejected:
		return ui.Danger, "circle-x"
	case domain.MappingProposed:
	}
	return ui.Info, "circle-dashed"
}

func levelTone(code string) (ui.Kind, string) {
	switch domain.LinkLevel(code) {
	case domain.LinkEssential:
		return ui.OK, "star"
	case domain.LinkUseful:
		return ui.Info, "check"
	case domain.LinkAvoid:
	}
	return ui.Danger, "ban"
}

func classTone(c domain.GDPRClass) (ui.Kind, string) {
	switch {
	case c.Special():
		return ui.Sens, "shield-lock"
	case c == domain.ClassHighlyPersonal:
		return ui.Warn, "user"
	case c.Personal():
		return ui.Info, "user"
	case c == domain.ClassNonPersonal:
		return ui.Neutral, "minus"
	}
	return ui.Info, "circle-dashed"
}

// flagTones holds how each flag is drawn, the ones to be seen first at the top: a list has room for two.
var flagTones = []struct {
	flag domain.FlagSet
	code string
	kind ui.Kind
	icon string
}{
	{domain.FlagSensitiveUngrounded, "sensitive_ungrounded", ui.Sens, "shield-lock"},
	{domain.FlagOverRetention, "over_retention", ui.Danger, "clock"},
	{domain.FlagUndeclaredUse, "undeclared_use", ui.Review, "activity"},
	{domain.FlagPurposeRefused, "purpose_refused", ui.Danger, "circle-x"},
	{domain.FlagNeverRead, "never_read", ui.Neutral, "eye-off"},
	{domain.FlagNoPurpose, "no_purpose", ui.Warn, "scale"},
	{domain.FlagPurposePending, "purpose_pending", ui.Info, "hourglass"},
	{domain.FlagProgramOver, "program_over", ui.Neutral, "player-stop"},
	{domain.FlagNoProgram, "no_program", ui.Neutral, "link-off"},
	{domain.FlagDuplicate, "duplicate", ui.Neutral, "copy"},
	{domain.FlagEmpty, "empty", ui.Neutral, "circle-off"},
	{domain.FlagConstant, "constant", ui.Neutral, "circle-minus"},
	{domain.FlagStale, "stale", ui.Neutral, "history"},
	{domain.FlagUncategorised, "uncategorised", ui.Info, "tag"},
}

// mark is a badge or a flag ready to be drawn.
type mark struct {
	kind ui.Kind
	icon string
	text string
}

// marks are the badges of one page in the words of its reader: a list looks a word up once, not once a row.
type marks struct {
	verdicts map[domain.Verdict]mark
	flags    []mark // in the order of flagTones
	grades   map[domain.Grade]string
	decision map[string]mark
}

func marksOf(ctx context.Context) marks {
	m := marks{verdicts: map[domain.Verdict]mark{}, grades: map[domain.Grade]string{}, decision: map[string]mark{}}
	for _, code := range domain.Verdicts {
		m.verdicts[domain.Verdict(code)] = verdictMark(ctx, domain.Verdict(code))
	}
	for _, t := range flagTones {
		m.flags = append(m.flags, mark{t.kind, t.icon, i18n.T(ctx, "flag."+t.code)})
	}
	for _, g := range domain.Grades {
		m.grades[g] = i18n.T(ctx, "grade."+g.Code())
	}
	for _, code := range domain.DecisionKinds {
		kind, icon := decisionTone(code)
		m.decision[code] = mark{kind, icon, i18n.T(ctx, "decision."+code)}
	}
	return m
}

func verdictMark(ctx context.Context, v domain.Verdict) mark {
	kind, icon := verdictTone(string(v))
	return mark{kind, icon, i18n.T(ctx, "verdict."+string(v))}
}

// flagged are the flags of a set, those to be seen first at the beginning.
func (m marks) flagged(set domain.FlagSet) []mark {
	var out []mark
	for i, t := range flagTones {
		if set.Has(t.flag) {
			out = append(out, m.flags[i])
		}
	}
	return out
}

// flagOrder sorts flag codes as flagTones does.
func flagOrder(codes []string) []string {
	place := func(code string) int {
		for i, t := range flagTones {
			if t.code == code {
				return i
			}
		}
		return len(flagTones)
	}
	out := slices.Clone(codes)
	slices.SortStableFunc(out, func(a, b string) int { return place(a) - place(b) })
	return out
}
