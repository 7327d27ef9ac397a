package web

import (
	"net/http"
	"net/url"

	"utile/internal/domain"
)

func (s *Server) viewRoutes(r scope) {
	r.post("/views", domain.ReadWorkspace, s.createView)
	r.post("/views/remove", domain.ReadWorkspace, s.removeView)
}

// listPaths are the paths of the lists, by register.
var listPaths = map[string]string{
	"applications": "applications", "datasets": "datasets", "fields": "fields", "categories": "categories",
	"collection_points": "collection-points", "flows": "flows", "purposes": "purposes", "mappings": "mappings",
	"objectives": "objectives", "stages": "stages", "programs": "programs", "scenarios": "scenarios", "segments": "segments", "targets": "targets", "journeys": "journeys", "frozen_targets": "targets/frozen", "requirements": "requirements", "links": "links", "teams": "teams", "members": "members", "imports": "imports",
}

type viewForm struct {
	Register string        `form:"register"`
	Name     string        `form:"name"`
	Query    string        `form:"query"`
	Shared   bool          `form:"shared"`
	View     domain.ViewID `form:"view"`
}

// back is the list that the form came from.
func (f viewForm) back(by domain.Actor, query string) (string, error) {
	path, ok := listPaths[f.Register]
	if !ok {
		return "", domain.Errorf(domain.Invalid, "error.form")
	}
	return addQuery(workspacePath(by, path), query), nil
}

func (s *Server) createView(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	f, _, err := decode[viewForm](r)
	if err != nil {
		return err
	}
	back, err := f.back(by, f.Query)
	if err != nil {
		return err
	}
	if _, err := url.ParseQuery(f.Query); err != nil {
		return domain.Errorf(domain.Invalid, "error.form")
	}
	if f.Shared {
		if err := by.Must(domain.ShareView); err != nil {
			return err
		}
	}

	v, err := domain.NewView(domain.View{Register: f.Register, Name: f.Name, Query: f.Query, Shared: f.Shared})
	if err == nil {
		_, err = s.store.AddView(r.Context(), by, v)
	}
	if problems, bad := withProblems(nil, err); bad {
		p := problems["name"]
		return &domain.Error{Kind: domain.Invalid, Key: "view.refused", Args: map[string]any{"problem": s.problemText(r, p)}}
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, back, "view.saved_as", "name", v.Name)
}

func (s *Server) removeView(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	f, _, err := decode[viewForm](r)
	if err != nil {
		return err
	}
	back, err := f.back(by, "")
	if err != nil {
		return err
	}
	if err := s.store.RemoveView(r.Context(), by, f.View); err != nil {
		return err
	}
	return s.seeOther(w, r, back, "view.removed")
}
