package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

//i18n:dynamic categories. category.

func (s *Server) categoryRoutes(r scope) {
	nounRoutes(s, r, nounSpec[domain.CategoryID]{param: "category", list: categoryList, edit: domain.EditInventory,
		add: s.newCategory, create: s.createCategory, show: s.showCategory, form: s.editCategory, change: s.changeCategory,
		archive: s.store.ArchiveCategory, restore: s.store.RestoreCategory, remove: s.store.RemoveCategory})
	r.get("/categories/tree", domain.ReadWorkspace, s.showCategoryTree)
}

func categoryPath(by domain.Actor, id domain.CategoryID, parts ...string) string {
	return workspacePath(by, append([]string{"categories", itoa(id)}, parts...)...)
}

var categoryList = registerSpec{
	extra: func(ctx context.Context, by domain.Actor) []ui.Link {
		return []ui.Link{{Href: workspacePath(by, "categories", "tree"), Text: i18n.T(ctx, "category.tree"), Icon: "sitemap"}}
	},
	register: domain.CategoryRegister,
	path:     "categories",
	show:     func(by domain.Actor, id int64) string { return categoryPath(by, domain.CategoryID(id)) },
	add:      domain.EditInventory,
	tone:     map[string]tone{"gdpr_class": func(code string) (ui.Kind, string) { return classTone(domain.GDPRClass(code)) }},
	bulk:     []bulkAction{{name: "archive", icon: "archive", action: domain.EditInventory}},
}

type categoryTreeView struct {
	shell  ui.Shell
	crumbs []ui.Link
	title  string
	count  string
	list   string
	add    string
	lines  []categoryLine
}

// categoryLine is a category in the tree.
type categoryLine struct {
	href, label, code string
	depth             string // class of its indent
	class             mark
	risk              string
	fields            string // with the category or one below it; empty for none
	fieldsHref        string
	own               bool // of the workspace
}

func (s *Server) showCategoryTree(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	nodes, err := s.store.Categories(ctx, by)
	if err != nil {
		return err
	}

	v := categoryTreeView{title: i18n.T(ctx, "category.tree"), list: workspacePath(by, "categories"), count: i18n.T(ctx, "categories.count", "n", len(nodes)),
		crumbs: []ui.Link{{Href: workspacePath(by, "categories"), Text: i18n.T(ctx, "categories.title")}, {Text: i18n.T(ctx, "category.tree")}}}
	if by.Can(domain.EditInventory) {
		v.add = workspacePath(by, "categories", "new")
	}
	lang := string(i18n.Lang(ctx))
	for _, n := range nodes {
		l := categoryLine{href: categoryPath(by, n.ID), label: n.Label(lang), code: n.Code, depth: "ind" + strconv.Itoa(min(n.Depth(), 4)),
			class: classMark(ctx, n.Class), risk: strconv.Itoa(n.Risk), own: !n.Builtin, fieldsHref: workspacePath(by, "fields") + "?category=" + itoa(n.ID)}
		if n.Total > 0 {
			l.fields = i18n.Number(ctx, n.Total)
		}
		v.lines = append(v.lines, l)
	}
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.ok(w, r, categoryTree(v))
}

type categoryForm struct {
	Version   int              `form:"version"`
	Parent    string           `form:"parent"`
	Code      string           `form:"code"` // last word of a new category's code
	LabelFR   string           `form:"label_fr"`
	LabelEN   string           `form:"label_en"`
	Class     domain.GDPRClass `form:"gdpr_class"`
	Risk      int              `form:"default_risk"`
	Examples  string           `form:"examples"`
	Confirmed bool             `form:"confirmed"`
}

// category is what was typed.
func (f categoryForm) category() domain.Category {
	return domain.Category{Code: domain.CategoryCode(f.Parent, f.Code), Parent: f.Parent, LabelFR: f.LabelFR, LabelEN: f.LabelEN,
		Class: f.Class, Risk: f.Risk, Examples: f.Examples}
}

