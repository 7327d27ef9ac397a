package web

import (
	"context"
	"errors"
	"time"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/web/ui"
)

// shownDay writes a day of a record; nothing for none.
func shownDay(ctx context.Context, t *time.Time) string {
	if t == nil {
		return ""
	}
	return i18n.Day(ctx, *t)
}

// typedDay writes a day as the date boxes of forms want it typed; nothing for none.
func typedDay(t *time.Time) string {
	if t == nil {
		return ""
	}
	return i18n.DayInput(*t)
}

func nonEmpty(texts ...string) []string {
	var out []string
	for _, t := range texts {
		if t != "" {
			out = append(out, t)
		}
	}
	return out
}

// plainHeads are heads of a table that is not sorted.
func plainHeads(ctx context.Context, keys ...string) []ui.HeaderSpec {
	words := make([]string, len(keys))
	for i, key := range keys {
		words[i] = i18n.T(ctx, key)
	}
	return textHeads(words)
}

// textHeads are the heads of a table whose words are there.
func textHeads(words []string) []ui.HeaderSpec {
	heads := make([]ui.HeaderSpec, len(words))
	for i, word := range words {
		heads[i] = ui.HeaderSpec{Text: word}
	}
	heads[0].Class = "c-field"
	return heads
}

func needHeads(ctx context.Context) []ui.HeaderSpec {
	heads := plainHeads(ctx, "column.category", "column.role", "column.level", "column.coverage", "column.fields", "requirement.actions")
	heads[5].Hidden = true
	return heads
}

func linkHeads(ctx context.Context) []ui.HeaderSpec {
	return plainHeads(ctx, "column.field", "column.level", "column.role", "column.note", "column.verdict")
}

func libraryHeads(ctx context.Context) []ui.HeaderSpec {
	heads := plainHeads(ctx, "column.program", "column.stage", "column.trigger", "column.channels", "column.legal_basis", "program.needs", "program.use_template")
	heads[6].Hidden = true
	return heads
}

// statusOptions are the statuses of a program, each with what it does for its fields.
func statusOptions(ctx context.Context) []ui.Option {
	options := enumOptions(ctx, "program.status", domain.ProgramStatuses)
	for i := range options {
		options[i].Hint = i18n.T(ctx, "program.status_hint."+options[i].Value)
		_, options[i].Icon = programTone(options[i].Value)
	}
	return options
}

func purposeDataHeads(ctx context.Context) []ui.HeaderSpec {
	heads := plainHeads(ctx, "column.category", "column.gdpr_class", "purpose.sheet.approved", "purpose.sheet.proposed")
	heads[2].Class, heads[3].Class = "c-num", "c-num"
	return heads
}

// needsProgramField is the box whose label says what it means, beside the word of its column.
func needsProgramField(v purposeEditView) ui.Field {
	f := v.field("needs_program")
	f.Label = i18n.T(v.ctx, "purpose.needs_program_label")
	return f
}

// asDomain returns the error that a person can be told about, where err is one.
func asDomain(err error) (*domain.Error, bool) {
	return errors.AsType[*domain.Error](err)
}

// reasonField is the box for the reason of an answer; a page may have several.
func (v formView) reasonField(id string) ui.Field {
	f := v.field("reason")
	f.ID = "reason"
	if id != "" {
		f.ID += "-" + id
	}
	return f
}

func answerTitle(v mappingShowView) string {
	if v.approve {
		return i18n.T(v.ctx, "mapping.answer")
	}
	return i18n.T(v.ctx, "mapping.withdraw")
}
