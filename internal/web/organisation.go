package web

import (
	"context"
	"net/http"
	"slices"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/web/ui"
)

//i18n:dynamic organisation. country.

func (s *Server) organisationRoutes(r scope) {
	r.get("/organisation", domain.ReadWorkspace, s.showOrganisation)
	r.post("/organisation", domain.ReviewMapping, s.changeOrganisation)
	r.get("/countries", domain.ReadWorkspace, s.showCountries)
	r.post("/countries", domain.ReviewMapping, s.changeCountry)
}

// partyForm is a row of the parties, as it was typed.
type partyForm struct {
	Role     string `form:"role"`
	Name     string `form:"name"`
	Address  string `form:"address"`
	Postcode string `form:"postcode"`
	City     string `form:"city"`
	Country  string `form:"country"`
	Phone    string `form:"phone"`
	Email    string `form:"email"`
}

type organisationForm struct {
	Version      int         `form:"version"`
	Parties      []partyForm `form:"parties"`
	Published    bool        `form:"record_published"`
	Introduction string      `form:"introduction"`
	rowButtons
}

func (f organisationForm) organisation() (domain.Organisation, error) {
	o := domain.Organisation{Published: f.Published, Introduction: f.Introduction}
	for _, p := range f.Parties {
		o.Parties = append(o.Parties, domain.Party(p))
	}
	return domain.NewOrganisation(o)
}

type organisationView struct {
	formView
	shell     ui.Shell
	crumbs    []ui.Link
	action    string // empty where the visitor may only read
	back      string
	public    string // address of the public page
	form      organisationForm
	parties   []ui.Fact
	countries []ui.Option
	adequacy  string
}

func (s *Server) showOrganisation(w http.ResponseWriter, r *http.Request) error {
	o, err := s.store.Organisation(r.Context(), actor(r))
	if err != nil {
		return err
	}
	f := organisationForm{Version: o.Version, Published: o.Published, Introduction: o.Introduction}
	for _, p := range o.Parties {
		f.Parties = append(f.Parties, partyForm(p))
	}
	for _, role := range []string{"controller", "dpo"} { // those that every record asks for have a row from the start
		if _, known := o.Party(role); !known {
			f.Parties = append(f.Parties, partyForm{Role: role})
		}
	}
	return s.organisationPage(w, r, http.StatusOK, f, nil)
}

func (s *Server) organisationPage(w http.ResponseWriter, r *http.Request, status int, f organisationForm, p domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	countries, err := s.store.Countries(ctx, by)
	if err != nil {
		return err
	}
	v := organisationView{formView: formView{ctx, "organisation", p}, form: f, back: recordPath(by), adequacy: workspacePath(by, "countries"), public: "/public/" + visitOf(r).Workspace.Slug,
		crumbs: []ui.Link{{Href: recordPath(by), Text: i18n.T(ctx, "processing.title")}, {Text: i18n.T(ctx, "organisation.title")}}}
	for _, c := range countries {
		v.countries = append(v.countries, ui.Option{Value: c.Code, Text: c.Name(string(i18n.Lang(ctx)))})
	}
	for _, p := range f.Parties {
		if p.Name != "" {
			v.parties = append(v.parties, ui.Fact{Term: i18n.T(ctx, "party."+p.Role), Text: partyLine(ctx, domain.Party(p)), Wide: true})
		}
	}
	if by.Can(domain.ReviewMapping) {
		v.action = workspacePath(by, "organisation")
	}
	if v.shell, err = s.shell(w, r, i18n.T(ctx, "organisation.title")); err != nil {
		return err
	}
	return s.render(w, r, status, organisationPage(v))
}