// create is a new category; a word that is missing must not become the parent itself.
func (f categoryForm) create() (domain.Category, error) {
	c := f.category()
	if strings.TrimSpace(f.Code) == "" {
		c.Code, c.Parent = "", ""
	}
	out, err := domain.NewCategory(c)
	out.Parent = f.Parent
	return out, err
}

func categoryFormOf(c domain.Category) categoryForm {
	return categoryForm{Version: c.Version, Parent: c.Parent, Code: c.Code, LabelFR: c.LabelFR, LabelEN: c.LabelEN, Class: c.Class, Risk: c.Risk,
		Examples: c.Examples}
}

type categoryEditView struct {
	formView
	shell        ui.Shell
	title        string
	action, back string
	crumbs       []ui.Link
	form         categoryForm
	parents      []ui.Option
	fixed        string // code of a category that is there; empty for a new one
	risks        []ui.Option
}

// categoryEdit shows the form, for a new category (id 0) or for one that is there.
func (s *Server) categoryEdit(w http.ResponseWriter, r *http.Request, status int, c domain.Category, f categoryForm, p domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	v := categoryEditView{formView: formView{ctx, "category", p}, form: f, title: i18n.T(ctx, "categories.add"), action: workspacePath(by, "categories"),
		back: workspacePath(by, "categories"), crumbs: []ui.Link{{Href: workspacePath(by, "categories"), Text: i18n.T(ctx, "categories.title")}}}
	for risk := domain.LeastRisk; risk <= domain.MostRisk; risk++ {
		v.risks = append(v.risks, ui.Option{Value: strconv.Itoa(risk), Text: i18n.T(ctx, "category.risk."+strconv.Itoa(risk))})
	}
	var err error
	if c.ID != 0 {
		v.title, v.action, v.back, v.fixed = i18n.T(ctx, "category.edit"), categoryPath(by, c.ID), categoryPath(by, c.ID), c.Code
		v.crumbs = append(v.crumbs, ui.Link{Href: v.back, Text: c.Label(string(i18n.Lang(ctx)))})
	} else if v.parents, err = s.categoryChoices(r); err != nil {
		return err
	}
	v.crumbs = append(v.crumbs, ui.Link{Text: v.title})
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.render(w, r, status, categoryEdit(v))
}

// categoryChoices are the categories that a new one may stand under, indented as in the tree; their value is the code.
func (s *Server) categoryChoices(r *http.Request) ([]ui.Option, error) {
	nodes, err := s.store.Categories(r.Context(), actor(r))
	options := make([]ui.Option, len(nodes))
	for i, n := range nodes {
		options[i] = ui.Option{Value: n.Code, Text: strings.Repeat("\u2003", n.Depth()) + n.Label(string(i18n.Lang(r.Context())))}
	}
	return options, err
}

func (s *Server) newCategory(w http.ResponseWriter, r *http.Request) error {
	return s.categoryEdit(w, r, http.StatusOK, domain.Category{}, categoryForm{Parent: r.URL.Query().Get("parent"), Class: domain.ClassPersonal, Risk: 2}, nil)
}

func (s *Server) createCategory(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	f, p, err := decode[categoryForm](r)
	if err != nil {
		return err
	}

	var id domain.CategoryID
	c, err := f.create()
	if err == nil && len(p) == 0 {
		id, err = s.store.AddCategory(r.Context(), by, c)
	}

	if problems, bad := withProblems(p, err); bad {
		return s.categoryEdit(w, r, http.StatusUnprocessableEntity, domain.Category{}, f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, categoryPath(by, id), "category.added", "name", c.Label(string(i18n.Lang(r.Context()))))
}

func (s *Server) editCategory(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.CategoryID](r, "category")
	if err != nil {
		return err
	}
	c, err := s.store.CategoryByID(r.Context(), actor(r), id)
	if err == nil {
		err = domain.Changeable(c)
	}
	if err != nil {
		return err
	}
	if _, err := c.Changed(c); err != nil {
		return err
	}
	return s.categoryEdit(w, r, http.StatusOK, c, categoryFormOf(c), nil)
}

