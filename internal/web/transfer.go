package web

import (
	"context"
	"slices"
	"strconv"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/web/ui"
)

//i18n:dynamic safeguard. adequacy.

// transferForm is a row of transfers, as it was typed.
type transferForm struct {
	Recipient  string `form:"recipient"`
	Country    string `form:"country"`
	Safeguard  string `form:"safeguard"`
	AssessedOn string `form:"assessed_on"`
	ValidUntil string `form:"valid_until"`
	Document   string `form:"document"`
	Note       string `form:"note"`
}

func transfersOf(bad *domain.Problems, rows []transferForm) []domain.Transfer {
	var list []domain.Transfer
	for _, r := range rows {
		at := "transfers." + strconv.Itoa(len(list)) + "."
		list = append(list, domain.Transfer{Recipient: r.Recipient, Country: r.Country, Safeguard: r.Safeguard, Document: r.Document, Note: r.Note,
			AssessedOn: dayText(bad, at+"assessed_on", r.AssessedOn), ValidUntil: dayText(bad, at+"valid_until", r.ValidUntil)})
	}
	return list
}

func transferForms(list []domain.Transfer) []transferForm {
	rows := make([]transferForm, len(list))
	for i, t := range list {
		rows[i] = transferForm{t.Recipient, t.Country, t.Safeguard, typedDayText(t.AssessedOn), typedDayText(t.ValidUntil), t.Document, t.Note}
	}
	return rows
}

// countryOptions are the countries to which a transfer can go, by what the GDPR makes of them: those without a decision first,
// since they ask for most.
func countryOptions(ctx context.Context, countries []domain.Country) []ui.Option {
	var options []ui.Option
	for _, c := range countries {
		options = append(options, ui.Option{Value: c.Code, Text: c.Name(string(i18n.Lang(ctx))), Group: i18n.T(ctx, "adequacy."+c.Adequacy)})
	}
	var order []string
	for _, code := range []string{"none", "partial", "adequate", "eea"} {
		order = append(order, i18n.T(ctx, "adequacy."+code))
	}
	slices.SortStableFunc(options, func(a, b ui.Option) int { return slices.Index(order, a.Group) - slices.Index(order, b.Group) })
	return options
}

// transferWords are transfers in words, one line each.
func transferWords(ctx context.Context, list []domain.Transfer) []string {
	words := make([]string, len(list))
	for i, t := range list {
		var parts []string
		if t.Country != "" {
			parts = append(parts, domain.CountryName(string(i18n.Lang(ctx)), t.Country))
		}
		if t.Safeguard != "" {
			parts = append(parts, i18n.T(ctx, "safeguard."+t.Safeguard))
		}
		if t.AssessedOn != "" {
			parts = append(parts, i18n.T(ctx, "transfer.assessed", "day", shownDayText(ctx, t.AssessedOn)))
		}
		if t.ValidUntil != "" {
			parts = append(parts, i18n.T(ctx, "transfer.until", "day", shownDayText(ctx, t.ValidUntil)))
		}
		words[i] = withDetail(ctx, t.Recipient, append(parts, t.Document, t.Note))
	}
	return words
}
