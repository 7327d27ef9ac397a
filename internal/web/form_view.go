package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/web/ui"
)

// formView is what every form page knows: the problems of what was typed, by field, and where messages come from.
type formView struct {
	ctx      context.Context
	area     string // message prefix of the form's own hints
	problems domain.Problems
}

// field is the label, hint and problem of one control. The label is the word of the column of that name, so that a
// thing has one name in lists, exports and forms.
func (v formView) field(name string) ui.Field {
	f := ui.Field{Name: name, Label: i18n.T(v.ctx, "column."+name)}
	if hint := v.area + ".hint." + name; i18n.Has(v.ctx, hint) {
		f.Hint = i18n.T(v.ctx, hint)
	}
	if p, ok := v.problems[name]; ok {
		f.Error = i18n.TArgs(v.ctx, p.Key, p.Args)
	}
	return f
}

// optional is field for a control that may stay empty.
func (v formView) optional(name string) ui.Field {
	f := v.field(name)
	f.Optional = true
	return f
}

// summary lists the problems above the form, in order of their fields' names, each leading to its control.
func (v formView) summary() []ui.Problem {
	var out []ui.Problem
	for name, p := range v.problems {
		label := ""
		if i18n.Has(v.ctx, "column."+name) {
			label = i18n.T(v.ctx, "column."+name)
		}
		out = append(out, ui.Problem{ID: name, Text: i18n.T(v.ctx, "form.problem", "field", label, "problem", i18n.TArgs(v.ctx, p.Key, p.Args))})
	}
	slices.SortFunc(out, func(a, b ui.Problem) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// enumOptions are the choices of a closed list, in their words.
func enumOptions(ctx context.Context, prefix string, values []string) []ui.Option {
	options := make([]ui.Option, len(values))
	for i, v := range values {
		options[i] = ui.Option{Value: v, Text: enumWord(ctx, prefix, v)}
	}
	return options
}

// refOptions are the choices of records.
func refOptions(list []domain.Option) []ui.Option {
	options := make([]ui.Option, len(list))
	for i, o := range list {
		options[i] = ui.Option{Value: itoa(o.ID), Text: o.Name, Group: o.Group}
	}
	return options
}

// refValue is the value of a select of records: nothing for no record.
func refValue[T ~int64](id T) string {
	if id == 0 {
		return ""
	}
	return itoa(id)
}

// enumWord is the word of a code. A list that people may extend holds their own words too, shown as they wrote them.
func enumWord(ctx context.Context, prefix, value string) string {
	if value == "" {
		return ""
	}
	if key := prefix + "." + value; i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return value
}

// enumWords are the words offered for a list that people may extend.
func enumWords(ctx context.Context, prefix string, codes []string) []string {
	words := make([]string, len(codes))
	for i, c := range codes {
		words[i] = enumWord(ctx, prefix, c)
	}
	return words
}

// enumCode turns a word that was typed or chosen back into its code, in whichever language; other words stay as they are.
func enumCode(prefix string, codes []string, typed string) string {
	typed = domain.CleanLine(typed)
	for _, code := range codes {
		if typed == code {
			return code
		}
		for _, lang := range i18n.Languages() {
			if domain.Fold(enumWord(i18n.WithLang(context.Background(), lang), prefix, code)) == domain.Fold(typed) {
				return code
			}
		}
	}
	return typed
}

// splitOther parts the values of a list into those that the form offers as boxes and the others, for its text box.
func splitOther(values, offered []string) (ticked []string, other string) {
	var own []string
	for _, v := range values {
		if slices.Contains(offered, v) {
			ticked = append(ticked, v)
		} else {
			own = append(own, v)
		}
	}
	return ticked, strings.Join(own, ", ")
}

// problemText is a problem of a form in words.
func (s *Server) problemText(r *http.Request, p domain.Problem) string {
	return i18n.TArgs(r.Context(), p.Key, p.Args)
}