// changeCategory saves a category. Where another class would change fields, it first shows what would become of them.
func (s *Server) changeCategory(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.CategoryID](r, "category")
	if err != nil {
		return err
	}
	f, p, err := decode[categoryForm](r)
	if err != nil {
		return err
	}
	c, err := s.store.CategoryByID(ctx, by, id)
	if err != nil {
		return err
	}

	next, err := c.Changed(f.category())
	if err == nil {
		err = domain.Changeable(c)
	}
	if err == nil && len(p) == 0 {
		if c.Class != next.Class && !f.Confirmed && f.Version == c.Version {
			effect, err := s.store.CategoryEffect(ctx, by, id, next.Class)
			if err != nil {
				return err
			}
			if effect.Touches() {
				return s.confirmCategory(w, r, c, next, f, effect)
			}
		}
		err = s.store.ChangeCategory(ctx, by, id, f.Version, func(c domain.Category) (domain.Category, error) { return c.Changed(f.category()) })
	}

	err = meanwhile(s, r, err, id, &f.Version, s.store.CategoryByID, func(c domain.Category) (domain.Category, error) { return c.Changed(f.category()) })
	if problems, bad := withProblems(p, err); bad {
		return s.categoryEdit(w, r, formStatus(err), c, f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, categoryPath(by, id), "category.changed", "name", next.Label(string(i18n.Lang(ctx))))
}

type confirmView struct {
	shell   ui.Shell
	crumbs  []ui.Link
	confirm ui.ConfirmSpec
}

// confirmCategory states what another class would do, before it is done.
func (s *Server) confirmCategory(w http.ResponseWriter, r *http.Request, c, next domain.Category, f categoryForm, e domain.CategoryEffect) error {
	ctx, by := r.Context(), actor(r)
	label := c.Label(string(i18n.Lang(ctx)))
	spec := ui.ConfirmSpec{Title: i18n.T(ctx, "category.confirm", "name", label), Action: categoryPath(by, c.ID),
		Text: i18n.T(ctx, "category.confirm.text", "n", e.Fields, "was", classMark(ctx, c.Class).text, "is", classMark(ctx, next.Class).text),
		Values: []ui.Hidden{{Name: "version", Value: strconv.Itoa(f.Version)}, {Name: "label_fr", Value: f.LabelFR}, {Name: "label_en", Value: f.LabelEN},
			{Name: "gdpr_class", Value: string(f.Class)}, {Name: "default_risk", Value: strconv.Itoa(f.Risk)}, {Name: "examples", Value: f.Examples},
			{Name: "confirmed", Value: "1"}},
		Submit: ui.ButtonSpec{Text: i18n.T(ctx, "category.confirm.submit"), Variant: ui.Primary},
		Cancel: ui.Link{Href: categoryPath(by, c.ID, "edit"), Text: i18n.T(ctx, "verb.cancel")}}
	fields := workspacePath(by, "fields") + "?category=" + itoa(c.ID) + "&verdict="
	for _, m := range e.Moves {
		is, was := verdictMark(ctx, m.Is), verdictMark(ctx, m.Was)
		spec.Impacts = append(spec.Impacts, ui.Impact{Kind: is.kind, Text: i18n.T(ctx, "category.confirm.move", "n", m.N, "was", was.text, "is", is.text),
			Link: &ui.Link{Href: fields + string(m.Was), Text: i18n.T(ctx, "verb.show")}})
	}
	if len(e.Moves) == 0 {
		spec.Impacts = append(spec.Impacts, ui.Impact{Kind: ui.Neutral, Text: i18n.T(ctx, "category.confirm.none")})
	}
	if e.Mappings > 0 {
		spec.Impacts = append(spec.Impacts, ui.Impact{Kind: ui.Review, Text: i18n.T(ctx, "category.confirm.mappings", "n", e.Mappings)})
	}
	v := confirmView{confirm: spec, crumbs: []ui.Link{{Href: workspacePath(by, "categories"), Text: i18n.T(ctx, "categories.title")},
		{Href: categoryPath(by, c.ID), Text: label}, {Text: i18n.T(ctx, "category.edit")}}}
	var err error
	if v.shell, err = s.shell(w, r, spec.Title); err != nil {
		return err
	}
	return s.ok(w, r, categoryConfirm(v))
}