func (s *Server) changeOrganisation(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	f, bad, err := decode[organisationForm](r)
	if err != nil {
		return err
	}
	if f.pressed() {
		f.Parties = rowsAfter(f.rowButtons, "parties", f.Parties)
		return s.organisationPage(w, r, http.StatusOK, f, bad)
	}
	kept := f.Parties[:0:0]
	for _, p := range f.Parties {
		if p != (partyForm{Role: p.Role}) {
			kept = append(kept, p)
		}
	}
	f.Parties = kept
	o, err := f.organisation()
	if err == nil && len(bad) == 0 {
		err = s.store.ChangeOrganisation(r.Context(), by, f.Version, o)
	}
	err = s.overtaken(r, err, &f.Version, func(ctx context.Context, by domain.Actor) (recorded, map[string]any, error) {
		now, err := s.store.Organisation(ctx, by)
		return recorded{domain.SubjectOrganisation, now.Version, now.Facts()}, o.Facts(), err
	})
	if problems, isForm := withProblems(bad, err); isForm {
		return s.organisationPage(w, r, formStatus(err), f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, workspacePath(by, "organisation"), "organisation.changed")
}

type countryForm struct {
	Version  int    `form:"version"`
	Code     string `form:"country"`
	Adequacy string `form:"adequacy"`
	Note     string `form:"country_note"`
}

type countriesView struct {
	formView
	shell     ui.Shell
	crumbs    []ui.Link
	action    string
	form      countryForm
	countries []domain.Country
	chosen    *domain.Country // whose form is open
	lang      string
	here      string
}

func (s *Server) showCountries(w http.ResponseWriter, r *http.Request) error {
	return s.countriesPage(w, r, http.StatusOK, countryForm{Code: r.URL.Query().Get("country")}, nil)
}

func (s *Server) countriesPage(w http.ResponseWriter, r *http.Request, status int, f countryForm, p domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	countries, err := s.store.Countries(ctx, by)
	if err != nil {
		return err
	}
	v := countriesView{formView: formView{ctx, "country", p}, form: f, countries: countries, lang: string(i18n.Lang(ctx)), here: workspacePath(by, "countries"),
		crumbs: []ui.Link{{Href: recordPath(by), Text: i18n.T(ctx, "processing.title")}, {Text: i18n.T(ctx, "country.title")}}}
	if by.Can(domain.ReviewMapping) {
		v.action = v.here
		for i, c := range countries {
			if c.Code == f.Code {
				v.chosen = &countries[i]
				if p == nil {
					v.form = countryForm{c.Version, c.Code, c.Adequacy, c.Note}
				}
			}
		}
	}
	if v.shell, err = s.shell(w, r, i18n.T(ctx, "country.title")); err != nil {
		return err
	}
	return s.render(w, r, status, countriesPage(v))
}

func (s *Server) changeCountry(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	f, bad, err := decode[countryForm](r)
	if err != nil {
		return err
	}
	c, err := domain.NewCountry(domain.Country{Code: f.Code, Adequacy: f.Adequacy, Note: f.Note})
	if err == nil && len(bad) == 0 {
		err = s.store.ChangeCountry(r.Context(), by, f.Version, c)
	}
	err = s.overtaken(r, err, &f.Version, func(ctx context.Context, by domain.Actor) (recorded, map[string]any, error) {
		countries, err := s.store.Countries(ctx, by)
		i := slices.IndexFunc(countries, func(now domain.Country) bool { return now.Code == c.Code })
		if err != nil || i < 0 {
			return recorded{}, nil, err
		}
		return recorded{domain.SubjectCountry, countries[i].Version, countries[i].Facts()}, c.Facts(), nil
	})
	if problems, isForm := withProblems(bad, err); isForm {
		return s.countriesPage(w, r, formStatus(err), f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, workspacePath(by, "countries"), "country.changed", "name", domain.CountryName(string(i18n.Lang(r.Context())), f.Code))
}

func adequacyTone(code string) (ui.Kind, string) {
	switch code {
	case "eea", "adequate":
		return ui.OK, "circle-check"
	case "partial":
		return ui.Warn, "alert-triangle"
	}
	return ui.Neutral, "x"
}
