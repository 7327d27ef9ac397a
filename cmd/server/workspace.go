package main

import (
	"context"
	"flag"
	"fmt"
	"text/tabwriter"

	"utile/internal/domain"
	"utile/internal/store"
)

var workspaceCommands = []command{
	{
		name: "workspace add", args: "SLUG -name NAME [-locale fr|en]", summary: "open a workspace",
		help: "The workspace starts with the built-in data categories and the stages of the customer journey.",
		flags: func(fs *flag.FlagSet) func(context.Context, *program, []string) error {
			name := fs.String("name", "", "name of the company or business unit (the slug when missing)")
			locale := fs.String("locale", "fr", "language of what the workspace generates: fr or en")
			return func(ctx context.Context, p *program, args []string) error {
				slug, err := oneArg(args, "slug of the workspace")
				if err != nil {
					return err
				}
				return p.addWorkspace(ctx, slug, *name, *locale)
			}
		},
	},
	{
		name: "workspace list", summary: "list the workspaces",
		flags: func(*flag.FlagSet) func(context.Context, *program, []string) error {
			return func(ctx context.Context, p *program, args []string) error {
				if err := noArgs(args); err != nil {
					return err
				}
				return p.withStore(ctx, func(st *store.Store) error { return p.listWorkspaces(ctx, st) })
			}
		},
	},
	{
		name: "workspace remove", args: "SLUG -confirm SLUG", summary: "delete a workspace with everything in it",
		help: "Nothing of the workspace is left, its history included. Export it first if in doubt.",
		flags: func(fs *flag.FlagSet) func(context.Context, *program, []string) error {
			confirm := fs.String("confirm", "", "the slug once more")
			return func(ctx context.Context, p *program, args []string) error {
				slug, err := oneArg(args, "slug of the workspace")
				if err != nil {
					return err
				}
				if *confirm != slug {
					return usagef("Deleting cannot be undone: repeat the slug with -confirm %s.", slug)
				}
				return p.withWorkspace(ctx, slug, func(st *store.Store, by domain.Actor, _ domain.Workspace) error {
					if err := st.RemoveWorkspace(ctx, by, slug); err != nil {
						return err
					}
					fmt.Fprintf(p.stdout, "Removed the workspace %s.\n", slug)
					return nil
				})
			}
		},
	},
}

func (p *program) addWorkspace(ctx context.Context, slug, name, locale string) error {
	if name == "" {
		name = slug
	}
	w, err := domain.NewWorkspace(domain.Workspace{Slug: slug, Name: name, Locale: locale})
	if err != nil {
		return err
	}
	return p.withStore(ctx, func(st *store.Store) error {
		if w, err = st.AddWorkspace(ctx, domain.Operator(domain.Workspace{}), w); err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "Opened the workspace %s (%s).\n", w.Slug, w.Name)
		return nil
	})
}

func (p *program) listWorkspaces(ctx context.Context, st *store.Store) error {
	list, err := st.Workspaces(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SLUG\tLOCALE\tNAME")
	for _, w := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\n", w.Slug, w.Locale, w.Name)
	}
	return table.Flush()
}