type categoryShowView struct {
	shell       ui.Shell
	crumbs      []ui.Link
	c           domain.Category
	title       string
	class       mark
	facts       []ui.Fact
	shares      []categoryShare
	fields      string
	fieldsCount string
	add         string // form of a category under this one
	uses        []useView
	history     []ui.TimelineItem
	edit        recordActions
}

type categoryShare struct{ name, href, fields, unused, unusedHref string }

func (s *Server) showCategory(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.CategoryID](r, "category")
	if err != nil {
		return err
	}
	var (
		c      domain.Category
		names  store.Names
		shares []store.CategoryShare
		uses   []domain.Use
	)
	err = s.store.Read(ctx, by, func(st *store.Store) (err error) {
		if c, err = st.CategoryByID(ctx, by, id); err != nil {
			return err
		}
		if names, err = st.Names(ctx, by); err != nil {
			return err
		}
		if shares, err = st.CategoryShares(ctx, by, id); err != nil {
			return err
		}
		uses, err = st.CategoryUses(ctx, by, id)
		return err
	})
	if err != nil {
		return err
	}

	path := workspacePath(by, "fields") + "?category=" + itoa(id)
	v := categoryShowView{c: c, title: c.Label(string(i18n.Lang(ctx))), class: classMark(ctx, c.Class), fields: path, uses: usesView(ctx, by, uses, r),
		edit: actionsOf(ctx, by, domain.EditInventory, categoryPath(by, id), c.ArchivedAt != nil)}
	if c.Builtin {
		v.edit.edit, v.edit.remove = "", ""
	}
	if by.Can(domain.EditInventory) && c.ArchivedAt == nil {
		v.add = workspacePath(by, "categories", "new") + "?parent=" + c.Code
	}
	v.crumbs = []ui.Link{{Href: workspacePath(by, "categories"), Text: i18n.T(ctx, "categories.title")}, {Text: v.title}}
	var total int64
	for _, x := range shares {
		here := path + "&application=" + itoa(x.Application)
		v.shares = append(v.shares, categoryShare{name: x.Name, href: here, fields: i18n.Number(ctx, x.Fields), unused: i18n.Number(ctx, x.Unused),
			unusedHref: here + "&verdict=dormant,delete"})
		total += x.Fields
	}
	v.fieldsCount = i18n.T(ctx, "fields.count", "n", total)
	v.facts = categoryFacts(ctx, c)
	if v.history, err = s.history(r, domain.SubjectCategory, int64(id), names); err != nil {
		return err
	}
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.ok(w, r, categoryShow(v))
}

func categoryFacts(ctx context.Context, c domain.Category) []ui.Fact {
	return factList(ctx,
		fact{"category_code", c.Code},
		fact{"label_fr", c.LabelFR},
		fact{"label_en", c.LabelEN},
		fact{"default_risk", i18n.T(ctx, "category.risk."+strconv.Itoa(c.Risk))},
		fact{"builtin", i18n.T(ctx, map[bool]string{true: "choice.yes", false: "choice.no"}[c.Builtin])},
		fact{"fides_category", c.Fides},
		fact{"dpv_concept", c.DPV},
		fact{"examples", c.Examples})
}
