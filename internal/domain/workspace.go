package domain

import "time"

// Workspace is one company or business unit; every other record belongs to exactly one.
type Workspace struct {
	ID         WorkspaceID
	Slug       string // its name in addresses
	Name       string
	Locale     string // language of what it generates: fr or en
	IsExample  bool   // the worked example, which may be removed as a whole
	Thresholds Thresholds
	JudgedOn   *time.Time // day for which the stored verdicts are right
	Version    int
}

// User is a person who signs in.
type User struct {
	ID        UserID
	Email     string
	Name      string
	Locale    string // empty follows the browser
	Theme     string // auto, light or dark
	Shortcuts bool   // whether single letters act as shortcuts
}

// NewWorkspace checks what was typed for a new workspace.
func NewWorkspace(w Workspace) (Workspace, error) {
	w.Name = CleanLine(w.Name)
	if w.Slug == "" {
		w.Slug = SlugOf(w.Name)
	}
	var p Problems
	p.Line("name", w.Name, true, MaxName)
	if !ValidSlug(w.Slug) {
		p.Add("slug", "error.slug")
	}
	p.OneOf("locale", w.Locale, "fr", "en")
	w.Thresholds = DefaultThresholds()
	return w, p.Err()
}

// Languages of the screens.
var Languages = []string{"fr", "en"}
