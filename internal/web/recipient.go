package web

import (
	"context"
	"strconv"
	"strings"

	"utile/internal/domain"
	"utile/internal/i18n"
)

//i18n:dynamic recipient. contract.

// recipientForm is a row of the recipients of a purpose, as it was typed.
type recipientForm struct {
	Kind          string `form:"kind"`
	Name          string `form:"name"`
	Contract      string `form:"contract"`
	ContractUntil string `form:"contract_until"`
	Clauses       string `form:"clauses"`
	Note          string `form:"note"`
}

func recipientsOf(bad *domain.Problems, rows []recipientForm) []domain.Recipient {
	var list []domain.Recipient
	for _, r := range rows {
		// Rows that say nothing are dropped, so the number of a problem is that of the row that is kept.
		list = append(list, domain.Recipient{Kind: r.Kind, Name: r.Name, Contract: r.Contract, Clauses: r.Clauses, Note: r.Note,
			ContractUntil: dayText(bad, "recipients."+strconv.Itoa(len(list))+".contract_until", r.ContractUntil)})
	}
	return list
}

func recipientForms(list []domain.Recipient) []recipientForm {
	rows := make([]recipientForm, len(list))
	for i, r := range list {
		rows[i] = recipientForm{r.Kind, r.Name, r.Contract, typedDayText(r.ContractUntil), r.Clauses, r.Note}
	}
	return rows
}

// recipientWords are recipients in words, one line each.
func recipientWords(ctx context.Context, list []domain.Recipient) []string {
	words := make([]string, len(list))
	for i, r := range list {
		var parts []string
		if r.Contract != "" {
			parts = append(parts, i18n.T(ctx, "contract.is."+r.Contract))
		}
		if r.ContractUntil != "" {
			parts = append(parts, i18n.T(ctx, "contract.until", "day", shownDayText(ctx, r.ContractUntil)))
		}
		if r.Clauses != "" {
			parts = append(parts, i18n.T(ctx, "contract.clauses."+r.Clauses))
		}
		words[i] = withDetail(ctx, r.Name, append([]string{enumWord(ctx, "recipient", r.Kind)}, append(parts, r.Note)...))
	}
	return words
}

// withDetail is a name with what is to be known of it; the first detail alone where there is no name.
func withDetail(ctx context.Context, name string, details []string) string {
	var known []string
	for _, d := range details {
		if d != "" {
			known = append(known, d)
		}
	}
	switch {
	case name == "":
		return strings.Join(known, ", ")
	case len(known) == 0:
		return name
	}
	return i18n.T(ctx, "rows.detail", "name", name, "detail", strings.Join(known, ", "))
}

// shownDayText is a day that is kept as text, as people read it.
func shownDayText(ctx context.Context, text string) string {
	if t, ok := parseDay(text); ok && t != nil {
		return i18n.DayText(ctx, *t)
	}
	return text
}

// filledRows drops the rows in which nothing was typed, so that problems count what is kept.
func filledRows[T comparable](rows []T) []T {
	var empty T
	var out []T
	for _, r := range rows {
		if r != empty {
			out = append(out, r)
		}
	}
	return out
}
