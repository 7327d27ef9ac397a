package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/web/ui"
)

// Words of the parts of forms that repeat, put together from the name of the part.
//
//i18n:dynamic rows.

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

// row is the field of a box of a repeated row: recipients.0.name. Its word is that of the part where it has one of its own,
// else that of the column.
func (v formView) row(list string, n int, name string) ui.Field {
	f := ui.Field{Name: list + "." + strconv.Itoa(n) + "." + name, Label: rowWord(v.ctx, list, name), Optional: true, Unmarked: true}
	if hint := v.area + ".hint." + list + "." + name; i18n.Has(v.ctx, hint) {
		f.Hint = i18n.T(v.ctx, hint)
	}
	if p, ok := v.problems[f.Name]; ok {
		f.Error = i18n.TArgs(v.ctx, p.Key, p.Args)
	}
	return f
}

// rows is a part of the form that repeats.
func (v formView) rows(list string) ui.RowsSpec {
	return ui.RowsSpec{Field: v.optional(list), Add: i18n.T(v.ctx, "rows.add."+list)}
}

// rowItem is a row of such a part.
func (v formView) rowItem(list string, n int) ui.RowSpec {
	return ui.RowSpec{Name: list + "." + strconv.Itoa(n), Title: i18n.T(v.ctx, "rows.one."+list, "n", n+1), Drop: i18n.T(v.ctx, "rows.drop")}
}

func rowWord(ctx context.Context, list, name string) string {
	if key := "column." + list + "." + name; i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return i18n.T(ctx, "column."+name)
}

// boxWord is what a box of a form is called in the list of problems.
func boxWord(ctx context.Context, name string) string {
	if parts := strings.Split(name, "."); len(parts) == 3 {
		n, _ := strconv.Atoi(parts[1]) // the names of boxes are ours
		return i18n.T(ctx, "rows.one."+parts[0], "n", n+1) + ", " + i18n.Lower(rowWord(ctx, parts[0], parts[2]))
	}
	if i18n.Has(ctx, "column."+name) {
		return i18n.T(ctx, "column."+name)
	}
	return ""
}

// rowButtons are the buttons of the parts of a form that repeat: which one was pressed, if any.
type rowButtons struct {
	Add  string `form:"add"`  // name of the part that gets another row
	Drop string `form:"drop"` // name and number of the row that goes
}

// pressed tells whether the form was sent to add or take away a row, and not to be saved.
func (b rowButtons) pressed() bool { return b.Add != "" || b.Drop != "" }

// rowsAfter are the rows of a part after the button that was pressed.
func rowsAfter[T any](b rowButtons, list string, rows []T) []T {
	if name, number, ok := strings.Cut(b.Drop, "."); ok && name == list {
		if n, err := strconv.Atoi(number); err == nil && n >= 0 && n < len(rows) {
			rows = slices.Delete(slices.Clone(rows), n, n+1)
		}
	}
	if b.Add == list && len(rows) < 100 {
		var empty T
		rows = append(slices.Clone(rows), empty)
	}
	return rows
}

// optional is field for a control that may stay empty.
func (v formView) optional(name string) ui.Field {
	f := v.field(name)
	f.Optional = true
	return f
}

// kept is the class of what one choice asks for: it stays in sight under another where it holds something.
func (v formView) kept(name, value string) string {
	if _, wrong := v.problems[name]; wrong || value != "" {
		return "kept"
	}
	return ""
}

// summary lists the problems above the form, in order of their fields' names, each leading to its control.
func (v formView) summary() []ui.Problem {
	var out []ui.Problem
	for name, p := range v.problems {
		if name == staleBox {
			out = append(out, ui.Problem{Text: i18n.TArgs(v.ctx, p.Key, p.Args)})
			continue
		}
		out = append(out, ui.Problem{ID: name, Text: i18n.T(v.ctx, "form.problem", "field", boxWord(v.ctx, name), "problem", i18n.TArgs(v.ctx, p.Key, p.Args))})
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

// refValues write ids as forms send them.
func refValues[T ~int64](ids []T) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = itoa(id)
	}
	return out
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

// formChoice is a list that a form offers. The value that the record has already stays offered, under its text, even where what it
// names was archived since.
type formChoice struct {
	into  *[]ui.Option
	read  func(context.Context, domain.Actor) ([]domain.Option, error)
	value string
	text  string
}

// readChoices reads what a form offers.
func readChoices(ctx context.Context, by domain.Actor, choices ...formChoice) error {
	for _, c := range choices {
		options, err := c.read(ctx, by)
		if err != nil {
			return err
		}
		*c.into = withOption(refOptions(options), c.value, c.text)
	}
	return nil
}
