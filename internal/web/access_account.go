package web

import (
	"bytes"
	"net/http"
	"strings"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/login"
	"utile/internal/web/ui"
)

type accountForm struct {
	Name      string `form:"name"`
	Locale    string `form:"locale"`
	Theme     string `form:"theme"`
	Shortcuts bool   `form:"shortcuts"`
}

type emailForm struct {
	Email    string `form:"email"`
	Password string `form:"email_password"`
}

type passwordForm struct {
	Current  string `form:"current_password"`
	Password string `form:"password"`
}

// accountView is the page of a person's own account: four forms, of which one may have been refused.
type accountView struct {
	labelledForm
	shell     ui.Shell
	form      accountForm
	email     string
	languages []ui.Option
	themes    []ui.Option
	sessions  []sessionView
	others    bool
}

type sessionView struct {
	id                                string
	device, address, lastSeen, signed string
	current                           bool
}

func (s *Server) accountPage(w http.ResponseWriter, r *http.Request, status int, f *accountForm, email string, p domain.Problems) error {
	ctx, v := r.Context(), visitOf(r)
	sessions, err := s.store.SessionsOf(ctx, v.User.ID)
	if err != nil {
		return err
	}
	page := accountView{labelledForm: labelled(formView{ctx, "account", p}, "name", "account.name", "theme", "account.theme", "shortcuts", "account.shortcuts",
		"email_password", "account.current", "current_password", "account.current", "password", "account.new"), email: email, languages: languageOptions(), themes: enumOptions(ctx, "theme", domain.Themes)}
	if f == nil {
		f = &accountForm{Name: v.User.Name, Locale: v.User.Locale, Theme: v.theme, Shortcuts: v.User.Shortcuts}
	}
	if email == "" {
		page.email = v.User.Email
	}
	page.form = *f
	for _, a := range sessions {
		current := bytes.Equal(a.TokenHash, v.Session.TokenHash)
		page.others = page.others || !current
		page.sessions = append(page.sessions, sessionView{id: itoa(a.ID), device: deviceOf(a.Agent), address: a.IP, current: current,
			lastSeen: i18n.DateTimeText(ctx, a.LastSeenAt), signed: i18n.DateTimeText(ctx, a.CreatedAt)})
	}
	page.shell = s.personShell(w, r, i18n.T(ctx, "nav.account"))
	if r.Method != http.MethodGet {
		page.shell.Back = "/account"
	}
	return s.render(w, r, status, accountPage(page))
}

// deviceOf is the browser and system that a user agent names, as far as people know them; empty for programs that say
// something else.
func deviceOf(agent string) string {
	pick := func(known ...[2]string) string {
		for _, k := range known {
			if strings.Contains(agent, k[0]) {
				return k[1]
			}
		}
		return ""
	}
	browser := pick([2]string{"Edg", "Edge"}, [2]string{"OPR/", "Opera"}, [2]string{"Firefox/", "Firefox"}, [2]string{"FxiOS", "Firefox"},
		[2]string{"CriOS", "Chrome"}, [2]string{"Chrom", "Chrome"}, [2]string{"Safari/", "Safari"})
	system := pick([2]string{"Windows", "Windows"}, [2]string{"Android", "Android"}, [2]string{"iPhone", "iPhone"}, [2]string{"iPad", "iPad"},
		[2]string{"Mac OS", "macOS"}, [2]string{"CrOS", "ChromeOS"}, [2]string{"Linux", "Linux"})
	if browser != "" && system != "" {
		return browser + " · " + system
	}
	return browser + system
}

func (s *Server) showAccount(w http.ResponseWriter, r *http.Request) error {
	return s.accountPage(w, r, http.StatusOK, nil, "", nil)
}

