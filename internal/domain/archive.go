package domain

import "time"

// A workspace as a file: see docs/workspace-format.md.
const (
	ArchiveFormat  = "utile-workspace"
	ArchiveVersion = 1
)

// ArchiveHeader is the first line of a workspace file.
type ArchiveHeader struct {
	Version    int
	ExportedAt time.Time
	// ReferenceDay is the day on which the dates in the file are meant to be read: the worked example moves all of them
	// by the days since then.
	ReferenceDay time.Time
	Workspace    Workspace
	CreatedAt    time.Time // when the workspace was made
}

// Check refuses a header whose settings no workspace may have.
func (h ArchiveHeader) Check() error {
	if h.Version != ArchiveVersion {
		return Errorf(Invalid, "archive.version", "version", h.Version, "known", ArchiveVersion)
	}
	if _, err := ChangedWorkspace(h.Workspace); err != nil || !ValidSlug(h.Workspace.Slug) || h.CreatedAt.IsZero() || h.ReferenceDay.IsZero() {
		return Errorf(Invalid, "archive.header")
	}
	return nil
}
