package web

import (
	"net/http"

	"utile/internal/domain"
	"utile/internal/web/ui"
)

func (s *Server) accessRoutes(r scope) {
	r.post("/theme", domain.Public, s.changeTheme)
}

type themeForm struct {
	Theme string `form:"theme"`
	Back  string `form:"back"`
}

// changeTheme keeps the colours that a person chose, in a cookie: the server paints the right ones first.
func (s *Server) changeTheme(w http.ResponseWriter, r *http.Request) error {
	f, _, err := decode[themeForm](r)
	if err != nil {
		return err
	}
	if f.Theme == ui.ThemeAuto || f.Theme == ui.ThemeLight || f.Theme == ui.ThemeDark {
		http.SetCookie(w, s.preference("theme", f.Theme))
	}
	http.Redirect(w, r, localPath(f.Back, "/"), http.StatusSeeOther)
	return nil
}
