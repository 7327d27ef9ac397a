package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"utile/internal/domain"
	"utile/internal/store"
)

var importCommands = []command{
	{
		name: "import workspace", args: "FILE -as SLUG", summary: "make a new workspace of an exported file",
		help: `All of the file is brought in, or nothing. People whom this installation does not know get accounts that cannot sign in
until they have a password (server user password). FILE may be - for standard input.`,
		flags: func(fs *flag.FlagSet) func(context.Context, *program, []string) error {
			as := fs.String("as", "", "slug of the new workspace")
			name := fs.String("name", "", "name of the new workspace (the one in the file)")
			return func(ctx context.Context, p *program, args []string) error {
				file, err := oneArg(args, "file")
				if err != nil {
					return err
				}
				if !domain.ValidSlug(*as) {
					return usagef("Name the new workspace with -as SLUG: lower-case letters, digits and hyphens.")
				}
				return p.readFile(file, func(in io.Reader) error { return p.importWorkspace(ctx, in, *as, *name) })
			}
		},
	},
}

func (p *program) importWorkspace(ctx context.Context, in io.Reader, slug, name string) error {
	return p.withStore(ctx, func(st *store.Store) error {
		w, err := st.ImportWorkspace(ctx, domain.Operator(domain.Workspace{}), in, store.ImportOptions{Slug: slug, Name: name})
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "Brought in the workspace %s (%s).\n", w.Slug, w.Name)
		return nil
	})
}

// readFile lets f read the file of that name, or standard input for "-".
func (p *program) readFile(name string, f func(io.Reader) error) error {
	if name == "-" {
		return f(p.stdin)
	}
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("%s cannot be read: %w", name, err)
	}
	defer func() { _ = file.Close() }() // nothing was written
	return f(file)
}
