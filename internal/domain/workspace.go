package domain

import (
	"errors"
	"time"
)

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

// Subject names the workspace in the history.
func (w Workspace) Subject() Subject { return Subject{SubjectWorkspace, int64(w.ID), w.Name} }

// Facts are the named values that the history keeps.
func (w Workspace) Facts() map[string]any {
	th := w.Thresholds
	return map[string]any{"name": w.Name, "locale": w.Locale, "window_days": th.WindowDays, "grace_days": th.GraceDays,
		"fill_rate_min": th.FillRateMin, "constant_min_rows": th.ConstantMinRows, "stale_days": th.StaleDays}
}

// ChangedWorkspace checks what was typed for the settings of a workspace.
func ChangedWorkspace(w Workspace) (Workspace, error) {
	w.Name = CleanLine(w.Name)
	var p Problems
	p.Line("name", w.Name, true, MaxName)
	p.OneOf("locale", w.Locale, Languages...)
	if err, ok := errors.AsType[*Error](w.Thresholds.Validate()); ok {
		p.Merge(err.Fields)
	}
	return w, p.Err()
}

// OperatorName is under what name the command line and the server itself stand in the history; pages write it in words.
const OperatorName = "server"

// Operator is who acts at the command line of the server, in one workspace or, with the zero value, outside all of them.
func Operator(w Workspace) Actor {
	return Actor{Operator: true, Name: OperatorName, Workspace: w.ID, Slug: w.Slug, Lang: w.Locale}
}
