package web

import (
	"errors"
	"net/http"
	"net/url"

	"utile/internal/domain"
)

// bulkForm is what the form around a list's rows sends: the ticked rows, or all that the list's address matches.
type bulkForm struct {
	Act   string  `form:"act"`
	Scope string  `form:"scope"`
	Query string  `form:"query"`
	IDs   []int64 `form:"id"`
}

// selection returns the ids that a bulk form is about. "All that match" is found again from the list's address, so that
// a thousand ids need not travel; it is a problem where nothing is ticked.
func (s *Server) selection(r *http.Request, register domain.Register, f bulkForm) ([]int64, error) {
	if f.Scope == "all" {
		values, err := url.ParseQuery(f.Query)
		if err != nil {
			return nil, domain.Errorf(domain.Invalid, "bulk.nothing")
		}
		return s.store.IDs(r.Context(), actor(r), register.Name, domain.ParseListQuery(register, values))
	}
	if len(f.IDs) == 0 {
		return nil, domain.Errorf(domain.Invalid, "bulk.nothing")
	}
	return f.IDs, nil
}

// undecided tells that all rows were taken and nothing was asked of them yet: the list comes back with all of them taken.
func (f bulkForm) undecided() bool { return f.Scope == "all" && f.Act == "" }

// takeAll shows a list with every row of it taken, on this page and the others.
func (s *Server) takeAll(w http.ResponseWriter, r *http.Request, path string, f bulkForm) error {
	query := "take=all"
	if f.Query != "" {
		query = f.Query + "&" + query
	}
	http.Redirect(w, r, addQuery(workspacePath(actor(r), path), query), http.StatusSeeOther)
	return nil
}

// bulkArchive archives the selected records one by one; those in use are counted and stay.
func (s *Server) bulkArchive(w http.ResponseWriter, r *http.Request, spec registerSpec, archive func(id int64) error) error {
	f, _, err := decode[bulkForm](r)
	if err != nil {
		return err
	}
	if f.undecided() {
		return s.takeAll(w, r, spec.path, f)
	}
	if f.Act != "archive" {
		return domain.Errorf(domain.Invalid, "error.form")
	}
	ids, err := s.selection(r, spec.register, f)
	if err != nil {
		return err
	}
	done, refused := 0, 0
	for _, id := range ids {
		switch err := archive(id); {
		case err == nil:
			done++
		case errors.Is(err, domain.Conflict):
			refused++
		default:
			return err
		}
	}
	key := "bulk.archived"
	if refused > 0 {
		key = "bulk.archived_some"
	}
	return s.seeOther(w, r, addQuery(workspacePath(actor(r), spec.path), f.Query), key, "n", done, "refused", refused)
}
