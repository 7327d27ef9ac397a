package web

import (
	"net/http"

	"utile/internal/i18n"
	"utile/internal/web/ui"
)

type signInForm struct {
	Email    string `form:"email"`
	Password string `form:"password"`
	Next     string `form:"next"`
}

type signInView struct {
	formView
	shell   ui.Shell
	form    signInForm
	note    string // what the visitor should know: signed out, or sent here on the way
	refused string // why signing in failed
}

func (s *Server) signInPage(w http.ResponseWriter, r *http.Request, status int, v signInView) error {
	ctx := r.Context()
	v.ctx, v.area = ctx, "sign_in"
	v.shell = s.bareShell(r, i18n.T(ctx, "sign_in.title"))
	if r.Method != http.MethodGet {
		v.shell.Back = "/sign-in"
	}
	v.form.Password = "" // it never comes back
	return s.render(w, r, status, signInPage(v))
}

func (s *Server) showSignIn(w http.ResponseWriter, r *http.Request) error {
	next := localPath(r.URL.Query().Get("next"), "")
	if visitOf(r).User.ID != 0 {
		http.Redirect(w, r, localPath(next, "/"), http.StatusSeeOther)
		return nil
	}
	v := signInView{form: signInForm{Next: next}}
	switch {
	case r.URL.Query().Get("out") != "":
		v.note = i18n.T(r.Context(), "sign_in.out")
	case next != "":
		v.note = i18n.T(r.Context(), "sign_in.first")
	}
	return s.signInPage(w, r, http.StatusOK, v)
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	f, p, err := decode[signInForm](r)
	if err != nil {
		return err
	}
	f.Next = localPath(f.Next, "")
	email := p.Email("email", f.Email)
	if f.Password == "" {
		p.Add("password", "error.required")
	}
	if len(p) > 0 {
		return s.signInPage(w, r, http.StatusUnprocessableEntity, signInView{formView: formView{problems: p}, form: f})
	}

	account, err := s.checkPassword(r, email, f.Password)
	if text, status := refusal(w, r, err); text != "" {
		return s.signInPage(w, r, status, signInView{form: f, refused: text})
	}
	if err != nil {
		return err
	}
	if err := s.enter(w, r, account.ID); err != nil {
		return err
	}
	http.Redirect(w, r, localPath(f.Next, "/"), http.StatusSeeOther)
	return nil
}

// signOut ends the session, and has the browser forget what it kept of the pages.
func (s *Server) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := s.leave(w, r); err != nil {
		return err
	}
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	http.Redirect(w, r, "/sign-in?out=1", http.StatusSeeOther)
	return nil
}
