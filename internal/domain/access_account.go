package domain

// Themes are the colours of the screens; auto follows the device.
var Themes = []string{"auto", "light", "dark"}

// NewUser checks and cleans what a person typed about themselves.
func NewUser(u User) (User, error) {
	var p Problems
	u.Name = CleanLine(u.Name)
	if u.Theme == "" {
		u.Theme = Themes[0]
	}
	p.Line("name", u.Name, true, MaxName)
	u.Email = p.Email("email", u.Email)
	if u.Locale != "" {
		p.OneOf("locale", u.Locale, Languages...)
	}
	p.OneOf("theme", u.Theme, Themes...)
	return u, p.Err()
}

// Email checks an address and returns it as it is kept: trimmed, in lower case.
func (p *Problems) Email(field, typed string) string {
	email, ok := CleanEmail(typed)
	switch {
	case email == "":
		p.Add(field, "error.required")
	case !ok:
		p.Add(field, "error.email")
	default:
		p.Line(field, email, true, 254)
	}
	return email
}

// Role checks the name of a role.
func (p *Problems) Role(field, typed string) Role {
	role, ok := ParseRole(typed)
	if !ok {
		p.Add(field, "error.choice")
	}
	return role
}
