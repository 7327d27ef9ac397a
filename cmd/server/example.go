package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"

	"utile/internal/domain"
	"utile/internal/example"
	"utile/internal/store"
)

var exampleCommand = command{
	name: "example", args: "[SLUG] [-locale fr|en]", summary: "make the worked example “Maison Lumière” a workspace",
	help: `Maison Lumière is a fictitious retailer with 12 applications and 900 columns, told as of today. Its people have accounts that
cannot sign in: let yourself in with server user add. server workspace remove takes it away again.`,
	flags: func(fs *flag.FlagSet) func(context.Context, *program, []string) error {
		locale := fs.String("locale", "fr", "language of the example: fr or en")
		return func(ctx context.Context, p *program, args []string) error {
			if len(args) == 0 {
				args = []string{example.Slug}
			}
			slug, err := oneArg(args, "slug of the workspace")
			if err != nil {
				return err
			}
			if !slices.Contains(domain.Languages, *locale) {
				return usagef("-locale is one of %s.", strings.Join(domain.Languages, ", "))
			}
			return p.withStore(ctx, func(st *store.Store) error {
				w, err := example.Create(ctx, st, domain.Operator(domain.Workspace{}), slug, *locale, time.Now())
				if err != nil {
					return err
				}
				fmt.Fprintf(p.stdout, "Made the worked example the workspace %s.\n", w.Slug)
				return nil
			})
		}
	},
}