func (s *Server) changeAccount(w http.ResponseWriter, r *http.Request) error {
	f, p, err := decode[accountForm](r)
	if err != nil {
		return err
	}
	u := visitOf(r).User
	u.Name, u.Locale, u.Theme, u.Shortcuts = f.Name, f.Locale, f.Theme, f.Shortcuts
	u, err = domain.NewUser(u)
	if err == nil && len(p) == 0 {
		err = s.store.ChangeUser(r.Context(), visitOf(r).Actor(), u)
	}
	if problems, bad := withProblems(p, err); bad {
		return s.accountPage(w, r, http.StatusUnprocessableEntity, &f, "", problems)
	}
	if err != nil {
		return err
	}
	// The cookies of an earlier choice would hide this one.
	lang := s.preference("lang", u.Locale)
	if u.Locale == "" {
		lang.MaxAge = -1
	}
	http.SetCookie(w, lang)
	http.SetCookie(w, s.preference("theme", u.Theme))
	return s.seeOther(w, r, "/account", "account.saved")
}

// confirmIdentity notes a problem at the field where the present password of the visitor is wrong.
func (s *Server) confirmIdentity(w http.ResponseWriter, r *http.Request, p *domain.Problems, field, password string) (status int, err error) {
	if password == "" {
		p.Add(field, "error.required")
		return http.StatusUnprocessableEntity, nil
	}
	_, err = s.checkPassword(r, visitOf(r).User.Email, password)
	text, status := refusal(w, r, err)
	switch {
	case text != "" && status == http.StatusTooManyRequests:
		p.Add(field, "account.refused", "why", text)
		return status, nil
	case text != "":
		p.Add(field, "account.wrong")
		return status, nil
	}
	return http.StatusUnprocessableEntity, err
}

// changeEmail changes the address by which a person signs in, which asks for their password.
func (s *Server) changeEmail(w http.ResponseWriter, r *http.Request) error {
	f, p, err := decode[emailForm](r)
	if err != nil {
		return err
	}
	u := visitOf(r).User
	u.Email = p.Email("email", f.Email)
	status := http.StatusUnprocessableEntity
	if len(p) == 0 {
		if status, err = s.confirmIdentity(w, r, &p, "email_password", f.Password); err != nil {
			return err
		}
	}
	if len(p) == 0 {
		err = s.store.ChangeUser(r.Context(), visitOf(r).Actor(), u)
	}
	if problems, bad := withProblems(p, err); bad {
		return s.accountPage(w, r, status, nil, f.Email, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, "/account", "account.email.saved", "email", u.Email)
}

// changePassword asks for the present password, and ends every other session with the old one.
func (s *Server) changePassword(w http.ResponseWriter, r *http.Request) error {
	ctx, u := r.Context(), visitOf(r).User
	f, p, err := decode[passwordForm](r)
	if err != nil {
		return err
	}
	merge(&p, login.CheckPolicy(f.Password, u.Email, u.Name))
	status := http.StatusUnprocessableEntity
	if len(p) == 0 {
		if status, err = s.confirmIdentity(w, r, &p, "current_password", f.Current); err != nil {
			return err
		}
	}
	if len(p) > 0 {
		return s.accountPage(w, r, status, nil, "", p)
	}
	hash, err := s.options.Passwords.Hash(ctx, f.Password)
	if err != nil {
		return err
	}
	if err := s.store.SetPassword(ctx, visitOf(r).Actor(), u.ID, hash); err != nil {
		return err
	}
	if err := s.enter(w, r, u.ID); err != nil {
		return err
	}
	return s.seeOther(w, r, "/account", "account.password.saved")
}

func (s *Server) endSession(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[int64](r, "session")
	if err != nil {
		return err
	}
	if id == visitOf(r).Session.ID {
		return s.signOut(w, r)
	}
	if err := s.store.RemoveSessionOf(r.Context(), visitOf(r).Actor(), id); err != nil {
		return err
	}
	return s.seeOther(w, r, "/account", "account.session.ended")
}

func (s *Server) endOtherSessions(w http.ResponseWriter, r *http.Request) error {
	v := visitOf(r)
	n, err := s.store.RemoveOtherSessions(r.Context(), v.Actor(), v.Session.TokenHash)
	if err != nil {
		return err
	}
	return s.seeOther(w, r, "/account", "account.sessions.ended", "n", n)
}
