// Package example is the worked example: Maison Lumière, a fictitious French retailer of lighting and furniture, with its
// applications, columns, purposes and programs. None of its people or suppliers exists.
package example

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"utile/internal/domain"
	"utile/internal/store"
)

//go:generate go test -run TestShippedFiles -update .

//go:embed maison-lumiere.fr.utile.jsonl.gz
var fileFR []byte

//go:embed maison-lumiere.en.utile.jsonl.gz
var fileEN []byte

// Slug is the name that the example usually gets in addresses.
const Slug = "maison-lumiere"

// Create makes the worked example a workspace, in the language, told as of today. Whoever makes it becomes its
// administrator; its own people have accounts that cannot sign in. Invalid where the slug is taken.
func Create(ctx context.Context, st *store.Store, by domain.Actor, slug, lang string, today time.Time) (domain.Workspace, error) {
	file := fileFR
	if lang == "en" {
		file = fileEN
	}
	return st.ImportWorkspace(ctx, by, bytes.NewReader(file), store.ImportOptions{Slug: slug, Example: true, ShiftTo: &today})
}

// mostExamples is how many examples an installation can hold under the usual name.
const mostExamples = 99

// CreateFree is Create under the first name that is free: the usual one, or that with a number.
func CreateFree(ctx context.Context, st *store.Store, by domain.Actor, today time.Time) (w domain.Workspace, err error) {
	slug := Slug
	for n := 2; n <= mostExamples; n++ {
		if _, err = st.WorkspaceBySlug(ctx, slug); errors.Is(err, domain.NotFound) {
			return Create(ctx, st, by, slug, by.Lang, today)
		} else if err != nil {
			return w, err
		}
		slug = fmt.Sprintf("%s-%d", Slug, n)
	}
	return w, domain.Errorf(domain.Conflict, "error.taken")
}
